"""Columns under their names, times by one clock with its name."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from ivr.base.listing import ListColumn, listing, local_time


def test_cells_stand_under_their_names_and_no_line_ends_in_blanks():
    found = listing(
        (ListColumn("NUMBER", 8), ListColumn("AMOUNT", 8, at_right=True), ListColumn("WHY")),
        [("1", "$2.00", ""), ("123456789", "-", "late")],
    )
    assert found.header == "NUMBER      AMOUNT  WHY"
    assert found.lines == ("1            $2.00", "123456789         -  late")
    assert listing((ListColumn("ID"),), []).lines == ()


@pytest.mark.parametrize(
    ("at", "zone", "expected"),
    [
        (datetime(2026, 12, 19, 1, 30, tzinfo=UTC), "America/New_York", "2026-12-18 20:30 EST"),
        ("2026-07-01T16:00:00Z", "America/New_York", "2026-07-01 12:00 EDT"),
        ("2026-12-18T15:15:06Z", "America/Chicago", "2026-12-18 09:15 CST"),
        (None, "America/New_York", "-"),
    ],
)
def test_an_instant_is_written_by_the_clock_of_the_zone(at, zone, expected):
    assert local_time(at, ZoneInfo(zone)) == expected

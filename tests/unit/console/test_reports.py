"""Reports: what the calls of a time come to, on the page and as CSV."""

from __future__ import annotations

import csv

import pytest
from support.console import Visitor, add_everybody, console_on, record_calls
from support.samples import NOW

CALLS = ("now 2026-12-15T21:05-05:00\nafter way/routing_read_back.call\ncaller hangs up\nend hangup\n",)


@pytest.fixture
def visitor(engine, line, tmp_path):
    record_calls(engine, line, tmp_path, *CALLS)
    console = console_on(engine, line, NOW, IVR_VAR=str(tmp_path / "var"))
    visitor = Visitor(console, add_everybody(console))
    visitor.log_in("agent")
    return visitor


def rows(visitor, name):
    reply = visitor.get(f"/reports/{name}.csv?since=2026-12-14&until=2026-12-20")
    assert reply.headers["Content-Disposition"].endswith(f'"{name}-2026-12-14-2026-12-20.csv"')
    return [*csv.DictReader(reply.text.splitlines())]


def test_a_call_is_counted_in_every_report(visitor):
    assert "0 of 1, few" in visitor.get("/reports/").text
    assert "last_node=bank/routing_read_back" in visitor.get("/reports/leaving").text
    assert "1 of 1, few" in visitor.get("/reports/verification").text
    [pace] = rows(visitor, "pace")
    assert (pace["calls"], pace["paid"], pace["chose_to_pay"], pace["verified"]) == ("1", "0", "1", "1")
    assert [row["language"] for row in rows(visitor, "language")] == ["en-US"]
    assert len(rows(visitor, "version")[0]["version"]) > 12
    assert rows(visitor, "weeks")[0]["week"] == "2026-12-14"
    assert [row["percent"] for row in rows(visitor, "tries")] == ["100.0", "", ""]
    left = {row["node"]: row["hung_up"] for row in rows(visitor, "nodes")}
    assert (left["bank/routing_read_back"], left["bank/routing_number"]) == ("1", "0")


def test_a_time_that_cannot_be_reported_says_so(visitor):
    for asked in ("since=someday", "since=2026-01-01", "since=2026-12-30", "until=0001-01-01"):
        page = visitor.get(f"/reports/?{asked}")
        assert (page.status_code, 'class="problems" role="alert"' in page.text) == (200, True), asked
        assert visitor.get(f"/reports/pace.csv?{asked}").status_code == 409
    assert visitor.get("/reports/other.csv").status_code == 404

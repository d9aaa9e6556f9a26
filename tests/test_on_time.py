"""What a caller is told about the due date, before and after the last cutoff that settles by it, month by month."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine

from ivr.base.settings import load_replay_settings
from ivr.callfile.suite import list_runs, play_run, print_result
from ivr.sandbox.host import LocalHost
from ivr.topics.line import compile_line, read_line_files

pytestmark = pytest.mark.whole

ROOT = Path(__file__).resolve().parent.parent
LINE = compile_line(read_line_files(ROOT))
BOSTON = ZoneInfo("America/New_York")
# The 23rd of May and of August fall on a weekend: the last debit in time is Friday's.
LAST_CUTOFFS = [
    *("01-22", "02-20", "03-20", "04-22", "05-21", "06-22"),
    *("07-22", "08-20", "09-22", "10-22", "11-20", "12-22"),
]
CALL = """\
now     {now}
on_time {on_time}
language en-US
pace    voice
{before}
caller  says "yes"
line    {said}
did     payment amount=310.15
"""
BEFORE = "after   way/authorization.call"
ON_THE_DAY = """\
after   way/verified.call
line    balance-current, coverage, balance-current, coverage, balance-as-of, bills-both
caller  2
line    amount-one
caller  1
line    bank-ready
caller  1
line    bank-routing-ask
caller  021000021
line    bank-routing-read-back
caller  1
line    bank-account-ask
caller  0012345678#
line    bank-account-again
caller  0012345678#
line    authorization-terms, authorization-ask"""


@pytest.fixture
def host(engine: Engine, tmp_path: Path) -> Iterator[LocalHost]:
    settings = load_replay_settings({"IVR_VAR": str(tmp_path / "var")})
    with LocalHost(engine, LINE, settings, over_http=False) as host:
        yield host


def told(host: LocalHost, folder: Path, now: datetime, on_time: str, said: str) -> None:
    file = folder / "a.call"
    words = "confirmation, finish-menu" if said == "nothing" else f"confirmation, {said}, finish-menu"
    is_told = (now.month, now.day) == (12, 23) and on_time != "unset"
    before = ON_THE_DAY if is_told else BEFORE
    written = CALL.format(now=now.isoformat(timespec="minutes"), on_time=on_time, before=before, said=words)
    file.write_text(written)
    [run], problems = list_runs([file], LINE.flow.languages, root=ROOT / "tests" / "calls")
    assert not problems
    result = play_run(run, host)
    out = io.StringIO()
    print_result(result, out, verbose=True)
    assert result.passed, out.getvalue()


@pytest.mark.parametrize("last_cutoff", LAST_CUTOFFS)
def test_settled_by_the_due_date(last_cutoff: str, host: LocalHost, tmp_path: Path) -> None:
    cutoff = datetime.fromisoformat(f"2026-{last_cutoff}T17:00").replace(tzinfo=BOSTON)
    told(host, tmp_path, cutoff - timedelta(minutes=20), "settled", "confirmation-in-time")
    told(host, tmp_path, cutoff + timedelta(minutes=1), "settled", "confirmation-late")


def test_the_day_of_the_call_counts_until_its_end(host: LocalHost, tmp_path: Path) -> None:
    evening = datetime(2026, 12, 23, 23, 30, tzinfo=BOSTON)
    told(host, tmp_path, evening, "authorized", "confirmation-in-time")
    told(host, tmp_path, evening, "settled", "confirmation-late")


def test_nothing_is_claimed_unless_the_settings_say_which_day_counts(host: LocalHost, tmp_path: Path) -> None:
    told(host, tmp_path, datetime(2026, 12, 23, 12, tzinfo=BOSTON), "unset", "nothing")

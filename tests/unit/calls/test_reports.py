"""What calls come to, counted from rows whose answer is plain to see."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import delete, insert, select, update
from support.money import pay

from ivr.calls.days import Count, Days, Span, count_next_day
from ivr.calls.reports import (
    CHOSEN,
    COUNTS,
    VERIFY,
    Rate,
    WeekReport,
    report_groups,
    report_heat,
    report_nodes,
    report_tries,
    report_weeks,
)
from ivr.storage.tables import Call, Payment, ReportDay, Turn
from ivr.topics.registry import VOCABULARY

ZONE = ZoneInfo("America/New_York")
MONDAY = datetime(2026, 12, 14, 5, 0, tzinfo=UTC)  # midnight by the line's clock
SPAN = Span(ZONE, MONDAY, MONDAY + timedelta(days=7), MONDAY + timedelta(days=4))
CHOSE, RIGHT, WRONG = (CHOSEN, "ok"), (VERIFY, "verified"), (VERIFY, "rejected")
# When it began, pace, end, who was verified, then for each turn its node and what the domain was asked.
CALLS = (
    (0, "voice", "hangup", "1", [("menu", ()), ("bank", (RIGHT, CHOSE)), ("finish", ())]),
    (1, "voice", "hangup", "1", [("menu", ()), ("menu", (WRONG,)), ("bank", (RIGHT, CHOSE))]),
    (2, "relay", "hangup", "1", [("menu", (WRONG,)), ("menu", (WRONG,)), ("bank", (RIGHT, CHOSE))]),
    (3, "relay", "agent", None, [("menu", ()), ("menu", (WRONG,)), ("person", ())]),
    (4, "voice", "hangup", None, [("menu", ())]),
    (-1, "voice", "hangup", None, [("menu", ())]),  # the day before: of another time
    (5, "voice", None, None, [("menu", ())]),  # not over
)


def events(asked):
    told = ",".join(f'{{"action":"{action}","args":{{}},"outcome":"{outcome}"}}' for action, outcome in asked)
    return f'{{"asked":[{told}]}}'


@pytest.fixture
def db(engine, samples):
    paid = pay(engine).confirmation_number
    with engine.begin() as db:
        for number, (hours, pace, end, member, turns) in enumerate(CALLS):
            began = MONDAY + timedelta(hours=hours)
            row = {
                "call_sid": f"CA{number:032x}", "status": "closed" if end else "open", "end": end,
                "caller_kind": "withheld", "started_at": began, "answered_at": began,
                "ended_at": began + timedelta(minutes=number + 1) if end else None, "flow_version": "v",
                "language": "en-US", "pace": pace, "seq": len(turns) - 1, "node": turns[-1][0],
                "member_id": member, "state": "{}", "purged": False,
            }  # fmt: skip
            db.execute(insert(Call), row)
            for seq, (node, asked) in enumerate(turns):
                turn = {"call_sid": row["call_sid"], "seq": seq, "at": began, "node": node}
                db.execute(insert(Turn), {**turn, "prompts": "", "events": events(asked)})
        first = {"call_sid": f"CA{0:032x}", "authorized_at": MONDAY + timedelta(seconds=40)}
        db.execute(update(Payment).where(Payment.confirmation_number == paid).values(first))
        yield db


def test_what_is_counted_of_all_and_of_each_group(db):
    groups = report_groups(db, SPAN, Days())
    [every] = groups["all"]
    assert (every.calls, every.verified, every.lasted[0], every.to_pay) == (5, 3, 180.0, (40.0, 40.0))
    assert every.contained == Rate(3, 4)
    assert every.completion == every.completion_verified == Rate(1, 3)
    assert {each.name: each.calls for each in groups["pace"]} == {"voice": 3, "relay": 2}
    assert [each.name for each in groups["language"] + groups["version"]] == ["en-US", "v"]
    assert report_weeks(groups["week"]) == [WeekReport(date(2026, 12, 14), Rate(1, 2), Rate(0, 1))]
    assert report_weeks(groups["week"])[0].parity_percent == 0


def test_where_callers_leave_and_at_which_try_they_are_verified(db):
    assert report_nodes(db, SPAN, Days()) == [
        ("bank", Rate(2, 3)),
        ("menu", Rate(1, 5)),
        ("finish", Rate(0, 1)),
        ("person", Rate(0, 1)),
    ]
    assert report_tries(db, SPAN, Days()) == ([Rate(1, 4), Rate(1, 2), Rate(1, 1)], Rate(3, 4))


def test_of_no_calls_nothing_is_known(engine):
    long_ago = Span(ZONE, MONDAY - timedelta(days=9), MONDAY, MONDAY)
    with engine.connect() as db:
        [every] = report_groups(db, long_ago, Days())["all"]
        assert (every.completion.percent, every.lasted) == (None, None)
        assert report_tries(db, long_ago, Days())[1] == Rate(0, 0)


def test_a_day_that_is_over_is_counted_once(db):
    days, early = Days(), SPAN._replace(now=MONDAY + timedelta(hours=26))
    of_early = report_groups(db, early, days)
    counted = report_groups(db, SPAN, days)
    assert of_early == counted
    db.execute(delete(Turn))
    db.execute(delete(Call))
    assert report_groups(db, SPAN, days) == counted
    assert report_groups(db, early, days)["all"][0].calls == 0, "it is not long over"
    late = SPAN._replace(since=MONDAY + timedelta(hours=1))
    assert report_groups(db, late, days)["all"][0].calls == 0, "a part of a day is not the day"


def test_the_worker_counts_each_day_that_is_over_once(db):
    def reports():
        days = Days()
        return [report(db, SPAN, days) for report in (report_groups, report_nodes, report_tries, report_heat)]

    before = reports()
    counted = [count_next_day(db, COUNTS, ZONE, SPAN.now) for _ in range(5)]
    assert counted == [*(date(2026, 12, 16) - timedelta(days=ago) for ago in range(4)), None]
    db.execute(delete(Turn))
    assert reports() == before
    db.execute(delete(ReportDay).where(ReportDay.day == date(2026, 12, 14)))
    assert reports() != before
    assert count_next_day(db, COUNTS, ZONE, SPAN.now) == date(2026, 12, 14)
    anew = [*COUNTS[:-1], Count("SELECT 1 AS one WHERE :zone <> '' AND :since < now() AND :until < now()")]
    assert count_next_day(db, anew, ZONE, SPAN.now) == date(2026, 12, 16), "not yet counted so"
    assert count_next_day(db, COUNTS, ZONE, SPAN.now + timedelta(days=500)) == date(2028, 4, 29)
    assert db.scalars(select(ReportDay.day).distinct()).all() == [date(2028, 4, 29)]


def test_the_domain_is_asked_what_is_counted():
    assert {CHOSEN, VERIFY} <= VOCABULARY.actions.keys()

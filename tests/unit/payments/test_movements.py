"""Every movement of money shows: on its payment, and in the export of the day on which it happened."""

import csv
import io
from collections import Counter
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from support.bank import once_more
from support.banking import RULE, TUESDAY, TUESDAYS_CUTOFF, bring, came_back, cut, settle_by
from support.money import FRIDAYS_CUTOFF, entries, files, owed_cents, pay

from ivr.base.money import parse_amount
from ivr.payments.credits import refund, reverse
from ivr.payments.export import export_day
from ivr.payments.files import reject_file
from ivr.payments.report import list_json, payment_json, payment_listing, payment_text
from ivr.payments.retries import request_retry

BOSTON = ZoneInfo("America/New_York")
HEALTH = "740000101"
FRIDAY, TUESDAYS_DAY = date(2026, 12, 18), date(2026, 12, 22)

pytestmark = pytest.mark.usefixtures("samples")


@pytest.fixture
def settled(engine):
    paid = pay(engine)
    cut(engine)
    settle_by(engine, TUESDAY)
    return paid


def give_back(engine, paid, cents=None, now=TUESDAY):
    with engine.begin() as db:
        refund(
            db,
            RULE,
            confirmation_number=paid.confirmation_number,
            amount_cents=cents,
            actor="s",
            now=now,
        )


def undo(engine, paid, now=TUESDAY):
    with engine.begin() as db:
        reverse(
            db, RULE, confirmation_number=paid.confirmation_number, reason="duplicate", actor="s", now=now
        )


def retry(engine, paid, now=TUESDAY):
    with engine.begin() as db:
        assert request_retry(db, RULE, paid.payment_id, now)


def moved(engine, paid):
    """What `show` has: each movement as kind, of, state, return code."""
    with engine.connect() as db:
        found = payment_json(db, paid.confirmation_number)["movements"]
        (listed,) = list_json(db)["payments"]
    assert listed["movements"] == found
    return [(each["kind"], each["of"], each["state"], each["return_code"]) for each in found]


def last_word(engine):
    """What stands at the end of the only payment's line."""
    with engine.connect() as db:
        (line,) = payment_listing(list_json(db), BOSTON).lines
    return line[92:]


def exported(engine, day):
    """The movements of a day's export: kind, amount, state; and the totals by kind."""
    with engine.connect() as db:
        rows = list(csv.DictReader(io.StringIO("".join(export_day(db, day, BOSTON)))))
    usual = ("payment", "total", "movement_total", "evidence")
    found = [(row["record"], row["amount"], row["state"]) for row in rows if row["record"] not in usual]
    totals = {row["state"]: row["amount"] for row in rows if row["record"] == "movement_total"}
    sums = Counter()
    for kind, amount, _ in found:
        sums[kind] += parse_amount(amount)
    assert {kind: parse_amount(amount) for kind, amount in totals.items()} == sums
    assert rows[-1]["record"] == "evidence"
    return found


def test_a_payment_in_no_file_has_moved_nothing(engine):
    paid = pay(engine)
    assert (moved(engine, paid), last_word(engine), exported(engine, FRIDAY)) == ([], "", [])


def test_a_debit_that_stands_needs_no_word(engine, settled):
    assert moved(engine, settled) == [("debit", None, "settled", None)]
    assert last_word(engine) == ""
    assert exported(engine, FRIDAY) == [("debit", "310.15", "settled")]


def test_a_return_shows_on_its_own_day(engine, settled):
    bring(engine, came_back(engine, settled))
    assert moved(engine, settled) == [
        ("debit", None, "returned", None),
        ("return", "debit", "returned", "R01"),
    ]
    assert last_word(engine) == "R01"
    assert exported(engine, FRIDAY) == [("debit", "310.15", "returned")]
    assert exported(engine, TUESDAYS_DAY) == [("return", "310.15", "returned")]


def test_a_refund_shows_from_the_moment_it_is_asked_for(engine, settled):
    give_back(engine, settled, 1000)
    assert moved(engine, settled)[1:] == [("refund", None, "requested", None)]
    assert last_word(engine) == "refund $10.00 requested"
    assert exported(engine, TUESDAYS_DAY) == [("refund", "10.00", "requested")]
    cut(engine, TUESDAYS_CUTOFF)
    give_back(engine, settled, now=TUESDAYS_CUTOFF + timedelta(minutes=5))
    assert last_word(engine) == "refund $10.00 sent, refund $300.15 requested"
    with engine.connect() as db:
        shown = payment_text(payment_json(db, settled.confirmation_number), BOSTON).splitlines()
    trace = next(entry.trace_number for entry in entries(engine) if entry.kind == "refund")
    assert [line.split(maxsplit=1)[1] for line in shown if line.startswith("refund ")] == [
        f"2026-12-22 09:00 EST  $10.00  sent  effective 2026-12-23  trace {trace}",
        "2026-12-22 17:05 EST  $300.15  requested",
    ]


def test_a_reversal_that_came_back_shows_as_both(engine, settled):
    undo(engine, settled)
    cut(engine, TUESDAYS_CUTOFF)
    credit = next(entry for entry in entries(engine) if entry.kind == "reversal")
    back = once_more(came_back(engine, settled), code="R02", original_trace=credit.trace_number, credit=True)
    bring(engine, back, now=TUESDAYS_CUTOFF + timedelta(days=2))
    assert moved(engine, settled)[1:] == [
        ("reversal", None, "returned", None),
        ("credit_return", "reversal", "returned", "R02"),
    ]
    assert last_word(engine) == "reversal $310.15 returned, reversal came back R02"
    assert exported(engine, TUESDAYS_DAY) == [("reversal", "310.15", "returned")]
    assert exported(engine, TUESDAYS_DAY + timedelta(days=2)) == [("credit_return", "310.15", "returned")]


def test_a_retry_shows_beside_the_return_that_it_follows(engine, settled):
    bring(engine, came_back(engine, settled))
    retry(engine, settled)
    assert last_word(engine) == "R01, retry requested"
    assert exported(engine, TUESDAYS_DAY) == [
        ("return", "310.15", "returned"),
        ("retry", "310.15", "requested"),
    ]


def test_a_refund_that_no_file_took_is_withdrawn(engine, settled):
    give_back(engine, settled)
    bring(engine, came_back(engine, settled), now=TUESDAY + timedelta(minutes=1))
    assert moved(engine, settled)[1:] == [
        ("refund", None, "withdrawn", None),
        ("return", "debit", "returned", "R01"),
        ("withdrawal", "refund", "withdrawn", None),
    ]
    assert last_word(engine) == "refund $310.15 withdrawn, R01"
    assert sorted(exported(engine, TUESDAYS_DAY)) == [
        ("refund", "310.15", "withdrawn"),
        ("return", "310.15", "returned"),
        ("withdrawal", "310.15", "withdrawn"),
    ]


def test_what_a_refused_file_held_moves_once(engine, settled):
    give_back(engine, settled)
    other = pay(engine, FRIDAYS_CUTOFF, member=4, cents=100)
    cut(engine, TUESDAYS_CUTOFF)
    name = files(engine)[-1].name
    refused = TUESDAYS_CUTOFF + timedelta(hours=15)  # on Wednesday
    with engine.begin() as db:
        reject_file(db, name, reason="format", actor="s", now=refused)
    cut(engine, TUESDAYS_CUTOFF + timedelta(days=1))
    assert exported(engine, TUESDAYS_DAY) == [
        ("refund", "310.15", "rejected"),
        ("debit", "1.00", "rejected"),
    ]
    assert sorted(exported(engine, TUESDAYS_DAY + timedelta(days=1))) == [
        ("debit", "1.00", "sent"),
        ("rejection", "1.00", "rejected"),
    ]
    with engine.connect() as db:
        lines = {line[:11]: line[92:] for line in payment_listing(list_json(db), BOSTON).lines}
    assert lines == {settled.confirmation_number: "refund $310.15 sent", other.confirmation_number: ""}


SIGNS = {
    "debit": 0,
    "rejection": 0,
    "return": 1,
    "retry": -1,
    "refund": 1,
    "reversal": 1,
    "credit_return": -1,
}


def test_movements_add_up_to_what_the_ledger_says(engine, settled):
    """Whoever keeps another set of books by these lines owes and is owed the same."""
    give_back(engine, settled, 1000)
    cut(engine, TUESDAYS_CUTOFF)
    credit = next(entry for entry in entries(engine) if entry.kind == "refund")
    back = came_back(engine, settled)
    returned = once_more(back, code="R23", original_trace=credit.trace_number, credit=True, cents=1000)
    later = TUESDAYS_CUTOFF + timedelta(days=1)
    bring(engine, once_more(returned, trace="021000020000444"), now=later)
    bring(engine, back, now=later)
    days = (FRIDAY + timedelta(days=number) for number in range(7))
    changed = sum(
        SIGNS[kind] * parse_amount(amount) for day in days for kind, amount, _ in exported(engine, day)
    )
    assert owed_cents(engine, HEALTH) == changed  # the payment itself made it nothing

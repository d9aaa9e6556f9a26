"""A year of the line in which nobody did anything wrong: rows, to measure an audit by and to test it with.

Every payment is authorized, told and debited as the rules ask. A few of each `every` came back and were told,
presented again, reversed, refunded or cancelled, came back in silence, or were signed with a bill's code.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, text

from benchmarks.cutoffs import ACCOUNTS, MEMBERS
from ivr.ach.banking_days import SETTLEMENT_ZONE, next_banking_day
from ivr.base.keys import KeyedHash, KeyRing
from ivr.base.randomness import SeededRandomness
from ivr.payments.authorize import account_fingerprint, account_number_context
from ivr.payments.confirmation_numbers import draw_confirmation_number
from ivr.payments.evidence import seal_evidence
from ivr.payments.settlement import SETTLEMENT_TIME

# What becomes of one payment of each `every`, by its place among them.
ROLES = {
    "insufficient": 7,
    "retried": 8,
    "reversed": 9,
    "deceased": 10,
    "cancelled": 11,
    "refunded": 12,
    "unknown_account": 13,
    "signed": 14,
    "looked_at": 19,  # by staff: it looked like fraud, and was none
}
ROUTING_NUMBERS = ("021000021", "011000015", "211370545", "011401533")
_RETURNED = {"insufficient": "R01", "retried": "R01", "deceased": "R15", "unknown_account": "R03"}
_LATER_BANKING_DAYS = 3  # after settlement: what follows a debit
_ENDED = timedelta(days=30)  # before today: by then all that follows has settled


def load_year(
    engine: Engine, keys: KeyRing, hashes: KeyedHash, now: datetime, count: int, *, every: int = 1000
) -> None:
    """Load `count` payments over the year before `now`, all that followed, and their seals."""
    days = [day for day in _banking_days(now) if day < (now - _ENDED).date()]
    with engine.begin() as db:
        db.execute(text(MEMBERS), {"now": now - timedelta(days=370), "count": count})
        db.execute(text(ACCOUNTS), {"count": count})
        db.execute(
            text("INSERT INTO flow_versions VALUES ('abc123', '{}', :now)"),
            {"now": now - timedelta(days=370)},
        )
        _files(db, now)
        _copy(db, "payments", _payments(keys, hashes, days, count, every))
        for statement in _THEN:
            db.execute(text(statement), _values(statement, {"every": every, **ROLES}))
    with engine.begin() as db:
        db.execute(text("ANALYZE"))
        seal_evidence(db, hashes, now, now)


def _banking_days(now: datetime) -> Iterator[date]:
    day = next_banking_day((now - timedelta(days=364)).date())
    while day < now.date():
        yield day
        day = next_banking_day(day)


def _cutoff(day: date) -> datetime:
    return datetime.combine(day, time(17), SETTLEMENT_ZONE)


def _files(db: Connection, now: datetime) -> None:
    """Write the file of every banking day."""
    for day in _banking_days(now):
        made = {"cutoff": _cutoff(day), "effective": next_banking_day(day), "name": f"ivr-{day:%Y%m%d}-A.ach"}
        db.execute(text("INSERT INTO ach_cutoffs VALUES (:cutoff, :cutoff)"), made)
        db.execute(
            text(
                "INSERT INTO ach_files (cutoff_at, name, file_id_modifier, created_at, effective_entry_date,"
                " batches, entries, debit_cents, credit_cents, state, sent_at) VALUES (:cutoff, :name, 'A',"
                " :cutoff, :effective, 1, 1, 1, 0, 'sent', CAST(:cutoff AS timestamptz) + interval '2"
                " minutes')"
            ),
            made,
        )


def _payments(
    keys: KeyRing, hashes: KeyedHash, days: list[date], count: int, every: int
) -> Iterator[dict[str, Any]]:
    randomness, role_of = SeededRandomness(3), {place: role for role, place in ROLES.items()}
    numbers: dict[str, None] = {}  # in the order drawn
    while len(numbers) < count:
        numbers.setdefault(draw_confirmation_number(randomness))
    for place, number in enumerate(numbers):
        day = days[place * len(days) // count]
        account_number, routing_number = f"{place:012}", ROUTING_NUMBERS[place % len(ROUTING_NUMBERS)]
        at = datetime.combine(day, time(10, 15), SETTLEMENT_ZONE) + timedelta(milliseconds=place % 9973)
        role = role_of.get(place % every, "")
        effective = next_banking_day(day)
        settled = datetime.combine(effective, SETTLEMENT_TIME, SETTLEMENT_ZONE)
        returned = _RETURNED.get(role)
        yield {
            "confirmation_number": number,
            "call_sid": f"CA{place:032x}",
            "seq": 14,
            "state": "cancelled" if role == "cancelled" else "returned" if returned else "final",
            "amount_cents": 10_000 + place * 37 % 40_000,
            "plan": "health" if place % 3 else "dental",
            "billing_account": f"{710_000_000 + place}",
            "member_id": f"{600_000_000_000 + place}",
            "authorized_at": at,
            "cutoff_at": _cutoff(day),
            "not_before_date": effective,
            "effective_entry_date": effective,
            "sec_code": "PPD" if role == "signed" else "TEL",
            "account_type": "checking",
            "rdfi_routing_number": routing_number,
            "account_number": keys.seal(account_number.encode(), account_number_context(number)),
            "account_fingerprint": account_fingerprint(hashes, routing_number, account_number),
            "account_last4": account_number[-4:],
            "receiver_name": f"Payer Number {place}",
            "language": "en-US",
            "pace": "voice",
            "settled_at": None if role == "cancelled" else settled,
            "return_code": returned,
            "returned_at": settled + timedelta(days=1) if returned else None,
            "cancelled_at": at + timedelta(hours=1) if role == "cancelled" else None,
            "cancellation_number": number[::-1] if role == "cancelled" else None,
        }


def _copy(db: Connection, table: str, rows: Iterator[dict[str, Any]]) -> None:
    driver: Any = db.connection.driver_connection
    first = next(rows)
    with driver.cursor() as cursor, cursor.copy(f"COPY {table} ({', '.join(first)}) FROM STDIN") as copy:
        copy.write_row(tuple(first.values()))
        for row in rows:
            copy.write_row(tuple(row.values()))


def _values(statement: str, values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if f":{name}" in statement}


_ROLE = "((p.billing_account::bigint - 710000000) % :every)"
_LATER_FILE = (
    "JOIN LATERAL (SELECT f.id, f.effective_entry_date, f.sent_at FROM ach_files f WHERE"
    f" f.effective_entry_date > p.effective_entry_date ORDER BY f.id OFFSET {_LATER_BANKING_DAYS - 1} LIMIT"
    " 1) f ON true"
)
_ENTRY = (
    "INSERT INTO ach_entries (payment_id, file_id, kind, sec_code, transaction_code, amount_cents,"
    " trace_number, effective_entry_date, state, return_code, returned_at, created_at, reason)"
)
_TOLD = (
    "INSERT INTO notices (payment_id, about, about_id, kind, channel, language, state, created_at, sent_at,"
    " mailed_date, body)"
)
_THEN = (
    (
        "INSERT INTO authorizations (id, kind, payer_member_id, how, spoken_by, words_heard, confidence,"
        " asked_at, answered_at, text, language, flow_version, prompts) SELECT p.id, 'single', p.member_id,"
        " CASE p.sec_code WHEN 'PPD' THEN 'bill_code' ELSE 'spoken' END, 'caller', CASE p.sec_code WHEN"
        " 'PPD' THEN '' ELSE 'yes' END, 0.9, p.authorized_at - interval '20 seconds', p.authorized_at, 'You"
        " authorize one electronic debit. Do you authorize this payment?', 'en-US', 'abc123',"
        " jsonb_build_array(jsonb_build_object('id', 'authorization-terms', 'language', 'en-US')) FROM"
        " payments p"
    ),
    "UPDATE payments SET authorization_id = id",
    (
        "INSERT INTO calls (call_sid, status, caller_kind, started_at, answered_at, flow_version, language,"
        " pace, seq, node, member_id, state, purged) SELECT call_sid, 'closed', 'withheld', authorized_at,"
        " authorized_at, 'abc123', 'en-US', 'voice', 16, 'main.goodbye', member_id, '', true FROM payments"
    ),
    (
        "INSERT INTO turns (call_sid, seq, at, node, prompts, events) SELECT call_sid, seq, authorized_at,"
        " 'authorize.code', '', '[]' FROM payments WHERE sec_code = 'PPD'"
    ),
    (
        f"{_TOLD} SELECT id, 'authorization', id, 'authorized', 'letter', 'en-US', 'sent', authorized_at,"
        " authorized_at + interval '1 minute', authorized_at::date, 'We will debit your account once.' FROM"
        " payments"
    ),
    (
        "INSERT INTO notice_attempts (notice_id, channel, state, started_at, document_sha256) SELECT id,"
        " channel, 'accepted', sent_at, sha256(id::text::bytea) FROM notices"
    ),
    (
        "INSERT INTO ledger_entries (billing_account, kind, amount_cents, payment_id, posted_at)"
        " SELECT billing_account, 'payment', -amount_cents, id, authorized_at FROM payments"
    ),
    (
        f"{_ENTRY} SELECT p.id, f.id, 'debit', p.sec_code, '27', p.amount_cents, '01100001' ||"
        " lpad(p.id::text, 7, '0'), f.effective_entry_date, p.state, p.return_code, p.returned_at,"
        " f.sent_at, NULL FROM payments p JOIN ach_files f ON f.cutoff_at = p.cutoff_at WHERE p.state <>"
        " 'cancelled'"
    ),
    (
        "INSERT INTO ledger_entries (billing_account, kind, amount_cents, payment_id, posted_at, entry_id)"
        " SELECT p.billing_account, 'return', p.amount_cents, p.id, p.returned_at, e.id"
        " FROM payments p JOIN ach_entries e ON e.payment_id = p.id WHERE p.state = 'returned'"
    ),
    (
        f"{_ENTRY} SELECT p.id, f.id, 'retry', p.sec_code, '27', p.amount_cents, '01200001' ||"
        " lpad(p.id::text, 7, '0'), f.effective_entry_date, 'final', NULL, NULL, f.sent_at - interval '1"
        f" hour', NULL FROM payments p {_LATER_FILE} WHERE {_ROLE} = :retried"
    ),
    f"UPDATE payments p SET state = 'final' WHERE {_ROLE} = :retried",
    (
        f"{_ENTRY} SELECT p.id, f.id, 'reversal', p.sec_code, '22', p.amount_cents, '01300001' ||"
        " lpad(p.id::text, 7, '0'), f.effective_entry_date, 'final', NULL, NULL, f.sent_at - interval '1"
        f" hour', 'duplicate' FROM payments p {_LATER_FILE} WHERE {_ROLE} = :reversed"
    ),
    (
        f"{_ENTRY} SELECT p.id, f.id, 'refund', 'PPD', '22', p.amount_cents / 2, '01400001' ||"
        " lpad(p.id::text, 7, '0'), f.effective_entry_date, 'final', NULL, NULL, f.sent_at - interval '1"
        f" hour', NULL FROM payments p {_LATER_FILE} WHERE {_ROLE} = :refunded"
    ),
    (
        f"{_TOLD} SELECT e.payment_id, 'entry', e.id, CASE e.kind WHEN 'reversal' THEN 'reversed' WHEN"
        " 'refund' THEN 'refunded' ELSE 'returned' END, 'letter', 'en-US', 'sent', coalesce(e.returned_at,"
        " e.created_at), coalesce(e.returned_at, e.created_at) + interval '1 minute',"
        " coalesce(e.returned_at, e.created_at)::date, 'Told.' FROM ach_entries e WHERE e.kind IN"
        " ('reversal', 'refund') OR (e.state = 'returned' AND e.return_code <> 'R15')"
    ),
    (
        f"{_TOLD} SELECT p.id, 'payment', p.id, 'cancelled', 'letter', 'en-US', 'sent', p.cancelled_at,"
        " p.cancelled_at + interval '1 minute', p.cancelled_at::date, 'Told.' FROM payments p WHERE p.state"
        " = 'cancelled'"
    ),
    (
        "INSERT INTO staff_tasks (kind, payment_id, details, opened_at, closed_at, closed_by) SELECT 'fraud',"
        " p.id, '{}', p.authorized_at, p.authorized_at + interval '1 hour', 'pat' FROM payments p WHERE"
        f" {_ROLE} = :looked_at"
    ),
)

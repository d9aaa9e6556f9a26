"""What must be true of any set of calls, whatever was killed, once everything has come to rest."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Protocol

from sqlalchemy import Connection, Engine, func, select

from ivr.base.keys import KeyRing
from ivr.simulator.twiml import parse_reply
from ivr.storage.tables import Authorization, Call, LedgerEntry, Notice, Payment, Turn

NO_PAYMENT = "trouble-no-payment"
# Sentences that hold whatever happens later; they are said without storing anything.
NOT_STORED = ("trouble-unknown", "trouble-not-now", "call-over", "call-unknown")
YES = re.compile(r"\b(yes|s[ií])\b", re.IGNORECASE)
SLOWLY = re.compile(rb"</?(?:prosody|break)[^>]*>")
SPOKEN_NUMBER = re.compile(rb"\b\d, \d, \d\.\s+\d, \d, \d, \d\.\s+\d, \d, \d, \d\b")


class Heard(Protocol):
    """One request and its reply; `status` 0 when the reply was lost, headers in lower case."""

    call_sid: str
    path: str
    form: dict[str, str]
    status: int
    headers: dict[str, str]
    body: bytes


def check_promises(engine: Engine, keys: KeyRing, exchanges: Iterable[Heard]) -> Counter[str]:
    """Check every promise of a turn against what is stored, and count what was seen.

    `exchanges` is every reply of every call in the database. Raises `AssertionError`.
    """
    heard = list(exchanges)
    with engine.connect() as db:
        counts = _check_payments(db, heard)
        _check_stored_calls(db)
        _check_spoken(db, heard)
        _check_unfinished(db, heard)
        _check_replies(db, keys, heard)
    counts["requests"] = len(heard)
    counts["replies lost"] = sum(each.status == 0 for each in heard)
    for each in heard:
        for prompt in (NO_PAYMENT, "trouble-payment", "dropped-call", *NOT_STORED):
            counts[prompt] += prompt in _prompts(each)
    return counts


def _prompts(exchange: Heard) -> list[str]:
    return [re.split(r"[.@]", label)[0] for label in exchange.headers.get("ivr-prompts", "").split(",")]


def _check_payments(db: Connection, heard: list[Heard]) -> Counter[str]:
    """At most one payment for each yes, complete, and none where the caller was told there is none."""
    yes_said = {
        (each.call_sid, int(each.path.rpartition("/")[2]))
        for each in heard
        if YES.search(each.form.get("SpeechResult", ""))
    }
    payments = db.execute(select(Payment.id, Payment.call_sid, Payment.seq, Payment.amount_cents)).all()
    authorized = [(row.call_sid, row.seq) for row in payments]
    assert len(set(authorized)) == len(authorized), "two payments of one turn"
    assert set(authorized) <= yes_said, f"payments nobody authorized: {set(authorized) - yes_said}"
    told_none = {each.call_sid for each in heard if NO_PAYMENT in _prompts(each)}
    paid_and_told_none = told_none & {call_sid for call_sid, _ in authorized}
    assert not paid_and_told_none, f"told that nothing was taken, and it was: {paid_and_told_none}"
    paid_cents = {row.id: row.amount_cents for row in payments}
    entries = db.execute(
        select(LedgerEntry.payment_id, LedgerEntry.amount_cents).where(LedgerEntry.kind == "payment")
    ).all()
    assert sorted(entries) == sorted((id_, -cents) for id_, cents in paid_cents.items()), "the ledger differs"
    each_said_yes = select(Payment.id).join(Authorization, Authorization.id == Payment.authorization_id)
    for what, found in (("authorizations", each_said_yes), ("notices", select(Notice.payment_id))):
        assert sorted(db.scalars(found)) == sorted(paid_cents), f"{what} differ"
    assert db.scalar(select(func.count()).select_from(Authorization)) == len(payments), (
        "a yes without payment"
    )
    overpaid = select(LedgerEntry.billing_account).group_by(LedgerEntry.billing_account)
    assert not db.execute(overpaid.having(func.sum(LedgerEntry.amount_cents) < 0)).all(), "paid twice"
    return Counter({"payments": len(payments), "yes": len(yes_said)})


def _check_stored_calls(db: Connection) -> None:
    """A call's turns are numbered without a gap, up to where the call stands."""
    seqs = defaultdict(list)
    for call_sid, seq in db.execute(select(Turn.call_sid, Turn.seq).order_by(Turn.seq)):
        seqs[call_sid].append(seq)
    for call_sid, seq in db.execute(select(Call.call_sid, Call.seq)):
        assert seqs[call_sid] == list(range(seq + 1)), f"{call_sid} stands at {seq}: {seqs[call_sid]}"


def _check_spoken(db: Connection, heard: list[Heard]) -> None:
    """Nobody heard a number that is not a stored payment's."""
    stored = set(db.execute(select(Payment.confirmation_number)).scalars())
    for each in heard:
        if {"confirmation", "trouble-payment", "recent-payment"} & set(_prompts(each)):
            words = SLOWLY.sub(b"", each.body)
            spoken = {re.sub(rb"\D", b"", number).decode() for number in SPOKEN_NUMBER.findall(words)}
            assert spoken, f"a payment without a number: {each.body!r}"
            assert spoken <= stored, f"{each.call_sid} heard {spoken - stored}, which nobody stored"


def _check_unfinished(db: Connection, heard: list[Heard]) -> None:
    """Whose last call ended before its payment was made has no payment of that call when they hear so."""
    calls = db.execute(select(Call.call_sid, Call.member_id).order_by(Call.started_at)).all()
    turns = db.execute(select(Turn.call_sid, Turn.seq, Turn.at)).all()
    told_at = {(call_sid, seq): at for call_sid, seq, at in turns}
    paid = db.execute(select(Payment.call_sid, Payment.authorized_at)).all()
    for each in heard:
        if "dropped-call" in _prompts(each):
            own = next(place for place, call in enumerate(calls) if call.call_sid == each.call_sid)
            *_, last = (call.call_sid for call in calls[:own] if call.member_id == calls[own].member_id)
            at = told_at[each.call_sid, int(each.headers["ivr-turn"])]
            made = [row.authorized_at for row in paid if row.call_sid == last and row.authorized_at <= at]
            assert not made, f"{each.call_sid} heard that {last} ended before its payment: {made}"


def _check_replies(db: Connection, keys: KeyRing, heard: list[Heard]) -> None:
    """Every reply is a document of status 200, and what answers a turn is what is stored of it."""
    rows = db.execute(select(Turn.call_sid, Turn.seq, Turn.reply)).all()
    stored: Mapping[tuple[str, int], bytes] = {
        (call_sid, seq): keys.open(reply, f"reply:{call_sid}:{seq}") for call_sid, seq, reply in rows if reply
    }
    for each in heard:
        if each.path == "/voice/status":
            assert each.status in (0, 204), each
        elif each.status != 0:
            assert each.status == 200, each
            parse_reply(each.headers.get("content-type"), each.body)
            if not any(prompt in NOT_STORED for prompt in _prompts(each)):
                turn = (each.call_sid, int(each.headers["ivr-turn"]))
                assert each.body == stored.get(turn), f"{each.path} was answered otherwise: {each}"

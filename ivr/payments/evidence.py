"""The consent pack of a payment, and the chain that shows when somebody changed it or the audit trail.

A bank may ask for proof of an authorization within ten banking days (Nacha), so everything that proves it
comes out of one call. Every night what must never change again is sealed: each seal's `head` is a keyed hash
of the head before it and of the payment's own digest. Whoever changes, removes or inserts a row without
the key breaks the chain from there on; whoever cuts off its end is found by a head that was printed before.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Double, Row, Text, cast, exists, func, insert, or_, outerjoin, select, true

from ivr.calls.notation import heard_as_kept
from ivr.payments.authorization_notices import EVERY_NOTICE
from ivr.payments.guests import open_payer
from ivr.payments.names import NAME_CORRECTED
from ivr.payments.report import CONSENT, attempts_json, plain, plain_row
from ivr.storage.engine import ROWS_AT_ONCE
from ivr.storage.streams import stream_rows
from ivr.storage.tables import (
    AchEntry,
    AuditEvent,
    Authorization,
    EvidenceSeal,
    FlowVersion,
    Notice,
    NoticeAttempt,
    Payment,
    Turn,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Select

    from ivr.base.keys import KeyedHash, KeyRing

FIRST_HEAD: Final = bytes(32)
_PURPOSE: Final = "evidence"

# What a yes fixed for good; state, trace number and return code come later and are not sealed.
# These names are what a seal covers, not what is shown: another name here would break every seal made before.
_PAYMENT: Final = (
    "confirmation_number",
    "call_sid",
    "seq",
    "amount_cents",
    "plan",
    "billing_account",
    "member_id",
    "authorized_at",
    "cutoff_at",
    "not_before_date",
    "sec_code",
    "account_type",
    "rdfi_routing_number",
    "account_last4",
    "receiver_name",
    "language",
    "pace",
)
_AUTHORIZATION: Final = ("kind", "payer_member_id")
_PAYER: Final = ("payer_name_hash", "payer_mobile_hash")  # of a guest, who is in no other column
_NOTICE: Final = ("language", "created_at", "body")
_TOLD: Final = (
    Notice.channel,
    Notice.state,
    Notice.language,
    Notice.created_at,
    Notice.sent_at,
    Notice.mailed_date,
    Notice.body,
)
_ATTEMPT: Final = ("channel", "started_at", "provider_reference", "document_sha256")
_EARLIER: Final = ("channel", "created_at", "sent_at", "mailed_date", "body")
_ACCEPTED: Final = ("accepted", "delivered", "undelivered")


@dataclass(frozen=True, slots=True)
class BrokenEvidence:
    """Something that is not what was sealed, or a place where the chain itself is broken.

    `what` is a payment's confirmation number, or an event of the audit trail with its number.
    """

    what: str
    problem: str


@dataclass(frozen=True, slots=True)
class Verification:
    """What checking every seal found: of how many payments and events of the audit trail, and what is broken.

    `expired` is how many of the payments are past retention.
    """

    seals: int
    audit_events: int
    expired: int
    head: bytes
    broken: tuple[BrokenEvidence, ...]
    head_found: bool


_READ_AS: Final[Mapping[str, Any]] = {"confidence": Double, "prompts": Text}  # what is kept otherwise


def _labelled(table: Any, names: tuple[str, ...]) -> list[Any]:
    columns = ((name, table.__table__.columns[name]) for name in names)
    return [
        (cast(column, _READ_AS[name]) if name in _READ_AS else column).label(f"{table.__tablename__}_{name}")
        for name, column in columns
    ]


_FIRST: Final = (
    select(
        Notice.id,
        Notice.channel,
        Notice.state,
        Notice.sent_at,
        Notice.mailed_date,
        *_labelled(Notice, _NOTICE),
    )
    .where(EVERY_NOTICE)
    .order_by(Notice.id)
    .limit(1)
    .lateral("first_notice")
)
# The first attempt that a carrier took, of the channel by which the notice was sent: one of another channel
# that nobody knew of may turn out, after the seal, to have been taken as well, and changes nothing.
_PROOF: Final = (
    select(*_labelled(NoticeAttempt, _ATTEMPT))
    .where(
        NoticeAttempt.notice_id == _FIRST.c.id,
        NoticeAttempt.channel == _FIRST.c.channel,
        NoticeAttempt.state.in_(_ACCEPTED),
    )
    .order_by(NoticeAttempt.id)
    .limit(1)
    .lateral("proof")
)


def _rows(of: Any) -> Select[Any]:
    """Return what is sealed; where another notice had to follow, that is the one that was sent first."""
    return (
        select(
            Payment.id.label("payment_id"),
            *_labelled(Payment, _PAYMENT),
            *_labelled(Payment, _PAYER),
            Payment.payer,
            *_labelled(Authorization, CONSENT),
            *_labelled(Authorization, _AUTHORIZATION),
            *(_FIRST.c[f"notices_{name}"] for name in _NOTICE),
            _FIRST.c.sent_at.label("notice_sent_at"),
            _FIRST.c.mailed_date,
            *_PROOF.c,
        )
        .select_from(of)
        .outerjoin(Authorization, Authorization.id == Payment.authorization_id)
        .outerjoin(_FIRST, true())
        .outerjoin(_PROOF, true())
    )


_SEALED_ROWS: Final = _rows(Payment)
_EVENT: Final = tuple(AuditEvent.__table__.columns.keys())
_SEALS: Final = (
    _rows(outerjoin(EvidenceSeal, Payment, EvidenceSeal.payment_id == Payment.id))
    .add_columns(
        EvidenceSeal.payment_id.label("sealed_id"),
        EvidenceSeal.audit_event_id,
        EvidenceSeal.digest,
        EvidenceSeal.head,
        *_labelled(AuditEvent, _EVENT),
    )
    .outerjoin(AuditEvent, AuditEvent.id == EvidenceSeal.audit_event_id)
    .order_by(EvidenceSeal.id)
)


def seal_evidence(db: Connection, hashes: KeyedHash, now: datetime, before: datetime) -> int:
    """Seal every payment authorized before `before` (aware) that is ready and has no seal; return how many.

    A payment is ready once its notice was sent (a letter: mailed), or withdrawn because the payment was
    cancelled. After them come the events of the audit trail from before `before`. Two that seal at once go
    one after the other. The transaction is the caller's.
    """
    db.execute(select(func.pg_advisory_xact_lock(_LOCK)))
    due = (
        _SEALED_ROWS.where(
            Payment.authorized_at < before,
            or_(
                _FIRST.c.state.in_(("replaced", "withdrawn")),
                (_FIRST.c.state == "sent")
                & or_(_FIRST.c.channel != "letter", _FIRST.c.mailed_date.is_not(None)),
            ),
            ~exists().where(EvidenceSeal.payment_id == Payment.id),
        )
        .order_by(Payment.id)
        .execution_options(yield_per=ROWS_AT_ONCE)
    )
    payments = [
        {"payment_id": row.payment_id, "audit_event_id": None, "digest": _digest(hashes, row)}
        for row in db.execute(due)
    ]
    recorded = (
        select(*_labelled(AuditEvent, _EVENT))
        .where(AuditEvent.at < before, ~exists().where(EvidenceSeal.audit_event_id == AuditEvent.id))
        .order_by(AuditEvent.id)
        .execution_options(yield_per=ROWS_AT_ONCE)
    )
    events = [
        {"payment_id": None, "audit_event_id": event.audit_events_id, "digest": _event_digest(hashes, event)}
        for event in db.execute(recorded)
    ]
    _append_seals(db, hashes, now, payments + events)
    return len(payments)


def _append_seals(db: Connection, hashes: KeyedHash, now: datetime, seals: list[dict[str, Any]]) -> None:
    head = newest_head(db)
    for seal in seals:
        head = _next_head(hashes, head, seal["digest"])
        seal |= {"sealed_at": now, "head": head}
    for start in range(0, len(seals), ROWS_AT_ONCE):
        db.execute(insert(EvidenceSeal), seals[start : start + ROWS_AT_ONCE])


_LOCK: Final = 7_448_150_031  # the chain has one end: one seals at a time


def newest_head(db: Connection) -> bytes:
    """Return the head of the chain, 32 bytes; zeros before the first seal."""
    head = db.execute(
        select(EvidenceSeal.head).order_by(EvidenceSeal.id.desc()).limit(1)
    ).scalar_one_or_none()
    return head or FIRST_HEAD


def verify_evidence(
    db: Connection, hashes: KeyedHash, *, kept_since: datetime, known_head: bytes | None = None
) -> Verification:
    """Check every seal against the rows of today.

    `known_head`, as an earlier day's export printed it, must stand somewhere in the chain: that shows if the
    chain's end was cut off. A payment authorized before `kept_since` (aware), whose consent was removed when
    its retention ended, counts as expired; its link must still hold.
    """
    head, payments, events, expired, broken = FIRST_HEAD, 0, 0, 0, []
    found = known_head in (None, FIRST_HEAD)
    for seal in stream_rows(db, _SEALS):
        if seal.payment_id is None and seal.sealed_id is not None:
            broken.append(BrokenEvidence(f"payment {seal.sealed_id}", "it was removed after sealing"))
            continue
        is_event = seal.audit_event_id is not None
        events, payments = events + is_event, payments + (not is_event)
        if is_event:
            what, problem = f"audit event {seal.audit_event_id}", _event_problem(hashes, seal)
        elif seal.authorizations_how is None and seal.payments_authorized_at < kept_since:
            what, problem, expired = seal.payments_confirmation_number, None, expired + 1
        else:
            what, problem = seal.payments_confirmation_number, _payment_problem(hashes, seal)
        if problem is not None:
            broken.append(BrokenEvidence(what, problem))
        if not hmac.compare_digest(seal.head, _next_head(hashes, head, seal.digest)):
            broken.append(
                BrokenEvidence(what, "the chain is broken here: a seal before it was removed or changed")
            )
        head = seal.head
        found = found or head == known_head
    return Verification(payments, events, expired, head, tuple(broken), found)


def _payment_problem(hashes: KeyedHash, seal: Any) -> str | None:
    if hmac.compare_digest(seal.digest, _digest(hashes, seal)):
        return None
    return "its row, its consent or its notice was changed after sealing"


def _event_problem(hashes: KeyedHash, seal: Any) -> str | None:
    if seal.audit_events_id is None:
        return "it was removed from the audit trail after sealing"
    if hmac.compare_digest(seal.digest, _event_digest(hashes, seal)):
        return None
    return "it was changed after sealing"


def evidence_json(
    db: Connection, hashes: KeyedHash, confirmation_number: str, keys: KeyRing | None = None
) -> dict[str, Any] | None:
    """Return everything that proves one authorization, ready for `json.dumps`; None if there is no payment.

    With `keys` it names a guest who pays for the member.

    Words spoken and heard, prompts with their hashes, the flow version and whether its text is kept, times,
    amount, dates, account type and last four, how to revoke, the notice with each attempt to send it, what
    staff corrected, the entries made of it, the call's turns (masked), and the seal.
    """
    row = db.execute(_SEALED_ROWS.where(Payment.confirmation_number == confirmation_number)).one_or_none()
    if row is None:
        return None
    consent = _part(row, Authorization, CONSENT)
    consent["prompts"] = json.loads(consent["prompts"] or "null")
    return {
        "payment": _part(row, Payment, _PAYMENT) | _payer(row, keys),
        "consent": consent,
        "revocation": {
            "until": plain(row.payments_cutoff_at),
            "told": "in the words spoken before the yes, and in the notice",
        },
        "flow_version_kept": _is_kept(db, consent),
        "notice": _notice(db, row),
        "later_notices": _later_notices(db, row.payment_id),
        "corrections": _corrections(db, row.payment_id),
        "entries": _entries(db, row.payment_id),
        "turns": _turns(db, row.payments_call_sid),
        "seal": _seal(db, hashes, row),
    }


def _payer(row: Row[Any], keys: KeyRing | None) -> dict[str, str]:
    """Return who pays where that is a guest, and the keys are there to tell."""
    if row.payer is None or keys is None:
        return {}
    payer = open_payer(keys, row.payments_confirmation_number, row.payer)
    return {"receiver_name": payer.name, "payer_mobile": payer.mobile}


def _digest(hashes: KeyedHash, row: Any) -> bytes:
    """Return the keyed hash of what was fixed: the same for the same facts, however they are stored."""
    facts = _encode(_facts(row))[1:-1].split(_BETWEEN)
    facts.insert(_PROMPTS, _prompts(row.authorizations_prompts))
    parts = dict(zip(_PARTS, (_FORM % tuple(facts)).split(_BETWEEN), strict=True))
    # Seals from before authorizations had these say nothing of them; what was the only case still does not.
    later = row.authorizations_kind, row.authorizations_payer_member_id
    if later in (("single", row.payments_member_id), (None, None)):
        del parts["authorizations"]
    if not (row.payments_payer_name_hash or row.payments_payer_mobile_hash):
        del parts["payer"]
    # As above: a letter counted as mailed on the day on which it was put into the outbox.
    usual_dates = (None, row.notice_sent_at and row.notice_sent_at.astimezone(UTC).date())
    if row.mailed_date not in usual_dates:
        parts["mailed"] = f'"mailed":{{"date":"{row.mailed_date}"}}'
    return hashes.digest(_PURPOSE, f"{{{','.join(sorted(parts.values()))}}}")


def _event_digest(hashes: KeyedHash, event: Any) -> bytes:
    facts = {name: getattr(event, f"{AuditEvent.__tablename__}_{name}") for name in _EVENT}
    return hashes.digest("audit", _canonical(facts))


_EXACT: Final[Mapping[type, Callable[[Any], Any]]] = {
    datetime: datetime.timestamp,  # to the microsecond, so that not even that can be changed unseen
    date: date.isoformat,
    bytes: bytes.hex,
}


def _exact(value: Any) -> Any:
    return _EXACT[type(value)](value)


_canonical: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"), default=_exact).encode


@lru_cache(maxsize=ROWS_AT_ONCE)
def _prompts(text: str | None) -> str:
    return "null" if text is None else _canonical(json.loads(text))


# A seal's canonical JSON. Of the many there are, only the values are written: the names stand in a form.
_BETWEEN: Final = "\n"  # in no JSON's text
_encode: Final = json.JSONEncoder(separators=(_BETWEEN, ":"), default=_exact).encode
_PARTS: Final[Mapping[str, tuple[Any, list[str]]]] = {
    "authorizations": (Authorization, sorted(_AUTHORIZATION)),
    "consents": (Authorization, sorted(CONSENT)),
    "notice_attempts": (NoticeAttempt, sorted(_ATTEMPT)),
    "notices": (Notice, sorted(_NOTICE)),
    "payer": (Payment, sorted(_PAYER)),
    "payments": (Payment, sorted(_PAYMENT)),
}
_FORM: Final = _BETWEEN.join(
    f'"{part}":{{{",".join(f"{json.dumps(name)}:%s" for name in names)}}}'
    for part, (_, names) in _PARTS.items()
)
_PLACE: Final = {name: place for place, name in enumerate(_SEALED_ROWS.selected_columns.keys())}
_COLUMNS: Final = [f"{table.__tablename__}_{name}" for table, names in _PARTS.values() for name in names]
_PROMPTS: Final = _COLUMNS.index("authorizations_prompts")
_facts: Final = itemgetter(*(_PLACE[column] for place, column in enumerate(_COLUMNS) if place != _PROMPTS))


def _next_head(hashes: KeyedHash, head: bytes, digest: bytes) -> bytes:
    return hashes.digest("evidence-chain", head.hex(), digest.hex())


def _part(row: Row[Any], table: Any, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: plain(getattr(row, f"{table.__tablename__}_{name}")) for name in names}


def _is_kept(db: Connection, consent: Mapping[str, Any]) -> bool:
    return bool(
        db.execute(select(exists().where(FlowVersion.version == consent["flow_version"]))).scalar_one()
    )


def _notice(db: Connection, row: Row[Any]) -> dict[str, Any]:
    """Return the notice that holds now, those that were sent before it, and every attempt to send them."""
    told = db.execute(
        select(*_TOLD).join(Payment, EVERY_NOTICE).where(Payment.id == row.payment_id).order_by(Notice.id)
    )
    *earlier, newest = [plain_row(each) for each in told.mappings()] or [{}]
    return {
        **newest,
        "earlier": [{name: each[name] for name in _EARLIER} for each in earlier],
        "attempts": attempts_json(db, (Notice.payment_id == row.payment_id) & (Notice.kind == "authorized")),
    }


def _later_notices(db: Connection, payment_id: int) -> list[dict[str, Any]]:
    """Return what was told in writing of what became of a payment: that it came back, or was given back."""
    told = db.execute(
        select(Notice.kind, *_TOLD)
        .where(Notice.payment_id == payment_id, Notice.kind != "authorized")
        .order_by(Notice.id)
    )
    return [plain_row(each) for each in told.mappings()]


def _corrections(db: Connection, payment_id: int) -> list[dict[str, Any]]:
    """Return the names that staff wrote in place of the one authorized: when, who, why."""
    events = db.execute(
        select(AuditEvent.at, AuditEvent.actor, AuditEvent.details)
        .where(AuditEvent.action == NAME_CORRECTED, AuditEvent.subject == str(payment_id))
        .order_by(AuditEvent.id)
    )
    told = ("from", "to", "reason")
    return [
        {"at": plain(event.at), "by": event.actor, **{name: event.details[name] for name in told}}
        for event in events
    ]


def _entries(db: Connection, payment_id: int) -> list[dict[str, Any]]:
    entries = db.execute(
        select(
            AchEntry.kind,
            AchEntry.sec_code,
            AchEntry.amount_cents,
            AchEntry.trace_number,
            AchEntry.effective_entry_date,
            AchEntry.state,
            AchEntry.return_code,
            AchEntry.returned_at,
        )
        .where(AchEntry.payment_id == payment_id)
        .order_by(AchEntry.id)
    )
    return [plain_row(entry) for entry in entries.mappings()]


def _turns(db: Connection, call_sid: str) -> list[dict[str, Any]]:
    turns = db.execute(
        select(Turn.seq, Turn.at, Turn.node, Turn.prompts, Turn.events)
        .where(Turn.call_sid == call_sid)
        .order_by(Turn.seq)
    )
    return [
        {
            "seq": turn.seq,
            "at": plain(turn.at),
            "heard": heard_as_kept(turn.events),
            "node": turn.node,
            "prompts": turn.prompts.split(",") if turn.prompts else [],
        }
        for turn in turns
    ]


def _seal(db: Connection, hashes: KeyedHash, row: Row[Any]) -> dict[str, Any] | None:
    seal = db.execute(
        select(EvidenceSeal.sealed_at, EvidenceSeal.digest, EvidenceSeal.head).where(
            EvidenceSeal.payment_id == row.payment_id
        )
    ).one_or_none()
    if seal is None:
        return None
    return {
        "sealed_at": plain(seal.sealed_at),
        "head": seal.head.hex(),
        "unchanged": hmac.compare_digest(seal.digest, _digest(hashes, row)),
    }


def evidence_text(evidence: Mapping[str, Any]) -> str:
    """Return what `evidence_json` returned as a page for people, in the order a bank asks for it."""
    return "\n".join(_lines(evidence))


def _lines(evidence: Mapping[str, Any]) -> Iterator[str]:
    for heading in ("payment", "consent", "revocation", "notice", "seal"):
        yield heading.upper()
        yield from _part_lines(evidence[heading] or {"": "none yet"})
    for told in evidence["later_notices"]:
        yield "LATER NOTICE"
        yield from _part_lines(told)
    for heading in ("corrections", "entries", "turns"):
        if heading != "corrections" or evidence[heading]:
            yield heading.upper()
        yield from (f"  {_joined(each)}" for each in evidence[heading])


def _part_lines(part: Mapping[str, Any]) -> Iterator[str]:
    """Write the facts of one part, then its lists, then the words of it, each under what they are."""
    lists = ("prompts", "attempts", "earlier")
    for name, value in part.items():
        if name not in {*lists, "text", "body"}:
            yield f"  {name.replace('_', ' ')}: {'-' if value is None else value}"
    prompts, attempts, earlier = (part.get(name) or () for name in lists)
    yield from (f"  prompt: {each['id']} ({each['language']}) sha256 {each['sha256']}" for each in prompts)
    yield from (f"  attempt: {_joined(each)}" for each in attempts)
    before = ((f"words sent before, at {each['sent_at']}", each["body"]) for each in earlier)
    for name, words in (("words spoken", part.get("text")), *before, ("words sent", part.get("body"))):
        if words:
            yield f"  {name}:"
            yield from (f"    {line}" for line in words.splitlines())


def _joined(part: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{name.replace('_', ' ')} {value}" for name, value in part.items() if value not in (None, [], "")
    )

"""A payment as programs read it (JSON) and as people do (text). No account number: its last four digits."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Row, select

from ivr.base.listing import ListColumn, Listing, listing, local_time
from ivr.base.money import format_amount
from ivr.payments.authorization_notices import CURRENT_NOTICE
from ivr.payments.holds import why_held
from ivr.payments.later_notices import OF_PAYMENT
from ivr.payments.movements import in_words, movements_of
from ivr.storage.tables import Authorization, Notice, NoticeAttempt, Payment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from zoneinfo import ZoneInfo

    from sqlalchemy import ColumnElement, Connection

    from ivr.payments.movements import Movement

_PAYMENT_FIELDS: Final = (
    "confirmation_number",
    "state",
    "amount_cents",
    "plan",
    "billing_account",
    "member_id",
    "authorized_at",
    "cutoff_at",
    "not_before_date",
    "effective_entry_date",
    "sec_code",
    "account_type",
    "rdfi_routing_number",
    "account_last4",
    "receiver_name",
    "language",
    "pace",
    "call_sid",
    "trace_number",
    "return_code",
    "settled_at",
    "returned_at",
    "hold_reason",
    "cancelled_at",
    "cancellation_number",
    "corrected_name",
    "moved_to_cutoff_at",
)
_NOTICE_FIELDS: Final = ("channel", "state", "sent_at", "mailed_date")
# All of a yes that is sealed with the evidence: another name here would break every seal made before.
CONSENT: Final = (
    "how",
    "spoken_by",
    "words_heard",
    "confidence",
    "asked_at",
    "answered_at",
    "text",
    "language",
    "flow_version",
    "prompts",
    "recording",
)
_CONSENT_FIELDS: Final = tuple(name for name in CONSENT if name != "language")  # the payment's says it


def _columns(table: Any, fields: tuple[str, ...]) -> list[Any]:
    return [table.__table__.columns[name].label(f"{table.__tablename__}_{name}") for name in fields]


_PAYMENTS: Final = select(
    Payment.id, *_columns(Payment, _PAYMENT_FIELDS), *_columns(Notice, _NOTICE_FIELDS)
).outerjoin_from(Payment, Notice, CURRENT_NOTICE)
_PAYMENT_WITH_CONSENT: Final = _PAYMENTS.add_columns(*_columns(Authorization, _CONSENT_FIELDS)).outerjoin(
    Authorization, Authorization.id == Payment.authorization_id
)


def payment_json(db: Connection, confirmation_number: str) -> dict[str, Any] | None:
    """Return one payment with its notice, movements and consent, ready for `json.dumps`; None: no such."""
    row = db.execute(
        _PAYMENT_WITH_CONSENT.where(Payment.confirmation_number == confirmation_number)
    ).one_or_none()
    if row is None:
        return None
    moved = movements_of(db, [row.id])[row.id]
    return {
        **_payment(row, moved),
        "told_later": _told_later(db, row.id),
        "consent": _part(row, Authorization, _CONSENT_FIELDS),
    }


def list_json(
    db: Connection, *, call: str | None = None, billing_account: str | None = None, state: str | None = None
) -> dict[str, Any]:
    """Return `{"payments": […]}`, without consents, oldest first; each filter given narrows it."""
    statement = _PAYMENTS.order_by(Payment.authorized_at, Payment.id)
    for column, value in (
        (Payment.call_sid, call),
        (Payment.billing_account, billing_account),
        (Payment.state, state),
    ):
        if value is not None:
            statement = statement.where(column == value)
    rows = db.execute(statement).all()
    moved = movements_of(db, [row.id for row in rows])
    return {"payments": [_payment(row, moved.get(row.id, [])) for row in rows]}


def page_json(
    db: Connection, before: int | None, count: int, *which: ColumnElement[bool]
) -> list[dict[str, Any]]:
    """Return up to `count` payments that match all of `which`, newest first, each with its `id`.

    `before` is the id of the last one of the page before, None for the first page.
    """
    statement = _PAYMENTS.where(*which).order_by(Payment.id.desc()).limit(count)
    rows = db.execute(statement if before is None else statement.where(Payment.id < before)).all()
    moved = movements_of(db, [row.id for row in rows])
    return [{"id": row.id, **_payment(row, moved.get(row.id, []))} for row in rows]


def payment_text(payment: Mapping[str, Any], zone: ZoneInfo) -> str:
    """Return what `payment_json` returned as lines for people, times by `zone`: a name, then its value."""
    lines = _lines(payment, zone)
    width = max(len(name) for name, _ in lines)
    return "\n".join(f"{name:<{width}}  {value}".rstrip() for name, value in lines)


_LIST: Final = (
    ListColumn("NUMBER", 11),
    ListColumn("AUTHORIZED", 20),
    ListColumn("STATE", 10),
    ListColumn("AMOUNT", 12, at_right=True),
    ListColumn("PLAN", 6),
    ListColumn("ACCOUNT", 9),
    ListColumn("DEBIT ON", 10),
    ListColumn("BESIDES"),
)


def payment_listing(payments: Mapping[str, Any], zone: ZoneInfo) -> Listing:
    """Return what `list_json` returned as a list for people, times by the clock of `zone`."""
    return listing(
        _LIST,
        (
            (
                payment["confirmation_number"],
                local_time(payment["authorized_at"], zone),
                payment["state"],
                _dollars(payment["amount_cents"]),
                payment["plan"],
                payment["billing_account"],
                payment["effective_entry_date"],
                "; ".join(filter(None, (in_words(payment["movements"]), payment["held_because"]))),
            )
            for payment in payments["payments"]
        ),
    )


def _payment(row: Row[Any], moved: Sequence[Movement]) -> dict[str, Any]:
    payment = _part(row, Payment, _PAYMENT_FIELDS) or {}
    return {
        **payment,
        "held_because": _held_because(payment),
        "notice": _part(row, Notice, _NOTICE_FIELDS),
        "movements": [{name: plain(value) for name, value in asdict(each).items()} for each in moved],
    }


def _told_later(db: Connection, payment_id: int) -> list[dict[str, Any]]:
    """Return the notices of what happened after the authorization, oldest first."""
    columns = (Notice.kind, Notice.channel, Notice.state, Notice.created_at, Notice.sent_at)
    later = (
        select(*columns)
        .join(Payment, OF_PAYMENT)
        .where(Payment.id == payment_id, Notice.kind != "authorized")
        .order_by(Notice.id)
    )
    return [plain_row(each) for each in db.execute(later).mappings()]


def _held_because(payment: Mapping[str, Any]) -> str | None:
    """Return in words why a payment is held, None where it is not."""
    if payment["hold_reason"] is None:
        return None
    name = payment["corrected_name"] or payment["receiver_name"]
    return why_held(payment["hold_reason"], payment["confirmation_number"], name)


def _part(row: Row[Any], table: Any, fields: tuple[str, ...]) -> dict[str, Any] | None:
    """Return the columns of one table in a joined row, or None where the join found nothing."""
    values = {name: plain(row._mapping[f"{table.__tablename__}_{name}"]) for name in fields}  # noqa: SLF001 (public, only named so)
    return values if values[fields[0]] is not None else None


def plain(value: Any) -> Any:
    """Return an instant as UTC text ending in Z, a date as YYYY-MM-DD, anything else as it is."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    return value


def plain_row(row: Mapping[Any, Any]) -> dict[str, Any]:
    """Return a row's values by name, each as `plain` writes it, bytes in hex."""
    return {name: value.hex() if isinstance(value, bytes) else plain(value) for name, value in row.items()}


def attempts_json(db: Connection, which: ColumnElement[bool]) -> list[dict[str, Any]]:
    """Return every attempt to send the notices that match `which`, oldest first."""
    attempts = db.execute(
        select(
            NoticeAttempt.channel,
            NoticeAttempt.state,
            NoticeAttempt.started_at,
            NoticeAttempt.finished_at,
            NoticeAttempt.provider_reference,
            NoticeAttempt.detail,
            NoticeAttempt.document_sha256,
        )
        .join(Notice, Notice.id == NoticeAttempt.notice_id)
        .where(which)
        .order_by(NoticeAttempt.id)
    )
    return [plain_row(each) for each in attempts.mappings()]


def _dollars(amount_cents: int) -> str:
    return f"${format_amount(amount_cents)}"


def _lines(part: Mapping[str, Any], zone: ZoneInfo, prefix: str = "") -> list[tuple[str, str]]:
    lines: list[tuple[str, str]] = []
    for name, value in part.items():
        label = f"{prefix}{name.removesuffix('_cents').replace('_', ' ')}"
        if name.endswith("_cents"):
            lines.append((label, _dollars(value)))
        elif name.endswith("_at"):
            lines.append((label, local_time(value, zone)))
        elif name == "prompts":
            lines.extend((f"{prefix}prompt", f"{each['id']} ({each['language']})") for each in value)
        elif name == "movements":
            lines.extend((each["kind"].replace("_", " "), _movement(each, zone)) for each in value)
        elif name == "told_later":
            lines.extend((f"told {each['kind']}", _told(each, zone)) for each in value)
        elif isinstance(value, dict):
            lines.extend(_lines(value, zone, f"{name} "))
        else:
            lines.append((label, "-" if value is None else str(value)))
    return lines


def _told(notice: Mapping[str, Any], zone: ZoneInfo) -> str:
    """Write one notice on a line: how it goes, where it stands, since when."""
    at = local_time(notice["sent_at"] or notice["created_at"], zone)
    return "  ".join((at, notice["channel"], notice["state"]))


def _movement(movement: Mapping[str, Any], zone: ZoneInfo) -> str:
    """Write one movement on a line: when, how much, where it stands, and by what the bank knows it."""
    effective, trace, code = (
        movement[name] for name in ("effective_entry_date", "trace_number", "return_code")
    )
    said = (
        local_time(movement["at"], zone),
        _dollars(movement["amount_cents"]),
        f"of the {movement['of']}" if movement["of"] else movement["state"],
        code,
        f"effective {effective}" if effective and not movement["of"] else None,
        f"trace {trace}" if trace else None,
    )
    return "  ".join(each for each in said if each)

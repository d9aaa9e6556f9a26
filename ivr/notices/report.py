"""Notices as programs read them (JSON) and as people do (text)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import and_, select

from ivr.base.errors import NotFoundError
from ivr.base.listing import ListColumn, Listing, listing, local_time
from ivr.payments.later_notices import OF_PAYMENT
from ivr.payments.report import attempts_json, plain_row
from ivr.storage.tables import Notice, Payment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from zoneinfo import ZoneInfo

    from sqlalchemy import Connection

_NOTICES: Final = select(
    Payment.confirmation_number,
    Notice.kind,
    Notice.channel,
    Notice.state,
    Notice.language,
    Notice.created_at,
    Notice.sent_at,
    Notice.mailed_date,
    Payment.cutoff_at,
).join_from(Notice, Payment, OF_PAYMENT)


def list_notices(db: Connection, state: str | None = None) -> dict[str, Any]:
    """Return `{"notices": […]}`, oldest first, only those in `state` where it is given."""
    statement = _NOTICES.order_by(Notice.created_at, Notice.id)
    if state is not None:
        statement = statement.where(Notice.state == state)
    return {"notices": [plain_row(row) for row in db.execute(statement).mappings()]}


def show_notice(db: Connection, confirmation_number: str) -> dict[str, Any] | None:
    """Return what a payment's member was told, with the words and the attempts; None if there is nothing.

    The notice of the authorization, and under `later` those of what happened afterwards.
    """
    statement = _NOTICES.add_columns(Notice.id, Notice.payment_id, Notice.body).order_by(Notice.id)
    rows = db.execute(statement.where(Payment.confirmation_number == confirmation_number)).mappings().all()
    if not rows:
        return None
    first, *later = (_with_attempts(db, row) for row in rows)
    return {**first, "later": later}


def _with_attempts(db: Connection, row: Mapping[Any, Any]) -> dict[str, Any]:
    notice = {name: value for name, value in row.items() if name not in {"id", "payment_id"}}
    # Of an authorization also those of the notices before it, whose dates were others.
    of_authorization = and_(Notice.payment_id == row["payment_id"], Notice.kind == "authorized")
    which = of_authorization if row["kind"] == "authorized" else Notice.id == row["id"]
    return {**plain_row(notice), "attempts": attempts_json(db, which)}


def unknown_notice(confirmation_number: str) -> NotFoundError:
    """Return what says that no notice belongs to this number."""
    return NotFoundError(f"No notice has the confirmation number {confirmation_number}: check it.")


def numbers_of(db: Connection, notice_ids: Sequence[int]) -> dict[int, str]:
    """Return the confirmation number of the payment of each notice."""
    rows = db.execute(
        select(Notice.id, Payment.confirmation_number)
        .join(Payment, Payment.id == Notice.payment_id)
        .where(Notice.id.in_(notice_ids))
    )
    return {row.id: row.confirmation_number for row in rows}


_LIST: Final = (
    ListColumn("NUMBER", 11),
    ListColumn("STATE", 9),
    ListColumn("CHANNEL", 7),
    ListColumn("LANGUAGE", 8),
    ListColumn("PROMISED", 20),
    ListColumn("SENT", 20),
    ListColumn("TELLS"),
)


def notice_listing(found: Mapping[str, Any], zone: ZoneInfo) -> Listing:
    """Return what `list_notices` returned as a list for people, times by the clock of `zone`."""
    return listing(
        _LIST,
        (
            (
                each["confirmation_number"],
                each["state"],
                each["channel"],
                each["language"],
                local_time(each["created_at"], zone),
                local_time(each["sent_at"], zone),
                each["kind"],
            )
            for each in found["notices"]
        ),
    )


def notice_text(notice: Mapping[str, Any], zone: ZoneInfo) -> str:
    """Return what `show_notice` returned as lines for people: of each the facts, the attempts, the words."""
    return "\n\n".join(_one_text(each, zone) for each in (notice, *notice["later"]))


def _one_text(notice: Mapping[str, Any], zone: ZoneInfo) -> str:
    facts = {name: value for name, value in notice.items() if name not in {"attempts", "body", "later"}}
    lines = [f"{name:<19}  {value}".rstrip() for name, value in _local(facts, zone).items()]
    lines += [
        f"{'attempt':<19}  {', '.join(value for value in _local(each, zone).values() if value)}"
        for each in notice["attempts"]
    ]
    return "\n".join([*lines, "", notice["body"] or "nothing was written yet"]).rstrip()


def _local(facts: Mapping[str, Any], zone: ZoneInfo) -> dict[str, str]:
    """Return values as people read them, instants by the clock of `zone`."""
    return {
        name: local_time(value, zone) if value and name.endswith("_at") else str(value or "")
        for name, value in facts.items()
    }

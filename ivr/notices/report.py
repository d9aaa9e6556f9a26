"""Notices as programs read them (JSON) and as people do (text)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select

from ivr.base.errors import NotFoundError
from ivr.base.listing import ListColumn, Listing, listing, local_time
from ivr.payments.authorization_notices import CURRENT_NOTICE
from ivr.payments.report import attempts_json, plain_row
from ivr.storage.tables import Notice, Payment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from zoneinfo import ZoneInfo

    from sqlalchemy import Connection

_NOTICES: Final = select(
    Payment.confirmation_number,
    Notice.channel,
    Notice.state,
    Notice.language,
    Notice.created_at,
    Notice.sent_at,
    Payment.cutoff_at,
).join_from(Notice, Payment, CURRENT_NOTICE)


def list_notices(db: Connection, state: str | None = None) -> dict[str, Any]:
    """Return `{"notices": […]}`, oldest first, only those in `state` where it is given."""
    statement = _NOTICES.order_by(Notice.created_at, Notice.id)
    if state is not None:
        statement = statement.where(Notice.state == state)
    return {"notices": [plain_row(row) for row in db.execute(statement).mappings()]}


def show_notice(db: Connection, confirmation_number: str) -> dict[str, Any] | None:
    """Return a payment's notice with its words and its attempts; None if there is none."""
    statement = _NOTICES.add_columns(Notice.body, Notice.payment_id)
    found = db.execute(statement.where(Payment.confirmation_number == confirmation_number)).mappings()
    row = found.one_or_none()
    if row is None:
        return None
    notice = {name: value for name, value in row.items() if name != "payment_id"}
    return {**plain_row(notice), "attempts": attempts_json(db, row["payment_id"])}


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
            )
            for each in found["notices"]
        ),
    )


def notice_text(notice: Mapping[str, Any], zone: ZoneInfo) -> str:
    """Return what `show_notice` returned as lines for people: the facts, each attempt, the words."""
    facts = {name: value for name, value in notice.items() if name not in {"attempts", "body"}}
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

"""The files as staff see them: where each stands, and what happens when the bank refuses one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Text, cast, insert, literal, or_, select, update

from ivr.base.errors import OperatorError
from ivr.payments.delivery import ENCRYPTED, FILE_TASKS, hold_delivery, mark_sent
from ivr.payments.life import move_all
from ivr.payments.report import plain
from ivr.payments.tasks import close_tasks
from ivr.storage.audit import record_event
from ivr.storage.tables import AchEntry, AchFile, Payment, StaffTask

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

_FIELDS: Final = (
    "id",
    "name",
    "state",
    "cutoff_at",
    "created_at",
    "effective_entry_date",
    "batches",
    "entries",
    "debit_cents",
    "credit_cents",
    "sent_at",
    "rejected_at",
    "reject_reason",
)
_ON_THEIR_WAY: Final = ("batched", "sent")


@dataclass(frozen=True, slots=True)
class Rejected:
    """A file that the bank refused; its `debits` and `requests` go into the next one."""

    file_id: int
    name: str
    debits: int
    requests: int


def list_files(db: Connection, *, state: str | None = None) -> list[dict[str, Any]]:
    """Return the files, the newest first, ready for `json.dumps`; `state` narrows them."""
    columns = [AchFile.__table__.columns[name] for name in _FIELDS]
    statement = select(*columns).order_by(AchFile.id.desc())
    if state is not None:
        statement = statement.where(AchFile.state == state)
    return [
        {("file_id" if name == "id" else name): plain(value) for name, value in row.items()}
        for row in db.execute(statement).mappings()
    ]


def find_file(db: Connection, id_or_name: str) -> Mapping[str, Any]:
    """Return `file_id`, `name`, `state` and `entries` of a file, by its number or its name.

    Raises `OperatorError` when there is none.
    """
    which = or_(AchFile.name == id_or_name.removesuffix(ENCRYPTED), cast(AchFile.id, Text) == id_or_name)
    statement = select(AchFile.id.label("file_id"), AchFile.name, AchFile.state, AchFile.entries).where(which)
    file = db.execute(statement).mappings().one_or_none()
    if file is None:
        raise OperatorError(f"There is no file {id_or_name}: see `ivr ach status` for their names.")
    return dict(file)


def reject_file(db: Connection, id_or_name: str, *, reason: str, actor: str, now: datetime) -> Rejected:
    """Note that the bank refused a file, within the caller's transaction; what was in it goes into the next.

    Payments keep their confirmation numbers and are authorized again; retries, reversals and refunds are
    requested again. Raises `OperatorError` for an unknown file, for one that is rejected already, or of
    which the bank has settled or returned an entry: that one it took.
    """
    file_id, name = _take(db, id_or_name)
    on_their_way = (AchEntry.file_id == file_id) & AchEntry.state.in_(_ON_THEIR_WAY)
    debits = _send_back(db, select(AchEntry.payment_id).where(on_their_way, AchEntry.kind == "debit"))
    retries = select(AchEntry.payment_id).where(on_their_way, AchEntry.kind == "retry")
    again = db.scalars(retries).all()
    _send_back(db, retries)
    move_all(db, Payment.id.in_(again), "authorized", "batch")  # a retry never goes out as a first debit
    db.execute(update(AchEntry).where(on_their_way).values(state="rejected"))
    requests = _request_again(db, file_id, now)
    db.execute(
        update(AchFile)
        .where(AchFile.id == file_id)
        .values(state="rejected", rejected_at=now, reject_reason=reason)
    )
    close_tasks(db, FILE_TASKS, now, StaffTask.details["file_id"].as_integer() == file_id, by=actor)
    details = {"reason": reason, "debits": debits, "requests": requests}
    record_event(db, "ach.reject", name, details, actor=actor, now=now)
    return Rejected(file_id, name, debits, requests)


def note_arrived(db: Connection, id_or_name: str, *, actor: str, now: datetime) -> str:
    """Note, within the caller's transaction, that the bank has a file after all; return the file's name.

    Raises `OperatorError` for an unknown file, or one that is known to be sent or rejected.
    """
    file_id, name = _take_undelivered(db, id_or_name)
    mark_sent(db, file_id, now, by=actor)
    _audit(db, "ach.sent", name, actor, now)
    return name


def allow_again(db: Connection, id_or_name: str, *, actor: str, now: datetime) -> int:
    """Note, within the caller's transaction, that the bank has not got a file; return the file's id.

    Whoever delivers it next sends it. Raises `OperatorError` as `note_arrived` does.
    """
    file_id, name = _take_undelivered(db, id_or_name)
    db.execute(update(AchFile).where(AchFile.id == file_id).values(naming_at=None))
    _audit(db, "ach.resend", name, actor, now)
    return file_id


def _take_undelivered(db: Connection, id_or_name: str) -> tuple[int, str]:
    found = find_file(db, id_or_name)
    hold_delivery(db, found["file_id"])
    file = find_file(db, id_or_name)  # as the delivery left it that was under way
    if file["state"] == "rejected":
        raise OperatorError(f"{file['name']} was rejected: what was in it goes into the next file.")
    if file["state"] == "sent":
        raise OperatorError(
            f"{file['name']} was sent. If the bank has not got it, `ivr ach reject {file['name']}` puts what"
            " is in it into the next file."
        )
    return file["file_id"], file["name"]


def _audit(db: Connection, action: str, name: str, actor: str, now: datetime) -> None:
    record_event(db, action, name, {}, actor=actor, now=now)


def _take(db: Connection, id_or_name: str) -> tuple[int, str]:
    """Lock the file and see that it can be rejected; a delivery at this moment ends first."""
    file_id: int = find_file(db, id_or_name)["file_id"]
    hold_delivery(db, file_id)
    state, name = db.execute(
        select(AchFile.state, AchFile.name).where(AchFile.id == file_id).with_for_update()
    ).one()
    if state == "rejected":
        raise OperatorError(f"{name} was rejected before; nothing changed.")
    processed = select(AchEntry.id).where(
        AchEntry.file_id == file_id, AchEntry.state.in_(("settled", "returned", "final"))
    )
    if db.execute(processed.limit(1)).first() is not None:
        raise OperatorError(
            f"Entries of {name} have settled or come back: the bank took the file. Deal with them singly."
        )
    return file_id, name


def _send_back(db: Connection, payments: Any) -> int:
    which = Payment.id.in_(payments)
    return sum(move_all(db, which, state, "reject", trace_number=None) for state in ("batched", "sent"))


def _request_again(db: Connection, file_id: int, now: datetime) -> int:
    kept = ("payment_id", "kind", "sec_code", "transaction_code", "amount_cents")
    columns: list[Any] = [AchEntry.__table__.columns[name] for name in kept]
    again = insert(AchEntry).from_select(
        [*kept, "state", "created_at"],
        select(*columns, literal("requested"), literal(now))
        .where(AchEntry.file_id == file_id, AchEntry.kind != "debit", AchEntry.state == "rejected")
        .order_by(AchEntry.id),
    )
    return db.execute(again, execution_options={"preserve_rowcount": True}).rowcount

"""What becomes of letters and e-mail after they left: mailed, as the mail house says; back, as staff see."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Literal

from sqlalchemy import select, update

from ivr.base.csvfiles import Column, CsvReader, ImportResult, Progress, matching, parse_date
from ivr.base.errors import NotFoundError, OperatorError
from ivr.notices.channels import LATE_TASK, RETURNED_TASK, send_soon
from ivr.payments.holds import release_held
from ivr.payments.late import NOT_MAILED
from ivr.payments.tasks import close_tasks, open_task
from ivr.storage.audit import record_event, record_events
from ivr.storage.tables import Notice, NoticeAttempt, Payment, StaffTask

if TYPE_CHECKING:
    from sqlalchemy import Connection

_ANY: Final = Column(str)
# As the outbox writes its manifests; the mail house may add the day.
_COLUMNS: Final[Mapping[str, Column]] = {
    "file": Column(matching(r"[0-9-]{1,40}\.pdf", "write the letter's file name as the manifest has it")),
    "sha256": Column(matching(r"[0-9a-f]{64}", "write the digest as the manifest has it")),
    "pages": _ANY,
    "language": _ANY,
    "confirmation_number": _ANY,
    "mailed_date": Column(parse_date, required=False),
}


@dataclass(frozen=True, slots=True)
class _Piece:
    """One letter of a manifest, and the day on which it was mailed."""

    line: int
    file: str
    sha256: str
    mailed_date: date


def note_mailed(
    db: Connection,
    stream: BinaryIO,
    *,
    file_name: str,
    mailed_date: date,
    actor: str,
    now: datetime,
    progress: Progress | None = None,
) -> ImportResult:
    """Note the letters of a manifest as mailed, within the caller's transaction: all of them, or none.

    `mailed_date` is the day where a row has none of its own; a day noted before stays (`unchanged`). What was
    held because its letter was not mailed goes with the next cutoff.
    """
    reader = CsvReader(stream, file_name, _COLUMNS, progress)
    pieces = [
        _Piece(row.line, row.values["file"], row.values["sha256"], row.values["mailed_date"] or mailed_date)
        for row in reader.rows()
    ]
    known = _letters(db, pieces)
    notices: dict[int, date] = {}
    for piece in pieces:
        notice_id = known.get((piece.file, piece.sha256))
        if notice_id is None:
            message = "no such letter was made here; take the line from the outbox's own manifest"
            reader.add_error(piece.line, "file", "import.unknown", message)
        elif piece.mailed_date > now.date():
            message = "this day has not come yet; write the day on which it was mailed"
            reader.add_error(piece.line, "mailed_date", "import.value", message)
        else:
            notices[notice_id] = piece.mailed_date
    result = reader.result()
    if not result.errors:
        result.changed = _note(db, notices, file_name, actor, now)
        result.unchanged = result.read - result.changed
    return result


def _letters(db: Connection, pieces: Sequence[_Piece]) -> dict[tuple[str, str], int]:
    """Return the notices of letters by their file and digest."""
    rows = db.execute(
        select(
            NoticeAttempt.provider_reference, NoticeAttempt.document_sha256, NoticeAttempt.notice_id
        ).where(
            NoticeAttempt.channel == "letter",
            NoticeAttempt.provider_reference.in_([piece.file for piece in pieces]),
        )
    )
    return {(row.provider_reference, (row.document_sha256 or b"").hex()): row.notice_id for row in rows}


def _note(db: Connection, notices: Mapping[int, date], file_name: str, actor: str, now: datetime) -> int:
    """Write down what is not known yet; return how many that are."""
    done: list[int] = []
    for day in sorted(set(notices.values())):
        of_day = [notice_id for notice_id, mailed in notices.items() if mailed == day]
        unknown = (Notice.id.in_(of_day), Notice.mailed_date.is_(None), Notice.channel == "letter")
        done += db.scalars(update(Notice).where(*unknown).values(mailed_date=day).returning(Notice.id))
    waiting = Payment.id.in_(select(Notice.payment_id).where(Notice.id.in_(done)))
    release_held(db, waiting & (Payment.hold_reason == NOT_MAILED), now, by=actor)
    close_tasks(db, (LATE_TASK,), now, StaffTask.notice_id.in_(done), by=actor)
    details = ((str(each), {"mailed_date": notices[each].isoformat(), "file": file_name}) for each in done)
    record_events(db, "notices.mailed", details, actor=actor, now=now)
    return len(done)


def note_returned(
    db: Connection,
    confirmation_number: str,
    *,
    channel: Literal["letter", "email"],
    kind: str | None,
    actor: str,
    now: datetime,
) -> str:
    """Note that a letter or an e-mail of a payment came back; return what it told (`authorized`, …).

    `kind` says which, where the payment has several. The next channel takes it, and staff have a task to find
    the right address. That it was sent stays the proof. Raises `NotFoundError` and `OperatorError`.
    """
    found = {row.kind: row for row in _sent(db, confirmation_number, channel)}
    if not found:
        raise NotFoundError(
            f"Nothing was sent by {channel} for {confirmation_number}: see `ivr notices show`."
        )
    if kind is None and len(found) > 1:
        raise OperatorError(f"Several were sent: say which with --tells: {', '.join(found)}.")
    row = found.get(kind or next(iter(found)))
    if row is None:
        raise NotFoundError(f"None that tells {kind} was sent by {channel}: see `ivr notices show`.")
    db.execute(
        update(NoticeAttempt)
        .where(NoticeAttempt.id == row.attempt_id)
        .values(state="undelivered", detail="came back", finished_at=now)
    )
    wrong = "postal address" if channel == "letter" else "e-mail address"
    open_task(
        db,
        RETURNED_TASK,
        now,
        payment_id=row.payment_id,
        notice_id=row.notice_id,
        channel=channel,
        do=f"ask the member for the right {wrong}, have the members file say so and import it, then"
        f" `ivr notices send {confirmation_number}` sends it again where nothing else reached the member",
    )
    send_soon(db, row.notice_id)
    record_event(db, "notices.returned", str(row.notice_id), {"channel": channel}, actor=actor, now=now)
    told: str = row.kind
    return told


def _sent(db: Connection, confirmation_number: str, channel: str) -> Iterator[Any]:
    """Yield what was sent of a payment by a channel and is not back, the newest of each kind last."""
    yield from db.execute(
        select(NoticeAttempt.id.label("attempt_id"), NoticeAttempt.notice_id, Notice.kind, Notice.payment_id)
        .join_from(NoticeAttempt, Notice, Notice.id == NoticeAttempt.notice_id)
        .join(Payment, Payment.id == Notice.payment_id)
        .where(
            Payment.confirmation_number == confirmation_number,
            NoticeAttempt.channel == channel,
            NoticeAttempt.state.in_(("accepted", "delivered", "unknown")),
        )
        .order_by(NoticeAttempt.id)
        .with_for_update(of=NoticeAttempt.__table__)
    )

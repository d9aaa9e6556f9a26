"""What the bank sends back, applied: returns undo a debit or a credit, notifications of change are kept.

A file that cannot be trusted is not applied at all; an item that cannot be used waits for staff, and the
others are applied. Each item is known by a digest of what it says: the same one again changes nothing,
whatever its file is called. An item matches the *attempt* whose trace number it names, if amount and
individual ID agree; one that matches nothing waits for staff. What a code means is in
`ivr.ach.return_codes`; an unknown code undoes, and goes to staff.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import LargeBinary, Text, any_, cast, insert, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY

from ivr.ach.reader import PROBLEMS_LISTED, NachaReadError, ReadProblem
from ivr.ach.return_codes import ReturnRule, return_rule
from ivr.ach.returns import NotificationOfChange, OtherEntry, Return, ReturnsFile, read_returns
from ivr.base.money import format_amount
from ivr.billing.post import post
from ivr.payments.blocks import block_for
from ivr.payments.corrections import seal_correction
from ivr.payments.later_notices import promise_later
from ivr.payments.life import CREDIT_KINDS, DEBIT_KINDS, PaymentState, move
from ivr.payments.requested import withdraw_entries
from ivr.payments.tasks import open_task
from ivr.storage.audit import record_event
from ivr.storage.tables import (
    AchEntry,
    AchFile,
    BankItem,
    Payment,
)

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ivr.base.keys import KeyedHash, KeyRing

RETURN_TASK: Final = "return_to_look_at"
UNMATCHED_TASK: Final = "bank_item_unmatched"
OTHER_TASK: Final = "bank_item_to_look_at"
CREDIT_RETURNED_TASK: Final = "credit_returned"
RETURNED_AFTER_CREDIT_TASK: Final = "returned_after_credit"

# A return names these; `requested` has no trace number yet, what was in a `rejected` file went out anew.
_CAN_RETURN: Final = ("batched", "sent", "settled", "final")
_MATCHED: Final = (*_CAN_RETURN, "returned")
# A name and an ID are for people to compare: nothing in a later entry takes their place.
_FOR_PEOPLE: Final = ("C04", "C09")
_LONG_NUMBER: Final = re.compile(r"\d(?:[ -]?\d){3,}")
_TRACE_FIELD: Final = "original trace number"
# What whoever takes the task does next, by what came; the first is for what matches nothing.
_ASK_WHICH: Final = (
    "Ask the bank which of our entries this is about: nothing was undone. A return can be booked with"
    " `ivr ach return`."
)
_NEXT: Final = {
    "unusable_notification": "Ask the bank by telephone what is to be corrected. The payment itself stands.",
    "unknown_notification": "Ask the bank what is to be corrected. The payment itself stands.",
    "refused_notification": "Ask the bank which correction was refused, and why. The payment itself stands.",
    "dishonored_return": "Ask the bank whether the return stands, and who has the money now.",
    "contested_return": "Ask the bank whether the return stands, and who has the money now.",
    "other_code_by_hand": "If the code that was booked closed the account to us, see `ivr ach unblock`.",
    "came_back_before": "Ask the bank which of the two returns counts.",
    "forward": "Ask the bank why it stands there: it was sent, and did not come back.",
}


@dataclass
class Imported:
    """What became of a file's items, in numbers.

    `returns` and `changes` are new and applied; `unmatched` and `handed_over` wait for staff;
    `already_known` changed nothing more; `joined` is how many of those and of `handed_over` had been booked
    by hand, and have the bank's own data now. `errors` says of every item that needs a look where it stands,
    and `allowances` what was let pass in the file, a sentence each.
    """

    returns: int = 0
    changes: int = 0
    unmatched: int = 0
    handed_over: int = 0
    already_known: int = 0
    joined: int = 0
    errors: list[ReadProblem] = field(default_factory=list)
    allowances: tuple[str, ...] = ()


def import_returns(
    db: Connection,
    keys: KeyRing,
    hashes: KeyedHash,
    data: bytes,
    *,
    odfi_routing: str,
    file_name: str,
    actor: str,
    now: datetime,
) -> Imported:
    """Apply a bank's file of returns and notifications within the caller's transaction.

    `odfi_routing` is our bank's routing number, 8 or 9 digits. Two imports at once wait for each other.
    Raises `NachaReadError`, having changed nothing, for a file that is not whole, or in which nothing comes
    back.
    """
    came = read_returns(data, odfi_routing=odfi_routing[:8])
    _check_comes_back(came)
    items: list[ReadItem] = sorted((*came.returns, *came.changes, *came.others), key=lambda item: item.line)
    applier = ItemApplier(db, keys, hashes, file_name, now)
    applier.run(items)
    done = applier.done
    done.allowances = came.allowances
    if done.returns or done.changes or done.unmatched or done.handed_over or done.joined:
        record_event(
            db,
            "ach.import",
            file_name,
            {
                "returns": done.returns,
                "changes": done.changes,
                "unmatched": done.unmatched,
                "handed_over": done.handed_over,
                **({"joined": done.joined} if done.joined else {}),
                **({"allowances": list(done.allowances)} if done.allowances else {}),
            },
            actor=actor,
            now=now,
        )
    return done


ReadItem = Return | NotificationOfChange | OtherEntry


def _check_comes_back(came: ReturnsFile) -> None:
    """Raise `NachaReadError` when entries stand in the file and none comes back: it is one that went out."""
    sent = [other for other in came.others if other.kind == "forward"]
    if not sent or came.returns or came.changes or len(sent) < len(came.others):
        return
    message = "is not a return's: give the file that the bank sent back"
    problems = tuple(ReadProblem(other.line, "transaction code", "nacha.went-out", message) for other in sent)
    raise NachaReadError(problems[:PROBLEMS_LISTED], len(problems))


def lock_items(db: Connection) -> None:
    """Wait until nobody else applies anything, and let nobody until the transaction ends."""
    db.execute(text("LOCK TABLE bank_items IN SHARE ROW EXCLUSIVE MODE"))


class ItemApplier:
    """Applies items, of one file or booked by staff, under a lock that lets nobody else in.

    Without `file_name` staff booked them before the bank's file, whose own item is joined to them later.
    """

    def __init__(
        self, db: Connection, keys: KeyRing, hashes: KeyedHash, file_name: str, now: datetime
    ) -> None:
        self._db = db
        self._keys = keys
        self._hashes = hashes
        self._file_name = file_name
        self._now = now
        self._entries: dict[str, list[Any]] = {}
        self._undone: set[int] = set()
        self._to_tell: dict[int, int] = {}  # entries whose return is told, with their payments
        self.done = Imported()

    def run(self, items: Sequence[ReadItem]) -> None:
        """Apply the items that are new, in the order of the file."""
        lock_items(self._db)
        digests = {item.line: self._digest(item) for item in items}
        known = set(self._known(list(digests.values())))
        self._lock_entries(sorted({item.original_trace_number or "" for item in items}))
        lines: dict[bytes, int] = {}
        for item in items:
            digest = digests[item.line]
            if digest in known:
                self.done.already_known += 1
            elif digest in lines:
                self.done.already_known += 1
                message = f"the same item stands on line {lines[digest]}; it counts once"
                self._tell(item, "nacha.item-twice", message)
            else:
                lines[digest] = item.line
                self._apply(item, digest)
        promise_later(self._db, "returned", self._now, self._to_tell)

    def _digest(self, item: ReadItem) -> bytes:
        """Return what two items have in common only when they are the same one."""
        said = [
            type(item).__name__,
            item.code or "",
            item.original_trace_number or "",
            item.trace_number,
            str(item.amount_cents),
            item.individual_id,
        ]
        if isinstance(item, OtherEntry):
            said += [item.record] if item.problems else []
        else:
            said += [item.original_rdfi, str(item.effective_entry_date), str(item.settlement_date)]
        if isinstance(item, NotificationOfChange):
            corrected = item.corrected
            said += [
                corrected.routing_number or "",
                corrected.account_number or "",
                corrected.transaction_code or "",
            ]
        return self._hashes.digest("bank_item", *said)

    def _known(self, digests: list[bytes]) -> Sequence[bytes]:
        which = BankItem.digest == any_(cast(digests, ARRAY(LargeBinary)))
        return self._db.scalars(select(BankItem.digest).where(which)).all()

    def _lock_entries(self, trace_numbers: list[str]) -> None:
        """Lock every attempt that is named, file by file as the settlement job does, and keep what it is."""
        named = AchEntry.trace_number == any_(cast(trace_numbers, ARRAY(Text)))
        of_files = select(AchEntry.file_id).where(named)
        self._db.execute(
            select(AchFile.id).where(AchFile.id.in_(of_files)).order_by(AchFile.id).with_for_update()
        )
        found = self._db.execute(
            select(
                AchEntry.id,
                AchEntry.kind,
                AchEntry.state,
                AchEntry.amount_cents,
                AchEntry.trace_number,
                Payment.id.label("payment_id"),
                Payment.state.label("payment_state"),
                Payment.confirmation_number,
                Payment.billing_account,
                Payment.account_fingerprint,
                Payment.rdfi_routing_number,
                Payment.account_number.is_not(None).label("has_account_number"),
            )
            .join_from(AchEntry, Payment, Payment.id == AchEntry.payment_id)
            .where(named, AchEntry.state.in_(_MATCHED))
            .order_by(Payment.id, AchEntry.id)
            .with_for_update()
        )
        for row in found:
            self._entries.setdefault(row.trace_number, []).append(row)

    def _apply(self, item: ReadItem, digest: bytes) -> None:
        if isinstance(item, Return):
            self._return(item, digest)
        elif isinstance(item, NotificationOfChange):
            self._change(item, digest)
        else:
            self._other(item, digest)

    def _match(self, item: ReadItem) -> Any:
        """Return the attempt that an item is about, or why there is none; the newest where numbers recur."""
        candidates = self._entries.get(item.original_trace_number or "", [])
        if not candidates:
            return "no entry of ours has this trace number"
        for row in reversed(candidates):
            same_amount = _is_change(item) or row.amount_cents == item.amount_cents
            if same_amount and row.confirmation_number == item.individual_id:
                return row
        return "the entry with this trace number has another amount or individual ID"

    def _return(self, item: Return, digest: bytes) -> None:
        entry = self._match(item)
        if isinstance(entry, str):
            self._unmatched(item, digest, entry)
            return
        booked = self._booked_by_hand(item, entry.id)
        if booked is not None:
            self._join(item, digest, entry, booked)
            return
        if entry.state == "returned" or entry.id in self._undone:
            why = "this entry came back before; nothing was undone again"
            self._hand_over(item, digest, entry, why, "came_back_before")
            return
        rule = return_rule(item.code)
        item_id = self._store(item, digest, "applied", entry)
        self._undo(entry, item.code)
        self._undone.add(entry.id)
        if entry.kind in CREDIT_KINDS:
            self._task(CREDIT_RETURNED_TASK, entry, item_id, item, meaning=rule.meaning)
        else:
            self._follow(rule, entry, item, item_id)
            if not rule.quiet:
                self._to_tell[entry.id] = entry.payment_id
        self.done.returns += 1

    def _booked_by_hand(self, item: Return | OtherEntry, entry_id: int) -> Any:
        """Return what staff booked of an entry, if it is what came now and came from no file before."""
        same = BankItem.state == "applied" if isinstance(item, Return) else BankItem.code == item.code
        waits = (BankItem.entry_id == entry_id) & (BankItem.kind == "return") & (BankItem.file_name == "")
        found = select(BankItem.id, BankItem.code).where(waits, same)
        return self._db.execute(found).one_or_none() if self._file_name else None

    def _join(self, item: ReadItem, digest: bytes, entry: Any, booked: Any) -> None:
        """Join the bank's own item to what was booked by hand: its word counts, nothing is undone again."""
        self._db.execute(update(BankItem).where(BankItem.id == booked.id).values(**self._facts(item, digest)))
        self.done.joined += 1
        if item.code == booked.code:
            self.done.already_known += 1
            return
        self._set_code(entry, item.code or "")
        why = f"booked by hand as {booked.code}: the bank's code counts from now on"
        self._wait(
            OTHER_TASK, entry.payment_id, booked.id, item, why=why, next_step=_NEXT["other_code_by_hand"]
        )
        self.done.handed_over += 1
        self._tell(item, "nacha.for-a-person", why)

    def _set_code(self, entry: Any, code: str) -> None:
        """Put another return code in place of the one that was booked, and close what it closes."""
        self._db.execute(update(AchEntry).where(AchEntry.id == entry.id).values(return_code=code))
        if entry.kind in DEBIT_KINDS:
            is_it = (Payment.id == entry.payment_id) & (Payment.state == "returned")
            self._db.execute(update(Payment).where(is_it).values(return_code=code))
            self._block(entry, code)

    def _undo(self, entry: Any, code: str) -> None:
        """Put back what the entry moved: state, ledger, and the payment's state where it was its debit."""
        is_debit = entry.kind in DEBIT_KINDS
        if is_debit:
            state: PaymentState = entry.payment_state
            move(self._db, entry.payment_id, state, "return", return_code=code, returned_at=self._now)
        self._db.execute(
            update(AchEntry)
            .where(AchEntry.id == entry.id)
            .values(state="returned", return_code=code, returned_at=self._now)
        )
        post(
            self._db,
            "return",
            entry.billing_account,
            entry.amount_cents if is_debit else -entry.amount_cents,
            self._now,
            payment_id=entry.payment_id,
            entry_id=entry.id,
        )

    def _follow(self, rule: ReturnRule, entry: Any, item: Return, item_id: int) -> None:
        """Do what the code asks for besides undoing a debit."""
        self._block(entry, item.code)
        if rule.to_staff:
            self._task(RETURN_TASK, entry, item_id, item, meaning=rule.meaning)
        if self._withdraw_credits(entry):
            self._task(RETURNED_AFTER_CREDIT_TASK, entry, item_id, item, meaning=rule.meaning)

    def _block(self, entry: Any, code: str) -> None:
        block_for(
            self._db,
            code,
            payment_id=entry.payment_id,
            account_fingerprint=entry.account_fingerprint,
            routing_number=entry.rdfi_routing_number,
            now=self._now,
        )

    def _withdraw_credits(self, entry: Any) -> bool:
        """Take back credits of the payment that wait for a file; return whether one is out of our hands.

        A debit that came back leaves nothing to give back.
        """
        of_payment = (AchEntry.payment_id == entry.payment_id) & AchEntry.kind.in_(CREDIT_KINDS)
        withdraw_entries(self._db, of_payment, self._now)
        gone = select(AchEntry.id).where(of_payment, AchEntry.state.in_(_CAN_RETURN)).limit(1)
        return self._db.execute(gone).first() is not None

    def _change(self, item: NotificationOfChange, digest: bytes) -> None:
        entry = self._match(item)
        if isinstance(entry, str):
            self._unmatched(item, digest, entry)
            return
        item_id = self._store(item, digest, "applied", entry)
        if item.code in _FOR_PEOPLE:
            self._task(OTHER_TASK, entry, item_id, item)
        self.done.changes += 1

    def _other(self, item: OtherEntry, digest: bytes) -> None:
        """Hand to staff what neither undoes nor corrects: it may dispute an earlier return."""
        entry = self._match(item)
        if isinstance(entry, str):
            self._unmatched(item, digest, entry)
        elif booked := self._booked_by_hand(item, entry.id):
            self._join(item, digest, entry, booked)
        else:
            why = f"{item.kind.replace('_', ' ')}: a person must look at it"
            self._hand_over(item, digest, entry, why, item.kind)

    def _hand_over(self, item: ReadItem, digest: bytes, entry: Any, why: str, kind: str) -> None:
        item_id = self._store(item, digest, "handed_over", entry)
        self._wait(
            OTHER_TASK, entry.payment_id, item_id, item, why=why, next_step=_NEXT.get(kind, _ASK_WHICH)
        )
        self.done.handed_over += 1
        self._tell(item, "nacha.for-a-person", why)

    def _unmatched(self, item: ReadItem, digest: bytes, why: str) -> None:
        item_id = self._store(item, digest, "unmatched", None)
        step = _NEXT["forward"] if isinstance(item, OtherEntry) and item.kind == "forward" else _ASK_WHICH
        self._wait(UNMATCHED_TASK, self._named(item), item_id, item, why=why, next_step=step)
        self.done.unmatched += 1
        self._tell(item, "nacha.unmatched", f"{why}; it waits for a person in `ivr ach queue list`")

    def _named(self, item: ReadItem) -> int | None:
        """Return the payment whose number stands in an item: a hint for staff, and no more than that."""
        number = Payment.confirmation_number == item.individual_id
        return self._db.scalar(select(Payment.id).where(number))

    def _wait(
        self, kind: str, payment_id: int | None, item_id: int, item: ReadItem, *, why: str, next_step: str
    ) -> None:
        """Put an item before staff with all that was read of it, and what to do."""
        problems = item.problems if isinstance(item, OtherEntry) else ()
        read: dict[str, Any] = {
            "amount": f"${format_amount(item.amount_cents)}" if item.amount_cents else "",
            "trace": item.original_trace_number or "" if not problems else "",
            "read": item.read if isinstance(item, OtherEntry) else "",
        }
        open_task(
            self._db,
            kind,
            self._now,
            payment_id=payment_id,
            bank_item_id=item_id,
            code=item.code or "",
            file_name=self._file_name,
            line=item.line,
            problem="; ".join((why, *(f"{each.field}: {each.message}" for each in problems))),
            **{name: text for name, text in read.items() if text},
            next=next_step,
        )

    def _store(self, item: ReadItem, digest: bytes, state: str, entry: Any) -> int:
        item_id: int = self._db.execute(
            insert(BankItem)
            .values(
                kind="change" if _is_change(item) else "return",
                entry_id=None if entry is None else entry.id,
                state=state,
                corrected=self._corrected(item, digest, entry),
                imported_at=self._now,
                **self._facts(item, digest),
            )
            .returning(BankItem.id)
        ).scalar_one()
        return item_id

    def _facts(self, item: ReadItem, digest: bytes) -> dict[str, Any]:
        """Return what an item says, as it is kept."""
        return {
            "code": item.code or "",
            "digest": digest,
            "original_trace_number": item.original_trace_number or "",
            "trace_number": item.trace_number,
            "amount_cents": item.amount_cents,
            "individual_id": item.individual_id,
            "information": _plain(item.information) if isinstance(item, Return) else None,
            "settlement_date": None if isinstance(item, OtherEntry) else item.settlement_date,
            "file_name": self._file_name,
            "line": item.line,
        }

    def _corrected(self, item: ReadItem, digest: bytes, entry: Any) -> bytes | None:
        """Return what is kept of a correction: all of it, as long as its payment's account number is kept."""
        if isinstance(item, NotificationOfChange) and entry is not None and entry.has_account_number:
            return seal_correction(self._keys, digest, item.corrected)
        return None

    def _task(self, kind: str, entry: Any, item_id: int, item: ReadItem, **details: Any) -> None:
        open_task(
            self._db,
            kind,
            self._now,
            payment_id=entry.payment_id,
            bank_item_id=item_id,
            code=item.code or "",
            file_name=self._file_name,
            line=item.line,
            **details,
        )

    def _tell(self, item: ReadItem, rule: str, message: str) -> None:
        """Say where an item stands and what became of it; of one that cannot be used, first why."""
        problems = item.problems if isinstance(item, OtherEntry) else ()
        self.done.errors += [replace(each, message=f"{each.message}; {message}") for each in problems] or [
            ReadProblem(item.line, _TRACE_FIELD, rule, message)
        ]


def _is_change(item: ReadItem) -> bool:
    """Return whether an item speaks of a change: such a one moves no money and names no amount."""
    return (item.code or "").startswith("C")


def _plain(information: str) -> str | None:
    """Return the other bank's own words without any long number: it may be an account's."""
    return _LONG_NUMBER.sub("(a number)", information) or None

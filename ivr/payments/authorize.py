"""Authorizing one debit: the bill is locked, what is owed is read again, and everything is written at once.

The turn's transaction is the caller's; nothing here commits. Two turns that would pay bills of one member
wait for each other at the rows of its billing accounts, and one turn can write one payment: `(call_sid, seq)`
is unique.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Literal

from psycopg.types.json import Jsonb
from sqlalchemy import ColumnElement, bindparam, case, func, literal, literal_column, select
from sqlalchemy.dialects import postgresql

from ivr.ach.banking_days import CutoffRule, DebitDates
from ivr.base.words import last4
from ivr.billing.post import posting
from ivr.payments.confirmation_numbers import DRAWS, draw_confirmation_number
from ivr.payments.day_limit import COUNTED, day_start
from ivr.payments.guests import GUEST_LEAD, GuestPayer, payer_values
from ivr.storage.prepared import PreparedStatement
from ivr.storage.tables import Authorization, BillingAccount, LedgerEntry, Member, Payment

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ivr.base.keys import KeyedHash, KeyRing
    from ivr.base.randomness import Randomness
    from ivr.languages.language import Pace

_ANY_NUMBER: Final = 2**31 - 1
# What becomes of a payment after its authorization; the rest of its row never changes.
_LATER: Final = frozenset(
    {
        "id",
        "state",
        "trace_number",
        "return_code",
        "returned_at",
        "settled_at",
        "hold_reason",
        "cancelled_at",
        "cancellation_number",
        "corrected_name",
        "moved_to_cutoff_at",
        "authorization_id",
        "is_pending",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentGiven:
    """What was asked and what was answered; kept with the payment, word for word.

    `text` is the terms and the question as spoken, `prompts` their ids with language and sha256,
    `confidence` the recognizer's (0 to 1, None where it gave none or a code was keyed), `recording` an
    address where there is one.
    """

    how: Literal["spoken", "bill_code"]
    spoken_by: Literal["caller", "relay"]
    words_heard: str
    confidence: float | None
    asked_at: datetime
    answered_at: datetime
    text: str
    flow_version: str
    prompts: Sequence[Mapping[str, str]]
    recording: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationRequest:
    """One yes to one debit. `(call_sid, seq)` names the turn that said it.

    `not_before_date` is the date spoken in the terms; `account_number` is 4 to 17 digits, leading zeros kept.
    `balance_told_cents` is what the caller was told is owed on the bill, before the amount was chosen; None
    where nothing was told. `receiver_name` is whose bank account it is, where that is not the member;
    `payer` is a guest who pays for the member, and whose account it then is. With
    `by_letter` its notice is a letter, which has to be mailed before the debit. `payments_per_day` is how
    many payments of the member may be counted on the day, with this one (see `ivr.payments.day_limit`).
    """

    call_sid: str
    seq: int
    member_id: str
    billing_account: str
    amount_cents: int
    account_type: Literal["checking", "savings"]
    rdfi_routing_number: str
    account_number: str = field(repr=False)
    not_before_date: date
    language: str
    pace: Pace
    consent: ConsentGiven
    balance_told_cents: int | None = None
    receiver_name: str = ""
    payer: GuestPayer | None = None
    by_letter: bool = False
    payments_per_day: int = _ANY_NUMBER


@dataclass(frozen=True, slots=True)
class Authorized:
    """A payment is written; true once the caller's transaction commits, and spoken only then."""

    payment_id: int
    authorization_id: int
    confirmation_number: str
    plan: str
    amount_cents: int
    cutoff_at: datetime
    effective_entry_date: date


@dataclass(frozen=True, slots=True)
class Refused:
    """No payment is written.

    `less_owed`: less than the amount, or than the caller was told. All that was asked before the bank details
    (the amount, and whether to pay it again on one day) rests on what was told to be owed. Another call, a
    receipt or a revised bill may have lowered it since. `day_limit`: as many as may be were made on this day.
    """

    reason: Literal["less_owed", "day_limit"]
    balance_cents: int


# FOR NO KEY UPDATE: authorizations of one member wait for each other, in one order so that none waits for
# ever; an import that adds bills does not wait.
_LOCK: Final = PreparedStatement(
    select(BillingAccount.billing_account, BillingAccount.plan, Member.first_name, Member.last_name)
    .join_from(BillingAccount, Member, Member.member_id == BillingAccount.member_id)
    .where(BillingAccount.member_id == bindparam("member_id"))
    .order_by(BillingAccount.billing_account)
    .with_for_update(key_share=True, of=BillingAccount.__table__)
)

# Drawn beforehand, so that the payment is written first: where there is none there is no authorization.
_NEXT_ID: Final[ColumnElement[int]] = literal_column("nextval('authorizations_id_seq')")
_OWED: Final = (
    select(func.coalesce(func.sum(LedgerEntry.amount_cents), 0))
    .where(LedgerEntry.billing_account == bindparam("billing_account"))
    .scalar_subquery()
)


def _values(columns: Sequence[Any]) -> list[Any]:
    """Return a bound parameter, of the column's type, for each column."""
    return [bindparam(f"{column.table.name}_{column.name}", type_=column.type) for column in columns]


def _write() -> PreparedStatement:
    """Build the one statement that writes the payment, its authorization and its ledger entry.

    It writes nothing and returns no row when less than `owed_cents_min` is owed, when `payments_per_day` are
    counted already or the confirmation number is taken; a second payment of one turn is an `IntegrityError`.
    """
    bound = [column.name for column in Payment.__table__.columns if column.name not in _LATER]
    columns = Payment.__table__.columns
    owed_enough = select(literal("authorized"), _NEXT_ID, *_values([columns[name] for name in bound])).where(
        _OWED >= bindparam("owed_cents_min"),  # noqa: SIM300 (neither side is a constant)
        COUNTED < bindparam("payments_per_day"),  # noqa: SIM300
    )
    payment = (
        postgresql.insert(Payment)
        .from_select(["state", "authorization_id", *bound], owed_enough)
        .on_conflict_do_nothing(index_elements=[Payment.confirmation_number])
        .returning(
            Payment.id,
            Payment.authorization_id,
            Payment.member_id,
            Payment.billing_account,
            Payment.amount_cents,
            Payment.authorized_at,
            Payment.payer,
        )
        .cte("payment")
    )
    given = {
        "id": payment.c.authorization_id,
        "kind": literal("single"),
        "payer_member_id": case((payment.c.payer.is_(None), payment.c.member_id)),  # a guest is none
    }
    words = [column for column in Authorization.__table__.columns if column.name not in given]
    authorization = postgresql.insert(Authorization).from_select(
        [*given, *(column.name for column in words)], select(*given.values(), *_values(words))
    )
    ledger = posting(
        select(
            payment.c.id.label("payment_id"),
            payment.c.billing_account,
            literal("payment").label("kind"),
            (-payment.c.amount_cents).label("amount_cents"),
            payment.c.authorized_at.label("posted_at"),
        )
    )
    return PreparedStatement(
        select(payment.c.id, payment.c.authorization_id).add_cte(
            authorization.cte("yes"), ledger.cte("ledger")
        )
    )


_WRITE: Final = _write()
_FOUND: Final = select(_OWED.label("owed_cents"), COUNTED.label("counted"))


def authorize(
    db: Connection,
    keys: KeyRing,
    hashes: KeyedHash,
    randomness: Randomness,
    *,
    now: datetime,
    cutoff: CutoffRule,
    request: AuthorizationRequest,
) -> Authorized | Refused:
    """Write one payment with its authorization and its ledger entry, within the caller's transaction.

    The debit falls under the first cutoff after `now` (aware UTC) that does not take it before the date
    spoken. Two statements. Returns `Refused`, having written nothing, when less is owed than the amount or
    than was told, or when the member has authorized as many payments as may be on the day of `now` by the
    clock of `cutoff`.
    Raises `LookupError` when the member has no such billing account, `sqlalchemy.exc.IntegrityError` when
    this turn has authorized already, `RuntimeError` when no free confirmation number is found.
    """
    account = _locked_account(db, request)
    dates = cutoff.debit_dates(
        now + (GUEST_LEAD if request.payer else timedelta()),
        request.not_before_date,
        by_letter=request.by_letter,
    )
    owed_cents_min = max(request.amount_cents, request.balance_told_cents or 0)
    counting = {
        "billing_account": request.billing_account,
        "member_id": request.member_id,
        "day_start": day_start(now, cutoff.zone),
    }
    limits = {"owed_cents_min": owed_cents_min, "payments_per_day": request.payments_per_day}
    values = _fixed_values(hashes, request, account, now, dates) | counting | limits
    for _ in range(DRAWS):
        number = draw_confirmation_number(randomness)
        sealed = keys.seal(request.account_number.encode("ascii"), account_number_context(number))
        drawn = {
            "payments_confirmation_number": number,
            "payments_account_number": sealed,
            **payer_values(keys, hashes, number, request.payer),
        }
        for written in _WRITE.rows(db, values | drawn):
            return Authorized(
                payment_id=written.id,
                authorization_id=written.authorization_id,
                confirmation_number=number,
                plan=account.plan,
                amount_cents=request.amount_cents,
                cutoff_at=dates.cutoff_at,
                effective_entry_date=dates.effective_entry_date,
            )
        found = db.execute(_FOUND, counting).one()
        if found.counted >= request.payments_per_day:
            return Refused("day_limit", max(int(found.owed_cents), 0))
        if found.owed_cents < owed_cents_min:
            return Refused("less_owed", max(int(found.owed_cents), 0))
    raise RuntimeError(f"{DRAWS} confirmation numbers in a row were taken")


def _locked_account(db: Connection, request: AuthorizationRequest) -> Any:
    """Lock all billing accounts of the member and return the one to be paid. Raises `LookupError`."""
    accounts = _LOCK.rows(db, {"member_id": request.member_id})
    account = next((each for each in accounts if each.billing_account == request.billing_account), None)
    if account is None:
        raise LookupError("the member has no such billing account")
    return account


def account_number_context(confirmation_number: str) -> str:
    """Return what a sealed account number is bound to, for `KeyRing.open`."""
    return f"payment-account:{confirmation_number}"


def account_fingerprint(hashes: KeyedHash, rdfi_routing_number: str, account_number: str) -> bytes:
    """Return the keyed hash by which two payments from one bank account are known to be so."""
    return hashes.digest("bank_account", rdfi_routing_number, account_number)


def _receiver_name(request: AuthorizationRequest, account: Any) -> str | None:
    """Return whose account it is; a guest's name is sealed elsewhere."""
    if request.payer is not None:
        return None
    return request.receiver_name or f"{account.first_name} {account.last_name}"


def _fixed_values(
    hashes: KeyedHash, request: AuthorizationRequest, account: Any, now: datetime, dates: DebitDates
) -> dict[str, Any]:
    """Return the statement's parameters but for what the database or chance decides."""
    consent = request.consent
    return {
        "payments_call_sid": request.call_sid,
        "payments_seq": request.seq,
        "payments_amount_cents": request.amount_cents,
        "payments_billing_account": request.billing_account,
        "payments_plan": account.plan,
        "payments_member_id": request.member_id,
        "payments_authorized_at": now,
        "payments_cutoff_at": dates.cutoff_at,
        "payments_not_before_date": request.not_before_date,
        "payments_effective_entry_date": dates.effective_entry_date,
        # A key is not an oral authorization: a code from the bill is a signature, hence PPD (Nacha rules).
        "payments_sec_code": "TEL" if consent.how == "spoken" else "PPD",
        "payments_account_type": request.account_type,
        "payments_rdfi_routing_number": request.rdfi_routing_number,
        "payments_account_fingerprint": account_fingerprint(
            hashes, request.rdfi_routing_number, request.account_number
        ),
        "payments_account_last4": last4(request.account_number),
        "payments_receiver_name": _receiver_name(request, account),
        "payments_language": request.language,
        "payments_pace": request.pace,
        "authorizations_how": consent.how,
        "authorizations_spoken_by": consent.spoken_by,
        "authorizations_words_heard": consent.words_heard,
        "authorizations_confidence": consent.confidence,
        "authorizations_asked_at": consent.asked_at,
        "authorizations_answered_at": consent.answered_at,
        "authorizations_text": consent.text,
        "authorizations_language": request.language,
        "authorizations_flow_version": consent.flow_version,
        "authorizations_prompts": Jsonb(list(consent.prompts)),
        "authorizations_recording": consent.recording,
    }

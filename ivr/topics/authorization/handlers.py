"""The authorization: what the domain answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal, cast

from sqlalchemy import exists, func, select

from ivr.ach.banking_days import DebitDates
from ivr.billing.imports import authorization_code_hash
from ivr.dialog.engine import Outcome
from ivr.dialog.state import State
from ivr.dialog.vocabulary import Slots
from ivr.languages.language import Pace
from ivr.notices.channels import Channel, promise
from ivr.payments.authorization_notices import CURRENT_NOTICE
from ivr.payments.authorize import AuthorizationRequest, Authorized, ConsentGiven, authorize
from ivr.payments.day_limit import PAYMENTS_PER_DAY
from ivr.payments.guests import GuestPayer
from ivr.storage.tables import Bill, Notice, NoticeAttempt, Payment
from ivr.topics.sentences import sentences
from ivr.topics.services import TurnServices


def prepare_authorization(turn: TurnServices, state: State, _args: Mapping[str, str]) -> Outcome:
    """Work out the dates that the terms name."""
    chosen = str(state.slots.get("pay_day", ""))
    dates = turn.services.cutoff.debit_dates(
        turn.now,
        date.fromisoformat(chosen) if chosen else None,
        by_letter=state.slots["channel"] == "letter",
    )
    return Outcome(
        _consent_asked(turn, state),
        dates_told(turn, dates),
    )


def dates_told(turn: TurnServices, dates: DebitDates) -> Slots:
    """Return the slots of the dates that terms name."""
    return {
        "today": turn.services.local(turn.now).date().isoformat(),
        "debit_date": dates.effective_entry_date.isoformat(),
        "cutoff": turn.services.local(dates.cutoff_at).isoformat(),
    }


def _consent_asked(turn: TurnServices, state: State) -> str:
    """Return how consent is asked for; no code is offered to a member on whose bills none is printed."""
    if turn.services.consent != "either":
        return turn.services.consent
    coded = select(Bill.coverage_month).where(
        Bill.billing_account == str(state.slots["billing_account"]), Bill.authorization_code_hash.is_not(None)
    )
    return "spoken" if turn.db.execute(coded.limit(1)).first() is None else "either"


def authorize_payment(turn: TurnServices, state: State, _args: Mapping[str, str]) -> Outcome:
    """Write the payment that a spoken yes authorizes."""
    return write_payment(turn, state, _paying(state), spoken_yes(state))


def authorize_with_code(turn: TurnServices, state: State, _args: Mapping[str, str]) -> Outcome:
    """Write the payment that the bill's own code signs."""
    billing_account = str(state.slots["billing_account"])
    code = authorization_code_hash(
        turn.services.hashes, billing_account, str(state.secrets["authorization_code"])
    )
    matching = select(Bill.coverage_month).where(
        Bill.billing_account == billing_account, Bill.authorization_code_hash == code
    )
    if turn.db.execute(matching.limit(1)).first() is None:
        return Outcome("wrong_code")
    return write_payment(turn, state, _paying(state), SaidYes("bill_code"))


@dataclass(frozen=True, slots=True)
class SaidYes:
    """How a caller said yes: in which words, heard how surely (None: the recognizer does not say)."""

    how: Literal["spoken", "bill_code"]
    words_heard: str = ""
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Paying:
    """Whose bill is paid, how the terms go out in writing, and who pays where that is not the member."""

    member_id: str
    billing_account: str
    channel: Channel
    payer: GuestPayer | None = None


def spoken_yes(state: State) -> SaidYes:
    """Return the yes that was heard."""
    confidence = str(state.slots["confidence"])
    return SaidYes(
        "spoken", str(state.slots["words_heard"]), confidence=float(confidence) if confidence else None
    )


def _paying(state: State) -> Paying:
    slots = state.slots
    channel = cast("Channel", slots["channel"])
    return Paying(str(slots["member_id"]), str(slots["billing_account"]), channel)


def write_payment(turn: TurnServices, state: State, paying: Paying, answered: SaidYes) -> Outcome:
    """Write the payment that was agreed to, and promise its notice."""
    slots = state.slots
    request = AuthorizationRequest(
        call_sid=turn.call_sid,
        seq=turn.seq,
        member_id=paying.member_id,
        billing_account=paying.billing_account,
        amount_cents=int(slots["amount"]),
        account_type=cast("Literal['checking', 'savings']", slots["account_type"]),
        rdfi_routing_number=str(slots["routing_number"]),
        account_number=str(state.secrets["account_number"]),
        not_before_date=date.fromisoformat(str(slots["debit_date"])),
        language=state.language,
        pace=cast("Pace", state.pace),
        consent=ConsentGiven(
            how=answered.how,
            spoken_by="relay" if state.pace == "relay" else "caller",
            words_heard=answered.words_heard,
            confidence=answered.confidence,
            asked_at=turn.asked_at,
            answered_at=turn.now,
            text=_evidence_text(turn, state),
            flow_version=turn.flow.version,
            prompts=_evidence_prompts(turn, state),
        ),
        balance_told_cents=int(slots["total"]),
        payer=paying.payer,
        by_letter=paying.channel == "letter",
        payments_per_day=PAYMENTS_PER_DAY,
    )
    turn.forget()
    written = authorize(
        turn.db,
        turn.services.keys,
        turn.services.hashes,
        turn.services.randomness,
        now=turn.now,
        cutoff=turn.services.cutoff,
        request=request,
    )
    if not isinstance(written, Authorized):
        return Outcome("changed" if written.reason == "less_owed" else "limit_reached")
    promise(turn.db, written, paying.channel, state.language, turn.now)
    return Outcome(
        "authorized",
        {
            "confirmation_number": written.confirmation_number,
            "effective_date": written.effective_entry_date.isoformat(),
        },
    )


def tell_receipt(turn: TurnServices, _state: State, _args: Mapping[str, str]) -> Outcome:
    """Return whether a carrier has a text message with the terms of each payment of this call."""
    texted = exists().where(
        NoticeAttempt.notice_id == Notice.id,
        NoticeAttempt.channel == "sms",
        NoticeAttempt.state.in_(("accepted", "delivered")),
    )
    found = turn.db.scalar(
        select(func.bool_and(texted))
        .select_from(Notice)
        .join(Payment, CURRENT_NOTICE)
        .where(Payment.call_sid == turn.call_sid)
    )
    return Outcome("texted" if found else "nothing")


def tell_on_time(turn: TurnServices, state: State, _args: Mapping[str, str]) -> Outcome:
    """Return whether the payment counts as paid by the due date, where the settings say which day counts.

    Of what is past due already, and of a bill without a due date, nothing is said.
    """
    slots = state.slots
    pay_by, amount = str(slots["pay_by"]), int(slots["amount"])
    past_due_only = amount < int(slots["total"]) and amount <= int(slots.get("past_due", 0))
    if turn.services.on_time == "unset" or not pay_by or past_due_only:
        return Outcome("nothing")
    counts = turn.services.local(turn.now).date().isoformat()
    if turn.services.on_time == "settled" or slots.get("pay_day"):  # whoever chose a day pays on that one
        counts = str(slots["effective_date"])
    return Outcome("in_time" if counts <= pay_by else "late")


def _evidence_text(turn: TurnServices, state: State) -> str:
    """Return the terms and the question, word for word as this caller heard them."""
    kinds = turn.flow.vocabulary.slots
    return "\n".join(
        sentence.text
        for said in state.evidence.values()
        for sentence in sentences(turn.catalog, kinds, said, state.language, state.pace)
    )


def _evidence_prompts(turn: TurnServices, state: State) -> list[dict[str, str]]:
    return [
        {
            "id": said.label,
            "language": state.language,
            "sha256": turn.catalog.sha256(said.prompt, said.attribute or None, state.language, said.pace),
        }
        for said in state.evidence.values()
    ]

"""Runs what a flow asks for, in the turn's own transaction, and answers with the names the flow knows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Literal, cast

from sqlalchemy import Connection, select

from ivr.ach.banking_days import CutoffRule
from ivr.ach.return_codes import return_rule
from ivr.actions.vocabulary import VOCABULARY
from ivr.actions.words import sentences
from ivr.base.hours import OpenHours, is_open
from ivr.base.keys import KeyedHash, KeyRing
from ivr.base.randomness import Randomness
from ivr.billing.imports import authorization_code_hash
from ivr.billing.ledger import Balance, balances
from ivr.dialog.engine import Ask, Outcome
from ivr.dialog.flow import Flow
from ivr.dialog.state import State
from ivr.dialog.vocabulary import Value
from ivr.members.verification import verify
from ivr.notices.channels import Channel, choose_channel, promise
from ivr.payments.authorize import (
    AuthorizationRequest,
    Authorized,
    ConsentGiven,
    account_fingerprint,
    authorize,
)
from ivr.payments.blocks import either_blocked
from ivr.payments.day_limit import PAYMENTS_PER_DAY, day_start, may_pay
from ivr.payments.history import PaymentsToTell, payments_to_tell, same_payment_today
from ivr.speech.catalog import Catalog
from ivr.storage.tables import Bill

RECENT = timedelta(hours=24)
RETURNED = timedelta(days=60)
SLOWED_SECONDS = 4  # of silence before whatever verification answers, while the whole line is guessed at
MINIMUM_CENTS = 100
PLANS = ("health", "dental")
# Deaths, frozen accounts, sanctions: nothing that a machine should explain.
FOR_A_PERSON = frozenset({"R14", "R15", "R16", "R90"})


@dataclass(frozen=True, slots=True)
class Services:
    """What actions need of the house; the same for every call."""

    keys: KeyRing
    hashes: KeyedHash
    randomness: Randomness
    cutoff: CutoffRule
    support_hours: tuple[OpenHours, ...]
    agent_phone: str
    consent: Literal["spoken", "bill_code"]
    notice_channels: tuple[Channel, ...]
    on_time: Literal["unset", "authorized", "settled"] = "unset"  # which day counts for the due date

    def local(self, instant: datetime) -> datetime:
        """Return an instant by the bank's clock."""
        return instant.astimezone(self.cutoff.zone)

    def agent_available(self, now: datetime) -> bool:
        """Tell whether a person can be reached by transfer now."""
        return self.agent_phone != "" and is_open(self.support_hours, self.local(now))


@dataclass(slots=True)
class TurnActions:
    """The actions of one turn: they share its transaction, its instant and what they have read already."""

    services: Services
    flow: Flow
    catalog: Catalog
    db: Connection
    now: datetime
    call_sid: str
    seq: int
    asked_at: datetime
    pause_seconds: int = field(default=0, init=False)  # how long the answer to this turn is held back
    _balances: tuple[Balance, ...] | None = field(default=None, init=False)
    _to_tell: PaymentsToTell | None = field(default=None, init=False)

    def perform(self, ask: Ask, state: State) -> Outcome:
        """Run one action and return its outcome with the slots it fills."""
        return _HANDLERS[ask.action](self, state, ask.args)

    # A person.

    def reach_person(self, _state: State, _args: Mapping[str, str]) -> Outcome:
        """Tell whether a person can be reached now."""
        return Outcome("open" if self.services.agent_available(self.now) else "closed")

    # Who is calling.

    def verify_member(self, state: State, _args: Mapping[str, str]) -> Outcome:
        """Check the three facts, once, together."""
        answer = verify(
            self.db,
            self.services.hashes,
            self.now,
            keyed_id=str(state.secrets["keyed_id"]),
            ssn_last4=str(state.secrets["ssn_last4"]),
            date_of_birth=str(state.secrets["date_of_birth"]),
        )
        if answer.slowed:
            self.pause_seconds = SLOWED_SECONDS
        member = answer.member
        if member is None:
            return Outcome("rejected")
        return Outcome(
            "verified_more_time" if member.extra_time else "verified",
            {
                "member_id": member.member_id,
                "member_last4": member.member_id_last4,
                "health_account": member.billing_accounts.get("health", ""),
                "dental_account": member.billing_accounts.get("dental", ""),
                "channel": choose_channel(
                    member.phone,
                    sms_ok=member.sms_ok,
                    email=member.email,
                    available=self.services.notice_channels,
                ),
            },
        )

    def next_recent_payment(self, state: State, _args: Mapping[str, str]) -> Outcome:
        """Tell the next payment of the last 24 hours."""
        recent = self._read_payments(state).recent
        shown = int(state.slots.get("recent_shown", 0))
        if shown >= len(recent):
            return Outcome("none")
        payment = recent[shown]
        return Outcome(
            "payment",
            {
                "recent_shown": shown + 1,
                "recent_amount": payment.amount_cents,
                "recent_plan": payment.plan,
                "recent_at": self.services.local(payment.authorized_at).isoformat(),
                "recent_confirmation": payment.confirmation_number,
            },
        )

    def next_waiting_payment(self, state: State, _args: Mapping[str, str]) -> Outcome:
        """Tell the next payment that is held, and so will not be debited when its member was told."""
        waiting = self._read_payments(state).waiting
        shown = int(state.slots.get("waiting_shown", 0))
        if shown >= len(waiting):
            return Outcome("none")
        payment = waiting[shown]
        return Outcome(
            "payment",
            {
                "waiting_shown": shown + 1,
                "waiting_amount": payment.amount_cents,
                "waiting_plan": payment.plan,
                "waiting_date": self.services.local(payment.authorized_at).date().isoformat(),
                "waiting_confirmation": payment.confirmation_number,
            },
        )

    def next_returned_payment(self, state: State, _args: Mapping[str, str]) -> Outcome:
        """Tell the next payment that came back and is still owed; of some reasons only a person speaks."""
        returned = self._read_payments(state).returned
        shown = int(state.slots.get("returned_shown", 0))
        if shown >= len(returned):
            return Outcome("none")
        if any(payment.return_code in FOR_A_PERSON for payment in returned):
            return Outcome("call_us", {"returned_shown": len(returned)})
        payment = returned[shown]
        return Outcome(
            "returned",
            {
                "returned_shown": shown + 1,
                "returned_amount": payment.amount_cents,
                "returned_plan": payment.plan,
                "returned_date": self.services.local(payment.authorized_at).date().isoformat(),
                "returned_reason": return_rule(payment.return_code).reason,
            },
        )

    def _read_payments(self, state: State) -> PaymentsToTell:
        if self._to_tell is None:
            self._to_tell = payments_to_tell(
                self.db,
                str(state.slots["member_id"]),
                recent_since=self.now - RECENT,
                returned_since=self.now - RETURNED,
            )
        return self._to_tell

    # What is owed.

    def _read_balances(self, state: State) -> tuple[Balance, ...]:
        if self._balances is None:
            today = self.services.local(self.now).date()
            self._balances = balances(self.db, str(state.slots["member_id"]), today)
        return self._balances

    def _balance(self, state: State, plan: str) -> Balance | None:
        return next((each for each in self._read_balances(state) if each.plan == plan), None)

    def balance_as_of(self, state: State, _args: Mapping[str, str]) -> Outcome:
        """Tell as of when the bills are true."""
        told = [each.as_of_at for each in self._read_balances(state) if each.as_of_at is not None]
        if not told:
            return Outcome("nothing")
        # The older of two: what is said must be true of both bills.
        return Outcome("bills", {"as_of": self.services.local(min(told)).isoformat()})

    def bill_balance(self, state: State, args: Mapping[str, str]) -> Outcome:
        """Tell what one plan owes."""
        balance = self._balance(state, args["plan"])
        if balance is None or balance.as_of_at is None:
            return Outcome("none")
        slots: dict[str, Value] = {
            "plan": balance.plan,
            "total": balance.balance_cents,
            "past_due": balance.past_due_cents,
            "current": balance.current_cents,
            "due_date": _iso(balance.due_date),
            "past_due_date": _iso(balance.past_due_date),
        }
        if balance.past_due_cents and balance.current_cents:
            outcome = "past_due_and_current"
        elif balance.past_due_cents:
            outcome = "past_due"
        elif balance.current_cents:
            outcome = "current"
        else:
            held = any(payment.plan == balance.plan for payment in self._read_payments(state).waiting)
            outcome = "waiting" if held else "paid"
        return Outcome(outcome, {slot: slots[slot] for slot in _filled("bill_balance", outcome)})

    def choose_bill(self, state: State, _args: Mapping[str, str]) -> Outcome:
        """Tell which plans owe something."""
        owed = [each.plan for each in self._read_balances(state) if each.balance_cents > 0]
        return Outcome("_and_".join(plan for plan in PLANS if plan in owed) or "nothing")

    # How much.

    def select_bill(self, state: State, _args: Mapping[str, str]) -> Outcome:
        """Take the chosen plan's bill, and tell how it can be paid."""
        balance = self._balance(state, str(state.slots["plan"]))
        if balance is None or balance.balance_cents <= 0:
            return Outcome("nothing")
        outcome = "one_amount"
        if balance.first_payment:
            outcome = "first_payment"
        elif balance.past_due_cents >= MINIMUM_CENTS and balance.current_cents:
            outcome = "two_amounts"  # less than the minimum is only taken where it pays the bill in full
        slots: dict[str, Value] = {
            "billing_account": balance.billing_account,
            "total": balance.balance_cents,
            "past_due": balance.past_due_cents,
            "pay_by": _iso(balance.due_date),
        }
        return Outcome(outcome, {slot: slots[slot] for slot in _filled("select_bill", outcome)})

    def set_amount(self, state: State, args: Mapping[str, str]) -> Outcome:
        """Take the whole balance, or what is past due of it."""
        return Outcome("ok", {"amount": state.slots["total" if args["amount"] == "full" else "past_due"]})

    def check_amount(self, state: State, _args: Mapping[str, str]) -> Outcome:
        """Hold a keyed amount against the balance."""
        keyed, total = int(state.slots["keyed_amount"]), int(state.slots["total"])
        if keyed > total:
            return Outcome("above_balance")
        if keyed < MINIMUM_CENTS and keyed != total:
            return Outcome("below_minimum")
        return Outcome("ok", {"amount": keyed})

    def check_day_limit(self, state: State, _args: Mapping[str, str]) -> Outcome:
        """Tell whether the member may make one more payment by phone today."""
        since = day_start(self.now, self.services.cutoff.zone)
        return Outcome("ok" if may_pay(self.db, str(state.slots["member_id"]), since) else "limit_reached")

    def check_same_today(self, state: State, _args: Mapping[str, str]) -> Outcome:
        """Tell whether this bill was paid with this amount today already."""
        since = day_start(self.now, self.services.cutoff.zone)
        paid = same_payment_today(
            self.db, str(state.slots["billing_account"]), int(state.slots["amount"]), since
        )
        return Outcome("same_today" if paid else "ok")

    # From which account.

    def bank_known(self, state: State, _args: Mapping[str, str]) -> Outcome:
        """Tell whether bank details were keyed in this call already."""
        known = {
            "account_type": state.slots.get("account_type"),
            "account_last4": state.slots.get("account_last4"),
            "routing_number": state.slots.get("routing_number"),
            "account_number": state.secrets.get("account_number"),
        }
        given = {slot: value for slot, value in known.items() if value is not None}
        return Outcome("known", given) if len(given) == len(known) else Outcome("unknown")

    def compare_account(self, state: State, _args: Mapping[str, str]) -> Outcome:
        """Compare the two account numbers, and see that no return has closed the account to us."""
        keyed = str(state.secrets["account_number"])
        if keyed != state.secrets["account_number_again"]:
            return Outcome("different")
        routing_number = str(state.slots["routing_number"])
        fingerprint = account_fingerprint(self.services.hashes, routing_number, keyed)
        if either_blocked(self.db, routing_number, fingerprint):
            return Outcome("blocked")
        return Outcome("same", {"account_last4": keyed[-4:]})

    # The authorization.

    def prepare_authorization(self, _state: State, _args: Mapping[str, str]) -> Outcome:
        """Work out the dates that the terms name."""
        dates = self.services.cutoff.debit_dates(self.now)
        return Outcome(
            self.services.consent,
            {
                "today": self.services.local(self.now).date().isoformat(),
                "debit_date": dates.effective_entry_date.isoformat(),
                "cutoff": self.services.local(dates.cutoff_at).isoformat(),
            },
        )

    def authorize_payment(self, state: State, _args: Mapping[str, str]) -> Outcome:
        """Write the payment that a spoken yes authorizes."""
        confidence = str(state.slots["confidence"])
        return self._authorize(
            state,
            how="spoken",
            words_heard=str(state.slots["words_heard"]),
            confidence=float(confidence) if confidence else None,
        )

    def authorize_with_code(self, state: State, _args: Mapping[str, str]) -> Outcome:
        """Write the payment that the bill's own code signs."""
        billing_account = str(state.slots["billing_account"])
        code = authorization_code_hash(
            self.services.hashes, billing_account, str(state.secrets["authorization_code"])
        )
        matching = select(Bill.coverage_month).where(
            Bill.billing_account == billing_account, Bill.authorization_code_hash == code
        )
        if self.db.execute(matching.limit(1)).first() is None:
            return Outcome("wrong_code")
        return self._authorize(state, how="bill_code", words_heard="", confidence=None)

    def _authorize(
        self, state: State, *, how: Literal["spoken", "bill_code"], words_heard: str, confidence: float | None
    ) -> Outcome:
        slots = state.slots
        request = AuthorizationRequest(
            call_sid=self.call_sid,
            seq=self.seq,
            member_id=str(slots["member_id"]),
            billing_account=str(slots["billing_account"]),
            amount_cents=int(slots["amount"]),
            account_type=cast("Literal['checking', 'savings']", slots["account_type"]),
            rdfi_routing_number=str(slots["routing_number"]),
            account_number=str(state.secrets["account_number"]),
            not_before_date=date.fromisoformat(str(slots["debit_date"])),
            language=state.language,
            pace=cast("Literal['voice', 'relay']", state.pace),
            consent=ConsentGiven(
                how=how,
                spoken_by="relay" if state.pace == "relay" else "caller",
                words_heard=words_heard,
                confidence=confidence,
                asked_at=self.asked_at,
                answered_at=self.now,
                text=self._evidence_text(state),
                flow_version=self.flow.version,
                prompts=self._evidence_prompts(state),
            ),
            balance_told_cents=int(slots["total"]),
            payments_per_day=PAYMENTS_PER_DAY,
        )
        self._balances = self._to_tell = None
        written = authorize(
            self.db,
            self.services.keys,
            self.services.hashes,
            self.services.randomness,
            now=self.now,
            cutoff=self.services.cutoff,
            request=request,
        )
        if not isinstance(written, Authorized):
            return Outcome("changed" if written.reason == "less_owed" else "limit_reached")
        channel = cast("Literal['sms', 'email', 'letter']", slots["channel"])
        promise(self.db, written.payment_id, channel, state.language, self.now)
        return Outcome(
            "authorized",
            {
                "confirmation_number": written.confirmation_number,
                "effective_date": written.effective_entry_date.isoformat(),
            },
        )

    def tell_on_time(self, state: State, _args: Mapping[str, str]) -> Outcome:
        """Tell whether the payment counts as paid by the due date, where the settings say which day counts.

        Of what is past due already, and of a bill without a due date, nothing is said.
        """
        slots = state.slots
        pay_by, amount = str(slots["pay_by"]), int(slots["amount"])
        past_due_only = amount < int(slots["total"]) and amount <= int(slots.get("past_due", 0))
        if self.services.on_time == "unset" or not pay_by or past_due_only:
            return Outcome("nothing")
        counts = self.services.local(self.now).date().isoformat()
        if self.services.on_time == "settled":
            counts = str(slots["effective_date"])
        return Outcome("in_time" if counts <= pay_by else "late")

    def _evidence_text(self, state: State) -> str:
        """Return the terms and the question, word for word as this caller heard them."""
        kinds = self.flow.vocabulary.slots
        return "\n".join(
            sentence
            for said in state.evidence.values()
            for sentence in sentences(self.catalog, kinds, said, state.language, state.pace)
        )

    def _evidence_prompts(self, state: State) -> list[dict[str, str]]:
        return [
            {
                "id": said.label,
                "language": state.language,
                "sha256": self.catalog.sha256(said.prompt, said.attribute or None, state.language, said.pace),
            }
            for said in state.evidence.values()
        ]


def _iso(day: date | None) -> str:
    return "" if day is None else day.isoformat()


def _filled(action: str, outcome: str) -> tuple[str, ...]:
    return VOCABULARY.actions[action].outcomes[outcome]


_HANDLERS: Mapping[str, Callable[[TurnActions, State, Mapping[str, str]], Outcome]] = {
    name: getattr(TurnActions, name) for name in VOCABULARY.actions
}

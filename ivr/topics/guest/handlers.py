"""Paying for somebody else: what the domain answers. Of a member it tells what is due, when, and no more."""

from __future__ import annotations

from collections.abc import Mapping

from ivr.base.plans import PLANS
from ivr.base.words import last4
from ivr.billing.ledger import balances
from ivr.dialog.engine import Outcome
from ivr.dialog.state import State
from ivr.members.verification import KeyedFacts, verify
from ivr.payments.cancel import TooLateError
from ivr.payments.guest_cancels import cancel_as_payer
from ivr.payments.guests import GUEST_LEAD, GuestPayer
from ivr.topics.authorization.handlers import Paying, dates_told, spoken_yes, write_payment
from ivr.topics.guest.words import NOTHING_TOLD
from ivr.topics.services import TurnServices
from ivr.topics.verification.handlers import SLOWED_SECONDS


def texts_go_out(turn: TurnServices, _state: State, _args: Mapping[str, str]) -> Outcome:
    """Return whether the line takes payments, and sends the text messages without which no guest pays."""
    services = turn.services
    return Outcome("yes" if services.takes_payments and "sms" in services.notice_channels else "no")


def find_member(turn: TurnServices, state: State, _args: Mapping[str, str]) -> Outcome:
    """Find whose bill is to be paid by what was keyed of the member, once, together."""
    keyed = KeyedFacts(
        keyed_id=str(state.secrets["keyed_id"]),
        date_of_birth=str(state.secrets["member_birth"]),
        zip_code=str(state.secrets["keyed_zip"]),
        house_number=str(state.secrets["keyed_house"]),
    )
    answer = verify(turn.db, turn.services.hashes, turn.now, keyed)
    if answer.slowed:
        turn.pause_seconds = SLOWED_SECONDS
    if answer.member is None:
        return Outcome("rejected")
    member_id = answer.member.member_id
    return Outcome(
        "found", {"guest_member_id": member_id, "guest_last4": last4(member_id), "guest_told": NOTHING_TOLD}
    )


def next_guest_bill(turn: TurnServices, state: State, _args: Mapping[str, str]) -> Outcome:
    """Tell the next bill of the member that owes something."""
    today = turn.services.local(turn.now).date()
    owed = {
        each.plan: each
        for each in balances(turn.db, str(state.slots["guest_member_id"]), today)
        if each.balance_cents > 0
    }
    told = [NOTHING_TOLD, *PLANS].index(str(state.slots["guest_told"]))
    bill = next((owed[plan] for plan in [*PLANS][told:] if plan in owed), None)
    if bill is None:
        return Outcome("no_more")
    return Outcome(
        "first_payment" if bill.first_payment else "bill",
        {
            "guest_told": bill.plan,
            "plan": bill.plan,
            "total": bill.balance_cents,
            "guest_due": (bill.past_due_date or bill.due_date or today).isoformat(),
            "guest_account": bill.billing_account,
        },
    )


def prepare_guest(turn: TurnServices, _state: State, _args: Mapping[str, str]) -> Outcome:
    """Work out the dates that the terms name: they leave a carrier time for the text message."""
    return Outcome("ready", dates_told(turn, turn.services.cutoff.debit_dates(turn.now + GUEST_LEAD)))


def authorize_guest(turn: TurnServices, state: State, _args: Mapping[str, str]) -> Outcome:
    """Write the payment that a guest's spoken yes authorizes."""
    paying = Paying(
        member_id=str(state.slots["guest_member_id"]),
        billing_account=str(state.slots["guest_account"]),
        channel="sms",
        payer=GuestPayer(str(state.secrets["payer_name"]), str(state.secrets["payer_mobile"])),
    )
    return write_payment(turn, state, paying, spoken_yes(state))


def cancel_guest_payment(turn: TurnServices, state: State, _args: Mapping[str, str]) -> Outcome:
    """Cancel the payment of a guest who keys its number and the mobile number that got the terms."""
    try:
        done = cancel_as_payer(
            turn.db,
            turn.services.hashes,
            turn.services.randomness,
            confirmation_number=str(state.secrets["cancel_number"]),
            mobile=str(state.secrets["payer_mobile"]),
            now=turn.now,
        )
    except TooLateError as error:
        return Outcome("cancelled" if error.state == "cancelled" else "too_late")
    return Outcome("rejected" if done is None else "cancelled")

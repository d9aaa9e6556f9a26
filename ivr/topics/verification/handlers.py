"""Who is calling: what the domain answers."""

from __future__ import annotations

from collections.abc import Mapping

from ivr.base.plans import PLANS
from ivr.dialog.engine import Outcome
from ivr.dialog.state import State
from ivr.members.verification import KeyedFacts, verify
from ivr.notices.channels import choose_channel
from ivr.topics.services import TurnServices

SLOWED_SECONDS = 4  # of silence before whatever verification answers, while the whole line is guessed at


def verify_member(turn: TurnServices, state: State, _args: Mapping[str, str]) -> Outcome:
    """Check what was keyed, once, together."""
    keyed = KeyedFacts(
        keyed_id=str(state.secrets["keyed_id"]),
        date_of_birth=str(state.secrets["date_of_birth"]),
        ssn_last4=str(state.secrets.get("ssn_last4", "")),
        billing_account=str(state.secrets.get("keyed_account", "")),
        zip_code=str(state.secrets.get("keyed_zip", "")),
    )
    answer = verify(turn.db, turn.services.hashes, turn.now, keyed)
    if answer.slowed:
        turn.pause_seconds = SLOWED_SECONDS
    member = answer.member
    if member is None:
        return Outcome("rejected")
    return Outcome(
        "verified_more_time" if member.extra_time else "verified",
        {
            "member_id": member.member_id,
            "member_last4": member.member_id_last4,
            **{plan.account_slot: member.billing_accounts.get(key, "") for key, plan in PLANS.items()},
            "channel": choose_channel(
                member.phone,
                sms_ok=member.sms_ok,
                email=member.email,
                email_ok=member.email_ok,
                available=turn.services.notice_channels,
            ),
        },
    )

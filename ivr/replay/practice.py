"""A call to practice on: the real engine and words, a made-up member, no database that could keep anything.

What was done so far is all there is of a call: it runs again from its beginning each time, so that nobody
keeps it, and nothing of it can become a payment. The domain is played by what every topic has for that; a
sample member is verified by their own facts alone, and a bill that was paid in the call is on its way.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Final

from ivr.base.errors import OperatorError
from ivr.base.plans import PLANS
from ivr.billing.samples import SAMPLE_ZIP_CODE
from ivr.dialog.engine import (
    Ask,
    DialogError,
    End,
    Input,
    Keys,
    Listen,
    Outcome,
    Silence,
    Speech,
    Start,
    TransferEnded,
    initial_state,
)
from ivr.dialog.turn import Turn
from ivr.dialog.vocabulary import AUTHORIZED
from ivr.replay.synthetic import SyntheticValues
from ivr.topics.agent.words import PHONE_DIGITS
from ivr.topics.balance.words import owed_outcome
from ivr.topics.sentences import sentences

if TYPE_CHECKING:
    from ivr.billing.samples import SampleMember
    from ivr.dialog.state import Said, State
    from ivr.topics.line import Line

INPUTS_MAX: Final = 150
INPUT_CHARACTERS_MAX: Final = 60
SILENCE: Final = "..."  # how waiting is written among inputs
_KEYS: Final = frozenset("0123456789*#")
# Where the usual outcome of an action is none that a member without earlier payments could have.
_DAYS: Final = {
    "due_date": "12d",
    "pay_by": "12d",
    "debit_date": "3d",
    "effective_date": "3d",
    "cutoff": "6h",
}
_ANSWERS: Final = {"list_payments_made": "none", "tell_receipt": "nothing"}


@dataclass(frozen=True, slots=True)
class PracticeTurn:
    """What the caller did, and what the line said then: each sentence with the language it is in."""

    did: str
    said: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class PracticeCall:
    """A call so far; `end` is goodbye, agent or hangup, "" while it goes on.

    `hears` tells whether the line listens for words now, `digits` how many keys it counts (0: until `#`).
    """

    turns: tuple[PracticeTurn, ...]
    end: str
    hears: bool
    digits: int


def practice(
    line: Line, member: SampleMember, now: datetime, *, language: str, pace: str, inputs: Sequence[str]
) -> PracticeCall:
    """Run a call by `member` at `now` (aware, by the line's clock) through these inputs.

    An input is keys as on a phone (`1`, `021000021`, `1234567890#`), `SILENCE`, or words that are spoken;
    what comes after the end is left out. Raises `OperatorError` for too many or too long ones, and where the
    call cannot go on.
    """
    if len(inputs) > INPUTS_MAX or any(len(each) > INPUT_CHARACTERS_MAX for each in inputs):
        raise OperatorError(f"A practice call has {INPUTS_MAX} answers at most: begin another one.")
    try:
        return _Practice(line, member, now, language, pace).run(inputs)
    except (DialogError, KeyError) as error:
        raise OperatorError(
            f"The practice line cannot go on from here ({error}): begin another call."
        ) from None


@dataclass(slots=True)
class _Practice:
    """One call in progress."""

    line: Line
    member: SampleMember
    now: datetime
    language: str
    pace: str
    paid: set[str] = field(default_factory=set)
    values: SyntheticValues = field(init=False)

    def run(self, inputs: Sequence[str]) -> PracticeCall:
        flow = self.line.flow
        self.values = SyntheticValues(flow.vocabulary, self.now)
        state = initial_state(flow, self.values.given())
        state.language, state.pace = self.language, self.pace
        turns: list[PracticeTurn] = []
        end = ""
        listen: Listen | None = None
        for did in ("", *inputs):
            taken = Turn(flow, state, _input(did, listen) if turns else Start())
            result = taken.run(self._answer)
            state = taken.state
            turns.append(PracticeTurn(did, tuple(self._told(result.prompts, state))))
            if isinstance(result, End):
                end = result.manner
                break
            listen = result.listen
        hears, digits = (listen.speech, listen.num_digits) if listen else (False, 1)
        return PracticeCall(tuple(turns), end, hears, digits)

    def _told(self, prompts: Sequence[Said], state: State) -> Iterator[tuple[str, str]]:
        line = self.line
        for said in prompts:
            for each in sentences(line.catalog, line.flow.vocabulary.slots, said, state.language, state.pace):
                yield said.language or state.language, each.text

    def _answer(self, ask: Ask, state: State) -> Outcome:
        action = self.line.flow.vocabulary.actions[ask.action]
        slots = {**state.slots, **state.secrets}
        if action.answer is not None:
            outcome = action.answer(slots, ask.args)[0]
        else:
            outcome = self._decided(ask, slots) or _ANSWERS.get(ask.action) or action.ordinary
        outcome = outcome or next(iter(action.outcomes))
        if action.consent is not None and outcome == AUTHORIZED:
            self.paid.add(str(slots["plan"]))
        return Outcome(outcome, self.values.fill(ask.action, ask.args, outcome, self._shapes(slots), state))

    def _decided(self, ask: Ask, slots: dict[str, str | int]) -> str:
        """Return how what hangs on this very call is answered; "" for all else."""
        match ask.action:
            case "verify_member":
                return "verified" if self._is_member(slots) else "rejected"
            case "find_member":
                return "found" if self._is_on_the_bill(slots) else "rejected"
            case "bill_balance" if ask.args["plan"] in self.paid:
                return "on_its_way"
            case "choose_bill":
                return owed_outcome([plan for plan in PLANS if plan not in self.paid])
        return ""

    def _is_member(self, slots: dict[str, str | int]) -> bool:
        member = self.member
        return (
            self._is_known_by(slots.get("keyed_id"))
            and slots.get("ssn_last4") == member.ssn_last4
            and slots.get("date_of_birth") == member.date_of_birth_keyed
        )

    def _is_on_the_bill(self, slots: dict[str, str | int]) -> bool:
        """Return whether somebody who pays for this member has keyed what is on the bill."""
        member = self.member
        return (
            self._is_known_by(slots.get("keyed_id"))
            and slots.get("member_birth") == member.date_of_birth_keyed
            and slots.get("keyed_zip") == SAMPLE_ZIP_CODE
            and str(slots.get("keyed_house")).lstrip("0") == member.house_number
        )

    def _is_known_by(self, keyed: str | int | None) -> bool:
        member = self.member
        return keyed in {
            member.member_id,
            *member.billing_accounts.values(),
            member.phone[-PHONE_DIGITS:],
        } - {""}

    def _shapes(self, slots: dict[str, str | int]) -> dict[str, str]:
        """Return what is made up otherwise than as of today, as records have it: days from the call."""
        if "keyed_day" not in slots:
            return _DAYS
        days = (date.fromisoformat(str(slots["keyed_day"])) - self.now.date()).days
        return {**_DAYS, "pay_day": f"{days}d"}


def _input(text: str, listen: Listen | None) -> Input:
    """Read what was done, at what the line asks: of more keys than are counted the first."""
    if listen is None:  # somebody is called, who does not answer here
        return TransferEnded("failed")
    if text == SILENCE or not text:
        return Silence()
    if set(text) - _KEYS:
        return Speech(text, 0.9)
    digits, finished, _ = text.partition("#")
    if listen.num_digits and len(digits) > listen.num_digits:
        digits, finished = digits[: listen.num_digits], ""
    return Keys(digits, bool(finished))

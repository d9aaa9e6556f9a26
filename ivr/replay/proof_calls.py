"""The call that shows a fault, as a `.call` file: what the caller does and what the line says until then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from ivr.base.money import format_amount
from ivr.billing.samples import SampleMember, demo_member
from ivr.dialog.engine import (
    Ask,
    DialogError,
    End,
    Input,
    Keys,
    Outcome,
    Result,
    Silence,
    Speech,
    Wait,
    initial_state,
    step,
)
from ivr.dialog.exploration import LATE_SECONDS, Move, World
from ivr.dialog.flow import Flow
from ivr.dialog.state import Said, State
from ivr.phone.operator import ANSWER_SECONDS, GAP_SECONDS, TYPING_SECONDS_A_WORD

VOICE_ANSWER_SECONDS: Final = 5.0
VOICE_KEY_SECONDS: Final = 1.0

_OPEN: Final = "2026-12-18T10:15-05:00"  # somebody answers at this instant
_CLOSED: Final = "2026-12-19T10:15-05:00"
_FACTS: Final = {"member_id": "{member_id}", "ssn_last4": "{ssn_last4}", "date_of_birth": "{date_of_birth}"}
_OWN_BILL: Final = "billing-account"  # the end of the reasons for an entry that is the caller's own bill

# What a caller must have keyed last for the domain to answer so.
_KEYED: Final[Mapping[tuple[str, str], str]] = {
    ("verify_member", "rejected"): "01011901",
    ("compare_account", "different"): "123456789#",
    ("check_amount", "above_balance"): "9999999#",
    ("check_amount", "below_minimum"): "99#",
    ("authorize_with_code", "authorized"): "408215#",
    ("authorize_with_code", "changed"): "408215#",
    ("authorize_with_code", "wrong_code"): "408216#",
}
# What befalls the turn in which the domain answers so.
_BEFALLS: Final[Mapping[str, str]] = {"changed": "paid_elsewhere", "failed": "transfer_no_answer"}
# The sample member of whom the domain says so; the first that fits.
_MEMBERS: Final[Sequence[tuple[str, Mapping[str, str]]]] = (
    ("demo.health_and_dental", {"health": "current", "dental": "current", "select_bill": "one_amount"}),
    ("demo.bill_code", {"prepare_authorization": "bill_code", "health": "current", "dental": "none"}),
    ("demo.extra_time", {"verify_member": "verified_more_time", "health": "current", "dental": "none"}),
    ("demo.first_payment", {"select_bill": "first_payment", "health": "current", "dental": "none"}),
    ("demo.letter", {"health": "current", "dental": "none", "select_bill": "one_amount"}),
    ("demo.dental_paid", {"health": "current", "dental": "paid", "select_bill": "one_amount"}),
    ("demo.past_due", {"health": "past_due_and_current", "dental": "current", "select_bill": "two_amounts"}),
    ("demo.past_due_only", {"health": "past_due", "dental": "past_due", "select_bill": "one_amount"}),
    ("demo.dental_only", {"health": "none", "dental": "past_due_and_current", "select_bill": "two_amounts"}),
    ("demo.paid", {"health": "paid", "dental": "none"}),
    ("demo.no_bill", {"balance_as_of": "nothing"}),
)
# What the domain says of every sample member but where the table above says otherwise.
_USUAL: Final[Mapping[str, str]] = {
    "verify_member": "verified",
    "balance_as_of": "bills",
    "prepare_authorization": "spoken",
}


@dataclass(frozen=True, slots=True)
class ShownCall:
    """A call written out: its text, its turns, and the seconds it takes a caller of ordinary speed."""

    text: str
    turns: int
    seconds: float


def show(flow: Flow, world: World, moves: Sequence[Move], *, pass_gates: bool = False) -> ShownCall:
    """Write out the call that these moves make, up to where it ends or breaks off.

    `pass_gates`: 1 is pressed at every gate, whatever the moves say of them.
    """
    writer = _Writer(flow, world)
    for move in moves:
        if not (pass_gates and move.kind == "go_on"):
            writer.make(move)
        while pass_gates and writer.at_gate:
            writer.make(Move("go_on", Keys("1"), "1"))
    return ShownCall(writer.text(), writer.turns, writer.seconds)


@dataclass(slots=True)
class _Writer:
    flow: Flow
    world: World
    turns: int = 0
    seconds: float = 0.0
    _state: State = field(init=False)
    _lines: list[str] = field(default_factory=list)
    _facts: dict[str, str] = field(default_factory=dict)
    _notes: list[str] = field(default_factory=list)
    _asked: Ask | None = None
    _caller_at: int = 0  # where the caller's last line stands

    def __post_init__(self) -> None:
        given = {slot: self.world.values[slot] for slot in self.flow.vocabulary.given}
        self._state = initial_state(self.flow, given)

    @property
    def at_gate(self) -> bool:
        """Whether only 1 goes on."""
        return self._state.gate

    def make(self, move: Move) -> None:
        for _ in range(move.times):
            before = self._state
            self._write_move(move, before)
            try:
                taken = step(self.flow, before, move.heard, LATE_SECONDS if move.late else 0.0)
            except (DialogError, KeyError):
                return
            self._state = taken.state
            self._write_result(taken.result)

    def text(self) -> str:
        """Return the file: headers, then what happened."""
        member = self._member()
        now = _CLOSED if self._facts.get("reach_person") == "closed" else _OPEN
        headers = [f"now     {now}", *(f"# {note}" for note in self._notes)]
        if any("{" in line for line in self._lines):
            headers.append(f"member  {member.name}")
        if any(line.startswith("line") for line in self._lines):
            headers += [f"language {self._state.language}", "pace    voice"]
        lines = [line.replace("AMOUNT", self._amount(member)) for line in self._lines]
        return "\n".join((*headers, *lines)) + "\n"

    def _member(self) -> SampleMember:
        """Choose a sample member who answers like this call's; say so where there is none."""
        facts = {fact: outcome for fact, outcome in self._facts.items() if fact in _OF_MEMBER}
        fitting = {
            name: sum(fact in known for fact in facts)
            for name, known in _MEMBERS
            if all(known.get(fact, _USUAL.get(fact)) == outcome for fact, outcome in facts.items())
        }
        if not fitting:
            self._notes.append("No sample member has such bills: give one these before this is played.")
            fitting = {_MEMBERS[0][0]: 0}
        return demo_member(max(fitting, key=lambda name: fitting[name]), datetime.fromisoformat(_OPEN).date())

    def _amount(self, member: SampleMember) -> str:
        return format_amount(member.owed_cents(str(self._state.slots.get("plan", ""))))

    def _write_move(self, move: Move, before: State) -> None:
        heard = move.heard
        if move.late and isinstance(heard, Keys | Speech | Silence):
            self._lines.append("fault   hour_passes")
        elif move.late:
            self._befall("hour_passes")
        if isinstance(heard, Outcome):
            self._write_answer(heard)
        elif move.kind == "transfer":
            self._befall(_BEFALLS.get(move.label, ""))
        elif move.kind != "start":
            self._caller_at = len(self._lines)
            self._lines.append(f"caller  {self._deed(move, before)}")
            self.turns += 1
            relay = before.pace == "relay"
            keys = len(heard.digits) + heard.finished if isinstance(heard, Keys) else 1
            self.seconds += ANSWER_SECONDS if relay else VOICE_ANSWER_SECONDS
            self.seconds += keys * (GAP_SECONDS if relay else VOICE_KEY_SECONDS)

    def _write_answer(self, outcome: Outcome) -> None:
        asked = self._asked
        if asked is None:
            return
        if outcome.name != "rejected":
            self._facts.setdefault(asked.args.get("plan", asked.action), outcome.name)
        keyed = _KEYED.get((asked.action, outcome.name))
        if keyed is not None:
            self._lines[self._caller_at] = f"caller  {keyed}"
        self._befall(_BEFALLS.get(outcome.name, ""))
        if outcome.name == "authorized":
            self._lines.append(f"did     payment amount=AMOUNT plan={self._state.slots['plan']}")

    def _befall(self, fault: str) -> None:
        if fault and self._lines[self._caller_at - 1 : self._caller_at] != [f"fault   {fault}"]:
            self._lines.insert(self._caller_at, f"fault   {fault}")
            self._caller_at += 1

    def _deed(self, move: Move, before: State) -> str:
        heard: Input = move.heard
        if isinstance(heard, Silence):
            return "silence"
        if isinstance(heard, Speech):
            return f'says "{heard.words}"'
        if not isinstance(heard, Keys):
            return ""
        node = self.flow.nodes[before.node]
        entry = self.flow.vocabulary.fields.get(node.word)
        if move.kind == "answer" and node.word in _FACTS:
            return _FACTS[node.word]
        ends = "#" if heard.finished and not before.gate and entry is not None else ""
        if move.label.endswith(_OWN_BILL):
            return "{health_account}" + ends
        return heard.digits + (ends or "#" * (not heard.digits))

    def _write_result(self, result: Result) -> None:
        self._asked = result if isinstance(result, Ask) else None
        if isinstance(result, (Wait, End)):
            did = self._lines.pop() if self._lines and self._lines[-1].startswith("did") else None
            if result.prompts:
                self._lines.append(f"line    {', '.join(_labels(result.prompts))}")
            if did is not None:
                self._lines.append(did)
            self.seconds += self._spoken_seconds(result.prompts)
        if isinstance(result, End):
            self._lines.append(f"end     {result.manner}")

    def _spoken_seconds(self, prompts: Sequence[Said]) -> float:
        """Return how long the words take: to be heard, or in relay pace to be typed."""
        seconds = 0.0
        for said in prompts:
            try:
                sentences = self.world.speak(said, self._state.language, self._state.pace)
            except ValueError:
                continue
            for sentence in sentences:
                relay = self._state.pace == "relay"
                seconds += sentence.words * TYPING_SECONDS_A_WORD if relay else sentence.seconds
        return seconds


_OF_MEMBER: Final = frozenset(fact for _, facts in _MEMBERS for fact in facts)  # and nothing else is


def _labels(prompts: Sequence[Said]) -> list[str]:
    return [said.label for said in prompts]

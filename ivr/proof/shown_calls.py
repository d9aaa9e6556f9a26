"""The call that shows a fault, as a `.call` file: what the caller does and what the line says until then."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from ivr.base.money import format_amount
from ivr.base.plans import PLANS
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
from ivr.dialog.flow import Flow
from ivr.dialog.state import Said, State
from ivr.proof.exploration import LATE_SECONDS, Move, World
from ivr.simulator.operator import ANSWER_SECONDS, GAP_SECONDS, TYPING_SECONDS_A_WORD
from ivr.topics.bank.words import OTHER_ROUTING_NUMBER, SAMPLE_ROUTING_NUMBER
from ivr.topics.registry import SLOTS

VOICE_ANSWER_SECONDS: Final = 5.0
VOICE_KEY_SECONDS: Final = 1.0

_OPEN: Final = "2026-12-18T10:15-05:00"  # somebody answers at this instant
_CLOSED: Final = "2026-12-19T10:15-05:00"
_OWN_BILL: Final = "billing-account"  # the end of the reasons for an entry that is the caller's own bill

_CANNOT_BE_SHOWN: Final = (
    "The time runs out while the caller does this, late in a long call; an hour that passes is a silence."
)
_NO_ANSWER: Final = {"failed": "transfer_no_answer"}  # by how a transfer ends
# The sample member of whom the domain says so; the first that fits.
_MEMBERS: Final[Sequence[tuple[str, Mapping[str, str]]]] = (
    ("demo.health_and_dental", {"health": "current", "dental": "current", "select_bill": "one_amount"}),
    ("demo.bill_code", {"prepare_authorization": "bill_code", "health": "current"}),
    ("demo.bill_code", {"prepare_authorization": "either", "health": "current"}),
    ("demo.extra_time", {"verify_member": "verified_more_time", "health": "current"}),
    ("demo.first_payment", {"select_bill": "first_payment", "health": "current"}),
    ("demo.letter", {"health": "current", "select_bill": "one_amount"}),
    ("demo.dental_paid", {"health": "current", "dental": "paid", "select_bill": "one_amount"}),
    ("demo.past_due", {"health": "past_due_and_current", "dental": "current", "select_bill": "two_amounts"}),
    ("demo.past_due_only", {"health": "past_due", "dental": "past_due", "select_bill": "one_amount"}),
    ("demo.dental_only", {"dental": "past_due_and_current", "select_bill": "two_amounts"}),
    ("demo.paid", {"health": "paid"}),
    ("demo.no_bill", {"balance_as_of": "nothing"}),
)
# What the domain says of every sample member but where the table above says otherwise.
_USUAL: Final[Mapping[str, str]] = {
    "verify_member": "verified",
    "balance_as_of": "bills",
    "prepare_authorization": "spoken",
    **dict.fromkeys(PLANS, "none"),
}

# Which bank the directory knows, where a call hears of it: the caller keys the sample number.
_BANK_KNOWN = {"named": SAMPLE_ROUTING_NUMBER, "unknown": OTHER_ROUTING_NUMBER}


@dataclass(frozen=True, slots=True)
class ShownCall:
    """A call written out: its text, its turns, and the seconds it takes a caller of ordinary speed."""

    text: str
    turns: int
    seconds: float


def show(flow: Flow, world: World, moves: Sequence[Move], *, pass_gates: bool = False) -> ShownCall:
    """Write out the call that these moves make, up to where it ends or breaks off.

    Where they end in asking for a payment, the call shows that it is made. What cannot be said or done ends
    the call with a person, as on the line itself.

    `pass_gates`: 1 is pressed at every gate, whatever the moves say of them.
    """
    writer = _Writer(flow, world)
    for move in moves:
        if not (pass_gates and move.kind == "go_on"):
            writer.make(move)
        while pass_gates and writer.at_gate:
            writer.make(Move("go_on", Keys("1"), "1"))
    writer.pay()
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
    _chosen: str = "full"  # how much is being paid: full, past_due, or cents
    _amounts: list[tuple[str, str]] = field(default_factory=list)  # plan and amount of each payment
    _over: bool = False

    def __post_init__(self) -> None:
        given = {slot: self.world.values[slot] for slot in self.flow.vocabulary.given}
        self._state = initial_state(self.flow, given)

    @property
    def at_gate(self) -> bool:
        """Whether only 1 goes on."""
        return self._state.gate

    def make(self, move: Move) -> None:
        for _ in range(0 if self._over else move.times):
            before = self._state
            self._write_move(move, before)
            try:
                taken = step(self.flow, before, move.heard, LATE_SECONDS if move.late else 0.0)
            except (DialogError, KeyError):
                self._write_trouble()
                return
            self._state = taken.state
            self._write_result(taken.result)

    def pay(self) -> None:
        """Let a payment be made where it is what was asked for last, and all that it takes is filled."""
        asked, vocabulary = self._asked, self.flow.vocabulary
        if asked is None or asked.action not in self.world.consents:
            return
        action = vocabulary.actions[asked.action]
        if {*action.needs} <= {*self._state.slots, *self._state.secrets}:
            filled = {slot: self.world.values[slot] for slot in action.outcomes["authorized"]}
            self.make(Move("outcome", Outcome("authorized", filled), "authorized"))

    def text(self) -> str:
        """Return the file: headers, then what happened."""
        member = self._member()
        now = _CLOSED if self._facts.get("reach_person") == "closed" else _OPEN
        headers = [f"now     {now}", *(f"# {note}" for note in self._notes)]
        if any("{" in line for line in self._lines):
            headers.append(f"member  {member.name}")
        if any(line.startswith("line") for line in self._lines):
            headers += [f"language {self._state.language}", "pace    voice"]
        bank = _BANK_KNOWN.get(self._facts.get("name_bank", ""))
        if bank is not None:
            headers.append(f"bank    {bank} {SLOTS['bank_name'].sample}")
        amounts = iter(self._paid(member))
        lines = [line.replace("AMOUNT", next(amounts)) if "AMOUNT" in line else line for line in self._lines]
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

    def _paid(self, member: SampleMember) -> Iterator[str]:
        """Yield the amount of each payment: in full, what is past due, or what was keyed."""
        today = datetime.fromisoformat(_OPEN).date()
        paid_cents = Counter[str]()
        for plan, amount in self._amounts:
            cents = member.owed_cents(plan) - paid_cents[plan]
            if amount == "past_due":
                due = (bill for bill in member.bills if bill.plan == plan and bill.due_date < today)
                cents = sum(bill.amount_cents for bill in due)
            elif amount.isdecimal():
                cents = int(amount)
            paid_cents[plan] += cents
            yield format_amount(cents)

    def _write_move(self, move: Move, before: State) -> None:
        heard = move.heard
        if move.late and isinstance(heard, Silence):
            self._lines.append("fault   hour_passes")
        elif move.late:
            self._notes.append(_CANNOT_BE_SHOWN)
        if isinstance(heard, Outcome):
            self._write_answer(heard)
        elif move.kind == "transfer":
            self._inject(_NO_ANSWER.get(move.label, ""))
        elif move.kind != "start":
            self._caller_at = len(self._lines)
            self._lines.append(f"caller  {self._action(move, before)}")
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
        action = self.flow.vocabulary.actions[asked.action]
        keyed = action.keyed.get(outcome.name)
        if keyed is not None:
            self._lines[self._caller_at] = f"caller  {keyed}"
        self._inject(action.faults.get(outcome.name, ""))
        if asked.action == "set_amount":
            self._chosen = asked.args["amount"]
        elif (asked.action, outcome.name) == ("check_amount", "ok"):
            self._chosen = str(self._state.slots["keyed_amount"])
        if outcome.name == "authorized":
            plan = str(self._state.slots["plan"])
            self._amounts.append((plan, self._chosen))
            self._lines.append(f"did     payment amount=AMOUNT plan={plan}")

    def _inject(self, fault: str) -> None:
        if fault and self._lines[self._caller_at - 1 : self._caller_at] != [f"fault   {fault}"]:
            self._lines.insert(self._caller_at, f"fault   {fault}")
            self._caller_at += 1

    def _action(self, move: Move, before: State) -> str:
        heard: Input = move.heard
        if isinstance(heard, Silence):
            return "silence"
        if isinstance(heard, Speech):
            return f'says "{heard.words}"'
        if not isinstance(heard, Keys):
            return ""
        node = self.flow.nodes[before.node]
        entry = self.flow.vocabulary.fields.get(node.word)
        if entry is not None and entry.is_fact and heard.digits == entry.samples[""]:
            return f"{{{entry.name}}}"
        ends = "#" if heard.finished and not before.gate and entry is not None else ""
        if move.label.endswith(_OWN_BILL):
            return f"{{{next(iter(PLANS.values())).account_slot}}}{ends}"
        return heard.digits + (ends or "#" * (not heard.digits))

    def _write_result(self, result: Result) -> None:
        self._asked = result if isinstance(result, Ask) else None
        if isinstance(result, (Wait, End)) and not all(map(self._can_be_spoken, result.prompts)):
            self._write_trouble()
        elif isinstance(result, (Wait, End)):
            did = self._lines.pop() if self._lines and self._lines[-1].startswith("did") else None
            if result.prompts:
                self._lines.append(f"line    {', '.join(_labels(result.prompts))}")
            if did is not None:
                self._lines.append(did)
            self.seconds += self._spoken_seconds(result.prompts)
            if isinstance(result, End):
                self._lines.append(f"end     {result.manner}")

    def _write_trouble(self) -> None:
        """Write what is heard when a turn breaks: what is true of the payments, then a person."""
        if self._lines and self._lines[-1].startswith("did"):  # of the same turn, which did not happen
            self._lines.pop()
            self._amounts.pop()
        told = ["trouble-payment"] * len(self._amounts) or ["trouble-no-payment"]
        here, end = "person-connecting", "agent"
        if self._facts.get("reach_person") == "closed":
            here, end = "trouble-call-again", "goodbye"
        self._lines += [f"line    {', '.join([*told, here])}", f"end     {end}"]
        self._over = True

    def _can_be_spoken(self, said: Said) -> bool:
        try:
            self.world.speak(said, self._state.language, self._state.pace)
        except ValueError:
            return False
        return True

    def _spoken_seconds(self, prompts: Sequence[Said]) -> float:
        """Return how long the words take: to be heard, or in relay pace to be typed."""
        seconds = 0.0
        for said in prompts:
            for sentence in self.world.speak(said, self._state.language, self._state.pace):
                relay = self._state.pace == "relay"
                seconds += sentence.words * TYPING_SECONDS_A_WORD if relay else sentence.seconds
        return seconds


_OF_MEMBER: Final = frozenset(fact for _, facts in _MEMBERS for fact in facts) | PLANS.keys()


def _labels(prompts: Sequence[Said]) -> list[str]:
    return [said.label for said in prompts]

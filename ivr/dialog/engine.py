"""The engine: one pure step from an input to the next wait, end or question to the domain.

`step` runs nodes until the call must wait for the caller, ends, or asks the domain something; the host
answers an `Ask` with the action's outcome and steps again. noinput, nomatch, tapering, the keys 0, 7 and 9,
pace and all limits live here, once (VoiceXML's form semantics).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import NamedTuple, cast

from ivr.dialog.definition import (
    AGENT,
    AGENT_DIALOG,
    ENGINE_WORD,
    EXHAUSTED,
    GATE,
    GIVE_UP,
    GIVE_UP_DIALOG,
    KEY_AGENT,
    KEY_MORE_TIME,
    KEY_REPEAT,
    LANGUAGE,
    LEAVE,
    MAIN,
    MENU,
    MORE_TIME,
    POUND,
    REPEAT,
    RETURN,
    TIME_UP_DIALOG,
    Node,
)
from ivr.dialog.events import (
    CALLED,
    TOO_LONG,
    BranchTaken,
    CallAnswered,
    DigitsKeyed,
    EntryDiscarded,
    EntryRefused,
    Event,
    Heard,
    KeyPressed,
    NoInput,
    OutcomeGiven,
    SeveralKeysPressed,
    SpeechHeard,
    SpeechUnasked,
    StrayPound,
    TransferReported,
)
from ivr.dialog.flow import (
    DISCARDED,
    GATE_GO_ON,
    GOODBYE,
    NOINPUT,
    NOT_A_CHOICE,
    Flow,
    Prompts,
    nomatch_prompt,
    pace_prompt,
)
from ivr.dialog.state import Said, State
from ivr.dialog.vocabulary import Field, Hearing, Match, Meant, NoMatch, Slots, Value
from ivr.languages.language import Pace, slowness

STANDS_FOR_SEALED = "X"  # in what is still to be said, until it is said
NODES_MAX = 100  # nodes run between two waits
FAILURES_MAX = 3  # noinput and nomatch together, at one question
RENEWALS_MAX = 10  # silences that cost nothing to who has more time (WCAG 2.2.1)
RELAY_WORDS_MAX = 20  # spoken before a key is possible
TURNS_MAX: Mapping[str, int] = {"voice": 150, "unhurried": 300, "relay": 300}
LAST_TURNS_MAX = 40  # what a call may still take to be told that it is over
CALL_SECONDS_MAX: Mapping[str, int] = {"voice": 15 * 60, "unhurried": 60 * 60, "relay": 60 * 60}
MORE_SECONDS: Mapping[str, int] = {"menu": 70, "number": 120, "lookup": 120, "fetch": 120}
TIMEOUT_SECONDS: Mapping[str, Mapping[str, int]] = {
    "voice": {"menu": 7, "number": 10, "lookup": 20, "fetch": 60},
    "unhurried": MORE_SECONDS,
    "relay": MORE_SECONDS,
}
NEXT_PACE: Mapping[str, Pace] = {"voice": "unhurried", "unhurried": "relay", "relay": "voice"}  # by key 7


class DialogError(Exception):
    """The flow or the host broke a rule of the engine; the call cannot go on. `node` is where it stood."""

    def __init__(self, problem: str, node: str = "") -> None:
        super().__init__(f"{node}: {problem}" if node else problem)
        self.problem = problem
        self.node = node


@dataclass(frozen=True, slots=True)
class Start:
    """The call was answered."""


@dataclass(frozen=True, slots=True)
class Keys:
    """The caller keyed `digits` (may hold `*`); `finished` when `#` ended the entry."""

    digits: str
    finished: bool = False


@dataclass(frozen=True, slots=True)
class Speech:
    """The caller spoke."""

    words: str
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Silence:
    """The time-out passed."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an action answered, and the slots it fills."""

    name: str
    slots: Slots = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TransferEnded:
    """The agent's phone: `completed`, or `failed` when nobody could be reached."""

    result: str


Input = Start | Keys | Speech | Silence | Outcome | TransferEnded


@dataclass(frozen=True, slots=True)
class Listen:
    """What to collect. `num_digits` 0: the entry ends with `#`. `hints` are the phrases speech may be.

    `must_answer` false: silence is no turn, what comes after just happens.
    """

    timeout_seconds: int
    num_digits: int = 0
    speech: bool = False
    hints: str = ""
    must_answer: bool = True


@dataclass(frozen=True, slots=True)
class Wait:
    """Speak, then wait for the caller (`listen`), or for the agent called (`listen` is None).

    `early`: how long keys may still call the caller back to the question before the agent is called.
    """

    prompts: tuple[Said, ...]
    listen: Listen | None
    early: Listen | None = None


@dataclass(frozen=True, slots=True)
class End:
    """Speak, then end the call: `goodbye`, `agent` or `hangup`."""

    prompts: tuple[Said, ...]
    manner: str


@dataclass(frozen=True, slots=True)
class Ask:
    """A question to the domain; its answer comes back as an `Outcome`."""

    action: str
    args: Mapping[str, str]


Result = Wait | End | Ask

# What happens is the same in all calls, and so is what is waited for.
_branch_taken = lru_cache(4096)(BranchTaken)
_outcome_given = lru_cache(4096)(OutcomeGiven)
_listen = lru_cache(1024)(Listen)
# A 0 that began a number is followed by more of it: an operator keys five seconds apart.
EARLY_SECONDS: Mapping[str, int] = {"voice": 2, "unhurried": 6, "relay": 6}
GATE_LISTEN = Listen(MORE_SECONDS["menu"], num_digits=1)


class Step(NamedTuple):
    """What a step left: the new state, what to do now, and what happened, masked.

    `heard` is what came in, None for an outcome, which is no caller's doing; `events` are in their order.
    """

    state: State
    result: Result
    heard: Heard | None
    events: tuple[Event, ...]


def initial_state(flow: Flow, given: Mapping[str, Value]) -> State:
    """Return the state of a call about to be answered; `given` fills the vocabulary's given slots."""
    missing = set(flow.vocabulary.given) - given.keys()
    if missing:
        raise DialogError(f"slots not given: {', '.join(sorted(missing))}")
    start = flow.dialogs[MAIN]
    return State(node=f"{MAIN}/{start.start}", language=flow.languages[0], slots=dict(given))


def step(flow: Flow, state: State, heard: Input, elapsed_seconds: float = 0.0) -> Step:
    """Take one step. Pure: `state` is not changed.

    `elapsed_seconds` is how long the call has lasted. Raises `DialogError` when the flow or the host breaks a
    rule of the engine.
    """
    run = _Interpreter(flow, state.copy(), elapsed_seconds)
    result = run.take(heard)
    return Step(run.state, result, run.heard, tuple(run.events))


class _Interpreter:
    """One step in progress."""

    def __init__(self, flow: Flow, state: State, elapsed_seconds: float) -> None:
        self.flow = flow
        self.state = state
        self.events: list[Event] = []
        self.heard: Heard | None = None
        self._elapsed_seconds = elapsed_seconds
        self._led_back = False  # by an outcome that has tries left, to a question that was just answered

    # The input.

    def take(self, heard: Input) -> Result:
        node = self.flow.nodes[self.state.node]
        result: Result | None
        match heard:
            case Start():
                fresh = self.state.turns == 0 and not self.state.said
                self._expect(node, fresh, "the call has begun already")
                self.heard = CallAnswered()
                result = None
            case Outcome():
                self._expect(node, node.kind == "action", "an outcome, and no action was asked for")
                result = self._outcome(node, heard)
            case TransferEnded():
                transferring = node.kind == "transfer" and not self.state.gate
                self._expect(node, transferring, "a transfer ended, and nobody was called")
                self.state.turns += 1
                self.heard = TransferReported(heard.result)
                result = self._follow(node, heard.result)
            case Keys() if node.kind == "transfer" and not self.state.gate:
                self._expect(node, self._interrupted, "keys, and no question to come back to")
                self.state.turns += 1
                self.heard = DigitsKeyed(len(heard.digits), heard.finished)
                result = self._called_back(heard)
            case _:
                asked = node.kind == "collect" or self.state.gate
                self._expect(node, asked, "heard the caller where nothing was asked")
                self.state.turns += 1
                result = self._caller(node, heard)
        return result or self._advance()

    @staticmethod
    def _expect(node: Node, condition: bool, problem: str) -> None:  # noqa: FBT001 (an assertion)
        if not condition:
            raise DialogError(problem, node.path)

    def _outcome(self, node: Node, outcome: Outcome) -> Result | None:
        action = self.flow.vocabulary.actions[node.word]
        if outcome.name not in action.outcomes or outcome.slots.keys() != {*action.outcomes[outcome.name]}:
            message = f"{node.word} answered {outcome.name} with other slots than declared"
            raise DialogError(message, node.path)
        for slot, value in outcome.slots.items():
            self._fill(slot, value)
        for slot in action.drops:
            self.state.secrets.pop(slot, None)
        self.events.append(_outcome_given(node.path, outcome.name))
        return self._follow(node, self._counted(node, outcome.name))

    def _counted(self, node: Node, outcome: str) -> str:
        """Count an outcome that has tries; the last of them counts as `exhausted`."""
        if outcome not in node.tries:
            self.state.counters.pop(node.path, None)
            return outcome
        count = self.state.counters.get(node.path, 0) + 1
        self.state.counters[node.path] = count
        self._led_back = count < node.tries[outcome]
        return outcome if self._led_back else EXHAUSTED

    def _fill(self, slot: str, value: Value) -> None:
        if slot in self.flow.terms:
            self.state.evidence = {}  # what was said of the terms before is no longer true
        (self.state.secrets if self.flow.vocabulary.is_sealed(slot) else self.state.slots)[slot] = value

    # What a caller did.

    def _caller(self, node: Node, heard: Keys | Speech | Silence) -> Result | None:
        if not isinstance(heard, Silence):
            self.state.renewals = 0  # somebody is there
        if isinstance(heard, Keys):
            common = self._common_key(node, heard)
            if common is not None:
                return common()
        if isinstance(heard, Speech) and not self._hears_speech(node):
            self.heard = SpeechUnasked()
            return self._ask_again(node)  # a room, or an operator's own words: no error of the caller's
        if self.state.gate:
            return self._at_gate(node, heard)
        if isinstance(heard, Silence):
            return self._silence(node)
        return self._judged(node, heard)

    def _hears_speech(self, node: Node) -> bool:
        entry = self.flow.vocabulary.fields.get(node.word)
        return not self.state.gate and entry is not None and entry.hear is not None

    def _common_key(self, node: Node, keys: Keys) -> Callable[[], Result | None] | None:
        """Keys that mean the same everywhere: 0, 7, 9, an entry with `*`, a stray `#`."""
        if "*" in keys.digits:
            self.heard = EntryDiscarded()
            return lambda: self._ask_again(node, Said(DISCARDED))
        if not keys.digits and keys.finished:
            self.heard = StrayPound()
            if POUND in node.branches and not self.state.gate:
                return lambda: self._answered(node, POUND)
            return lambda: self._ask_again(node)
        common, key = self._common(), keys.digits[:1]
        # Nobody knows how often: "000" is 0 wherever it cannot be the number.
        alone = keys.digits == key or (set(keys.digits) == {key} and self._is_no_entry(node, keys))
        if key not in common or not alone:
            return None
        self.heard = KeyPressed(key)
        return lambda: common[key](node)

    def _common(self) -> Mapping[str, Callable[[Node], Result | None]]:
        """Return what the keys do that mean the same everywhere."""
        return {KEY_AGENT: self._agent, KEY_REPEAT: self._repeat, KEY_MORE_TIME: self._more_time}

    def _is_no_entry(self, node: Node, keys: Keys) -> bool:
        """Return whether several digits are asked for here and these cannot be the ones."""
        entry = self.flow.vocabulary.fields.get(node.word)
        if self.state.gate or entry is None or entry.num_digits == 1:
            return False
        return isinstance(entry.judge(keys.digits, {**self.state.slots, **self.state.secrets}, ()), NoMatch)

    def _repeat(self, node: Node) -> Result | None:
        """Say again, at a gate its piece, at a question everything since the caller's last answer."""
        if self.state.gate:
            return self._stop(*self.state.chunk)
        question = self._question(node, "again")  # in its short words where that spares a gate
        short = [*self.state.said[: -len(question)], *question]
        is_short = not self._is_one_piece(self.state.said) and self._is_one_piece(short)
        repeated = short if is_short else self.state.said
        self.state.pending.extend(repeated)
        for said in repeated:
            if said.prompt in self.state.evidence:
                self.state.evidence[said.prompt] = said._replace(pace=self.state.pace)
        return self._wait(node)

    def _more_time(self, node: Node) -> Result | None:
        """Change the pace, and ask again: 7 gives more time, then an operator's, then goes back."""
        if self.state.gate:  # this may be a digit of a number keyed ahead: nobody loses their time by it
            return self._stop(self._spoken(pace_prompt("relay"), "again"))
        self.state.failures = 0
        self._set_pace(self._next_pace())
        # The question was just heard, and what 7 does at the languages is told already.
        again = "again" if node.word == LANGUAGE or self.state.pace == "relay" else ""
        told = self._told(node, pace_prompt(self.state.pace))
        if not self._is_one_piece([*told, *self._question(node, again)]):
            told = self._told(node, pace_prompt(self.state.pace), "again")
        self.state.pending.extend(told)
        return self._ask_at_pace(node, again)

    def _next_pace(self) -> str:
        """Return the pace after this one, of those that this version of the line has words for."""
        pace = NEXT_PACE[self.state.pace]
        while pace_prompt(pace) in self.flow.unspoken:
            pace = NEXT_PACE[pace]
        return pace

    def _set_pace(self, pace: str) -> None:
        if self.state.pace == "relay":  # what gates have divided stays in its words
            self.state.held = [said._replace(pace="relay") for said in self.state.held]
            self.state.said = [
                said._replace(pace="relay") if said.piece >= 0 else said for said in self.state.said
            ]
        self.state.pace = pace
        self.state.slowest = max(self.state.slowest, pace, key=slowness)

    def _ask_at_pace(self, node: Node, attribute: str) -> Result | None:
        """Ask, or go on where the question is for another pace alone."""
        is_asked = node.only in {"", self.state.pace}
        return self._ask(node, attribute) if is_asked else self._answered(node, "next")

    def _agent(self, node: Node) -> Result | None:
        if self._within(AGENT_DIALOG, GIVE_UP_DIALOG, TIME_UP_DIALOG):
            return self._ask_again(node)  # an agent is being tried already
        self.state.frames.append(f"{node.path}!{'gate' if self.state.gate else ''}")
        told = {said.prompt for said in self.state.said}  # not errors, nor that nobody could be reached
        self.state.held = [said for said in (*self.state.chunk, *self.state.pending) if said.prompt in told]
        self.state.pending = []
        self.state.gate = False
        self._enter(AGENT_DIALOG)
        return None

    def _ask_again(self, node: Node, *before: Said) -> Result | None:
        """Ask once more without counting an error."""
        if self.state.gate:
            return self._stop(*before)
        self.state.pending.extend(before)
        return self._ask(node, self._taper() or ("again" if before else ""))

    def _at_gate(self, node: Node, heard: Keys | Speech | Silence) -> Result | None:
        """At a gate only 1 goes on; nothing counts, as an operator may be keying a number ahead."""
        if isinstance(heard, Silence):
            return self._renew(node, Said(GATE_GO_ON, "nudge"))
        digits = heard.digits if isinstance(heard, Keys) else ""
        if digits == "1":
            self.heard = KeyPressed(digits)
            return self._go_on(node)
        self.heard = _pressed(digits, NOT_A_CHOICE)
        return self._stop(self._spoken(nomatch_prompt(NOT_A_CHOICE)))

    def _go_on(self, node: Node) -> Result | None:
        """Say what is still pending at a node that was reached before it could all be said."""
        self._pass_gate()
        return self._speak(node) if node.kind == "end" else self._wait(node)

    def _silence(self, node: Node) -> Result | None:
        self.heard = NoInput()
        if self.state.pace == "relay":
            return self._renew(node, *self._told(node, node.prompts[0], "nudge"))
        if self.state.pace == "unhurried":
            return self._renew(node, *self._question(node, "again"))
        failed_before = self.state.failures
        if failed_before + 1 == FAILURES_MAX and node.branches.get("silence") == MORE_TIME:
            self.events.append(_branch_taken(node.path, "silence"))
            return self._more_time(node)
        return self._failed(node, *self._told(node, NOINPUT, "again" if failed_before else ""))

    def _renew(self, node: Node, *nudge: Said) -> Result | None:
        """To who has more time silence is never an error: the wait begins again, ten times."""
        self.heard = NoInput()
        self.state.renewals += 1
        if self.state.renewals > RENEWALS_MAX:
            return self._give_up(node)
        if self.state.gate:
            return self._stop(*nudge, go_on=())
        self.state.pending.extend(nudge)
        return self._wait(node)

    def _judged(self, node: Node, heard: Keys | Speech) -> Result | None:
        judged = self._judge(node, heard)
        if isinstance(judged, Meant):
            self.heard = SpeechHeard(judged.word)
            return self._common()[judged.key](node)
        self.heard = self._masked(node, heard, judged)
        if isinstance(judged, NoMatch):
            self.events.append(EntryRefused(node.path, judged.reason))
            self.state.reasons.append(judged.reason)
            after = self._failed if judged.counted else self._ask_again
            return after(node, *self._why(node, judged.reason))
        for slot, value in judged.slots.items():
            self._fill(slot, value)
        return self._answered(node, judged.result or "next")

    def _answered(self, node: Node, label: str) -> Result | None:
        """Go on from a question that has its answer."""
        self._settle()
        if node.branches.get(label) not in {REPEAT, AGENT}:  # these come back to the same question
            self.state.said = []
        return self._follow(node, label)

    def _judge(self, node: Node, heard: Keys | Speech) -> Match | NoMatch | Meant:
        fields = self.flow.vocabulary.fields
        if isinstance(heard, Speech):
            # Else the speech was not asked for.
            hear = cast("Hearing", fields[node.word].hear)
            return hear(heard.words, heard.confidence, self.state.language, self.state.pace)
        if node.word in {MENU, LANGUAGE, GATE}:
            return self._choice(node, heard.digits)
        slots = {**self.state.slots, **self.state.secrets}
        reasons = tuple(self.state.reasons)
        return fields[node.word].verdict(heard.digits, slots, reasons, finished=heard.finished)

    def _choice(self, node: Node, key: str) -> Match | NoMatch:
        if node.word == LANGUAGE:
            language = self.flow.vocabulary.language_keys.get(key, "")
            if language not in self.flow.languages:
                return NoMatch(NOT_A_CHOICE)
            self.state.language = language
            return Match()
        if node.word == GATE:
            return Match() if key == "1" else NoMatch(NOT_A_CHOICE)
        return Match(result=key) if key in node.branches and key.isdigit() else NoMatch(NOT_A_CHOICE)

    def _masked(self, node: Node, heard: Keys | Speech, judged: Match | NoMatch) -> Heard:
        """Return what may be kept of an entry: its verdict, but digits only of a menu's one key."""
        reason = judged.reason if isinstance(judged, NoMatch) else ""
        if isinstance(heard, Speech):
            return SpeechHeard(judged.result if isinstance(judged, Match) else reason)
        entry = self.flow.vocabulary.fields.get(node.word)
        if reason and entry is not None and entry.hear is not None and entry.num_digits == 1:
            return SeveralKeysPressed(reason)  # one by one a number may be keyed here: none is kept
        if entry is None or (entry.num_digits == 1 and not entry.secret):
            return _pressed(heard.digits, reason)
        return DigitsKeyed(len(heard.digits), heard.finished, reason)

    def _why(self, node: Node, reason: str) -> Iterator[Said]:
        """Say why an entry did not fit, unless this version of the line is older than the reason."""
        prompt = nomatch_prompt(reason)
        if prompt not in self.flow.unspoken:
            yield from self._told(node, prompt)

    def _failed(self, node: Node, *why: Said) -> Result | None:
        """Count a noinput or nomatch; the third leads to an agent."""
        self.state.failures += 1
        return self._give_up(node) if self.state.failures >= FAILURES_MAX else self._ask_again(node, *why)

    def _taper(self) -> str:
        return ("", "again", "last")[min(self.state.failures, 2)]

    def _give_up(self, node: Node) -> Result | None:
        """Go where a question's own failures lead; else tell what came of the call, and to an agent."""
        if node.kind == "collect" and EXHAUSTED in node.branches:
            if self.state.gate:
                self.state.pending = self._must_be_heard()
            self.state.said = []
            self._settle()
            return self._follow(node, EXHAUSTED)
        self.events.append(_branch_taken(node.path, GIVE_UP))
        last = self._within(GIVE_UP_DIALOG, TIME_UP_DIALOG)
        reason = [] if self.state.gate else self.state.pending  # what the flow itself said of giving up
        self._leave_everything()
        self.state.pending = reason or self.state.pending
        if last:
            return self._goodbye()
        self._enter(GIVE_UP_DIALOG)
        return None

    def _leave_everything(self) -> None:
        """Forget where the call was; what must be heard to its end, a confirmation number, is still said.

        Terms are not: nobody is asked to agree to them any more.
        """
        self.state.pending = self._must_be_heard()
        self.state.frames, self.state.held, self.state.said = [], [], []
        self._settle()

    def _must_be_heard(self) -> list[Said]:
        return [
            said
            for said in (*self.state.pending, *self.state.held)
            if not said.barge_in and said.prompt not in self.state.evidence
        ]

    def _settle(self) -> None:
        """Forget the trouble of the question that is now answered."""
        self.state.failures = 0
        self.state.reasons = []
        self._pass_gate()

    def _pass_gate(self) -> None:
        """Leave a gate; the trouble of the question around it stays."""
        self.state.renewals = 0
        self.state.chunk = []
        self.state.gate = False

    # Moving through the nodes.

    def _follow(self, node: Node, label: str) -> Result | None:
        target = node.branches.get(label)
        if target is None:
            raise DialogError(f"no branch for {label}", node.path)
        self.events.append(_branch_taken(node.path, label))
        return self._go(node, target)

    def _go(self, node: Node, target: str) -> Result | None:
        if not target.startswith(ENGINE_WORD):
            self.state.node = f"{node.dialog}/{target}"
            return None
        word, _, result = target.partition(".")
        if word == RETURN:
            return self._return(result or "next")
        if word == GIVE_UP:
            return self._give_up(node)
        if word == AGENT:
            return self._agent(node)
        if word == REPEAT:
            return self._repeat(node)
        if word == LEAVE:
            self._leave_everything()
            self.state.said = list(self.state.pending)  # 9 repeats that too
            self.state.node = f"{MAIN}/{result}"
            return None
        self.state.node = f"{node.dialog}/{target}"
        return None

    def _return(self, result: str) -> Result | None:
        if not self.state.frames:
            raise DialogError("returned from the first dialog", self.state.node)
        path, interrupted, where = self.state.frames.pop().partition("!")
        node = self.flow.nodes[path]
        self.state.node = path
        return self._resumed(node, where) if interrupted else self._follow(node, result)

    def _called_back(self, keys: Keys) -> Result | None:
        """Take keys that came before the agent was called: more than noughts were no 0, but a number."""
        while "!" not in self.state.frames[-1]:
            self.state.frames.pop()
        if set(keys.digits) <= {KEY_AGENT}:
            self._enter(AGENT_DIALOG)
            return None
        return self._return("next")

    @property
    def _interrupted(self) -> bool:
        """Whether there is a question that 0 was pressed at."""
        return any("!" in frame for frame in self.state.frames)

    def _resumed(self, node: Node, where: str) -> Result | None:
        """Go on at a question or a gate that was interrupted."""
        if where != "gate":
            return self._ask(node, self._taper() or "again")  # it was just heard
        self.state.pending.extend(self.state.held)
        self.state.held = []
        return self._go_on(node)

    def _within(self, *dialogs: str) -> bool:
        """Return whether one of `dialogs` is running, itself or through what it called."""
        running = (self.state.node, *self.state.frames)
        return any(path.partition("/")[0] in dialogs for path in running)

    def _enter(self, dialog: str) -> None:
        self.state.node = f"{dialog}/{self.flow.dialogs[dialog].start}"

    def _advance(self) -> Result:
        for _ in range(NODES_MAX):
            node = self.flow.nodes[self.state.node]
            result = self._arrive(node)
            if result is not None:
                return result
        raise DialogError(f"{NODES_MAX} nodes without a wait", self.state.node)

    def _arrive(self, node: Node) -> Result | None:
        match node.kind:
            case "say":
                return self._say(node)
            case "collect":
                return self._arrive_at_question(node)
            case "action":
                return Ask(node.word, self._given(node))
            case "set":
                if node.only in {"", self.state.pace}:
                    self._set(node)
                return self._follow(node, "next")
            case "call":
                self.events.append(_branch_taken(node.path, CALLED))
                self.state.frames.append(node.path)
                self._enter(node.word)
                return None
            case "transfer":
                return self._wait(node)
            case _:
                self.state.pending.extend(self._spoken(prompt) for prompt in node.prompts)
                self.events.append(_branch_taken(node.path, node.word))
                return self._speak(node)

    def _set(self, node: Node) -> None:
        for slot, value in self._given(node).items():
            if slot == "pace":
                self._set_pace(value)
            else:
                self._fill(slot, value)

    def _given(self, node: Node) -> Mapping[str, str]:
        """Return a node's arguments. Those of its dialog stand in the nodes that called it."""
        arguments: Mapping[str, str] = {}
        for frame in self.state.frames if node.takes_arguments else ():
            arguments = self.flow.nodes[frame.partition("!")[0]].given(arguments)
        return node.given(arguments)

    def _goodbye(self) -> End:
        """End where no flow leads any further."""
        self._leave_everything()
        return self._ended((*self.state.pending, self._spoken(GOODBYE)), "goodbye")

    def _ended(self, prompts: tuple[Said, ...], manner: str) -> End:
        self.state.pending, self.state.said, self.state.secrets = [], [], {}
        return End(prompts, manner)

    # Speaking and waiting.

    def _spoken(self, prompt: str, attribute: str = "", *, barge_in: bool = True) -> Said:
        sealed = self.flow.vocabulary.is_sealed
        values = {
            slot: STANDS_FOR_SEALED if sealed(slot) else self.state.slots[slot]
            for slot in self.flow.variables[prompt]
        }
        return Said(prompt, attribute, -1, "", values, barge_in)

    def _say(self, node: Node) -> Result | None:
        if node.only in {"", self.state.pace}:
            said = self._spoken(node.prompts[0], barge_in=node.barge_in)
            if node.evidence:
                self.state.evidence[said.prompt] = said._replace(pace=self.state.pace)
            self.state.pending.append(said)
            if not self._within(AGENT_DIALOG):  # 9 does not tell again that nobody could be reached
                self.state.said.append(said)
        return self._follow(node, "next")

    def _arrive_at_question(self, node: Node) -> Result | None:
        only_one_language = node.word == LANGUAGE and len(self.flow.languages) == 1
        if only_one_language or node.only not in {"", self.state.pace}:
            return self._follow(node, "next")
        self.state.said.extend(self._question(node, ""))
        return self._ask(node, "again" if self._led_back else "")

    def _question(self, node: Node, attribute: str) -> list[Said]:
        return self._told(node, node.prompts[0], attribute)

    def _told(self, node: Node, prompt: str, attribute: str = "") -> list[Said]:
        """Return a prompt as it is said at a node: in every language until one is chosen."""
        said = self._spoken(prompt, attribute)
        if node.word == LANGUAGE:
            return [said._replace(language=tag) for tag in self.flow.languages]
        return [said]

    def _ask(self, node: Node, attribute: str = "") -> Result | None:
        question = self._question(node, attribute)
        if node.evidence:
            self.state.evidence[node.prompts[0]] = question[0]._replace(pace=self.state.pace)
        self.state.pending.extend(question)
        return self._wait(node)

    def _wait(self, node: Node) -> Result | None:
        """Say what is pending and wait, for the caller or for the agent called."""
        return self._within_limits(lambda: self._speak(node))

    def _stop(self, *before: Said, go_on: tuple[str, ...] = (GATE_GO_ON,)) -> Result | None:
        """Stop at a gate, again or for the first time; what is pending stays so until 1 is pressed."""
        prompts = (*before, *map(self._spoken, go_on))
        return self._within_limits(lambda: Wait(prompts, GATE_LISTEN))

    def _within_limits(self, wait: Callable[[], Result]) -> Result | None:
        """Wait, unless the call has used up its turns or its time: then say so and end it."""
        turns_left = TURNS_MAX[self.state.slowest] - self.state.turns
        if turns_left <= -LAST_TURNS_MAX:
            return self._goodbye()
        too_long = turns_left <= 0 or self._elapsed_seconds >= CALL_SECONDS_MAX[self.state.slowest]
        if too_long and not self._within(GIVE_UP_DIALOG, TIME_UP_DIALOG):
            self.events.append(_branch_taken(self.state.node, TOO_LONG))
            self._leave_everything()
            self._enter(TIME_UP_DIALOG)
            return None
        return self._unsealed(wait())

    def _unsealed(self, result: Result) -> Result:
        """Put what is kept sealed and spelled back into what is said now, and nowhere else."""
        if not isinstance(result, Wait) or not self.state.secrets:
            return result
        spelled = {
            slot: value
            for slot, value in self.state.secrets.items()
            if not self.flow.vocabulary.is_secret(slot)
        }
        if not spelled:
            return result
        prompts = tuple(
            said._replace(values=said.values | {slot: spelled[slot] for slot in said.values.keys() & spelled})
            if said.values.keys() & spelled
            else said
            for said in result.prompts
        )
        return replace(result, prompts=prompts)

    def _speak(self, node: Node) -> Result:
        """Say what is pending: all of it, or in relay pace as much as an operator can carry."""
        now, later = self._carried()
        self.state.pending = later
        if later:
            self.state.gate, self.state.chunk = True, now
            return Wait((*now, self._spoken(GATE_GO_ON)), GATE_LISTEN)
        if node.kind == "end":
            return self._ended(tuple(now), node.word)
        if node.kind == "transfer":
            early = Listen(EARLY_SECONDS[self.state.pace], must_answer=False)
            return Wait(tuple(now), None, early if self._interrupted else None)
        return Wait(tuple(now), self._listen(node))

    def _is_one_piece(self, pending: list[Said]) -> bool:
        """Return whether all of it is said before a key is possible: outside relay pace it always is."""
        if self.state.pace != "relay":
            return True
        pieces = pieces_of(pending, self.state.language, self.flow.prompts)
        return last_carried(pieces) == len(pieces)

    def _carried(self) -> tuple[list[Said], list[Said]]:
        """Divide what is pending into what is said now and what comes after a gate."""
        if self.state.pace != "relay":
            return self.state.pending, []
        pieces = pieces_of(self.state.pending, self.state.language, self.flow.prompts)
        last = last_carried(pieces)
        return [said for said, _ in pieces[:last]], [said for said, _ in pieces[last:]]

    def _listen(self, node: Node) -> Listen:
        timeouts = TIMEOUT_SECONDS[self.state.pace]
        if node.word in {MENU, LANGUAGE, GATE}:
            return _listen(timeouts[node.waiting or "menu"], num_digits=1)
        entry: Field = self.flow.vocabulary.fields[node.word]
        hints = entry.hints.get(self.state.language, "")
        seconds = timeouts[node.waiting or entry.waiting]
        return _listen(seconds, entry.num_digits, speech=entry.hear is not None, hints=hints)


def pieces_of(pending: Iterable[Said], language: str, prompts: Prompts) -> list[tuple[Said, int]]:
    """Return the pieces of what is to be said in relay pace, each with its words at worst."""
    return [piece for said in pending for piece in _pieces(said, said.language or language, prompts)]


def _pieces(said: Said, language: str, prompts: Prompts) -> list[tuple[Said, int]]:
    words = prompts.pieces(said.prompt, said.attribute or None, language, "relay")
    if said.piece >= 0:
        return [(said, words[said.piece])]
    if len(words) == 1:
        return [(said, words[0])]
    return [(said._replace(piece=piece), count) for piece, count in enumerate(words)]


def last_carried(pieces: Sequence[tuple[Said, int]]) -> int:
    """Return how many pieces an operator can carry at once: one, and more up to `RELAY_WORDS_MAX` words."""
    total = 0
    for index, (_, words) in enumerate(pieces):
        total += words
        if index and total > RELAY_WORDS_MAX:
            return index
    return len(pieces)


def _pressed(digits: str, reason: str) -> KeyPressed | SeveralKeysPressed:
    return KeyPressed(digits, reason) if len(digits) == 1 else SeveralKeysPressed(reason)

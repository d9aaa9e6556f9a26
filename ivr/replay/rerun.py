"""Runs a recorded call again on any version of the line: the pure engine with the recorded outcomes.

No database, no network, no waiting. What the caller keyed is made up in the recorded shape and really judged;
what the domain answered is answered again, action by action; the caller thinks as long as then. Where the
flow asks something that the recording never answered, the run stops there: nobody knows what would follow.

Where another version has everything the same that a run looked at (`ivr.replay.alike`), the call goes the
same way there, and only what is said is said anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from ivr.base.clock import EASTERN
from ivr.calls.history import Asked, Recipe, RecordedTurn
from ivr.calls.notation import write_event, write_heard
from ivr.dialog.definition import GATE, GATE_PREFIX, KEY_AGENT, KEY_MORE_TIME, Node
from ivr.dialog.engine import (
    CALL_SECONDS_MAX,
    Ask,
    DialogError,
    End,
    Input,
    Keys,
    Outcome,
    Start,
    Wait,
    initial_state,
)
from ivr.dialog.events import Event, Heard, KeyPressed, LineFailed, TransferReported
from ivr.dialog.flow import Flow
from ivr.dialog.state import Said, State
from ivr.dialog.turn import Turn
from ivr.dialog.vocabulary import AUTHORIZED
from ivr.languages.language import RELAY_PAUSE_SECONDS
from ivr.replay.alike import Alike, LookedUp, NotingFlow
from ivr.replay.synthetic import SyntheticValues, UnknownShapeError, input_for
from ivr.speech.catalog import SpeechError
from ivr.topics.line import Line
from ivr.topics.sentences import sentences

GATES_MAX: Final = 50  # passed in a row without anybody having pressed a key
GATE_KEY_SECONDS: Final = 1.0
GATE_PASSED: Final = -1
HANGUP: Final = "hangup"
LINE_ENDS: Final = frozenset({"goodbye", "agent"})  # otherwise the caller went away, or something broke
# What a caller who presses it means wherever it is: a person, more time.
_MEANT_ANYWHERE: Final = frozenset({KeyPressed(KEY_AGENT), KeyPressed(KEY_MORE_TIME)})


class SpokenPrompt(NamedTuple):
    """One prompt as a caller hears it.

    `label` is the prompt as call files name it, `sha256` the hash of its wording's source (the one for this
    language and pace); `words` are its sentences, filled in; `seconds` is how long they take, an estimate.
    """

    label: str
    language: str
    pace: str
    sha256: str
    words: tuple[str, ...]
    seconds: float
    barge_in: bool


class RunTurn(NamedTuple):
    """One turn of a run.

    `seq` is the recorded turn whose input it took, None where a gate was passed that was not there then.
    `caller` is what was keyed or said, made up; `heard` what the engine made of it. `seconds` pass from its
    first word to the caller's next input.
    """

    seq: int | None
    caller: Input
    heard: Heard
    events: tuple[Event, ...]
    node: str
    gate: bool
    prompts: tuple[SpokenPrompt, ...]
    seconds: float


class RunPayment(NamedTuple):
    """A payment that was authorized, after the recorded turn `seq` was taken.

    The amount is made up, the same wherever the flow takes it from.
    """

    plan: str
    amount_cents: int
    account_type: str
    seq: int


class Saying(NamedTuple):
    """What a turn had to say, in the call's language and pace, and which scripted input answered it.

    `answer` is that input's place, `GATE_PASSED` where a gate was passed without one, None at the end.
    """

    prompts: tuple[Said, ...]
    language: str
    pace: str
    answer: int | None


@dataclass(frozen=True, slots=True)
class Trace:
    """What a run depended on: what it looked up in its flow, and what each turn said."""

    looked_up: LookedUp
    sayings: tuple[Saying, ...]


@dataclass(frozen=True, slots=True)
class Rerun:
    """What became of a recorded call on one version of the line.

    `end` is goodbye, agent or hangup; None when it did not come to its end: `failure` says what broke, or
    `stopped` what was asked (at `stopped_at`) that the recording never answered.
    """

    turns: tuple[RunTurn, ...]
    end: str | None
    payments: tuple[RunPayment, ...]
    failure: str = ""
    stopped: str = ""
    stopped_at: str = ""
    trace: Trace | None = field(default=None, compare=False, repr=False)

    @property
    def seconds(self) -> float:
        """The call's length, an estimate."""
        return sum(turn.seconds for turn in self.turns)

    @property
    def last_seq(self) -> int:
        """The newest recorded turn whose input was taken."""
        return max((turn.seq for turn in self.turns if turn.seq is not None), default=0)

    @property
    def events(self) -> Iterator[Event]:
        """Everything that happened in the call."""
        return (event for turn in self.turns for event in turn.events)


class ScriptedInput(NamedTuple):
    """One recorded input and the question it answered.

    `heard` is None where the caller hangs up, the end of somebody's patience rather than an input. `question`
    is what that node asked: its field or `menu`, and its prompt. `gap_seconds` passed from the
    reply before to this input; `speech_seconds` of it are the line's own words, None while that is not known.
    """

    seq: int
    heard: Heard | None
    node: str
    question: tuple[str, str]
    gate: bool
    asked: tuple[Asked, ...]
    gap_seconds: float
    speech_seconds: float | None = None


_ArgsKey = tuple[str, tuple[tuple[str, str], ...]]


@dataclass(frozen=True, slots=True)
class Script:
    """A recipe made ready to run: the inputs with their questions, and the answers of the domain.

    A call that broke before its first answer has no inputs, not even a caller who hangs up.
    """

    recipe: Recipe
    inputs: tuple[ScriptedInput, ...]
    answers: Mapping[_ArgsKey, Sequence[Asked]]

    @classmethod
    def of(cls, recipe: Recipe, flow: Flow) -> Script:
        """Make a recipe ready; `flow` is the version it was recorded on.

        Raises `UnknownShapeError` for a recording that cannot be of this version.
        """
        turns = recipe.turns
        if not turns or turns[0].seq:
            raise UnknownShapeError("it has no first turn")
        inputs: list[ScriptedInput] = []
        answers: dict[_ArgsKey, list[Asked]] = {}
        sound = _sound(turns)
        for index, turn in enumerate(sound):
            if index:
                gap_seconds = (turn.at - sound[index - 1].at).total_seconds()
                asking = _asking(flow, sound[index - 1])
                inputs.append(ScriptedInput(turn.seq, turn.heard, *asking, turn.asked, gap_seconds))
            for asked in turn.asked:
                answers.setdefault((asked.action, tuple(sorted(asked.args.items()))), []).append(asked)
        if not sound:
            return cls(recipe, (), {})
        last = sound[-1]
        if len(sound) < len(turns) or recipe.end not in LINE_ENDS:
            inputs.append(ScriptedInput(last.seq + 1, None, *_asking(flow, last), (), 0.0))
        return cls(recipe, tuple(inputs), answers)

    def timed(self, run: Rerun) -> Script:
        """Add how long the line's own words took then; `run` is the recipe's on the recorded version."""
        speech = [sum(spoken.seconds for spoken in turn.prompts) for turn in run.turns]
        inputs = tuple(
            each._replace(speech_seconds=speech[index]) if index < len(speech) else each
            for index, each in enumerate(self.inputs)
        )
        return Script(self.recipe, inputs, self.answers)


def _asking(flow: Flow, turn: RecordedTurn) -> tuple[str, tuple[str, str], bool]:
    """Return the node that a recorded turn left off at, what it asked, and whether that was a gate."""
    node = flow.nodes.get(turn.node)
    if node is None:
        raise UnknownShapeError(f"its flow has no node {turn.node}")
    return turn.node, question_of(node), bool(turn.prompts) and turn.prompts[-1].startswith(GATE_PREFIX)


def _sound(turns: Iterable[RecordedTurn]) -> list[RecordedTurn]:
    """Return the turns until the line failed, if it did."""
    return list(takewhile(lambda turn: not isinstance(turn.heard, LineFailed), turns))


def question_of(node: Node) -> tuple[str, str]:
    """Return what a node asks: its field or `menu`, and the prompt it asks with."""
    return node.word, node.prompts[0] if node.prompts else ""


class _StoppedError(Exception):
    """The flow asks what the recording never answered."""

    def __init__(self, node: str, what: str) -> None:
        super().__init__(what)
        self.node = node


class CallRerunner:
    """Runs recipes on one line; what it has spoken once it remembers."""

    def __init__(self, line: Line, zone: ZoneInfo = EASTERN) -> None:
        self.line = line
        self.zone = zone
        self.noting = NotingFlow(line.flow)
        self._spoken: dict[tuple[object, ...], SpokenPrompt] = {}
        self._alike: dict[CallRerunner, Alike] = {}

    def run(self, script: Script) -> Rerun:
        """Run one recipe, to its end or as far as anybody can know."""
        if not script.inputs:
            return Rerun((), HANGUP, ())
        self.noting.forget()
        return _Rerunning(self, script).run()

    def run_like(self, script: Script, known: Rerun, on: CallRerunner) -> Rerun:
        """Run a recipe of which `known` came on another line: as `run` does, and quicker where it can be."""
        alike = self._alike.get(on)
        if alike is None:
            alike = self._alike[on] = Alike(on.line.flow, self.line.flow)
        if known.end is None or known.trace is None or not alike.holds(known.trace.looked_up):
            return self.run(script)
        try:
            turns = self._said_anew(script, known.turns, known.trace.sayings)
        except SpeechError:
            turns = None
        return self.run(script) if turns is None else replace(known, turns=turns)

    def _said_anew(
        self, script: Script, turns: Sequence[RunTurn], sayings: Sequence[Saying]
    ) -> tuple[RunTurn, ...] | None:
        """Say again what was said on another line; None where the call is too long on one line alone."""
        anew = []
        elapsed_then = elapsed_seconds = 0.0
        for turn, saying in zip(turns, sayings, strict=True):
            if any((elapsed_then >= most) != (elapsed_seconds >= most) for most in CALL_SECONDS_MAX.values()):
                return None
            prompts, seconds = self.say(saying.prompts, saying.language, saying.pace)
            seconds = _answered(script, saying.answer, seconds)
            elapsed_then += turn.seconds
            elapsed_seconds += seconds
            same = prompts == turn.prompts and seconds == turn.seconds
            anew.append(turn if same else turn._replace(prompts=prompts, seconds=seconds))
        return tuple(anew)

    def say(
        self, prompts: Iterable[Said], language: str, pace: str
    ) -> tuple[tuple[SpokenPrompt, ...], float]:
        """Say what a turn has to say; return that, and the seconds it takes. Raises `SpeechError`."""
        spoken = tuple([self.speak(said, language, pace) for said in prompts])
        return spoken, sum([each.seconds for each in spoken])

    def speak(self, said: Said, language: str, pace: str) -> SpokenPrompt:
        """Say a prompt as a caller hears it. Raises `SpeechError`."""
        key = (
            said.prompt,
            said.attribute,
            said.piece,
            said.language,
            language,
            said.pace or pace,
            pace,
            said.barge_in,
            *said.values.values(),
        )
        spoken = self._spoken.get(key)
        if spoken is None:
            spoken = self._spoken[key] = self._say(said, language, pace)
        return spoken

    def _say(self, said: Said, language: str, pace: str) -> SpokenPrompt:
        line, tag = self.line, said.language or language
        spoken = sentences(line.catalog, line.flow.vocabulary.slots, said, language, pace)
        sha256 = line.catalog.sha256(said.prompt, said.attribute or None, tag, said.pace or pace)
        seconds = sum(sentence.seconds for sentence in spoken)
        if pace == "relay":
            seconds += RELAY_PAUSE_SECONDS * len(spoken)
        words = tuple(sentence.text for sentence in spoken)
        return SpokenPrompt(said.label, tag, said.pace or pace, sha256, words, seconds, said.barge_in)


@dataclass(slots=True)
class _Turn:
    """A turn in progress."""

    seq: int | None
    caller: Input
    taken: Turn
    gate: bool = False
    prompts: tuple[SpokenPrompt, ...] = ()
    seconds: float = 0.0

    def finished(self) -> RunTurn:
        taken = self.taken
        return RunTurn(
            self.seq,
            self.caller,
            taken.heard,
            tuple(taken.events),
            taken.node,
            self.gate,
            self.prompts,
            self.seconds,
        )


@dataclass(slots=True)
class _Rerunning:
    """One run in progress."""

    runner: CallRerunner
    script: Script
    flow: Flow = field(init=False)
    values: SyntheticValues = field(init=False)
    state: State = field(init=False)
    turns: list[RunTurn] = field(default_factory=list)
    turn: _Turn | None = None
    last_seq: int = 0
    payments: list[RunPayment] = field(default_factory=list)
    answered: dict[_ArgsKey, int] = field(default_factory=dict)
    next_input: int = 0
    gates_passed: int = 0
    elapsed_seconds: float = 0.0
    sayings: list[Saying] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.flow = self.runner.noting.flow
        started_at = self.script.recipe.started_at.astimezone(self.runner.zone)
        self.values = SyntheticValues(self.flow.vocabulary, started_at)
        self.state = initial_state(self.flow, self.values.given())

    def run(self) -> Rerun:
        try:
            return self._ended(self._play())
        except _StoppedError as stopped:
            return self._ended(None, stopped=str(stopped), stopped_at=stopped.node)
        except (DialogError, SpeechError, UnknownShapeError) as error:
            return self._ended(None, failure=str(error))

    def _ended(self, end: str | None, *, failure: str = "", stopped: str = "", stopped_at: str = "") -> Rerun:
        if self.turn is not None:
            self.turns.append(self.turn.finished())
        return Rerun(
            tuple(self.turns),
            end,
            tuple(self.payments),
            failure,
            stopped,
            stopped_at,
            Trace(self.runner.noting.noted(), tuple(self.sayings)),
        )

    def _play(self) -> str:
        """Take turn after turn; return how the call ended."""
        inputs = self.script.inputs
        turn, result = self._take(0, Start())
        while isinstance(result, Wait):
            place = self._next(result, at_gate=turn.gate)
            seq: int | None = None
            caller: Input = Keys("1")
            if place != GATE_PASSED:
                scripted = inputs[place]
                if scripted.heard is None:
                    break
                seq = scripted.seq
                caller = input_for(self.flow, self.state, scripted.heard, scripted.asked)
            turn.seconds = _answered(self.script, place, turn.seconds)
            self.elapsed_seconds += turn.seconds
            self._note(result, place)
            self.turns.append(turn.finished())
            self.turn = None
            turn, result = self._take(seq, caller)
        self._note(result, None)
        return HANGUP if isinstance(result, Wait) else result.manner

    def _note(self, result: Wait | End, answer: int | None) -> None:
        self.sayings.append(Saying(result.prompts, self.state.language, self.state.pace, answer))

    def _take(self, seq: int | None, caller: Input) -> tuple[_Turn, Wait | End]:
        """Take one turn, with all that is asked of the domain on the way."""
        taken = Turn(self.flow, self.state, caller, self.elapsed_seconds)
        self.turn = turn = _Turn(seq, caller, taken)
        self.last_seq = seq or self.last_seq
        result = taken.run(self._answer)
        self.state = state = taken.state
        turn.prompts, turn.seconds = self.runner.say(result.prompts, state.language, state.pace)
        waiting = isinstance(result, Wait)
        turn.gate = state.gate or (waiting and self.flow.nodes[state.node].word == GATE)
        return turn, result

    def _answer(self, ask: Ask, state: State) -> Outcome:
        """Answer as the domain did then: the same action with the same arguments, one time after the other.

        What is asked more often than it was then is answered as it was last.
        """
        key = ask.action, tuple(sorted(ask.args.items())) if ask.args else ()
        recorded = self.script.answers.get(key)
        if recorded is None:
            return self._worked_out(ask, state)
        index = self.answered.get(key, 0)
        self.answered[key] = index + 1
        asked = recorded[min(index, len(recorded) - 1)]
        action = self.flow.vocabulary.actions[ask.action]
        if asked.outcome not in action.outcomes:
            raise _StoppedError(state.node, f"{ask.action} no longer answers {asked.outcome}")
        if action.consent is not None and asked.outcome == AUTHORIZED:
            slots = state.slots
            what = str(slots["plan"]), int(slots["amount"]), str(slots["account_type"])
            self.payments.append(RunPayment(*what, self.last_seq))
        return self._filled(ask, state, asked.outcome, asked.slots)

    def _filled(self, ask: Ask, state: State, outcome: str, shapes: Mapping[str, str]) -> Outcome:
        try:
            return Outcome(outcome, self.values.fill(ask.action, ask.args, outcome, shapes, state))
        except KeyError as missing:
            raise _too_early(ask, state, missing) from None

    def _worked_out(self, ask: Ask, state: State) -> Outcome:
        """Answer what follows from the call itself, so that it need not have been recorded."""
        action = self.flow.vocabulary.actions[ask.action]
        # What needs no value looks only at what was filled, which the call has as it had it then.
        if action.answer is not None and (len(action.outcomes) == 1 or not action.needs):
            try:
                outcome, _ = action.answer({**state.slots, **state.secrets}, ask.args)
            except KeyError as missing:
                raise _too_early(ask, state, missing) from None
            return self._filled(ask, state, outcome, {})
        args = "".join(f" {name}={value}" for name, value in ask.args.items())
        raise _StoppedError(state.node, f"{ask.action}{args} was never answered")

    # Which recorded input answers what is asked now.

    def _next(self, wait: Wait, *, at_gate: bool) -> int:
        """Return the place of the recorded input that answers this question, `GATE_PASSED` for a gate."""
        inputs = self.script.inputs
        node = self.flow.nodes[self.state.node]
        if at_gate:
            here = inputs[self.next_input] if self.next_input < len(inputs) else None
            if here is not None and here.gate:
                self.next_input += 1
                return self.next_input - 1
            self.gates_passed += 1
            if self.gates_passed > GATES_MAX:
                raise DialogError(f"{GATES_MAX} gates in a row", node.path)
            return GATE_PASSED
        self.gates_passed = 0
        transferring = wait.listen is None
        for index in range(self.next_input, len(inputs)):
            each = inputs[index]
            if each.gate and each.heard is not None and each.heard not in _MEANT_ANYWHERE:
                continue
            if self._answers(each, node, transferring=transferring):
                self.next_input = index + 1
                return index
        raise _StoppedError(node.path, f"{node.path} asks what was never answered")

    def _answers(self, scripted: ScriptedInput, node: Node, *, transferring: bool) -> bool:
        """Return whether an input was an answer to what this node asks.

        It was when its node had the same name and asked for the same kind of thing, or asked for it with the
        same prompt under a name that is gone.
        """
        transferred = isinstance(scripted.heard, TransferReported)
        if transferring or transferred:
            return transferring and (transferred or scripted.node == node.path)
        word, prompt = question_of(node)
        if scripted.node == node.path:
            return scripted.question[0] == word
        return scripted.question == (word, prompt) and not self.runner.noting.has_node(scripted.node)


def _too_early(ask: Ask, state: State, missing: KeyError) -> DialogError:
    return DialogError(f"{ask.action} before there is any {missing.args[0]}", state.node)


def _answered(script: Script, answer: int | None, speech: float) -> float:
    """Return the time from a turn's first word to its answer, when the words take `speech` seconds now.

    A caller who interrupted the line does so again; one who heard it out thinks as long after it. `answer` is
    as in `Saying`.
    """
    if answer is None:
        return speech
    if answer == GATE_PASSED:
        return speech + GATE_KEY_SECONDS
    gap, then = script.inputs[answer].gap_seconds, script.inputs[answer].speech_seconds
    return gap if then is None or gap < then else gap + (speech - then)


def disagreement(recipe: Recipe, run: Rerun) -> str:
    """Tell where a run on the recorded version goes another way than was recorded; empty when it does not.

    The recording is wrong then, or the line does not only depend on what is recorded.
    """
    recorded = _sound(recipe.turns)
    for turn, again in zip(recorded, run.turns, strict=False):
        labels = tuple(spoken.label for spoken in again.prompts)
        for what, then, now in (
            ("the caller's input", turn.heard, again.heard),
            ("the node", turn.node, again.node),
            ("the way", turn.events, again.events),
            ("what is said", turn.prompts, labels),
        ):
            if then != now:
                reason = run.failure if again is run.turns[-1] else ""
                return f"turn {turn.seq}: {what} was {_text(then)} and is {reason or _text(now)}"
    if len(run.turns) != len(recorded):
        return f"{len(recorded)} turns were recorded, {len(run.turns)} run: {run.failure or run.stopped}"
    whole = len(recorded) == len(recipe.turns)
    end = recipe.end if whole and recipe.end in LINE_ENDS else HANGUP
    return "" if run.end == end else f"it ended {end}, and ends {run.end or run.stopped or run.failure}"


def _text(value: str | Heard | tuple[str | Event, ...]) -> str:
    if isinstance(value, tuple):
        text = ", ".join(each if isinstance(each, str) else write_event(each) for each in value)
    else:
        text = value if isinstance(value, str) else write_heard(value)
    return text or "nothing"

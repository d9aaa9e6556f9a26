"""Runs a recorded call again on any version of the line: the pure engine with the recorded outcomes.

No database, no network, no waiting. What the caller keyed is made up in the recorded shape and really judged;
what the domain answered is answered again, action by action; the caller thinks as long as then. Where the
flow asks something that the recording never answered, the run stops there: nobody knows what would follow.

Calls are much alike: as far as a call has gone the same way as one before it, in the same hour, with the same
answers, it is not run again. Where another version has everything the same that a run looked at
(`ivr.replay.alike`), the call goes the same way there, and only what is said is said anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
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
from ivr.replay.synthetic import SyntheticValues, ToldBills, UnknownShapeError, hour_of, input_for
from ivr.speech.catalog import SpeechError
from ivr.topics.line import Line
from ivr.topics.sentences import sentences

BEGINNINGS_MAX: Final = 2000  # that are remembered: some thousand bytes each
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
    """What a turn had to say, in the call's language and pace."""

    prompts: tuple[Said, ...]
    language: str
    pace: str


@dataclass(frozen=True, slots=True)
class Trace:
    """What a run depended on: what it looked up in its flow, what each turn said and which input answered it.

    An answer is the place of that scripted input, `GATE_PASSED` where a gate was passed without one, None at
    the end.
    """

    looked_up: LookedUp
    sayings: tuple[Saying, ...]
    answers: tuple[int | None, ...]


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
        self._beginnings = _Beginnings()
        self._said: dict[int, tuple[Saying, tuple[SpokenPrompt, ...], float]] = {}  # by the saying's id

    def run(self, script: Script) -> Rerun:
        """Run one recipe, to its end or as far as anybody can know."""
        if not script.inputs:
            return Rerun((), HANGUP, ())
        self.noting.forget()
        return _Rerunning(self, script, self._beginnings).run()

    def run_like(self, script: Script, known: Rerun, on: CallRerunner) -> Rerun:
        """Run a recipe of which `known` came on another line: as `run` does, and quicker where it can be."""
        alike = self._alike.get(on)
        if alike is None:
            alike = self._alike[on] = Alike(on.line.flow, self.line.flow)
        if known.end is None or known.trace is None or not alike.holds(known.trace.looked_up):
            return self.run(script)
        try:
            turns = self._said_anew(script, known.turns, known.trace)
        except SpeechError:
            turns = None
        return self.run(script) if turns is None else replace(known, turns=turns)

    def _said_anew(
        self, script: Script, turns: Sequence[RunTurn], trace: Trace
    ) -> tuple[RunTurn, ...] | None:
        """Say again what was said on another line; None where the call is too long on one line alone."""
        anew = []
        elapsed_then = elapsed_seconds = 0.0
        for turn, saying, answer in zip(turns, trace.sayings, trace.answers, strict=True):
            if any((elapsed_then >= most) != (elapsed_seconds >= most) for most in CALL_SECONDS_MAX.values()):
                return None
            prompts, seconds = self._say_again(saying)
            seconds = _answered(script, answer, seconds)
            elapsed_then += turn.seconds
            elapsed_seconds += seconds
            same = prompts == turn.prompts and seconds == turn.seconds
            anew.append(turn if same else turn._replace(prompts=prompts, seconds=seconds))
        return tuple(anew)

    def _say_again(self, saying: Saying) -> tuple[tuple[SpokenPrompt, ...], float]:
        """Say what calls with the same beginning have in common, each time the same object."""
        known = self._said.get(id(saying))
        if known is None:
            if len(self._said) >= BEGINNINGS_MAX:
                self._said.clear()
            known = self._said[id(saying)] = saying, *self.say(*saying)
        return known[1:]

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


_Question = tuple[_ArgsKey, int]  # what the domain is asked, and how many times it was asked that before


@dataclass(slots=True)
class _Beginning:
    """A turn that came of a beginning that calls have in common, and what it depended on beside that.

    `turn` takes as long as its words. `hour` is the call's where a time of day was made up from it. `answers`
    are what was recorded to the domain's questions, None where nothing was; `next` are the turns that came
    after it, by what was heard. All of it is never changed.
    """

    turn: RunTurn
    result: Wait | End
    node: Node
    saying: Saying
    state: State
    bills: ToldBills
    hour: str | None
    payments: Sequence[RunPayment]
    answers: Sequence[tuple[_Question, Asked | None]]
    looked_up: LookedUp
    scripted: ScriptedInput | None  # kept, so that the id of what it asked stays its own
    next: dict[object, list[_Beginning]] = field(default_factory=dict)


class _Beginnings:
    """The beginnings of the calls that were run, as a tree; when it is full it is begun anew."""

    def __init__(self) -> None:
        self._roots: dict[object, dict[object, list[_Beginning]]] = {}
        self._count = 0

    def of(self, started_at: datetime) -> dict[object, list[_Beginning]]:
        """Return the first turns of the calls of a day."""
        return self._roots.setdefault(started_at.date(), {})

    def add(self, among: dict[object, list[_Beginning]], key: object, beginning: _Beginning) -> None:
        """Remember one."""
        if self._count >= BEGINNINGS_MAX:
            self._roots.clear()
            self._count = 0
        self._count += 1
        among.setdefault(key, []).append(beginning)


@dataclass(slots=True)
class _Rerunning:
    """One run in progress."""

    runner: CallRerunner
    script: Script
    beginnings: _Beginnings
    flow: Flow = field(init=False)
    values: SyntheticValues = field(init=False)
    state: State = field(init=False)
    hour: str = field(init=False)
    next: dict[object, list[_Beginning]] = field(init=False)  # where other calls went on from here
    turns: list[RunTurn] = field(default_factory=list)
    turn: RunTurn | None = None  # the one that is not answered yet
    last_seq: int = 0
    payments: list[RunPayment] = field(default_factory=list)
    asked: list[tuple[_Question, Asked | None]] = field(default_factory=list)  # in this turn
    times_asked: dict[_ArgsKey, int] = field(default_factory=dict)
    next_input: int = 0
    gates_passed: int = 0
    elapsed_seconds: float = 0.0
    sayings: list[Saying] = field(default_factory=list)
    answers: list[int | None] = field(default_factory=list)
    looked_up: LookedUp | None = None  # before the turns that were taken here

    def __post_init__(self) -> None:
        self.flow = self.runner.noting.flow
        started_at = self.script.recipe.started_at.astimezone(self.runner.zone)
        self.values = SyntheticValues(self.flow.vocabulary, started_at)
        self.state = initial_state(self.flow, self.values.given())
        self.hour = hour_of(started_at)
        self.next = self.beginnings.of(started_at)

    def run(self) -> Rerun:
        try:
            return self._ended(self._play())
        except _StoppedError as stopped:
            return self._ended(None, stopped=str(stopped), stopped_at=stopped.node)
        except (DialogError, SpeechError, UnknownShapeError) as error:
            return self._ended(None, failure=str(error))

    def _ended(self, end: str | None, *, failure: str = "", stopped: str = "", stopped_at: str = "") -> Rerun:
        if self.turn is not None:
            self.turns.append(self.turn)
        noting, looked_up = self.runner.noting, self.looked_up
        if looked_up is None or noting.has_noted:
            noting.note(looked_up or ())
            looked_up = noting.noted()
        return Rerun(
            tuple(self.turns),
            end,
            tuple(self.payments),
            failure,
            stopped,
            stopped_at,
            Trace(looked_up, tuple(self.sayings), tuple(self.answers)),
        )

    def _play(self) -> str:
        """Take turn after turn; return how the call ended."""
        inputs = self.script.inputs
        here = self._go_on(0, None)
        while isinstance(here.result, Wait):
            place = self._next(here, here.result)
            scripted = None if place == GATE_PASSED else inputs[place]
            if scripted is not None and scripted.heard is None:
                break
            seconds = _answered(self.script, place, here.turn.seconds)
            self.elapsed_seconds += seconds
            self._note(here, place)
            self.turns.append(here.turn._replace(seconds=seconds))
            self.turn = None
            here = self._go_on(scripted and scripted.seq, scripted)
        self._note(here, None)
        return HANGUP if isinstance(here.result, Wait) else here.result.manner

    def _note(self, here: _Beginning, answer: int | None) -> None:
        self.sayings.append(here.saying)
        self.answers.append(answer)

    def _go_on(self, seq: int | None, scripted: ScriptedInput | None) -> _Beginning:
        """Take the next turn, or find that a call before took the same one."""
        self.last_seq = seq or self.last_seq
        late = [self.elapsed_seconds >= most for most in CALL_SECONDS_MAX.values()].count(True)
        key = seq, scripted and (scripted.heard, id(scripted.asked)), late
        known = next(filter(self._is_same, self.next.get(key, ())), None)
        if known is None:
            known = self._take(seq, scripted)
            self.beginnings.add(self.next, key, known)
        else:
            self.state, self.values.bills, self.looked_up = known.state, known.bills, known.looked_up
            self.payments += known.payments
            self.times_asked.update((asked, times + 1) for (asked, times), _ in known.answers)
        self.turn, self.next = known.turn, known.next
        return known

    def _is_same(self, known: _Beginning) -> bool:
        return known.hour in {None, self.hour} and all(
            self._recorded(*question) is asked for question, asked in known.answers
        )

    def _recorded(self, key: _ArgsKey, times: int) -> Asked | None:
        """Return what the domain answered then, one time after the other.

        What is asked more often than it was then is answered as it was last.
        """
        recorded = self.script.answers.get(key)
        return None if recorded is None else recorded[min(times, len(recorded) - 1)]

    def _take(self, seq: int | None, scripted: ScriptedInput | None) -> _Beginning:
        """Take one turn, with all that is asked of the domain on the way."""
        if self.looked_up is not None:
            self.runner.noting.note(self.looked_up)
            self.looked_up = None
        paid = len(self.payments)
        self.asked, self.values.hour_told = [], False
        caller: Input = Start() if seq == 0 else Keys("1")
        if scripted is not None and scripted.heard is not None:
            caller = input_for(self.flow, self.state, scripted.heard, scripted.asked)
        taken = Turn(self.flow, self.state, caller, self.elapsed_seconds)
        try:
            result = taken.run(self._answer)
            self.state = state = taken.state
            prompts, seconds = self.runner.say(result.prompts, state.language, state.pace)
        except Exception:
            self.turn = RunTurn(
                seq, caller, taken.heard, tuple(taken.events), taken.node, gate=False, prompts=(), seconds=0.0
            )
            raise
        node = self.flow.nodes[state.node]
        gate = state.gate or (isinstance(result, Wait) and node.word == GATE)
        events = tuple(taken.events)
        return _Beginning(
            turn=RunTurn(seq, caller, taken.heard, events, taken.node, gate, prompts, seconds),
            result=result,
            node=node,
            saying=Saying(result.prompts, state.language, state.pace),
            state=state,
            bills=self.values.bills,
            hour=self.hour if self.values.hour_told else None,
            payments=self.payments[paid:],
            answers=self.asked,
            looked_up=self.runner.noting.noted(),
            scripted=scripted,
        )

    def _answer(self, ask: Ask, state: State) -> Outcome:
        """Answer as the domain did then: the same action with the same arguments."""
        key = ask.action, tuple(sorted(ask.args.items())) if ask.args else ()
        times = self.times_asked.get(key, 0)
        self.times_asked[key] = times + 1
        asked = self._recorded(key, times)
        self.asked.append(((key, times), asked))
        if asked is None:
            return self._worked_out(ask, state)
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

    def _next(self, here: _Beginning, wait: Wait) -> int:
        """Return the place of the recorded input that answers this question, `GATE_PASSED` for a gate."""
        inputs, node = self.script.inputs, here.node
        if here.turn.gate:
            coming = inputs[self.next_input] if self.next_input < len(inputs) else None
            if coming is not None and coming.gate:
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

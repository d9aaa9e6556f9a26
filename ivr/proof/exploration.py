"""Every call there can be: the engine run breadth first over all that callers and the domain may answer.

States are merged where their future is the same but for what is said on the way: turns and seconds are left
out (the limits are proven apart: they strike after every turn), so are silences that cost nothing in relay
pace, slots and counters that nothing reads any more, and the ordinary sentences that are queued or can be
repeated. Unhurried calls are followed as voice: they say the same and wait longer. What must be heard to its
end, terms and confirmation numbers, is kept. Where an answer is still being worked out, the ways there that
have more to say stand for those that have less.

What is known to come is not worked out again: answers settle a question's errors, so that they lead on as
they did without any; who comes back from asking for a person is asked alike after one error as after none;
speech that nobody asked for does what a stray `#` does; and where the time is up a call leaves all but what
must be heard.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from heapq import heappop, heappush
from typing import NamedTuple, cast

import msgspec

from ivr.dialog.definition import (
    AGENT_DIALOG,
    COMMON_KEYS,
    DIGITS,
    GATE,
    GIVE_UP_DIALOG,
    KEY_AGENT,
    KEY_REPEAT,
    LANGUAGE,
    MENU,
    MORE_TIME,
    POUND,
    TIME_UP_DIALOG,
    Node,
)
from ivr.dialog.engine import (
    FAILURES_MAX,
    RELAY_WORDS_MAX,
    RENEWALS_MAX,
    Ask,
    DialogError,
    End,
    Input,
    Keys,
    Outcome,
    Result,
    Silence,
    Speech,
    Start,
    Step,
    TransferEnded,
    Wait,
    initial_state,
    step,
)
from ivr.dialog.events import BranchTaken, Event, Heard
from ivr.dialog.flow import Flow
from ivr.dialog.state import Said, State
from ivr.dialog.vocabulary import AUTHORIZED, Answer, Consent, Field, Match, Meant, NoMatch, Slots, Value
from ivr.languages.language import WORDED, worded
from ivr.proof.liveness import Liveness
from ivr.proof.spoken import between_gates, prompts_of, said_again, said_once
from ivr.speech.sentence import Sentence

NOTHING = "none"  # what an action answers where there is nothing to tell of
LATE_SECONDS = 1e6  # beyond every limit
_MEANT = {KEY_AGENT: "person", KEY_REPEAT: "repeat"}
ERRORS = frozenset({"error", "silence", "patience"})
_CAN_BE_LATE = frozenset({"answer", "key", "outcome", "go_on", "silence", "transfer", "discard", "back"})
_SETTLES = frozenset({"answer", "key", "more_time"})  # no error counts after these
_MENU_KEYS = sorted(DIGITS - COMMON_KEYS)


@dataclass(frozen=True, slots=True)
class World:
    """What happens to a line from outside, as values.

    `entries` are digits to try at each field, `words` what may be said, `values` what actions answer with, a
    value a slot; `canaries` the secret entries among them. `consents` are the actions that move money.
    `recalls` (action -> outcome) give back what was filled before; `ordinary` (action -> outcome) comes first
    where calls are equally short; `possible` tells whether an action can answer so after what was answered
    in the same turn; of each answer `decisive` keeps what that hangs on, or None. `speak` (prompt, language,
    pace) returns sentences and raises `ValueError` for what cannot be spoken.
    """

    entries: Mapping[str, Sequence[str]]
    words: Sequence[str]
    values: Mapping[str, Value]
    canaries: frozenset[str]
    consents: Mapping[str, Consent]
    recalls: Mapping[str, str]
    ordinary: Mapping[str, str]
    possible: Callable[[Sequence[Answer], str, str], bool]
    decisive: Callable[[Answer], Answer | None]
    speak: Callable[[Said, str, str], Sequence[Sentence]]


@dataclass(frozen=True, slots=True)
class Move:
    """What a caller does or the domain answers.

    `kind` is start, answer (accepted), key (of a menu), error, silence, patience (silence until relay pace
    gives up), go_on (at a gate), person, repeat, more_time, discard, stray, unasked, uncounted (it costs no
    try), transfer, back (a number goes on before the agent is called) or outcome;
    `label` is the key, result, reason or outcome, `@more_time` where it made a call unhurried. `late`: the
    call is over its time by then.
    """

    kind: str
    heard: Input
    label: str = ""
    times: int = 1
    late: bool = False


class Knowledge(NamedTuple):
    """What the engine does not keep and the proof must know.

    `captured`: evidence prompts whose values are still true; `told`: those of them that were spoken whole.
    `stale`: slots made from others that have changed since. `consented`: what the caller's answer of this
    turn filled, where the question is evidence and was told. `fresh`: nothing but a language was chosen.
    """

    captured: frozenset[str] = frozenset()
    told: frozenset[str] = frozenset()
    stale: frozenset[str] = frozenset()
    consented: frozenset[str] = frozenset()
    answered: tuple[Answer, ...] = ()
    fresh: bool = True


class StateKey(NamedTuple):
    """What decides how a call can go on from a place: the soundness of the proof hangs on it.

    What is not in it is dropped, because nothing that can still happen depends on it: words and values, what
    was said and may be interrupted, what no node that can still be reached reads.
    """

    result: type[Wait | End | Ask | None]  # waits for the caller, asks the domain, or is over
    node: str
    language: str
    pace: str
    frames: tuple[str, ...] = ()  # where the dialogs that called this one go on
    gate: bool = False  # a piece is said, and the next waits for a key
    in_parts: bool = False  # what 9 repeats comes in parts: of its words this alone matters
    failures: int = 0  # noinput and nomatch at this question
    reasons: frozenset[str] = frozenset()  # those that change what a field makes of an entry
    counters: tuple[tuple[str, int], ...] = ()  # that can still be read; beyond the last try all are the last
    slots: frozenset[str] = frozenset()  # filled, and still read: by name, as no value chooses a way
    queued: tuple[frozenset[str], ...] = ()  # what must still be heard to its end
    captured: frozenset[str] = frozenset()
    told: frozenset[str] = frozenset()
    stale: frozenset[str] = frozenset()  # that can still be read
    fresh: bool = True
    turn: tuple[object, ...] = ()  # while an answer is being worked out: what of this turn still matters


class Weight(NamedTuple):
    """How much a turn has to say while an answer is still being worked out.

    Of two places that differ in nothing else, what is wrong after the lighter one is wrong after the heavier:
    `amount` is seconds in voice pace and pieces before the last gate in relay; `again` are the prompts that
    count as often as they can be said.
    """

    amount: float = 0.0
    again: frozenset[str] = frozenset()

    def covers(self, other: Weight) -> bool:
        """Return whether nothing is heavier in the other."""
        return self.amount >= other.amount and self.again >= other.again


@dataclass(slots=True)
class Place:
    """One state of a call, and the shortest way to it: the place before and the move from there."""

    state: State
    knowledge: Knowledge
    result: Result | None
    turns: int
    before: int
    move: Move
    edges: list[tuple[Move, int]] = field(default_factory=list)
    closing: bool = field(init=False)  # the call is being told that it is over
    helping: bool = field(init=False)  # a person is being reached

    def __post_init__(self) -> None:
        self.closing, self.helping = _closes_or_helps((self.state.node, *self.state.frames))


@dataclass(frozen=True, slots=True)
class Taken:
    """One move that was made: from which place, what it left, and the prompts that wait or were spoken."""

    before: Place
    index: int
    move: Move
    after: Place
    heard: Heard | None
    events: tuple[Event, ...]

    @property
    def queued(self) -> tuple[Said, ...]:
        """All that is said from here to the question, gates or not."""
        now = self.after.result.prompts if isinstance(self.after.result, (Wait, End)) else ()
        return (*now, *self.after.state.pending)


@dataclass(frozen=True, slots=True)
class Broken:
    """A move that the engine cannot make; `missing` names what does not exist, where that is why."""

    index: int
    move: Move
    node: str
    reason: str
    missing: str = ""


Watcher = Callable[[Taken], None]


class Exploration:
    """The places of all calls, found in the order of their shortest calls.

    `watch` sees every move, also those that lead to a place known already. `nodes` and `edges` (node and
    label) map what was reached to the first move that did. Only calls in `paces` are followed.
    """

    def __init__(
        self, flow: Flow, world: World, watch: Sequence[Watcher] = (), paces: Sequence[str] = WORDED
    ) -> None:
        self.flow = flow
        self._paces = paces
        self.world = world
        self.places: list[Place] = []
        self.broken: list[Broken] = []
        self.nodes: dict[str, tuple[int, Move]] = {}
        self.edges: dict[tuple[str, str], tuple[int, Move]] = {}
        self.steps = 0
        self._watch = watch
        self._keys: dict[StateKey, list[int]] = {}
        self._weights: dict[int, Weight] = {}
        self._seconds: dict[tuple[object, ...], float] = {}
        self._words_of = cache(self._count_words)
        self._terms_count = cache(self._are_terms_live)
        self._todo: list[tuple[int, float, int]] = []
        self._late: dict[tuple[object, ...], int] = {}
        self._live = Liveness(flow, self._reads(), self._fills())
        nodes = flow.nodes.values()
        self._evidence = frozenset(prompt for node in nodes if node.evidence for prompt in node.prompts)
        self._telling = self._telling_reasons()
        self._depends = _dependents(flow)
        self._again = said_again(flow)
        self._tries = {node.path: max(node.tries.values()) for node in nodes if node.tries}
        self._terms = frozenset(slot for consent in world.consents.values() for slot in consent.terms)
        self._agreed_to = [
            frozenset(consent.terms).intersection(flow.vocabulary.actions[name].needs)
            for name, consent in world.consents.items()
        ]

    def run(self) -> Exploration:
        """Explore until nothing new is found."""
        self.start()
        while self._todo:
            turns, _, index = heappop(self._todo)
            if turns == self.places[index].turns:  # else a shorter way was found since
                self._expand(index)
        return self

    def start(self) -> Place:
        """Return the place where every call begins: the telephone rings."""
        given = {slot: self.world.values[slot] for slot in self.flow.vocabulary.given}
        ringing = Place(initial_state(self.flow, given), Knowledge(), None, 0, -1, Move("start", Start()))
        return self.places[self._add(ringing)]

    # What fields do with the entries.

    def _judged(
        self, entry: Field, slots: Slots, reasons: tuple[str, ...], language: str, pace: str
    ) -> Iterator[tuple[Keys | Speech, Match | NoMatch | Meant]]:
        for digits in self.world.entries.get(entry.name, ()):
            in_time = len(digits) < entry.num_digits  # else only `#`, or the count of digits, ends an entry
            for finished in (True, False) if in_time else (len(digits) != entry.num_digits,):
                verdict = entry.verdict(digits, slots, reasons, finished=finished)
                yield Keys(digits, finished), verdict
        if entry.hear is not None:
            for words in self.world.words:
                yield Speech(words), entry.hear(words, None, language, pace)

    def _fills(self) -> dict[tuple[str, str], frozenset[str]]:
        """Return the slots that every accepted entry of a field and result fills."""
        fills: dict[tuple[str, str], frozenset[str]] = {}
        for entry in self.flow.vocabulary.fields.values():
            for _, verdict in self._judged(entry, self.world.values, (), self.flow.languages[0], "voice"):
                if isinstance(verdict, Match):
                    key = (entry.name, verdict.result or "next")
                    fills[key] = fills.get(key, frozenset(verdict.slots)) & frozenset(verdict.slots)
        return fills

    def _reads(self) -> dict[str, frozenset[str]]:
        """Return the slots that judges look at, and that recalled actions give back."""
        reads = {}
        for entry in self.flow.vocabulary.fields.values():
            slots = _Noted(self.world.values)
            for _ in self._judged(entry, slots, (), self.flow.languages[0], "voice"):
                pass
            reads[entry.name] = frozenset(slots.noted)
        for name, outcome in self.world.recalls.items():
            reads[name] = frozenset(self.flow.vocabulary.actions[name].outcomes[outcome])
        return reads

    def _telling_reasons(self) -> frozenset[str]:
        """Return the reasons that judges look at: an entry refused for one of them is judged anew later."""
        telling = set()
        for entry in self.flow.vocabulary.fields.values():
            for reason in entry.reasons:
                others = tuple(each for each in entry.reasons if each != reason)
                for without in ((), others):
                    verdicts = [
                        [
                            verdict
                            for _, verdict in self._judged(entry, self.world.values, given, tag, "voice")
                        ]
                        for tag in self.flow.languages[:1]
                        for given in (without, (*without, reason))
                    ]
                    if verdicts[0] != verdicts[1]:
                        telling.add(reason)
        return frozenset(telling)

    # Places.

    def key(self, place: Place) -> StateKey:
        """Return what decides the future of a place; places with the same key are one."""
        state, knowledge = place.state, place.knowledge
        if isinstance(place.result, End):
            return StateKey(End, state.node, state.language, worded(state.pace))
        frames = tuple(state.frames)
        live, counters = self._live.at(state.node, frames)
        slots = live.intersection(state.slots)
        if state.secrets:
            slots |= live.intersection(state.secrets)
        # Where one of the terms is filled anew before any payment, what was told of them counts no more.
        terms_count = self._terms_count(live)
        turn: tuple[object, ...] = ()
        queued = tuple(map(self._heard_whole, (state.pending, state.held, state.said, state.chunk)))
        if place.closing:
            # What had to be heard is all that is left to say; at a gate it ends by itself.
            queued = queued[:1] if isinstance(place.result, Ask) else ()
        elif isinstance(place.result, Ask) and not place.helping:
            # Asking for a person says nothing new.
            turn = self._of_this_turn(state, knowledge)
        return StateKey(
            type(place.result),
            state.node,
            state.language,
            worded(state.pace),
            frames,
            state.gate,
            self._in_parts(state),
            0 if place.helping and state.failures < FAILURES_MAX - 1 else state.failures,
            self._telling.intersection(state.reasons) if state.reasons else _NONE,
            tuple(
                (name, min(n, self._tries.get(name, n)))
                for name, n in sorted(state.counters.items())
                if name in counters
            )
            if state.counters
            else (),
            slots,
            queued,
            knowledge.captured if terms_count else _NONE,
            knowledge.told if terms_count else _NONE,
            knowledge.stale & live,
            knowledge.fresh,
            turn,
        )

    def _heard_whole(self, said: Iterable[Said]) -> frozenset[str]:
        """Return what must be heard to its end: the terms by name, anything else as one."""
        whole = [each.prompt for each in said if not each.barge_in] if said else ()
        return frozenset(each if each in self._evidence else "" for each in whole) if whole else _NONE

    def _in_parts(self, state: State) -> bool:
        """Return whether what 9 repeats is more than an operator can carry at once, and comes in parts."""
        words = [
            self._words_of(each.prompt, each.attribute, each.language or state.language)
            for each in state.said
        ]
        return sum(words) > RELAY_WORDS_MAX

    def _count_words(self, prompt: str, attribute: str, language: str) -> int:
        return sum(self.flow.prompts.pieces(prompt, attribute or None, language, "relay"))

    def _are_terms_live(self, live: frozenset[str]) -> bool:
        return any(terms <= live for terms in self._agreed_to)

    def _of_this_turn(self, state: State, knowledge: Knowledge) -> tuple[object, ...]:
        """Return what must not be merged while an answer is being worked out.

        The rest of what was said in the turn matters by its length alone, which is the place's weight. In
        relay pace the words since the last gate decide where the next one comes; once money was moved, what
        must be heard matters by its words.
        """
        moved = any(each.action in self.world.consents for each in knowledge.answered)
        return (
            _labels(said for said in state.pending if moved and not said.barge_in),
            prompts_of(state.pending) == prompts_of(state.said),
            _labels(between_gates(state, self.flow)[-1]) if state.pace == "relay" else (),
            _facts(knowledge.answered),
            knowledge.consented,
        )

    def _weight(self, place: Place) -> Weight:
        """Return the weight of a place where an answer is being worked out; of all others it is nothing."""
        if not isinstance(place.result, Ask) or place.helping:
            return Weight()
        state = place.state
        if state.pace == "relay":
            return Weight(sum(map(len, between_gates(state, self.flow)[:-1])))
        pending = said_once(state.pending)
        once = (said for said in pending if said.prompt not in self._again)
        again = frozenset(said.label for said in pending if said.prompt in self._again)
        return Weight(sum(self._seconds_of(said, state) for said in once), again)

    def _seconds_of(self, said: Said, state: State) -> float:
        key = (
            said.label,
            said.language or state.language,
            said.pace or state.pace,
            frozenset(said.values.items()),
        )
        if key not in self._seconds:
            try:
                spoken = self.world.speak(said, state.language, state.pace)
                self._seconds[key] = sum(sentence.seconds for sentence in spoken)
            except ValueError:  # the judge says so
                self._seconds[key] = 0.0
        return self._seconds[key]

    def find(self, place: Place) -> int | None:
        """Return the number of a place that stands for this one, or None when it was never reached."""
        weight = self._weight(place)
        same = self._keys.get(self.key(place), ())
        return next((index for index in same if self._weights[index].covers(weight)), None)

    def _add(self, place: Place) -> int:
        weight = self._weight(place)
        same = self._keys.setdefault(self.key(place), [])
        for index in same:
            known = self._weights[index]
            if known.covers(weight) and place.turns >= self.places[index].turns:
                return index
            if known == weight:
                self.places[index] = place
                return self._to_expand(index, place, 0.0)
        index = len(self.places)
        self.places.append(place)
        self._weights[index] = weight
        same.append(index)
        # The ordinary way to a place comes first, then the heaviest: what is between them adds nothing.
        return self._to_expand(
            index, place, 0.0 if len(same) == 1 else 1 / (1 + weight.amount + 1000 * len(weight.again))
        )

    def _to_expand(self, index: int, place: Place, order: float) -> int:
        if not isinstance(place.result, End):
            heappush(self._todo, (place.turns, order, index))
        return index

    def _expand(self, index: int) -> None:
        place = self.places[index]
        known = self._as_without_errors(place)
        place.edges += known
        for move in self.moves(place):
            if known and move.kind in _SETTLES:
                continue
            after = self._go(index, place, move)
            if after is None:
                continue
            if move.kind == "more_time" and after.state.pace == "unhurried":
                again = replace(move, times=2)
                self._reach(place, again, self._go(index, after, again))
            if move.kind == "go_on":
                place.edges.append(self._go_on(index, move, after))
            else:
                self._reach(place, move, after)
            # The limits strike where the call would wait; before that, nobody looks at them.
            if move.kind in _CAN_BE_LATE and isinstance(after.result, Wait) and not after.closing:
                self._add_late(index, place, move, after)

    def _as_without_errors(self, place: Place) -> list[tuple[Move, int]]:
        """Return what is known of a question that was answered wrongly: an answer settles all errors."""
        if not place.state.failures or place.state.gate or place.closing or place.helping:
            return []
        same = self._keys.get(self.key(place)._replace(failures=0), ())
        return [
            (move, target)
            for index in same
            if self.places[index].turns <= place.turns
            for move, target in self.places[index].edges
            if move.kind in _SETTLES
        ]

    def _add_late(self, index: int, place: Place, move: Move, waiting: Place) -> None:
        """Let the time be up where a move would wait at `waiting`, unless it is known what comes then.

        All is left but what must be heard: calls that have as much to say go on alike, wherever they were. A
        turn that moved money is judged by itself.
        """
        turns = waiting.turns + _late_turns(move)
        left = self._left(waiting)
        asked = {each.action for each in place.knowledge.answered}
        if isinstance(place.result, Ask):
            asked.add(place.result.action)
        if asked.isdisjoint(self.world.consents) and self._late.get(left, turns + 1) <= turns:
            return
        self._late[left] = turns
        late = replace(move, late=True)
        self._reach(place, late, self._go(index, place, late))

    def _reach(self, place: Place, move: Move, reached: Place | None) -> None:
        """Add where a move leads, if its pace is followed."""
        if reached is None or worded(reached.state.pace) not in self._paces:
            return
        if reached.state.pace == "unhurried":
            reached = replace(reached, state=msgspec.structs.replace(reached.state, pace="voice"))
            move = replace(move, label=MORE_TIME)  # no circle: it is not taken twice
        place.edges.append((move, self._add(reached)))

    def _left(self, place: Place) -> tuple[object, ...]:
        """Return what decides how a call goes on that leaves a place because its time is up."""
        state, knowledge = place.state, place.knowledge
        slots, counters = self._live.at(f"{TIME_UP_DIALOG}/{self.flow.dialogs[TIME_UP_DIALOG].start}", ())
        said = cast("Wait", place.result).prompts
        return (
            state.language,
            worded(state.pace),
            slots.intersection((*state.slots, *state.secrets)),
            tuple((name, n) for name, n in sorted(state.counters.items()) if name in counters),
            tuple(
                (each.label, *each.values.items())
                for each in (*said, *state.pending, *state.held)
                if not each.barge_in and each.prompt not in state.evidence
            ),
            (knowledge.captured, knowledge.told, knowledge.stale, knowledge.fresh),
        )

    def _go_on(self, index: int, move: Move, after: Place) -> tuple[Move, int]:
        """Press 1 until something else comes than one more gate of the same kind."""
        here = self.key(self.places[index])
        times, reached = 1, after
        while self.key(reached) == here:
            times += 1
            # What a gate still has to say was worked out before: saying it breaks nothing.
            reached = cast("Place", self._go(index, reached, replace(move, times=times)))
        return replace(move, times=times), self._add(reached)

    def _go(self, index: int, place: Place, move: Move) -> Place | None:
        """Make a move from a place, or from one that its times have led to before."""
        try:
            taken = self.take(place, move, index)
        except (DialogError, KeyError) as error:
            self.broken.append(self._broken(index, move, place, error))
            return None
        for event in taken.events:
            if isinstance(event, BranchTaken):
                self.edges.setdefault((event.node, event.label), (index, move))
            self.nodes.setdefault(event.node, (index, move))
        self.nodes.setdefault(taken.after.state.node, (index, move))
        for watch in self._watch:
            watch(taken)
        return taken.after

    def _broken(self, index: int, move: Move, place: Place, error: DialogError | KeyError) -> Broken:
        """Say what a move broke at: the node that names what does not exist, as far as can be told."""
        if isinstance(error, KeyError):
            missing = str(error.args[0])
            dialog, _, target = missing.partition("/")
            named = (
                node.path
                for node in self.flow.nodes.values()
                if node.dialog == dialog and target in node.branches.values()
            )
            node = next(named, place.state.node)
            return Broken(index, move, node, f"there is no {missing!r}", target or dialog)
        node = error.node if error.node in self.flow.nodes else place.state.node
        return Broken(index, move, node, error.problem)

    def take(self, place: Place, move: Move, index: int = -1) -> Taken:
        """Make one move from a place. Raises what the engine raises."""
        self.steps += 1
        state = place.state
        if move.kind == "patience":
            state = state.copy()
            state.renewals = RENEWALS_MAX
        taken = step(self.flow, state, move.heard, LATE_SECONDS if move.late else 0.0)
        if isinstance(taken.result, Ask) and taken.result.action not in self.flow.vocabulary.actions:
            raise KeyError(taken.result.action)
        frames = taken.state.frames
        if len(frames) > 1 and len(frames) > len(set(frames)):
            raise DialogError("this dialog calls itself without end", frames[-1])
        turns = place.turns + _COST.get(move.kind, 1) + self.tells_of_before(place, move)
        if move.late:
            turns += _late_turns(move)
        after = taken.state
        after.renewals = after.turns = 0
        knowledge = self._remember(place, move, taken)
        reached = Place(after, knowledge, taken.result, turns, index, move)
        return Taken(place, index, move, reached, taken.heard, taken.events)

    def tells_of_before(self, place: Place, move: Move) -> bool:
        """Return whether a move is the answer that there is something where ordinarily there is nothing.

        Another call must have been before this one: of two that are equally short that makes the longer one.
        """
        asked = place.result.action if isinstance(place.result, Ask) else ""
        return self.world.ordinary.get(asked) == NOTHING and move.label != NOTHING

    # Moves.

    def moves(self, place: Place) -> list[Move]:
        """Return everything that can happen at a place, the ordinary first."""
        result, state = place.result, place.state
        node = self.flow.nodes[state.node]
        if result is None:
            return [place.move]
        if isinstance(result, Ask):
            return self._outcomes(place, result)
        if isinstance(result, Wait) and result.listen is None:
            early = [Move("back", Keys("21"), "21"), Move("stray", Keys("0"), "0")] if result.early else []
            return [
                *(Move("transfer", TransferEnded(name), name) for name in ("failed", "completed")),
                *early,
            ]
        moves = [Move("go_on", Keys("1"), "1"), Move("uncounted", Keys("2"), "not-a-choice")]
        if not state.gate:
            moves = list(self._choices(node, state))
        pound = self._pound(node, state)
        moves += [
            Move("silence", Silence()),
            Move("person", Keys("0"), "0"),
            Move("repeat", Keys("9"), "9"),
            Move("more_time", Keys("7"), "7"),
            Move("discard", Keys("*"), "*"),
            pound,
        ]
        entry = self.flow.vocabulary.fields.get(node.word)
        if pound.kind != "stray" and (entry is None or entry.hear is None):
            moves.append(Move("unasked", Speech("hello")))
        if state.pace == "relay":
            moves.append(Move("patience", Silence(), times=RENEWALS_MAX + 1))
        return moves

    @staticmethod
    def _pound(node: Node, state: State) -> Move:
        """Press `#` alone: an answer where the question takes it for one, else a slip that costs nothing."""
        if POUND in node.branches and not state.gate:
            return Move("key", Keys("", finished=True), POUND)
        return Move("stray", Keys("", finished=True), "#")

    def _choices(self, node: Node, state: State) -> Iterator[Move]:
        if node.word == MENU:
            keys = [label for label in node.branches if len(label) == 1 and label.isdigit()]
            yield from (Move("key", Keys(key), key) for key in keys)
            yield self._wrong_key(keys)
        elif node.word == LANGUAGE:
            known = self.flow.vocabulary.language_keys.items()
            keys = [key for key, tag in known if tag in self.flow.languages]
            yield from (Move("answer", Keys(key), key) for key in keys)
            yield self._wrong_key(keys)
        elif node.word == GATE:
            yield from (Move("answer", Keys("1"), "1"), Move("error", Keys("2"), "not-a-choice"))
        else:
            yield from self._entries(self.flow.vocabulary.fields[node.word], state)

    @staticmethod
    def _wrong_key(keys: Sequence[str]) -> Move:
        """Press a key that is not among the choices; two keys, where every one is."""
        wrong = next((key for key in _MENU_KEYS if key not in keys), "11")
        return Move("error", Keys(wrong), "not-a-choice")

    def _entries(self, entry: Field, state: State) -> Iterator[Move]:
        """Yield one move for each verdict that the entries bring out."""
        seen = set()
        for heard, verdict in self._verdicts(entry, state):
            if isinstance(verdict, Match):
                kind, label = "answer", verdict.result or "next"
            elif isinstance(verdict, Meant):
                kind, label = _MEANT[verdict.key], verdict.word
            else:
                kind, label = "error" if verdict.counted else "uncounted", verdict.reason
            if (kind, label) not in seen:
                seen.add((kind, label))
                yield Move(kind, heard, label)

    def _verdicts(
        self, entry: Field, state: State
    ) -> Iterator[tuple[Keys | Speech, Match | NoMatch | Meant]]:
        slots = {**state.slots, **state.secrets}
        return self._judged(entry, slots, tuple(state.reasons), state.language, state.pace)

    def _outcomes(self, place: Place, ask: Ask) -> list[Move]:
        action = self.flow.vocabulary.actions[ask.action]
        known = {**place.state.slots, **place.state.secrets}
        recalled = self.world.recalls.get(ask.action)
        moves = []
        for outcome, slots in action.outcomes.items():
            if not self.world.possible(place.knowledge.answered, ask.action, outcome):
                continue
            if outcome == recalled and not known.keys() >= set(slots):
                continue
            source = known if outcome == recalled else self._answers(ask)
            moves.append(Move("outcome", Outcome(outcome, {slot: source[slot] for slot in slots}), outcome))
        ordinary = self.world.ordinary.get(ask.action)
        return sorted(moves, key=lambda move: move.label != ordinary)

    def _answers(self, ask: Ask) -> dict[str, Value]:
        kinds = self.flow.vocabulary.slots
        own = {slot: value for slot, value in ask.args.items() if kinds.get(slot) == "choice"}
        return {**self.world.values, **own}

    # What the proof keeps in mind.

    def _remember(self, place: Place, move: Move, taken: Step) -> Knowledge:
        knowledge, node = place.knowledge, self.flow.nodes[place.state.node]
        memory = _Memory(self._terms, self._depends, knowledge)
        if isinstance(place.result, Ask) and isinstance(move.heard, Outcome):
            asked = Answer(place.result.action, place.result.args, move.label)
            moves_money = asked.action in self.world.consents
            if not (moves_money and asked.outcome == AUTHORIZED):  # a yes is to one payment
                memory.consented = knowledge.consented
            kept = asked if moves_money else self.world.decisive(asked)
            memory.answered = knowledge.answered if kept is None else (*knowledge.answered, kept)
            memory.filled(move.heard.slots)
        elif move.kind == "answer" and node.word in self.flow.vocabulary.fields:
            fills = self._filled_by(node, move, place.state)
            if node.evidence and node.prompts[0] in knowledge.told:
                memory.consented = frozenset(fills)
            memory.filled(fills)
        memory.passed(self.flow, taken.events)
        if isinstance(taken.result, Wait):
            memory.waited(self.flow.nodes[taken.state.node], taken.state, taken.result)
        chosen = move.kind == "key" or (move.kind == "answer" and node.word != LANGUAGE)
        return memory.knowledge(fresh=knowledge.fresh and not chosen)

    def _filled_by(self, node: Node, move: Move, state: State) -> Slots:
        entry = self.flow.vocabulary.fields[node.word]
        if isinstance(move.heard, Speech):
            hear = cast("Callable[..., Match]", entry.hear)  # it was accepted
            return hear(move.heard.words, None, state.language, state.pace).slots
        slots = {**state.slots, **state.secrets}
        keys, reasons = cast("Keys", move.heard), tuple(state.reasons)
        return cast("Match", entry.verdict(keys.digits, slots, reasons, finished=keys.finished)).slots

    # The call that leads to a place.

    def trace(self, index: int, *last: Move) -> tuple[Move, ...]:
        """Return the shortest call to a place, and what comes after."""
        moves: deque[Move] = deque(last)
        while index >= 0 and self.places[index].before >= 0:
            moves.appendleft(self.places[index].move)
            index = self.places[index].before
        return tuple(moves)


class _Memory:
    """What the proof keeps in mind of one move, as it happens."""

    def __init__(
        self, terms: frozenset[str], depends: Mapping[str, frozenset[str]], before: Knowledge
    ) -> None:
        self._terms, self._depends = terms, depends
        self._captured, self._told, self._stale = before.captured, before.told, before.stale
        self.consented = _NONE
        self.answered: tuple[Answer, ...] = ()

    def filled(self, slots: Iterable[str]) -> None:
        """Note filled slots: terms spoken of them are no longer true, nor what was worked out from them."""
        names = frozenset(slots)
        if names & self._terms:
            self._captured = self._told = _NONE
        self._stale = self._stale.union(*(self._depends.get(name, ()) for name in names)) - names

    def passed(self, flow: Flow, events: Iterable[Event]) -> None:
        """Note the nodes passed, in this order."""
        for event in events:
            node = flow.nodes[event.node]
            if node.kind == "set":
                self.filled(node.args)
            elif node.kind == "say" and node.evidence:
                self._captured |= {node.prompts[0]}

    def waited(self, node: Node, state: State, wait: Wait) -> None:
        """Note a wait at a node: what of the terms is said now, with nothing left for later, was told."""
        if node.kind == "collect" and node.evidence:
            self._captured |= {node.prompts[0]}
        if self._captured:
            later = {said.prompt for said in state.pending}
            self._told |= self._captured & ({said.prompt for said in wait.prompts} - later)
        self.consented, self.answered = _NONE, ()

    def knowledge(self, *, fresh: bool) -> Knowledge:
        """Return what is kept."""
        return Knowledge(self._captured, self._told, self._stale, self.consented, self.answered, fresh)


_NONE = frozenset[str]()
_COST = {"outcome": 0, "start": 0, "patience": RENEWALS_MAX + 1}
# The time can pass at once in a silence, and a written call shows it so; while a caller answers it runs out
# only in a call that has been long.
_LONG_CALL_TURNS = 20


def _late_turns(move: Move) -> int:
    return 0 if move.kind == "silence" else _LONG_CALL_TURNS


class _Noted(Mapping[str, Value]):
    """Slots that note which of them are looked at."""

    def __init__(self, slots: Slots) -> None:
        self._slots = slots
        self.noted: set[str] = set()

    def __getitem__(self, slot: str) -> Value:
        self.noted.add(slot)
        return self._slots[slot]

    def __iter__(self) -> Iterator[str]:
        return iter(self._slots)

    def __len__(self) -> int:
        return len(self._slots)


@cache
def _closes_or_helps(running: tuple[str, ...]) -> tuple[bool, bool]:
    """Return whether a call that stands in these nodes is told that it is over, and if it gets a person."""
    dialogs = {path.partition("/")[0] for path in running}
    return not dialogs.isdisjoint((GIVE_UP_DIALOG, TIME_UP_DIALOG)), AGENT_DIALOG in dialogs


def _labels(said: Iterable[Said]) -> tuple[str, ...]:
    """Return what is said; what is said several times is named once."""
    return tuple(dict.fromkeys(each.label for each in said))


def _facts(answered: Iterable[Answer]) -> tuple[object, ...]:
    """Return what was answered in a turn, repeated answers once."""
    return tuple(dict.fromkeys((each.action, str(each.args), each.outcome) for each in answered))


def _dependents(flow: Flow) -> dict[str, frozenset[str]]:
    """Return, for each slot, those that actions work out from it."""
    depends: dict[str, frozenset[str]] = {}
    for action in flow.vocabulary.actions.values():
        made = frozenset(slot for slots in action.outcomes.values() for slot in slots)
        for need in action.needs:
            depends[need] = depends.get(need, frozenset()) | made
    changed = True
    while changed:
        changed = False
        for slot, made in depends.items():
            more = made.union(*(depends.get(each, frozenset()) for each in made))
            if more != made:
                depends[slot], changed = more, True
    return depends

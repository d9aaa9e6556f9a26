"""What must be true of every call, judged at every move of an exploration and over all that it found."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from heapq import heappop, heappush
from itertools import takewhile
from typing import NamedTuple, cast

from ivr.calls.notation import write_event, write_heard
from ivr.dialog.definition import (
    AGENT,
    AGENT_DIALOG,
    DIGITS,
    KEY_AGENT,
    KEY_REPEAT,
    MORE_TIME,
    REPEAT,
)
from ivr.dialog.engine import GATE_LISTEN, LAST_TURNS_MAX, NEXT_PACE, RELAY_WORDS_MAX, Ask, End, Listen, Wait
from ivr.dialog.flow import GATE_GO_ON, Flow, pace_prompt
from ivr.dialog.state import Said
from ivr.dialog.vocabulary import AUTHORIZED, Answer
from ivr.languages.language import Variant, slowness
from ivr.proof.exploration import ERRORS, Exploration, Move, Place, Taken, World
from ivr.proof.spoken import between_gates, prompts_of, said_again
from ivr.speech.keys import keys_named

SENTENCE_WORDS_MAX = 12
ANSWERS = frozenset({"answer", "key", "outcome"})
FORWARD = ANSWERS | {"start", "go_on", "transfer"}
_ASKED_AGAIN = frozenset({"error", "uncounted", "discard", "stray", "unasked", "more_time"})
_WITHOUT_CHOICE = (FORWARD | ERRORS) - {"key"}

_DEAF_AT_A_GATE = DIGITS - {KEY_AGENT, KEY_REPEAT}  # there 1 goes on, and 7 changes nothing

_GO_ON = Said(GATE_GO_ON)


class Wrong(NamedTuple):
    """What is not true, and where it shows (`dialog/node`); `rule` is the rule's id in docs/rules.md.

    `about` are the prompts, the slot or the missing name it is about; `language` is the prompts'.
    """

    rule: str
    node: str
    message: str
    about: tuple[str, ...] = ()
    language: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not true of every call, and the shortest call that shows it."""

    wrong: Wrong
    moves: tuple[Move, ...]
    turns: int


@dataclass(frozen=True, slots=True)
class Flaw:
    """Something wrong at a place, or at a move or more from there."""

    rule: str
    index: int
    message: str
    moves: tuple[Move, ...] = ()


class SpokenWords(NamedTuple):
    """What a prompt takes to be said: the words of each sentence, all its seconds; or why it cannot be.

    `keys` are those that it names.
    """

    words: tuple[int, ...] = ()
    seconds: float = 0.0
    keys: frozenset[str] = frozenset()
    problem: str = ""


class Judge:
    """Judges an exploration: `watch` sees its moves, `findings` tells what is wrong when it has run.

    `spoken` maps (prompt, attribute, language, pace) to the first move that says it. `longest` and
    `longest_closing` are the seconds of the longest turn, words and the wait after them, of all turns and of
    those that tell that the call is over, by language and pace.
    """

    def __init__(self, flow: Flow, world: World) -> None:
        self.spoken: dict[tuple[str, str, str, str], tuple[int, Move]] = {}
        self.longest: dict[Variant, float] = {}
        self.longest_closing: dict[Variant, float] = {}
        self._flow = flow
        self._world = world
        secret = re.compile("|".join(map(re.escape, sorted(world.canaries))) or "(?!)")
        self._has_secret = cache(lambda text: secret.search(text) is not None)  # most come again and again
        self._times = said_again(flow)
        receipts = frozenset(slot for consent in world.consents.values() for slot in consent.told)
        self._receipts = frozenset(
            node.path
            for node in flow.nodes.values()
            if node.kind == "say" and receipts.intersection(flow.variables[node.prompts[0]])
        )
        self._noted: dict[Wrong, tuple[int, int, tuple[Move, ...]]] = {}
        self._heard: dict[tuple[object, ...], int] = {}
        self._clean = set[object]()  # values and events without a secret
        self._rendered: dict[tuple[object, ...], SpokenWords] = {}
        self._slots: dict[tuple[str, str, str, str], frozenset[str]] = {}

    def findings(self, exploration: Exploration) -> list[Finding]:
        """Return everything found, the shortest calls first, one of a kind and node."""
        for broken in exploration.broken:
            turns = exploration.places[broken.index].turns + 1
            message = f"the call breaks off here: {broken.reason}"
            wrong = Wrong("proof.breaks-off", broken.node, message, (broken.missing,))
            self._note(wrong, turns, broken.index, broken.move)
        over_all = (people, dead_ends, loops, closings)
        for flaw in (each for judge in over_all for each in judge(exploration)):
            place = exploration.places[flaw.index]
            wrong = Wrong(flaw.rule, place.state.node, flaw.message)
            self._note(wrong, place.turns, flaw.index, *flaw.moves)
        found = [
            Finding(wrong, exploration.trace(index, *moves), turns)
            for wrong, (turns, index, moves) in self._noted.items()
        ]
        return sorted(found, key=lambda each: (each.turns, each.wrong.node))

    def watch(self, taken: Taken) -> None:
        """Judge one move."""
        after = taken.after
        judges = [self._untrue_receipt, self._secrets, self._keys]
        if isinstance(after.result, Ask):
            judges.append(self._consent)
        elif isinstance(taken.before.result, Ask):
            judges.append(self._receipt)
        if not self._was_heard(taken):
            judges += [self._words, self._speech]
            self._measure_all(after)
        for wrong in (each for judge in judges for each in judge(taken)):
            self._note(wrong, after.turns, taken.index, taken.move)

    def _was_heard(self, taken: Taken) -> bool:
        """Return whether the same was said at the same place before, in a call that was no longer."""
        after, state, result = taken.after, taken.after.state, taken.after.result
        said = (
            (state.node, state.language, state.pace, after.closing, type(result)),
            _words_of(result.prompts) if isinstance(result, (Wait, End)) else (),
            _words_of(state.pending),
            result.listen and result.listen.timeout_seconds if isinstance(result, Wait) else 0,
        )
        if self._heard.get(said, after.turns + 1) <= after.turns:
            return True
        self._heard[said] = after.turns
        return False

    def _note(self, wrong: Wrong, turns: int, index: int, *moves: Move) -> None:
        known = self._noted.get(wrong)
        if known is None or turns < known[0]:
            self._noted[wrong] = (turns, index, moves)

    # Money.

    def _consent(self, taken: Taken) -> Iterator[Wrong]:
        """Hold a question to an action to what that needs, and one that moves money to the caller's yes."""
        result, knowledge, state = cast("Ask", taken.after.result), taken.after.knowledge, taken.after.state
        node = state.node
        for slot in self._flow.vocabulary.actions[result.action].needs:
            if slot not in state.slots and slot not in state.secrets:
                message = f"asks {result.action} without {slot}: fill it first"
                yield Wrong("proof.need-not-filled", node, message, (slot,))
        consent = self._world.consents.get(result.action)
        if consent is None:
            return
        if not knowledge.consented.issuperset(consent.answer):
            message = (
                f"asks {result.action}, and the caller's answer in this turn is no consent: "
                "lead here only from the answer to a question that is evidence"
            )
            yield Wrong("proof.no-consent", node, message)
        whole = (
            said for said in state.evidence.values() if said.prompt in knowledge.told and not said.barge_in
        )
        spoken = frozenset().union(*(self._spoken_of(said, state.language, state.pace) for said in whole))
        unsaid = sorted(set(consent.terms) - spoken)
        if unsaid:
            message = (
                f"asks {result.action}, and no evidence with barge_in = false has told "
                f"{', '.join(unsaid)} since it changed: say the terms again first"
            )
            yield Wrong("proof.terms-not-told", node, message)
        needs = self._flow.vocabulary.actions[result.action].needs
        old = sorted(knowledge.stale & {*needs, *consent.terms})
        if old:
            message = (
                f"asks {result.action} with {', '.join(old)} worked out from what has changed since: "
                "work it out again first"
            )
            yield Wrong("proof.outdated-terms", node, message)

    def _receipt(self, taken: Taken) -> Iterator[Wrong]:
        """Hold a turn in which money was moved to what it must tell, and to its end."""
        before, state, consents = taken.before, taken.after.state, self._world.consents
        asked = cast("Ask", before.result).action
        answered = (*before.knowledge.answered, Answer(asked, {}, taken.move.label))
        for action in (each.action for each in answered if each.outcome == AUTHORIZED):
            whole = (said._replace(piece=-1) for said in taken.queued if not said.barge_in)
            told = frozenset().union(*(self._spoken_of(said, state.language, state.pace) for said in whole))
            if action in consents and not told.issuperset(consents[action].told):
                node = next(node.path for node in self._flow.nodes.values() if node.word == action)
                message = (
                    f"a payment is made, and {', '.join(consents[action].told)} is not told whole: "
                    "say it in the same turn, with barge_in = false"
                )
                yield Wrong("proof.receipt-not-told", node, message)

    def _untrue_receipt(self, taken: Taken) -> Iterator[Wrong]:
        """Find a payment's number told, as of now, in a turn in which no payment was made."""
        before = taken.before
        told = [event.node for event in taken.events if event.node in self._receipts]
        if told and not any(each.outcome == AUTHORIZED for each in before.knowledge.answered):
            is_made = isinstance(before.result, Ask) and before.result.action in self._world.consents
            if not (is_made and taken.move.label == AUTHORIZED):
                message = "tells of a payment in a turn in which none was made: lead here only from that"
                yield Wrong("proof.receipt-without-payment", told[0], message)

    def _spoken_of(self, said: Said, language: str, pace: str) -> frozenset[str]:
        """Return the slots without which a prompt could not be spoken in this language and pace."""
        key = (said.prompt, said.attribute, language, said.pace or pace)
        if key not in self._slots:
            self._slots[key] = frozenset(
                slot
                for slot in said.values
                if not self._can_say(said._replace(values={**said.values, slot: ""}), language, pace)
            )
        return self._slots[key]

    def _can_say(self, said: Said, language: str, pace: str) -> bool:
        try:
            self._world.speak(said, language, pace)
        except ValueError:
            return False
        return True

    # Secrets.

    def _secrets(self, taken: Taken) -> Iterator[Wrong]:
        after, node, clean = taken.after, taken.before.state.node, self._clean
        listen = after.result.listen if isinstance(after.result, Wait) else None
        spoken = [value for said in taken.queued for value in said.values.values()]
        hints = "" if listen is None else listen.hints
        seen = (taken.heard, hints, *taken.events, *after.state.slots.values(), *spoken)
        if clean.issuperset(seen):
            return
        if self._has_secret(" ".join(map(str, taken.before.state.slots.values()))):
            return  # told where it happened
        kept = {
            "what was heard": "" if taken.heard is None else write_heard(taken.heard),
            "the path": " ".join(map(write_event, taken.events)),
            "the hints": hints,
            "an open slot": " ".join(map(str, after.state.slots.values())),
            "a prompt": " ".join(map(str, spoken)),
        }
        if any(map(self._has_secret, kept.values())):
            for name, text in kept.items():
                if self._has_secret(text):
                    message = f"a secret that is keyed here reaches {name}: make its field and slots secret"
                    yield Wrong("proof.secret-gets-out", node, message)
            return
        clean.update(seen)

    # Keys and silence.

    def _keys(self, taken: Taken) -> Iterator[Wrong]:
        before, after, move = taken.before, taken.after, taken.move
        if move.late or before.closing or before.helping:
            return
        if move.kind != "more_time" and slowness(after.state.pace) < slowness(before.state.pace):
            message = 'the caller\'s time is taken away again: give set.pace an only = "voice"'
            yield Wrong("proof.time-taken-away", before.state.node, message)
        if move.kind == "repeat" and not self._repeats(taken):
            yield Wrong("proof.not-repeated", before.state.node, "key 9 does not repeat all that was said")
        elif move.kind == "more_time" and not self._gives_time(taken):
            yield Wrong("proof.no-more-time", before.state.node, "key 7 does not change the pace and say so")
        elif move.kind == "silence" and self._sends_away(taken):
            message = f'silence sends a caller away who has chosen nothing: add on.silence = "{MORE_TIME}"'
            yield Wrong("proof.first-silence", before.state.node, message)
        elif move.kind in _ASKED_AGAIN and self._comes_in_parts(taken):
            message = (
                f"after {move.label!r} the question comes in parts in {after.state.language} relay pace, and "
                "a gate would swallow the next answer: shorten the reason, or the question's .again-relay"
            )
            yield Wrong("proof.gate-after-a-slip", before.state.node, message)
        elif self._arrives(taken) and prompts_of(taken.queued) != prompts_of(after.state.said):
            message = "key 9 could not repeat all that is said here"
            yield Wrong("proof.not-repeated", after.state.node, message)

    @staticmethod
    def _repeats(taken: Taken) -> bool:
        """Return whether all is said again: at a gate the piece before it, and what is still to come."""
        state = taken.before.state
        again = (state.chunk, taken.after.state.pending) if state.gate else (state.said,)
        return isinstance(taken.after.result, Wait) and prompts_of(taken.queued) == prompts_of(*again)

    @staticmethod
    def _gives_time(taken: Taken) -> bool:
        """Return whether the next pace is told, at a gate this one, and the same question waits."""
        before, after = taken.before.state, taken.after
        told = prompts_of(taken.queued)[:1] == (pace_prompt(after.state.pace),)
        stays = isinstance(after.result, Wait) and after.state.node == before.node
        to_come = before.pace if before.gate else NEXT_PACE[before.pace]
        return told and after.state.pace == to_come and (stays or before.pace == "relay")

    @staticmethod
    def _comes_in_parts(taken: Taken) -> bool:
        """Return whether a question that waited is asked again behind a gate."""
        before, after = taken.before.state, taken.after.state
        return after.gate and not before.gate and after.node == before.node

    @staticmethod
    def _sends_away(taken: Taken) -> bool:
        """Return whether a silence leads away from a question before which nothing was chosen."""
        before, after = taken.before, taken.after
        stays = isinstance(after.result, Wait) and after.state.node == before.state.node
        return before.knowledge.fresh and not stays

    def _arrives(self, taken: Taken) -> bool:
        """Return whether an accepted answer has led to a question."""
        node = self._flow.nodes[taken.before.state.node]
        back = node.branches.get(taken.move.label) in {REPEAT, AGENT}
        helped = any(event.node.startswith(f"{AGENT_DIALOG}/") for event in taken.events)
        # A gate before the last words asks nothing.
        ends = self._flow.nodes[taken.after.state.node].kind == "end"
        waits = isinstance(taken.after.result, Wait) and not ends
        return taken.move.kind in ANSWERS and waits and not back and not helped

    # Words.

    def _words(self, taken: Taken) -> Iterator[Wrong]:
        after = taken.after
        if not isinstance(after.result, Wait) or after.state.pace != "relay":
            return
        language = after.state.language
        prompts = [said for said in after.result.prompts if said.prompt != GATE_GO_ON]
        words = sum(sum(self._say(said, language, "relay").words) for said in prompts)
        if words > RELAY_WORDS_MAX:
            told = prompts_of(prompts)
            message = (
                f"says {words} words in {language} relay pace before a key is possible, "
                f"at most {RELAY_WORDS_MAX}: shorten or divide {', '.join(told)}"
            )
            yield Wrong("proof.long-wait-for-a-key", after.state.node, message, told, language)
        for said in prompts if after.state.gate else ():
            for key in sorted(self._say(said, language, "relay").keys & _DEAF_AT_A_GATE):
                message = (
                    f"{said.prompt} names key {key} in {language} relay pace, and a gate follows, where that "
                    "does nothing: shorten it or the question after it, so that they are one piece"
                )
                yield Wrong("proof.key-at-a-gate", after.state.node, message, (said.prompt,), language)

    def _speech(self, taken: Taken) -> Iterator[Wrong]:
        """Say what is said and what is still to come."""
        state = taken.after.state
        for said in taken.queued:
            language, pace = said.language or state.language, said.pace or state.pace
            self.spoken.setdefault((said.prompt, said.attribute, language, pace), (taken.index, taken.move))
            spoken = self._say(said, state.language, state.pace)
            if spoken.problem:
                message = f"{said.prompt} cannot be spoken in {language}: {spoken.problem}"
                yield Wrong("proof.unspeakable", state.node, message, (said.prompt,), language)
            for words in spoken.words:
                if pace == "relay" and words > SENTENCE_WORDS_MAX:
                    message = (
                        f"{said.prompt} has a sentence of {words} words in {language} relay pace, "
                        f"at most {SENTENCE_WORDS_MAX}: shorten it"
                    )
                    yield Wrong("proof.long-sentence", state.node, message, (said.prompt,), language)

    def _say(self, said: Said, language: str, pace: str) -> SpokenWords:
        key = (said.label, language, pace, said.pace, said.piece, frozenset(said.values))
        known = self._rendered.get(key)
        if known is None:
            try:
                sentences = self._world.speak(said, language, pace)
                texts = (keys_named(each.text, said.language or language) for each in sentences)
                known = SpokenWords(
                    tuple(each.words for each in sentences),
                    sum(each.seconds for each in sentences),
                    keys=frozenset(key for named in texts for key in named),
                )
            except ValueError as error:
                known = SpokenWords(problem=str(error))
            self._rendered[key] = known
        return known

    def _measure_all(self, after: Place) -> None:
        """Measure what is said; it is judged when all calls are known."""
        if isinstance(after.result, (Wait, End)):
            listen = after.result.listen if isinstance(after.result, Wait) else None
            self._measure(after, after.result.prompts, listen)
        elif isinstance(after.result, Ask) and after.state.pace == "relay":
            for prompts in between_gates(after.state, self._flow)[:-1]:
                self._measure(after, (*prompts, _GO_ON), GATE_LISTEN)

    def _measure(self, after: Place, prompts: Sequence[Said], listen: Listen | None) -> None:
        state = after.state
        voice = state.pace != "relay"  # in relay pace a gate stands between
        # What an action leads to again and again may be said as often as it counts, however often it is here.
        again = {said.label: said for said in prompts if said.prompt in self._times}
        once = [said for said in prompts if said.prompt not in self._times]
        seconds = sum(
            self._say(said, state.language, state.pace).seconds
            * (self._times.get(said.prompt, 1) if voice else 1)
            for said in (*again.values(), *once)
        )
        if listen is not None:
            seconds += listen.timeout_seconds
        run = (state.language, state.pace)
        self.longest[run] = max(self.longest.get(run, 0.0), seconds)
        if after.closing:
            self.longest_closing[run] = max(self.longest_closing.get(run, 0.0), seconds)


def _words_of(prompts: Sequence[Said]) -> tuple[object, ...]:
    """Return what decides the words of prompts: which values they speak is the prompt's."""
    return tuple((each.prompt, each.attribute, each.piece, each.language, each.pace) for each in prompts)


# Over all places.


def _edges(place: Place, kinds: frozenset[str]) -> Iterator[int]:
    for move, target in place.edges:
        if not move.late and move.kind in kinds:
            yield target


def people(exploration: Exploration) -> Iterator[Flaw]:
    """Find waits where key 0 leads to no person, whatever the domain answers."""
    places = exploration.places
    leads = {
        index
        for index, place in enumerate(places)
        if isinstance(place.result, Wait) and place.result.listen is None
    }
    leads = _backwards(places, leads, frozenset({"outcome", "go_on"}))
    for index, place in enumerate(places):
        if isinstance(place.result, Wait) and not place.closing and not place.helping:
            for move, target in place.edges:
                if move.kind == "person" and not move.late and target not in leads:
                    yield Flaw("proof.no-person", index, "key 0 leads to no person", (move,))


def dead_ends(exploration: Exploration) -> Iterator[Flaw]:
    """Find places from which no answer of the caller leads to the end of the call."""
    places = exploration.places
    ends = {index for index, place in enumerate(places) if isinstance(place.result, End)}
    leads = _backwards(places, ends, FORWARD)
    broken = {each.index for each in exploration.broken}
    for index, place in enumerate(places):
        if index not in leads and index not in broken and isinstance(place.result, Wait):
            message = "no answer here leads to the end of the call: add a way out"
            yield Flaw("proof.dead-end", index, message)


def _backwards(places: Sequence[Place], found: set[int], kinds: frozenset[str]) -> set[int]:
    """Return the places from which one of `found` can be reached by these moves."""
    sources: dict[int, list[int]] = {}
    for index, place in enumerate(places):
        for target in _edges(place, kinds):
            sources.setdefault(target, []).append(index)
    todo, seen = list(found), set(found)
    while todo:
        for source in sources.get(todo.pop(), ()):
            if source not in seen:
                seen.add(source)
                todo.append(source)
    return seen


def loops(exploration: Exploration) -> Iterator[Flaw]:
    """Find circles that a caller goes round without choosing anything in a menu: by errors and entries alone.

    Gates that follow each other are no circle: with each, less is left to say.
    """
    places = exploration.places
    graph = [
        [
            target
            for move, target in place.edges
            if not move.late
            and move.kind in _WITHOUT_CHOICE
            and not (move.kind == "silence" and (place.state.pace == "relay" or move.label == MORE_TIME))
        ]
        for place in places
    ]
    left = _on_circles(graph)
    inner = [[target for target in targets if target in left] for targets in graph]
    back = _reversed(inner)
    circling = sorted(left, key=lambda index: (places[index].turns, index))
    done: set[int] = set()
    for first in circling:
        if places[first].state.gate or first in done:
            continue
        circle = _reached(inner, first) & _reached(back, first)
        if circle:
            done |= circle
            message = "goes round without a counter: give the outcome that leads back tries.<outcome> = 3"
            way = _round(places, graph, first)
            if isinstance(places[first].result, Ask):  # go on to where the caller hears it
                way += tuple(takewhile(lambda move: move.kind == "outcome", way))
            yield Flaw("proof.endless-loop", first, message, way)


def _round(places: Sequence[Place], graph: Sequence[Sequence[int]], first: int) -> tuple[Move, ...]:
    """Return the shortest way round a circle, from its first place to that again."""
    ways: dict[int, tuple[Move, ...]] = {first: ()}
    back: list[tuple[Move, ...]] = []
    todo = [first]
    for index in todo:
        for move, target in places[index].edges:
            way = (*ways[index], move)
            if target not in graph[index] or move.late or move.kind not in _WITHOUT_CHOICE:
                continue
            if target == first:
                back.append(way)
            elif target not in ways:
                ways[target] = way
                todo.append(target)
    return min(back, key=len)


def _on_circles(graph: Sequence[Sequence[int]]) -> set[int]:
    """Return what is left when all that leads nowhere, and all that nothing leads to, is taken away."""
    left = set(range(len(graph)))
    for ways in (graph, _reversed(graph)):
        onwards = [sum(target in left for target in targets) for targets in ways]
        backwards = _reversed(ways)
        todo = [index for index in left if not onwards[index]]
        while todo:
            index = todo.pop()
            left.discard(index)
            for source in backwards[index]:
                onwards[source] -= 1
                if source in left and not onwards[source]:
                    todo.append(source)
    return left


def _reversed(graph: Sequence[Sequence[int]]) -> list[list[int]]:
    turned: list[list[int]] = [[] for _ in graph]
    for index, targets in enumerate(graph):
        for target in targets:
            turned[target].append(index)
    return turned


def _reached(graph: Sequence[Sequence[int]], first: int) -> set[int]:
    """Return what can be reached in one step or more."""
    todo, seen = list(graph[first]), set(graph[first])
    while todo:
        for target in graph[todo.pop()]:
            if target not in seen:
                seen.add(target)
                todo.append(target)
    return seen


def closings(exploration: Exploration) -> Iterator[Flaw]:
    """Find ways of telling that the call is over which are longer than the turns there are for it."""
    places = exploration.places
    lengths = told_turns(exploration)
    for index in sorted(lengths, key=lambda each: places[each].turns):
        place = places[index]
        if lengths[index] > LAST_TURNS_MAX:
            further = (move for move, target in place.edges if lengths.get(target, 0) >= LAST_TURNS_MAX)
            message = (
                f"telling that the call is over can take more than {LAST_TURNS_MAX} turns: ask less here"
            )
            yield Flaw("proof.long-goodbye", index, message, tuple(further)[:1])
            return


def told_turns(exploration: Exploration) -> dict[int, int]:
    """Return the most turns that telling that the call is over takes a caller who answers at once.

    By the number of the place; more than the engine's last limit where such a caller can go round.
    """
    places = exploration.places
    lengths: dict[int, int] = {}

    def length(index: int, on_way: frozenset[int]) -> int:
        if index in on_way:
            return LAST_TURNS_MAX + 1
        if index not in lengths:
            ways = (
                length(target, on_way | {index}) + (move.times if move.kind != "outcome" else 0)
                for move, target in places[index].edges
                if not move.late and move.kind in FORWARD
            )
            lengths[index] = max(ways, default=0)
        return lengths[index]

    for index, place in enumerate(places):
        if place.closing:
            length(index, frozenset())
    return lengths


def closing_turns(exploration: Exploration, language: str, pace: str) -> tuple[int, bool]:
    """Return the most turns that a call takes beyond its last, whatever the caller does, to be told so.

    Where a caller can go round, by having it repeated, the engine's own last limit counts, and after it the
    gates of what must still be heard to its end. The second value tells whether that is so: the limit then
    counts turns since the call began, so that a call whose time is up early has all of them left.
    """
    places = exploration.places
    closing = {
        index
        for index, place in enumerate(places)
        if place.closing and place.state.pace == pace and not isinstance(place.result, End)
    }
    graph = [
        [target for _, target in place.edges if target in closing] if index in closing else []
        for index, place in enumerate(places)
    ]
    if _on_circles(graph):
        return LAST_TURNS_MAX + _gates_left(exploration.flow, language), True
    longest = dict.fromkeys(closing, 0)
    for _ in closing:
        for index in closing:
            turns = int(isinstance(places[index].result, Wait))
            longest[index] = turns + max((longest[target] for target in graph[index]), default=0)
    return max(longest.values(), default=0), False


def _gates_left(flow: Flow, language: str) -> int:
    """Return how many pieces can be left to say at the end of a call: no gate says less than one."""
    times = said_again(flow)
    heard = {
        prompt
        for node in flow.nodes.values()
        if not node.barge_in and not node.evidence
        for prompt in node.prompts
    }
    last = {prompt for node in flow.nodes.values() if node.kind == "end" for prompt in node.prompts}
    return sum(
        len(flow.prompts.pieces(prompt, None, language, "relay")) * times.get(prompt, 1)
        for prompt in heard | last
    )


def straight_way(exploration: Exploration, run: Variant) -> tuple[Move, ...]:
    """Return the shortest call without an error that pays, in a language and pace from the first turn on.

    Nothing was before it: no payment to tell of, no call that dropped. Empty where there is none.
    """
    places = exploration.places
    language, pace = run
    todo: list[tuple[int, int, tuple[Move, ...], int]] = []  # turns, number, moves, place
    for start, first in places[0].edges:
        if pace == "voice":
            todo.append((0, 0, (start,), first))
            continue
        todo += [
            (move.times, 0, (start, move), to)
            for move, to in places[first].edges
            if move.kind == "more_time" and places[to].state.pace == pace
        ]
    seen, number = set[int](), 0
    while todo:
        turns, _, moves, index = heappop(todo)
        if index in seen:
            continue
        seen.add(index)
        for move, target in places[index].edges:
            state = places[target].state
            if move.late or move.kind not in FORWARD or state.pace != pace:
                continue
            if exploration.tells_of_before(places[index], move):
                continue
            if not _pays(exploration, places[index].result, move):
                number += 1
                cost = 0 if move.kind == "outcome" else move.times
                heappush(todo, (turns + cost, number, (*moves, move), target))
            elif state.language == language:
                return (*moves, move)
    return ()


def _pays(exploration: Exploration, asked: Wait | End | Ask | None, move: Move) -> bool:
    """Return whether a move is the answer that a payment was authorized."""
    is_consent = isinstance(asked, Ask) and asked.action in exploration.world.consents
    return is_consent and move.label == AUTHORIZED

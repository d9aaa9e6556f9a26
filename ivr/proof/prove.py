"""`ivr flow check`: the line proven by exploring all calls, each fault with the shortest call that shows it.

The static checks of flows and prompts come first and say what is wrong and how to cure it; the exploration
gives each the shortest call, and finds what no static check can see.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ivr.base.errors import OperatorError
from ivr.dialog.checks import check_flow
from ivr.dialog.definition import LANGUAGE, REQUIRED_DIALOGS, Dialog, Fault
from ivr.dialog.engine import CALL_SECONDS_MAX, MORE_SECONDS, TURNS_MAX
from ivr.dialog.flow import Flow, version_of
from ivr.dialog.loader import load_dialogs
from ivr.dialog.state import Said
from ivr.dialog.vocabulary import Vocabulary
from ivr.languages.language import PACES, WORDED, Variant, worded
from ivr.languages.registry import SPOKEN
from ivr.proof.common_way import CommonWay, common_way
from ivr.proof.exploration import Exploration, Move, World
from ivr.proof.judgement import (
    Finding,
    Judge,
    Wrong,
    closing_turns,
    straight_way,
    told_turns,
)
from ivr.proof.shown_calls import ShownCall, show
from ivr.speech.catalog import Catalog, SpeechError
from ivr.speech.checks import check_sources, read_sources, unworded
from ivr.speech.keys import NamedKeys
from ivr.speech.sentence import Sentence
from ivr.speech.source import PromptFault, Source
from ivr.topics.line import Line, prompt_files
from ivr.topics.registry import CANARIES, CHOICES, SLOTS, VOCABULARY, decisive, possible
from ivr.topics.sentences import sentences

STRAIGHT_SHARE = (
    2 / 3
)  # of the limits: what the straight way to a payment may take, to leave room for trouble


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing that is not true of the line: where, what, and the shortest call that shows it.

    `where` ends with `rule`, the rule's id in docs/rules.md. `call` is None where no call can. `note` says
    why, or what the call shows instead. `file` is where the call was written.
    """

    where: str
    rule: str
    call: ShownCall | None
    note: str = ""
    file: str = ""

    @property
    def call_file(self) -> str:
        """The call as a file, the fault above it."""
        return "" if self.call is None else f"# {self.where}\n{self.call.text}"

    def as_json(self) -> dict[str, Any]:
        """Return it for programs."""
        return {
            "fault": self.where,
            "rule": self.rule,
            "call": self.call and self.call.text,
            "note": self.note or None,
            "file": self.file or None,
        }

    def as_text(self) -> Iterator[str]:
        """Yield it as lines to read."""
        yield self.where
        if self.note:
            yield f"    ({self.note})"
        if self.file:
            yield f"    {self.file}"
        elif self.call is not None:
            yield from (f"    {line}" for line in self.call.text.splitlines())


@dataclass(frozen=True, slots=True)
class Bound:
    """How long calls are in a language and pace: at worst, and straight to a payment.

    `seconds` is the most for a caller who answers when told that the time is up. In relay pace one may also
    have that repeated, and wait at each gate: silence is no error there, and the engine's last limit counts
    turns, not time. `seconds_at_worst` is for such a caller, as if every turn left took the longest wait.
    """

    language: str
    pace: str
    turns: int
    seconds: float
    seconds_at_worst: float
    straight_turns: int
    straight_seconds: float

    def __str__(self) -> str:
        worst = ""
        if self.seconds_at_worst > self.seconds:
            worst = f" ({self.seconds_at_worst / 60:.0f} where the caller then has all repeated without end)"
        return (
            f"{self.language} {self.pace}: every call ends within {self.turns} turns and "
            f"{self.seconds / 60:.0f} minutes{worst}; straight to a payment {self.straight_turns} turns, "
            f"{self.straight_seconds / 60:.1f} minutes"
        )


@dataclass(frozen=True, slots=True)
class Proof:
    """What the exploration has shown."""

    violations: tuple[Violation, ...]
    bounds: tuple[Bound, ...]
    common_ways: tuple[CommonWay, ...]
    version: str
    dialogs: int
    nodes: int
    edges: int
    states: int
    steps: int

    @property
    def holds(self) -> bool:
        """Whether nothing was found."""
        return not self.violations

    def faults_as_text(self) -> Iterator[str]:
        """Yield what does not hold, as lines to read."""
        for violation in self.violations:
            yield from violation.as_text()

    def as_text(self) -> str:
        """Return what was shown, as lines to read; the numbers come last."""
        languages = len({bound.language for bound in self.bounds})
        size = f"{self.dialogs} dialogs, {self.nodes} nodes, {languages} languages"
        shown = (
            f"all {self.nodes} nodes and {self.edges} edges are reached; every call ends; no payment without "
            "a yes to its own terms; no secret gets out; 0, 7 and 9 work everywhere; every sentence can be "
            "spoken and keeps to its words"
        )
        told = (*self.bounds, *self.common_ways)
        lines = (f"{size}, without a fault: version {self.version}", *map(str, told))
        return "\n".join((*lines, f"proven over {self.states} states and {self.steps} moves: {shown}"))

    def as_json(self) -> dict[str, Any]:
        """Return it for programs."""
        return {
            "proven": self.holds,
            "violations": [each.as_json() for each in self.violations],
            "states": self.states,
            "moves": self.steps,
            "nodes": self.nodes,
            "edges": self.edges,
            "version": self.version,
            "bounds": [
                {
                    "language": each.language,
                    "pace": each.pace,
                    "turns": each.turns,
                    "seconds": round(each.seconds),
                    "seconds_at_worst": round(each.seconds_at_worst),
                    "straight_turns": each.straight_turns,
                    "straight_seconds": round(each.straight_seconds),
                }
                for each in self.bounds
            ],
            "common_ways": [each.as_json() for each in self.common_ways],
        }


class SoundPrompts:
    """The prompts that can be spoken, of a catalog that may have faults; what is missing counts one word."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._pieces: dict[tuple[str, str | None, str, str], tuple[int, ...]] = {}

    @property
    def languages(self) -> Sequence[str]:
        """The languages there are prompts in."""
        return self._catalog.languages

    def prompt_ids(self, language: str) -> Iterable[str]:
        """Return the prompts there are in a language."""
        return self._catalog.prompt_ids(language)

    def has(self, prompt_id: str, attribute: str | None, language: str) -> bool:
        """Return whether a prompt, or its attribute, exists."""
        return self._catalog.has(prompt_id, attribute, language)

    def variables(self, prompt_id: str, language: str) -> frozenset[str]:
        """Return the slots a prompt speaks."""
        return self._catalog.variables(prompt_id, language)

    def keys(self, prompt_id: str, language: str) -> frozenset[NamedKeys]:
        """Read the keys that each wording of a prompt names."""
        return self._catalog.keys(prompt_id, language)

    def pieces(self, prompt_id: str, attribute: str | None, language: str, pace: str) -> tuple[int, ...]:
        """Return the words of each piece, at worst."""
        key = (prompt_id, attribute, language, pace)
        if key not in self._pieces:
            try:
                self._pieces[key] = self._catalog.pieces(*key)
            except SpeechError:
                self._pieces[key] = (1,)
        return self._pieces[key]


@dataclass(frozen=True, slots=True)
class Draft:
    """A line as far as it can be read, with the faults that the static checks find."""

    line: Line
    flow_faults: tuple[Fault, ...]
    prompt_faults: tuple[PromptFault, ...]
    choices: Mapping[str, frozenset[str]]

    @property
    def callable(self) -> bool:
        """Whether a call can be answered at all."""
        dialogs = self.line.flow.dialogs
        starts = all(
            name in dialogs and dialogs[name].start in dialogs[name].nodes for name in REQUIRED_DIALOGS
        )
        return starts and bool(self.line.flow.languages)


def read_draft(files: Mapping[str, str], vocabulary: Vocabulary = VOCABULARY) -> Draft:
    """Read a line, faults and all."""
    dialogs, flow_faults = load_dialogs(
        {name: text for name, text in files.items() if name.startswith("flows/")}
    )
    sources = read_sources(prompt_files(files), vocabulary.slots)
    prompt_faults = [*check_sources(sources, vocabulary.slots), *unworded(sources, CHOICES)]
    catalog = Catalog([_sound(source) for source in sources if source.language in SPOKEN], vocabulary.slots)
    if not flow_faults:
        told = {(fault.language, fault.prompt_id) for fault in prompt_faults}
        flow_faults = [
            fault
            for fault in check_flow(dialogs, vocabulary, catalog)
            if fault.rule != "flow.prompt-missing" or (fault.language, fault.about) not in told
        ]
    flow = Flow.compile(version_of(files), dialogs, vocabulary, SoundPrompts(catalog))
    return Draft(
        Line(flow, catalog, dict(files)), tuple(flow_faults), tuple(prompt_faults), _choices(sources)
    )


def _choices(sources: Iterable[Source]) -> dict[str, frozenset[str]]:
    """Return the values that the wording of some prompt depends on, by slot."""
    choices: dict[str, frozenset[str]] = {}
    for form in (form for source in sources for form in source.forms.values()):
        for slot, compared in form.selected.items():
            choices[slot] = choices.get(slot, frozenset()).union(*(map(str, keys) for keys in compared))
    return choices


def _sound(source: Source) -> Source:
    """Return what of a language can be spoken."""
    forms = {key: form for key, form in source.forms.items() if form.sound}
    lines = {prompt: line for prompt, line in source.lines.items() if (prompt, None) in forms}
    forms = {key: form for key, form in forms.items() if key[0] in lines}
    return Source(source.language, source.text, forms, lines)


def world_of(draft: Draft) -> World:
    """Return what can happen to a line: the samples of its topics. Nothing of them belongs to anyone.

    Of each slot the value is taken that makes the longest speech, or one that the wording asks for.
    """
    line = draft.line
    vocabulary = line.flow.vocabulary
    kinds = vocabulary.slots
    actions = vocabulary.actions.values()
    values = {name: slot.longest for name, slot in SLOTS.items() if slot.kind != "secret" or slot.samples}
    values |= {
        slot: min(keys)
        for slot, keys in draft.choices.items()
        if kinds.get(slot) == "choice" and values.get(slot) not in keys
    }

    def speak(said: Said, language: str, pace: str) -> Sequence[Sentence]:
        try:
            return sentences(line.catalog, kinds, said, language, pace)
        except SpeechError as error:
            raise ValueError(str(error)) from error

    return World(
        entries={name: tuple(field.samples.values()) for name, field in vocabulary.fields.items()},
        words=[words for field in vocabulary.fields.values() for words in field.said],
        values=values,
        canaries=CANARIES,
        consents={action.name: action.consent for action in actions if action.consent},
        recalls={action.name: action.recalls for action in actions if action.recalls},
        ordinary={action.name: action.ordinary for action in actions if action.ordinary},
        possible=possible,
        decisive=decisive,
        speak=speak,
    )


def prove(
    files: Mapping[str, str], vocabulary: Vocabulary = VOCABULARY, paces: Sequence[str] = WORDED
) -> Proof:
    """Explore all calls on a line in these paces and say what is not true of them."""
    draft = read_draft(files, vocabulary)
    flow = draft.line.flow
    if not draft.callable:
        cannot = "the line cannot be called while a dialog that the engine needs is missing or has no start"
        faults: Sequence[Fault | PromptFault] = (*draft.flow_faults, *draft.prompt_faults)
        found = tuple(Violation(str(fault), fault.rule, None, cannot) for fault in faults)
        return Proof(
            found, (), (), flow.version, len(flow.dialogs), len(flow.nodes), _edge_count(flow.dialogs), 0, 0
        )
    world = world_of(draft)
    judge = Judge(flow, world)
    exploration = Exploration(flow, world, [judge.watch], paces).run()
    return _Prover(draft, world, exploration, judge, paces).proof()


def write_calls(proof: Proof, folder: Path) -> Proof:
    """Write the calls of a proof into a folder, a file each; returns the proof with their names.

    Raises `OperatorError` when the folder cannot be written to.
    """
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for number, violation in enumerate(proof.violations, start=1):
            name = ""
            if violation.call is not None:
                place = re.sub(r"[^a-z0-9]+", "_", violation.where.lower().partition(" ")[2][:40]).strip("_")
                file = folder / f"{number:02d}_{place}.call"
                file.write_text(violation.call_file, "utf-8")
                name = str(file)
            written.append(replace(violation, file=name))
    except OSError as error:
        raise OperatorError(f"{folder}: cannot be written ({error.strerror}): name another folder") from error
    return replace(proof, violations=tuple(written))


def _edge_count(dialogs: Mapping[str, Dialog]) -> int:
    return sum(len(node.branches) for dialog in dialogs.values() for node in dialog.nodes.values())


class _Prover:
    """Puts static faults and what was found together."""

    def __init__(
        self, draft: Draft, world: World, exploration: Exploration, judge: Judge, paces: Sequence[str]
    ) -> None:
        self._paces = paces
        self._draft = draft
        self._flow = draft.line.flow
        self._world = world
        self._exploration = exploration
        self._judge = judge
        self._findings = judge.findings(exploration)

    def proof(self) -> Proof:
        bounds = tuple(self._bounds())
        self._findings += self._too_long(bounds)
        violations = [
            *(self._flow_violation(fault) for fault in self._draft.flow_faults),
            *(self._prompt_violation(fault) for fault in self._draft.prompt_faults),
        ]
        violations += [
            Violation(self._where(finding.wrong), finding.wrong.rule, self._shown(finding.moves))
            for finding in self._findings
        ]
        violations += self._unspoken_languages()
        if not violations and set(self._paces) == set(WORDED):
            violations += self._unreached()
        flow = self._flow
        return Proof(
            violations=tuple(violations),
            bounds=bounds,
            common_ways=tuple(self._common_ways()),
            version=flow.version,
            dialogs=len(flow.dialogs),
            states=len(self._exploration.places),
            steps=self._exploration.steps,
            nodes=len(flow.nodes),
            edges=_edge_count(flow.dialogs),
        )

    def _shown(self, moves: Iterable[Move]) -> ShownCall:
        return show(self._flow, self._world, tuple(moves))

    def _where(self, wrong: Wrong) -> str:
        node = self._flow.nodes.get(wrong.node)
        if node is None:
            return f"{wrong.node}: {wrong.message} [{wrong.rule}]"
        return str(Fault(f"flows/{node.dialog}.toml", node.line, node.name, wrong.rule, wrong.message))

    # Static faults.

    def _flow_violation(self, fault: Fault) -> Violation:
        explained = [finding for finding in self._findings if _explains(fault, finding.wrong)]
        self._findings = [finding for finding in self._findings if finding not in explained]
        if explained:
            return Violation(str(fault), fault.rule, self._shown(explained[0].moves))
        if fault.rule == "flow.prompt-missing":
            return self._spoken_violation(fault, fault.about)
        dialog = fault.file.removeprefix("flows/").removesuffix(".toml")
        entry = self._flow.dialogs.get(dialog)
        for name, note in (
            (fault.node, ""),
            (entry.start if entry else "", f"this call comes into {dialog}"),
        ):
            reached = self._exploration.nodes.get(f"{dialog}/{name}")
            if reached is not None:
                return Violation(str(fault), fault.rule, self._shown(self._exploration.trace(*reached)), note)
        return Violation(str(fault), fault.rule, None, f"no call comes into {dialog}")

    def _prompt_violation(self, fault: PromptFault) -> Violation:
        explained = [
            finding
            for finding in self._findings
            if finding.wrong.language == fault.language and fault.prompt_id in finding.wrong.about
        ]
        self._findings = [finding for finding in self._findings if finding not in explained]
        if explained:
            return Violation(str(fault), fault.rule, self._shown(explained[0].moves))
        return self._spoken_violation(fault, fault.prompt_id)

    def _spoken_violation(self, fault: Fault | PromptFault, prompt: str) -> Violation:
        for (spoken, _, tag, _), reached in self._judge.spoken.items():
            if (spoken, tag) == (prompt, fault.language):
                return Violation(str(fault), fault.rule, self._shown(self._exploration.trace(*reached)))
        return Violation(str(fault), fault.rule, None, f"no call says {prompt} in {fault.language}")

    # How long.

    def _bounds(self) -> Iterable[Bound]:
        told = self._told_turns()
        for language in self._flow.languages:
            for pace in (each for each in PACES if worded(each) in self._paces):
                run = (language, worded(pace))
                last_turns, goes_round = closing_turns(self._exploration, *run)
                turns = TURNS_MAX[pace] + last_turns
                wait_seconds = max(MORE_SECONDS.values()) if pace == "unhurried" else 0  # and voice's own
                last_seconds = self._judge.longest_closing.get(run, 0.0) + wait_seconds
                until_told = CALL_SECONDS_MAX[pace] + self._judge.longest.get(run, 0.0) + wait_seconds
                straight = self._straight(run)
                yield Bound(
                    language,
                    pace,
                    turns,
                    until_told + told.get(run, 0) * last_seconds,
                    until_told + (turns if goes_round else told.get(run, 0)) * last_seconds,
                    straight.turns if straight else 0,
                    straight.seconds if straight else 0.0,
                )

    def _told_turns(self) -> dict[Variant, int]:
        """Return how often the line speaks, at most, to tell a caller who answers that the time is up."""
        most: dict[Variant, int] = {}
        for index, turns in told_turns(self._exploration).items():
            state = self._exploration.places[index].state
            run = (state.language, state.pace)
            most[run] = max(most.get(run, 0), turns + 1)
        return most

    def _straight(self, run: Variant) -> ShownCall | None:
        moves = straight_way(self._exploration, run)
        return show(self._flow, self._world, moves, pass_gates=True) if moves else None

    def _common_ways(self) -> Iterator[CommonWay]:
        for language in self._flow.languages if "voice" in self._paces else ():
            moves = straight_way(self._exploration, (language, "voice"))
            if moves:
                yield common_way(self._flow, self._world, moves, language)

    def _too_long(self, bounds: Iterable[Bound]) -> list[Finding]:
        found = []
        for bound in bounds:
            turns, seconds = (
                TURNS_MAX[bound.pace] * STRAIGHT_SHARE,
                CALL_SECONDS_MAX[bound.pace] * STRAIGHT_SHARE,
            )
            if bound.straight_turns > turns or bound.straight_seconds > seconds:
                message = (
                    f"the straight way to a payment takes {bound.straight_turns} turns and "
                    f"{bound.straight_seconds / 60:.1f} minutes in {bound.language} {bound.pace} pace, "
                    f"at most {turns:.0f} and {seconds / 60:.0f}: say or ask less on the way"
                )
                moves = straight_way(self._exploration, (bound.language, bound.pace))
                wrong = Wrong("proof.long-straight-way", self._payment_node(), message)
                found.append(Finding(wrong, moves, bound.straight_turns))
        return found

    def _payment_node(self) -> str:
        return next(node.path for node in self._flow.nodes.values() if node.word in self._world.consents)

    def _unspoken_languages(self) -> Iterable[Violation]:
        """Find languages that no caller can choose; a call shows what is offered first."""
        places = self._exploration.places
        spoken = {place.state.language for place in places}
        for language in self._flow.languages:
            if language not in spoken:
                message = "no caller can choose this language: ask for it, or take the file away"
                where, rule = f"prompts/{language}.ftl: {message}", "proof.language-not-chosen"
                yield Violation(f"{where} [{rule}]", rule, self._shown((places[0].move,)))

    def _unreached(self) -> Iterable[Violation]:
        for node in self._flow.nodes.values():
            skipped = node.word == LANGUAGE and len(self._flow.languages) == 1
            for label in node.branches:
                if (node.path, label) not in self._exploration.edges and not skipped:
                    message = f"no call takes {label}: remove it"
                    rule = "proof.branch-not-taken"
                    fault = Fault(f"flows/{node.dialog}.toml", node.line, node.name, rule, message)
                    yield Violation(str(fault), rule, None, "no call comes here")


# Static rules, each with what the exploration says of a line that breaks it.
_SHOWN_AS = {
    "flow.loop-without-counter": "proof.endless-loop",
    "flow.need-not-filled": "proof.need-not-filled",
    "flow.endless": "proof.dead-end",
    "flow.prompt-missing": "proof.unspeakable",
}


def _explains(fault: Fault, wrong: Wrong) -> bool:
    """Return whether what was found is what a static check says."""
    dialog = fault.file.removeprefix("flows/").removesuffix(".toml")
    here = wrong.node == f"{dialog}/{fault.node}"
    about = bool(fault.about) and fault.about in wrong.about
    if wrong.rule == "proof.breaks-off":
        return here or about
    if _SHOWN_AS.get(fault.rule) != wrong.rule:
        return False
    if wrong.rule == "proof.endless-loop":
        return wrong.node.startswith(f"{dialog}/")
    if wrong.rule == "proof.unspeakable":
        return about and wrong.language == fault.language
    return here and about if fault.about else here

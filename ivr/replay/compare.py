"""Compares recorded calls on two versions of the line: what would be different, grouped by its cause.

Each call runs on both (`ivr.replay.rerun`). What they share up to the place where they part is compared word
by word; after that only what came of it counts. One row for each node that makes a difference.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from itertools import zip_longest
from typing import Final, Literal, NamedTuple, get_args

from ivr.base.money import format_amount
from ivr.dialog.definition import GATE_PREFIX, GIVE_UP, Node
from ivr.dialog.events import TOO_LONG, BranchTaken, EntryRefused, Event
from ivr.dialog.flow import ENGINE_PROMPTS, NOT_A_CHOICE, Flow
from ivr.replay.rerun import Rerun, RunPayment, SpokenPrompt

Kind = Literal[
    "payment differs",
    "new failure",
    "a key that callers press as told leads nowhere",
    "another end",
    "inconclusive",
    "same outcome by another route",
    "longer or shorter",
    "changed wording only",
]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)  # the worst first
LONGER_SECONDS: Final = 5.0
_EVERYWHERE: Final = frozenset(ENGINE_PROMPTS)


class Difference(NamedTuple):
    """One difference of one call: where it comes from (a node, or a prompt said at every question), and why.

    `seconds` is how much longer (or, negative, shorter) the call takes by it.
    """

    kind: Kind
    cause: str
    why: str
    what: str
    seconds: float


class Stand(NamedTuple):
    """Where a stage left the call: it waits at a node, unless the run came to an end there."""

    node: str
    ending: str = ""


Way = Sequence[Event | Stand]


class Stage(NamedTuple):
    """What happened between two answers of the caller, gates passed: the way, then where the line waits."""

    way: Way
    said: tuple[SpokenPrompt, ...]
    seconds: float


class Comparer:
    """Compares runs on two lines, whose flows it knows."""

    def __init__(self, before: Flow, after: Flow, *, longer_seconds: float = LONGER_SECONDS) -> None:
        self._before = before
        self._after = after
        self._longer_seconds = longer_seconds
        common = before.nodes.keys() & after.nodes.keys()
        self._changed = {path for path in common if _does(before.nodes[path]) != _does(after.nodes[path])}

    def compare(self, before: Rerun, after: Rerun) -> list[Difference]:
        """Return what differs between two runs of one call; nothing when they are the same."""
        same_way = before.trace is not None and before.trace is after.trace  # it meets nothing changed
        if before == after and (same_way or not self._passes_a_change(after)):
            return []
        if same_way:
            wording = self._wording(zip(_stages(before), _stages(after), strict=True))
            return self._by_length(wording, after.seconds - before.seconds)
        stages = list(zip_longest(_stages(before), _stages(after)))
        parting = self._parting(stages)
        together = stages if parting is None else stages[: parting.stage]
        differences = self._wording(
            (one, other) for one, other in together if one is not None and other is not None
        )
        outcome = _outcome(before, after)
        if parting is None:
            if outcome is None:
                return self._by_length(differences, after.seconds - before.seconds)
            where = after.stopped_at or before.stopped_at or (after.turns[-1].node if after.turns else "")
            parting = _Parting(len(stages), where, "")
        differences += self._wording_after(stages[parting.stage :], {each.cause for each in differences})
        elsewhere = [each for each in differences if each.cause != parting.cause]
        kind, what = outcome or (parting.kind, "")
        whole = before.end is not None and after.end is not None
        seconds = after.seconds - before.seconds if whole else 0.0
        return [*elsewhere, Difference(kind, parting.cause, parting.why, what, seconds)]

    def _passes_a_change(self, run: Rerun) -> bool:
        return bool(self._changed) and any(event.node in self._changed for event in run.events)

    # Where two runs part.

    def _parting(self, stages: Sequence[tuple[Stage | None, Stage | None]]) -> _Parting | None:
        last: Event | Stand | None = None
        for number, (before, after) in enumerate(stages):
            way_before = before.way if before else ()
            way_after = after.way if after else ()
            for one, other in zip_longest(way_before, way_after):
                if one != other:
                    return self._misled(number, one, other) or _Parting(
                        number, *self._blamed(last, one, other)
                    )
                if self._changed and one.node in self._changed:
                    return _Parting(number, one.node, self._change_of(one.node))
                last = one
        return None

    def _misled(
        self, stage: int, before: Event | Stand | None, after: Event | Stand | None
    ) -> _Parting | None:
        """Tell of a key that led on before and is no choice any more, above all where callers are told it."""
        if not isinstance(before, BranchTaken):
            return None
        path, key = before.node, before.label
        node = self._after.nodes.get(path)
        if node is None or not key.isdigit() or after != EntryRefused(path, NOT_A_CHOICE):
            return None
        telling = {prompt for prompt in node.prompts if self._names(prompt, key)}
        then = self._before.nodes[path].branches[key]
        if not telling:
            return _Parting(stage, path, f"key {key} leads to nothing, before {then}")
        told = ", ".join(sorted(telling))
        why = f"{told} tells callers to press {key}, which leads nowhere, before to {then}"
        return _Parting(stage, path, why, "a key that callers press as told leads nowhere")

    def _names(self, prompt: str, key: str) -> bool:
        prompts = self._after.prompts
        return any(key in keys.named for tag in prompts.languages for keys in prompts.keys(prompt, tag))

    def _blamed(
        self, last: Event | Stand | None, before: Event | Stand | None, after: Event | Stand | None
    ) -> tuple[str, str]:
        """Return the node to blame, and why, when after `last` the runs go on to `before` and `after`."""
        if isinstance(last, BranchTaken):
            led = self._led_elsewhere(last)
            if led:
                return last.node, led
        here, there = (each.node if each else "" for each in (before, after))
        if here == there and here in self._changed:
            return here, self._change_of(here)
        if here == there or here not in self._after.nodes:
            return here or there, "gone" if here and here not in self._after.nodes else ""
        if there and there not in self._before.nodes:
            return there, "new"
        return there or here, ""

    def _led_elsewhere(self, taken: BranchTaken) -> str:
        """Tell where a branch leads now that led elsewhere before; empty where it does not."""
        before, after = self._before.nodes.get(taken.node), self._after.nodes.get(taken.node)
        if before is None or after is None:
            return ""
        then, now = before.branches.get(taken.label, ""), after.branches.get(taken.label, "")
        if then == now:
            return ""
        return f"{_label(after, taken.label)} leads to {now or 'nothing'}, before {then or 'nothing'}"

    def _change_of(self, path: str) -> str:
        before, after = self._before.nodes[path], self._after.nodes[path]
        return f"{_described(after)}, before {_described(before)}"

    # What is said on the way they share.

    def _wording(self, stages: Iterable[tuple[Stage, Stage]]) -> list[Difference]:
        found: dict[str, Difference] = {}
        for before, after in stages:
            if before.said == after.said:
                continue
            changed = list(_changed_words(before.said, after.said))
            longest = max(changed, key=lambda each: abs(each[1]), default=None)
            for each in changed:
                label, _ = each
                cause = self._speaker(label, (*before.way, *after.way))
                seconds = after.seconds - before.seconds if each is longest else 0.0
                known = found.get(cause)
                labels = [label] if known is None else sorted({*known.what.split(", "), label})
                found[cause] = Difference(
                    "changed wording only",
                    cause,
                    "",
                    ", ".join(labels),
                    seconds + (known.seconds if known else 0.0),
                )
        return list(found.values())

    def _wording_after(
        self, stages: Sequence[tuple[Stage | None, Stage | None]], known: Container[str]
    ) -> Iterator[Difference]:
        """Yield the prompts heard on both ways after they parted whose text and words are not the same."""
        before = {_form(said): said for stage, _ in stages if stage for said in stage.said}
        after = {_form(said): said for _, stage in stages if stage for said in stage.said}
        way = [entry for _, stage in stages if stage for entry in stage.way]
        for form in sorted(before.keys() & after.keys()):
            one, other, label = before[form], after[form], form[0]
            cause = self._speaker(label, way)
            if one.sha256 != other.sha256 and one.words != other.words and cause not in known:
                yield Difference("changed wording only", cause, "", label, 0.0)

    def _speaker(self, label: str, way: Way) -> str:
        """Return the node that says a prompt; the prompt itself where the engine says it at any question."""
        prompt = label.partition(".")[0].partition("[")[0].partition("@")[0]
        if prompt.startswith("nomatch-"):
            return prompt
        for entry in reversed(way):
            for flow in (self._before, self._after):
                node = flow.nodes.get(entry.node)
                if node is not None and prompt in node.prompts:
                    return node.path
        if prompt in _EVERYWHERE:
            return prompt
        for flow in (self._after, self._before):
            for node in flow.nodes.values():
                if prompt in node.prompts:
                    return node.path
        return prompt

    def _by_length(self, differences: list[Difference], seconds: float) -> list[Difference]:
        """Call what takes the caller much longer so; with no words to blame, nothing differs but gates."""
        if not differences or abs(seconds) < self._longer_seconds:
            return differences
        most = max(differences, key=lambda each: abs(each.seconds))
        return [each._replace(kind="longer or shorter") if each is most else each for each in differences]


class _Parting(NamedTuple):
    stage: int
    cause: str
    why: str
    kind: Kind = "same outcome by another route"  # where nothing else came of it


def _does(node: Node) -> tuple[object, ...]:
    """Return what a node does, apart from what it says and where it leads."""
    word = "" if node.kind == "say" else node.word
    return node.kind, word, tuple(sorted(node.args.items())), tuple(sorted(node.tries.items())), node.only


def _described(node: Node) -> str:
    args = "".join(f" {name}={value}" for name, value in node.args.items())
    tries = "".join(f" {name} at most {count} times" for name, count in node.tries.items())
    only = f" only in {node.only}" if node.only else ""
    return f"{node.kind} {'' if node.kind == 'say' else node.word}{args}{tries}{only}".replace("  ", " ")


def _label(node: Node, label: str) -> str:
    return f"key {label}" if label.isdigit() else label if node.kind != "action" else f"outcome {label}"


def _stages(run: Rerun) -> Iterator[Stage]:
    """Divide a run at the caller's answers; what a gate divided is put together again."""
    way: list[Event | Stand] = []
    said: list[SpokenPrompt] = []
    seconds = 0.0
    for number, turn in enumerate(run.turns):
        way += turn.events
        said += [spoken for spoken in turn.prompts if not spoken.label.startswith(GATE_PREFIX)]
        seconds += turn.seconds
        last = number + 1 == len(run.turns)
        if last or not turn.gate:
            ending = _ending(run) if last else ""
            yield Stage((*way, Stand(turn.node, ending)), tuple(said), seconds)
            way, said, seconds = [], [], 0.0


def _ending(run: Rerun) -> str:
    return "stopped" if run.end is None else f"end {run.end}"


def _changed_words(
    before: Sequence[SpokenPrompt], after: Sequence[SpokenPrompt]
) -> Iterator[tuple[str, float]]:
    """Yield the prompts whose words differ, each with the seconds it takes more."""
    one, other = _joined(before), _joined(after)
    for label in (*one, *(label for label in other if label not in one)):
        words_before, seconds_before = one.get(label, (None, 0.0))
        words_after, seconds_after = other.get(label, (None, 0.0))
        if words_before != words_after:
            yield label, seconds_after - seconds_before


def _joined(said: Sequence[SpokenPrompt]) -> dict[str, tuple[tuple[object, ...], float]]:
    """Put the pieces of each prompt together: label -> what is said, and its seconds."""
    joined: dict[str, tuple[tuple[object, ...], float]] = {}
    for spoken in said:
        label = _whole(spoken.label)
        (interruptible, *words), seconds = joined.get(label, ((True,), 0.0))
        joined[label] = (interruptible and spoken.barge_in, *words, *spoken.words), seconds + spoken.seconds
    return joined


def _form(said: SpokenPrompt) -> tuple[str, str, str]:
    """Return what tells one wording from another: prompts have forms for attempts, languages and paces."""
    return _whole(said.label), said.language, said.pace


def _whole(label: str) -> str:
    """Return a label without the number of its piece."""
    before, bracket, rest = label.partition("[")
    return before + rest.partition("]")[2] if bracket else label


# What came of it.


def _outcome(before: Rerun, after: Rerun) -> tuple[Kind, str] | None:
    """Return how two runs differ in what came of them, the worst first; None when they do not."""
    worst_first = (_payments_differ, _fails_anew, _one_stops, _ends_differ)
    return next((found for compare in worst_first if (found := compare(before, after))), None)


def _payments_differ(before: Rerun, after: Rerun) -> tuple[Kind, str] | None:
    # Where nobody knows how a call goes on, what was paid until then counts.
    known = min((run.last_seq for run in (before, after) if run.stopped), default=None)
    then, now = (
        [payment._replace(seq=0) for payment in run.payments if known is None or payment.seq <= known]
        for run in (before, after)
    )
    if then == now:
        return None
    reason = after.failure or after.stopped or before.failure or before.stopped
    return "payment differs", f"{_payments(now)}, before {_payments(then)}{reason and f'; {reason}'}"


def _fails_anew(before: Rerun, after: Rerun) -> tuple[Kind, str] | None:
    if after.failure and after.failure != before.failure:
        return "new failure", after.failure
    broken = _breakdowns(after) - _breakdowns(before)
    return ("new failure", " and ".join(sorted(broken))) if broken else None


def _one_stops(before: Rerun, after: Rerun) -> tuple[Kind, str] | None:
    if after.stopped == before.stopped:
        return None
    return "inconclusive", after.stopped or f"on the first version: {before.stopped}"


def _ends_differ(before: Rerun, after: Rerun) -> tuple[Kind, str] | None:
    if after.end == before.end:
        return None
    return "another end", f"{after.end or 'none'}, before {before.end or 'none'}"


def _breakdowns(run: Rerun) -> set[str]:
    """Return the ways in which the line gave a caller up."""
    found = set()
    for event in run.events:
        label = event.label if isinstance(event, BranchTaken) else ""
        if label == GIVE_UP:
            found.add("the line gives up")
        elif label == TOO_LONG:
            found.add("the call is too long")
    return found


def _payments(payments: Sequence[RunPayment]) -> str:
    return (
        " and ".join(
            f"{each.plan} {format_amount(each.amount_cents)} from {each.account_type}" for each in payments
        )
        or "no payment"
    )

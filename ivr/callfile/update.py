"""`ivr replay --update`: call files are made to say what the line says now, for a person to review as a diff.

Only `line`, `end` and `did` lines change; comments, headers, spacing, order and what the caller does stay. A
file is rewritten only when all its runs ask for the same (`_rewrite_if_agreed`), and only for good when it
then plays as written (`_rewrite_and_replay`).
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TextIO

from ivr.base.errors import EXIT_NO
from ivr.callfile.grammar import BYTE_ORDER_MARK, read_call_file, split_lines
from ivr.callfile.player import CallResult, Correction, PlayOptions
from ivr.callfile.suite import Players, find_calls, line_down, list_runs

_VALUE_COLUMN = 8
_PARTS = re.compile(r"(\s*)(\S+)(\s*)(.*?)(\s*)")


@dataclass
class UpdateReport:
    """What became of the files: how many lines changed in each, why some were left, what went wrong."""

    updated: dict[str, int] = field(default_factory=dict)
    left: dict[str, str] = field(default_factory=dict)
    as_written: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def exit_status(self) -> int:
        """0 when every file now says what the line says, else 1."""
        return EXIT_NO if self.left or self.problems else 0


def update(
    players: Players,
    paths: Iterable[Path],
    *,
    root: Path | None = None,
    progress: Callable[[CallResult], None] = lambda _result: None,
    expect: Callable[[int], None] = lambda _count: None,
) -> UpdateReport:
    """Rewrite what the call files among `paths` expect, where they differ from what is heard.

    A call that breaks, that ends before its caller is done, or whose languages and paces would need different
    words, is left as it is. `expect` and `progress` are as for `replay_with`. Raises `OperatorError`.
    """
    files, problems = find_calls(paths)
    report = UpdateReport(problems=list(map(str, problems)))
    _Update(players, root=root, progress=progress, expect=expect, report=report).work(files)
    return report


class _Update:
    def __init__(
        self,
        players: Players,
        *,
        root: Path | None,
        progress: Callable[[CallResult], None],
        expect: Callable[[int], None],
        report: UpdateReport,
    ) -> None:
        self.report = report
        self._players = players
        self._root = root
        self._progress = progress
        self._expect = expect
        self._runs_expected = 0
        self._texts: dict[str, str] = {}  # of the files rewritten, as they were
        self._waiting: dict[str, tuple[str, str]] = {}  # file -> the file that differs before it, how

    def work(self, files: Sequence[Path]) -> None:
        """Play all, then those again whose earlier calls were rewritten, as long as there are any."""
        self._rewrite_and_replay(files)
        while ready := [file for file, (earlier, _) in self._waiting.items() if self._was_updated(earlier)]:
            for file in ready:
                del self._waiting[file]
            self._rewrite_and_replay([Path(file) for file in ready])
        for file, (earlier, difference) in self._waiting.items():
            self.report.left[file] = f"{difference}: {earlier} comes before it, update that one first"

    def _was_updated(self, earlier: str) -> bool:
        resolved = Path(earlier).resolve()
        return any(Path(file).resolve() == resolved for file in self.report.updated)

    def _rewrite_and_replay(self, files: Sequence[Path]) -> None:
        """Play files, rewrite those that need it, and play these again to see that they pass."""
        rewritten = [
            Path(file)
            for file, results in self._play(files).items()
            if self._rewrite_if_agreed(file, results)
        ]
        for file, results in self._play(rewritten).items():
            if not all(result.passed for result in results):
                self._put_back(file, results)

    def _play(self, files: Sequence[Path]) -> Mapping[str, Sequence[CallResult]]:
        runs, faults = list_runs(files, self._players.languages, root=self._root)
        self.report.problems += map(str, faults)
        self._runs_expected += len(runs)
        self._expect(self._runs_expected)
        results: dict[str, list[CallResult]] = defaultdict(list)
        unplayed: set[str] = set()
        played = 0
        for outcome in self._players.play(runs, PlayOptions(correct=True)):
            if isinstance(outcome, CallResult):
                results[outcome.name].append(outcome)
                self._progress(outcome)
                played += 1
                continue
            unplayed.add(outcome.run.call.name)
            if outcome.line_down:
                self.report.problems.append(line_down(outcome, len(runs) - played))
                return {}
            self.report.problems += [f"{outcome.run}: {problem}" for problem in outcome.problems]
        return {file: found for file, found in results.items() if file not in unplayed}

    def _rewrite_if_agreed(self, file: str, results: Sequence[CallResult]) -> bool:
        """Rewrite a file if all its runs ask for the same; note what becomes of it."""
        difference = next((result.difference for result in results if result.difference is not None), None)
        if difference is not None:
            if difference.place.file != file:
                self._waiting[file] = difference.place.file, str(difference)
            else:
                self.report.left[file] = f"{difference}: what the caller does, or the line, has to change"
            return False
        first = results[0]
        other = next((result for result in results if result.corrections != first.corrections), None)
        if other is not None:
            self.report.left[file] = _runs_disagree(first, other)
            return False
        if not first.corrections:
            self.report.as_written.append(file)
            return False
        path = Path(file)
        self._texts[file] = read_call_file(path)
        path.write_bytes(rewrite(self._texts[file], first.corrections).encode())
        self.report.updated[file] = len(first.corrections)
        return True

    def _put_back(self, file: str, results: Sequence[CallResult]) -> None:
        Path(file).write_bytes(self._texts[file].encode())
        del self.report.updated[file]
        failed = next(result for result in results if not result.passed)
        what = failed.difference or f"{failed.corrections[0].place}: other words at another time"
        self.report.left[file] = f"{what}: rewritten it would not pass either"


def _runs_disagree(one: CallResult, other: CallResult) -> str:
    """Say where two runs of a file would need different expectations."""
    pairs = zip((*one.corrections, None), (*other.corrections, None), strict=False)
    first, second = next((a, b) for a, b in pairs if a != b)
    place = (first or second or one.corrections[0]).place

    def wanted(correction: Correction | None) -> str:
        if correction is None or correction.place != place:
            return "what is written"
        return {"remove": "no such line", "replace": correction.text}.get(
            correction.how, f"{correction.text} {correction.how} it"
        )

    return (
        f"{place}: {one.language} {one.pace} needs {wanted(first)}, {other.language} {other.pace} needs"
        f" {wanted(second)}: narrow the file with `language` or `pace`, and write another for the rest"
    )


def rewrite(text: str, corrections: Iterable[Correction]) -> str:
    """Return the text of a call file with corrections made; all else stays byte for byte."""
    lines = split_lines(text)
    ending = next((line[len(line.rstrip("\r\n")) :] for line in lines if line.endswith(("\n", "\r"))), "\n")
    before: dict[int, list[str]] = defaultdict(list)
    for correction in corrections:
        number = correction.place.line - 1
        old = lines[number]
        if correction.how == "replace":
            lines[number] = _replaced(old, correction.text)
        elif correction.how == "remove":
            lines[number] = ""
        elif correction.how == "before":
            before[_above_its_remarks(lines, number)].append(_like(old, correction.text) + ending)
        else:
            if not old.endswith(("\n", "\r")):
                lines[number] = old + ending
            before[number + 1].append(_like(old, correction.text) + ending)
    return "".join("".join((*before[number], line)) for number, line in enumerate([*lines, ""]))


def _replaced(old: str, text: str) -> str:
    """Put the value of `text` into a line, whose spacing stays."""
    indent, word, gap, _, end = _parts(old)
    return f"{indent}{word}{gap}{text.split(maxsplit=1)[1]}{end}"


def _like(neighbor: str, text: str) -> str:
    """Write a new line with the spacing of the one beside it."""
    indent, word, gap, value, _ = _parts(neighbor)
    new_word, new_value = text.split(maxsplit=1)
    column = len(word) + len(gap) if value else _VALUE_COLUMN
    return f"{indent}{new_word:<{column - 1}} {new_value}"


def _parts(line: str) -> Sequence[str]:
    match = _PARTS.fullmatch(line.removeprefix(BYTE_ORDER_MARK))
    return ("", "", "", "", "") if match is None else match.groups()


def _above_its_remarks(lines: Sequence[str], number: int) -> int:
    """Return the first of the comments and faults that belong to what a line says."""
    while number and lines[number - 1].lstrip().startswith(("#", "fault")):
        number -= 1
    return number


def print_text(report: UpdateReport, out: TextIO) -> None:
    """Print a line for each file that was rewritten or left, and the counts."""
    out.writelines(
        f"updated {file} ({count} line{'' if count == 1 else 's'})\n"
        for file, count in report.updated.items()
    )
    out.writelines(f"left    {file}\n     {why}\n" for file, why in report.left.items())
    out.writelines(f"{problem}\n" for problem in report.problems)
    out.write(
        f"{len(report.updated)} updated, {len(report.left)} left as they were, {len(report.as_written)} as"
        f" written, {len(report.problems)} problem{'' if len(report.problems) == 1 else 's'}\n"
    )


def print_json(report: UpdateReport, out: TextIO) -> None:
    """Print the report as JSON."""
    json.dump(asdict(report), out, ensure_ascii=False, indent=1)
    out.write("\n")

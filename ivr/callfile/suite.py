"""`ivr replay`: finds call files, plays each in every language and pace, and says what differed."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TextIO

from ivr.base.errors import EXIT_NO, DatabaseUnavailableError, OperatorError
from ivr.callfile.grammar import CallFile, CallFileError, Problem, SourceLine, load_call
from ivr.callfile.host import Host, LineDownError, Setup
from ivr.callfile.player import CallResult, PlayOptions, play

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from ivr.languages.language import Pace

    Progress = Callable[[CallResult], None]

MUST_FAIL = "must_fail"
TRANSCRIPT_LINES_AROUND = 12


@dataclass(frozen=True)
class CallPlay:
    """One call file in one language and pace."""

    call: CallFile
    language: str
    pace: Pace

    def __str__(self) -> str:
        return f"{self.call.name} {self.language} {self.pace}"


@dataclass(frozen=True)
class Unplayed:
    """A run that could not be played, and why. `line_down`: nor could any other, and none was tried."""

    run: CallPlay
    problems: tuple[str, ...]
    line_down: bool = False


PlayOutcome = CallResult | Unplayed


class Players(Protocol):
    """Plays runs."""

    @property
    def languages(self) -> Sequence[str]:
        """The languages the line speaks."""
        ...

    def play(self, runs: Sequence[CallPlay], options: PlayOptions | None = None) -> Iterator[PlayOutcome]:
        """Yield what became of each run, in their order; it ends early when the line is down."""
        ...


class InTurn:
    """Plays one run after another in this process."""

    def __init__(self, host: Host) -> None:
        self._host = host

    @property
    def languages(self) -> Sequence[str]:
        """The languages the line speaks."""
        return self._host.languages

    def play(self, runs: Sequence[CallPlay], options: PlayOptions | None = None) -> Iterator[PlayOutcome]:
        """Yield what became of each run, in their order; it ends early when the line is down."""
        for run in runs:
            outcome = play_or_say_why(run, self._host, options)
            yield outcome
            if isinstance(outcome, Unplayed) and outcome.line_down:
                return


@dataclass(frozen=True)
class Report:
    """What became of a replay: a result a run, and the files that could not be played."""

    results: tuple[CallResult, ...]
    problems: tuple[Problem | str, ...]

    @property
    def passed(self) -> bool:
        """Whether there were calls and every one went as written."""
        return bool(self.results) and not self.problems and all(result.passed for result in self.results)

    @property
    def exit_status(self) -> int:
        """0 when all passed, else 1."""
        return 0 if self.passed else EXIT_NO

    def as_json(self) -> dict[str, Any]:
        """Return the report for programs."""
        return {
            "passed": self.passed,
            "calls": [_as_json(result) for result in self.results],
            "problems": list(map(str, self.problems)),
            "call_file_problems": [
                {"file": each.place.file, "line": each.place.line, "rule": each.rule, "message": each.message}
                for each in self.problems
                if isinstance(each, Problem)
            ],
        }


def find_calls(paths: Iterable[Path]) -> tuple[list[Path], list[Problem]]:
    """Return the call files among `paths` (folders are searched), and the problems of the other paths.

    A folder `must_fail` inside a folder is left out: it holds calls that differ on purpose.
    """
    found: list[Path] = []
    problems: list[Problem] = []

    def add(file: Path, rule: str, message: str) -> None:
        problems.append(Problem(SourceLine(_text(file), 0), rule, message))

    for path in dict.fromkeys(paths):
        if os.path.isdir(path):  # noqa: PTH112 (never raises)
            inside = _calls_in(path)
            if not inside:
                add(path, "call.no-file", "no call file in it: name a folder that holds *.call files")
        elif os.path.exists(path):  # noqa: PTH110 (never raises)
            inside = [path]
        else:
            add(path, "call.no-file", "no such file or folder: check the name")
            continue
        for file in inside:
            if _text(file) != str(file):
                add(file, "call.file-name", "its name is not UTF-8: rename it")
            elif not os.path.isfile(file):  # noqa: PTH113 (never raises)
                add(file, "call.unreadable", "is no file that can be read: mend it, or take it out")
            else:
                found.append(file)
    once = {os.path.realpath(file): file for file in reversed(found)}  # never raises, unlike `resolve`
    return list(once.values())[::-1], problems


def _calls_in(folder: Path) -> list[Path]:
    """Return what is called like a call file in a folder, other folders and calls that must fail left out."""
    return [
        file
        for file in sorted(folder.rglob("*.call"))
        if MUST_FAIL not in file.relative_to(folder).parts[:-1] and not os.path.isdir(file)  # noqa: PTH112 (never raises)
    ]


def _text(path: Path) -> str:
    """Return a path as it can be printed."""
    return os.fsencode(path).decode(errors="backslashreplace")


def list_runs(
    files: Iterable[Path], languages: Sequence[str], *, root: Path | None = None
) -> tuple[list[CallPlay], list[Problem]]:
    """Load call files; return every run of them, and the problems of those that cannot be played.

    `root` is where a file named by `after` is looked for when it is not beside its file.
    """
    runs: list[CallPlay] = []
    problems: list[Problem] = []
    for file in files:
        try:
            call = load_call(file, root=root)
        except CallFileError as error:
            problems += error.found
            continue
        of_file = [CallPlay(call, language, pace) for language, pace in call.runs(languages)]
        if not of_file:
            spoken = ", ".join(languages)
            message = f"the line does not speak {call.language}: it has {spoken}"
            problems.append(Problem(call.place("language"), "call.language-not-spoken", message))
        runs += of_file
    return runs, problems


def play_run(run: CallPlay, host: Host, options: PlayOptions | None = None) -> CallResult:
    """Play one run on a line of its own. Raises `OperatorError` when the host cannot prepare one."""
    now = run.call.now
    if now is None:
        message = "no header says when the call is: add now …"
        raise CallFileError(Problem(SourceLine(run.call.name, 1), "call.no-instant", message))
    call = run.call
    setup = Setup(call.name, now, call.member, run.language, run.pace, call.circumstances)
    with host.prepare(setup) as prepared:
        return play(run.call, prepared, language=run.language, pace=run.pace, options=options)


def play_or_say_why(run: CallPlay, host: Host, options: PlayOptions | None = None) -> PlayOutcome:
    """Play one run; say why when it cannot be played. Raises `DatabaseUnavailableError`."""
    try:
        return play_run(run, host, options)
    except LineDownError as error:
        return Unplayed(run, tuple(error.problems), line_down=True)
    except DatabaseUnavailableError:
        raise
    except OperatorError as error:
        return Unplayed(run, tuple(error.problems))


def replay_with(
    players: Players,
    paths: Iterable[Path],
    *,
    root: Path | None = None,
    options: PlayOptions | None = None,
    progress: Progress = lambda _result: None,
    expect: Callable[[int], None] = lambda _count: None,
) -> Report:
    """Play every run of the call files among `paths`.

    `expect` is told how many runs there are, `progress` gets each result as it comes.
    A file that cannot be played is a problem of the report, and the rest still runs. Raises `OperatorError`
    when the players themselves fail.
    """
    files, missing = find_calls(paths)
    runs, faults = list_runs(files, players.languages, root=root)
    problems: list[Problem | str] = [*missing, *faults]
    expect(len(runs))
    results: list[CallResult] = []
    unplayed = 0
    for outcome in players.play(runs, options):
        if isinstance(outcome, CallResult):
            results.append(outcome)
            progress(outcome)
        elif outcome.line_down:
            problems += [line_down(outcome, len(runs) - len(results) - unplayed)]
            break
        else:
            unplayed += 1
            problems += [f"{outcome.run}: {problem}" for problem in outcome.problems]
    return Report(tuple(results), tuple(dict.fromkeys(problems)))


def line_down(outcome: Unplayed, count: int) -> str:
    """Say that the line is down, and how many calls were not played for it."""
    return (
        f"{'; '.join(outcome.problems)}; {_count(count, 'call')} {'was' if count == 1 else 'were'} not played"
    )


def print_result(result: CallResult, out: TextIO, *, verbose: bool = False) -> None:
    """Print a line for a call, its words if `verbose`, and what differed with the transcript around it."""
    verdict = "ok  " if result.passed else "FAIL"
    minutes, seconds = divmod(round(result.seconds), 60)
    out.write(
        f"{verdict} {result.name} {result.language} {result.pace} "
        f"({result.turns} turns, {minutes}:{seconds:02d})\n"
    )
    if verbose or not result.passed:
        lines = list(transcript(result, words=verbose))
        shown = lines if verbose else lines[-TRANSCRIPT_LINES_AROUND:]
        out.writelines(f"     {line}\n" for line in shown)
    out.writelines(f"     not checked on this line: {place}\n" for place in result.unchecked)
    if result.difference is not None:
        out.write(f"{result.difference}\n")
    out.flush()


def transcript(result: CallResult, *, words: bool) -> Iterator[str]:
    """Yield a call as lines to read, with the words spoken if asked for."""
    for entry in result.transcript:
        yield f"{entry.who:<7} {entry.text}"
        if words:
            yield from (f"          [{language}] {text}" for language, text in entry.words)


def print_summary(report: Report, out: TextIO) -> None:
    """Print what could not be played, and the count."""
    out.writelines(f"{problem}\n" for problem in report.problems)
    failed = sum(not result.passed for result in report.results)
    counts = (
        _count(len(report.results), "call"),
        f"{failed} differ",
        _count(len(report.problems), "problem"),
    )
    out.write(f"{', '.join(counts)}\n")


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def print_json(report: Report, out: TextIO) -> None:
    """Print the report as JSON."""
    json.dump(report.as_json(), out, ensure_ascii=False, indent=1)
    out.write("\n")


def _as_json(result: CallResult) -> dict[str, Any]:
    difference = result.difference
    return {
        "file": result.name,
        "language": result.language,
        "pace": result.pace,
        "passed": result.passed,
        "turns": result.turns,
        "seconds": round(result.seconds, 1),
        "unchecked": list(result.unchecked),
        "difference": None
        if difference is None
        else {
            "file": difference.place.file,
            "line": difference.place.line,
            "expected": difference.expected,
            "heard": difference.heard,
        },
        "transcript": [{"who": entry.who, "text": entry.text} for entry in result.transcript],
    }

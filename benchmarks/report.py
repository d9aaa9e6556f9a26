"""What is printed: plain tables, ratios first, the absolute numbers beside them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from statistics import median

from benchmarks.audits import AuditTaken
from benchmarks.cutoffs import CutoffTaken
from benchmarks.imports import ImportTaken
from benchmarks.measure import PERCENTS, Series, Slice, Table
from benchmarks.pages import PageTaken
from benchmarks.picture import DATABASE
from benchmarks.replays import COMPARED, Taken
from benchmarks.statements import TurnStatements

BARE, LINE, FULL_LINE = "bare Flask + twilio", "line, empty database", "line, full database"
GOAL_WHOLE_RATIO, GOAL_MENU_RATIO = 2.5, 2.0
GOAL_P99_RATIO = 2.0
GOAL_TURNS_PER_SECOND, GOAL_SATURATED_P99_MS = 900, 200
GOAL_REPLAY_SECONDS = 15.0
REPLAYED_CALLS = 10_000
GOAL_CUTOFF_SECONDS = 8
GOAL_IMPORT_SECONDS = 25
GOAL_AUDIT_SECONDS = 10
GOAL_AUDIT_MEBIBYTES = 300
GOAL_PAGE_MILLISECONDS = 300
GOAL_CUTOFF_MEBIBYTES = 500


def _cpu(each: Slice) -> float:
    return each.cpu_ms


def table(title: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Lay out rows under their heads; the first column is text, the others are numbers."""
    cells = [list(heads), *(list(row) for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(heads))]
    lines = [
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    ]
    return "\n".join([title, lines[0], "-" * len(lines[0]), *lines[1:], ""])


def costs(title: str, measured: Table) -> str:
    """Write what a turn costs each server, against the baseline in the same cycle."""
    bare = measured[BARE]
    return table(
        title,
        [
            "",
            "CPU ratio",
            "of web alone",
            "turns / CPU s",
            "web ms",
            "PostgreSQL ms",
            *_percent_heads(),
            "turns / s",
        ],
        [
            [
                name,
                f"{series.ratio(bare, _cpu):.2f}",
                f"{series.ratio(bare, lambda each: each.web_ms):.2f}",
                f"{series.middle(lambda each: 1000 / each.cpu_ms):.0f}",
                f"{series.middle(lambda each: each.web_ms):.2f}",
                f"{series.middle(lambda each: each.database_ms):.2f}",
                *_percents(series),
                f"{series.middle(lambda each: each.turns_per_second):.0f}",
            ]
            for name, series in measured.items()
        ],
    )


def open_loops(measured: Table, rates: Mapping[str, float]) -> str:
    """Write the answer times at half of the saturating rate."""
    return table(
        "Open loop (Poisson) at half the saturating rate",
        ["", "turns / s", *_percent_heads()],
        [[name, f"{rates[name]:.0f}", *_percents(series)] for name, series in measured.items()],
    )


def growth(kinds: Mapping[str, Table], calls: int, members: int) -> str:
    """Write what a full database costs, against the empty one in the same cycle."""
    rows = []
    for kind, measured in kinds.items():
        full, empty = measured[FULL_LINE], measured[LINE]
        rows.append(
            [
                kind,
                f"{full.ratio(empty, _cpu):.2f}",
                f"{full.ratio(empty, lambda each: each.web_ms):.2f}",
                f"{full.ratio(empty, lambda each: each.database_ms):.2f}",
                *(f"{full.ratio(empty, lambda each, p=p: each.wall_ms[p]):.2f}" for p in PERCENTS),
            ]
        )
    return table(
        f"{calls:,} finished calls and {members:,} members in the database, over none (1.00: the same)",
        ["", "CPU a turn", "web", "PostgreSQL", *_percent_heads("")],
        rows,
    )


def statements(turns: Sequence[TurnStatements]) -> str:
    """Write which statements each turn of a paying call runs."""
    rows = [
        [
            f"{turn.seq:2} {turn.node}",
            str(len(turn.statements)),
        ]
        for turn in turns
    ]
    body = table(
        "SQL statements a turn, COMMIT among them", ["turn, and the node it leads to", "statements"], rows
    )
    usual = median(len(turn.statements) for turn in turns)
    total = sum(len(turn.statements) for turn in turns)
    listed = {turn.statements: turn.node for turn in reversed(turns)}
    lines = [f"  {node}: {'; '.join(ran)}" for ran, node in reversed(listed.items())]
    return (
        f"{body}Usual turn: {usual:.0f}; the whole call: {total}. What runs, where it first does:\n"
        + "\n".join([*lines, ""])
    )


def rejections(taken: Mapping[str, Sequence[float]]) -> str:
    """Write how long each kind of failed verification takes."""
    middles = {kind: median(seconds) * 1000 for kind, seconds in taken.items()}
    least, most = min(middles.values()), max(middles.values())
    halves = [
        abs(median(seconds[::2]) - median(seconds[1::2] or seconds)) * 1000 for seconds in taken.values()
    ]
    body = table(
        "Rejected verifications, one at a time, kinds in turn: the last turn's time",
        ["", "median ms", "of the quickest"],
        [[kind, f"{middle:.3f}", f"{middle / least:.3f}"] for kind, middle in middles.items()],
    )
    return (
        f"{body}Largest spread: {most - least:.3f} ms ({(most / least - 1) * 100:.1f} %)."
        f" Every other round against the rest, one kind: up to {max(halves):.3f} ms, by chance.\n"
    )


def profile(seen: Mapping[str, int], alone: Slice) -> str:
    """Write where a turn's time goes: shares of the looks, of what the worker takes in all."""
    waiting_ms = alone.mean_ms - alone.cpu_ms
    looks = max(sum(seen.values()), 1)
    ordered = sorted(seen.items(), key=lambda item: -item[1])
    rows = [
        [part, f"{count / looks * 100:.1f}", f"{count / looks * alone.web_ms:.3f}"] for part, count in ordered
    ]
    return table(
        f"Where a turn's time goes: web processor time by part ({looks} looks into one worker, paying calls)",
        ["", "%", "ms a turn"],
        [
            *rows,
            ["web, all", "100.0", f"{alone.web_ms:.3f}"],
            [DATABASE, "", f"{alone.database_ms:.3f}"],
            ["one call alone, wall clock", "", f"{alone.mean_ms:.3f}"],
            [
                "of it neither web nor PostgreSQL: flushes, sockets, waking up",
                "",
                f"{waiting_ms:.3f}",
            ],
        ],
    )


def verdict(whole: Table, menu: Table, crowd: Table, half: Table) -> str:
    """Hold the numbers against the goals."""
    lines = [
        f"{what}: {ratio:.2f} x the bare turn's CPU (goal {goal:.1f}, {_met(ratio <= goal)})."
        for what, measured, goal in (
            ("Turn of a paying call", whole, GOAL_WHOLE_RATIO),
            ("Turn at a menu", menu, GOAL_MENU_RATIO),
        )
        for ratio in (measured[LINE].ratio(measured[BARE], _cpu),)
    ]
    p99, bare_p99 = (half[name].middle(lambda each: each.wall_ms[99]) for name in (LINE, BARE))
    lines.append(
        f"p99 at half the saturating rate: {p99:.1f} ms, {p99 / bare_p99:.2f} x the bare turn's"
        f" (goal {GOAL_P99_RATIO:.1f}, {_met(p99 <= GOAL_P99_RATIO * bare_p99)})."
    )
    turns = crowd[LINE].middle(lambda each: each.turns_per_second)
    crowd_p99 = crowd[LINE].middle(lambda each: each.wall_ms[99])
    reached = _met(turns >= GOAL_TURNS_PER_SECOND and crowd_p99 < GOAL_SATURATED_P99_MS)
    lines.append(
        f"Saturated at a menu: {turns:.0f} turns a second, p99 {crowd_p99:.0f} ms"
        f" (goal {GOAL_TURNS_PER_SECOND} under {GOAL_SATURATED_P99_MS} ms, {reached})."
    )
    return "\n".join([*lines, ""])


def replays(taken: Sequence[Taken]) -> str:
    """Write how many recorded calls a second run again, in one process."""
    whole = taken[0]
    body = table(
        "Calls run again, by the processor time of one process",
        ["", "calls", "seconds", "calls / CPU s", "of the whole line"],
        [
            [
                each.what,
                f"{each.calls:,}",
                f"{each.seconds:.1f}",
                f"{each.calls / each.seconds:,.0f}",
                f"{each.calls / each.seconds / (whole.calls / whole.seconds):,.0f}",
            ]
            for each in taken
        ],
    )
    seconds = next(REPLAYED_CALLS * each.seconds / each.calls for each in taken if each.what == COMPARED)
    reached = _met(seconds < GOAL_REPLAY_SECONDS)
    return (
        f"{body}{REPLAYED_CALLS:,} recorded calls, read and compared on two versions: {seconds:.1f} s"
        f" (goal {GOAL_REPLAY_SECONDS:.0f} s, {reached}).\n"
    )


def cutoffs(taken: Sequence[CutoffTaken]) -> str:
    """Write how long cutoffs take, and how that grows with the number of payments."""
    first, last = taken[0], taken[-1]
    body = table(
        "A cutoff, and its delivery to a folder",
        [
            "payments",
            "seconds",
            "CPU",
            "to deliver",
            "CPU",
            "CPU µs a payment",
            "over the first row's",
            "peak MiB",
        ],
        [
            [
                f"{each.payments:,}",
                f"{each.seconds:.1f}",
                f"{each.cpu_seconds:.1f}",
                f"{each.delivery_seconds:.1f}",
                f"{each.delivery_cpu_seconds:.1f}",
                f"{each.cpu_seconds / each.payments * 1e6:.0f}",
                f"{each.cpu_seconds / each.payments / (first.cpu_seconds / first.payments):.2f}",
                f"{each.peak_mebibytes:.0f}",
            ]
            for each in taken
        ],
    )
    fast = _met(last.seconds < GOAL_CUTOFF_SECONDS)
    small = _met(last.peak_mebibytes < GOAL_CUTOFF_MEBIBYTES)
    return (
        f"{body}{last.payments:,} payments: {last.seconds:.1f} s (goal {GOAL_CUTOFF_SECONDS}, {fast}),"
        f" {last.cpu_seconds:.1f} s of processor time,"
        f" {last.peak_mebibytes:.0f} MiB (goal {GOAL_CUTOFF_MEBIBYTES}, {small}).\n"
    )


def imports(taken: ImportTaken) -> str:
    """Write how long the import of a month's bills takes."""
    fast = _met(taken.seconds < GOAL_IMPORT_SECONDS)
    return (
        f"{taken.bills:,} bills imported: {taken.seconds:.1f} s (goal {GOAL_IMPORT_SECONDS}, {fast}),"
        f" {taken.cpu_seconds:.1f} s of processor time,"
        f" {taken.peak_mebibytes:.0f} MiB.\n"
    )


def audits(taken: AuditTaken) -> str:
    """Write how long the audit of a year takes."""
    fast, small = _met(taken.seconds < GOAL_AUDIT_SECONDS), _met(taken.peak_mebibytes < GOAL_AUDIT_MEBIBYTES)
    return (
        f"The audit of {taken.payments:,} payments, its PDF included: {taken.seconds:.1f} s (goal"
        f" {GOAL_AUDIT_SECONDS}, {fast}), {taken.peak_mebibytes:.0f} MiB"
        f" (goal {GOAL_AUDIT_MEBIBYTES}, {small}).\n"
    )


def pages(taken: Sequence[PageTaken]) -> str:
    """Write how long each page of the console takes, the slowest first."""
    slowest = sorted(taken, key=lambda each: -each.p95)
    body = table(
        "The console's pages",
        ["page", "median ms", "p95 ms"],
        [[each.page, f"{each.median:.0f}", f"{each.p95:.0f}"] for each in slowest],
    )
    over = [each.page for each in slowest if each.p95 > GOAL_PAGE_MILLISECONDS]
    return f"{body}p95 over {GOAL_PAGE_MILLISECONDS} ms: {', '.join(over) or 'no page'}.\n"


def _met(reached: bool) -> str:  # noqa: FBT001
    return "met" if reached else "missed"


def _percent_heads(unit: str = " ms") -> list[str]:
    return [f"p{percent}{unit}" for percent in PERCENTS]


def _percents(series: Series) -> list[str]:
    return [f"{series.middle(lambda each, p=percent: each.wall_ms[p]):.1f}" for percent in PERCENTS]

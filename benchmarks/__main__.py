"""Measure what a turn costs, and print tables to standard output; progress goes to standard error."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Engine

from benchmarks import report
from benchmarks.audits import audits
from benchmarks.cutoffs import cutoffs
from benchmarks.databases import (
    TURNS_A_CALL,
    Cluster,
    cluster,
    fresh_database,
    load_callers,
    load_history,
    lock,
    megabytes,
    settle,
)
from benchmarks.imports import imports
from benchmarks.measure import Bench
from benchmarks.pages import pages
from benchmarks.picture import DATABASE, parts_of_a_turn
from benchmarks.replays import replays
from benchmarks.rivals import express
from benchmarks.scripts import KINDS, Scripts, payers, strangers
from benchmarks.servers import ROOT, BenchmarkError, Server, serving, wait_until_open
from benchmarks.sizes import FULL, QUICK, Sizes
from benchmarks.statements import count_statements
from ivr.ach.banking_days import load_calendar
from ivr.base.errors import OperatorError
from ivr.base.settings import Settings, load_replay_settings, load_settings
from ivr.start import load_line

NOW = datetime.fromisoformat("2026-12-18T10:15-05:00")
VAR = ROOT / "var" / "bench"
_BEGAN = time.monotonic()


@dataclass(frozen=True)
class Site:
    """What every measurement needs."""

    cluster: Cluster
    environment: Mapping[str, str]
    settings: Settings
    sizes: Sizes


def main() -> int:
    """Run the benchmarks. Exit status 0: done; 1: they could not give true numbers."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few calls only: does it run at all?")
    parser.add_argument("--profile", action="store_true", help="only tell where a turn's time goes")
    parser.add_argument("--picture", type=Path, metavar="FILE.svg", help="draw what --profile finds")
    parser.add_argument("--replays", action="store_true", help="only run recorded calls again")
    parser.add_argument("--cutoffs", action="store_true", help="only make the bank's files")
    parser.add_argument("--imports", action="store_true", help="only import bills")
    parser.add_argument("--audit", action="store_true", help="only audit a year of payments")
    parser.add_argument("--pages", action="store_true", help="only ask for the console's pages")
    parser.add_argument(
        "--rival", choices=["express"], help="only whole calls and menu turns, beside a rival's"
    )
    given = parser.parse_args()
    sizes = QUICK if given.quick else FULL
    try:
        with site(sizes) as made:
            _show(_machine(made))
            if given.replays:
                _show(again(made))
            elif given.cutoffs:
                _show(bank(made))
            elif given.imports:
                _show(files(made))
            elif given.audit:
                _show(year(made))
            elif given.pages:
                _show(console(made))
            elif given.rival:
                beside_a_rival(made)
            else:
                profile(made, given.picture) if given.profile else measure(made)
    except (BenchmarkError, OperatorError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


@contextmanager
def site(sizes: Sizes) -> Iterator[Site]:
    """Start the cluster and settle the settings; nothing of the caller's own environment counts."""
    environment = {
        "IVR_DEMO": "yes",
        "IVR_VAR": str(VAR),
        "IVR_NOW": NOW.isoformat(),
        "PUBLIC_URL": "https://line.example",
        "WEB_CONCURRENCY": str(sizes.workers),
    }
    settings = load_settings(environment)
    load_calendar(NOW.date())
    _tell("starting PostgreSQL")
    with cluster(VAR) as held:
        yield Site(held, environment, settings, sizes)


def measure(site: Site) -> None:
    """Measure everything but the profile, and print it."""
    sizes, settings = site.sizes, site.settings
    members = payers(sizes.payers + len(KINDS) * sizes.verification_rounds, NOW.date())
    callers, others = members[: sizes.payers], members[sizes.payers :]
    people = strangers(sizes.verification_rounds, others)
    with ExitStack() as held:
        empty, full = (held.enter_context(fresh_database(site.cluster, name)) for name in ("empty", "full"))
        load_history(full, settings, NOW, calls=sizes.finished_calls, members=sizes.members, tell=_tell)
        _tell("callers")
        for engine in (empty, full):
            load_callers(engine, settings, NOW, [*callers, *people.loaded()])
        lock(full, settings, NOW, people.members["locked"])
        _tell("vacuum and analyze")
        settle(empty)
        settle(full)
        _show(_filled(full, sizes))
        _tell("starting the servers")
        servers = _servers(site, held, empty, full)
        bench = Bench(servers, site.cluster.pid, Scripts(settings, seed=1), callers, sizes)
        _tell("warming up")
        bench.warm()
        _tell("whole paying calls")
        whole = bench.whole_calls()
        _show(report.costs(f"Whole paying calls (13 turns), closed loop, {sizes.lanes} at a time", whole))
        _tell("menu turns")
        menu = bench.menu_turns()
        _show(report.costs(f"An ordinary menu turn, closed loop, {sizes.lanes} at a time", menu))
        _tell("saturating rates")
        crowd = bench.saturated_menu()
        _show(report.costs(f"Saturated: menu turns, {sizes.saturating_lanes} at a time", crowd))
        saturated = bench.saturated()
        _show(report.costs(f"Saturated: paying calls, {sizes.saturating_lanes} at a time", saturated))
        rates = {
            name: saturated[report.BARE if name == report.BARE else report.LINE].middle(
                lambda each: each.turns_per_second
            )
            / 2
            for name in saturated
        }
        _tell("open loop")
        half = bench.at_rates(rates)
        _show(report.open_loops(half, rates))
        kinds = {"paying call, closed": whole, "menu turn, closed": menu, "paying call, open": half}
        _show(report.growth(kinds, sizes.finished_calls, sizes.members))
        _tell("rejected verifications")
        _show(report.rejections(bench.rejections(servers[-1], people)))
        _tell("statements")
        calls = bench.paying_calls(2)
        line = load_line(settings)
        _show(report.statements(count_statements(empty, settings, line, NOW, calls)))
        _show(report.verdict(whole, menu, crowd, half))
        parts = {"recorded calls": again, "cutoffs": bank, "import": files, "audit": year, "console": console}
        for what, shown in parts.items():
            _tell(what)
            _show(shown(site))
        for server in servers:  # all at once: each takes a moment to end
            server.process.terminate()
    _tell("done")


def beside_a_rival(site: Site) -> None:
    """Measure turns of the line, of a durable rival and of the bare app, and print them; see `rivals`."""
    sizes = site.sizes
    callers = payers(sizes.payers, NOW.date())
    with ExitStack() as held:
        engine = held.enter_context(fresh_database(site.cluster, "empty"))
        load_callers(engine, site.settings, NOW, callers)
        settle(engine)
        servers = [each for each in _servers(site, held, engine, engine) if each.name != report.FULL_LINE]
        rival = held.enter_context(express(site.settings, VAR))
        wait_until_open(rival)
        bench = Bench([*servers, rival], site.cluster.pid, Scripts(site.settings, seed=3), callers, sizes)
        _tell("warming up")
        bench.warm()
        _tell("menu turns and whole calls")
        _show(report.costs("An ordinary menu turn, closed loop", bench.menu_turns()))
        _show(report.costs("Whole paying calls, closed loop", bench.whole_calls()))


def again(site: Site) -> str:
    """Run recorded calls again, and write how many a second."""
    sizes = site.sizes
    with fresh_database(site.cluster, "replays") as engine:
        return report.replays(
            replays(
                engine,
                load_replay_settings(site.environment),
                played=sizes.played_calls,
                recorded=sizes.recorded_calls,
            )
        )


def bank(site: Site) -> str:
    """Make the bank's file of more and more payments, and write how time and memory grow."""
    return report.cutoffs(cutoffs(site.cluster, site.environment, NOW, site.sizes.cutoff_payments, _tell))


def files(site: Site) -> str:
    """Import a month's bills, and write how long it took."""
    return report.imports(imports(site.cluster, site.environment, NOW, site.sizes.imported_bills, _tell))


def year(site: Site) -> str:
    """Audit a year of payments, and write how long it took."""
    return report.audits(audits(site.cluster, site.environment, NOW, site.sizes.audited_payments, _tell))


def console(site: Site) -> str:
    """Ask for every page of the console with a year of calls behind it, and write what each took."""
    return report.pages(pages(site.cluster, site.environment, NOW, site.sizes, _tell))


def profile(site: Site, picture: Path | None) -> None:
    """Play paying calls on one worker that looks at itself, and print, and draw, where its time goes."""
    sizes = site.sizes
    callers = payers(sizes.profiled_calls + sizes.warming_calls, NOW.date())
    with ExitStack() as held, TemporaryDirectory() as folder:
        engine = held.enter_context(fresh_database(site.cluster, "empty"))
        load_callers(engine, site.settings, NOW, callers)
        settle(engine)
        environment = {**_environment(site, engine), "WEB_CONCURRENCY": "1", "BENCH_SEEN": f"{folder}/seen"}
        log = VAR / "profiled.log"
        with serving(
            "line", "ivr.wsgi:voice", environment, log, config="python:benchmarks.sampled"
        ) as server:
            wait_until_open(server)
            bench = Bench([server], site.cluster.pid, Scripts(site.settings, seed=2), callers, sizes)
            bench.warm()
            _tell("profiling")
            alone = bench.alone(server)
        seen: Counter[str] = Counter()
        for file in Path(folder).glob("seen.*.json"):
            seen.update(json.loads(file.read_text()))
        _show(report.profile(seen, alone))
        if picture is not None:
            looks = max(seen.total(), 1)
            costs = {part: count / looks * alone.web_ms for part, count in seen.items()}
            picture.write_text(parts_of_a_turn({**costs, DATABASE: alone.database_ms}), "utf-8")


def _servers(site: Site, held: ExitStack, empty: Engine, full: Engine) -> list[Server]:
    servers = [
        held.enter_context(
            serving(name, app, _environment(site, engine), VAR / f"{log}.log", node=node, worker_class=worker)
        )
        for name, app, engine, log, node, worker in (
            (report.BARE, "benchmarks.bare:app", empty, "bare", "bare", "sync"),
            (report.LINE, "ivr.wsgi:voice", empty, "empty", None, None),
            (report.FULL_LINE, "ivr.wsgi:voice", full, "full", None, None),
        )
    ]
    for server in servers:
        wait_until_open(server)
    return servers


def _environment(site: Site, engine: Engine) -> dict[str, str]:
    return {**site.environment, "DATABASE_URL": engine.url.render_as_string(hide_password=False)}


def _machine(site: Site) -> str:
    return (
        f"{os.cpu_count()} cores, Python {platform.python_version()},"
        f" {site.settings.web_concurrency} web workers, PostgreSQL with fsync on the same machine."
        " Absolute numbers are this machine's, now; ratios are medians over interleaved slices.\n"
    )


def _filled(engine: Engine, sizes: Sizes) -> str:
    return (
        f"Full database: {sizes.finished_calls:,} finished calls of {TURNS_A_CALL} turns,"
        f" {sizes.members:,} members with bills, ledger entries and a payment each:"
        f" {megabytes(engine):,} MB.\n"
    )


def _show(text: str) -> None:
    print(text, flush=True)


def _tell(what: str) -> None:
    sys.stderr.write(f"[{time.monotonic() - _BEGAN:5.1f} s] {what}\n")


if __name__ == "__main__":
    sys.exit(main())

"""The proof and the written calls, run from here: by a process of their own, one at a time, for a time.

That process has no database but one it makes for itself, none of the console's secrets, and what the machine
has left over. A thread reads what it prints and keeps that in the database; where the console ends meanwhile,
the run has no end and says so.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from threading import Thread, Timer
from typing import TYPE_CHECKING, Any, Final

from flask import abort, request
from flask import render_template as render
from sqlalchemy import insert, select, text, update

from ivr.base.errors import OperatorError
from ivr.base.project import project_folder
from ivr.console.line import the_line
from ivr.console.paging import ROWS, after_id, paged
from ivr.console.visit import Answer, StaffVisit
from ivr.storage.tables import LineRun

if TYPE_CHECKING:
    from ivr.console.visit import Console

__all__ = ["the_line"]  # its pages are theirs
LASTS: Final = timedelta(minutes=30)
OUTPUT_LINES_MAX: Final = 300
_SAVED_EVERY: Final = 10  # lines
_ONE_AT_A_TIME: Final = text("SELECT pg_advisory_xact_lock(7448150027)")
_CALLS: Final = Path("tests", "calls")
_ARGUMENTS: Final = {"proof": ("flow", "check"), "calls": ("replay", "--jobs", "1", ".")}
_PLAYED: Final = re.compile(r"(ok  |FAIL) (\S+\.call) (\S+ \S+) \(.*\)")


@the_line.page("/runs")
def runs(visit: StaffVisit) -> Answer:
    """List what was run, newest first, and offer to run it."""
    columns = [column for column in LineRun.__table__.c if column.name != "results"]
    statement = select(*columns).order_by(LineRun.id.desc()).limit(ROWS + 1)
    after = after_id()
    rows = visit.db.execute(statement if after is None else statement.where(LineRun.id < after)).all()
    return render(
        "runs.html",
        page=paged(rows, lambda run: str(run.id)),
        lost_before=visit.now - LASTS,
        has_calls=(project_folder() / _CALLS).is_dir(),
    )


@the_line.page("/runs/<int:run_id>")
def run(visit: StaffVisit, run_id: int) -> Answer:
    """Show one run: how far it is, or what came of it."""
    found = visit.db.execute(select(LineRun.__table__).where(LineRun.id == run_id)).one_or_none()
    if found is None:
        abort(404)
    before = select(LineRun.played).where(LineRun.kind == found.kind, LineRun.passed.is_not(None))
    return render(
        "run.html",
        run=found,
        is_lost=found.finished_at is None and found.started_at < visit.now - LASTS,
        usual=visit.db.scalar(before.order_by(LineRun.id.desc()).limit(1)),
    )


@the_line.page("/runs/start", right="line.run", methods=("POST",))
def start(visit: StaffVisit) -> Answer:
    """Start a run, unless one runs already."""
    kind = request.form.get("kind", "")
    if kind not in _ARGUMENTS:
        abort(400)
    run_id = _noted(visit, kind)
    visit.record("console.run_line", str(run_id), kind=kind)
    watch(visit.console, run_id, kind)
    return visit.back("line.run", "started", run_id=run_id)


def _noted(visit: StaffVisit, kind: str) -> int:
    """Write a run down before it begins, so that it is found. Raises `OperatorError` while one runs."""
    running = select(LineRun.id).where(LineRun.finished_at.is_(None), LineRun.started_at > visit.now - LASTS)
    row = {
        "kind": kind,
        "flow_version": visit.console.lines.current(visit.db).flow.version,
        "asked_by": visit.staff.name,
        "started_at": visit.now,
        "played": 0,
        "failed": 0,
        "results": {},
    }
    with visit.console.engine.begin() as db:
        db.execute(_ONE_AT_A_TIME)
        if db.scalar(running) is not None:
            raise OperatorError("Something runs already: wait until it is done.")
        return db.execute(insert(LineRun).returning(LineRun.id), row).scalar_one()


def watch(console: Console, run_id: int, kind: str) -> None:
    """Start the process of a run, and the thread that keeps what it prints."""
    place = console.settings.ivr_var.resolve() / "line-runs"
    place.mkdir(parents=True, exist_ok=True)
    folder = project_folder().resolve()
    process = subprocess.Popen(  # noqa: S603 (no shell; its arguments are constants)
        ["nice", "-n", "15", sys.executable, "-m", "ivr.cli.main", *_ARGUMENTS[kind]],  # noqa: S607
        cwd=folder / _CALLS if kind == "calls" else folder,
        env={"PATH": os.defpath, "PYTHONPATH": str(folder), "PYTHONUTF8": "1", "IVR_VAR": str(place)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    watched = (console, run_id, process)
    Thread(target=_keep, args=watched, name=f"line run {run_id}", daemon=True).start()


@dataclass(slots=True)
class Output:
    """What a run has printed so far, as it is kept."""

    played: int = 0
    failed: int = 0
    lines: list[str] = field(default_factory=list)
    calls: dict[str, str] = field(default_factory=dict)

    def take(self, line: str) -> None:
        """Take in one line."""
        played = _PLAYED.fullmatch(line)
        if (played is None or played[1] == "FAIL") and len(self.lines) < OUTPUT_LINES_MAX:
            self.lines.append(line[:500])
        if played is not None:
            self.played += 1
            self.failed += played[1] == "FAIL"
            differs = played[3] if played[1] == "FAIL" else ""
            before = self.calls.get(played[2], "")
            self.calls[played[2]] = ", ".join(filter(None, (before, differs)))

    def values(self) -> dict[str, Any]:
        """Return it as columns of `line_runs`."""
        results = {"output": self.lines, "calls": self.calls}
        return {"played": self.played, "failed": self.failed, "results": results}


def _keep(console: Console, run_id: int, process: subprocess.Popen[str]) -> None:
    """Read what a run prints until it ends, and keep it in the database now and then."""
    timer = Timer(LASTS.total_seconds(), _end, (process,))
    timer.daemon = True
    timer.start()
    output = Output()
    with process:
        try:
            for number, line in enumerate(process.stdout or ()):
                output.take(line.rstrip("\n"))
                if number % _SAVED_EVERY == 0:
                    _save(console, run_id, output.values())
            passed = process.wait() == 0
        finally:
            timer.cancel()
            _end(process)
    _save(console, run_id, {**output.values(), "passed": passed, "finished_at": console.clock.now()})


def _save(console: Console, run_id: int, values: dict[str, Any]) -> None:
    with console.engine.begin() as db:
        db.execute(update(LineRun).where(LineRun.id == run_id).values(values))


def _end(process: subprocess.Popen[str]) -> None:
    """End a run's process and what it started, where they are still there."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)

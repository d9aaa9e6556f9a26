"""A process that runs cutoffs and deliveries, killed at one statement after another, or twice at once.

`python -m support.dying_cutoff URL FOLDER NOW kill`: makes the file, then brings it to the folder; each of the two
is begun by a child that is killed at its first statement, by one killed at its second, until one lives to the end.
Prints a JSON line after each: what lies in the tables and in the folder. `… twice`: two children at once, once.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine, event, text
from support.money import settings_with

from ivr.jobs.bank import deliver_files, run_due_cutoffs
from ivr.storage.engine import NO_LIMITS, database_url, make_engine

STATE = """
SELECT (SELECT json_agg(state ORDER BY id) FROM payments),
       (SELECT count(*) FROM ach_entries),
       (SELECT json_agg(json_build_array(state, entries) ORDER BY id) FROM ach_files),
       (SELECT count(*) FROM ach_cutoffs WHERE finished_at IS NOT NULL),
       (SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'deliver_file')
"""


def child(engine: Engine, work: Callable[[Engine], object], die_at: int | None) -> int:
    """Fork a process that does the work, and kills itself at its `die_at`-th statement or commit."""
    pid = os.fork()
    if pid == 0:
        passed = 0

        def die(*_: object) -> None:
            nonlocal passed
            passed += 1
            if passed == die_at:
                os.kill(os.getpid(), signal.SIGKILL)

        event.listen(engine, "before_cursor_execute", die)
        event.listen(engine, "commit", die)
        work(engine)
        os._exit(0)
    return pid


def kill_again_and_again(engine: Engine, work: Callable[[Engine], object], folder: Path) -> None:
    number, status = 0, int(signal.SIGKILL)
    while status == signal.SIGKILL:
        number += 1
        _, status = os.waitpid(child(engine, work, number), 0)
        with engine.connect() as db:
            row = list(db.execute(text(STATE)).one())
        engine.dispose()
        sys.stdout.write(json.dumps([*row, sorted(path.name for path in folder.iterdir())]) + "\n")
    if status:
        sys.exit("a child failed")


def main(url: str, folder: str, instant: str, mode: str) -> None:
    settings, now = settings_with(IVR_ACH_OUT=folder), datetime.fromisoformat(instant)
    engine = make_engine(database_url(url), limits=NO_LIMITS, pool_size=1)

    def make(own: Engine) -> None:
        run_due_cutoffs(own, settings, now)

    def bring(own: Engine) -> None:
        deliver_files(own, settings, now)

    def both(own: Engine) -> None:
        make(own)
        bring(own)

    if mode == "kill":
        for work in (make, bring):
            kill_again_and_again(engine, work, Path(folder))
    elif any(os.waitpid(pid, 0)[1] for pid in [child(engine, both, None) for _ in range(2)]):
        sys.exit("a child failed")


if __name__ == "__main__":
    main(*sys.argv[1:])

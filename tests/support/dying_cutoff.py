"""A process that runs cutoffs and deliveries, killed at one step after another, or twice at once.

Mode `kill`: makes the file; it is begun by a child that is killed at its first statement, by one killed at its second,
until one lives to the end. Tells after each what lies in the tables and in the folder. Mode `twice`: two children at
once make the file and bring it to the folder, once.

Modes `stays` and `taken`: brings the file that is there to the folder, killed at its first step, at its second … up to
the end; a step is a statement, a commit, a new name or the end of an old one. `taken`: the bank empties the folder
after each death. Then the next run comes, and a person where it asks for one. Tells what the bank had, whether a
person was needed, and what the bank has in the end; then the same file is new again.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

from sqlalchemy import Engine, event, text
from support.money import settings_with, wait_until_nobody_delivers

from ivr.jobs.bank import deliver_files, run_due_cutoffs
from ivr.payments.cutoffs import cutoff_rule, due_cutoffs
from ivr.payments.delivery import PART
from ivr.payments.files import allow_again, note_arrived
from ivr.payments.fraud import watch_fraud
from ivr.payments.origination import run_cutoff
from ivr.storage.engine import NO_LIMITS, database_url, make_engine

if TYPE_CHECKING:
    from ivr.base.settings import OriginationSettings

STATE = """
SELECT (SELECT json_agg(state ORDER BY id) FROM payments),
       (SELECT count(*) FROM ach_entries),
       (SELECT json_agg(json_build_array(state, entries) ORDER BY id) FROM ach_files),
       (SELECT count(*) FROM ach_cutoffs WHERE finished_at IS NOT NULL),
       (SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'deliver_file')
"""
NEW_AGAIN = """
UPDATE ach_files SET state = 'written', sent_at = null, naming_at = null;
UPDATE ach_entries SET state = 'batched';
UPDATE payments SET state = 'batched';
"""


def child(engine: Engine, work: Callable[[Engine], object], die_at: int | None) -> int:
    """Fork a process that does the work, and kills itself at its `die_at`-th step."""
    pid = os.fork()
    if pid == 0:
        passed = 0

        def die(*_: object) -> None:
            nonlocal passed
            passed += 1
            if passed == die_at:
                os.kill(os.getpid(), signal.SIGKILL)

        def names(what: str, arguments: tuple[object, ...]) -> None:
            if what in {"os.link", "os.remove"} and str(arguments[0]).endswith(PART):
                die()

        event.listen(engine, "before_cursor_execute", die)
        event.listen(engine, "commit", die)
        sys.addaudithook(names)
        work(engine)
        os._exit(0)
    return pid


def killed_again_and_again(engine: Engine, work: Callable[[Engine], object]) -> Iterator[None]:
    """Have the work begun and killed, each time a step later; stop here after each, the last one lived."""
    number, status = 0, int(signal.SIGKILL)
    while status == signal.SIGKILL:
        number += 1
        _, status = os.waitpid(child(engine, work, number), 0)
        yield
        engine.dispose()
    if status:
        sys.exit("a child failed")


Tell = Callable[[tuple[object, ...]], None]


def make_killed(engine: Engine, settings: OriginationSettings, now: datetime, tell: Tell) -> None:
    def make(own: Engine) -> None:
        run_due_cutoffs(own, settings, now)

    _compile(engine, settings, now)
    for _ in killed_again_and_again(engine, make):
        with engine.connect() as db:
            lies_there = sorted(path.name for path in settings.ach_out.iterdir())
            tell((*db.execute(text(STATE)).one(), lies_there))


def _compile(engine: Engine, settings: OriginationSettings, now: datetime) -> None:
    """Have a cutoff's statements compiled once, here, and not by each child again; nothing stays of it."""
    with engine.connect() as db:
        watch_fraud(db, now)
        run_cutoff(
            db, settings.key_ring, settings, cutoff=due_cutoffs(db, cutoff_rule(settings), now)[0], now=now
        )
        db.rollback()
    engine.dispose()


def deliver_killed(
    engine: Engine, settings: OriginationSettings, now: datetime, tell: Tell, *, taken: bool
) -> None:
    folder = settings.ach_out

    def bring(own: Engine) -> list[str]:
        return [type(error).__name__ for error in deliver_files(own, settings, now)]

    def at_the_bank() -> list[str]:
        return [path.name for place in (folder, folder.parent) for path in place.glob("*.ach")]

    for _ in killed_again_and_again(engine, bring):
        for path in folder.glob("*.ach") if taken else ():
            path.rename(folder.parent / path.name)
        had = at_the_bank()
        wait_until_nobody_delivers(engine)
        asked = bring(engine)
        with engine.begin() as db:
            (name,) = db.scalars(text("SELECT name FROM ach_files"))
            if asked:
                (note_arrived if had else allow_again)(db, name, actor="pat", now=now)
        bring(engine)
        with engine.begin() as db:
            tell((had, asked, at_the_bank(), *db.scalars(text("SELECT state FROM ach_files"))))
            db.execute(text(NEW_AGAIN))
        for path in (*folder.glob("*.ach*"), *folder.parent.glob("*.ach")):
            path.unlink()


def run(url: str, folder: str, now: datetime, mode: str, told: Connection) -> None:
    """Do it, and send what there is to tell."""
    settings = settings_with(IVR_ACH_OUT=folder)
    engine = make_engine(database_url(url), limits=NO_LIMITS, pool_size=1)

    def both(own: Engine) -> None:
        run_due_cutoffs(own, settings, now)
        deliver_files(own, settings, now)

    if mode == "kill":
        make_killed(engine, settings, now, told.send)
    elif mode in {"stays", "taken"}:
        deliver_killed(engine, settings, now, told.send, taken=mode == "taken")
    elif any(os.waitpid(pid, 0)[1] for pid in [child(engine, both, None) for _ in range(2)]):
        sys.exit("a child failed")

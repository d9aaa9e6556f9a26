"""Crashes at a chosen step: a process that dies, or loses its connection, between any two statements.

Steps are counted over everything that happens to the database and the folder: before each statement, before a
COMMIT and after it, before a file is written and after it. A process that died leaves an open transaction, which the
server rolls back; what it committed stays, though nobody heard of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlalchemy import Engine, event
from sqlalchemy.exc import DBAPIError

from ivr.payments.delivery import PART, Folder


class DiedError(BaseException):
    """The process is gone: no handler of ours may catch this."""


@dataclass
class Crashes:
    """What can die. `holder` is a connection of its own that ends others'."""

    engine: Engine
    holder: object
    left: int = 0
    cut: bool = False
    armed: bool = field(default=False, init=False)
    died: bool = field(default=False, init=False)

    @contextmanager
    def after(self, steps: int, *, cut: bool) -> Iterator[None]:
        """Die at the step after `steps` others; with `cut` the server ends the connection instead."""
        self.left, self.cut, self.armed, self.died = steps, cut, True, False
        dialect = self.engine.dialect
        commit = dialect.do_commit

        def do_commit(connection) -> None:
            self.step(connection)
            commit(connection)
            self.step()

        def before(connection, *_: object) -> None:
            self.step(connection.connection)

        event.listen(self.engine, "before_cursor_execute", before)
        dialect.do_commit = do_commit
        try:
            yield
        except DiedError:
            pass
        except DBAPIError as error:
            if not (self.died and error.connection_invalidated):
                raise
        finally:
            self.armed = False
            del dialect.do_commit
            event.remove(self.engine, "before_cursor_execute", before)

    def step(self, connection=None) -> None:
        """Count a step, and die when it is the one."""
        if not self.armed:
            return
        self.left -= 1
        if self.left >= 0:
            return
        self.armed, self.died = False, True
        if self.cut and connection is not None:
            driver = getattr(connection, "dbapi_connection", connection)  # also where no pool knows it
            self.holder.execute("SELECT pg_terminate_backend(%s, 5000)", [driver.info.backend_pid])
        else:
            raise DiedError


@dataclass(frozen=True)
class DyingFolder:
    """The folder for the bank. Whoever dies before the file is in its place leaves half of it behind."""

    folder: Folder
    crashes: Crashes

    def place(self, name: str) -> str:
        return self.folder.place(name)

    def look(self, name: str, content: bytes) -> str:
        self.crashes.step()
        return self.folder.look(name, content)

    def deliver(self, name: str, content: bytes, before_naming: Callable[[], None]) -> None:
        def naming() -> None:
            before_naming()
            self.crashes.step()

        try:
            self.crashes.step()
        except DiedError:
            self.folder.folder.mkdir(exist_ok=True)
            (self.folder.folder / (name + PART)).write_bytes(content[: len(content) // 2])
            raise
        self.folder.deliver(name, content, naming)
        self.crashes.step()

"""A connection that need not wait for BEGIN before a statement, nor for a statement before the next.

BEGIN and a transaction's first statement are one round trip, its last and COMMIT another: an ordinary turn
takes two. libpq's pipeline mode does it; waiting is psycopg's own, which an alarm interrupts.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from typing import Any, Final, NamedTuple

import psycopg
from psycopg import generators
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus, Format, TransactionStatus
from psycopg.pq.abc import PGresult
from psycopg.waiting import Wait

from ivr.storage.cursors import note_failure

_BEGIN: Final = b"BEGIN ISOLATION LEVEL READ COMMITTED"  # whatever the server's default is
_DONE: Final = frozenset({ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK})


Told = Callable[[psycopg.Error], Exception]


def _as_it_is(error: psycopg.Error) -> Exception:
    return error


class _Sent(NamedTuple):
    """What was sent, and is answered by one result; `told` makes of its error what is raised.

    `prepares` is the name under which a statement was to be prepared, empty where one was run.
    """

    prepares: bytes
    told: Told


class PipelinedConnection(psycopg.Connection[Any]):
    """psycopg's connection, and prepared statements sent without waiting for what is around them."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._transformer = Transformer(self)
        self._named: set[bytes] = set()
        self._unheard: list[_Sent] = []

    def run(self, name: bytes, sql: str, values: Sequence[Any]) -> PGresult:
        """Run one statement, prepared under `name` if it is not yet; BEGIN first, if there is need.

        Raises what it met, or what a statement sent before it did.
        """
        self._put(name, sql, values)
        return self._heard()

    def rows(self, result: PGresult, make: Callable[[Sequence[Any]], Any]) -> list[Any]:
        """Return a result's rows, made of Python's values."""
        self._transformer.set_pgresult(result)
        return self._transformer.load_rows(0, result.ntuples, make)

    def send(self, name: bytes, sql: str, values: Sequence[Any], told: Told) -> None:
        """Send a statement without waiting for it.

        Whoever waits next hears of it first, and gets what `told` makes of its error.
        """
        self._put(name, sql, values, told)
        self.wait(_handed_over(self.pgconn))

    def cursor(self, *arguments: Any, **named: Any) -> Any:
        """Make a cursor: what was sent before is heard of first."""
        if self._unheard:
            self._heard()
        return super().cursor(*arguments, **named)

    def commit(self) -> None:
        """Commit, and hear what became of a statement sent before."""
        if not self._unheard:
            super().commit()
            return
        self._put(b"COMMIT", "COMMIT")
        try:
            self._heard()
        except Exception:
            if not self.closed:
                super().rollback()  # as a COMMIT does of what has failed
            raise

    def rollback(self) -> None:
        """Roll back, whatever is under way."""
        if self._unheard:
            with suppress(Exception):
                self._heard()
        super().rollback()

    def _deallocate(self, name: bytes | None) -> Generator[Any, Any, None]:
        """Forget prepared statements; psycopg forgets all after a rollback, ours among them."""
        if name is None:
            self._named.clear()
        yield from super()._deallocate(name)

    def _put(self, name: bytes, sql: str, values: Sequence[Any] = (), told: Told = _as_it_is) -> None:
        """Put a statement, and what must come before it, into libpq's buffer."""
        if name != _BEGIN and self.pgconn.transaction_status == TransactionStatus.IDLE:
            self._put(_BEGIN, _BEGIN.decode())
        self.pgconn.enter_pipeline_mode()
        if name not in self._named:
            self.pgconn.send_prepare(name, sql.encode())
            self._named.add(name)
            self._unheard.append(_Sent(name, told))
        formats = [PyFormat.BINARY if type(value) is bytes else PyFormat.TEXT for value in values]
        dumped = self._transformer.dump_sequence(values, formats)
        self.pgconn.send_query_prepared(name, dumped, self._transformer.formats, Format.BINARY)
        self._unheard.append(_Sent(b"", told))

    def _heard(self) -> PGresult:
        """Wait for all that was sent, and return the last result; raise the first error."""
        sent, self._unheard = self._unheard, []
        self.pgconn.pipeline_sync()
        results = self.wait(_answers(self.pgconn, len(sent)))
        if self.closed or len(results) < len(sent):
            raise next(
                (self._error(result) for result in results if result.status not in _DONE),
                psycopg.OperationalError("the connection was lost"),
            )
        self.pgconn.exit_pipeline_mode()
        if results[-1].status in _DONE:  # then all are: one that fails puts an end to what follows
            return results[-1]
        failed = [pair for pair in zip(sent, results, strict=True) if pair[1].status not in _DONE]
        self._named.difference_update([each.prepares for each, _ in failed])
        first, result = failed[0]
        raise first.told(self._error(result))

    def _error(self, result: PGresult) -> psycopg.Error:
        error = error_from_result(result, encoding="utf-8")
        note_failure(self, error)
        return error


def _handed_over(pgconn: Any) -> Generator[Wait, Any, None]:
    """Send what libpq holds, and see that the socket takes more: COMMIT follows."""
    yield from generators.send(pgconn)
    yield Wait.W


def _answers(pgconn: Any, expected: int) -> Generator[Wait, Any, list[PGresult]]:
    """Send what libpq holds and return the results of so many statements, once all are there."""
    yield from generators.send(pgconn)
    results: list[PGresult] = []
    for _ in range(expected):
        results += yield from generators.fetch_many(pgconn)
    yield from generators.fetch(pgconn)
    return results

"""A connection that need not wait for BEGIN before a statement, nor for a statement before the next.

BEGIN and a transaction's first statement are one round trip, its last and COMMIT another: an ordinary turn
takes two. libpq's pipeline mode does it; waiting is psycopg's own, which an alarm interrupts.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from itertools import islice
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


class _Sent(NamedTuple):
    """A statement that was sent by its name: how many results come, what goes before it included.

    `told` makes of its error what is raised.
    """

    name: bytes
    results: int
    told: Callable[[psycopg.Error], Exception]


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
        self._put(name, sql, values, lambda error: error)
        return self._hear()[-1]

    def rows(self, result: PGresult, make: Callable[[Sequence[Any]], Any]) -> list[Any]:
        """Return a result's rows, made of Python's values."""
        self._transformer.set_pgresult(result)
        return self._transformer.load_rows(0, result.ntuples, make)

    def send(
        self, name: bytes, sql: str, values: Sequence[Any], told: Callable[[psycopg.Error], Exception]
    ) -> None:
        """Send a statement without waiting for it.

        Whoever waits next hears of it first, and gets what `told` makes of its error.
        """
        self._put(name, sql, values, told)
        self.wait(_handed_over(self.pgconn))

    def cursor(self, *arguments: Any, **named: Any) -> Any:
        """Make a cursor: what was sent before is heard of first."""
        self._hear()
        return super().cursor(*arguments, **named)

    def commit(self) -> None:
        """Commit, and hear what became of a statement sent before."""
        if not self._unheard:
            super().commit()
        else:
            self.pgconn.send_query_params(b"COMMIT", None)
            try:
                self._hear(more=1)
            except Exception:
                if not self.closed:
                    super().rollback()  # as a COMMIT does of what has failed
                raise

    def rollback(self) -> None:
        """Roll back, whatever is under way."""
        if self._unheard:
            sent, self._unheard = self._unheard, []
            with suppress(psycopg.Error):
                self._received(sent)
        super().rollback()

    def _deallocate(self, name: bytes | None) -> Generator[Any, Any, None]:
        """Forget prepared statements; psycopg forgets all after a rollback, ours among them."""
        if name is None:
            self._named.clear()
        yield from super()._deallocate(name)

    def _hear(self, more: int = 0) -> list[PGresult]:
        """Wait for all that was sent, and for `more` results of what followed; raise the first error."""
        if not self._unheard:
            return []
        sent, self._unheard = self._unheard, []
        results = self._received(sent, more)
        left = iter(results)
        for each in (*sent, None):
            for result in islice(left, each and each.results):
                if result.status == ExecStatus.FATAL_ERROR:
                    error = self._error(result)
                    raise each.told(error) if each else error
        return results

    def _put(
        self, name: bytes, sql: str, values: Sequence[Any], told: Callable[[psycopg.Error], Exception]
    ) -> None:
        """Put a statement, and what must come before it, into libpq's buffer."""
        begins = self.pgconn.transaction_status == TransactionStatus.IDLE
        prepares = name not in self._named
        formats = [PyFormat.BINARY if isinstance(value, bytes) else PyFormat.TEXT for value in values]
        dumped = self._transformer.dump_sequence(values, formats)
        self.pgconn.enter_pipeline_mode()
        if begins:
            self.pgconn.send_query_params(_BEGIN, None)
        if prepares:
            self.pgconn.send_prepare(name, sql.encode())
            self._named.add(name)
        self.pgconn.send_query_prepared(name, dumped, self._transformer.formats, Format.BINARY)
        self._unheard.append(_Sent(name, 1 + begins + prepares, told))

    def _received(self, sent: Sequence[_Sent], more: int = 0) -> list[PGresult]:
        """Wait for all results, `more` of them of what followed."""
        expected = sum([each.results for each in sent]) + more
        self.pgconn.pipeline_sync()
        results = self.wait(_answers(self.pgconn, expected))
        if self.closed or len(results) < expected:
            raise next(
                (self._error(result) for result in results if result.status == ExecStatus.FATAL_ERROR),
                psycopg.OperationalError("the connection was lost"),
            )
        self.pgconn.exit_pipeline_mode()
        left = iter(results)
        for each in sent:
            if any(
                before.status != ExecStatus.COMMAND_OK for before in list(islice(left, each.results))[:-1]
            ):
                self._named.discard(each.name)
        return results

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

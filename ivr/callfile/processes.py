"""Several processes that play runs, each with a line of its own.

The results come in the order of the runs, whoever was quicker.
"""

from __future__ import annotations

import multiprocessing.context
import signal
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import TYPE_CHECKING, Any, Self

from ivr.base.errors import OperatorError
from ivr.callfile.host import Host
from ivr.callfile.player import PlayOptions
from ivr.callfile.suite import CallPlay, PlayOutcome, Unplayed, play_or_say_why

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import TracebackType

    MakeHost = Callable[[], AbstractContextManager[Host]]

_END_SECONDS = 10.0


class Processes:
    """Plays runs in several processes; `with` starts and ends them.

    `make_host` is called in each of them (a function that can be pickled); what it raises is raised here.
    """

    def __init__(self, make_host: MakeHost, count: int) -> None:
        context = multiprocessing.get_context("spawn")  # no locks and connections of this process in theirs
        self._workers = []
        for _ in range(count):
            ours, theirs = context.Pipe()
            process = context.Process(target=_serve, args=(theirs, make_host), daemon=True)
            self._workers.append(_Worker(process, ours, theirs))
        self._languages: Sequence[str] = ()

    @property
    def languages(self) -> Sequence[str]:
        """The languages the line speaks."""
        return self._languages

    def __enter__(self) -> Self:
        try:
            for worker in self._workers:
                worker.process.start()
                worker.theirs.close()
            for worker in self._workers:
                self._languages = _received(worker)
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def play(self, runs: Sequence[CallPlay], options: PlayOptions | None = None) -> Iterator[PlayOutcome]:
        """Yield what became of each run, in their order; it ends early when the line is down.

        Raises `OperatorError` for what ends a process: its database went away, or it was killed.
        """
        done: dict[int, PlayOutcome] = {}
        busy: dict[Connection, tuple[_Worker, int]] = {}
        idle = list(self._workers)
        waiting = list(reversed(range(len(runs))))
        down = False
        yielded = 0
        while busy or (waiting and not down):
            while idle and waiting and not down:
                worker, number = idle.pop(), waiting.pop()
                worker.ours.send((runs[number], options))
                busy[worker.ours] = worker, number
            ready = wait(list(busy))
            for connection in [connection for connection in busy if connection in ready]:
                worker, number = busy.pop(connection)
                outcome: PlayOutcome = _received(worker)
                idle.append(worker)
                done[number] = outcome
                down = down or (isinstance(outcome, Unplayed) and outcome.line_down)
            while yielded in done:
                yield done.pop(yielded)
                yielded += 1
        yield from (done[number] for number in sorted(done))

    def _end(self) -> None:
        for worker in self._workers:
            worker.ours.close()
            worker.theirs.close()
        for worker in self._workers:
            if worker.process.pid is None:
                continue
            worker.process.join(_END_SECONDS)
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()


@dataclass(frozen=True)
class _Worker:
    process: multiprocessing.context.SpawnProcess
    ours: Connection
    theirs: Connection


def _received(worker: _Worker) -> Any:
    """Return what a worker sends next. Raises what ended it."""
    try:
        message = worker.ours.recv()
    except (EOFError, ConnectionResetError):
        worker.process.join(_END_SECONDS)
        raise OperatorError(
            f"a process that plays calls ended by itself (status {worker.process.exitcode}):"
            " try again, with --jobs 1 to see why"
        ) from None
    if isinstance(message, OperatorError):
        raise message
    return message


def _serve(connection: Connection, make_host: MakeHost) -> None:
    """In a process of its own: play what comes until nothing comes any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the first process tells when to end, by closing
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):
        try:
            with make_host() as host:
                connection.send(tuple(host.languages))
                while True:
                    run, options = connection.recv()
                    connection.send(play_or_say_why(run, host, options))
        except OperatorError as error:
            connection.send(error)

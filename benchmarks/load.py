"""The load: this one process plays many calls at once over raw sockets and checks every answer."""

from __future__ import annotations

import gc
import random
import selectors
import socket
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from benchmarks.scripts import Request, Script
from benchmarks.servers import BenchmarkError, Server

ANSWER_SECONDS = 30
_SIGHT = 32  # calls under way in the open loop: enough that none must wait for its own last turn


@dataclass
class Played:
    """What one slice of load saw: seconds of each turn, in order of their ends."""

    seconds: list[float] = field(default_factory=list)
    steady_turns: int = 0  # answered before the first lane had nothing left to do
    steady_seconds: float = 0.0

    @property
    def turns(self) -> int:
        return len(self.seconds)

    @property
    def turns_per_second(self) -> float:
        return self.steady_turns / self.steady_seconds


@dataclass
class _Exchange:
    request: Request
    call: deque[Request]  # what is left of it
    since: float
    answer: bytearray = field(default_factory=bytearray)


class _Wire:
    """Exchanges under way with one server, one connection each, as sync workers serve them."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._selector = selectors.SelectSelector()  # epoll would round waits up to milliseconds

    @property
    def under_way(self) -> int:
        return len(self._selector.get_map())

    def start(self, call: deque[Request], since: float) -> None:
        """Send the next turn of `call`; its time counts from `since`."""
        request = call.popleft()
        connection = socket.create_connection(("127.0.0.1", self._server.port), timeout=ANSWER_SECONDS)
        connection.sendall(request.payload)
        connection.settimeout(0)
        self._selector.register(connection, selectors.EVENT_READ, _Exchange(request, call, since))

    def ended(self, wait_seconds: float) -> list[tuple[_Exchange, float]]:
        """Return the exchanges that ended within the time, each with the instant of its end."""
        done = []
        events = self._selector.select(wait_seconds)
        if not events and wait_seconds >= ANSWER_SECONDS:
            raise BenchmarkError(f"{self._server.name} has not answered for {ANSWER_SECONDS} s")
        for key, _ in events:
            exchange: _Exchange = key.data
            connection = key.fileobj
            assert isinstance(connection, socket.socket)
            try:
                part = connection.recv(65536)
            except BlockingIOError:
                continue
            except OSError as error:
                raise BenchmarkError(f"{self._server.name} broke off: {error}") from error
            if part:
                exchange.answer += part
                continue
            done.append((exchange, time.perf_counter()))
            self._selector.unregister(connection)
            connection.close()
            self._check(exchange)
        return done

    def _check(self, exchange: _Exchange) -> None:
        head = bytes(exchange.answer).partition(b"\r\n\r\n")[0].decode("latin-1")
        lines = head.split("\r\n")
        node = next((line[10:] for line in lines if line.startswith("Ivr-Node: ")), "none")
        wanted = self._server.node or exchange.request.node
        if " 200 " not in lines[0] or node != wanted:
            raise BenchmarkError(
                f"{self._server.name} answered {exchange.request.target} with {lines[0]!r} from node {node};"
                f" expected was node {wanted}"
            )

    def close(self) -> None:
        for key in list(self._selector.get_map().values()):
            assert isinstance(key.fileobj, socket.socket)
            key.fileobj.close()
        self._selector.close()


@contextmanager
def _wire(server: Server) -> Iterator[_Wire]:
    wire = _Wire(server)
    gc.collect()
    gc.disable()
    try:
        yield wire
    finally:
        gc.enable()
        wire.close()


def closed_loop(server: Server, calls: Sequence[Script], lanes: int) -> Played:
    """Play all calls, `lanes` of them at a time; each lane sends a turn when the last one is answered."""
    played, waiting = Played(), deque(deque(call) for call in calls)
    with _wire(server) as wire:
        started = time.perf_counter()
        for _ in range(min(lanes, len(waiting))):
            wire.start(waiting.popleft(), time.perf_counter())
        steady = True
        while wire.under_way:
            for exchange, at in wire.ended(ANSWER_SECONDS):
                played.seconds.append(at - exchange.since)
                if steady:
                    played.steady_turns, played.steady_seconds = played.turns, at - started
                call = exchange.call
                if not call and waiting:
                    call = waiting.popleft()
                if call:
                    wire.start(call, time.perf_counter())
                else:
                    steady = False
    return played


def open_loop(server: Server, calls: Sequence[Script], turns_per_second: float, seed: int) -> Played:
    """Send every turn at its own instant (Poisson), however long answers take; waiting counts as time.

    Which call takes the next turn is drawn among `_SIGHT` calls, so that all kinds of turns mix.
    """
    dice = random.Random(seed)
    played, waiting = Played(), [deque(call) for call in reversed(calls)]
    left = sum(map(len, calls))
    ready = [waiting.pop() for _ in range(min(_SIGHT, len(waiting)))]
    with _wire(server) as wire:
        due = started = time.perf_counter()
        while left or wire.under_way:
            while left and ready and due <= time.perf_counter():
                index = dice.randrange(len(ready))
                ready[index], ready[-1] = ready[-1], ready[index]
                wire.start(ready.pop(), due)
                left -= 1
                due += dice.expovariate(turns_per_second)
            pause = max(due - time.perf_counter(), 0.0) if left and ready else ANSWER_SECONDS
            for exchange, at in wire.ended(pause):
                played.seconds.append(at - exchange.since)
                if exchange.call:
                    ready.append(exchange.call)
                elif waiting:
                    ready.append(waiting.pop())
        played.steady_turns, played.steady_seconds = played.turns, time.perf_counter() - started
    return played

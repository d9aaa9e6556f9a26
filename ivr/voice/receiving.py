"""Requests are received beside each other, and only whole ones are run.

Whoever sends slowly, or nothing at all, costs a file descriptor and nobody's time: a bounded number of
connections is read as their bytes come, each for a bounded time. The same holds for whoever was answered and
does not leave.
"""

from __future__ import annotations

import os
import re
import selectors
import socket
import struct
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

ARRIVED_AT = "ivr.arrived_at"  # in a request's environ: when its last byte came, by the monotonic clock
BODY_BYTES_MAX = 64 * 1024
CONNECTIONS_MAX = 100  # of one web worker; who has been slow for longest makes room
REQUEST_SECONDS = 5.0  # Twilio and proxies send a request at once
LEAVE_SECONDS = 2.0
SEND_SECONDS = 1  # an answer fits into the kernel's buffer

_SEND_TIME = struct.pack("@ll", SEND_SECONDS, 0)  # a struct timeval
_READ_BYTES = 64 * 1024
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,9})[ \t]*(?=\r\n)", re.IGNORECASE)
_LAST_DATA_RECEIVED = 52  # where Linux's struct tcp_info has it, in milliseconds
_LAST_DATA_RECEIVED_MAX = 60_000  # Twilio has long gone by then: more is no measurement


def is_whole(received: bytearray, head_bytes_max: int) -> bool:
    """Return whether it is worth running a request of which this much has come.

    Only when to begin is decided here; what the bytes mean, gunicorn reads and the app checks. What they
    refuse in any case, a head or a body that is too large or has no length, is not waited for.
    """
    head = received.find(b"\r\n\r\n")
    if head < 0:
        return len(received) > head_bytes_max
    lengths = _LENGTH.findall(received, 0, head + 2)
    length = int(lengths[0]) if len(lengths) == 1 else 0
    return length > BODY_BYTES_MAX or len(received) >= head + 4 + length


class Connection:
    """A connection that is read without waiting; once its request is whole, gunicorn's socket to answer on.

    `arrived_at` is when the request's last byte came, by the monotonic clock. The time it lay in the kernel's
    queue counts, where the kernel tells it (Linux).
    """

    __slots__ = ("_socket", "address", "arrived_at", "ended", "listener", "received", "sendall")

    def __init__(self, accepted: socket.socket, listener: Any, address: Any) -> None:
        with suppress(OSError):  # macOS, when they have left already
            accepted.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _SEND_TIME)
        self._socket = accepted
        self.sendall = accepted.sendall
        self.listener = listener
        self.address = address
        self.received = bytearray()
        self.ended = False
        self.arrived_at = 0.0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._socket, name)

    def read(self) -> bytes:
        """Return what has come since, without waiting; `ended` is set when nothing more will."""
        try:
            part = self._socket.recv(_READ_BYTES, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return b""
        except OSError:
            part = b""
        self.ended = not part
        return part

    def recv(self, size: int) -> bytes:
        """Return what was received before, then the end: a request that is being run is not waited for."""
        part = bytes(self.received[:size])
        del self.received[:size]
        return part

    def settimeout(self, seconds: float | None) -> None:
        """Do nothing: `recv` never waits."""

    def close(self) -> None:
        """Stay open: `Reception.see_off` closes when the other side has heard its answer."""

    def hang_up(self) -> None:
        """Close for good."""
        self._socket.close()

    def seconds_since_last_byte(self) -> float:
        """Return how long ago the last byte came in; 0 where the kernel does not tell."""
        if sys.platform != "linux":
            return 0.0
        try:
            told = self._socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _LAST_DATA_RECEIVED + 4)
        except OSError:  # a Unix socket
            return 0.0
        (milliseconds,) = struct.unpack_from("=I", told, _LAST_DATA_RECEIVED)
        return milliseconds / 1000 if milliseconds <= _LAST_DATA_RECEIVED_MAX else 0.0


class Reception:
    """One web worker's connections, but for the one that it is answering.

    `listeners` accept without blocking. A wait ends early when the file descriptor `wake` can be read; what
    it holds is thrown away.
    """

    def __init__(
        self,
        listeners: Sequence[Any],
        wake: int,
        head_bytes_max: int,
        *,
        connections_max: int = CONNECTIONS_MAX,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._listeners = list(listeners)
        self._head_bytes_max = head_bytes_max
        self._connections_max = connections_max
        self._now = now
        self._arriving: dict[Connection, float] = {}  # until when each may stay, in the order they came
        self._leaving: dict[Connection, float] = {}
        self._selector = selectors.DefaultSelector()
        for readable in (*self._listeners, wake):
            self._selector.register(readable, selectors.EVENT_READ, readable)
        self._wake = wake

    @property
    def is_receiving(self) -> bool:
        """Whether somebody has not sent a whole request yet."""
        return bool(self._arriving)

    def wait(self, seconds: float) -> list[Connection]:
        """Read what comes within `seconds`; return those whose request is whole, by the time it arrived.

        Somebody new is let in only when there is nothing to run, and one at a time: the others are for web
        workers that have nothing to do.
        """
        self._cut()
        ready = [key.data for key, _ in self._selector.select(seconds)]
        if self._wake in ready:
            os.read(self._wake, _READ_BYTES)
        whole = [each for each in ready if isinstance(each, Connection) and self._go_on(each)]
        if not whole:
            whole = [new for each in ready if each in self._listeners for new in self._let_in(each)]
        return sorted(whole, key=lambda each: each.arrived_at)

    def see_off(self, connection: Connection) -> None:
        """Close a connection that was answered once it is read to its end: else the answer may be lost."""
        self._leaving[connection] = self._now() + LEAVE_SECONDS

    def close_doors(self) -> None:
        """Let nobody in any more."""
        while self._listeners:
            self._selector.unregister(self._listeners.pop())

    def close(self) -> None:
        """Hang up on everybody."""
        for connection in (*self._arriving, *self._leaving):
            connection.hang_up()
        self._selector.close()

    def _let_in(self, listener: Any) -> list[Connection]:
        try:
            accepted, address = listener.accept()
        except (BlockingIOError, ConnectionAbortedError):  # another web worker was quicker, or they left
            return []
        connection = Connection(accepted, listener, address)
        if self._receive(connection):
            return [connection]
        self._arriving[connection] = self._now() + REQUEST_SECONDS
        self._selector.register(connection.fileno(), selectors.EVENT_READ, connection)
        return []

    def _go_on(self, connection: Connection) -> bool:
        whole = self._receive(connection)
        if whole:
            self._let_go(connection)
        return whole

    def _receive(self, connection: Connection) -> bool:
        connection.received += connection.read()
        if connection.ended:
            whole = bool(connection.received)  # gunicorn says what is wrong with half a request
        else:
            whole = is_whole(connection.received, self._head_bytes_max)
        if whole:
            connection.arrived_at = self._now() - connection.seconds_since_last_byte()
        return whole

    def _cut(self) -> None:
        """Hang up on whoever has left or took too long, and on the oldest where there are too many."""
        for connection in self._leaving:
            connection.read()
        now = self._now()
        for connection in _too_late(self._leaving, now, self._connections_max):
            del self._leaving[connection]
            connection.hang_up()
        for connection in _too_late(self._arriving, now, self._connections_max):
            self._let_go(connection)
            connection.hang_up()

    def _let_go(self, connection: Connection) -> None:
        del self._arriving[connection]
        self._selector.unregister(connection.fileno())


def _too_late(until: dict[Connection, float], now: float, most: int) -> list[Connection]:
    too_many = len(until) - most
    return [
        connection
        for number, (connection, stays_until) in enumerate(until.items())
        if number < too_many or stays_until <= now or connection.ended
    ]

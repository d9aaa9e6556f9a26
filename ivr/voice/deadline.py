"""The web process keeps its own time: a caller gets an answer when the database does not give one.

The server's time-outs do not fire when PostgreSQL hangs or the network is gone, so a repeating alarm does. It
repeats because whatever catches the first one may block again while cleaning up.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # `signal` puts its enums around it: ten times the price
import signal
import threading
from types import FrameType, TracebackType
from typing import Any

REPEAT_SECONDS = 0.5


class DeadlineExceeded(BaseException):
    """The turn took longer than a caller can be kept waiting."""


class deadline:  # noqa: N801 (used as a statement: `with deadline(5)`)
    """Raise `DeadlineExceeded` when the block is not done within `seconds`.

    Signals reach only the main thread, where sync workers run their requests; elsewhere (a development
    server with threads) the block runs without an alarm. Deadlines do not nest.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._before: Any = None
        self._armed = False

    def __enter__(self) -> None:
        if threading.current_thread() is threading.main_thread():
            self._armed = True
            self._before = _signal.signal(signal.SIGALRM, _ring)
            signal.setitimer(signal.ITIMER_REAL, self._seconds, REPEAT_SECONDS)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._armed:
            signal.setitimer(signal.ITIMER_REAL, 0)
            _signal.signal(signal.SIGALRM, self._before)


def stop_alarms() -> None:
    """Stop the clock after a `DeadlineExceeded` was caught, wherever it came from.

    An alarm between a block's last instruction and `__exit__` leaves the block without it; the clock would go
    on ringing.
    """
    if threading.current_thread() is threading.main_thread():
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)


def _ring(_number: int, frame: FrameType | None) -> None:
    # An alarm that comes while the clock is being stopped must not prevent that: it would go on ringing
    # where nothing catches it, and end the worker.
    if frame is None or frame.f_code not in _OWN_CODE:
        raise DeadlineExceeded


_OWN_CODE = (deadline.__enter__.__code__, deadline.__exit__.__code__)

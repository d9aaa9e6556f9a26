"""The web process keeps its own time: a caller gets an answer when the database does not give one.

The server's time-outs do not fire when PostgreSQL hangs or the network is gone, so a repeating alarm does. It
repeats because whatever catches the first one may block again while cleaning up.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

REPEAT_SECONDS = 0.5


class DeadlineExceeded(BaseException):
    """The turn took longer than a caller can be kept waiting."""


def _ring(_number: int, _frame: FrameType | None) -> None:
    raise DeadlineExceeded


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Raise `DeadlineExceeded` when the block is not done within `seconds`.

    Signals reach only the main thread, where sync workers run their requests; elsewhere (a development
    server with threads) the block runs without an alarm.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGALRM, _ring)
    signal.setitimer(signal.ITIMER_REAL, seconds, REPEAT_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)

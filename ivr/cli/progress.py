"""How far long work is, on standard error where somebody looks; nothing where nobody does."""

from __future__ import annotations

import sys

from ivr.callfile.player import CallResult

SHOWN_EVERY = 100


class Counter:
    """How far a replay is, on standard error where somebody looks; nothing where nobody does."""

    def __init__(self) -> None:
        self._shown = sys.stderr.isatty()
        self._expected = self._played = self._differ = 0

    def expect(self, count: int) -> None:
        """Take in how many calls there will be in all."""
        self._expected = count

    def count(self, result: CallResult) -> None:
        """Count one more call."""
        self._played += 1
        self._differ += not result.passed
        if self._shown:
            sys.stderr.write(f"\r{self._played} of {self._expected} calls, {self._differ} differ")
            sys.stderr.flush()

    def clear(self) -> None:
        """Take the count away, so that something else can be printed."""
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


def show_compared(count: int) -> None:
    """Show how many calls are compared, now and then."""
    if count % SHOWN_EVERY == 0 and sys.stderr.isatty():
        sys.stderr.write(f"\r{count} calls compared")
        sys.stderr.flush()


def show_end() -> None:
    """Take that away, so that something else can be printed."""
    if sys.stderr.isatty():
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()

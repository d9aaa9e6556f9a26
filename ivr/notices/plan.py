"""Which channel a notice takes next: the promised one, then the others, none twice but one that asked for it.

Pure: what was tried and what is possible in, the next step out.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from ivr.notices.channels import CHANNELS, Channel

# A carrier that is down keeps the promised channel for so long, and never past the last hour before the
# cutoff; then the next channel takes over.
PATIENCE: Final = timedelta(hours=2)
BEFORE_THE_CUTOFF: Final = timedelta(hours=1)
_LONGEST_PAUSE: Final = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Tried:
    """One attempt; the instants are aware, `finished_at` None while it is `sending`.

    `detail` is what the carrier said, where it said something.
    """

    id: int
    channel: str
    state: str
    started_at: datetime
    finished_at: datetime | None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """What comes next: send by `channel`; or wait (`wait`); or neither, for nothing is left to try."""

    channel: Channel | None = None
    wait: bool = False


def next_step(
    promised: Channel,
    possible: Collection[Channel],
    tried: Sequence[Tried],
    *,
    now: datetime,
    patient_until: datetime,
    again_after: int = -1,
) -> Step:
    """Return the next step.

    `tried` is oldest first. A channel whose carrier may have taken the message is never used again. Where a
    person asks for it, what failed or was put off in the attempts up to number `again_after` is tried now.
    """
    newest = {each.channel: each for each in tried}
    order = [promised, *(channel for channel in CHANNELS if channel != promised)]
    left = [
        channel
        for channel in order
        if channel in possible and (channel not in newest or _is_open(newest[channel], again_after))
    ]
    if not left:
        return Step()
    fresh = [channel for channel in left if channel not in newest or newest[channel].id <= again_after]
    if fresh and (fresh[0] == left[0] or now >= patient_until):
        return Step(fresh[0])
    return Step(left[0]) if now >= _due_again(left[0], tried) else Step(wait=True)


def _is_open(newest: Tried, again_after: int) -> bool:
    return newest.state == "later" or (newest.state == "failed" and newest.id <= again_after)


def patient_until(created_at: datetime, cutoff_at: datetime) -> datetime:
    """Return until when a notice keeps to a channel whose carrier is down."""
    return min(created_at + PATIENCE, cutoff_at - BEFORE_THE_CUTOFF)


def _due_again(channel: Channel, tried: Sequence[Tried]) -> datetime:
    """Return when a channel that answered "later" is tried again: after 1, 2, 4 … 30 minutes."""
    times = [each.finished_at or each.started_at for each in tried if each.channel == channel]
    pause = min(timedelta(minutes=2 ** min(len(times) - 1, 5)), _LONGEST_PAUSE)
    return times[-1] + pause

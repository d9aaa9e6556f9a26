"""Which channel a notice takes next: the promised one, then the others, none twice but one that asked for it.

Pure: what was tried and what is possible in, the next step out.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from ivr.notices.channels import CHANNELS, Channel

# A carrier that is down keeps the promised channel for so long, and never past the last hour before the
# cutoff; then the next channel takes over.
PATIENCE: Final = timedelta(hours=2)
BEFORE_THE_CUTOFF: Final = timedelta(hours=1)
_LONGEST_PAUSE: Final = timedelta(minutes=30)
_MAY_BE_REPEATED: Final = ("failed", "later", "undelivered")  # the member certainly has not got it


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


def next_channel(
    promised: Channel,
    possible: Collection[Channel],
    tried: Sequence[Tried],
    *,
    now: datetime,
    patient_until: datetime,
) -> Channel | Literal["wait"] | None:
    """Return the channel to try now, `wait` where it is not time yet, or None: nothing is left to try.

    `tried` is oldest first. A channel by which the member may have got it is never used again.
    """
    newest = {each.channel: each.state for each in tried}
    order = [promised, *(channel for channel in CHANNELS if channel != promised)]
    left = [channel for channel in order if channel in possible and newest.get(channel, "later") == "later"]
    untried = [channel for channel in left if channel not in newest]
    if not left:
        return None
    if untried and (untried[0] == left[0] or now >= patient_until):
        return untried[0]
    return left[0] if now >= _due_again(left[0], tried) else "wait"


def still_counting(tried: Sequence[Tried], asked_after: int | None) -> list[Tried]:
    """Return the attempts that keep their channel from being tried now.

    Where staff ask for another try, what failed, came back or was put off before does not: the attempts up to
    number `asked_after` (None: nobody asks).
    """
    last_forgotten = -1 if asked_after is None else asked_after
    return [each for each in tried if each.id > last_forgotten or each.state not in _MAY_BE_REPEATED]


def patient_until(created_at: datetime, cutoff_at: datetime | None) -> datetime:
    """Return until when a notice keeps to a channel whose carrier is down."""
    patience = created_at + PATIENCE
    return patience if cutoff_at is None else min(patience, cutoff_at - BEFORE_THE_CUTOFF)


def _due_again(channel: Channel, tried: Sequence[Tried]) -> datetime:
    """Return when a channel that answered "later" is tried again: after 1, 2, 4 … 30 minutes."""
    times = [each.finished_at or each.started_at for each in tried if each.channel == channel]
    pause = min(timedelta(minutes=2 ** min(len(times) - 1, 5)), _LONGEST_PAUSE)
    return times[-1] + pause

"""What this machine carries: whole paying calls over HTTP, more and more at once, on a line served for it.

The callers are here too and use the same processors, so the line alone carries a little more than is found.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ivr.base.errors import OperatorError
from ivr.simulator.lines import HttpLine, NoReplyError
from ivr.simulator.webhooks import CallIdentity

if TYPE_CHECKING:
    from ivr.base.settings import Settings
    from ivr.billing.samples import SampleMember

SLOW_SECONDS: Final = 0.2
SECONDS_A_TURN: Final = (
    18  # of a paying call in English: 14 turns in 4:23 (`ivr replay tests/calls/way/goodbye.call`)
)
CALLERS: Final = (1, 2, 4, 8, 16, 32)
_CPU_BUSY: Final = 0.85
_FROM, _TO = "+16175550123", "+16175550100"


@dataclass
class LoadStep:
    """So many callers at once for a while: seconds of every turn, and who used how much processor time."""

    callers: int
    wall_seconds: float = 0.0
    turns: list[float] = field(default_factory=list)
    web_cpu_seconds: float = 0.0
    own_cpu_seconds: float = 0.0
    busy: float = 0.0  # share of all processors

    @property
    def turns_per_second(self) -> float:
        """How many turns were answered in a second."""
        return len(self.turns) / self.wall_seconds

    def percentile(self, percent: int) -> float:
        """Return the seconds that so many of 100 turns stay under."""
        return sorted(self.turns)[min(len(self.turns) - 1, len(self.turns) * percent // 100)]

    @property
    def holds(self) -> bool:
        """Whether 99 of 100 turns were quick enough."""
        return self.percentile(99) < SLOW_SECONDS


class Callers:
    """Callers of a served line; `web_pid` is its first process. Each call is another member's.

    When none is left, nobody calls any more.
    """

    def __init__(self, settings: Settings, members: Sequence[SampleMember], web_pid: int) -> None:
        self._settings, self._members, self._web_pid = settings, members, web_pid
        self._numbers, self._most = count(), len(members)

    def step(self, callers: int, seconds: float) -> LoadStep:
        """Have so many callers call and call again for so long. Raises `OperatorError` for a wrong answer."""
        step, problems = LoadStep(callers), list[str]()
        until = time.monotonic() + seconds
        lanes = [
            threading.Thread(target=self._call_until, args=(until, step, problems)) for _ in range(callers)
        ]
        web, own, busy, whole = _cpu_seconds(self._web_pid), time.process_time(), *_machine()
        began = time.monotonic()
        for lane in lanes:
            lane.start()
        for lane in lanes:
            lane.join()
        step.wall_seconds = time.monotonic() - began
        step.web_cpu_seconds = _cpu_seconds(self._web_pid) - web
        step.own_cpu_seconds = time.process_time() - own
        now_busy, now_whole = _machine()
        step.busy = (now_busy - busy) / max(now_whole - whole, 1e-9)
        if problems:
            raise OperatorError(problems[0])
        return step

    def _call_until(self, until: float, step: LoadStep, problems: list[str]) -> None:
        settings = self._settings
        line = HttpLine(settings.public_url, settings.twilio_account_sid, settings.twilio_auth_token)
        try:
            while time.monotonic() < until and not problems and (number := next(self._numbers)) < self._most:
                self._call(line, number, step)
        except (NoReplyError, OperatorError) as error:
            problems.append(str(error))
        finally:
            line.close()

    def _call(self, line: HttpLine, number: int, step: LoadStep) -> None:
        member = self._members[number]
        call = CallIdentity(f"CA{number:032x}", self._settings.twilio_account_sid, _FROM, _TO)
        for seq, extra in enumerate(_paying(member)):
            path = f"/voice/turn/{seq}" if seq else "/voice/answer"
            began = time.monotonic()
            reply = line.post(path, {**call.parameters("in-progress" if seq else "ringing"), **extra})
            step.turns.append(time.monotonic() - began)
            if reply.status != 200:
                raise OperatorError(f"{path} was answered with {reply.status}: see what the line wrote.")
        heard = reply.header("Ivr-Prompts") or "nothing"
        if "confirmation" not in heard:
            raise OperatorError(f"A call of the measurement paid nothing; in the end it heard {heard}.")


def _paying(member: SampleMember) -> Iterator[dict[str, str]]:
    """Yield what Twilio posts for each turn of a call that pays the one bill there is."""
    yield {}
    account = "1234567890#"
    facts = (member.member_id, member.ssn_last4, member.date_of_birth_keyed)
    for keys in ("1", "1", *facts, "1", "1", "021000021", "1", account, account):
        yield {"Digits": keys.removesuffix("#"), "FinishedOnKey": "#" if keys.endswith("#") else ""}
    yield {"SpeechResult": "yes", "Confidence": "0.9"}


def _machine() -> tuple[float, float]:
    """Return how long this machine's processors were busy, and all their time, since it was started."""
    ticks = [int(word) for word in Path("/proc/stat").read_text("ascii").split("\n", 1)[0].split()[1:9]]
    idle = ticks[3] + ticks[4]
    return float(sum(ticks) - idle), float(sum(ticks))


def _cpu_seconds(pid: int) -> float:
    """Return the processor time of a process and its children."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    own = (int(fields[11]) + int(fields[12])) / 100
    return own + sum(_cpu_seconds(int(child)) for child in children)


def told(steps: Sequence[LoadStep], processors: int) -> Iterator[str]:
    """Yield what was found, in sentences."""
    best = max((step for step in steps if step.holds), key=lambda step: step.turns_per_second, default=None)
    within = f"within {SLOW_SECONDS * 1000:.0f} ms"
    if best is None:
        yield f"Not even one caller at a time has 99 of 100 turns answered {within}."
    else:
        yield (
            f"{best.turns_per_second:.0f} turns a second with 99 of 100 answered {within}:"
            f" {best.turns_per_second * SECONDS_A_TURN:,.0f} calls at once,"
            f" a turn every {SECONDS_A_TURN} seconds each."
        )
    last = best or steps[0]
    whole = last.wall_seconds * processors
    if last.busy > _CPU_BUSY:
        web, own = last.web_cpu_seconds / whole, last.own_cpu_seconds / whole
        yield (
            f"The processors limit it, {processors} of them {last.busy:.0%} busy: web {web:.0%}, the callers"
            f" of this measurement {own:.0%}, PostgreSQL and the rest {max(last.busy - web - own, 0):.0%}."
        )
    else:
        yield (
            f"The processors are {last.busy:.0%} busy: what limits it is waiting, for the database's disk and"
            " the way to it, or for one of too few web workers."
        )

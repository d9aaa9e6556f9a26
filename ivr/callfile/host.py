"""What a player needs from outside: a line to call, and eyes on what the line did.

The composition root provides a `Host`. For every run it prepares a line of its own: the app (or a URL), a
clock standing at the call's instant, the sample member loaded, and observers.
"""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Protocol
from urllib.parse import urlsplit

from ivr.base.clock import Clock, ManualClock
from ivr.base.errors import OperatorError
from ivr.callfile.circumstances import NO_CIRCUMSTANCES, Circumstances
from ivr.simulator.lines import ERROR_RETRIEVAL, TLS_ERRORS, HttpLine, NoReplyError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime

    from ivr.base.randomness import Randomness
    from ivr.calls.history import Recipe
    from ivr.languages.language import Pace
    from ivr.simulator.lines import CalledLine, Headers, LineReply
    from ivr.simulator.webhooks import VirtualClock


class DoneEvent(NamedTuple):
    """Something the line did that `did` may name: `payment`, {"amount": "310.15", "plan": "health"}."""

    name: str
    values: Mapping[str, str]


class Visit(NamedTuple):
    """A place a call came through: the node (`dialog/node`), and the label of the edge it left by if any.

    `level` is how its question was asked, if it was: first, again, last.
    """

    node: str
    edge: str | None
    level: str = ""


@dataclass(frozen=True)
class Setup:
    """What one run needs: the file's name, its instant, its sample member, and the language and pace.

    A member called `made_up` is made of the `circumstances`.
    """

    name: str
    now: datetime
    member: str | None
    language: str
    pace: Pace
    circumstances: Circumstances = NO_CIRCUMSTANCES


@dataclass(frozen=True)
class PreparedLine:
    """A line ready for one call.

    `clock` stands at the setup's instant and is moved by the call. `facts` are the sample member's, by the
    names call files use: `member_id`, `health_account`, `dental_account`, `phone` (ten digits), `ssn_last4`,
    `zip`, `house` (its number), `date_of_birth` (MMDDYYYY). `observe` returns the events of a call, oldest
    first; None when the line cannot be looked into. `visited` returns the places of the flow the call came
    through. `elsewhere` has, by the names of the faults that say so, what the member does at once beside the
    call. `recorded` returns what the line kept of its calls, oldest first, where somebody wants it.
    """

    line: CalledLine
    clock: VirtualClock
    call_sid: str
    account_sid: str
    to_number: str = "+18005550100"
    facts: Mapping[str, str] = field(default_factory=dict)
    observe: Callable[[str], Sequence[DoneEvent]] | None = None
    visited: Callable[[str], Sequence[Visit]] | None = None
    elsewhere: Mapping[str, Callable[[], None]] = field(default_factory=dict)
    recorded: Callable[[], Sequence[Recipe]] | None = None


class Host(Protocol):
    """Prepares lines for runs."""

    @property
    def languages(self) -> Sequence[str]:
        """The languages the line speaks, as tags such as es-US."""
        ...

    def prepare(self, setup: Setup) -> AbstractContextManager[PreparedLine]:
        """Give a line for one run and take it down after. Raises `OperatorError` for an unknown member."""
        ...


def written_call_sid(setup: Setup) -> str:
    """Return the call SID of a run: another one for each file, language and pace, the same every time."""
    text = f"{setup.name}\n{setup.language}\n{setup.pace}"
    return f"CA{hashlib.sha256(text.encode()).hexdigest()[:32]}"


class LineDownError(OperatorError):
    """A line gave one call no answer at all, so that it makes no sense to place another."""


class _WatchedLine:
    """A line of which is known how its answers to one call began: whether any was a payment line's.

    `known`: an earlier call had such an answer, so that what else it says is the call's own trouble.
    """

    def __init__(self, line: CalledLine, *, known: bool) -> None:
        self._line = line
        self._known = known
        self.answered = False
        self.reason = ""

    @property
    def public_url(self) -> str:
        return self._line.public_url

    def post(self, path_or_url: str, form: Mapping[str, str], *, headers: Headers | None = None) -> LineReply:
        try:
            reply = self._line.post(path_or_url, form, headers=headers)
        except NoReplyError as error:
            self.reason = self.reason or _no_answer(error)
            raise
        if reply.header("Ivr-Turn") is not None:
            self.answered = True
        elif form.get("CallStatus") != "completed":  # then it is told of the end, and says nothing
            self.reason = self.reason or self._strange(reply)
        return reply

    def _strange(self, reply: LineReply) -> str:
        """Say what to do about an answer that is no payment line's; "" where that is the call's trouble."""
        if reply.status in _REFUSALS:
            return f"{_REFUSALS[reply.status]} (status {reply.status})"
        if self._known:
            return ""
        if 300 <= reply.status < 400 and (elsewhere := _address(reply.header("Location") or "")):
            return f"is no payment line, it sends calls on to {elsewhere}: correct the address"
        if 200 <= reply.status < 300:
            return (
                "is no payment line (its answers have no Ivr-Turn): correct the address, or let their"
                " headers through"
            )
        if reply.status >= 500:
            return (
                "is no payment line, or a broken one: correct the address, or look at its log"
                f" (status {reply.status})"
            )
        return f"is no payment line: correct the address (status {reply.status})"


def _no_answer(error: NoReplyError) -> str:
    """Say what to do where no answer came; TLS says itself why there is none."""
    if error.code in TLS_ERRORS:
        return error.problem
    what = "does not answer in time" if error.code == ERROR_RETRIEVAL else "takes no connection"
    return f"{what}: start the line, or correct the address"


def _address(location: str) -> str:
    """Return scheme and host of where a redirect leads, "" when it leads to no other line."""
    try:
        parts = urlsplit(location)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme and parts.netloc else ""


_REFUSALS: Mapping[int, str] = {
    403: "refuses our signature: set TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN to the line's own, and give"
    " --url as its PUBLIC_URL",
    404: "is no payment line: correct the address",
    405: "is no payment line: correct the address",
}


class RemoteHost:
    """A line somewhere else, driven over HTTP; it reads the `Ivr-…` headers and sees nothing of the database.

    Its clock is its own: the file's instant moves only the phone. `facts_of` gives a sample member's facts.
    `authorities` are the certificates trusted instead of the usual ones.
    """

    def __init__(
        self,
        url: str,
        *,
        account_sid: str,
        auth_token: str,
        languages: Sequence[str],
        clock: Clock,
        randomness: Randomness,
        facts_of: Callable[[str | None], Mapping[str, str]],
        authorities: str = "",
    ) -> None:
        self._line = HttpLine(url, account_sid, auth_token, authorities=authorities)
        self._account_sid = account_sid
        self._languages = tuple(languages)
        self._clock = clock
        self._randomness = randomness
        self._facts_of = facts_of
        self._down = ""
        self._known = False

    @property
    def languages(self) -> Sequence[str]:
        """The languages the line speaks."""
        return self._languages

    @contextmanager
    def prepare(self, setup: Setup) -> Iterator[PreparedLine]:
        """Give the line for one run, under a call SID it has not seen.

        Raises `LineDownError` at the end of a call in which no payment line answered, and before any later
        one.
        """
        if self._down:
            raise LineDownError(self._down)
        watched = _WatchedLine(self._line, known=self._known)
        yield PreparedLine(
            line=watched,
            clock=ManualClock(self._clock.now()),
            call_sid=f"CA{self._randomness.below(16**32):032x}",
            account_sid=self._account_sid,
            facts=self._facts_of(setup.member),
        )
        self._known = self._known or watched.answered
        if watched.reason and not watched.answered:
            self._down = f"{watched.public_url} {watched.reason}"
            raise LineDownError(self._down)

    def close(self) -> None:
        """Close the connections kept open."""
        self._line.close()

"""The requests of one call: parameters, tokens, retries, redirects, faults, and the fallback URL."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from email.utils import format_datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol
from urllib.parse import parse_qs, urldefrag, urljoin, urlsplit

from ivr.phone.heard import PhoneFailure, PhoneWarning, Turn
from ivr.phone.lines import ERROR_CONNECTION, ERROR_RETRIEVAL, TWILIO_TIMEOUT_SECONDS, LineError
from ivr.phone.twiml import WARNING_SCHEMA, Document, DocumentError, parse_reply

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from ivr.phone.lines import Line, LineReply

ERROR_REDIRECTS = 11215
MAX_REDIRECTS = 10
_TOKENS = uuid.UUID("6f0d7a52-1f7b-5a0e-9a4c-7b6f3f0f3b11")
_PLACES = ("City", "State", "Zip", "Country")


class VirtualClock(Protocol):
    """A clock that moves when told."""

    def now(self) -> datetime:
        """Return the instant as an aware UTC datetime."""
        ...

    def advance(self, seconds: float) -> None:
        """Move forward by `seconds`."""
        ...


class Fault(StrEnum):
    """What may go wrong with the next turn on its way."""

    DUPLICATE = "duplicate"
    CONCURRENT_DUPLICATE = "concurrent_duplicate"
    LOST_RESPONSE = "lost_response"


class UnequalRepliesError(Exception):
    """The same turn, posted twice, was answered in two ways."""


class CallFailedError(Exception):
    """Neither a webhook nor the fallback gave a document: the caller hears Twilio's apology and a click."""


@dataclass(frozen=True)
class CallIdentity:
    """Who calls whom, in Twilio's forms: `CA` + 32 hex, `AC` + 32 hex, the numbers as Twilio gives them."""

    call_sid: str
    account_sid: str
    from_number: str
    to_number: str


@dataclass(frozen=True)
class Fetched:
    """A document ready to execute, and the URL it came from, which its relative URLs are resolved against."""

    document: Document
    url: str


class _Refused(Exception):  # noqa: N818 (a step on the way to the fallback, not an error a caller sees)
    def __init__(self, code: int, message: str, *, injected: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.injected = injected


@dataclass(frozen=True)
class _RetryPolicy:
    """What a URL's fragment asks for (`#rc=2&rp=ct,rt,5xx`): by default one retry, of connections only."""

    retries: int = 1
    kinds: frozenset[str] = frozenset({"ct"})

    @classmethod
    def of(cls, fragment: str) -> _RetryPolicy:
        asked = parse_qs(fragment)
        kinds = frozenset(asked.get("rp", ["ct"])[0].split(","))
        if "all" in kinds:
            kinds = frozenset({"ct", "rt", "4xx", "5xx"})
        return cls(min(5, int(asked.get("rc", ["1"])[0])), kinds)


class Webhooks:
    """Makes the requests of one call and keeps what came back: turns, warnings, failures."""

    def __init__(
        self,
        line: Line,
        clock: VirtualClock,
        identity: CallIdentity,
        *,
        fallback_path: str | None,
        post_twice: bool,
        round_trip_seconds: float,
    ) -> None:
        self._line = line
        self._clock = clock
        self._identity = identity
        self._fallback_path = fallback_path
        self._post_twice = post_twice
        self._round_trip_seconds = round_trip_seconds
        self._requests = 0
        self._answered = False
        self.fault: Fault | None = None
        self.turns: list[Turn] = []
        self.warnings: list[PhoneWarning] = []
        self.failures: list[PhoneFailure] = []

    def fetch(self, base_url: str, url: str, gathered: Mapping[str, str]) -> Fetched:
        """Post a turn and return its document, or the fallback's.

        `url` is resolved against `base_url`; `gathered` is what the caller entered. Raises `CallFailedError`
        when the fallback has none either, `UnequalRepliesError` when a repeated turn differs.
        """
        try:
            return self._document(urljoin(base_url, url), gathered)
        except _Refused as refused:
            failed_url = urldefrag(urljoin(base_url, url)).url
            self._failed(failed_url, refused)
            if self._fallback_path is None:
                raise CallFailedError(str(refused)) from refused
            failure = {"ErrorCode": str(refused.code), "ErrorUrl": failed_url}
        fallback_url = urljoin(f"{self._line.public_url}/", self._fallback_path)
        try:
            return self._document(fallback_url, failure)
        except _Refused as refused:
            self._failed(fallback_url, refused)
            raise CallFailedError(str(refused)) from refused

    def status(self, url: str, call_status: str, seconds: float) -> None:
        """Post the status callback of a call that ended after `seconds`; an odd answer is a warning."""
        form = {
            **self._parameters(call_status),
            "CallDuration": str(round(seconds)),
            "Duration": str(-(-round(seconds) // 60)),
            "Timestamp": format_datetime(self._clock.now(), usegmt=True),
            "SequenceNumber": "0",
            "CallbackSource": "call-progress-events",
        }
        try:
            reply = self._line.post(url, form, headers=self._next_token())
        except LineError as error:
            self.failures.append(PhoneFailure(url, error.code, str(error), injected=False))
            return
        if reply.status != 204 and not (reply.status == 200 and _is_xml(reply)):
            self.warnings.append(PhoneWarning(url, ERROR_RETRIEVAL, f"a status callback got {reply.status}"))

    def _failed(self, url: str, refused: _Refused) -> None:
        self.failures.append(
            PhoneFailure(urlsplit(url).path, refused.code, str(refused), injected=refused.injected)
        )

    def _document(self, url: str, extra: Mapping[str, str]) -> Fetched:
        """Post one turn, follow redirects, read the reply. Raises `_Refused`."""
        for _ in range(MAX_REDIRECTS + 1):
            address, fragment = urldefrag(url)
            reply = self._attempt(address, extra, _RetryPolicy.of(fragment))
            if not 300 <= reply.status < 400:
                return self._read(address, reply)
            self._warn(address, ERROR_REDIRECTS, f"{reply.status}: a redirect loses what the caller entered")
            url, extra = urljoin(address, reply.header("Location") or ""), {}
        raise _Refused(ERROR_REDIRECTS, f"more than {MAX_REDIRECTS} redirects")

    def _read(self, url: str, reply: LineReply) -> Fetched:
        if not 200 <= reply.status < 300:
            raise _Refused(ERROR_RETRIEVAL, f"the line answered {reply.status}")
        try:
            document = parse_reply(reply.header("Content-Type"), reply.body)
        except DocumentError as error:
            raise _Refused(error.code, str(error)) from error
        for warning in document.warnings:
            self._warn(url, warning.code, f"line {warning.line}: {warning.message}")
        self.turns.append(_turn(url, reply))
        self._answered = True
        return Fetched(document, url)

    def _warn(self, url: str, code: int, message: str) -> None:
        self.warnings.append(PhoneWarning(urlsplit(url).path, code, message))

    def unusable(self, url: str, message: str) -> None:
        """Record that a document asks for something that has no effect where it stands."""
        self._warn(url, WARNING_SCHEMA, message)

    def _attempt(self, url: str, extra: Mapping[str, str], policy: _RetryPolicy) -> LineReply:
        """Post until the policy has no retry left; every attempt carries the same token."""
        form = {**self._parameters("in-progress" if self._answered else "ringing"), **extra}
        headers = self._next_token()
        for attempts_left in range(policy.retries, -1, -1):
            try:
                reply = self._post(url, form, headers)
            except LineError as error:
                kind = "ct" if error.code == ERROR_CONNECTION else "rt"
                if attempts_left and kind in policy.kinds:
                    continue
                raise _Refused(error.code, str(error), injected=isinstance(error, _LostError)) from error
            if not (attempts_left and f"{reply.status // 100}xx" in policy.kinds):
                return reply
        raise AssertionError  # pragma: no cover (the last attempt returns or raises)

    def _post(self, url: str, form: Mapping[str, str], headers: Mapping[str, str]) -> LineReply:
        """Post once, as the fault in force says, and once more when every turn is to be posted twice."""
        fault, self.fault = self.fault, None
        self._clock.advance(self._round_trip_seconds)
        if fault is Fault.CONCURRENT_DUPLICATE:
            with ThreadPoolExecutor(2) as senders:
                both = [senders.submit(self._line.post, url, form, headers=headers) for _ in range(2)]
                first, second = (sender.result() for sender in both)
            _require_equal(url, first, second)
            return first
        reply = self._line.post(url, form, headers=headers)
        if self._post_twice or fault is Fault.DUPLICATE:
            _require_equal(url, reply, self._line.post(url, form, headers=headers))
        if fault is Fault.LOST_RESPONSE:
            self._clock.advance(TWILIO_TIMEOUT_SECONDS)
            raise _LostError(ERROR_RETRIEVAL, "the reply was lost on the way")
        return reply

    def _next_token(self) -> dict[str, str]:
        self._requests += 1
        token = uuid.uuid5(_TOKENS, f"{self._identity.call_sid}/{self._requests}")
        return {"I-Twilio-Idempotency-Token": str(token)}

    def _parameters(self, call_status: str) -> dict[str, str]:
        identity = self._identity
        form = {
            "CallSid": identity.call_sid,
            "AccountSid": identity.account_sid,
            "ApiVersion": "2010-04-01",
            "CallStatus": call_status,
            "Direction": "inbound",
            "From": identity.from_number,
            "Caller": identity.from_number,
            "To": identity.to_number,
            "Called": identity.to_number,
        }
        for party in ("From", "Caller", "To", "Called"):
            form |= {f"{party}{place}": "" for place in _PLACES}
        if call_status == "ringing":
            form["StirVerstat"] = "TN-Validation-Passed-A"
            form["CallToken"] = '{"parentCallInfoToken":"virtual-phone"}'
        return form


class _LostError(LineError):
    """The reply was thrown away on purpose."""


def _is_xml(reply: LineReply) -> bool:
    return (reply.header("Content-Type") or "").startswith(("text/xml", "application/xml"))


def _turn(url: str, reply: LineReply) -> Turn:
    number = reply.header("Ivr-Turn") or ""
    prompts = (reply.header("Ivr-Prompts") or "").split(",")
    return Turn(
        path=urlsplit(url).path,
        seq=int(number) if number.isdecimal() else None,
        node=reply.header("Ivr-Node") or "",
        prompts=tuple(prompt.strip() for prompt in prompts if prompt.strip()),
        flow=reply.header("Ivr-Flow") or "",
    )


def _require_equal(url: str, first: LineReply, second: LineReply) -> None:
    """Compare status, bytes, type and our own headers. Raises `UnequalRepliesError`."""
    for what, one, other in (
        ("status", first.status, second.status),
        ("Content-Type", first.header("Content-Type"), second.header("Content-Type")),
        *((name, first.header(name), second.header(name)) for name in _COMPARED_HEADERS),
        ("body", first.body, second.body),
    ):
        if one != other:
            raise UnequalRepliesError(
                f"{urlsplit(url).path} was posted twice and its {what} differs: {one!r}, then {other!r}"
            )


_COMPARED_HEADERS = ("Ivr-Turn", "Ivr-Node", "Ivr-Prompts", "Ivr-Flow")

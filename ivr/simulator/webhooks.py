"""The requests of one call: parameters, tokens, retries, redirects, faults, and the fallback URL."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from email.utils import format_datetime
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple, Protocol
from urllib.parse import parse_qs, urljoin, urlsplit

from ivr.simulator.cookies import Cookies
from ivr.simulator.heard import HeardTurn, PhoneFailure, PhoneWarning
from ivr.simulator.lines import (
    ERROR_CONNECTION,
    ERROR_RETRIEVAL,
    ERROR_URL,
    TWILIO_TIMEOUT_SECONDS,
    NoReplyError,
    is_url,
)
from ivr.simulator.twiml import WARNING_NOT_DONE, WARNING_SCHEMA, Document, DocumentError, parse_reply

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from ivr.simulator.lines import CalledLine, Headers, LineReply

ERROR_REDIRECTS = 11215
MAX_REDIRECTS = 10
_TOKENS = uuid.UUID("6f0d7a52-1f7b-5a0e-9a4c-7b6f3f0f3b11")
_PLACES = ("City", "State", "Zip", "Country")
_RETRIED = frozenset({"ct", "rt", "4xx", "5xx"})
NOBODYS_SIGNATURE = "A" * 27 + "="  # twenty bytes, as a signature has


class VirtualClock(Protocol):
    """A clock that moves when told."""

    def now(self) -> datetime:
        """Return the instant as an aware UTC datetime."""
        ...

    def advance(self, seconds: float) -> None:
        """Move forward by `seconds`."""
        ...


class Injected(StrEnum):
    """What may go wrong with the next turn on its way.

    `slow`: the turn reaches the line only after Twilio has given up and the fallback has answered.
    `forged_signature`, `missing_signature`: a stranger posts the turn before Twilio does.
    `hangup_…`: the caller leaves before the turn is posted, while it is under way, or while its reply is
    heard. `status_out_of_order`: the caller leaves while the turn is under way, the status callback overtakes
    it, and an older one comes after both.
    """

    DUPLICATE = "duplicate"
    CONCURRENT_DUPLICATE = "concurrent_duplicate"
    LOST_RESPONSE = "lost_response"
    SLOW = "slow"
    FORGED_SIGNATURE = "forged_signature"
    MISSING_SIGNATURE = "missing_signature"
    HANGUP_BEFORE_TURN = "hangup_before_turn"
    HANGUP_DURING_TURN = "hangup_during_turn"
    HANGUP_AFTER_TURN = "hangup_after_turn"
    STATUS_OUT_OF_ORDER = "status_out_of_order"


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

    def parameters(self, call_status: str) -> dict[str, str]:
        """Return what every request of an inbound call carries; the first one, `ringing`, carries more."""
        form = {
            "CallSid": self.call_sid,
            "AccountSid": self.account_sid,
            "ApiVersion": "2010-04-01",
            "CallStatus": call_status,
            "Direction": "inbound",
            "From": self.from_number,
            "Caller": self.from_number,
            "To": self.to_number,
            "Called": self.to_number,
        }
        for party in ("From", "Caller", "To", "Called"):
            form |= {f"{party}{place}": "" for place in _PLACES}
        if call_status == "ringing":
            form["StirVerstat"] = "TN-Validation-Passed-A"
            form["CallToken"] = '{"parentCallInfoToken":"virtual-phone"}'
        return form


@dataclass(frozen=True)
class Fetched:
    """A document ready to execute, and the URL it came from, which its relative URLs are resolved against."""

    document: Document
    url: str
    turn: HeardTurn


class _RefusedReply(Exception):  # noqa: N818 (a step on the way to the fallback, not an error a caller sees)
    def __init__(self, code: int, message: str, *, injected: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.injected = injected


@dataclass(frozen=True)
class _Wishes:
    """What a URL's fragment asks for (`#rc=2&rp=ct,rt,5xx&tt=6000`), and which of it makes no sense.

    By default connections alone are tried again, once, and the whole request lasts 15 seconds at most.
    """

    retries: int = 1
    kinds: frozenset[str] = frozenset({"ct"})
    read_seconds: float = TWILIO_TIMEOUT_SECONDS
    total_seconds: float = TWILIO_TIMEOUT_SECONDS
    senseless: tuple[str, ...] = ()

    @classmethod
    def of(cls, fragment: str) -> _Wishes:
        asked = {name: values[-1] for name, values in parse_qs(fragment, keep_blank_values=True).items()}
        senseless = []

        def number(name: str, least: int, most: int, default: int) -> int:
            text = asked.get(name, str(default))
            if text.isdecimal() and least <= int(text) <= most:
                return int(text)
            senseless.append(f"{name}={text}")
            return default

        kinds = frozenset(asked.get("rp", "ct").split(","))
        if not kinds <= _RETRIED | {"all"}:
            senseless.append(f"rp={asked['rp']}")
            kinds = frozenset({"ct"})
        most = round(TWILIO_TIMEOUT_SECONDS * 1000)
        number("ct", 100, 10_000, 5000)
        if asked.get("sni", "y") not in {"y", "n"}:
            senseless.append(f"sni={asked['sni']}")
        return cls(
            retries=number("rc", 0, 5, 1),
            kinds=_RETRIED if "all" in kinds else kinds,
            read_seconds=number("rt", 100, most, most) / 1000,
            total_seconds=number("tt", 100, most, most) / 1000,
            senseless=tuple(senseless),
        )


class Webhooks:
    """Makes the requests of one call and keeps what came back: turns, warnings, failures."""

    def __init__(
        self,
        line: CalledLine,
        clock: VirtualClock,
        identity: CallIdentity,
        *,
        fallback_path: str | None,
        post_twice: bool,
        round_trip_seconds: float,
        more_parameters: Mapping[str, str],
    ) -> None:
        self._line = line
        self._clock = clock
        self._identity = identity
        self._fallback_path = fallback_path
        self._post_twice = post_twice
        self._round_trip_seconds = round_trip_seconds
        self._more_parameters = dict(more_parameters)
        self._requests = 0
        self._call_status = "ringing"
        self._cookies = Cookies()
        self._under_way: list[_UnderWay] = []
        self.fault: Injected | None = None
        self.turns: list[HeardTurn] = []
        self.warnings: list[PhoneWarning] = []
        self.failures: list[PhoneFailure] = []

    def fetch(self, base_url: str, url: str, gathered: Mapping[str, str]) -> Fetched:
        """Post a turn and return its document, or the fallback's.

        `url` is resolved against `base_url`; `gathered` is what the caller entered. Raises `CallFailedError`
        when the fallback has none either, `UnequalRepliesError` when a repeated turn differs.
        """
        try:
            fetched = self._document_or_fallback(resolved(base_url, url), gathered)
        finally:
            self._let_late_turns_arrive()
        self.turns.append(fetched.turn)
        if self._call_status == "ringing":
            self._call_status = "in-progress"
        return fetched

    def post_unheard(self, base_url: str, url: str, gathered: Mapping[str, str]) -> None:
        """Post a turn whose caller has gone: the reply is read like any other, and nobody hears it."""
        address = resolved(base_url, url)
        try:
            self._document(address, gathered)
        except _RefusedReply as refused:
            self._failed(address, refused)

    def tell(self, base_url: str, url: str, leg_sid: str) -> Document | None:
        """Return what the phone that was called hears first; None, and a failure, where that is no document.

        The request is of the second leg: it has a CallSid of its own, and this call's as its parent.
        """
        leg = {
            "CallSid": leg_sid,
            "ParentCallSid": self._identity.call_sid,
            "Direction": "outbound-dial",
            "CallStatus": "in-progress",
        }
        address = resolved(base_url, url)
        try:
            return self._document(address, leg).document
        except _RefusedReply as refused:
            self._failed(address, refused)
            return None

    def status(self, url: str, call_status: str, seconds: float, *, at: datetime, number: int = 0) -> None:
        """Post the `number`th status callback of a call that was over after `seconds`, `at` an instant.

        An odd answer is a warning. After `completed` the call's other requests say so too.
        """
        form = {
            **self._identity.parameters(call_status),
            **self._more_parameters,
            "CallDuration": str(round(seconds)),
            "Duration": str(-(-round(seconds) // 60)),
            "Timestamp": format_datetime(at, usegmt=True),
            "SequenceNumber": str(number),
            "CallbackSource": "call-progress-events",
        }
        if call_status == "completed":
            self._call_status = call_status
        try:
            reply = self._line.post(url, form, headers=self._headers(url))
        except NoReplyError as error:
            self.failures.append(PhoneFailure(_path(url), error.code, str(error), injected=False))
            return
        if reply.status != 204 and not (reply.status == 200 and _is_xml(reply)):
            self._warn(url, ERROR_RETRIEVAL, f"a status callback got {reply.status}")

    def _document_or_fallback(self, url: str, gathered: Mapping[str, str]) -> Fetched:
        failed_url = url.partition("#")[0]
        try:
            return self._document(url, gathered)
        except _RefusedReply as refused:
            self._failed(failed_url, refused)
            if self._fallback_path is None:
                raise CallFailedError(str(refused)) from refused
            failure = {"ErrorCode": str(refused.code), "ErrorUrl": failed_url}
        fallback_url = urljoin(f"{self._line.public_url}/", self._fallback_path)
        try:
            return self._document(fallback_url, failure)
        except _RefusedReply as refused:
            self._failed(fallback_url, refused)
            raise CallFailedError(str(refused)) from refused

    def _failed(self, url: str, refused: _RefusedReply) -> None:
        self.failures.append(PhoneFailure(_path(url), refused.code, str(refused), injected=refused.injected))

    def _document(self, url: str, extra: Mapping[str, str]) -> Fetched:
        """Post one turn, follow redirects, read the reply. Raises `_RefusedReply`."""
        for _ in range(MAX_REDIRECTS + 1):
            if not is_url(url):
                raise _RefusedReply(ERROR_URL, f"{url!r} is no URL")
            address, _, fragment = url.partition("#")
            wishes = _Wishes.of(fragment)
            for senseless in wishes.senseless:
                self._warn(address, WARNING_NOT_DONE, f"#{senseless} makes no sense; the default is used")
            reply = self._attempt(address, extra, wishes)
            location = reply.header("Location")
            if not 300 <= reply.status < 400 or not location:
                return self._read(address, reply)
            self._warn(address, ERROR_REDIRECTS, f"{reply.status}: a redirect loses what the caller entered")
            url, extra = resolved(address, location), {}
        raise _RefusedReply(ERROR_REDIRECTS, f"more than {MAX_REDIRECTS} redirects")

    def _read(self, url: str, reply: LineReply) -> Fetched:
        if not 200 <= reply.status < 300:
            raise _RefusedReply(ERROR_RETRIEVAL, f"the line answered {reply.status}")
        try:
            document = parse_reply(reply.header("Content-Type"), reply.body)
        except DocumentError as error:
            raise _RefusedReply(error.code, str(error)) from error
        for warning in document.warnings:
            self._warn(url, warning.code, f"line {warning.line}: {warning.message}")
        return Fetched(document, url, _turn(url, reply))

    def _warn(self, url: str, code: int, message: str) -> None:
        self.warnings.append(PhoneWarning(_path(url), code, message))

    def unusable(self, url: str, message: str) -> None:
        """Record that a document asks for something that has no effect where it stands."""
        self._warn(url, WARNING_SCHEMA, message)

    def _attempt(self, url: str, extra: Mapping[str, str], wishes: _Wishes) -> LineReply:
        """Post until no try or no time is left; every attempt carries the same token and cookies."""
        form = {**self._identity.parameters(self._call_status), **self._more_parameters, **extra}
        headers = self._headers(url)
        began_at = self._clock.now()
        seconds_left = wishes.total_seconds
        for attempts_left in range(wishes.retries, -1, -1):
            outcome = self._try(url, form, headers, min(wishes.read_seconds, seconds_left))
            seconds_left = wishes.total_seconds - (self._clock.now() - began_at).total_seconds()
            if not attempts_left or seconds_left <= 0 or _kind(outcome) not in wishes.kinds:
                break
        if isinstance(outcome, NoReplyError):
            injected = isinstance(outcome, _LostError)
            raise _RefusedReply(outcome.code, str(outcome), injected=injected) from outcome
        self._cookies.keep(url, outcome.cookies, self._clock.now())
        return outcome

    def _try(
        self, url: str, form: Mapping[str, str], headers: Headers, patience_seconds: float
    ) -> LineReply | NoReplyError:
        try:
            return self._post(url, form, headers, patience_seconds)
        except NoReplyError as error:
            return error

    def _post(
        self, url: str, form: Mapping[str, str], headers: Headers, patience_seconds: float
    ) -> LineReply:
        """Post once, as the fault in force says, and once more when every turn is to be posted twice."""
        fault, self.fault = self.fault, None
        if fault is Injected.SLOW or self._round_trip_seconds > patience_seconds:
            self._under_way.append(_UnderWay(url, form, headers))
            self._clock.advance(patience_seconds)
            error = _LostError if fault is Injected.SLOW else NoReplyError
            raise error(ERROR_RETRIEVAL, f"no answer in {patience_seconds:g} s")
        self._clock.advance(self._round_trip_seconds)
        if fault is Injected.FORGED_SIGNATURE:
            self._let_a_stranger_post(url, form, {"X-Twilio-Signature": NOBODYS_SIGNATURE})
        elif fault is Injected.MISSING_SIGNATURE:
            self._let_a_stranger_post(url, form, {"X-Twilio-Signature": None})
        elif fault is Injected.CONCURRENT_DUPLICATE:
            with ThreadPoolExecutor(2) as senders:
                both = [senders.submit(self._line.post, url, form, headers=headers) for _ in range(2)]
                first, second = (sender.result() for sender in both)
            _require_equal(url, first, second)
            return first
        reply = self._line.post(url, form, headers=headers)
        if self._post_twice or fault is Injected.DUPLICATE:
            _require_equal(url, reply, self._line.post(url, form, headers=headers))
        if fault is Injected.LOST_RESPONSE:
            self._clock.advance(patience_seconds - self._round_trip_seconds)
            raise _LostError(ERROR_RETRIEVAL, "the reply was lost on the way")
        return reply

    def _let_a_stranger_post(self, url: str, form: Mapping[str, str], signature: Headers) -> None:
        """Post what Twilio did not sign. Any answer but 403 is an error of the line."""
        status = self._line.post(url, form, headers=signature).status
        if status != 403:
            message = f"what nobody signed was answered {status}, not 403"
            self.failures.append(PhoneFailure(_path(url), ERROR_RETRIEVAL, message, injected=False))

    def _let_late_turns_arrive(self) -> None:
        """Let turns reach the line that Twilio no longer waits for. They must be answered like any other."""
        while self._under_way:
            url, form, headers = self._under_way.pop(0)
            reply = self._line.post(url, form, headers=headers)
            if self._post_twice:
                _require_equal(url, reply, self._line.post(url, form, headers=headers))
            try:
                self._read(url, reply)
            except _RefusedReply as refused:
                self._failed(url, refused)

    def _headers(self, url: str) -> dict[str, str]:
        """Return the next request's own headers: its token, and the cookies that go to `url`."""
        self._requests += 1
        token = uuid.uuid5(_TOKENS, f"{self._identity.call_sid}/{self._requests}")
        return {"I-Twilio-Idempotency-Token": str(token), **self._cookies.header(url, self._clock.now())}


class _UnderWay(NamedTuple):
    """A request that has not reached the line yet."""

    url: str
    form: Mapping[str, str]
    headers: Headers


class _LostError(NoReplyError):
    """The reply was thrown away on purpose."""


def resolved(base_url: str, url: str) -> str:
    """Return the absolute form of a URL in a document from `base_url`; what is no URL stays as it is."""
    try:
        return urljoin(base_url, url)
    except ValueError:
        return url


def _path(url: str) -> str:
    try:
        return urlsplit(url).path
    except ValueError:
        return url


def _kind(outcome: LineReply | NoReplyError) -> str:
    """Return what an attempt came to, as `rp` of a URL's fragment names it."""
    if isinstance(outcome, NoReplyError):
        return {ERROR_CONNECTION: "ct", ERROR_RETRIEVAL: "rt"}.get(outcome.code, "")
    return f"{outcome.status // 100}xx"


def _is_xml(reply: LineReply) -> bool:
    return (reply.header("Content-Type") or "").startswith(("text/xml", "application/xml"))


def _turn(url: str, reply: LineReply) -> HeardTurn:
    number = reply.header("Ivr-Turn") or ""
    prompts = (reply.header("Ivr-Prompts") or "").split(",")
    return HeardTurn(
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

"""One turn to the public address, signed as Twilio signs it: does it come through, and if not, why.

What refuses a signed turn says nothing of the reason, as it must. Other addresses are tried then, each with
its own signature to the same place: the one that is accepted is the address the line takes for its own.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator
from datetime import datetime
from email.utils import parsedate_to_datetime
from urllib.parse import SplitResult, urlsplit

from ivr.carrier.observation import Observation, Verdict
from ivr.simulator.lines import HttpLine, LineReply, NoReplyError
from ivr.simulator.webhooks import NOBODYS_SIGNATURE, CallIdentity

CLOCK_SECONDS_MAX = 60.0
ANSWER, STATUS = "/voice/answer", "/voice/status"
_PORTS = {"http": 80, "https": 443}
_FROM_A_PROXY = {502, 503, 504}
_REDIRECTS = range(300, 400)


class Probe:
    """Looks at a line from outside, by one call that nobody hears.

    `public_url` is the address Twilio is given; `authorities` a file of certificates to trust besides.
    """

    def __init__(
        self, public_url: str, call: CallIdentity, auth_token: str, *, authorities: str = ""
    ) -> None:
        self._url = public_url.rstrip("/")
        self._call = call
        self._token = auth_token
        self._authorities = authorities

    def findings(self, now: datetime) -> Iterator[Observation]:
        """Look at one thing after another; what hangs on an answer is left out where none came."""
        yield self._encryption()
        try:
            reply = self._post(ANSWER, "ringing")
        except NoReplyError as error:
            yield Observation("a signed turn", "bad", f"{error} (Twilio calls this error {error.code})")
            return
        yield self._clock(reply, now)
        yield self._answer(reply)
        if reply.status == 200:
            yield self._stranger()
            yield self._status()

    def _post(self, path: str, call_status: str, **headers: str | None) -> LineReply:
        return self._post_as(self._url, path, call_status, headers)

    def _post_as(
        self, public_url: str, path: str, call_status: str, headers: dict[str, str | None] | None = None
    ) -> LineReply:
        line = HttpLine(
            public_url,
            self._call.account_sid,
            self._token,
            connect_url=self._url,
            authorities=self._authorities,
        )
        try:
            return line.post(path, self._call.parameters(call_status), headers=headers)
        finally:
            line.close()

    def _encryption(self) -> Observation:
        address = urlsplit(self._url)
        if address.scheme == "https":
            return Observation("TLS", "good", f"{self._url} is encrypted")
        verdict: Verdict = "look" if _is_this_machine(address) else "bad"
        told = f"{self._url} is not encrypted: put TLS in front, and https in PUBLIC_URL"
        return Observation("TLS", verdict, told)

    @staticmethod
    def _clock(reply: LineReply, now: datetime) -> Observation:
        try:
            there = parsedate_to_datetime(reply.header("date") or "")
        except (TypeError, ValueError):
            return Observation("the clock", "look", "the reply has no Date to compare with")
        apart = (there - now).total_seconds()
        if abs(apart) <= CLOCK_SECONDS_MAX:
            return Observation("the clock", "good", "the clocks agree")
        which = "ahead of" if apart > 0 else "behind"
        told = f"its clock is {abs(apart):.0f} seconds {which} this one: set both by NTP"
        return Observation("the clock", "bad", told)

    def _answer(self, reply: LineReply) -> Observation:
        target = f"{self._url}{ANSWER}"
        if reply.status == 200 and reply.header("ivr-turn") is not None:
            return Observation("a signed turn", "good", f"{target} answers")
        if reply.status == 200:
            told = f"something else answers at {target}, not the line: let the proxy lead there"
        elif reply.status in _REDIRECTS:
            told = f"{target} leads on to {reply.header('location')}: name the last address in PUBLIC_URL"
        elif reply.status == 403:
            told = self._why_refused()
        elif reply.status == 404:
            told = f"{target} is not there: let the proxy pass paths on as they come"
        elif reply.status in _FROM_A_PROXY:
            told = f"the proxy answers {reply.status}, the line behind it does not: see that it runs"
        else:
            told = f"{target} answers {reply.status}: see the line's log"
        return Observation("a signed turn", "bad", told)

    def _why_refused(self) -> str:
        for other in addresses_like(self._url):
            reply = self._post_as(other, ANSWER, "ringing")
            if reply.status == 200:
                return (
                    f"the line takes {other} for its address, Twilio is given {self._url}:"
                    " make PUBLIC_URL there the same, scheme, host, port and path"
                )
        return (
            "the line refuses the signature, and no other scheme, host, port or path explains it: the account"
            " or its token differ (TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN there and here), or a proxy changes"
            " the path or the form on the way"
        )

    def _stranger(self) -> Observation:
        reply = self._post(ANSWER, "ringing", **{"X-Twilio-Signature": NOBODYS_SIGNATURE})
        if reply.status == 403:
            return Observation("a stranger's turn", "good", "what Twilio did not sign is refused")
        told = f"a turn that Twilio did not sign is answered with {reply.status}, not refused"
        return Observation("a stranger's turn", "bad", told)

    def _status(self) -> Observation:
        reply = self._post(STATUS, "completed")
        if reply.status == 204:
            return Observation("the status callback", "good", f"{self._url}{STATUS} takes the end of a call")
        return Observation("the status callback", "bad", f"{STATUS} answers {reply.status}, not 204")


def addresses_like(url: str) -> Iterable[str]:
    """Return the addresses that a line may take for its own instead of `url`, the likely ones first."""
    address = urlsplit(url)
    host = address.hostname or ""
    hosts = dict.fromkeys([host, host.removeprefix("www."), f"www.{host.removeprefix('www.')}"])
    found: dict[str, None] = {}
    for name in hosts:
        for scheme in (address.scheme, "https", "http"):
            for port in (f":{address.port}" if address.port else "", "", f":{_PORTS[scheme]}", ":8000"):
                for path in dict.fromkeys([address.path, ""]):
                    found[f"{scheme}://{name}{port}{path}"] = None
    found.pop(url, None)
    return found


def _is_this_machine(address: SplitResult) -> bool:
    host = address.hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"

"""Notices by text message, through Twilio's REST API.

Messages have no idempotency key there: a request whose answer never came may have been carried out, so it is
*unknown* and is not sent again. What certainly was not carried out (no connection, 429, an error that Twilio
itself answers with) is tried again with growing pauses. Twilio's own client has no time-out and retries
neither, so a plain HTTP request does it.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import requests

from ivr.notices.carriers import CarrierAnswer

MOST_CHARACTERS: Final = 1600  # of one message; more is refused (error 21617)
CONNECT_TIMEOUT_SECONDS: Final = 5.0
ANSWER_TIMEOUT_SECONDS: Final = 15.0
PAUSES_SECONDS: Final = (0.5, 2.0)  # after that, the job comes back in minutes
_CREATED: Final = 201
_TOO_MANY: Final = 429
# A gateway answers so for a server that it lost on the way: the message may have been created.
_FROM_A_GATEWAY: Final = frozenset({502, 504})


@dataclass(frozen=True, slots=True)
class SmsAccount:
    """Twilio's account and who sends: a number (E.164) or a messaging service (`MG` and 32 hex digits).

    `status_url` is told what becomes of each message.
    """

    account_sid: str
    auth_token: str = field(repr=False)
    sender: str
    status_url: str
    api_url: str = "https://api.twilio.com"


class SmsCarrier:
    """Sends text messages, each over a connection of its own: one kept open may be closed unnoticed."""

    def __init__(
        self,
        account: SmsAccount,
        *,
        pause: Callable[[float], None] = time.sleep,
        answer_timeout_seconds: float = ANSWER_TIMEOUT_SECONDS,
    ) -> None:
        self._account = account
        self._pause = pause
        self._timeouts_seconds = (CONNECT_TIMEOUT_SECONDS, answer_timeout_seconds)

    def send(self, number: str, body: str, attempt_id: int) -> CarrierAnswer:
        """Send `body` (1,600 characters at most) to `number` (E.164); callbacks name the attempt."""
        if len(body) > MOST_CHARACTERS:
            return CarrierAnswer("failed", detail="too long for a text message")
        handed = self._once(number, body, attempt_id)
        for pause_seconds in PAUSES_SECONDS:
            if handed.state != "later":
                break
            self._pause(pause_seconds)
            handed = self._once(number, body, attempt_id)
        return handed

    def _once(self, number: str, body: str, attempt_id: int) -> CarrierAnswer:
        account = self._account
        sender = "MessagingServiceSid" if account.sender.startswith("MG") else "From"
        form = {
            "To": number,
            "Body": body,
            sender: account.sender,
            "StatusCallback": f"{account.status_url}?attempt={attempt_id}",
        }
        try:
            with requests.Session() as http:
                http.trust_env = False  # neither a proxy nor a .netrc that happens to lie about
                answer = http.post(
                    f"{account.api_url}/2010-04-01/Accounts/{account.account_sid}/Messages.json",
                    data=form,
                    auth=(account.account_sid, account.auth_token),
                    timeout=self._timeouts_seconds,
                    allow_redirects=False,
                )
        except requests.exceptions.RequestException as error:
            return _broken(error)
        return _judged(answer)


def _broken(error: requests.exceptions.RequestException) -> CarrierAnswer:
    """Tell a connection that never came about from one that broke after the request had left."""
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    names = {type(reason).__name__, type(error).__name__}
    if names & {"NewConnectionError", "NameResolutionError", "ConnectTimeoutError", "ConnectTimeout"}:
        return CarrierAnswer("later", detail="no connection")
    if isinstance(getattr(reason, "args", (None,))[0], ssl.SSLCertVerificationError):
        return CarrierAnswer("later", detail="no trusted connection")
    return CarrierAnswer("unknown", detail="no answer")


def _judged(answer: requests.Response) -> CarrierAnswer:
    fields = _json(answer)
    status = answer.status_code
    if status == _CREATED and fields.get("sid"):
        if fields.get("status") in {"failed", "undelivered"}:
            return CarrierAnswer("failed", detail=f"error {fields.get('error_code')}")
        return CarrierAnswer("accepted", reference=str(fields["sid"]))
    detail = f"HTTP {status}, error {fields.get('code')}"
    if status in _FROM_A_GATEWAY or status < 400:  # a success that names no message
        return CarrierAnswer("unknown", detail=detail)
    return CarrierAnswer("later" if status == _TOO_MANY or status >= 500 else "failed", detail=detail)


def _json(answer: requests.Response) -> dict[str, Any]:
    try:
        fields = answer.json()
    except requests.exceptions.RequestException:
        return {}
    return fields if isinstance(fields, dict) else {}

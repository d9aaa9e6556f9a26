"""The checks that every webhook passes, in their fixed order, and what a reply tells in its headers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_to_bytes

from ivr.voice.forms import CALL_SID
from ivr.voice.signature import SignatureCheck
from ivr.voice.turns import Reply

FIELDS_MAX = 200
TWIML = "text/xml; charset=utf-8"
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class VoiceSettings:
    """What the edge needs to know."""

    public_url: str
    account_sid: str
    auth_token: str


class RefusedRequestError(Exception):
    """The request is not Twilio's, or not one this line understands; `status` is HTTP's."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Edge:
    """Tells Twilio's requests from all others."""

    def __init__(self, settings: VoiceSettings) -> None:
        self._account_sid = settings.account_sid
        self._signature = SignatureCheck(settings.public_url, settings.auth_token)

    def form(
        self,
        environ: Mapping[str, Any],
        body: bytes,
        name: str = "CallSid",
        kind: re.Pattern[str] = CALL_SID,
    ) -> dict[str, str]:
        """Return the fields of a request that is Twilio's, `name` among them as `kind` says.

        `environ` is WSGI's. Raises `RefusedRequestError`.
        """
        is_form = environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower() == FORM
        fields = read_fields(body) if is_form else []
        # As it was sent: what a framework decodes and puts together again is not what was signed.
        target = environ.get("RAW_URI") or environ.get("REQUEST_URI", "")
        signature = environ.get("HTTP_X_TWILIO_SIGNATURE")
        if not fields or not self._signature.is_valid(target, fields, signature):
            raise RefusedRequestError(403)
        form = dict(fields)
        if form.get("AccountSid") != self._account_sid:
            raise RefusedRequestError(403)
        if kind.fullmatch(form.get(name, "")) is None:
            raise RefusedRequestError(400)
        return form


def read_fields(body: bytes) -> list[tuple[str, str]]:
    """Read a form as `urllib.parse.parse_qsl` does, blank values kept; none of what is no form.

    The library unquotes every name and value; most of Twilio's have nothing quoted: a third of the time.
    """
    if not body.isascii() or body.count(b"&") >= FIELDS_MAX:
        return []
    parts = body.decode("ascii").replace("+", " ").split("&")
    pairs = [part.partition("=") for part in parts if part]
    return [
        (_unquoted(name) if "%" in name else name, _unquoted(value) if "%" in value else value)
        for name, _, value in pairs
    ]


def _unquoted(text: str) -> str:
    return unquote_to_bytes(text).decode("utf-8", "replace")


def headers_of(reply: Reply) -> dict[str, str]:
    """Return the headers of a document: what it is, and where the call stands."""
    return {
        "Content-Type": TWIML,
        "Ivr-Turn": str(reply.seq),
        "Ivr-Node": reply.node,
        "Ivr-Prompts": reply.prompts,
        "Ivr-Flow": reply.flow_version,
    }

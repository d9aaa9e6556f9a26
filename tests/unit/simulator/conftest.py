"""A line that says what a test has written down, and checks that every request is one Twilio could send."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import parse_qsl

import pytest
from twilio.request_validator import RequestValidator

from ivr.base.clock import ManualClock
from ivr.simulator.lines import WsgiLine
from ivr.simulator.phone import Phone, PhoneOptions

PUBLIC_URL = "https://line.example"
ACCOUNT_SID = "AC" + "0a" * 16
CALL_SID = "CA" + "1b" * 16
AUTH_TOKEN = "a token"
XML = {"Content-Type": "text/xml; charset=utf-8"}


@dataclass
class Reply:
    body: str = "<Response/>"
    status: int = 200
    headers: dict = field(default_factory=lambda: dict(XML))


@dataclass
class Request:
    path: str
    query: str
    form: dict
    headers: dict


class ScriptedApp:
    """Answers each path with its replies in turn, the last one for good; a repeated token gets the same one."""

    def __init__(self, replies):
        self.replies = {path: list(given) for path, given in replies.items()}
        self.requests = []
        self.refused = []
        self.forget_tokens = False
        self.takes_forgeries = False
        self._answered = {}

    def __call__(self, environ, start_response):
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])).decode()
        form = dict(parse_qsl(body, keep_blank_values=True))
        headers = {name: value for name, value in environ.items() if name.startswith(("HTTP_", "CONTENT_"))}
        path = environ["PATH_INFO"]
        signature = headers.get("HTTP_X_TWILIO_SIGNATURE", "")
        if not RequestValidator(AUTH_TOKEN).validate(PUBLIC_URL + environ["RAW_URI"], form, signature):
            self.refused.append(Request(path, environ["QUERY_STRING"], form, headers))
            start_response("200 -" if self.takes_forgeries else "403 -", [])
            return []
        self.requests.append(Request(path, environ["QUERY_STRING"], form, headers))
        reply = self._reply(path, headers.get("HTTP_I_TWILIO_IDEMPOTENCY_TOKEN"))
        start_response(f"{reply.status} -", list(reply.headers.items()))
        return [reply.body.encode()]

    def _reply(self, path, token):
        if token in self._answered and not self.forget_tokens:
            return self._answered[token]
        waiting = self.replies.get(path) or [Reply("", 204, {})]
        reply = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        self._answered[token] = reply
        return reply

    @property
    def paths(self):
        return [request.path for request in self.requests]

    def last(self, path):
        return next(request for request in reversed(self.requests) if request.path == path)


@dataclass
class Stage:
    phone: Phone
    app: ScriptedApp
    clock: ManualClock
    line: object


@pytest.fixture
def stage():
    """Build a phone on a line that answers `/voice/answer` and other paths with the given TwiML."""

    def build(answer, others=None, *, wrap=lambda line: line, **options):
        clock = ManualClock(datetime(2026, 12, 18, 15, 15, tzinfo=UTC))
        replies = {"/voice/answer": answer, **(others or {})}
        app = ScriptedApp(
            {
                path: [
                    reply if isinstance(reply, Reply) else Reply(f"<Response>{reply}</Response>")
                    for reply in (given if isinstance(given, list) else [given])
                ]
                for path, given in replies.items()
            }
        )
        line = wrap(WsgiLine(app, PUBLIC_URL, ACCOUNT_SID, AUTH_TOKEN))
        phone = Phone(
            line, clock, call_sid=CALL_SID, account_sid=ACCOUNT_SID, options=PhoneOptions(**options)
        )
        return Stage(phone, app, clock, line)

    return build


@pytest.fixture
def reply():
    """Give the class of replies that are not plain TwiML with status 200."""
    return Reply

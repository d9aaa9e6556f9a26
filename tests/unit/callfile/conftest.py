"""A line that answers turn after turn as a test has written down, and a host that prepares it."""

from __future__ import annotations

from contextlib import contextmanager
from urllib.parse import parse_qsl

import pytest

from ivr.base.clock import ManualClock
from ivr.base.errors import OperatorError
from ivr.callfile.grammar import load_call
from ivr.callfile.host import PreparedLine, written_call_sid
from ivr.simulator.lines import WsgiLine

ACCOUNT_SID = "AC" + "0a" * 16
HEAD = "now 2026-12-18T10:15-05:00\nmember demo.one\n"
FACTS = {"member_id": "900000000017", "ssn_last4": "1234", "date_of_birth": "02281980"}

VERBS = {
    "menu": '<Gather numDigits="1" timeout="7" actionOnEmptyResult="true" action="/voice/turn/{n}"><Say>Menu.</Say></Gather>',
    "number": '<Gather timeout="10" actionOnEmptyResult="true" action="/voice/turn/{n}"><Say>Number.</Say></Gather>',
    "speech": '<Gather input="dtmf speech" speechTimeout="2" action="/voice/turn/{n}"><Say>Say yes.</Say></Gather>',
    "dial": '<Dial action="/voice/turn/{n}"><Number>+18005550199</Number></Dial>',
    "hangup": "<Say>Goodbye.</Say><Hangup/>",
    "strange": "<Speak>Hello</Speak><Hangup/>",
}


class TurnByTurn:
    """Answers each new turn with the next of its (prompts, kind); a repeated token gets the same bytes."""

    def __init__(self, turns):
        self.turns = list(turns)
        self.forms = []
        self.statuses = []
        self.repeat = True
        self._answered = {}

    def __call__(self, environ, start_response):
        body = environ["wsgi.input"].read().decode()
        form = dict(parse_qsl(body, keep_blank_values=True))
        if environ["PATH_INFO"] == "/voice/status":
            self.statuses.append(form)
            start_response("204 -", [])
            return []
        token = environ["HTTP_I_TWILIO_IDEMPOTENCY_TOKEN"]
        if token not in self._answered or not self.repeat:
            self.forms.append(form)
            number = len(self.forms)
            self._answered[token] = (
                number,
                *(self.turns[number - 1] if number <= len(self.turns) else ("", "")),
            )
        number, prompts, kind = self._answered[token]
        if not kind:
            start_response("500 -", [])
            return []
        headers = {"Content-Type": "text/xml", "Ivr-Turn": str(number), "Ivr-Prompts": prompts}
        start_response("200 -", list(headers.items()))
        return [f"<Response>{VERBS[kind].format(n=number)}</Response>".encode()]

    @property
    def entered(self):
        """What the caller entered at each turn but the first: digits or words."""
        return [form.get("Digits", form.get("SpeechResult")) for form in self.forms[1:]]


class WrittenHost:
    """Prepares a `TurnByTurn` line for every run."""

    def __init__(
        self, turns, *, languages=("en-US", "es-US"), events=(), visits=(), facts=FACTS, members=None
    ):
        self.languages = languages
        self.turns = turns
        self.events = events
        self.visits = visits
        self.facts = facts
        self.members = members
        self.apps = []
        self.clocks = []
        self.setups = []

    @contextmanager
    def prepare(self, setup):
        if self.members is not None and setup.member not in self.members:
            raise OperatorError(f"there is no sample member {setup.member!r}")
        app = TurnByTurn(self.turns)
        clock = ManualClock(setup.now)
        self.apps.append(app)
        self.clocks.append(clock)
        self.setups.append(setup)
        yield PreparedLine(
            line=WsgiLine(app, "https://line.example", ACCOUNT_SID, "a token"),
            clock=clock,
            call_sid=written_call_sid(setup),
            account_sid=ACCOUNT_SID,
            facts=self.facts,
            observe=None if self.events is None else lambda _call_sid: self.events,
            visited=lambda _call_sid: self.visits,
        )


@pytest.fixture
def written_host():
    """Give the class of hosts whose lines answer as written."""
    return WrittenHost


@pytest.fixture
def write_call(tmp_path):
    """Write a call file, with the headers every call needs unless told otherwise, and return its path."""

    def write(text, name="a.call", head=HEAD):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(head + text, encoding="utf-8")
        return path

    return write


@pytest.fixture
def written(write_call):
    """Write and load a call."""

    def load(text, **places):
        return load_call(write_call(text, **places))

    return load

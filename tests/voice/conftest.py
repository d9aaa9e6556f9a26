"""The whole voice app on a real database, with a clock and a seed of the test's own."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pytest
import structlog
from sqlalchemy import select
from support import environs
from support.samples import load
from twilio.request_validator import RequestValidator
from werkzeug.datastructures import MultiDict

from ivr.base.clock import ManualClock
from ivr.base.logs import configure_logs
from ivr.base.randomness import SeededRandomness
from ivr.base.settings import load_settings
from ivr.billing.samples import demo_members
from ivr.calls.store import keep_flow_version
from ivr.simulator.lines import WsgiLine
from ivr.simulator.phone import Phone, PhoneOptions
from ivr.storage.tables import Call
from ivr.topics.line import compile_line, read_line_files
from ivr.voice.serving import serve_line

ROOT = Path(__file__).resolve().parent.parent.parent
PUBLIC_URL = "https://line.example"
ACCOUNT_SID = "AC" + "0a" * 16
AUTH_TOKEN = "0123456789abcdef0123456789abcdef"
NOW = datetime(2026, 12, 18, 10, 15, tzinfo=ZoneInfo("America/New_York"))
ENVIRONMENT = {
    "PUBLIC_URL": PUBLIC_URL,
    "TWILIO_ACCOUNT_SID": ACCOUNT_SID,
    "TWILIO_AUTH_TOKEN": AUTH_TOKEN,
    **environs.PLACE,
    **environs.KEYS,
    **environs.SUPPORT,
    **environs.BANK,
    **environs.PLAIN,
    "IVR_SMS_FROM": "+16175550198",
    "IVR_SMTP": "smtp://127.0.0.1:9",
    "IVR_MAIL_FROM": "payments@line.example",
}
FORM_TYPE = "application/x-www-form-urlencoded; charset=utf-8"


def sign(target, fields, *, base=PUBLIC_URL, token=AUTH_TOKEN):
    """Return Twilio's signature for a POST of `fields` (a dict, or pairs where a name repeats)."""
    params = MultiDict(fields) if isinstance(fields, list) else dict(fields)
    return RequestValidator(token).compute_signature(base + target, params)


def call_sid(number):
    return f"CA{number:032x}"


def form_of(sid, **more):
    return {
        "CallSid": sid,
        "AccountSid": ACCOUNT_SID,
        "From": "+16175550123",
        "CallStatus": "ringing",
        **more,
    }


@dataclass(frozen=True)
class Exchange:
    """A request as a phone posted it, and the reply."""

    url: str
    form: dict
    headers: dict
    reply: object


class RecordedLine:
    """A line that keeps what was posted and answered, and can post one of those requests again."""

    def __init__(self, line):
        self._line, self.public_url, self.exchanges = line, line.public_url, []

    def post(self, path_or_url, form, *, headers=None):
        reply = self._line.post(path_or_url, form, headers=headers)
        self.exchanges.append(Exchange(path_or_url, dict(form), dict(headers or {}), reply))
        return reply

    @property
    def replies(self):
        """Return every document in order."""
        return [exchange.reply for exchange in self.exchanges if exchange.reply.body]

    def last_reply(self, sid):
        """Return the last document that a call got."""
        return next(
            exchange.reply
            for exchange in reversed(self.exchanges)
            if exchange.reply.body and exchange.form["CallSid"] == sid
        )

    def again(self, exchange, **changes):
        """Post a request once more, signed anew if parameters are changed."""
        return self._line.post(exchange.url, exchange.form | changes, headers=exchange.headers)


class House:
    """The app, its clock, its database, and sample members who can call it."""

    sign = staticmethod(sign)
    call_sid = staticmethod(call_sid)
    form_of = staticmethod(form_of)
    now = NOW
    public_url, account_sid, auth_token = PUBLIC_URL, ACCOUNT_SID, AUTH_TOKEN

    def __init__(self, engine, line, **settings):
        self.engine = engine
        self.compiled = line
        self.settings = load_settings(ENVIRONMENT | settings)
        self.clock = ManualClock(NOW)
        self.app = None
        self.restart()

    def restart(self, seed=1, patience=None):
        """Put the app together again, as a new process would."""
        randomness = SeededRandomness(seed)
        self.use(
            serve_line(self.settings, self.engine, self.compiled, self.clock, randomness, patience=patience)
        )

    def use(self, app):
        self.app, self.client, self.line = app, app.test_client(), self.line_to(app)

    @staticmethod
    def line_to(app, auth_token=AUTH_TOKEN):
        return RecordedLine(WsgiLine(app, PUBLIC_URL, ACCOUNT_SID, auth_token))

    def load(self, members):
        now = self.clock.now()
        with self.engine.begin() as db:
            keep_flow_version(db, self.compiled.flow.version, dict(self.compiled.files), now)
            load(db, self.settings.hashes, members, now)

    def samples(self):
        return {member.name: member for member in demo_members(NOW.date())}

    def load_samples(self, *names):
        """Load sample members and return them."""
        chosen = [self.samples()[name] for name in names]
        self.load(chosen)
        return chosen

    def post(self, target, fields, *, signature=None, headers=None, **more):
        """Post a form by hand, for what no phone would send: forged, malformed, out of any order."""
        given = {"X-Twilio-Signature": sign(target, fields) if signature is None else signature}
        return self.client.post(
            target,
            data=urlencode(fields if isinstance(fields, list) else list(fields.items())),
            content_type=FORM_TYPE,
            headers={**given, **(headers or {})},
            **more,
        )

    def stranger(self, number=1, **options):
        """Give a phone whose requests are signed with a token that is not the account's."""
        return self.phone(number, line=self.line_to(self.app, "f" * 32), **options)

    def phone(self, number=1, *, from_number="+16175550123", line=None, clock=None, **options):
        """Give a phone; with a clock of its own it does not move the line's."""
        return Phone(
            line or self.line,
            clock or self.clock,
            call_sid=call_sid(number),
            account_sid=ACCOUNT_SID,
            from_number=from_number,
            options=PhoneOptions(**options),
        )

    def call_row(self, sid):
        with self.engine.connect() as db:
            return db.execute(select(Call.__table__).where(Call.call_sid == sid)).one()


@pytest.fixture(scope="session")
def environment():
    """Give the settings of the line as a process gets them."""
    return ENVIRONMENT


@pytest.fixture(scope="session")
def compiled_line():
    """Compile this project's flows and prompts."""
    return compile_line(read_line_files(ROOT))


@pytest.fixture
def make_house(engine, compiled_line):
    """Build the app with settings of the test's own."""
    return lambda **settings: House(engine, compiled_line, **settings)


@pytest.fixture
def house(make_house):
    return make_house()


@pytest.fixture
def logs():
    """Capture every structured log line, through the line's own configuration."""
    stream = io.StringIO()
    configure_logs(stream)
    yield stream
    structlog.reset_defaults()

"""The console on a test's database: its app, staff of every role, and a browser without a window."""

from __future__ import annotations

import base64
import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pyotp
from argon2 import PasswordHasher
from support import environs

from ivr.base.clock import ManualClock
from ivr.base.randomness import SeededRandomness
from ivr.base.settings import load_console_settings, load_settings
from ivr.callfile.grammar import load_call
from ivr.callfile.suite import CallPlay, play_run
from ivr.console.app import make_console_app
from ivr.console.lines import Lines
from ivr.console.visit import Console
from ivr.sandbox.host import LocalHost
from ivr.staff.people import StaffKeys, add_staff
from ivr.staff.rights import ROLES

ROOT = Path(__file__).resolve().parents[2]
CALLS = ROOT / "tests" / "calls"
CONSOLE_KEY = base64.b64encode(b"what tests of the console hash u").decode()
PASSWORD = "open sesame, please"
CHEAP = PasswordHasher(
    time_cost=1, memory_cost=8, parallelism=1
)  # of tests: the real one takes long on purpose


def console_on(engine, line, now, *, demo=False, seed=4, **more):
    """Return what the console serves from, with a clock that stands at `now`."""
    given = {"IVR_VAR": "var", "IVR_CONSOLE_KEY": CONSOLE_KEY, "IVR_HASH_KEY": environs.HASH_KEY, **more}
    settings = load_console_settings(given | ({"IVR_DEMO": "yes"} if demo else {}))
    return Console(
        settings=settings,
        engine=engine,
        keys=StaffKeys(settings.ivr_console_key, CHEAP),
        hashes=settings.hashes,
        clock=ManualClock(now),
        randomness=SeededRandomness(seed),
        lines=Lines(lambda _: line),
    )


def add_everybody(console):
    """Add a log-in for each role, called as the role is; return the secrets of their codes."""
    with console.engine.begin() as db:
        return {role: secret_of(add(db, console, role, [role])) for role in ROLES}


def add(db, console, name, roles, password=PASSWORD):
    return add_staff(
        db,
        console.keys,
        SeededRandomness(len(name)),
        name=name,
        password=password,
        roles=roles,
        actor="the test",
        now=console.clock.now(),
    )


def secret_of(address):
    return parse_qs(urlsplit(address).query)["secret"][0]


def record_calls(engine, line, tmp_path, *calls):
    """Play written calls (text) on the line, each from an empty database but the last one's rows stay."""
    settings = load_settings({"IVR_DEMO": "yes", "IVR_VAR": str(tmp_path / "played")}).model_copy(
        update={"ivr_hash_key": environs.HASH_KEY_BYTES}
    )
    for number, text in enumerate(calls):
        file = tmp_path / f"{number}.call"
        file.write_text(text)
        with LocalHost(engine, line, settings, over_http=False) as host:
            result = play_run(CallPlay(load_call(file, root=CALLS), "en-US", "voice"), host)
        assert result.passed, result.difference


def as_read(page):
    """Return a page's words without its tags."""
    return re.sub(r"<[^>]*>", "", page)


class Visitor:
    """Somebody at the console without a window: follows links, fills in forms with what stands in them."""

    def __init__(self, console, secrets):
        self.console, self.secrets = console, secrets
        app = make_console_app(console)
        app.testing = True
        self.client = app.test_client()

    def get(self, path, **more):
        return self.client.get(path, base_url="https://console.example", buffered=True, **more)

    def pages(self, address):
        """Yield a page, and each that the one before leads on to; none leads in a circle."""
        seen = set()
        while address:
            assert address not in seen
            seen.add(address)
            text = self.get(address).text
            yield text
            following = re.search(r'href="([^"]*)" rel="next"', text)
            address = following and following[1].replace("&amp;", "&")

    def post(self, path, form=(), *, token=None, **more):
        """Send a form, with the token of the page where this browser is, unless another is given."""
        filled = {"form_token": self.token if token is None else token, **dict(form)}
        return self.client.post(path, data=filled, base_url="https://console.example", **more)

    @property
    def token(self):
        return re.search(r'name="form_token" value="(\w+)"', self.last)[1]

    def log_in(self, name, *, password=PASSWORD, code=None, **more):
        """Fill in the log-in form; the clock goes on so that the code is a new one."""
        self.console.clock.advance(30)
        self.last = self.get("/log-in").text
        code = code or pyotp.TOTP(self.secrets.get(name, "A" * 32)).at(self.console.clock.now())
        reply = self.post("/log-in", {"name": name, "password": password, "code": code, **more})
        if reply.status_code == 303:
            self.last = self.get("/", follow_redirects=True).text
        return reply

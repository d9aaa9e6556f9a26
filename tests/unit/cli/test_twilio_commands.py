"""`ivr twilio`: the number is set, what the account must be is looked at, and a turn is tried from outside."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from support.certificates import Authority, served_with
from support.twilio_account import NUMBER, SID, TOKEN, TwilioAccount

from ivr.base.clock import ManualClock
from ivr.base.randomness import SeededRandomness
from ivr.base.settings import load_settings
from ivr.calls.store import keep_flow_version
from ivr.carrier.probe import Probe
from ivr.sandbox.server import LocalServer
from ivr.simulator.webhooks import CallIdentity
from ivr.topics.line import compile_line, read_line_files
from ivr.voice.serving import serve_line

LINE = "https://line.example"
NOW = datetime(2026, 12, 18, 15, 15, tzinfo=UTC)
ROOT = Path(__file__).resolve().parents[3]
COMPILED = compile_line(read_line_files(ROOT))


@pytest.fixture
def account(environ, monkeypatch):
    with TwilioAccount() as account:
        monkeypatch.setenv("TWILIO_API_URL", account.url)
        monkeypatch.setenv("PUBLIC_URL", LINE)
        yield account


def test_what_would_be_set_is_told_first(ivr, account):
    ran = ivr("twilio", "setup")
    assert (ran.status, account.updates) == (1, [])
    lines = ran.out.splitlines()
    assert lines[0] == f"{NUMBER}, for the line at {LINE}"
    assert lines[1] == f"BAD   voice_url is https://demo.twilio.com, and should be {LINE}/voice/answer"
    assert f"BAD   status_callback is empty, and should be {LINE}/voice/status" in lines
    assert lines[-1] == "Nothing was changed. To set it: ivr twilio setup --yes"


def test_it_is_set_once_and_then_left_alone(ivr, account):
    account.numbers[0] |= {"trunk_sid": "TK" + "2" * 32, "voice_method": "POST"}
    ran = ivr("twilio", "setup", "--yes")
    assert ran.status == 0, ran.out
    (update,) = account.updates
    assert update == {
        "VoiceUrl": f"{LINE}/voice/answer",
        "VoiceFallbackUrl": f"{LINE}/voice/fallback",
        "VoiceFallbackMethod": "POST",
        "StatusCallback": f"{LINE}/voice/status",
        "StatusCallbackMethod": "POST",
        "TrunkSid": "",
        "VoiceReceiveMode": "voice",
    }
    assert f"ok    voice_url is {LINE}/voice/answer (it was https://demo.twilio.com)" in ran.out
    again = ivr("twilio", "setup", "--yes")
    assert (again.status, len(account.updates)) == (0, 1)
    assert ivr("twilio", "setup", "--number", NUMBER).status == 0


@pytest.mark.parametrize(
    ("change", "verdict", "told"),
    [
        (
            {"account": {"status": "suspended", "type": "Full"}},
            "bad",
            "it is suspended: no call comes through",
        ),
        ({"account": {"status": "active", "type": "Trial"}}, "bad", "it is a trial account: callers hear"),
        ({"region": "ie1"}, "bad", "calls are handled in ie1, which has tokens of its own"),
        ({"countries": [TwilioAccount.country("US", on=False)]}, "bad", "calls to the US are off"),
        (
            {"countries": [TwilioAccount.country("US"), TwilioAccount.country("LV", on=False, risky=True)]},
            "look",
            "calls to LV are on, which the line never makes",
        ),
        ({"add_ons": ["whitepages"]}, "look", "whitepages: each may be told who calls"),
        ({}, "look", "Twilio does not say: see Voice, Settings, General"),
    ],
)
def test_what_the_account_must_be_is_looked_at(ivr, account, change, verdict, told):
    ivr("twilio", "setup", "--yes")
    for name, value in change.items():
        setattr(account, name, value)
    ran = ivr("twilio", "setup", "--json")
    found = json.loads(ran.out)["findings"]
    [finding] = [each for each in found if told in each["told"]]
    assert (finding["verdict"], ran.status) == (verdict, 1 if verdict == "bad" else 0)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (
            TwilioAccount.error(401, 20003),
            "Twilio does not know this account and token: see TWILIO_ACCOUNT_SID",
        ),
        (TwilioAccount.error(429, 20429), "takes no more requests for a moment"),
        (TwilioAccount.error(503, 20503), "Twilio answered 503: see status.twilio.com"),
        ((200, "no JSON that means anything"), "Twilio's API does not answer"),
    ],
)
def test_a_refusal_is_a_sentence_without_the_token(ivr, account, answer, told):
    account.refuse = answer
    ran = ivr("twilio", "setup", "--yes")
    assert ran.status == 1
    assert told in ran.err
    assert TOKEN not in ran.out + ran.err


def test_nobody_at_the_other_end_is_a_sentence(ivr, account, monkeypatch):
    monkeypatch.setenv("TWILIO_API_URL", "http://127.0.0.1:1")
    assert "Twilio's API does not answer (ConnectionError): try again" in ivr("twilio", "setup").err


@pytest.mark.parametrize(
    ("numbers", "arguments", "told"),
    [
        ([], [], "has no number: say which one with --number"),
        ([{"phone_number": NUMBER}, {"phone_number": "+16175550199"}], [], "has several numbers"),
        ([], ["--number", NUMBER], f"has no number {NUMBER}: buy or move it"),
    ],
)
def test_which_number_it_is_must_be_clear(ivr, account, numbers, arguments, told):
    account.numbers = numbers
    assert told in ivr("twilio", "setup", *arguments).err


# A turn from outside, through what stands between.


@pytest.fixture
def through(engine, environ, monkeypatch):
    """Serve the line behind something, and let the command look at it."""
    servers = []

    def serve(between=lambda app: app, known_as=None, **changes):
        server = LocalServer()
        server.__enter__()
        servers.append(server)
        monkeypatch.setenv("PUBLIC_URL", server.url)
        settings = load_settings(
            {
                **environ,
                "PUBLIC_URL": (known_as or server.url).format(port=server.url.rpartition(":")[2]),
                **changes,
            }
        )
        clock = ManualClock(NOW)
        with engine.begin() as db:
            keep_flow_version(db, COMPILED.flow.version, dict(COMPILED.files), NOW)
        app = serve_line(settings, engine, COMPILED, clock, SeededRandomness(1))
        server.app = between(app)
        return server.url

    yield serve
    for server in servers:
        server.__exit__(None, None, None)


def answering(status, *headers):
    """Something that answers every request so, instead of the line."""

    def between(_app):
        def answer(_environ, start_response):
            start_response(status, list(headers))
            return [b""]

        return answer

    return between


def test_a_turn_that_comes_through(ivr, through):
    url = through()
    ran = ivr("twilio", "check")
    assert ran.status == 0, ran.out
    told = [line for line in ran.out.splitlines() if line[:4] in {"look", "ok  ", "BAD "}]
    assert [line[:4] for line in told] == ["look", "ok  ", "ok  ", "ok  ", "ok  "]
    assert f"a signed turn: {url}/voice/answer answers" in ran.out
    assert TOKEN not in ran.out


@pytest.mark.parametrize(
    ("between", "told"),
    [
        (answering("404 Not Found"), "is not there: let the proxy pass paths on as they come"),
        (answering("502 Bad Gateway"), "the proxy answers 502, the line behind it does not"),
        (answering("200 OK"), "something else answers at "),
        (answering("200 OK", ("Ivr-Turn", "0")), "a turn that Twilio did not sign is answered with 200"),
        (answering("413 Content Too Large"), "answers 413: see the line's log"),
        (
            answering("301 Moved Permanently", ("Location", f"{LINE}/voice/answer")),
            f"leads on to {LINE}/voice/answer: name the last address in PUBLIC_URL",
        ),
    ],
)
def test_what_stands_between_is_told(ivr, through, between, told):
    through(between)
    ran = ivr("twilio", "check", "--json")
    assert ran.status == 1
    bad = [
        each["told"] for each in json.loads(ran.out.splitlines()[-1])["findings"] if each["verdict"] == "bad"
    ]
    assert any(told in each for each in bad), bad


@pytest.mark.parametrize("address", ["https://127.0.0.1:{port}", "http://127.0.0.1", "https://127.0.0.1"])
def test_another_address_than_twilio_is_given_is_found_out(ivr, through, address):
    url = through(known_as=address)
    known_as = address.format(port=url.rpartition(":")[2])
    ran = ivr("twilio", "check")
    assert f"the line takes {known_as} for its address, Twilio is given {url}" in ran.out


@pytest.mark.parametrize(
    ("hours", "told"), [(-2, "ahead of this one"), (2, "behind this one: set both by NTP")]
)
def test_clocks_that_disagree_are_told(through, hours, told):
    call = CallIdentity("CA" + "7" * 32, SID, NUMBER, NUMBER)
    here = datetime.now(UTC) + timedelta(hours=hours)
    observed = {each.what: each for each in Probe(through(), call, TOKEN).findings(here)}
    assert observed["the clock"].verdict == "bad"
    assert told in observed["the clock"].told


def test_another_token_than_twilio_has_is_told(ivr, through):
    through(TWILIO_AUTH_TOKEN="f" * 32)
    ran = ivr("twilio", "check")
    assert ran.status == 1
    assert "the account or its token differ (TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN there and here)" in ran.out


def test_a_certificate_that_nobody_knows_is_told(ivr, environ, monkeypatch, tmp_path):
    with served_with(Authority(tmp_path).issue(), lambda *_: [b""]) as url:
        monkeypatch.setenv("PUBLIC_URL", url)
        ran = ivr("twilio", "check")
    assert ran.status == 1
    assert "is of an authority that is not trusted here" in ran.out
    assert "(Twilio calls this error 11237)" in ran.out


def test_nobody_there_is_told(ivr, environ, monkeypatch):
    monkeypatch.setenv("PUBLIC_URL", "http://127.0.0.1:1")
    ran = ivr("twilio", "check")
    assert ran.status == 1
    assert "(Twilio calls this error 11205)" in ran.out

"""The webhooks' checks, in their fixed order: 413, 405, 403, 400; nothing stored, nothing echoed.

Most requests here are posted by hand, since no phone would send them: too large, forged, malformed, to other
paths, by other methods, with headers of a proxy, or a turn that belongs to no question.
"""

from __future__ import annotations

import io
import time
from urllib.parse import urlencode

import pytest
from sqlalchemy import create_engine, func, select

from ivr.base.randomness import SeededRandomness
from ivr.calls.histories import find_calls
from ivr.simulator.lines import WsgiLine
from ivr.simulator.webhooks import Injected
from ivr.storage.tables import Base
from ivr.voice.deadline import DeadlineExceeded
from ivr.voice.patience import DEADLINE_SECONDS, QUIET_SECONDS, Patience
from ivr.voice.receiving import ARRIVED_AT
from ivr.voice.serving import serve_line

SID = "CA" + "1b" * 16
VOICE_ROUTES = (
    "/voice/answer",
    "/voice/turn/1",
    "/voice/status",
    "/voice/fallback",
    "/voice/person/es-US/relay",
    "/voice/agent",
)
FORM_TYPE = "application/x-www-form-urlencoded"
LIMIT = 64 * 1024


@pytest.fixture
def form(house):
    return house.form_of(SID, Digits="98765432101234567")


@pytest.fixture
def stored(engine):
    """Count the rows of all tables."""

    def count():
        with engine.connect() as db:
            return sum(
                db.execute(select(func.count()).select_from(table)).scalar_one()
                for table in Base.metadata.sorted_tables
            )

    return count


def refused(reply, status):
    """Return whether a reply is a bare refusal that repeats nothing of the request."""
    return (reply.status_code, reply.data, reply.content_type) == (
        status,
        b"",
        "text/plain; charset=utf-8",
    )


# Late


@pytest.mark.parametrize(
    ("target", "failed", "told"),
    [
        ("/voice/answer", "", "trouble-not-now"),
        ("/voice/turn/1", "", "trouble-unknown"),
        ("/voice/fallback", "", "trouble-unknown"),
        ("/voice/fallback", "https://line.example/voice/turn/1", "trouble-unknown"),
        ("/voice/fallback", "https://line.example/voice/answer", "trouble-not-now"),
        ("/voice/fallback", "https://line.example/voice/answer/?a=1#rc=2", "trouble-not-now"),
    ],
)
def test_who_waited_too_long_is_told_at_once_what_is_true_without_the_database(
    house, stored, target, failed, told
):
    late = {ARRIVED_AT: time.monotonic() - DEADLINE_SECONDS}
    form = house.form_of(SID, **({"ErrorUrl": failed} if failed else {}))
    before = stored()
    reply = house.post(target, form, environ_overrides=late)
    assert reply.headers["Ivr-Prompts"].split(",")[:2] == [f"{told}@en-US", f"{told}@es-US"]
    assert (
        house.post("/voice/status", {**form, "CallStatus": "completed"}, environ_overrides=late).data == b""
    )
    assert stored() == before
    in_time = {ARRIVED_AT: time.monotonic()}
    reply = house.post("/voice/answer", house.form_of(SID), environ_overrides=in_time)
    assert reply.headers["Ivr-Prompts"].startswith("welcome")


@pytest.mark.parametrize("language", ["en-US", "es-US"])
def test_a_first_turn_says_nothing_of_payments(house, language):
    late = {ARRIVED_AT: time.monotonic() - DEADLINE_SECONDS}
    body = house.post("/voice/answer", house.form_of(SID), environ_overrides=late).text
    words = {"en-US": ("call again in a few minutes", "pay"), "es-US": ("llamar en unos minutos", "pag")}
    said, unsaid = words[language]
    assert said in body
    assert unsaid not in body


@pytest.mark.parametrize(
    ("target", "status", "said"),
    [
        ("/voice/person/es-US/voice", "busy", "person-busy@es-US"),
        ("/voice/person/en-US/relay", "no-answer", "person-busy@en-US"),
        ("/voice/person/en-US/relay", "", "person-busy@en-US"),
        ("/voice/person/en-US/voice", "completed", ""),
        ("/voice/person/en-US/voice", "answered", ""),
        ("/voice/person/of-yore/hasty", "failed", "person-busy@en-US,person-busy@es-US"),
    ],
)
def test_whether_a_person_was_reached_is_answered_without_the_database(house, target, status, said):
    house.engine = create_engine("postgresql+psycopg://127.0.0.1:1/none")
    house.restart()
    reply = house.post(target, house.form_of(SID, DialCallStatus=status))
    assert (reply.status_code, reply.headers["Ivr-Prompts"]) == (200, said)
    assert ("<Say" in reply.text, "<Pause" in reply.text) == (said != "", "relay" in target)
    assert reply.text.endswith("<Hangup /></Response>")


# 413


@pytest.mark.parametrize("target", [*VOICE_ROUTES, "/health", "/nowhere"])
@pytest.mark.parametrize("method", ["POST", "GET", "PUT"])
def test_a_body_too_large_is_413_before_anything_else(house, stored, target, method):
    body = b"a=" + b"1" * LIMIT
    reply = house.client.open(target, method=method, data=body, content_type=FORM_TYPE)
    assert refused(reply, 413)
    assert stored() == 0


def test_the_largest_body_allowed_is_read(house):
    fields = house.form_of(SID)
    fields["Padding"] = "x" * (LIMIT - len(urlencode(fields)) - len("&Padding="))
    assert len(urlencode(fields)) == LIMIT
    assert house.post("/voice/answer", fields).status_code == 200
    fields["Padding"] += "x"
    assert refused(house.post("/voice/answer", fields), 413)


def test_a_chunked_body_is_413_however_small(house, stored, form):
    reply = house.client.post(
        "/voice/answer",
        input_stream=io.BytesIO(urlencode(form).encode()),
        content_type=FORM_TYPE,
        headers={
            "X-Twilio-Signature": house.sign("/voice/answer", form),
            "Transfer-Encoding": "chunked",
        },
        environ_overrides={"wsgi.input_terminated": True},
    )
    assert refused(reply, 413)
    assert stored() == 0


# 405 and 404


@pytest.mark.parametrize("target", VOICE_ROUTES)
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "BREW"])
def test_only_post_reaches_a_webhook(house, stored, form, target, method):
    reply = house.client.open(
        target,
        method=method,
        data=urlencode(form),
        content_type=FORM_TYPE,
        headers={"X-Twilio-Signature": house.sign(target, form)},
    )
    assert reply.status_code == 405
    assert reply.headers["Allow"] == "POST"
    assert reply.data == b""
    assert stored() == 0


@pytest.mark.parametrize(
    "target",
    [
        "/",
        "/voice",
        "/voice/",
        "/voice/turn",
        "/voice/turn/",
        "/voice/turn/x",
        "/voice/turn/-1",
        "/voice/turn/10000",
        "/voice/turn/1/2",
        "/voice/Answer",
        "//voice/answer",
        "/voice//answer",
        "/static/x",
        "/voice/answer;x",
    ],
)
def test_other_paths_are_404_and_never_redirect(house, stored, form, target):
    reply = house.post(target, form)
    assert refused(reply, 404)
    assert "Location" not in reply.headers
    assert stored() == 0


@pytest.mark.parametrize("target", VOICE_ROUTES)
def test_a_trailing_slash_is_served_not_redirected(house, target):
    form = house.form_of(SID, CallStatus="completed")
    plain, slashed = house.post(target, form), house.post(f"{target}/", form)
    assert plain.status_code == slashed.status_code == (204 if "status" in target else 200)
    assert plain.data == slashed.data


# 403


def test_every_voice_route_refuses_an_unsigned_request(house, stored, form):
    rules = [rule for rule in house.app.url_map.iter_rules() if rule.rule not in {"/health", "/live"}]
    assert {rule.endpoint for rule in rules} >= {"answer", "turn", "status", "fallback"}
    for rule in rules:
        assert rule.methods == {"POST"}, rule
        target = house.app.url_map.bind("x").build(rule.endpoint, dict.fromkeys(rule.arguments, 1))
        reply = house.client.post(target, data=urlencode(form), content_type=FORM_TYPE)
        assert refused(reply, 403), rule
    assert stored() == 0


def forgeries(house, target, form):
    """Yield what is wrong, the body, its type, the signature (None: no header), and the query."""
    body, good = urlencode(form), house.sign(target, form)
    changed = urlencode(dict(form, Digits="1"))
    stranger = dict(form, AccountSid="AC" + "0b" * 16)
    no_account = {name: value for name, value in form.items() if name != "AccountSid"}
    many = form | {f"f{number}": "" for number in range(200)}
    yield "no signature", body, FORM_TYPE, None, ""
    yield "empty signature", body, FORM_TYPE, "", ""
    yield "nonsense", body, FORM_TYPE, "\xff\xfe==", ""
    yield "forged", body, FORM_TYPE, good[:-2] + "x=", ""
    yield "longer", body, FORM_TYPE, good + " x", ""
    yield "other token", body, FORM_TYPE, house.sign(target, form, token="f" * 32), ""
    yield "other path", body, FORM_TYPE, house.sign("/voice/x", form), ""
    yield "other host", body, FORM_TYPE, house.sign(target, form, base="https://l"), ""
    yield "other scheme", body, FORM_TYPE, house.sign(target, form, base="http://line.example"), ""
    yield "other body", changed, FORM_TYPE, good, ""
    yield "field added", f"{body}&x=", FORM_TYPE, good, ""
    yield "empty body", "", FORM_TYPE, good, ""
    yield "signed empty body", "", FORM_TYPE, house.sign(target, {}), ""
    yield "fields in the query", "", FORM_TYPE, house.sign(f"{target}?{body}", {}), body
    yield "query added", body, FORM_TYPE, good, "a=1"
    yield "no type", body, None, good, ""
    yield "JSON", body, "application/json", good, ""
    yield "multipart", body, "multipart/form-data; boundary=x", good, ""
    yield "text", body, "text/plain", good, ""
    yield "raw UTF-8", f"{body}é".encode(), FORM_TYPE, good, ""
    yield "other account", urlencode(stranger), FORM_TYPE, house.sign(target, stranger), ""
    yield "no account", urlencode(no_account), FORM_TYPE, house.sign(target, no_account), ""
    yield "too many fields", urlencode(many), FORM_TYPE, house.sign(target, many), ""


@pytest.mark.parametrize("target", VOICE_ROUTES)
def test_what_twilio_did_not_sign_is_403(house, stored, form, logs, target):
    for wrong, body, content_type, signature, query in forgeries(house, target, form):
        headers = {} if signature is None else {"X-Twilio-Signature": signature}
        address = f"{target}?{query}" if query else target
        reply = house.client.post(address, data=body, content_type=content_type, headers=headers)
        assert refused(reply, 403), wrong
    assert stored() == 0
    assert form["Digits"] not in logs.getvalue()


def test_a_bad_call_sid_does_not_hide_a_forgery(house):
    form = house.form_of("nonsense")
    assert refused(house.post("/voice/answer", form, signature="forged"), 403)


def test_200_fields_are_read_and_201_are_not(house):
    form = house.form_of(SID)
    for count, status in ((200, 200), (201, 403)):
        fields = form | {f"f{number}": "" for number in range(count - len(form))}
        assert house.post("/voice/answer", fields).status_code == status


# 400


@pytest.mark.parametrize(
    "sid",
    [
        "",
        "CA",
        "CA" + "0" * 31,
        "CA" + "0" * 33,
        "ca" + "0" * 32,
        "CA" + "g" * 32,
        "AC" + "0" * 32,
        SID + "\n",
        " " + SID,
        SID[:-1] + "٣",
        "CA" + "0" * 32 + "\x00",
    ],
)
def test_a_call_sid_of_another_form_is_400(house, stored, sid):
    for target in VOICE_ROUTES:
        assert refused(house.post(target, house.form_of(sid)), 400)
    assert stored() == 0


def test_no_call_sid_is_400(house, stored):
    form = house.form_of(SID)
    del form["CallSid"]
    assert refused(house.post("/voice/answer", form), 400)
    assert stored() == 0


# What is signed


@pytest.mark.parametrize(
    "target",
    [
        "/voice/answer?a=1&b=2",
        "/voice/answer?b=2&a=1",
        "/voice/answer?a=%7E&b=~&c=+&d=%20",
        "/voice/answer?a=1;b=2&a=1",
        "/voice/answer?next=https://x/y?z",
        "/voice/%61nswer",
        "/voice/turn/%31",
        "/voice/turn/007",
        "/voice/answer/?x=%C3%A9",
    ],
)
def test_the_target_is_signed_as_it_was_sent(house, target):
    assert house.post(target, house.form_of(SID)).status_code == 200


@pytest.mark.parametrize(
    ("public_url", "called", "good"),
    [
        ("https://line.example", "https://line.example", True),
        ("https://line.example", "https://line.example:443", True),
        ("https://line.example:443", "https://line.example", True),
        ("https://line.example:443", "https://line.example:443", True),
        ("https://Line.Example:443", "https://Line.Example", True),
        ("https://line.example:8443", "https://line.example:8443", True),
        ("https://line.example:8443", "https://line.example", True),
        ("https://line.example:8443", "https://line.example:443", False),
        ("https://line.example:8443", "http://line.example", False),
        ("https://line.example:8443", "https://line.example:844", False),
        ("https://line.example", "https://line.example:80", False),
        ("https://line.example", "http://line.example", False),
        ("http://localhost", "http://localhost:80", True),
        ("http://localhost:80", "http://localhost", True),
        ("http://localhost", "http://localhost:443", False),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000", True),
        ("http://127.0.0.1:8000", "http://127.0.0.1", True),
    ],
)
def test_the_port_may_be_named_or_left_out(make_house, public_url, called, good):
    house = make_house(PUBLIC_URL=public_url)
    form = house.form_of(SID)
    reply = house.post("/voice/answer", form, signature=house.sign("/voice/answer", form, base=called))
    assert reply.status_code == (200 if good else 403)


@pytest.mark.parametrize(
    "more",
    [
        [("Blank", "")],
        [("A", "1"), ("A", "2")],
        [("A", "2"), ("A", "1"), ("A", "2")],
        [("a", "1"), ("B", "2"), ("A", "3")],
        [("City", "CAÑÓN CITY"), ("Name", "中文 😀"), ("Tab", "\t\r\n")],
        [("Signs", "&=+%;?#/ ~\"'<>")],
        [("", "nameless")],
    ],
)
def test_parameters_are_signed_whatever_they_hold(house, more):
    fields = [*house.form_of(SID).items(), *more]
    assert house.post("/voice/answer", fields).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-Proto": "http", "X-Forwarded-Host": "evil.example", "X-Forwarded-Port": "1"},
        {"X-Forwarded-Prefix": "/prefix", "X-Forwarded-For": "203.0.113.9", "Forwarded": "host=evil.example"},
        {"Host": "evil.example:99"},
        {"Host": "bad host/#"},
        {"X-Twilio-Webhooks-Signature-Settings": "key=x,algorithm=HMAC_SHA256"},
        {"X-HTTP-Method-Override": "GET"},
    ],
)
def test_headers_do_not_change_what_is_signed(house, headers):
    form = house.form_of(SID)
    assert house.post("/voice/answer", form, headers=headers).status_code == 200
    evil = house.sign("/voice/answer", form, base="http://evil.example")
    assert house.post("/voice/answer", form, headers=headers, signature=evil).status_code == 403


def test_a_server_that_hides_the_raw_target_is_refused(house):
    """What was signed cannot be known then."""
    form = house.form_of(SID)

    def bare(environ, start_response):
        del environ["RAW_URI"]
        return house.app.wsgi_app(environ, start_response)

    line = WsgiLine(bare, house.public_url, house.account_sid, house.auth_token)
    assert line.post("/voice/answer", form).status == 403


# What is answered


def test_a_reply_carries_what_a_replay_reads(house):
    phone = house.phone()
    phone.dial()
    phone.press("1")
    answer, menu = house.line.replies
    assert answer.header("Content-Type") == "text/xml; charset=utf-8"
    assert {name: value for name, value in answer.headers.items() if name.startswith("ivr-")} == {
        "ivr-turn": "0",
        "ivr-node": "main/language",
        "ivr-prompts": "welcome,language-option@en-US,language-option@es-US",
        "ivr-flow": house.compiled.flow.version,
    }
    assert answer.cookies == menu.cookies == ()
    assert [menu.header(f"Ivr-{name}") for name in ("Turn", "Node", "Prompts")] == [
        "1",
        "main/main_menu",
        "main-menu",
    ]


def test_a_repeated_turn_is_the_same_bytes_and_a_seq_ahead_the_latest(house):
    phone = house.phone()
    phone.dial()
    phone.press("1")
    replies = house.line.replies
    sid = house.call_sid(1)
    for target, body, seq in (
        ("/voice/answer", {}, 0),
        ("/voice/turn/0", {"Digits": "7"}, 0),
        ("/voice/turn/1", {"Digits": "2"}, 1),
        ("/voice/turn/3", {"Digits": "1"}, 1),
        ("/voice/turn/9999", {}, 1),
    ):
        again = house.post(target, house.form_of(sid, **body))
        assert (again.status_code, again.data, again.headers["Ivr-Turn"]) == (
            200,
            replies[seq].body,
            str(seq),
        ), target
    assert house.call_row(sid).seq == 1


def test_an_unknown_call_hears_a_true_sentence(house, stored):
    phone = house.phone(answer_path="/voice/turn/3")
    heard = phone.dial()
    assert (heard.ended, heard.prompts[0], phone.failures) == ("goodbye", "call-unknown", ())
    assert (stored(), house.call_row(house.call_sid(1)).seq) == (1, -1)  # that it is over, no more


@pytest.mark.parametrize(
    ("status", "closes"),
    [
        ("completed", True),
        ("busy", True),
        ("failed", True),
        ("no-answer", True),
        ("canceled", True),
        ("", False),
        ("ringing", False),
        ("in-progress", False),
        (None, True),
    ],
)
def test_the_status_callback_is_204_and_closes_only_what_is_over(house, status, closes):
    house.post("/voice/answer", house.form_of(SID))
    form = house.form_of(SID)
    form = (
        {**form, "CallStatus": status}
        if status is not None
        else {"CallSid": SID, "AccountSid": form["AccountSid"]}
    )
    for _ in range(2):
        reply = house.post("/voice/status", form)
        assert (reply.status_code, reply.data) == (204, b"")
    row = house.call_row(SID)
    assert (row.status, row.end) == (("closed", "hangup") if closes else ("open", None))


def test_a_status_callback_of_an_unknown_call_stores_only_an_end(house, stored):
    for status in ("ringing", "in-progress", ""):
        assert house.post("/voice/status", house.form_of(SID, CallStatus=status)).status_code == 204
    assert stored() == 0
    assert house.post("/voice/status", house.form_of(SID, CallStatus="completed")).status_code == 204
    row = house.call_row(SID)
    assert (row.status, row.end, row.ended_at, row.seq, row.node) == (
        "closed",
        "hangup",
        house.clock.now(),
        -1,
        "",
    )
    with house.engine.connect() as db:
        assert find_calls(db) == []  # a call that never had a turn is none that staff could look at


def test_a_closed_call_hears_that_it_is_over(house):
    phone = house.phone()
    phone.dial()
    phone.inject(Injected.STATUS_OUT_OF_ORDER)
    assert phone.press("1").ended == "hangup"
    assert house.line.replies[-1].header("Ivr-Prompts").startswith("call-over,")
    sid = house.call_sid(1)
    assert (house.call_row(sid).seq, house.call_row(sid).end) == (0, "hangup")


# Health


def test_health_is_not_well_while_callers_are_turned_away(house):
    """Whatever a turn needs and health does not try, such as a table that somebody has locked."""
    seconds = 100.0
    patience = Patience(house.engine, now=lambda: seconds)
    house.restart(patience=patience)

    def hangs():
        raise DeadlineExceeded

    with pytest.raises(DeadlineExceeded):
        patience.spend(hangs)
    told = house.client.get("/health")
    assert (told.status_code, told.json["writes"], told.json["calls"]) == (503, "possible", "turned away")
    seconds += QUIET_SECONDS
    told = house.client.get("/health")
    assert (told.status_code, told.json["calls"]) == (200, "taken")
    assert house.phone().dial().prompts[0].startswith("welcome")


def test_health_of_a_line_that_can_work(house):
    reply = house.client.get("/health")
    assert (reply.status_code, reply.content_type) == (200, "application/json")
    assert reply.json == {
        "status": "ok",
        "database": "reachable",
        "migrations": "current",
        "writes": "possible",
        "calls": "taken",
        "flow_version": house.compiled.flow.version,
    }
    assert house.client.head("/health").data == b""


def test_health_without_a_database(house):
    nowhere = create_engine(
        "postgresql+psycopg://nobody:hidden@127.0.0.1:1/none", connect_args={"connect_timeout": 1}
    )
    app = serve_line(house.settings, nowhere, house.compiled, house.clock, SeededRandomness(1))
    reply = app.test_client().get("/health")
    assert (reply.status_code, reply.content_type) == (503, "application/json")
    assert (reply.json["status"], reply.json["database"]) == ("unavailable", "unreachable")
    assert b"hidden" not in reply.data


def test_health_without_migrations(house, empty_database):
    engine = create_engine(empty_database)
    app = serve_line(house.settings, engine, house.compiled, house.clock, SeededRandomness(1))
    reply = app.test_client().get("/health")
    engine.dispose()
    assert reply.status_code == 503
    assert (reply.json["database"], reply.json["migrations"]) == ("reachable", "missing")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_health_is_only_read(house, method):
    assert house.client.open("/health", method=method).status_code == 405


def test_a_process_lives_while_its_database_is_away(house):
    house.engine = create_engine("postgresql+psycopg://127.0.0.1:1/none")
    house.restart()
    assert house.client.get("/health").status_code == 503
    assert house.client.get("/live").status_code == 200

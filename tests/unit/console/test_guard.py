"""No page without a guard, no change without its form, and what every answer carries."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import quote

import pyotp
import pytest
from flask import url_for
from sqlalchemy import select, update
from support.console import PASSWORD, Visitor, console_on
from support.samples import NOW

from ivr.console.app import SECTIONS
from ivr.console.front import OPEN
from ivr.staff.logins import IDLE, LASTS, TRIED, TRIES_OF_A_NAME
from ivr.staff.rights import RIGHTS, ROLES
from ivr.storage.tables import AuditEvent, StaffMember


def audited(visitor, action):
    with visitor.console.engine.connect() as db:
        return db.execute(select(AuditEvent).where(AuditEvent.action == action).order_by(AuditEvent.id)).all()


def addresses(app):
    """Yield every way in: its endpoint, a method and an address."""
    with app.test_request_context():
        for rule in app.url_map.iter_rules():
            values = dict.fromkeys(rule.arguments, "1")
            for method in rule.methods - {"HEAD"}:
                yield rule.endpoint, method, url_for(rule.endpoint, **values)


def test_no_page_is_without_a_guard(visitor):
    app = visitor.client.application
    walked = list(addresses(app))
    assert {endpoint for endpoint, _, _ in walked} > OPEN
    for endpoint, method, address in walked:
        view = app.view_functions[endpoint]
        if endpoint in OPEN:
            continue
        assert view.right in {"", *RIGHTS}, endpoint
        reply = visitor.client.open(address, method=method, base_url="https://console.example")
        assert (reply.status_code, reply.location.partition("?")[0]) == (303, "/log-in"), address


def test_a_page_that_nobody_put_a_guard_on_is_no_page(engine, line):
    visitor = Visitor(console_on(engine, line, NOW), {})
    visitor.client.application.add_url_rule("/bare", "bare", lambda: "bare")
    assert visitor.get("/bare").status_code == 404


def test_rights_are_those_that_pages_take():
    assert {right for rights in ROLES.values() for right in rights} == set(RIGHTS)
    assert all(section.right in RIGHTS for section in SECTIONS)


def test_who_logs_in_is_where_they_wanted_to_be(visitor):
    wanted = visitor.get("/calls/?end=hangup").location
    assert wanted == "/log-in?next=/calls/?end%3Dhangup"
    reply = visitor.log_in("ops", next="/calls/?end=hangup")
    assert (reply.status_code, reply.location) == (303, "/calls/?end=hangup")
    cookie = reply.headers["Set-Cookie"]
    assert cookie.startswith("__Host-console=")
    for flag in ("Secure", "HttpOnly", "SameSite=Strict", "Path=/"):
        assert flag in cookie
    assert visitor.get("/calls/").status_code == 200
    [event] = audited(visitor, "staff.log_in")
    assert (event.actor, event.details) == ("ops", {"from_address": "127.0.0.1", "by": "password and code"})


def test_nobody_is_led_elsewhere(visitor):
    for elsewhere in ("https://evil.example/", "//evil.example", "/\\evil.example", "/\t/evil.example"):
        assert visitor.log_in("ops", next=elsewhere).location == "/"


def test_whatever_is_wrong_the_answer_is_one(visitor):
    code = pyotp.TOTP(visitor.secrets["ops"]).at(visitor.console.clock.now() + timedelta(seconds=30))
    said = set()
    for name, given in (
        ("ops", {"password": "wrong, sorry"}),
        ("ops", {"code": "000000"}),
        ("nobody", {"code": code}),
        ("agent", {"code": code}),
    ):
        reply = visitor.log_in(name, **given)
        assert reply.status_code == 401
        said.add(reply.text.replace(visitor.token, "").replace(f'value="{name}"', ""))
    assert len(said) == 1
    assert len(audited(visitor, "staff.log_in_refused")) == 4


def test_a_code_is_taken_once(visitor):
    visitor.log_in("ops")
    code = pyotp.TOTP(visitor.secrets["ops"]).at(visitor.console.clock.now())
    assert visitor.log_in("ops", code=code).status_code == 401


def test_who_guesses_waits_even_with_what_is_right(visitor):
    for _ in range(TRIES_OF_A_NAME):
        assert visitor.log_in("ops", password="wrong, sorry").status_code == 401
    for _ in range(2):
        assert visitor.log_in("ops").status_code == 429
    assert [event.subject for event in audited(visitor, "staff.log_in_throttled")] == ["ops"]
    assert visitor.log_in("agent").status_code == 303
    visitor.console.clock.advance(TRIED.total_seconds())
    assert visitor.log_in("ops").status_code == 303


@pytest.mark.parametrize("pause", [IDLE, LASTS])
def test_a_log_in_ends(visitor, pause):
    visitor.log_in("ops")
    waited = timedelta()
    while waited < pause - IDLE:
        visitor.console.clock.advance(20 * 60)
        waited += timedelta(minutes=20)
        assert visitor.get("/calls/").status_code == 200
    visitor.console.clock.advance(IDLE.total_seconds())
    assert visitor.get("/calls/").status_code == 303


def test_who_is_disabled_is_out_at_once(visitor):
    visitor.log_in("ops")
    with visitor.console.engine.begin() as db:
        db.execute(update(StaffMember).values(disabled_at=visitor.console.clock.now()))
    assert visitor.get("/calls/").status_code == 303
    assert visitor.log_in("ops").status_code == 401


def test_logging_out_ends_the_token_itself(visitor):
    visitor.log_in("ops")
    kept = visitor.client.get_cookie("__Host-console", domain="console.example").value
    assert visitor.post("/log-out").status_code == 303
    visitor.client.set_cookie("__Host-console", kept, domain="console.example", secure=True)
    assert visitor.get("/calls/").status_code == 303


def test_a_form_of_another_page_changes_nothing(visitor):
    visitor.log_in("ops")
    form = {"name": "ops", "password": PASSWORD, "code": "1"}
    for token, site in (("", "same-origin"), ("0" * 63 + "é", "same-origin"), (None, "cross-site")):
        sent = {"token": token, "headers": {"Sec-Fetch-Site": site}}
        assert visitor.post("/log-out", **sent).status_code == 400
        assert audited(visitor, "console.refused")[-1].details["why"] == "the form is not of this log-in"
        assert visitor.get("/calls/").status_code == 200
        assert visitor.post("/log-in", form, **sent).status_code == 400


def test_who_is_logged_in_elsewhere_as_well_sees_it_and_ends_it(visitor):
    elsewhere = Visitor(visitor.console, visitor.secrets)
    elsewhere.client.environ_base["REMOTE_ADDR"] = "203.0.113.7"
    elsewhere.log_in("ops")
    visitor.log_in("ops")
    page = visitor.get("/log-ins").text
    assert page.count("203.0.113.7") == page.count("this one") == 1
    code = pyotp.TOTP(visitor.secrets["ops"])
    for wrong in ({"password": "wrong, sorry"}, {"code": "000000"}):
        visitor.console.clock.advance(30)
        given = {"password": PASSWORD, "code": code.at(visitor.console.clock.now()), **wrong}
        assert visitor.post("/log-ins", given).status_code == 401
        assert elsewhere.get("/calls/").status_code == 200
    visitor.console.clock.advance(30)
    given = {"password": PASSWORD, "code": code.at(visitor.console.clock.now())}
    assert visitor.post("/log-ins", given).location.startswith("/log-ins?done=others_ended")
    assert elsewhere.get("/calls/").status_code == 303
    assert "203.0.113.7" not in visitor.get("/log-ins").text
    assert audited(visitor, "staff.log_out_elsewhere")[-1].details["ended"] == 1


def test_what_roles_do_not_include_is_refused_and_written_down(visitor, monkeypatch):
    monkeypatch.setitem(ROLES, "agent", frozenset())
    visitor.log_in("agent")
    assert visitor.get("/calls/").status_code == 403
    [*_, event] = audited(visitor, "console.refused")
    assert (event.actor, event.subject, event.details["right"]) == ("agent", "/calls/", "calls.see")


def test_every_answer_keeps_to_itself(visitor):
    visitor.log_in("ops")
    for path in ("/log-in", "/calls/", "/nowhere", "/static/console.css"):
        headers = visitor.get(path).headers
        policy = headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none';")
        assert "unsafe" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Strict-Transport-Security"]
        assert (headers.get("Cache-Control") == "no-store") is not path.startswith("/static")


def test_who_comes_by_a_proxy_is_written_down_by_their_own_address(engine, line, visitor):
    behind = console_on(engine, line, visitor.console.clock.now(), seed=5, IVR_CONSOLE_PROXIED="yes")
    for console, address in ((visitor.console, "127.0.0.1"), (behind, "203.0.113.7")):
        reached = Visitor(console, visitor.secrets)
        reached.client.environ_base["HTTP_X_FORWARDED_FOR"] = "198.51.100.1, 203.0.113.7"
        behind.clock.advance(120)
        reached.log_in("ops")
        assert audited(visitor, "staff.log_in")[-1].details["from_address"] == address


def test_who_has_signed_on_elsewhere_is_let_in_on_the_word_of_the_proxy_alone(engine, line, visitor):
    behind = console_on(
        engine, line, NOW, seed=5, IVR_SSO="X-Remote-User@127.0.0.1", IVR_CONSOLE_PROXIED="yes"
    )
    reached = Visitor(behind, visitor.secrets)
    reached.client.environ_base["HTTP_X_FORWARDED_FOR"] = "198.51.100.1"
    assert "has signed on" not in reached.get("/log-in").text
    reached.client.environ_base["HTTP_X_REMOTE_USER"] = "Ops"
    reached.last = reached.get("/log-in?next=/calls/").text
    assert "Go on as Ops" in reached.last
    assert reached.get("/calls/").status_code == 303  # whoever follows a link is not logged in by it
    form = {"sign_on": "yes", "next": "/calls/"}
    reply = reached.post("/log-in", form)
    assert (reply.status_code, reply.location) == (303, "/calls/")
    assert reached.get("/calls/").status_code == 200
    told = {"from_address": "198.51.100.1", "by": "single sign-on"}
    assert audited(visitor, "staff.log_in")[-1].details == told
    reached.log_in("agent")  # who has signed on may still be somebody else here, for a password and a code
    assert audited(visitor, "staff.log_in")[-1].actor == "agent"
    reached.last = reached.get("/log-in").text
    reached.client.environ_base["HTTP_X_REMOTE_USER"] = "nobody"
    assert reached.post("/log-in", form).status_code == 401
    reached.client.environ_base["REMOTE_ADDR"] = "203.0.113.7"
    assert reached.post("/log-in", form).status_code == 400
    visitor.client.environ_base["HTTP_X_REMOTE_USER"] = "ops"
    visitor.last = visitor.get("/log-in").text
    assert visitor.post("/log-in", form).status_code == 401


def test_whatever_is_asked_for_is_answered(visitor):
    """Odd texts are refused or find nothing; none is an error of ours, none comes back as a tag."""
    visitor.log_in("admin")
    asked = {
        "/calls/": ("on", "around", "caller", "member", "confirmation", "last_node", "end", "after"),
        "/members/": ("q",),
        "/payments/": ("number", "member", "state", "on", "last4", "after"),
        "/trail/": ("who", "action", "subject", "on", "after"),
        "/reports/": ("since", "until", "done"),
    }
    for odd in (
        "\0",
        "%",
        "\\",
        "é.1.é",
        "9" * 300,
        "-1",
        "9999-12-31",
        "<script>",
        "a\nb",
        "2026-12-18T10:15 CA1",
    ):
        assert visitor.get("/line/runs/" + quote(odd, safe="")).status_code in {400, 404}, odd
        for path, names in asked.items():
            page = visitor.get(path, query_string=dict.fromkeys(names, odd))
            assert page.status_code == (400 if odd == "\0" else 200), (path, odd)
            assert "<script>" not in page.text
        assert visitor.get("/payments/" + quote(odd, safe="")).status_code == (400 if odd == "\0" else 404), (
            odd
        )

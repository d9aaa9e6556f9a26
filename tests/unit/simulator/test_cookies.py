"""Cookies come back within the call, as from a browser, and no longer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ivr.simulator.cookies import Cookies
from ivr.simulator.webhooks import Injected

NOON = datetime(2026, 12, 18, 12, tzinfo=UTC)
ASK = '<Response><Gather action="/voice/turn/1" numDigits="1"/></Response>'


# Cookies: each goes to the path it was set for and below, by default the folder of the page that set it.
@pytest.mark.parametrize(
    ("cookie", "url", "sent"),
    [
        ("a=1; Path=/", "https://x/voice/turn/1", "a=1"),
        ("a=1", "https://x/voice/turn/1", "a=1"),
        ("a=1", "https://x/voice", "a=1"),
        ("a=1", "https://x/voices", None),
        ("a=1", "https://x/other", None),
        ("a=1; Path=/voice/turn; Secure; HttpOnly", "https://x/voice/turn/1?b=2", "a=1"),
        ("a=1; Expires=Fri, 18 Dec 2037 15:15:00 GMT; Path=/", "https://x/", "a=1"),
        ("a=1; Max-Age=0; Path=/", "https://x/", None),
        ("a=1; Max-Age=-1; Path=/", "https://x/", None),
        ("a=1; Max-Age=x; Path=/", "https://x/", "a=1"),
        ("a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/", "https://x/", None),
        ("a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=9; Path=/", "https://x/", "a=1"),
        ("a=1; Expires=soon; Path=/", "https://x/", "a=1"),
        ("b a d=1", "https://x/voice/", None),
        ("a(b=1", "https://x/voice/", None),
    ],
)
def test_where_a_cookie_goes(cookie, url, sent):
    cookies = Cookies()
    cookies.keep("https://x/voice/answer", [cookie], NOON)
    assert cookies.header(url, NOON).get("Cookie") == sent


# Cookies: one is forgotten when its time is over.
@pytest.mark.parametrize("end", ["Max-Age=60", "Expires=Fri, 18 Dec 2026 12:01:00 GMT"])
def test_a_cookie_does_not_last(end):
    cookies = Cookies()
    cookies.keep("https://x/", [f"a=1; {end}"], NOON)
    assert cookies.header("https://x/", NOON + timedelta(seconds=59)) == {"Cookie": "a=1"}
    assert cookies.header("https://x/", NOON + timedelta(seconds=60)) == {}


# Cookies: several are sent in one header; a new value takes the place of the old one, Max-Age=0 of none.
def test_cookies_are_replaced_and_taken_back():
    cookies = Cookies()
    cookies.keep("https://x/", ["a=1; Path=/", "b=2; Path=/", "c=3"], NOON)
    assert cookies.header("https://x/", NOON) == {"Cookie": "a=1; b=2; c=3"}
    cookies.keep("https://x/", ["a=4; Path=/", "b=; Max-Age=0; Path=/"], NOON)
    assert cookies.header("https://x/", NOON) == {"Cookie": "c=3; a=4"}


# Cookies: a call sends back what its own replies set, and the next call begins without.
def test_a_call_sends_its_cookies_back(stage, reply):
    setting = reply(ASK, headers={"Content-Type": "text/xml", "Set-Cookie": "a=1; Path=/"})
    on = stage(setting, {"/voice/turn/1": "<Hangup/>"})
    on.phone.dial()
    on.phone.press("1")
    answer, turn, _ = (request.headers.get("HTTP_COOKIE") for request in on.app.requests)
    assert (answer, turn) == (None, "a=1")


# Cookies: a request sent again is the same request: it carries those of the first try, and what came with a
# reply that never arrived is not known.
@pytest.mark.parametrize(
    "fault",
    [
        Injected.DUPLICATE,
        Injected.CONCURRENT_DUPLICATE,
        Injected.LOST_RESPONSE,
        Injected.SLOW,
    ],
)
def test_a_repeated_request_has_the_same_cookies(stage, reply, fault):
    setting = {"Content-Type": "text/xml", "Set-Cookie": "b=2; Path=/"}
    first = reply(ASK, headers={"Content-Type": "text/xml", "Set-Cookie": "a=1; Path=/"})
    turn = reply(ASK, headers=setting)
    on = stage(first, {"/voice/turn/1": turn, "/voice/fallback": ASK.removeprefix("<Response>")[:-11]})
    on.phone.dial()
    on.phone.inject(fault)
    on.phone.press("1")
    on.phone.hang_up()
    sent = [each.headers.get("HTTP_COOKIE") for each in on.app.requests if each.path == "/voice/turn/1"]
    assert set(sent) == {"a=1"}
    lost = fault in {Injected.LOST_RESPONSE, Injected.SLOW}
    assert on.app.last("/voice/status").headers["HTTP_COOKIE"] == ("a=1" if lost else "a=1; b=2")

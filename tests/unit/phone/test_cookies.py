"""Cookies come back within the call, as from a browser, and no longer."""

from __future__ import annotations

import pytest

from ivr.phone.cookies import Cookies


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
        ("b a d=1", "https://x/voice/", None),
    ],
)
def test_where_a_cookie_goes(cookie, url, sent):
    cookies = Cookies()
    cookies.keep("https://x/voice/answer", [cookie])
    assert cookies.header(url).get("Cookie") == sent


# Cookies: several are sent in one header; a new value takes the place of the old one, Max-Age=0 of none.
def test_cookies_are_replaced_and_taken_back():
    cookies = Cookies()
    cookies.keep("https://x/", ["a=1; Path=/", "b=2; Path=/", "c=3"])
    assert cookies.header("https://x/") == {"Cookie": "a=1; b=2; c=3"}
    cookies.keep("https://x/", ["a=4; Path=/", "b=; Max-Age=0; Path=/"])
    assert cookies.header("https://x/") == {"Cookie": "c=3; a=4"}


# Cookies: a call sends back what its own replies set, and the next call begins without.
def test_a_call_sends_its_cookies_back(stage, reply):
    ask = '<Response><Gather action="/voice/turn/1" numDigits="1"/></Response>'
    setting = reply(ask, headers={"Content-Type": "text/xml", "Set-Cookie": "a=1; Path=/"})
    on = stage(setting, {"/voice/turn/1": "<Hangup/>"})
    on.phone.dial()
    on.phone.press("1")
    answer, turn, _ = (request.headers.get("HTTP_COOKIE") for request in on.app.requests)
    assert (answer, turn) == (None, "a=1")

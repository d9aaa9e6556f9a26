"""A turn is answered past Flask as Flask answers it; whatever is not a whole turn of Twilio's, Flask answers."""

from __future__ import annotations

from functools import partial

import pytest
from flask import Flask, request_started
from werkzeug.test import Client, EnvironBuilder

SID = "CA" + "5d" * 16
FORM_TYPE = "application/x-www-form-urlencoded"


@pytest.fixture
def asked_flask(house):
    """Count the requests that come to Flask."""
    asked = []

    def note(*_sent, **_more):
        asked.append(1)

    with request_started.connected_to(note, house.app):
        yield asked


def sent(house, app, path="/voice/turn/1", *, form=None, **changes):
    """Send one turn of a call that was answered, with changes that no Twilio makes; status, headers, body."""
    fields = house.form_of(SID, Digits="1", To="+1 800%26", City="", **(form or {}))
    given = {
        "path": path,
        "method": "POST",
        "data": fields,
        "content_type": f"{FORM_TYPE}; charset=utf-8",
        "headers": {"X-Twilio-Signature": house.sign(path, fields)},
        "environ_overrides": {"RAW_URI": path},
    } | changes
    response = Client(app).open(EnvironBuilder(**given))
    return response.status, sorted(response.headers.items()), response.data


@pytest.mark.parametrize("first", ["fast", "plain"])
def test_a_turn_is_answered_alike(house, asked_flask, first):
    house.post("/voice/answer", house.form_of(SID))
    asked_flask.clear()
    ways = {"fast": house.app.wsgi_app, "plain": partial(Flask.wsgi_app, house.app)}
    chosen = ways.pop(first)
    answer = sent(house, chosen)
    assert answer[0] == "200 OK"
    assert b"<Gather" in answer[2]
    assert sent(house, *ways.values()) == answer
    assert len(asked_flask) == 1
    for path in ("/voice/turn/01", "/voice/turn/7", "/voice/turn/0", "/voice/turn/9999"):
        assert sent(house, house.app.wsgi_app, path) == sent(house, partial(Flask.wsgi_app, house.app), path)
    upper = {"RAW_URI": "/voice/turn/1", "CONTENT_TYPE": FORM_TYPE.upper()}
    assert sent(house, house.app.wsgi_app, environ_overrides=upper) == answer
    assert len(asked_flask) == 5


@pytest.mark.parametrize(
    ("status", "changes"),
    [
        ("403", {"headers": {"X-Twilio-Signature": "bm9uZQ=="}}),
        ("403", {"headers": {}}),
        ("403", {"content_type": "text/plain"}),
        ("403", {"environ_overrides": {"RAW_URI": "/voice/turn/2"}}),
        ("403", {"form": {"AccountSid": "AC" + "1" * 32}}),
        ("400", {"form": {"CallSid": "CA1"}}),
        ("403", {"data": {}}),
        ("405", {"method": "GET"}),
        ("405", {"method": "OPTIONS"}),
        ("413", {"form": {"Padding": "x" * 65_536}}),
        ("413", {"headers": {"Transfer-Encoding": "chunked"}, "environ_overrides": {"CONTENT_LENGTH": ""}}),
        ("403", {"form": {f"Field{number}": "" for number in range(200)}}),
        ("403", {"environ_overrides": {"RAW_URI": "/voice/turn/1", "CONTENT_LENGTH": "x"}}),
        ("404", {"path": "/voice/turn/10000"}),
        ("200", {"path": "/voice/turn/00001"}),
        ("200", {"path": "/voice/turn/1/"}),
        ("404", {"path": "/voice/turn/-1"}),
    ],
    ids=str,
)
def test_all_else_is_flasks(house, asked_flask, status, changes):
    house.post("/voice/answer", house.form_of(SID))
    asked_flask.clear()
    through = sent(house, house.app.wsgi_app, **changes)
    assert len(asked_flask) == 1
    assert through[0].startswith(status)
    assert through == sent(house, partial(Flask.wsgi_app, house.app), **changes)

"""Tests of calls are made by the virtual phone, which does what Twilio does; few requests are written by hand."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

HERE = Path(__file__).parent
TESTS = HERE.parent
# Who may write a request by hand, and why no phone would send it.
BY_HAND = {
    "voice/conftest.py": "the means to do so, for the files below; and a line that records what phones post",
    "voice/test_edge.py": "forged, malformed, too large, by other methods, to other paths, in no possible order",
    "voice/test_delivery.py": "what Twilio tells of a text message: no phone calls there",
    "voice/test_fast_turn.py": "the same, and each of them past Flask and through it",
    "voice/test_edge_http.py": "the same, byte by byte, over real HTTP",
    "voice/test_fuzz.py": "any signed form at all, in any order",
    "voice/test_any_order.py": "the requests of one call in every order, also in those that no phone comes to",
    "voice/test_web_worker.py": "half requests, slow ones and none, as no phone sends them",
    "unit/voice/test_receiving.py": "the same, in pieces, to the receiving alone",
    "support/storm.py": "the phone's own form, to a line that is killed, and connections that send nothing",
    "support/served_line.py": "the phone's own form, one request at a time, with faults inside the server",
    "support/started.py": "no request: which command to run, and how it ended",
    "support/console.py": "what a browser sends to the console: no call of the line",
    "voice/test_guest_calls.py": "the phone's own form, by two members at once, whose answers must be equal",
    "voice/test_two_hosts.py": "the phone's own form, to the host that is left",
    "voice/test_two_releases.py": "the phone's own form, to two releases in turn",
    "support/alarms.py": "the phone's own form, with an alarm inside each turn",
}
# Names that post: a client's method, Flask's own client, and a socket that is handed a request.
POSTING = {"post", "open", "test_client", "sendall", "urlopen"}
CLIENTS = {"client", "house", "line", "phone", "_line", "_http", "requests", "test_client()"}


def posts_by_hand(source: str) -> list[int]:
    """Return the lines of a test that hand a request to the line, or take Flask's client to do so.

    A `post` of a form with headers is a line's: it passes on what a phone posts.
    """
    tree = ast.parse(source)
    lines = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and _is_of_a_line(node)]
    passing_on = {id(inner) for line in lines for inner in ast.walk(line)}
    return [node.lineno for node in ast.walk(tree) if id(node) not in passing_on and _posts(node)]


def _is_of_a_line(node: ast.FunctionDef) -> bool:
    names = {argument.arg for argument in (*node.args.args, *node.args.kwonlyargs)}
    return node.name == "post" and {"self", "form", "headers"} <= names


def _posts(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return False
    if node.func.attr not in POSTING:
        return False
    holder = node.func.value
    name = holder.attr if isinstance(holder, ast.Attribute) else getattr(holder, "id", "")
    if isinstance(holder, ast.Call) and isinstance(holder.func, ast.Attribute):
        name = f"{holder.func.attr}()"
    return node.func.attr in {"test_client", "sendall"} or name in CLIENTS


def files():
    found = []
    for folder in ("voice", "support", "unit/voice", "unit/calls", "unit/payments", "unit/actions"):
        found += sorted((TESTS / folder).rglob("*.py"))
    return found


def test_nothing_is_posted_by_hand_but_what_no_phone_would_send():
    found = {
        str(path.relative_to(TESTS)): posts_by_hand(path.read_text(encoding="utf-8")) for path in files()
    }
    by_hand = {path: lines for path, lines in found.items() if lines}
    assert {path: by_hand[path] for path in by_hand.keys() - BY_HAND} == {}, (
        "let a Phone make these calls, or write .call files"
    )
    assert set(BY_HAND) & found.keys() <= by_hand.keys(), (
        "nothing there is posted by hand any more: take the file off the list"
    )


@pytest.mark.parametrize(
    ("source", "by_hand"),
    [
        ("house.post('/voice/answer', form)", [1]),
        ("self.house.post(target, form)", [1]),
        ("house.client.post('/voice/answer')\nhouse.client.open('/', method='GET')", [1, 2]),
        ("app.test_client()", [1]),
        ("app.test_client().post('/voice/turn/1')", [1, 1]),
        ("house.line.post('/voice/turn/1', form)", [1]),
        ("requests.post(url)", [1]),
        ("connection.sendall(request)", [1]),
        ("phone.press('1')\nphone.dial()", []),
        ("house.line.again(exchange)", []),
        ("path.open()", []),
        (
            "class Late:\n    def post(self, url, form, *, headers=None):\n        return self.line.post(url, form)",
            [],
        ),
    ],
)
def test_the_search_finds_requests_written_by_hand(source, by_hand):
    assert posts_by_hand(source) == by_hand

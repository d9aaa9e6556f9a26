"""The checks again over real HTTP under gunicorn, with requests no client library would send."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlencode

import pytest
from sqlalchemy import func, select

from ivr.base.clock import ManualClock
from ivr.simulator.lines import HttpLine
from ivr.simulator.phone import Phone
from ivr.storage.tables import Call

SID = "CA" + "2c" * 16
DIGITS = "98765432101234567"
SECONDS = 30

pytestmark = [pytest.mark.whole, pytest.mark.xdist_group("edge_http")]  # one server for all


@dataclass
class Served:
    port: int
    output: BinaryIO

    def send(self, request: bytes) -> tuple[int, bytes]:
        """Send bytes as they are; return the status and everything that came back."""
        with socket.create_connection(("127.0.0.1", self.port), SECONDS) as connection:
            connection.settimeout(SECONDS)
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
            reply = b"".join(iter(lambda: connection.recv(65536), b""))
        assert reply.startswith(b"HTTP/1.1 "), reply
        return int(reply.split(b" ", 2)[1]), reply

    def logged(self) -> str:
        self.output.seek(0)
        return self.output.read().decode("utf-8", "replace")


@pytest.fixture(scope="module")
def served(worker_database, environment):
    """Run the app under gunicorn, as it is served, with one web worker."""
    with socket.create_server(("127.0.0.1", 0)) as listening, tempfile.TemporaryFile() as output:
        given = {
            "database": worker_database.url.render_as_string(hide_password=False),
            "environment": environment,
            "descriptor": listening.fileno(),
        }
        process = subprocess.Popen(
            [sys.executable, Path(__file__).parent / "serve_edge.py"],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            pass_fds=[listening.fileno()],
        )
        process.stdin.write(json.dumps(given).encode())
        process.stdin.close()
        served = Served(listening.getsockname()[1], output)
        served.send(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")  # turns do not wait for a start
        yield served
        process.terminate()
        process.wait(SECONDS)


@pytest.fixture
def signed(house):
    """Write a signed request by hand."""

    def write(target, form, *, method="POST", headers=(), body=None, signed_target=None):
        body = urlencode(form).encode() if body is None else body
        lines = [
            f"{method} {target} HTTP/1.1",
            "Host: line.example",
            "Content-Type: application/x-www-form-urlencoded; charset=UTF-8",
            f"X-Twilio-Signature: {house.sign(signed_target or target, form)}",
            *(headers or [f"Content-Length: {len(body)}"]),
        ]
        return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body

    return write


@pytest.fixture
def calls(engine):
    def count():
        with engine.connect() as db:
            return db.execute(select(func.count()).select_from(Call)).scalar_one()

    return count


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("/voice/answer", 200),
        ("/voice/answer/", 200),
        ("/voice/answer?", 200),
        ("/voice/answer?a=%7E&b=~&c=+&d=%20;x&a=2", 200),
        ("/voice/answer?x=//y", 200),
        ("/voice/%61nswer", 200),
        ("/voice/answer%2F", 200),
        ("//voice/answer", 200),  # gunicorn takes it for /voice/answer
        ("/voice//answer", 404),
        ("/voice/./answer", 404),
        ("/voice/x/../answer", 404),
        ("/voice/answer;x", 404),
        ("/voice/answer%00", 404),
        ("/voice/turn/10000", 404),
    ],
)
def test_targets_are_taken_as_they_are_sent(served, signed, house, calls, *, target, status):
    answered, reply = served.send(signed(target, house.form_of(SID)))
    assert answered == status
    assert b"\r\nLocation:" not in reply
    assert calls() == (status == 200)


@pytest.mark.parametrize(
    ("target", "signed_target"),
    [
        ("http://line.example/voice/answer", "/voice/answer"),
        ("https://line.example/voice/answer", "/voice/answer"),
        ("https://line.example/voice/answer", "https://line.example/voice/answer"),
        ("/voice/answer?a=~", "/voice/answer?a=%7E"),
        ("/voice/answer?", "/voice/answer"),
        ("/voice/answer/", "/voice/answer"),
        ("/voice/answer#rc=2", "/voice/answer"),
    ],
)
def test_a_target_that_differs_from_the_signed_one_is_refused(
    served, signed, house, calls, *, target, signed_target
):
    form = house.form_of(SID, Digits=DIGITS)
    signed_target = (
        signed_target.removeprefix("https://line.example") if target == signed_target else signed_target
    )
    answered, reply = served.send(signed(target, form, signed_target=signed_target))
    assert answered == 403
    assert reply.endswith(b"\r\n\r\n")
    assert calls() == 0


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        (["Content-Length: 65537"], b"", 413),
        (["Content-Length: 99999999999999999999"], b"", 413),
        (["Transfer-Encoding: chunked"], b"0\r\n\r\n", 413),
        (["Content-Length: -1"], b"", 400),
        (["Content-Length: many"], b"", 400),
        (["Content-Length: 5", "Transfer-Encoding: chunked"], b"0\r\n\r\n", 400),
        (["Content-Length: 0"], b"", 403),
        (["X-None: 1"], b"", 403),
        (["Content-Length: 500"], f"Digits={DIGITS}".encode(), 403),
    ],
)
def test_odd_bodies_are_refused(served, signed, house, calls, *, headers, body, status):
    form = house.form_of(SID, Digits=DIGITS)
    answered, reply = served.send(signed("/voice/answer", form, headers=headers, body=body))
    assert answered == status
    assert DIGITS.encode() not in reply
    assert calls() == 0


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "TRACE", "CONNECT", "BREW"])
def test_other_methods_are_405(served, signed, house, calls, method):
    answered, reply = served.send(signed("/voice/answer", house.form_of(SID, Digits=DIGITS), method=method))
    assert answered == 405
    assert b"Allow: POST" in reply
    assert DIGITS.encode() not in reply
    assert calls() == 0


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"POST /voice/answer?\xc3\xa9 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /voice/answer\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n",
        b"POST /voice/answer HTTP/1.1\r\nHost: x\r\nBad Header: 1\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
)
def test_no_nonsense_is_a_server_error(served, calls, request_bytes):
    status, reply = served.send(request_bytes)
    assert 400 <= status < 500
    assert b"Traceback" not in reply
    assert calls() == 0


def told(reply: bytes) -> tuple[list[bytes], bytes]:
    head, _, body = reply.partition(b"\r\n\r\n")
    return sorted(line for line in head.split(b"\r\n") if not line.startswith((b"Date: ", b"Server: "))), body


@pytest.mark.parametrize(
    ("target", "status"), [("/voice/answer", 200), ("/voice/status", 204), ("/voice/x", 404)]
)
def test_past_gunicorn_and_through_it_the_same_is_answered(served, signed, house, *, target, status):
    form = house.form_of(SID, CallStatus="completed")
    usual, reply = served.send(signed(target, form))
    length = f"Content-Length: {len(urlencode(form))}"
    others, reply_to_others = served.send(signed(target, form, headers=[length, "X_Odd: 1"]))
    assert (usual, others) == (status, status)
    assert b"\r\nServer: " in reply_to_others
    assert b"\r\nServer: " not in reply
    assert told(reply) == told(reply_to_others)


def test_a_turn_does_not_wait_for_the_slow(served, signed, house):
    """One worker: it would be theirs for ten seconds each. None of them is cut for the turn's sake."""
    whole = signed("/voice/answer", house.form_of(SID))
    with ExitStack() as held:
        slow = [
            held.enter_context(socket.create_connection(("127.0.0.1", served.port), SECONDS))
            for _ in range(24)
        ]
        for number, connection in enumerate(slow):
            connection.sendall((b"", whole[:100], whole[:-1])[number % 3])
        assert served.send(whole)[0] == 200
        for connection in slow:
            connection.setblocking(False)
            with pytest.raises(BlockingIOError):
                connection.recv(1)


def test_a_call_over_http_leaves_no_digits_in_any_log(served, house):
    house.load_samples("demo.health_and_dental")
    member = house.samples()["demo.health_and_dental"]
    line = HttpLine(
        house.public_url, house.account_sid, house.auth_token, connect_url=f"http://127.0.0.1:{served.port}"
    )
    phone = Phone(line, ManualClock(house.clock.now()), call_sid=SID, account_sid=house.account_sid)
    phone.dial()
    for keys in ("1", "1", member.member_id, member.ssn_last4, member.date_of_birth_keyed):
        phone.press(keys)
    assert phone.turns[-1].node == "main/both_menu"
    phone.hang_up()
    line.close()
    assert (phone.failures, phone.warnings) == ((), ())
    logged = served.logged()
    assert '"event": "turn"' in logged
    assert SID in logged
    for secret in (member.member_id, member.date_of_birth_keyed, member.date_of_birth.isoformat()):
        assert secret not in logged
    assert house.call_row(SID).end == "hangup"

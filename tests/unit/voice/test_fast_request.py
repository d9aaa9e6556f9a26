"""What is read past gunicorn is what gunicorn would have read, to the last field of the environ."""

from __future__ import annotations

import socket
from contextlib import closing

import pytest
from gunicorn import http
from gunicorn.config import Config
from gunicorn.http import wsgi
from hypothesis import example, given
from hypothesis import strategies as st

from ivr.voice.fast_request import HEAD_BYTES_MAX, read_request, write_answer
from ivr.voice.receiving import Connection

BODY = b"CallSid=CA1&Digits=1"
FIELDS = (
    b"Host: line.example",
    b"User-Agent: TwilioProxy/1.1",
    b"Content-Type: application/x-www-form-urlencoded; charset=utf-8",
    b"Accept: */*",
    b"X-Twilio-Signature: 0/jFhN9HNGY8dVY1DGHrnAcyL6Y=",
    b"X-Forwarded-For: 192.0.2.1, 192.0.2.2",
    b"Content-Length: 20",
)
# What the server tells of itself and of the client, and what gunicorn offers for the answer.
SERVERS = {
    *("wsgi.errors", "wsgi.version", "wsgi.multithread", "wsgi.multiprocess", "wsgi.run_once"),
    *("wsgi.file_wrapper", "wsgi.input_terminated", "wsgi.early_hints", "wsgi.input"),
    *("SERVER_SOFTWARE", "SERVER_NAME", "SERVER_PORT", "REMOTE_ADDR", "REMOTE_PORT", "gunicorn.socket"),
}


def request(fields=FIELDS, *, line=b"POST /voice/turn/12 HTTP/1.1", body=BODY):
    return b"\r\n".join([line, *fields, b"", body])


def read_by_gunicorn(sent):
    """Return the environ that gunicorn makes of a request under the line's own settings, its body read."""
    config = Config()
    for name, value in (
        ("limit_request_line", 2048),
        ("limit_request_fields", 60),
        ("limit_request_field_size", 4096),
        ("forwarded_allow_ips", ""),
    ):
        config.set(name, value)
    ours, theirs = socket.socketpair()
    with closing(ours), theirs:
        connection = Connection(ours, None, "")
        connection.received += sent
        parsed = next(http.get_parser(config, connection, ("192.0.2.9", 1234)))
        _, environ = wsgi.create(parsed, connection, ("192.0.2.9", 1234), ("127.0.0.1", 8000), config)
        return environ, environ["wsgi.input"].read()


def assert_read_alike(sent):
    """Hold what was read past gunicorn, if it was, against what gunicorn reads; return whether it was."""
    environ = read_request(bytearray(sent))
    if environ is None:
        return False
    theirs, body = read_by_gunicorn(sent)
    assert environ["wsgi.input"].read() == body
    assert {key: environ.get(key) for key in theirs.keys() - SERVERS} == {
        key: theirs[key] for key in theirs.keys() - SERVERS
    }
    assert environ.keys() - theirs.keys() == set()
    return True


def test_a_webhook_is_read_as_gunicorn_reads_it():
    assert assert_read_alike(request())
    assert assert_read_alike(request(body=b"", fields=[*FIELDS[:-1], b"content-length: 0"]))
    assert assert_read_alike(request([*FIELDS, b"X-Empty: ", b"X-Wide:    a  b  "]))


@pytest.mark.parametrize(
    "line",
    [
        b"GET /voice/turn/12 HTTP/1.1",
        b"POST /voice/turn/12 HTTP/1.0",
        b"POST /voice/turn/12 HTTP/1.1 ",
        b"post /voice/turn/12 HTTP/1.1",
        b"POST  /voice/turn/12 HTTP/1.1",
        b"POST /health HTTP/1.1",
        b"POST //voice/answer HTTP/1.1",
        b"POST /voice/answer? HTTP/1.1",
        b"POST /voice/answer?a=1 HTTP/1.1",
        b"POST /voice/%61nswer HTTP/1.1",
        b"POST /voice/answer#a HTTP/1.1",
        b"POST /voice/answer;a HTTP/1.1",
        b"POST /voice/../answer HTTP/1.1",
        b"POST https://line.example/voice/answer HTTP/1.1",
        b"POST /voice/" + b"a" * 41 + b" HTTP/1.1",
        b"POST /voice/\xe9 HTTP/1.1",
        b"\r\nPOST /voice/answer HTTP/1.1",
    ],
)
def test_another_request_line_is_gunicorns(line):
    assert read_request(bytearray(request(line=line))) is None


@pytest.mark.parametrize(
    "fields",
    [
        FIELDS[:-1],  # no length
        [*FIELDS, b"Content-Length: 20"],
        [*FIELDS[:-1], b"Content-Length: 19"],
        [*FIELDS[:-1], b"Content-Length: 21"],
        [*FIELDS[:-1], b"Content-Length: 020"],
        [*FIELDS[:-1], b"Content-Length: +20"],
        [*FIELDS, b"Transfer-Encoding: chunked"],
        [*FIELDS, b"transfer-encoding: identity"],
        [*FIELDS, b"Expect: 100-continue"],
        [*FIELDS, b"Accept: text/xml"],  # the second of its name
        [*FIELDS, b"ACCEPT: text/xml"],
        [*FIELDS, b"X_Odd: 1"],
        [*FIELDS, b"X-Odd : 1"],
        [*FIELDS, b" X-Odd: 1"],
        [*FIELDS, b"X-Odd: 1", b" and more"],
        [*FIELDS, b"X-Odd:1"],
        [*FIELDS, b"X-Odd"],
        [*FIELDS, b": 1"],
        [*FIELDS, b"X-Odd: \t1"],
        [*FIELDS, b"X-Odd: a\x00"],
        [*FIELDS, b"X-Odd: a\x0bb"],
        [*FIELDS, b"X-Odd: \xe9"],
        [*FIELDS, b"X-Odd: a\rb: c"],
        [*FIELDS, b"X-Odd: a\nb: c"],
        [*FIELDS, *[b"X-Odd-%s: 1" % str(number).encode() for number in range(54)]],
        [*FIELDS, b"X-Odd: " + b"a" * HEAD_BYTES_MAX],
        [],
    ],
)
def test_other_fields_are_gunicorns(fields):
    assert read_request(bytearray(request(fields))) is None


NAMES = st.sampled_from(
    [
        "Host",
        "Accept",
        "Content-Type",
        "Content-Length",
        "Script-Name",
        "Path-Info",
        "X-Forwarded-Proto",
        "Te",
    ]
) | st.text("aZ09-_: \x00é", max_size=6)
VALUES = st.sampled_from(["20", "chunked", "https", "close", "Upgrade", "/voice", ""]) | st.text(
    " \t!~a:,é\x00\x0b\x7f\x85\r\n", max_size=6
)


@given(
    st.sampled_from(["/voice/turn/12", "/voice/answer", "/voice/answer/", "/voice//x", "/voice/_"]),
    st.lists(st.tuples(NAMES, st.sampled_from([":", ": ", ":  "]), VALUES), max_size=5),
    st.sampled_from([BODY, b"", b"\r\n\r\n" * 5]),
)
@example("/voice/turn/12", [("Script-Name", ": ", "/voice"), ("Path-Info", ": ", "/x")], BODY)
@example("/voice/turn/12", [("X-Forwarded-Proto", ": ", "https")], BODY)
@example("/voice/turn/12", [("X", ": ", "a\x85b")], BODY)
def test_whatever_is_read_is_read_as_gunicorn_reads_it(target, fields, body):
    lines = [f"{name}{colon}{value}".encode("latin-1") for name, colon, value in fields]
    assert_read_alike(
        request([*FIELDS[2:5], *lines, FIELDS[-1]], line=f"POST {target} HTTP/1.1".encode(), body=body)
    )


def test_an_answer_says_that_nothing_comes_after_it():
    head, _, body = write_answer(
        "200 OK", [("Ivr-Node", "main/menu"), ("Content-Length", "2")], b"\r\n"
    ).partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert lines[0] == "HTTP/1.1 200 OK"
    assert lines[1].startswith("Date: ")
    assert lines[1].endswith(" GMT")
    assert lines[2:] == ["Connection: close", "Ivr-Node: main/menu", "Content-Length: 2"]
    assert body == b"\r\n"

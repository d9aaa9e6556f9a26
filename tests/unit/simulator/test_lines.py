from __future__ import annotations

import contextlib
import socket
import threading
from contextlib import contextmanager
from urllib.parse import parse_qsl
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from support.certificates import Authority, served_with
from twilio.request_validator import RequestValidator

from ivr.simulator.lines import HttpLine, NoReplyError, WsgiLine

FORM = {"CallSid": "CA1", "SpeechResult": "sí & más", "Digits": "", "FromCity": ""}
TOKEN = "a token"


class Echo:
    """Keeps each request as it came and answers with a status, a header and its path."""

    def __init__(self, status="200 OK", headers=()):
        self.status = status
        self.headers = list(headers)
        self.seen = []
        self.closed = 0

    def __call__(self, environ, start_response):
        length = int(environ["CONTENT_LENGTH"])
        self.seen.append((environ, environ["wsgi.input"].read(length).decode()))
        start_response(self.status, [("Content-Type", "text/xml"), ("Ivr-Turn", "4"), *self.headers])
        return self

    def __iter__(self):
        return iter([b"<Resp", b"onse/>"])

    def close(self):
        self.closed += 1


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture
def served():
    """Serve an app over HTTP on a free port."""
    servers = []

    def serve(app):
        server = make_server("127.0.0.1", 0, app, handler_class=_Quiet)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        servers.append((server, thread))
        return f"http://127.0.0.1:{server.server_port}"

    yield serve
    for server, thread in servers:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(params=["http", "wsgi"])
def line_to(request, served):
    """Make a line to an app, over HTTP and in process; its public address is that of a proxy."""
    lines = []

    def make(app, public_url="https://line.example"):
        if request.param == "wsgi":
            return WsgiLine(app, public_url, "AC1", TOKEN)
        lines.append(HttpLine(public_url, "AC1", TOKEN, connect_url=served(app)))
        return lines[-1]

    yield make
    for line in lines:
        line.close()


def test_a_form_arrives_and_its_answer_comes_back(line_to):
    app = Echo(headers=[("Ivr-Prompts", "a, b")])
    reply = line_to(app).post("/voice/turn/4?x=%7E1", FORM, headers={"I-Twilio-Idempotency-Token": "t"})
    environ, body = app.seen[0]
    assert body == "CallSid=CA1&SpeechResult=s%C3%AD+%26+m%C3%A1s&Digits=&FromCity="
    assert (environ["REQUEST_METHOD"], environ["PATH_INFO"]) == ("POST", "/voice/turn/4")
    assert environ["QUERY_STRING"] == "x=%7E1"
    assert environ["CONTENT_TYPE"] == "application/x-www-form-urlencoded; charset=utf-8"
    assert environ["HTTP_USER_AGENT"] == "TwilioProxy/1.1"
    assert environ["HTTP_I_TWILIO_IDEMPOTENCY_TOKEN"] == "t"
    assert (reply.status, reply.body) == (200, b"<Response/>")
    assert (reply.header("ivr-turn"), reply.header("Ivr-Prompts"), reply.header("X")) == ("4", "a, b", None)


# The signature covers the public address, the path and the query as sent, and every parameter, blank ones too.
@pytest.mark.parametrize("target", ["/voice/turn/4?x=%7E1", "/voice/answer"])
def test_the_signature_covers_the_public_address(line_to, target):
    app = Echo()
    line_to(app, "https://line.example/").post(target, FORM)
    signature = app.seen[0][0]["HTTP_X_TWILIO_SIGNATURE"]
    validator = RequestValidator(TOKEN)
    assert validator.validate(f"https://line.example{target}", FORM, signature)
    assert not validator.validate(f"https://other.example{target}", FORM, signature)
    assert not validator.validate(f"https://line.example{target}", {**FORM, "Digits": "1"}, signature)


# A fragment is a wish about the transport: neither signed nor sent.
def test_a_whole_url_is_taken_and_its_fragment_stripped(line_to):
    app = Echo()
    line = line_to(app)
    line.post("https://line.example/voice/turn/4#rc=2", FORM)
    environ = app.seen[0][0]
    assert environ["PATH_INFO"] == "/voice/turn/4"
    signature = environ["HTTP_X_TWILIO_SIGNATURE"]
    assert RequestValidator(TOKEN).validate("https://line.example/voice/turn/4", FORM, signature)


def test_a_url_elsewhere_is_refused(line_to):
    app = Echo()
    with pytest.raises(NoReplyError, match=r"https://line\.example\.evil/ does not lie under") as raised:
        line_to(app).post("https://line.example.evil/", FORM)
    assert raised.value.code == 11205
    assert app.seen == []


def test_redirects_are_not_followed(line_to):
    app = Echo("302 Found", [("Location", "/elsewhere")])
    reply = line_to(app).post("/voice/answer", FORM)
    assert (reply.status, reply.header("Location"), len(app.seen)) == (302, "/elsewhere", 1)


# Cookies: a reply may set several; a line itself keeps none, since it serves many calls.
def test_cookies_are_told_and_not_kept(line_to):
    app = Echo(
        headers=[("Set-Cookie", "a=1; Path=/"), ("Set-Cookie", "b=2; Expires=Fri, 18 Dec 2037 15:15:00 GMT")]
    )
    line = line_to(app)
    reply = line.post("/voice/answer", FORM)
    assert reply.cookies == ("a=1; Path=/", "b=2; Expires=Fri, 18 Dec 2037 15:15:00 GMT")
    line.post("/voice/answer", FORM)
    assert "HTTP_COOKIE" not in app.seen[1][0]


# Signatures: every value counts as it is, an empty and a foreign one too.
@pytest.mark.parametrize("form", [{}, {"a": ""}, {"a": "", "b": ""}, {"b": "Zoë", "a": "\U0001f600 "}])
def test_any_form_is_signed(line_to, form):
    app = Echo()
    line_to(app).post("/voice/answer", form)
    environ, body = app.seen[0]
    sent = dict(parse_qsl(body, keep_blank_values=True))
    assert sent == form
    signature = environ["HTTP_X_TWILIO_SIGNATURE"]
    assert RequestValidator(TOKEN).validate("https://line.example/voice/answer", sent, signature)


# URLs: what is none is error 11100, and nothing is sent.
@pytest.mark.parametrize("url", ["/voice/\u00e9", "/a b", "/a\r\nb", "http://[bad"])
def test_what_is_no_url_is_refused(line_to, url):
    app = Echo()
    with pytest.raises(NoReplyError, match="is no URL") as raised:
        line_to(app).post(url, FORM)
    assert raised.value.code == 11100
    assert app.seen == []


# Signatures: a request can be sent without one.
def test_headers_can_be_taken_out(line_to):
    app = Echo()
    line_to(app).post("/voice/answer", FORM, headers={"X-Twilio-Signature": None})
    assert "HTTP_X_TWILIO_SIGNATURE" not in app.seen[0][0]


def test_headers_can_be_replaced(line_to):
    app = Echo()
    line_to(app).post("/voice/answer", FORM, headers={"X-Twilio-Signature": "forged"})
    assert app.seen[0][0]["HTTP_X_TWILIO_SIGNATURE"] == "forged"


# As gunicorn does: the raw target beside the decoded path, the host of the public address.
def test_the_environ_of_an_app_in_process():
    app = Echo()
    WsgiLine(app, "https://line.example", "AC1", TOKEN).post("/voice/a%7Eb?c=%7E", FORM)
    environ = app.seen[0][0]
    assert (environ["RAW_URI"], environ["PATH_INFO"]) == ("/voice/a%7Eb?c=%7E", "/voice/a~b")
    assert (environ["wsgi.url_scheme"], environ["SERVER_PORT"]) == ("https", "443")
    assert environ["HTTP_HOST"] == "line.example"
    assert app.closed == 1
    WsgiLine(app, "http://line.example", "AC1", TOKEN).post("/", FORM)
    assert app.seen[1][0]["SERVER_PORT"] == "80"
    WsgiLine(app, "http://line.example:8000", "AC1", TOKEN).post("/", FORM)
    assert (app.seen[2][0]["SERVER_PORT"], app.seen[2][0]["HTTP_HOST"]) == ("8000", "line.example:8000")


def test_an_answer_without_close_will_do():
    def app(_environ, start_response):
        start_response("204 No Content", [])
        return []

    assert WsgiLine(app, "https://line.example", "AC1", TOKEN).post("/", FORM).status == 204


def test_a_line_that_is_not_there():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        line = HttpLine(f"http://127.0.0.1:{taken.getsockname()[1]}", "AC1", TOKEN)
        with pytest.raises(NoReplyError, match="cannot be reached") as raised:
            line.post("/voice/answer", FORM)
    assert raised.value.code == 11205


def test_a_line_that_takes_no_connection():
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        for other in waiting:  # more than the queue holds: the next one gets no answer at all
            other.setblocking(False)
            other.connect_ex(full.getsockname())
        line = HttpLine(f"http://127.0.0.1:{full.getsockname()[1]}", "AC1", TOKEN, timeout_seconds=0.05)
        with pytest.raises(NoReplyError, match="took no connection") as raised:
            line.post("/voice/answer", FORM)
        for other in waiting:
            other.close()
        line.close()
    assert raised.value.code == 11205


@contextmanager
def dribbling(piece, pause_seconds, encoding="identity"):
    """Serve one reply that never ends: a piece, a pause, a piece; give its URL and what was sent of it."""
    stop, sent = threading.Event(), []

    def serve():
        connection, _ = listening.accept()
        with connection, contextlib.suppress(OSError):
            connection.recv(65536)
            connection.sendall(f"HTTP/1.1 200 OK\r\nContent-Encoding: {encoding}\r\n\r\n".encode())
            while not stop.wait(pause_seconds):
                connection.sendall(piece)
                sent.append(len(piece))

    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}", sent
        finally:
            stop.set()
            thread.join()


# Time limit: it is for the whole reply, not for every piece of it; a line may fall silent in the middle, too.
@pytest.mark.parametrize("pause_seconds", [0.005, 60.0])
def test_a_line_that_never_comes_to_the_end(pause_seconds):
    with dribbling(b" ", pause_seconds) as (url, _):
        line = HttpLine(url, "AC1", TOKEN, timeout_seconds=0.1)
        with pytest.raises(NoReplyError, match="did not answer in time") as raised:
            line.post("/voice/answer", FORM)
        line.close()
    assert raised.value.code == 11200


def test_a_reply_that_cannot_be_decoded():
    with dribbling(b"this was never compressed", 0.0, "gzip") as (url, _):
        line = HttpLine(url, "AC1", TOKEN)
        with pytest.raises(NoReplyError, match="cannot be reached") as raised:
            line.post("/voice/answer", FORM)
        line.close()
    assert raised.value.code == 11205


# Size: no more of a document is read than tells that it is too long.
def test_a_reply_without_end_is_not_read_to_the_end():
    with dribbling(b" " * 16_384, 0.0) as (url, sent):
        line = HttpLine(url, "AC1", TOKEN)
        reply = line.post("/voice/answer", FORM)
        line.close()
    assert 64 * 1024 < len(reply.body) <= sum(sent)
    assert len(reply.body) < 1024 * 1024


def test_a_line_that_takes_the_call_and_says_nothing():
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        line = HttpLine(url, "AC1", TOKEN, timeout_seconds=0.05)
        with pytest.raises(NoReplyError, match="did not answer in time") as raised:
            line.post("/voice/answer", FORM)
        line.close()
    assert raised.value.code == 11200


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.mark.parametrize(
    ("issued", "trusted", "code", "why"),
    [
        ({}, False, 11237, "has a certificate that is of an authority that is not trusted here: name a file with"),
        ({"by_itself": True}, False, 11237, "has a certificate that is signed by itself: name a file with that"),
        ({"days": (-2, -1)}, True, 11236, "has a certificate that has expired: renew it"),
        ({"days": (1, 2)}, True, 11236, "has a certificate that is not valid yet: look at its clock"),
        ({"host": "127.0.0.2"}, True, 11235, "has a certificate that is for another name: correct the address"),
        ({"host": "line.example"}, True, 11235, "has a certificate that is for another name: correct"),
    ],
)  # fmt: skip
def test_a_certificate_that_does_not_hold_is_named(authority, issued, trusted, code, why):
    with served_with(authority.issue(**issued), Echo()) as url:
        line = HttpLine(url, "AC1", TOKEN, authorities=str(authority.file) if trusted else "")
        with pytest.raises(NoReplyError) as caught:
            line.post("/voice/answer", FORM)
        line.close()
    assert caught.value.code == code
    assert str(caught.value).startswith(f"{url} {why}")


def test_a_certificate_of_a_trusted_authority_holds(authority):
    with served_with(authority.issue(), Echo()) as url:
        line = HttpLine(url, "AC1", TOKEN, authorities=str(authority.file))
        assert line.post("/voice/answer", FORM).status == 200
        line.close()


def test_what_speaks_no_tls_is_named(served):
    url = served(Echo()).replace("http:", "https:")
    line = HttpLine(url, "AC1", TOKEN)
    with pytest.raises(
        NoReplyError, match=f"^{url} does not speak TLS with us .*: correct the address$"
    ) as caught:
        line.post("/voice/answer", FORM)
    line.close()
    assert caught.value.code == 11220

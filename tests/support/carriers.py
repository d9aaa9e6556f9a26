"""Local servers that answer as Twilio's REST API and as mail servers do, well and badly."""

from __future__ import annotations

import json
import socket
import struct
import threading
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl

from aiosmtpd.controller import Controller

SID = "SM" + "5" * 32


def created(sid=SID, status="queued"):
    """What Twilio answers when it takes a message."""
    body = {"sid": sid, "status": status, "error_code": None, "error_message": None, "num_segments": "4"}
    return 201, json.dumps(body)


def error(status, code):
    """What Twilio answers when it does not."""
    body = {"code": code, "message": "…", "more_info": f"https://www.twilio.com/docs/errors/{code}"}
    return status, json.dumps({**body, "status": status})


CUT, SLOW = "cut", "slow"


class TwilioServer:
    """Takes messages; `answers` are given one after the other, the last one from then on.

    An answer is (status, body), `CUT`: the connection is reset without one, or `SLOW`: none comes.
    """

    def __init__(self):
        self.answers = [created()]
        self.requests = []
        self.release = threading.Event()
        twilio = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                text = self.rfile.read(int(self.headers["Content-Length"])).decode()
                twilio.requests.append((self.path, self.headers["Authorization"], dict(parse_qsl(text))))
                answer = twilio.answers[min(len(twilio.requests), len(twilio.answers)) - 1]
                if answer == CUT:
                    linger = struct.pack("ii", 1, 0)
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                    self.close_connection = True
                    return
                if answer == SLOW:
                    twilio.release.wait(60)
                    return
                status, body = answer
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = False
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}).start()
        return self

    def __exit__(self, *_):
        self.release.set()
        self._server.shutdown()
        self._server.server_close()


class MailBox:
    """Takes mail and keeps it; `refusals` names the stage that answers something else: rcpt or data."""

    def __init__(self, **refusals):
        self.refusals = refusals
        self.taken = []

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802 (its name)
        if "rcpt" in self.refusals:
            return self.refusals["rcpt"]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 (its name)
        self.taken.append(envelope)
        if self.refusals.get("data") == CUT:
            server.transport.abort()
            return "250 never seen"
        return self.refusals.get("data", "250 OK")


class _Controller(Controller):
    """On a free port, that the system chose."""

    def _trigger_server(self):
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@contextmanager
def mail_server(box=None, **options):
    """Run a mail server; gives the box it puts mail into and the port it answers on."""
    box = box or MailBox()
    controller = _Controller(box, hostname="127.0.0.1", port=0, **options)
    controller.start()
    try:
        yield box, controller.port
    finally:
        controller.stop()


@contextmanager
def curt_server(words):
    """Give the port of a server that says these words to the first who connects, and nothing more."""
    with socket.create_server(("127.0.0.1", 0)) as server, ExitStack() as open_until_the_end:

        def say():
            connection = open_until_the_end.enter_context(server.accept()[0])
            connection.send(words)

        thread = threading.Thread(target=say)
        thread.start()
        yield server.getsockname()[1]
        thread.join()


def closed_port():
    """Return a port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]

"""gunicorn's sync worker, but for how requests come in: received beside each other, run one by one.

A request is run in the main thread, as sync workers do: only there the alarm of `ivr.voice.deadline` rings.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from contextlib import closing, nullcontext, suppress
from typing import Any

from gunicorn.http.wsgi import base_environ
from gunicorn.workers.sync import SyncWorker

from ivr.voice.fast_request import read_request, write_answer
from ivr.voice.receiving import ARRIVED_AT, Connection, Reception

WAIT_SECONDS = 1.0
LAST_SECONDS = 0.5  # what was let in and is on its way when the worker is told to end


class ReceivingWorker(SyncWorker):  # type: ignore[misc]  # gunicorn has no types
    """Runs whole requests, one at a time, oldest first."""

    wsgi: Any
    alive: bool

    @classmethod
    def check_config(cls, config: Any, log: Any) -> None:
        """Refuse what this worker does not do. Raises `RuntimeError`, which gunicorn prints."""
        del log
        if config.is_ssl:
            raise RuntimeError("TLS is the proxy's: leave out certfile and keyfile.")

    def load_wsgi(self) -> None:
        """Load the app, and tell it of each request when it came."""
        super().load_wsgi()
        app = self.wsgi

        def told(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
            environ[ARRIVED_AT] = environ["gunicorn.socket"].arrived_at
            answer: Iterable[bytes] = app(environ, start_response)
            return answer

        self.wsgi = told
        self._app = app

    def run(self) -> None:
        """Serve until told to end; then what was let in already, if it comes at once."""
        for listener in self.sockets:
            listener.settimeout(0)
        self._server = {each: _server_environ(self.cfg, each.getsockname()) for each in self.sockets}
        reception = Reception(self.sockets, self.PIPE[0], _head_bytes_max(self.cfg))
        while self.alive:
            if not self._serve(reception, WAIT_SECONDS) and not self.is_parent_alive():
                break
        reception.close_doors()
        end_at = time.monotonic() + LAST_SECONDS
        while reception.is_receiving and (left := end_at - time.monotonic()) > 0:
            self._serve(reception, left)
        reception.close()

    def _serve(self, reception: Reception, seconds: float) -> bool:
        """Run what becomes whole within `seconds`; return whether there was anything."""
        whole = reception.wait(seconds)
        for connection in whole:
            self.notify()
            request, server = read_request(connection.received), self._server[connection.listener]
            if request is None or server is None:
                self.handle(connection.listener, connection, connection.address)
                reception.see_off(connection)
            else:
                self._answer(connection, {**server, **request})
                connection.hang_up()  # all that was sent is read: nothing can take the answer back
        if not whole:
            self.notify()
        return bool(whole)

    def _answer(self, connection: Connection, environ: dict[str, Any]) -> None:
        """Have the app answer, as gunicorn does, and send it in one piece."""
        environ["REMOTE_ADDR"] = connection.address[0]
        environ[ARRIVED_AT] = connection.arrived_at
        self.nr += 1
        self.alive = self.alive and self.nr < self.max_requests
        head: list[Any] = []
        try:
            answer = self._app(environ, lambda *told: head.append(told))
            with closing(answer) if hasattr(answer, "close") else nullcontext():
                body = b"".join(answer)
            status, headers = head[-1][:2]
            with suppress(OSError):  # they have left, or do not read
                connection.sendall(write_answer(status, headers, body))
        except BaseException as error:  # noqa: BLE001 (gunicorn writes 500, and of what)
            self.handle_error(None, connection, connection.address, error)


def _server_environ(config: Any, address: Any) -> dict[str, Any] | None:
    """Return what a listener's requests have; None: gunicorn reads them (a Unix socket's, or a prefix)."""
    if isinstance(address, str) or "SCRIPT_NAME" in os.environ:
        return None
    return {**base_environ(config), "SERVER_NAME": address[0], "SERVER_PORT": str(address[1])}


def _head_bytes_max(config: Any) -> int:
    """Return how long a head may be that gunicorn reads to its end."""
    field = int(config.limit_request_field_size) + 2
    return int(config.limit_request_line) + int(config.limit_request_fields) * field + 4

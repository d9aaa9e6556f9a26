"""gunicorn's sync worker, but for how requests come in: received beside each other, run one by one.

A request is run in the main thread, as sync workers do: only there the alarm of `ivr.voice.deadline` rings.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

from gunicorn.workers.sync import SyncWorker

from ivr.voice.receiving import ARRIVED_AT, Reception

WAIT_SECONDS = 1.0
LAST_SECONDS = 0.5  # what was let in and is on its way when the worker is told to end


class ReceivingWorker(SyncWorker):  # type: ignore[misc]  # gunicorn has no types
    """Runs whole requests, one at a time, oldest first."""

    wsgi: Any

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

    def run(self) -> None:
        """Serve until told to end; then what was let in already, if it comes at once."""
        for listener in self.sockets:
            listener.settimeout(0)
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
            self.handle(connection.listener, connection, connection.address)
            reception.see_off(connection)
        if not whole:
            self.notify()
        return bool(whole)


def _head_bytes_max(config: Any) -> int:
    """Return how long a head may be that gunicorn reads to its end."""
    field = int(config.limit_request_field_size) + 2
    return int(config.limit_request_line) + int(config.limit_request_fields) * field + 4

"""An HTTP server on this machine, as gunicorn would serve an app: signed addresses stay as they were sent."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any, Self

from werkzeug.serving import WSGIRequestHandler, make_server


class _QuietHandler(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 (the parent's signature)
        """Say nothing: the transcript is what people read."""

    def make_environ(self) -> dict[str, Any]:
        environ = super().make_environ()
        environ["RAW_URI"] = self.path  # as gunicorn gives it: what was signed
        return environ


class LocalServer:
    """An HTTP server on a free port of this machine, for one app after another; `with` runs it."""

    def __init__(self) -> None:
        self.app: Callable[..., Iterable[bytes]] | None = None
        self._server = make_server(
            "127.0.0.1", 0, self._dispatch, threaded=True, request_handler=_QuietHandler
        )
        logging.getLogger("werkzeug").setLevel(logging.ERROR)

    @property
    def url(self) -> str:
        """The server's address."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        ).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _dispatch(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if self.app is None:
            raise RuntimeError("no app is being served")
        return self.app(environ, start_response)

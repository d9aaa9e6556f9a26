"""A WSGI app that tells how requests reach it: for tests of the web worker alone.

`GET /` is answered with the worker's process and the seconds since the request arrived. `GET /hold?PATH` is
answered in the same way once somebody has opened the FIFO at PATH for writing and closed it again. What
is posted to /voice/breaks breaks, to /voice/breaks_off once it has begun; any other answer tells how many
before it were closed.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from ivr.voice.receiving import ARRIVED_AT

_closed: list[Parts] = []


class Parts:
    """What a framework returns: iterated once, then closed, also when it breaks off."""

    def __init__(self, body: bytes, *, breaks_off: bool) -> None:
        self._body = body
        self._breaks_off = breaks_off

    def __iter__(self) -> Iterator[bytes]:
        yield self._body[:3]
        if self._breaks_off:
            raise RuntimeError("broken")
        yield self._body[3:]

    def close(self) -> None:
        _closed.append(self)


def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    waited = time.monotonic() - environ[ARRIVED_AT]
    if environ["PATH_INFO"] == "/hold":
        with Path(environ["QUERY_STRING"]).open("rb") as gate:
            gate.read()
    if environ["PATH_INFO"] == "/voice/breaks":
        raise RuntimeError("broken")
    body = json.dumps(
        {
            "process": os.getpid(),
            "waited": waited,
            "body": environ["wsgi.input"].read().decode(),
            "closed": len(_closed),
            "client": environ["REMOTE_ADDR"],
            "server": [environ["SERVER_NAME"], environ["SERVER_PORT"]],
            "by_gunicorn": "gunicorn.socket" in environ,
        }
    ).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return Parts(body, breaks_off=environ["PATH_INFO"] == "/voice/breaks_off")

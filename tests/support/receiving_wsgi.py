"""A WSGI app that tells how requests reach it: for tests of the web worker alone.

`GET /` is answered with the worker's process and the seconds since the request arrived. `GET /hold?PATH` is
answered in the same way once somebody has opened the FIFO at PATH for writing and closed it again.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from ivr.voice.receiving import ARRIVED_AT


def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    waited = time.monotonic() - environ[ARRIVED_AT]
    if environ["PATH_INFO"] == "/hold":
        with Path(environ["QUERY_STRING"]).open("rb") as gate:
            gate.read()
    body = json.dumps(
        {"process": os.getpid(), "waited": waited, "body": environ["wsgi.input"].read().decode()}
    )
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body.encode()]

"""A webhook's request past gunicorn's parser and writer, which take as long as the turn's own work.

Read here is only what is written as Twilio and proxies write a webhook. Anything else goes to gunicorn as it
came, which reads it or says what is wrong with it.
"""

from __future__ import annotations

import io
import re
import time
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from gunicorn.util import http_date

HEAD_BYTES_MAX = 4096
_HEAD = re.compile(
    rb"POST (/voice/[\w/]{1,40}) HTTP/1\.1\r\n((?:[A-Za-z][A-Za-z0-9-]*: [ -~]*\r\n){1,60})\r\n"
)
_date = lru_cache(1)(http_date)  # of a second
_GUNICORNS = {"HTTP_TRANSFER_ENCODING", "HTTP_EXPECT"}  # whoever sends these expects more than an answer


def read_request(received: bytearray) -> dict[str, Any] | None:
    """Return what WSGI's environ says of a whole request, nothing of the server; None: gunicorn reads it."""
    head = _HEAD.match(received, 0, HEAD_BYTES_MAX)
    if head is None:
        return None
    path, lines = head[1].decode(), head[2].decode().splitlines()
    fields = {_key(name): value.strip(" ") for name, _, value in [line.partition(": ") for line in lines]}
    body = bytes(received[head.end() :])
    is_repeated = len(fields) < len(lines)
    if is_repeated or fields.get("CONTENT_LENGTH") != str(len(body)) or not _GUNICORNS.isdisjoint(fields):
        return None
    return {
        **fields,
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "RAW_URI": path,
        "QUERY_STRING": "",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
    }


@lru_cache(256)
def _key(name: str) -> str:
    key = name.upper().replace("-", "_")
    return key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"


def write_answer(status: str, headers: Iterable[tuple[str, str]], body: bytes) -> bytes:
    """Return the bytes of an answer after which nothing comes."""
    fields = "".join([f"{name}: {value}\r\n" for name, value in headers])
    head = f"HTTP/1.1 {status}\r\nDate: {_date(int(time.time()))}\r\nConnection: close\r\n{fields}\r\n"
    return head.encode("latin-1") + body

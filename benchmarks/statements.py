"""What each turn of a paying call asks of PostgreSQL: counted in process, where nothing can hide."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, event

from benchmarks.scripts import Request, Script
from benchmarks.servers import BenchmarkError
from ivr.base.clock import ManualClock
from ivr.base.logs import configure_logs
from ivr.base.randomness import SecretRandomness
from ivr.base.settings import Settings
from ivr.calls.store import keep_flow_version
from ivr.topics.line import Line
from ivr.voice.serving import serve_line


@dataclass(frozen=True)
class TurnStatements:
    """One turn: where it led and the statements it ran, COMMIT among them."""

    seq: int
    node: str
    statements: tuple[str, ...]


def count_statements(
    engine: Engine, settings: Settings, line: Line, now: datetime, calls: Iterable[Script]
) -> list[TurnStatements]:
    """Play the calls through the voice app in this process; return the turns of the last one.

    The first call is for what only a new connection does.
    """
    configure_logs(io.StringIO())
    heard: list[str] = []

    def executed(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        heard.append(_name(statement))

    def committed(_connection: Any) -> None:
        heard.append("COMMIT")

    event.listen(engine, "before_cursor_execute", executed)
    event.listen(engine, "commit", committed)
    with engine.begin() as db:
        keep_flow_version(db, line.flow.version, dict(line.files), now)
    app = serve_line(settings, engine, line, ManualClock(now), SecretRandomness())
    turns: list[TurnStatements] = []
    for call in calls:
        turns = []
        for seq, request in enumerate(call):
            heard.clear()
            _send(app.wsgi_app, request)
            turns.append(TurnStatements(seq, request.node, tuple(heard)))
    event.remove(engine, "before_cursor_execute", executed)
    event.remove(engine, "commit", committed)
    return turns


def _send(app: Any, request: Request) -> None:
    answer: dict[str, str] = {}

    def start_response(status: str, headers: list[tuple[str, str]], _error: Any = None) -> None:
        answer.update({"status": status, **dict(headers)})

    body = request.payload.partition(b"\r\n\r\n")[2]
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": request.target,
        "RAW_URI": request.target,
        "QUERY_STRING": "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_TYPE": "application/x-www-form-urlencoded",
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_X_TWILIO_SIGNATURE": request.signature,
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.version": (1, 0),
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for _ in app(environ, start_response):
        pass
    if not answer["status"].startswith("200") or answer.get("Ivr-Node") != request.node:
        raise BenchmarkError(
            f"{request.target} answered {answer['status']} from {answer.get('Ivr-Node')};"
            f" expected was {request.node}"
        )


def _name(statement: str) -> str:
    """Name a statement by its verb and table; a CTE by the writes in it."""
    words = statement.replace('"', "").split()
    names = []
    for index, word in enumerate(words):
        before = words[index - 1].strip("(),") if index else ""
        if word == "INTO" and before == "INSERT":
            names.append(f"INSERT {words[index + 1]}")
        elif word.strip("(") == "UPDATE" and before not in {"FOR", "KEY", "DO"}:
            names.append(f"UPDATE {words[index + 1]}")
    if not names:
        tables = words[words.index("FROM") + 1].strip("(),") if "FROM" in words else "…"
        names = [f"SELECT {tables}" + (" FOR UPDATE" if "FOR" in words else "")]
    return " + ".join(names)

"""The webhook of a turn past the framework, which takes as long as the turn's own work.

What passes every check of the edge is answered here with what Flask's route answers; anything else goes to
Flask as it came, which checks it from the start and says what is wrong.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable
from typing import Any

from ivr.voice.edge import Edge, RefusedRequestError, headers_of
from ivr.voice.receiving import ARRIVED_AT, BODY_BYTES_MAX
from ivr.voice.turns import Turns

_TURN = re.compile("/voice/(?:answer|turn/([0-9]{1,4}))")
_LENGTH = re.compile("[0-9]{1,5}")

WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class FastTurn:
    """A WSGI app in front of `app`."""

    def __init__(self, app: WsgiApp, edge: Edge, turns: Turns) -> None:
        self._app = app
        self._edge = edge
        self._turns = turns

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer a turn, or have `app` answer."""
        turn = _TURN.fullmatch(environ["PATH_INFO"])
        length = _LENGTH.fullmatch(environ.get("CONTENT_LENGTH") or "")
        if (
            turn is None
            or length is None
            or int(length[0]) > BODY_BYTES_MAX
            or environ["REQUEST_METHOD"] != "POST"
            or "HTTP_TRANSFER_ENCODING" in environ
        ):
            return self._app(environ, start_response)
        body = environ["wsgi.input"].read(int(length[0]))
        try:
            form = self._edge.form(environ, body)
        except RefusedRequestError:
            environ["wsgi.input"] = io.BytesIO(body)
            return self._app(environ, start_response)
        call_sid, arrived_at = form["CallSid"], environ.get(ARRIVED_AT)
        if turn[1]:
            reply = self._turns.turn(call_sid, int(turn[1]), form, arrived_at)
        else:
            reply = self._turns.answer(call_sid, form, arrived_at)
        start_response("200 OK", [*headers_of(reply).items(), ("Content-Length", str(len(reply.body)))])
        return [reply.body]

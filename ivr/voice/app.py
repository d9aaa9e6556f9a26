"""The voice app: what Twilio reaches. Checks first (413, 405, 403, 400, in this order), then the turn."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from flask import Flask, Response, request
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from ivr.notices.callbacks import MESSAGE_SID
from ivr.storage.engine import takes_writes
from ivr.storage.revision import standing
from ivr.voice.deadline import DeadlineExceeded
from ivr.voice.deliveries import Deliveries
from ivr.voice.edge import Edge, RefusedRequestError, VoiceSettings, headers_of
from ivr.voice.fast_turn import FastTurn
from ivr.voice.forms import CALL_SID
from ivr.voice.patience import Patience, TurnedAwayError
from ivr.voice.receiving import ARRIVED_AT, BODY_BYTES_MAX
from ivr.voice.turns import Reply, Turns

HEALTH_SECONDS = 2.0


def make_voice_app(turns: Turns, engine: Engine, settings: VoiceSettings, deliveries: Deliveries) -> Flask:
    """Make the WSGI app of the webhooks. It holds no state; every process may serve any turn."""
    app = Flask("ivr.voice", static_folder=None)
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    edge = Edge(settings)
    webhooks = _Webhooks(edge)
    patience = Patience(engine, deadline_seconds=HEALTH_SECONDS)
    methods: dict[str, Any] = {"methods": ["POST"], "provide_automatic_options": False}

    @app.before_request
    def too_large() -> Response | None:
        # Before routing speaks: a body too large is 413 whatever its method.
        if request.content_length is None and request.headers.get("Transfer-Encoding"):
            return _refusal(413)
        return _refusal(413) if (request.content_length or 0) > BODY_BYTES_MAX else None

    @app.route("/voice/turn/<int(max=9999):seq>", **methods)
    def turn(seq: int) -> Response:
        return webhooks.serve(lambda call_sid, form, arrived_at: turns.turn(call_sid, seq, form, arrived_at))

    @app.route("/voice/person/<language>/<pace>", **methods)
    def agent_called(language: str, pace: str) -> Response:
        return webhooks.serve(lambda call_sid, form, _: turns.agent_called(call_sid, form, language, pace))

    app.add_url_rule("/voice/answer", "answer", partial(webhooks.serve, turns.answer), **methods)
    app.add_url_rule("/voice/agent", "agent", partial(webhooks.tell_agent, turns), **methods)
    app.add_url_rule("/voice/fallback", "fallback", partial(webhooks.serve, turns.fallback), **methods)
    app.add_url_rule("/voice/status", "status", partial(webhooks.note, turns.status), **methods)
    app.add_url_rule("/notices/status", "delivery", partial(webhooks.note_delivery, deliveries), **methods)

    @app.get("/health")
    def health() -> Response:
        return _health(engine, patience, turns)

    @app.get("/live")
    def live() -> Response:
        """Say that this process answers, whatever the database does: who restarts processes asks this."""
        return Response('{"status": "ok"}', 200, {"Content-Type": "application/json"})

    @app.errorhandler(RefusedRequestError)
    def not_twilios(error: RefusedRequestError) -> Response:
        return _refusal(error.status)

    @app.errorhandler(HTTPException)
    def refused(error: HTTPException) -> Response:
        refusal = _refusal(error.code or 500)
        if isinstance(error, MethodNotAllowed):
            refusal.allow.update(error.valid_methods or ())
        return refusal

    app.wsgi_app = FastTurn(app.wsgi_app, edge, turns)  # type: ignore[method-assign]
    return app


class _Webhooks:
    """The routes' common part: the edge's checks, then the work, which always gives an answer."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge

    def serve(self, work: Callable[[str, Mapping[str, str], float | None], Reply]) -> Response:
        form = self._form()
        reply = work(form["CallSid"], form, _arrived_at())
        return Response(reply.body, 200, headers_of(reply))

    def tell_agent(self, turns: Turns) -> Response:
        return self.serve(lambda _, __, ___: turns.agent_told(request.args))

    def note(self, work: Callable[[str, Mapping[str, str], float | None], None]) -> Response:
        form = self._form()
        if form.get("CallStatus", "completed") in {"completed", "busy", "failed", "no-answer", "canceled"}:
            work(form["CallSid"], form, _arrived_at())
        return Response(status=204)

    def note_delivery(self, deliveries: Deliveries) -> Response:
        form = self._form("MessageSid", MESSAGE_SID)
        deliveries.note(form, request.args.get("attempt", type=int), _arrived_at())
        return Response(status=204)

    def _form(self, name: str = "CallSid", kind: re.Pattern[str] = CALL_SID) -> dict[str, str]:
        return self._edge.form(request.environ, request.get_data(cache=False), name, kind)


def _arrived_at() -> float | None:
    """Return when the request arrived, by the monotonic clock, if the server tells."""
    arrived_at: float | None = request.environ.get(ARRIVED_AT)
    return arrived_at


def _refusal(status: int) -> Response:
    # Empty: nothing of the request is repeated, for it may hold digits.
    return Response(b"", status, {"Content-Type": "text/plain; charset=utf-8"})


def _health(engine: Engine, patience: Patience, turns: Turns) -> Response:
    database, migrations, writes, serves = "unreachable", "unknown", "unknown", False
    try:
        stands = patience.spend(lambda: standing(engine))
        migrations, serves = stands.fit, stands.works
        database, writes = "reachable", "refused"
        writes = "possible" if patience.spend(lambda: takes_writes(engine)) else "refused"
    except (DeadlineExceeded, TurnedAwayError, SQLAlchemyError):
        pass
    # What a turn found out counts too, though all that is tried here may work: a table may be locked.
    calls = "turned away" if turns.turns_away else "taken"
    well = (serves, writes, calls) == (True, "possible", "taken")
    body = {
        "status": "ok" if well else "unavailable",
        "database": database,
        "migrations": migrations,
        "writes": writes,
        "calls": calls,
        "flow_version": turns.flow_version,
    }
    return Response(json.dumps(body), 200 if well else 503, {"Content-Type": "application/json"})

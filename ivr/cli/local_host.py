"""The line in this process, for written calls: the real app on a scratch database, over real HTTP."""

from __future__ import annotations

import io
import json
import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from types import TracebackType
from typing import Any, Self

from sqlalchemy import Connection, Engine, select, text
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from ivr.actions.line import Line
from ivr.base.clock import ManualClock
from ivr.base.errors import OperatorError
from ivr.base.money import format_amount
from ivr.base.randomness import SeededRandomness
from ivr.base.settings import Settings
from ivr.billing.imports import import_bills
from ivr.billing.samples import SampleMember, bills_csv, demo_members, members_csv
from ivr.calls.store import keep_flow_version
from ivr.members.imports import import_members
from ivr.phone.lines import HttpLine
from ivr.replay.host import Event, PreparedLine, Setup, Visit, written_call_sid
from ivr.storage.tables import Base, Payment, Turn
from ivr.voice.serving import serve_line

SEED = 20_261_218


class _QuietHandler(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 (the parent's signature)
        """Say nothing: the transcript is what people read."""

    def make_environ(self) -> dict[str, Any]:
        environ = super().make_environ()
        environ["RAW_URI"] = self.path  # as gunicorn gives it: what was signed
        return environ


class LocalHost:
    """Gives every run an empty database with one sample member in it, and an app with the run's own clock.

    `engine` is a scratch database: every run empties it. `with` starts and stops the server.
    """

    def __init__(self, engine: Engine, line: Line, settings: Settings) -> None:
        self._engine = engine
        self._line = line
        self._settings = settings
        self._app: Callable[..., Iterable[bytes]] | None = None
        self._server: BaseWSGIServer | None = None
        logging.getLogger("werkzeug").setLevel(logging.ERROR)

    def __enter__(self) -> Self:
        self._server = make_server(
            "127.0.0.1", 0, self._dispatch, threaded=True, request_handler=_QuietHandler
        )
        self._settings = self._settings.model_copy(
            update={"public_url": f"http://127.0.0.1:{self._server.server_port}"}
        )
        threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        ).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()

    def _dispatch(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if self._app is None:
            raise RuntimeError("no run is prepared")
        return self._app(environ, start_response)

    @property
    def languages(self) -> Sequence[str]:
        """The languages of the line."""
        return self._line.flow.languages

    def prepare(self, setup: Setup) -> AbstractContextManager[PreparedLine]:
        """Give a line for one run. Raises `OperatorError` for an unknown sample member."""
        return self._prepared(setup)

    @contextmanager
    def _prepared(self, setup: Setup) -> Iterator[PreparedLine]:
        clock = ManualClock(setup.now)
        settings = self._settings.model_copy(update=_settings_of(setup))
        local = setup.now.astimezone(settings.ivr_timezone)
        members = demo_members(local.date())
        member = _named(members, setup.member)
        with self._engine.begin() as db:
            empty(db)
            keep_flow_version(db, self._line.flow.version, dict(self._line.files), clock.now())
            if member is not None:
                load_members(db, settings, [member], clock)
        self._app = serve_line(settings, self._engine, self._line, clock, SeededRandomness(SEED))
        line = HttpLine(settings.public_url, settings.twilio_account_sid, settings.twilio_auth_token)
        try:
            yield PreparedLine(
                line=line,
                clock=clock,
                call_sid=written_call_sid(setup),
                account_sid=settings.twilio_account_sid,
                facts={} if member is None else facts_of(member),
                observe=self._events,
                visited=self._visits,
            )
        finally:
            line.close()

    def _events(self, call_sid: str) -> list[Event]:
        with self._engine.connect() as db:
            rows = db.execute(select(Payment).where(Payment.call_sid == call_sid).order_by(Payment.seq)).all()
        return [
            Event(
                "payment",
                {
                    "amount": format_amount(row.amount_cents),
                    "plan": row.plan,
                    "account_type": row.account_type,
                    "account_last4": row.account_last4,
                    "sec_code": row.sec_code,
                    "effective_entry_date": row.effective_entry_date.isoformat(),
                    "confirmation_number": row.confirmation_number,
                },
            )
            for row in rows
        ]

    def _visits(self, call_sid: str) -> list[Visit]:
        with self._engine.connect() as db:
            turns = db.execute(
                select(Turn.node, Turn.events).where(Turn.call_sid == call_sid).order_by(Turn.seq)
            ).all()
        return [visit for node, events in turns for visit in visits_of(node, events)]


def visits_of(node: str, events: str) -> Iterator[Visit]:
    """Yield the places a stored turn came through; `events` is its masked JSON."""
    for entry in json.loads(events)["path"]:
        place, arrow, label = entry.partition(" > ")
        if arrow:
            yield Visit(place, label)
    if "/" in node:
        yield Visit(node, None)


def facts_of(member: SampleMember) -> dict[str, str]:
    """Return what a caller keys for a sample member, by the names call files use."""
    return {
        "member_id": member.member_id,
        "ssn_last4": member.ssn_last4,
        "date_of_birth": member.date_of_birth_keyed,
        **{f"{plan}_account": number for plan, number in member.billing_accounts.items()},
    }


def load_members(
    db: Connection, settings: Settings, members: Sequence[SampleMember], clock: ManualClock
) -> None:
    """Load sample members and their bills the way operators do: from CSV."""
    now = clock.now()
    read = import_members(
        db, settings.hashes, now, io.BytesIO(members_csv(members).encode()), file_name="members.csv"
    )
    billed = import_bills(
        db, settings.hashes, now, io.BytesIO(bills_csv(members).encode()), as_of_at=now, file_name="bills.csv"
    )
    problems = [str(error) for error in (*read.errors, *billed.errors)]
    if problems:
        raise OperatorError(*problems)


def empty(db: Connection) -> None:
    """Delete every row of a scratch database. The ledger is append-only: only a superuser may do this."""
    db.execute(text("SET LOCAL session_replication_role = replica"))
    for table in Base.metadata.sorted_tables:
        db.execute(table.delete())


def _named(members: Sequence[SampleMember], name: str | None) -> SampleMember | None:
    if name is None:
        return None
    for member in members:
        if member.name == name:
            return member
    known = ", ".join(member.name for member in members)
    raise OperatorError(f"no sample member is called {name!r}: use one of {known}")


def _settings_of(setup: Setup) -> Mapping[str, Any]:
    # Bills that carry a code are there to show the other lawful way of consent.
    return {"ivr_consent": "bill_code"} if setup.member == "demo.bill_code" else {}

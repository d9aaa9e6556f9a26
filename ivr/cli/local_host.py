"""The line in this process, for written calls: the real app on a scratch database, over real HTTP."""

from __future__ import annotations

import io
import logging
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from types import TracebackType
from typing import Any, Final, Self
from uuid import uuid4

import psycopg
from flask import Flask
from psycopg import sql
from sqlalchemy import URL, Connection, Engine, select, text
from werkzeug.serving import WSGIRequestHandler, make_server

from ivr.actions.line import Line, compile_line, prompt_files, read_line_files
from ivr.base.clock import Clock, ManualClock
from ivr.base.errors import DatabaseUnavailableError, OperatorError
from ivr.base.money import format_amount
from ivr.base.randomness import SeededRandomness
from ivr.base.settings import MemberSettings, Settings, load_replay_settings
from ivr.billing.imports import import_bills
from ivr.billing.ledger import balances
from ivr.billing.post import post
from ivr.billing.samples import SampleBill, SampleMember, bills_csv, demo_members, members_csv
from ivr.callfile.circumstances import MADE_UP, Circumstances, MadeUpBill, PaidBefore
from ivr.callfile.host import Event, PreparedLine, Setup, Visit, written_call_sid
from ivr.calls.histories import load_recipes
from ivr.calls.store import keep_flow_version
from ivr.flowmap.coverage import recorded_visits
from ivr.members.imports import import_members
from ivr.notices.channels import choose_channel, promise
from ivr.payments.authorize import AuthorizationRequest, Authorized, ConsentGiven, authorize
from ivr.payments.blocks import block_for
from ivr.payments.day_limit import PAYMENTS_PER_DAY
from ivr.payments.late import MISSED_CUTOFF
from ivr.payments.life import Event as PaymentEvent
from ivr.payments.life import State, move
from ivr.simulator.lines import HttpLine, WsgiLine
from ivr.start import hold_database, project_folder
from ivr.storage.engine import NO_LIMITS, connection_arguments, make_engine
from ivr.storage.migrate import upgrade
from ivr.storage.tables import AuditEvent, Base, EvidenceSeal, LedgerEntry, Payment
from ivr.voice.serving import make_services, serve_line

SEED = 20_261_218

_MADE_UP_ACCOUNTS: Final = {"health": "749000157", "dental": "759000157"}
_SCRATCH: Final = "ivr_scratch_"
_SCRATCH_LOCK: Final = 7_448_150_003  # making and dropping scratch databases, one process at a time
# A young one may be a moment before its first connection: that lock holds only within one database.
_UNUSED: Final = (
    "SELECT datname FROM pg_database WHERE starts_with(datname, %s)"
    " AND CASE WHEN datname ~ '^ivr_scratch_[0-9]+_[0-9]+_'"
    " THEN to_timestamp(split_part(datname, '_', 4)::bigint) < now() - interval '1 hour' ELSE true END"
    " AND NOT EXISTS (SELECT FROM pg_stat_activity WHERE pg_stat_activity.datname = pg_database.datname)"
)


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


class LocalHost:
    """Gives every run an empty database with one sample member in it, and an app with the run's own clock.

    `engine` is a scratch database: every run empties it. `with` starts and stops the server. With `over_http`
    false the calls reach the app without a socket between, signed and checked all the same.
    """

    def __init__(self, engine: Engine, line: Line, settings: Settings, *, over_http: bool = True) -> None:
        self._over_http = over_http
        self._engine = engine
        self._line = line
        self._server = LocalServer()
        self._settings = settings.model_copy(update={"public_url": self._server.url})

    def __enter__(self) -> Self:
        self._server.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.__exit__(kind, error, trace)

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
        circumstances = setup.circumstances
        spoken = self._line_that_speaks(circumstances.speaks)
        made_up = setup.member == MADE_UP
        member = made_up_member(circumstances) if made_up else _named(local.date(), setup.member)
        with self._engine.begin() as db:
            empty(db)
            keep_flow_version(db, spoken.flow.version, dict(spoken.files), clock.now())
            if member is not None:
                earliest = min([setup.now, *(paid.at for paid in circumstances.paid)])
                load_members(db, settings, [member], clock, billed_at=earliest)
                pay_before(db, settings, member, circumstances.paid, setup.now)
        app = serve_line(settings, self._engine, spoken, clock, SeededRandomness(SEED))
        with self._reached(app, settings) as line:
            yield PreparedLine(
                line=line,
                clock=clock,
                call_sid=written_call_sid(setup),
                account_sid=settings.twilio_account_sid,
                facts={} if member is None else facts_of(member),
                observe=self._events,
                visited=self._visits,
                elsewhere={
                    "paid_elsewhere": lambda: self._pay_elsewhere(settings, member, clock),
                    "limit_elsewhere": lambda: self._reach_limit(settings, member, clock),
                },
            )

    def _line_that_speaks(self, languages: Sequence[str]) -> Line:
        """Return the line with these of its languages. Raises `OperatorError` where it has one not."""
        if not languages:
            return self._line
        known = prompt_files(self._line.files)
        missing = [tag for tag in languages if tag not in known]
        if missing:
            raise OperatorError(f"the line does not speak {', '.join(missing)}: take it out of speaks")
        left_out = {f"prompts/{tag}.ftl" for tag in known if tag not in languages}
        return compile_line({name: text for name, text in self._line.files.items() if name not in left_out})

    @contextmanager
    def _reached(self, app: Flask, settings: Settings) -> Iterator[HttpLine | WsgiLine]:
        """Give the line to the app, over HTTP or without."""
        account = (settings.public_url, settings.twilio_account_sid, settings.twilio_auth_token)
        if not self._over_http:
            yield WsgiLine(app, *account)
            return
        self._server.app = app
        line = HttpLine(*account)
        try:
            yield line
        finally:
            line.close()

    def _pay_elsewhere(self, settings: Settings, member: SampleMember | None, clock: ManualClock) -> None:
        """Let the member's bills come in again with nothing left to pay, in the middle of the call."""
        if member is None:
            return
        paid = replace(member, bills=[replace(bill, amount_cents=0) for bill in member.bills])
        with self._engine.begin() as db:
            load_members(db, settings, [paid], clock)

    def _reach_limit(self, settings: Settings, member: SampleMember | None, clock: ManualClock) -> None:
        """Let the member make small payments in another call until it is the last of the day."""
        if member is None:
            return
        with self._engine.begin() as db:
            today = clock.now().astimezone(settings.ivr_timezone).date()
            owed = max(balances(db, member.member_id, today), key=lambda each: each.balance_cents)
            small = [PaidBefore(0, owed.plan, 1, clock.now())] * PAYMENTS_PER_DAY
            pay_before(db, settings, member, small, clock.now(), call=1)

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
            return [
                visit
                for recipe in load_recipes(db, call_sids=[call_sid])
                for visit in recorded_visits(self._line.flow, recipe)
            ]


def facts_of(member: SampleMember) -> dict[str, str]:
    """Return what a caller keys for a sample member, by the names call files use."""
    return {
        "member_id": member.member_id,
        "ssn_last4": member.ssn_last4,
        "date_of_birth": member.date_of_birth_keyed,
        **{f"{plan}_account": number for plan, number in member.billing_accounts.items()},
    }


def load_members(
    db: Connection,
    settings: MemberSettings,
    members: Sequence[SampleMember],
    clock: Clock,
    *,
    billed_at: datetime | None = None,
) -> None:
    """Load sample members and their bills the way operators do: from CSV.

    The bills are true as of now and were there since `billed_at`, by default since now as well.
    """
    now = clock.now()
    read = import_members(
        db, settings.hashes, now, io.BytesIO(members_csv(members).encode()), file_name="members.csv"
    )
    billed = import_bills(
        db,
        settings.hashes,
        billed_at or now,
        io.BytesIO(bills_csv(members).encode()),
        as_of_at=now,
        file_name="bills.csv",
    )
    problems = [str(error) for error in (*read.errors, *billed.errors)]
    if problems:
        raise OperatorError(*problems)


def empty(db: Connection) -> None:
    """Delete every row of a scratch database, of which this account is the owner."""
    append_only = [
        db.dialect.identifier_preparer.format_table(table.__table__)
        for table in (LedgerEntry, AuditEvent, EvidenceSeal)
    ]
    for name in append_only:
        db.execute(text(f"ALTER TABLE {name} DISABLE TRIGGER USER"))
    for table in reversed(Base.metadata.sorted_tables):
        db.execute(table.delete())
    for name in append_only:
        db.execute(text(f"ALTER TABLE {name} ENABLE TRIGGER USER"))


@contextmanager
def scratch_host() -> Iterator[LocalHost]:
    """Give a host with the project's line on a database made for it, dropped afterwards.

    Raises `OperatorError` for faults of the line, `SettingsError`, `DatabaseUnavailableError`.
    """
    settings = load_replay_settings()
    line = compile_line(read_line_files(project_folder()))
    with hold_database(settings) as server, scratch_database(server) as url:
        engine = make_engine(url, pool_size=4, application_name="ivr replay")
        try:
            with LocalHost(engine, line, settings) as host:
                yield host
        finally:
            engine.dispose()


@contextmanager
def scratch_database(server: URL) -> Iterator[URL]:
    """Make an empty, migrated database on the server of `server`, and drop it at the end.

    What a killed process left an hour ago is dropped first. Raises `DatabaseUnavailableError`.
    """
    with _server_connection(server) as maker:
        made_at = maker.execute("SELECT extract(epoch FROM now())::bigint").fetchone()
        name = sql.Identifier(f"{_SCRATCH}{os.getpid()}_{made_at[0] if made_at else 0}_{uuid4().hex[:16]}")
        url = server.set(database=name.as_string().strip('"'))
        maker.execute("SELECT pg_advisory_lock(%s)", [_SCRATCH_LOCK])
        for (unused,) in maker.execute(_UNUSED, [_SCRATCH]).fetchall():
            maker.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(unused)))
        maker.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(name))
        # A crash of the machine may lose the end of a scratch database; nobody will miss it.
        maker.execute(sql.SQL("ALTER DATABASE {} SET synchronous_commit = off").format(name))
        with psycopg.connect(connection_arguments(url, limits=NO_LIMITS), autocommit=True):  # it is in use
            maker.execute("SELECT pg_advisory_unlock(%s)", [_SCRATCH_LOCK])
            engine = make_engine(url, limits=NO_LIMITS, pool_size=1)
            upgrade(engine)
            engine.dispose()
            try:
                yield url
            finally:
                maker.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


@contextmanager
def _server_connection(server: URL) -> Iterator[psycopg.Connection]:
    try:
        with psycopg.connect(connection_arguments(server, limits=NO_LIMITS), autocommit=True) as connection:
            yield connection
    except psycopg.errors.InsufficientPrivilege:
        raise DatabaseUnavailableError(
            "The account in DATABASE_URL may not make databases, which replay needs: give it CREATEDB, or"
            " unset DATABASE_URL to replay on the embedded database"
        ) from None
    except psycopg.OperationalError as error:
        reason = str(error).strip().splitlines()[0]
        raise DatabaseUnavailableError(
            f"The database does not answer ({reason}): start it, or correct DATABASE_URL"
        ) from None


def made_up_member(circumstances: Circumstances) -> SampleMember:
    """Return the member whom the headers of a call file make up; the facts are always the same."""
    plans = {bill.plan for bill in circumstances.bills}
    return SampleMember(
        name=MADE_UP,
        member_id="409000000157",
        first_name="Maple",
        last_name="Made-Up",
        date_of_birth=date(1961, 4, 17),
        ssn_last4="6283",
        billing_accounts={plan: number for plan, number in _MADE_UP_ACCOUNTS.items() if plan in plans},
        bills=[bill for plan in plans for bill in _made_up_bills(plan, circumstances.bills)],
        phone="+16175550157" if circumstances.notices == "sms" else "",
        email="maple@example.com" if circumstances.notices != "letter" else "",
        extra_time=circumstances.extra_time,
        sms_ok=circumstances.notices == "sms",
    )


def _made_up_bills(plan: str, bills: Sequence[MadeUpBill]) -> Iterator[SampleBill]:
    """Yield one plan's bills, each for a month of its own: that after its due date, or an earlier one."""
    month = 12 * date.max.year
    for bill in sorted((each for each in bills if each.plan == plan), key=lambda each: each.due_date)[::-1]:
        month = min(bill.due_date.year * 12 + bill.due_date.month, month - 1)
        yield SampleBill(
            plan=plan,
            coverage_month=f"{month // 12:04d}-{month % 12 + 1:02d}",
            amount_cents=bill.amount_cents,
            due_date=bill.due_date,
            first_payment=bill.first_payment,
            authorization_code=bill.code,
        )


def pay_before(
    db: Connection,
    settings: Settings,
    member: SampleMember,
    payments: Sequence[PaidBefore],
    now: datetime,
    *,
    call: int = 0,
) -> None:
    """Write payments as if the member had authorized them on this line, each at its own instant.

    `call` numbers the call they were made in. One with a return code has come back by `now`; one that is held
    was left behind by its cutoff.
    """
    randomness = SeededRandomness(SEED + 1 + call)
    services = make_services(settings, randomness)
    for seq, paid in enumerate(sorted(payments, key=lambda each: each.at)):
        at = paid.at.astimezone(UTC)
        written = authorize(
            db,
            services.keys,
            services.hashes,
            randomness,
            now=at,
            cutoff=services.cutoff,
            request=AuthorizationRequest(
                call_sid=f"CA{call:032x}",
                seq=seq,
                member_id=member.member_id,
                billing_account=member.billing_accounts[paid.plan],
                amount_cents=paid.amount_cents,
                account_type="checking",
                rdfi_routing_number="021000021",
                account_number=paid.account_number or "40090157",
                not_before_date=services.cutoff.debit_dates(at).effective_entry_date,
                language=member.language,
                pace="voice",
                consent=ConsentGiven(
                    how="spoken",
                    spoken_by="caller",
                    words_heard="yes",
                    confidence=0.9,
                    asked_at=at,
                    answered_at=at,
                    text="An earlier call, made up for a written one.",
                    flow_version="",
                    prompts=(),
                ),
            ),
        )
        if isinstance(written, Authorized):
            channel = choose_channel(member.phone, sms_ok=member.sms_ok, email=member.email)
            promise(db, written.payment_id, channel, member.language, at)
            if paid.is_held:
                move(db, written.payment_id, "authorized", "hold", hold_reason=MISSED_CUTOFF)
            if paid.return_code:
                _bring_back(db, written.payment_id, paid.return_code, now.astimezone(UTC))


def _bring_back(db: Connection, payment_id: int, return_code: str, now: datetime) -> None:
    """Let a payment go the way to the bank and back, as an import of its return leaves it."""
    steps: tuple[tuple[State, PaymentEvent], ...] = (
        ("authorized", "batch"),
        ("batched", "send"),
        ("sent", "settle"),
    )
    for state, event in steps:
        move(db, payment_id, state, event)
    move(db, payment_id, "settled", "return", return_code=return_code, returned_at=now)
    payment = db.execute(select(Payment.__table__).where(Payment.id == payment_id)).one()
    post(db, "return", payment.billing_account, payment.amount_cents, now, payment_id=payment_id)
    block_for(
        db,
        return_code,
        payment_id=payment_id,
        account_fingerprint=payment.account_fingerprint,
        routing_number=payment.rdfi_routing_number,
        now=now,
    )


def _named(today: date, name: str | None) -> SampleMember | None:
    if name is None:
        return None
    members = demo_members(today)
    for member in members:
        if member.name == name:
            return member
    known = ", ".join(member.name for member in members)
    raise OperatorError(f"no sample member is called {name!r}: use one of {known}, or {MADE_UP}")


def _settings_of(setup: Setup) -> Mapping[str, Any]:
    # Bills that carry a code are there to show the other lawful way of consent. Somebody answers the phone,
    # in the hours that the settings give, unless the file says whether a person can be reached.
    circumstances = setup.circumstances
    consent = circumstances.consent or ("bill_code" if setup.member == "demo.bill_code" else "spoken")
    agent_phone = "" if circumstances.support == "closed" else "+16175550190"
    hours = {"ivr_support_hours": "Mon-Sun 00:00-24:00"} if circumstances.support == "open" else {}
    on_time = circumstances.on_time or "unset"
    bank = {
        "ivr_cutoff": circumstances.cutoff,
        "ivr_closings": frozenset(circumstances.closings),
        "ivr_timezone": circumstances.timezone,
    }
    return {
        "ivr_consent": consent,
        "ivr_on_time": on_time,
        "ivr_agent_phone": agent_phone,
        **hours,
        **{name: value for name, value in bank.items() if value},
    }

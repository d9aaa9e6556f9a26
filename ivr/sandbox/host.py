"""The line in this process, for written calls: the real app on a scratch database, over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

from flask import Flask
from sqlalchemy import Engine, insert, select, update

from ivr.base.clock import ManualClock
from ivr.base.errors import OperatorError
from ivr.base.money import format_amount
from ivr.base.project import project_folder
from ivr.base.randomness import SeededRandomness
from ivr.base.settings import Settings, load_replay_settings
from ivr.billing.ledger import balances
from ivr.billing.samples import SampleMember
from ivr.callfile.circumstances import PaidBefore
from ivr.callfile.host import DoneEvent, PreparedLine, Setup, Visit, written_call_sid
from ivr.calls.histories import load_recipes
from ivr.calls.history import Recipe
from ivr.calls.store import keep_flow_version
from ivr.flowmap.coverage import recorded_visits
from ivr.payments.day_limit import PAYMENTS_PER_DAY
from ivr.sandbox.earlier_payments import SEED, pay_before, send_waiting
from ivr.sandbox.members import facts_of, load_members, member_of
from ivr.sandbox.scratch import empty, scratch_database
from ivr.sandbox.server import LocalServer
from ivr.simulator.lines import HttpLine, WsgiLine
from ivr.start import hold_database
from ivr.storage.engine import make_engine
from ivr.storage.tables import Bank, Notice, NoticeAttempt, Payment
from ivr.topics.line import Line, compile_line, prompt_files, read_line_files
from ivr.voice.serving import serve_line


class LocalHost:
    """Gives every run an empty database with one sample member in it, and an app with the run's own clock.

    `engine` is a scratch database: every run empties it. `with` starts and stops the server. With `over_http`
    false the calls reach the app without a socket between, signed and checked all the same. With `records`
    the result of a run has what the line kept of its calls.
    """

    def __init__(
        self, engine: Engine, line: Line, settings: Settings, *, over_http: bool = True, records: bool = False
    ) -> None:
        self._over_http = over_http
        self._records = records
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
        member = member_of(setup, local.date())
        with self._engine.begin() as db:
            empty(db)
            keep_flow_version(db, spoken.flow.version, dict(spoken.files), clock.now())
            for routing_number, name in circumstances.bank:
                known = {"routing_number": routing_number, "name": name, "imported_at": clock.now()}
                db.execute(insert(Bank).values(known))
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
                recorded=self._recorded if self._records else None,
                elsewhere={
                    "paid_elsewhere": lambda: self._pay_elsewhere(settings, member, clock),
                    "limit_elsewhere": lambda: self._reach_limit(settings, member, clock),
                    "cutoff_passes": lambda: self._pass_cutoff(settings),
                    "text_accepted": lambda: self._accept_texts(clock),
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

    def _pass_cutoff(self, settings: Settings) -> None:
        """Let the cutoffs come, in the middle of the call, that payments wait for."""
        with self._engine.begin() as db:
            send_waiting(db, settings)

    def _accept_texts(self, clock: ManualClock) -> None:
        """Let a carrier have the text messages that were promised."""
        at = clock.now()
        with self._engine.begin() as db:
            promised = update(Notice).where(Notice.channel == "sms", Notice.state == "pending")
            sent = db.scalars(promised.values(state="sent", sent_at=at).returning(Notice.id)).all()
            accepted = {"channel": "sms", "state": "accepted", "started_at": at, "finished_at": at}
            for notice_id in sent:
                db.execute(insert(NoticeAttempt).values(notice_id=notice_id, **accepted))

    def _reach_limit(self, settings: Settings, member: SampleMember | None, clock: ManualClock) -> None:
        """Let the member make small payments in another call until it is the last of the day."""
        if member is None:
            return
        with self._engine.begin() as db:
            today = clock.now().astimezone(settings.ivr_timezone).date()
            owed = max(balances(db, member.member_id, today), key=lambda each: each.balance_cents)
            small = [PaidBefore(0, owed.plan, 1, clock.now())] * PAYMENTS_PER_DAY
            pay_before(db, settings, member, small, clock.now(), call=1)

    def _events(self, call_sid: str) -> list[DoneEvent]:
        with self._engine.connect() as db:
            rows = db.execute(select(Payment).where(Payment.call_sid == call_sid).order_by(Payment.seq)).all()
        return [
            DoneEvent(
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

    def _recorded(self) -> list[Recipe]:
        with self._engine.connect() as db:
            return list(load_recipes(db))

    def _visits(self, call_sid: str) -> list[Visit]:
        with self._engine.connect() as db:
            return [
                visit
                for recipe in load_recipes(db, call_sids=[call_sid])
                for visit in recorded_visits(self._line.flow, recipe)
            ]


@contextmanager
def scratch_host(*, records: bool = False) -> Iterator[LocalHost]:
    """Give a host with the project's line on a database made for it, dropped afterwards.

    With `records` what the line keeps of its calls comes with their results, and no socket is used.
    Raises `OperatorError` for faults of the line, `SettingsError`, `DatabaseUnavailableError`.
    """
    settings = load_replay_settings()
    line = compile_line(read_line_files(project_folder()))
    with hold_database(settings) as server, scratch_database(server) as url:
        engine = make_engine(url, pool_size=4, application_name="ivr replay")
        try:
            with LocalHost(engine, line, settings, over_http=not records, records=records) as host:
                yield host
        finally:
            engine.dispose()


def _settings_of(setup: Setup) -> Mapping[str, Any]:
    # Bills that carry a code are there to show the other lawful way of consent. Somebody answers the phone,
    # in the hours that the settings give, unless the file says whether an agent can be reached.
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
        "ivr_payments": circumstances.payments or "on",
        "ivr_on_time": on_time,
        "ivr_agent_phone": agent_phone,
        **hours,
        **({"ivr_sms_from": ""} if circumstances.texts == "off" else {}),
        **{name: value for name, value in bank.items() if value},
    }

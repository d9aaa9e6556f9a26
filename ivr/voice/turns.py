"""One turn, exactly once: lock the call, read, step, act, render, store, COMMIT, answer.

The same turn gives the same answer and the same one payment, however often and however late Twilio sends it.
Whatever goes wrong, the caller hears a sentence that is true.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import NamedTuple, TypeVar

import structlog
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from ivr.base.clock import Clock
from ivr.base.keys import UnsealError
from ivr.calls.handover import ASKED, LINE_FAILED, Handover, reason_and_node
from ivr.calls.history import Asked
from ivr.calls.notation import write_turn
from ivr.calls.store import (
    LockedCall,
    NewTurn,
    close_call,
    flow_version_files,
    lock_call,
    open_call,
    record_turn,
    stored_turn,
)
from ivr.dialog.engine import DialogError, End, Input, Start, Wait, initial_state
from ivr.dialog.events import LineFailed
from ivr.dialog.state import Said, State
from ivr.dialog.turn import Answered, Turn
from ivr.dialog.vocabulary import Value
from ivr.payments.history import RecentPayment, payments_of_call
from ivr.speech.catalog import SpeechError
from ivr.storage.prepared import commit
from ivr.topics.line import LINES_KEPT_MAX, Line, kept_line
from ivr.topics.masks import GIVEN, Since
from ivr.topics.perform import perform
from ivr.topics.registry import shapes_of
from ivr.topics.sentences import sentences
from ivr.topics.services import Services, TurnServices
from ivr.voice.deadline import DeadlineExceeded
from ivr.voice.forms import Caller, agent_answered, read_caller, read_input
from ivr.voice.patience import Patience, TurnedAwayError
from ivr.voice.twiml import NOBODY, Agent, Passage, agent_told, document, last_words

# A server that lost a backend is back within a second or two; one that is not keeps a worker no longer.
RETRY_PAUSES_SECONDS = (0.1, 0.2, 0.4, 0.8, 0.8)
# The server took the transaction away; the same work may well succeed: serialization failure, deadlock, a
# session ended for lying idle, shutdown by an administrator, by a crash, and a server that is only starting.
# And what a session opened before a switch-over or a migration goes on saying, a new one may not: read-only,
# a plan that no longer fits, a prepared statement that is lost or there already.
TRANSIENT_SQLSTATES = frozenset(
    {"40001", "40P01", "25P03", "57P01", "57P02", "57P03", "57P05", "25006", "0A000", "26000", "42P05"}
)
TROUBLE_NODE = "trouble"

Result = TypeVar("Result")

_log = structlog.get_logger()


class Reply(NamedTuple):
    """What Twilio gets: the TwiML, and what a replay of a remote line reads from the headers."""

    body: bytes
    seq: int
    node: str
    prompts: str
    flow_version: str


@dataclass(frozen=True, slots=True)
class Support:
    """Where a caller finds an agent, as settings give it: `phone` E.164.

    `tells_agents`: whether an agent called hears of the call before the caller is with them.
    """

    phone: str
    tells_agents: bool = True


class Turns:
    """The webhooks' work. One for a process; it holds no call's state.

    `keeps_connection`: the next turn goes on with the connection of the last, where all went well on it;
    taking one from the engine's pool and giving it back costs as much as asking it something.
    """

    def __init__(
        self,
        engine: Engine,
        line: Line,
        services: Services,
        support: Support,
        clock: Clock,
        *,
        patience: Patience,
        keeps_connection: bool = False,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._engine = engine
        self._patience = patience
        self._line = line
        self._services = services
        self._support = support
        self._clock = clock
        self._pause = pause
        self._keeps_connection = keeps_connection
        self._idle: list[Connection] = []
        self._lines: OrderedDict[str, Line] = OrderedDict({line.flow.version: line})
        # What needs no database is said in every language: not even the caller's own is known.
        tags = line.flow.languages
        unknown = [Said("trouble-unknown", language=tag) for tag in tags]
        self._unknown_reply = self._last_reply(unknown, tags[0], 0, None)
        not_now = [Said("trouble-not-now", language=tag, values=self._where()) for tag in tags]
        self._not_now_reply = self._last_words(not_now, tags[0], 0)

    @property
    def flow_version(self) -> str:
        """The version that new calls begin on."""
        return self._line.flow.version

    @property
    def turns_away(self) -> bool:
        """Whether callers are told at once that they cannot be served, since the database was found away."""
        return self._patience.turns_away

    # The webhooks.

    def answer(self, call_sid: str, form: Mapping[str, str], arrived_at: float | None = None) -> Reply:
        """Answer a call: its first turn, seq 0."""
        return self._guarded(self._answer, call_sid, 0, form, arrived_at)

    def turn(
        self, call_sid: str, seq: int, form: Mapping[str, str], arrived_at: float | None = None
    ) -> Reply:
        """Take the turn `seq` of a call that has begun."""
        return self._guarded(self._turn, call_sid, seq, form, arrived_at)

    def status(self, call_sid: str, form: Mapping[str, str], arrived_at: float | None = None) -> None:
        """Note that Twilio's call is over. A payment that was authorized stays authorized.

        Nothing is said in which order requests come: a first turn that is under way is waited for, and one
        that comes later finds the call over.
        """
        now = self._clock.now()

        def end(db: Connection) -> None:
            self._open(db, call_sid, read_caller(form.get("From", "")), now)
            close_call(db, call_sid, "hangup", now)

        try:
            self._patience.spend(lambda: self._retried(end), arrived_at)
        except (DeadlineExceeded, Exception) as error:  # noqa: BLE001 (Twilio never sees a 5xx)
            # The purge closes what is never closed; there is nobody left on the line to be told.
            _log.warning("status_not_stored", call_sid=call_sid, error=type(error).__name__)

    def fallback(self, call_sid: str, form: Mapping[str, str], arrived_at: float | None = None) -> Reply:
        """Answer after a webhook failed: tell what is true of this call's payments, and end it.

        `ErrorUrl` is the webhook that failed.
        """
        _log.warning("fallback", call_sid=call_sid, error_code=form.get("ErrorCode", "")[:8])
        try:
            return self._patience.spend(lambda: self._told(call_sid, form, None), arrived_at)
        except (DeadlineExceeded, Exception) as error:  # noqa: BLE001 (something true is said, whatever broke)
            _log.error("trouble_unknown", call_sid=call_sid, **_described(error))
            failed = form.get("ErrorUrl", "").partition("?")[0].rstrip("/")
            return self._unknown(0, first=failed.endswith("/voice/answer"))

    def agent_called(self, call_sid: str, form: Mapping[str, str], language: str, pace: str) -> Reply:
        """End a call whose last words called an agent: if nobody answered, say when somebody does.

        `language` and `pace` are what the Dial's address says; nothing is read or stored.
        """
        reached = agent_answered(form)
        _log.info("person_called", call_sid=call_sid, reached=reached)
        spoken = self._line.flow.languages
        tags = (language,) if language in spoken else spoken
        busy = [Said("person-busy", language=tag, values=self._where()) for tag in tags]
        return self._last_words([] if reached else busy, tags[0], 0, "relay" if pace == "relay" else "voice")

    def agent_told(self, query: Mapping[str, str]) -> Reply:
        """Tell an agent who has picked up what the address says of the call; nothing is read or stored."""
        body = agent_told(Handover.of(query).sentences, self._line.flow.languages[0])
        return Reply(body, 0, "", "", self.flow_version)

    # Keeping the promise whatever goes wrong.

    def _guarded(
        self,
        take: Callable[[Connection, str, int, Mapping[str, str], float], Reply],
        call_sid: str,
        seq: int,
        form: Mapping[str, str],
        arrived_at: float | None,
    ) -> Reply:
        began = time.perf_counter()

        def work_or_tell() -> Reply:
            try:
                return self._retried(lambda db: take(db, call_sid, seq, form, began))
            except Exception as error:
                if _is_transient(error):
                    raise  # every try is used up
                _log.error("turn_failed", call_sid=call_sid, seq=seq, **_described(error))
                return self._told(call_sid, {}, seq)

        try:
            reply = self._patience.spend(work_or_tell, arrived_at)
        except (DeadlineExceeded, Exception) as error:  # noqa: BLE001 (something true is said, whatever broke)
            _log.error("turn_unknown", call_sid=call_sid, seq=seq, **_described(error))
            reply = self._unknown(seq, first=seq == 0)
        milliseconds = round(_milliseconds_since(began), 1)
        _log.info("turn", call_sid=call_sid, seq=reply.seq, node=reply.node, milliseconds=milliseconds)
        return reply

    def _told(self, call_sid: str, form: Mapping[str, str], seq: int | None) -> Reply:
        return self._retried(lambda db: self._close_truly(db, call_sid, form, seq))

    def _retried(self, work: Callable[[Connection], Result]) -> Result:
        """Run `work` in one transaction and commit; again when the connection was lost.

        An error from COMMIT may mean that it committed: the new try finds the stored reply then.
        """
        for pause in RETRY_PAUSES_SECONDS:
            try:
                return self._once(work)
            except DBAPIError as error:
                if not _is_transient(error):
                    raise
                self._pause(pause)
        return self._once(work)

    def _once(self, work: Callable[[Connection], Result]) -> Result:
        connection = self._idle.pop() if self._idle else self._engine.connect()
        try:
            result = work(connection)
            (commit if self._keeps_connection else Connection.commit)(connection)
        except BaseException as error:
            if isinstance(error, DeadlineExceeded):
                connection.invalidate()  # a rollback would wait for the same silent server
            connection.close()
            raise
        if self._keeps_connection:
            self._idle.append(connection)
        else:
            connection.close()
        return result

    # Turns.

    def _answer(
        self, db: Connection, call_sid: str, seq: int, form: Mapping[str, str], began: float
    ) -> Reply:
        now = self._clock.now()
        caller = read_caller(form.get("From", ""))
        flow = self._line.flow
        caller_hash = self._services.hashes.digest("caller", caller.number) if caller.number else None
        if not self._open(db, call_sid, caller, now, caller_hash):
            return self._again(db, call_sid, seq)
        given = {
            "call_date": self._services.local(now).date().isoformat(),
            **self._where(),
        }
        state = initial_state(flow, given)
        return self._step(
            db, call_sid, _Moment(self._line, seq, now, now, now, began, caller.number), state, Start()
        )

    def _turn(self, db: Connection, call_sid: str, seq: int, form: Mapping[str, str], began: float) -> Reply:
        call = lock_call(db, call_sid)
        if call is None:
            return self._last("call-unknown", self._line.flow.languages[0], seq)
        if seq <= call.seq or not call.open:
            return self._stored(db, call, seq)
        if seq > call.seq + 1:
            return self._stored(db, call, call.seq)
        line = self._line_of(db, call.flow_version)
        state = self._read_state(call)
        transferring = line.flow.nodes[state.node].kind == "transfer" and not state.gate
        shown = read_caller(form.get("From", "")).number
        moment = _Moment(line, seq, self._clock.now(), call.started_at, call.answered_at, began, shown)
        return self._step(db, call_sid, moment, state, read_input(form, transferring=transferring))

    def _open(
        self,
        db: Connection,
        call_sid: str,
        caller: Caller,
        now: datetime,
        caller_hash: bytes | None = None,
    ) -> bool:
        """Make the call's row unless there is one; a first turn that is making it is waited for."""
        flow = self._line.flow
        return open_call(
            db,
            call_sid,
            caller_kind=caller.kind,
            caller_hash=caller_hash,
            at=now,
            flow_version=flow.version,
            language=flow.languages[0],
        )

    def _again(self, db: Connection, call_sid: str, seq: int) -> Reply:
        call = lock_call(db, call_sid)
        if call is None:
            return self._last("call-unknown", self._line.flow.languages[0], seq)
        return self._stored(db, call, seq)

    def _stored(self, db: Connection, call: LockedCall, seq: int) -> Reply:
        """Give the stored answer again, byte for byte; later turns of a closed call hear that it is over."""
        turn = stored_turn(db, call.call_sid, seq) if seq <= call.seq else None
        if turn is None or turn.reply is None:
            return self._last("call-over", call.language, seq)
        body = self._services.keys.open(turn.reply, _reply_context(call.call_sid, turn.seq))
        return Reply(body, turn.seq, turn.node, turn.prompts, call.flow_version)

    def _read_state(self, call: LockedCall) -> State:
        secrets = (
            self._services.keys.open(call.secrets, _secrets_context(call.call_sid)) if call.secrets else b""
        )
        return State.from_json(call.state, secrets.decode())

    def _step(self, db: Connection, call_sid: str, moment: _Moment, state: State, heard: Input) -> Reply:
        line = moment.line
        services = TurnServices(
            self._services,
            line.flow,
            line.catalog,
            db,
            moment.now,
            call_sid,
            moment.seq,
            moment.asked_at,
            moment.caller_number,
        )
        elapsed_seconds = (moment.now - moment.started_at).total_seconds()
        turn = Turn(line.flow, state, heard, elapsed_seconds)
        result = turn.run(partial(perform, services))
        return self._record(db, call_sid, moment, turn, result, pause_seconds=services.pause_seconds)

    def _record(
        self,
        db: Connection,
        call_sid: str,
        moment: _Moment,
        turn: Turn,
        result: Wait | End,
        *,
        pause_seconds: int,
    ) -> Reply:
        """Render, then store: a missing prompt must not strand a call that has already moved on."""
        line, state = moment.line, turn.state
        body = self._rendered(line, turn, result, moment.seq, pause_seconds)
        labels = ",".join(said.label for said in result.prompts)
        reply = Reply(body, moment.seq, state.node, labels, line.flow.version)
        since = Since(date.fromisoformat(str(state.slots["call_date"])), moment.started_at)
        secrets = state.secrets_json()
        member_id = state.slots.get("member_id")
        record_turn(
            db,
            NewTurn(
                call_sid=call_sid,
                seq=moment.seq,
                at=moment.now,
                node=state.node,
                prompts=reply.prompts,
                events=write_turn(
                    heard=turn.heard,
                    events=turn.events,
                    asked=[_asked(line, each, since) for each in turn.answered],
                    values=[shapes_of(said.values, since) for said in result.prompts],
                    milliseconds=_milliseconds_since(moment.began),
                ),
                reply=self._services.keys.seal(body, _reply_context(call_sid, moment.seq)),
                state=state.to_json(),
                secrets=self._services.keys.seal(secrets.encode(), _secrets_context(call_sid))
                if secrets
                else None,
                language=state.language,
                pace=state.pace,
                member_id=None if member_id is None else str(member_id),
                end=result.manner if isinstance(result, End) else None,
            ),
        )
        return reply

    def _rendered(self, line: Line, turn: Turn, result: Wait | End, seq: int, pause_seconds: int) -> bytes:
        state = turn.state
        calls_agent = isinstance(result, Wait) and result.listen is None
        passages = [self._passage(line, said, state.language, state.pace) for said in result.prompts]
        return document(
            passages,
            result,
            pace=state.pace,
            language=state.language,
            next_seq=seq + 1,
            agent=self._agent(_handover(turn)) if calls_agent else NOBODY,
            pause_seconds=pause_seconds,
        )

    def _agent(self, handover: Handover) -> Agent:
        return Agent(self._services.agent_phone, handover.address if self._support.tells_agents else "")

    def _passage(self, line: Line, said: Said, language: str, pace: str) -> Passage:
        spoken = sentences(line.catalog, line.flow.vocabulary.slots, said, language, pace)
        return Passage(said.language or language, spoken, said.barge_in, fixed=not said.values)

    def _line_of(self, db: Connection, version: str) -> Line:
        """Return the version a call began with: loaded, or read again from what was kept of it."""
        line = self._lines.get(version)
        if line is None:
            files = flow_version_files(db, version)
            if files is None:
                raise DialogError(f"flow version {version} was never kept")
            line = self._lines[version] = kept_line(files)
            while len(self._lines) > LINES_KEPT_MAX:
                self._lines.popitem(last=False)
        return line

    # True sentences.

    def _close_truly(self, db: Connection, call_sid: str, form: Mapping[str, str], seq: int | None) -> Reply:
        """Say what is true of a call's payments, under its lock, and close the call in this same commit.

        What is found                          | What is heard
        ---------------------------------------|---------------------------------------------
        turn `seq` was answered meanwhile      | its stored reply: nothing is wrong
        the call was closed like this before   | the same words again
        payments of this call                  | each of them, with its number
        none                                   | that no payment was made

        Closing first is what makes the sentence stay true: a late first request finds the call closed.
        """
        began = time.perf_counter()
        now = self._clock.now()
        self._open(db, call_sid, read_caller(form.get("From", "")), now)
        call = lock_call(db, call_sid)
        if call is None:
            raise DialogError("a call's row is gone")
        if seq is not None and seq <= call.seq:
            return self._stored(db, call, seq)
        newest = stored_turn(db, call_sid, call.seq)
        if newest is not None and newest.node == TROUBLE_NODE:
            return self._stored(db, call, call.seq)
        payments = payments_of_call(db, call_sid)
        prompts = [_payment_told(payment) for payment in payments] or [Said("trouble-no-payment")]
        last = self._last_reply(prompts, call.language, call.seq + 1, now, call.pace)
        reply = last._replace(flow_version=call.flow_version)
        self._keep_last_words(db, call, reply, now, began)
        return reply

    def _keep_last_words(
        self, db: Connection, call: LockedCall, reply: Reply, now: datetime, began: float
    ) -> None:
        events = write_turn(
            heard=LineFailed(), events=(), asked=(), values=(), milliseconds=_milliseconds_since(began)
        )
        last = NewTurn(
            call_sid=call.call_sid,
            seq=reply.seq,
            at=now,
            node=TROUBLE_NODE,
            prompts=reply.prompts,
            events=events,
            reply=self._services.keys.seal(reply.body, _reply_context(call.call_sid, reply.seq)),
            state=call.state,
            secrets=None,
            language=call.language,
            pace=call.pace,
            member_id=None,
            end="fallback",
        )
        record_turn(db, last)

    def _unknown(self, seq: int, *, first: bool) -> Reply:
        """Answer without the database. A call's first turn makes no payment, and says nothing of any.

        It may come late and again, when a later turn has paid: "no payment was made" would be a guess.
        """
        return (self._not_now_reply if first else self._unknown_reply)._replace(seq=seq)

    def _last(self, prompt: str, language: str, seq: int) -> Reply:
        return self._last_reply([Said(prompt)], language, seq, None)

    def _last_reply(
        self, prompts: list[Said], language: str, seq: int, now: datetime | None, pace: str = "voice"
    ) -> Reply:
        """Write last words: `prompts`, then an agent if one can be reached `now`, else where to find one."""
        if now is not None and self._services.agent_available(now):
            with_agent = [*prompts, Said("person-connecting")]
            agent = self._agent(Handover(LINE_FAILED, language=language, pace=pace))
            return self._last_words(with_agent, language, seq, pace, agent)
        tags = dict.fromkeys(said.language for said in prompts)
        again = [Said("trouble-call-again", language=tag, values=self._where()) for tag in tags]
        return self._last_words([*prompts, *again], language, seq, pace)

    def _last_words(
        self, prompts: list[Said], language: str, seq: int, pace: str = "voice", agent: Agent = NOBODY
    ) -> Reply:
        spoken = [self._passage(self._line, said, language, pace) for said in prompts]
        labels = ",".join(said.label for said in prompts)
        return Reply(last_words(spoken, agent, pace), seq, TROUBLE_NODE, labels, self._line.flow.version)

    def _where(self) -> dict[str, Value]:
        today = self._services.local(self._clock.now()).date()
        return {"support_phone": self._support.phone, "support_hours": self._services.opening.hours_of(today)}


class _Moment(NamedTuple):
    """Which turn of which call, and when; `began` is the work's own beginning, in seconds of a stopwatch.

    `caller_number` is the number that the call shows, in E.164, or empty.
    """

    line: Line
    seq: int
    now: datetime
    started_at: datetime
    asked_at: datetime
    began: float
    caller_number: str


def _handover(turn: Turn) -> Handover:
    """Say what the agent is told whom a turn calls."""
    state = turn.state
    asked_at = next((frame.partition("!")[0] for frame in reversed(state.frames) if "!" in frame), "")
    reason, node = (ASKED, asked_at) if asked_at else reason_and_node(turn.events, "") or ("", "")
    verified = "yes" if "member_id" in state.slots else "no"
    return Handover(reason, node, verified, state.language, state.pace)


def _asked(line: Line, answered: Answered, since: Since) -> Asked:
    """Mask one question to the domain; of what it was given, only what says more than that it was there."""
    ask, state, outcome = answered
    needs = line.flow.vocabulary.actions[ask.action].needs
    given = shapes_of({slot: state.slots[slot] for slot in needs if slot in state.slots}, since)
    return Asked(
        ask.action,
        ask.args,
        outcome.name,
        shapes_of(outcome.slots, since),
        {slot: shape for slot, shape in given.items() if shape != GIVEN},
    )


def _milliseconds_since(began: float) -> float:
    return (time.perf_counter() - began) * 1000


def _payment_told(payment: RecentPayment) -> Said:
    values: dict[str, Value] = {
        "amount": payment.amount_cents,
        "confirmation_number": payment.confirmation_number,
    }
    return Said("trouble-payment", values=values, barge_in=False)


def _is_transient(error: Exception) -> bool:
    """Return whether the same work may succeed when it is tried again.

    An error without a statement is COMMIT's, which may have committed, or a connection's that was not made.
    """
    if not isinstance(error, DBAPIError):
        return False
    state = getattr(error.orig, "sqlstate", None)
    if state is None or state.startswith("08"):
        return error.connection_invalidated or error.statement is None
    return error.statement is None or state in TRANSIENT_SQLSTATES


def _described(error: BaseException) -> dict[str, str]:
    """Name an error for the log without what it was about: a statement's parameters may be secret."""
    text = str(error) if isinstance(error, _TELLING) else ""
    return {"error": type(error).__name__, "reason": text}


# Errors whose text names places, prompts and times, never what a caller keyed.
_TELLING = (DialogError, SpeechError, TurnedAwayError, UnsealError)


def _reply_context(call_sid: str, seq: int) -> str:
    return f"reply:{call_sid}:{seq}"


def _secrets_context(call_sid: str) -> str:
    return f"secrets:{call_sid}"

"""The demo's last month: calls placed on the line itself by a phone whose clock stood then, and their money.

Only the demo has one. Who is shown on its sheet calls as well, and pays nothing: those bills are for others.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import func, select

from ivr.ach.banking_days import SETTLEMENT_ZONE
from ivr.base.clock import ManualClock
from ivr.base.randomness import SecretRandomness
from ivr.billing.samples import demo_member, demo_members
from ivr.calls.store import keep_flow_version
from ivr.payments.credits import refund
from ivr.payments.cutoffs import cutoff_rule, due_cutoffs, finish_cutoff, take_cutoff
from ivr.payments.fraud import hold_payment
from ivr.payments.returns_by_hand import book_return
from ivr.payments.settlement import settle
from ivr.sandbox.demo import SAMPLE_ACCOUNT_NUMBER, steps
from ivr.sandbox.earlier_payments import send_waiting
from ivr.sandbox.members import load_members
from ivr.simulator.lines import WsgiLine
from ivr.simulator.phone import Phone
from ivr.storage.tables import Call, Payment
from ivr.voice.serving import serve_line

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

    from ivr.base.settings import Settings
    from ivr.simulator.heard import Heard
    from ivr.topics.line import Line

_ACTOR: Final = "sandbox"
_RETURNS: Final = ("R01", "R02", "R10")  # no money, the account is closed, the bank says not authorized


@dataclass(frozen=True, slots=True)
class _Placed:
    """A call of the month: how long ago, at what time, whose, and what is done before hanging up.

    `until` is the last question of the sheet that is answered, "" all of them; `keys` come after that.
    """

    days_ago: int
    at: str
    member: str
    until: str = ""
    keys: tuple[str, ...] = ()


_MONTH: Final = (
    _Placed(26, "09:10", "email"),
    _Placed(22, "18:42", "no_bill", until="language"),
    _Placed(19, "12:05", "sms"),
    _Placed(17, "08:31", "small_balance", until="main menu: hear, pay", keys=("0",)),
    _Placed(13, "16:20", "tax_credit"),
    _Placed(12, "10:15", "past_due", until="member ID", keys=("0000", "01011950", "0000", "01011950")),
    _Placed(11, "19:48", "spanish", until="date of birth"),
    _Placed(9, "11:11", "connectorcare"),
    _Placed(8, "14:02", "extra_time", until="date of birth"),
    _Placed(6, "21:05", "health_and_dental", until="routing number"),
    _Placed(5, "13:37", "dental_paid"),
    _Placed(3, "09:55", "paid", until="date of birth"),
    _Placed(2, "20:20", "first_payment", until="account number"),
    _Placed(1, "10:30", "letter"),
    _Placed(1, "17:45", "dental_only"),
    _Placed(0, "00:20", "bill_code"),
)


def make_month(settings: Settings, engine: Engine, line: Line, now: datetime) -> int:
    """Place the calls of the month before `now` (aware) on a demo that has none; return how many.

    Payments whose cutoff has passed go to the bank at it; some come back, one is given back, one is held.
    """
    with engine.begin() as db:
        if db.scalar(select(func.count()).select_from(Call)):
            return 0
        keep_flow_version(db, line.flow.version, dict(line.files), now)
        then = ManualClock(now - timedelta(days=max(each.days_ago for each in _MONTH) + 1))
        load_members(db, settings, demo_members(now.date()), then)
    for placed in _MONTH:
        _place(settings, engine, line, placed, now)
    with engine.begin() as db:
        _move_money(db, settings, now)
    return len(_MONTH)


def _place(settings: Settings, engine: Engine, line: Line, placed: _Placed, now: datetime) -> None:
    local = now.astimezone(settings.ivr_timezone)
    at = datetime.combine(
        local.date() - timedelta(days=placed.days_ago), time.fromisoformat(placed.at), settings.ivr_timezone
    )
    if at >= now:
        return
    clock = ManualClock(at)
    app = serve_line(settings, engine, line, clock, SecretRandomness())
    wire = WsgiLine(app, settings.public_url, settings.twilio_account_sid, settings.twilio_auth_token)
    call_sid = f"CA{SecretRandomness().below(16**32):032x}"
    phone = Phone(wire, clock, call_sid=call_sid, account_sid=settings.twilio_account_sid)
    heard = phone.dial()
    for step in _steps(placed, local):
        if heard.waiting_for is not None:  # a transfer ends a call
            heard = do_step(phone, step)
    if heard.waiting_for is not None:
        phone.hang_up()


def _steps(placed: _Placed, local: datetime) -> Iterable[str]:
    """Yield what is done in a call, as the demo's sheet tells it."""
    member = demo_member(f"demo.{placed.member}", local.date())
    own_account = f"{SAMPLE_ACCOUNT_NUMBER[:-3]}{member.member_id[-3:]}#"
    for question, answer in steps(member).items():
        if answer:
            yield own_account if question.startswith("account number") else answer
        if question == placed.until:
            break
    yield from placed.keys


def do_step(phone: Phone, step: str) -> Heard:
    """Do what the demo's sheet says to do next."""
    return phone.say(step.removeprefix("say ")) if step.startswith("say ") else phone.press(step)


def take_to_bank(db: Connection, settings: Settings, now: datetime) -> None:
    """Let every payment whose cutoff came before `now` (aware) go to the bank, and settle on its day."""
    send_waiting(db, settings, until=now)
    for cutoff in due_cutoffs(db, cutoff_rule(settings), now):
        if take_cutoff(db, cutoff):
            finish_cutoff(db, cutoff, cutoff)
    settle(db, settings.ivr_closings, now)


def _move_money(db: Connection, settings: Settings, now: datetime) -> None:
    """Let what has passed its cutoff be at the bank, and some of it be more than that."""
    take_to_bank(db, settings, now)
    settled = db.scalars(
        select(Payment.confirmation_number).where(Payment.state == "settled").order_by(Payment.id)
    ).all()
    for number, code in zip(settled[1:], _RETURNS, strict=False):
        book_return(
            db,
            settings.key_ring,
            settings.hashes,
            number,
            code=code,
            returned_on=now.astimezone(SETTLEMENT_ZONE).date(),
            trace_number=None,
            note="",
            actor=_ACTOR,
            now=now,
        )
    if settled:
        refund(
            db,
            cutoff_rule(settings),
            confirmation_number=settled[0],
            amount_cents=None,
            actor=_ACTOR,
            now=now,
        )
    waiting = db.scalar(
        select(Payment.confirmation_number).where(Payment.state == "authorized").order_by(Payment.id).limit(1)
    )
    if waiting is not None:
        hold_payment(
            db, confirmation_number=waiting, reason="the member asks us to wait", actor=_ACTOR, now=now
        )

"""The demo's last month: calls placed on the line itself by a phone whose clock stood then, and their money.

Only the demo has one. Who is shown on its sheet calls as well, and pays nothing: those bills are for others.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import func, select, update

from ivr.ach.banking_days import SETTLEMENT_ZONE, next_banking_day
from ivr.ach.return_codes import return_rule
from ivr.base.clock import ManualClock
from ivr.base.facts import read_facts
from ivr.base.project import project_folder
from ivr.base.randomness import SecretRandomness
from ivr.billing.samples import demo_member, demo_members
from ivr.calls.store import keep_flow_version
from ivr.notices.outbox import PrintOutbox
from ivr.notices.sender import NoticeSender
from ivr.notices.texts import NoticeTexts
from ivr.notices.written import NOTICE_ROW, write_notice
from ivr.payments.credits import refund
from ivr.payments.cutoffs import cutoff_rule, due_cutoffs, finish_cutoff, take_cutoff
from ivr.payments.fraud import hold_payment
from ivr.payments.returns_by_hand import book_return
from ivr.payments.settlement import SETTLEMENT_TIME, settle
from ivr.sandbox.demo import SAMPLE_ACCOUNT_NUMBER, steps
from ivr.sandbox.earlier_payments import send_waiting
from ivr.sandbox.members import facts_of, load_members
from ivr.simulator.lines import WsgiLine
from ivr.simulator.phone import Phone
from ivr.storage.tables import Call, Notice, Payment
from ivr.topics.bank.words import SAMPLE_ROUTING_NUMBER
from ivr.voice.serving import serve_line

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

    from ivr.base.settings import Settings
    from ivr.billing.samples import SampleMember
    from ivr.simulator.heard import Heard
    from ivr.topics.line import Line

_ACTOR: Final = "sandbox"
_WRONG_SSN: Final = "4409"


@dataclass(frozen=True, slots=True)
class _Placed:
    """A call of the month: how long ago, at what time, whose, and what is done before hanging up.

    `until` is the last question of the sheet that is answered, "" all of them; `keys` come after that. A
    question in `instead` gets these answers in place of the sheet's. `became` is what came of its payment:
    the code with which it was returned, `refunded` or `held`. `says` is what the member tells staff.
    """

    days_ago: int
    at: str
    member: str
    until: str = ""
    keys: tuple[str, ...] = ()
    instead: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    became: str = ""
    says: str = ""


_MENU: Final = "main menu: hear, pay"
_HOW_MUCH: Final = "how much: all of it"
_A_PART: Final = ("2", "7500#", "1")
_NO_SSN_ON_FILE: Final = ("{member_id}", _WRONG_SSN, "{date_of_birth}")
_GUEST: Final = (
    *("3", "1", "{member_id}", "{date_of_birth}", "{zip}", "{house}#", "1"),
    *("1", SAMPLE_ROUTING_NUMBER, "1", f"{SAMPLE_ACCOUNT_NUMBER}#", f"{SAMPLE_ACCOUNT_NUMBER}#"),
    *("say Robin Example", "1", "6175550199", "6175550199", "1", "say yes"),
)
_OTHER_BIRTHDAY: Final = ("{member_id}", "{ssn_last4}", "04141926")
_MONTH: Final = (
    _Placed(26, "09:10", "tax_credit", became="refunded"),
    _Placed(22, "18:42", "no_bill", until="language"),
    _Placed(19, "12:05", "sms", became="R01", says="I paid, and I still owe"),
    _Placed(17, "08:31", "small_balance", until=_MENU, keys=("0",)),
    _Placed(13, "16:20", "past_due_only", became="R02", says="the account was closed"),
    _Placed(
        12, "10:15", "past_due", until=_MENU, keys=(*_OTHER_BIRTHDAY * 2, "0"), says="my birthday was refused"
    ),
    _Placed(11, "19:48", "spanish", until="date of birth"),
    _Placed(9, "11:11", "connectorcare", became="R10", says="the bank says it was not authorized"),
    _Placed(9, "15:30", "letter", says="no letter came"),
    _Placed(8, "14:02", "extra_time", until="date of birth"),
    _Placed(
        6,
        "21:05",
        "health_and_dental",
        until="routing number",
        says="my call dropped after the routing number",
    ),
    # A part of the bill, and then as much once more, though the line asks.
    _Placed(5, "12:40", "email", instead={_HOW_MUCH: _A_PART}),
    _Placed(5, "12:58", "email", instead={_HOW_MUCH: (*_A_PART, "1")}, says="I was debited twice"),
    _Placed(5, "13:37", "dental_paid", says="it was the wrong amount"),
    _Placed(3, "09:55", "paid", until="date of birth"),
    _Placed(1, "14:10", "first_payment", until="language", keys=_GUEST),
    _Placed(
        1,
        "17:45",
        "bill_code",
        instead={_HOW_MUCH: ("4", "{a_later_day}", "1")},
        says="cancel yesterday's payment",
    ),
    _Placed(1, "19:02", "no_ssn", until=_MENU, keys=_NO_SSN_ON_FILE * 3),
    _Placed(1, "19:06", "no_ssn", until=_MENU, keys=_NO_SSN_ON_FILE * 3),
    _Placed(1, "19:11", "no_ssn", until=_MENU, keys=_NO_SSN_ON_FILE * 3),
    _Placed(1, "19:15", "no_ssn", until=_MENU, keys=_NO_SSN_ON_FILE, says="I am locked out"),
    _Placed(0, "00:20", "dental_only", became="held"),
)
_LATER: Final = timedelta(days=10)


def complaints(today: date) -> str:
    """Return who of the month says what to staff, a line each: what, name, and the number they call from."""
    members = {placed.says: demo_member(f"demo.{placed.member}", today) for placed in _MONTH if placed.says}
    width = max(map(len, members))
    return "\n".join(
        f"  {says:<{width}}  {who.first_name} {who.last_name}, who calls from {_number(who)}"
        for says, who in members.items()
    )


def _number(member: SampleMember) -> str:
    """Return the telephone from which a member calls (E.164): the one on file, if there is one."""
    return f"+16175550{member.member_id[-3:]}"


def make_month(settings: Settings, engine: Engine, line: Line, now: datetime) -> int:
    """Place the calls of the month before `now` (aware) on a demo that has none; return how many.

    Payments whose cutoff has passed go to the bank at it; some come back, one is given back, one is held.
    """
    with engine.begin() as db:
        if db.scalar(select(func.count()).select_from(Call)):
            return 0
        keep_flow_version(db, line.flow.version, dict(line.files), now)
        clock = ManualClock(now - timedelta(days=max(each.days_ago for each in _MONTH) + 1))
        load_members(db, settings, demo_members(now.date()), clock)
    app = serve_line(settings, engine, line, clock, SecretRandomness())
    wire = WsgiLine(app, settings.public_url, settings.twilio_account_sid, settings.twilio_auth_token)
    made = {_place(settings, wire, clock, placed, now): placed.became for placed in _MONTH}
    with engine.begin() as db:
        _move_money(db, settings, made, now)
    return len(_MONTH)


def _place(settings: Settings, wire: WsgiLine, clock: ManualClock, placed: _Placed, now: datetime) -> str:
    """Place one call, unless its time is still to come; return its SID."""
    local = now.astimezone(settings.ivr_timezone)
    at = datetime.combine(
        local.date() - timedelta(days=placed.days_ago), time.fromisoformat(placed.at), settings.ivr_timezone
    )
    call_sid = f"CA{SecretRandomness().below(16**32):032x}"
    if at >= now:
        return call_sid
    clock.set(at)
    member = demo_member(f"demo.{placed.member}", local.date())
    phone = Phone(
        wire, clock, call_sid=call_sid, account_sid=settings.twilio_account_sid, from_number=_number(member)
    )
    heard = phone.dial()
    for step in _steps(placed, member, at.date()):
        if heard.waiting_for is not None:  # a transfer ends a call
            heard = do_step(phone, step)
    if heard.waiting_for is not None:
        phone.hang_up()
    return call_sid


def _steps(placed: _Placed, member: SampleMember, today: date) -> Iterable[str]:
    """Yield what is done in a call, as the demo's sheet tells it."""
    own_account = f"{SAMPLE_ACCOUNT_NUMBER[:-3]}{member.member_id[-3:]}#"
    keyed = {**facts_of(member), "a_later_day": f"{today + _LATER:%m%d}"}
    for question, answer in steps(member).items():
        own = own_account if question.startswith("account number") else answer
        yield from (each.format(**keyed) for each in placed.instead.get(question, (own,)) if each)
        if question == placed.until:
            break
    yield from (key.format(**keyed) for key in placed.keys)


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


def _move_money(db: Connection, settings: Settings, made: Mapping[str, str], now: datetime) -> None:
    """Let what has passed its cutoff be at the bank, and some of it be more: `made` says what, by call."""
    paid = select(Payment.call_sid, Payment.confirmation_number, Payment.authorized_at, Payment.settled_at)
    for call_sid, number, authorized_at, _ in db.execute(paid).all():
        if made[call_sid] == "held":
            hold_payment(
                db,
                confirmation_number=number,
                reason="the member asks us to wait",
                actor=_ACTOR,
                now=authorized_at,
            )
    take_to_bank(db, settings, now)
    for call_sid, number, _, settled_at in db.execute(paid).all():
        became = made[call_sid]
        if settled_at is None:
            continue
        if became == "refunded":
            refund(
                db,
                cutoff_rule(settings),
                confirmation_number=number,
                amount_cents=None,
                actor=_ACTOR,
                now=now,
            )
        elif became:
            returned_at = _returned_at(became, settled_at, settings.ivr_closings, now)
            book_return(
                db,
                settings.key_ring,
                settings.hashes,
                number,
                code=became,
                returned_on=returned_at.astimezone(SETTLEMENT_ZONE).date(),
                trace_number=None,
                note="",
                actor=_ACTOR,
                now=returned_at,
            )
    _write_notices(db, settings, now)


def _returned_at(code: str, settled_at: datetime, closings: Collection[date], now: datetime) -> datetime:
    """Return when a return comes: `now` what may come for sixty days, else on the next banking day."""
    if return_rule(code).window == "sixty_days":
        return now
    settled_on = settled_at.astimezone(SETTLEMENT_ZONE).date()
    return datetime.combine(next_banking_day(settled_on, closings), SETTLEMENT_TIME, SETTLEMENT_ZONE)


def _write_notices(db: Connection, settings: Settings, now: datetime) -> None:
    """Let what members were told before today be in the line's own words, letters mailed as letters are."""
    rule = cutoff_rule(settings)
    sender = NoticeSender(
        texts=NoticeTexts.load(project_folder() / "prompts" / "notices"),
        support_phone=settings.ivr_support_phone,
        opening=read_facts(settings.ivr_facts).opening(settings.ivr_support_hours),
        cutoff=rule,
        keys=settings.key_ring,
        letters=PrintOutbox(settings.ivr_var),  # nothing is put into it: who reads the demo reads the page
    )
    for row in db.execute(NOTICE_ROW.where(Payment.state != "authorized", Notice.created_at < now)).all():
        text = write_notice(db, sender, row, row.created_at)
        told = {
            "state": "sent",
            "sent_at": row.created_at,
            "mailed_date": rule.mailing_date(row.created_at) if row.channel == "letter" else None,
            "body": text.message if row.channel == "sms" else text.plain,
        }
        db.execute(update(Notice).where(Notice.id == row.id).values(told))

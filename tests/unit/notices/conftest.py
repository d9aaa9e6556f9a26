"""Sample members, their payments, and a post sender whose carriers are local servers."""

from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update
from support.authorized import CUTOFF, KEYS
from support.carriers import TwilioServer, mail_server

from ivr.base.clock import ManualClock
from ivr.base.hours import Opening, Season
from ivr.base.settings import MailServer
from ivr.notices.email import MailCarrier
from ivr.notices.outbox import PrintOutbox
from ivr.notices.sender import NoticeSender
from ivr.notices.sms import SmsAccount, SmsCarrier
from ivr.notices.texts import NoticeTexts
from ivr.storage.tables import Member, Notice, NoticeAttempt, StaffTask

ROOT = Path(__file__).resolve().parents[3]
NOW = datetime(2026, 12, 18, 15, 15, tzinfo=UTC)
ZONE = ZoneInfo("America/New_York")
ACCOUNT_SID = "AC" + "0a" * 16
DECEMBER = Season(date(2026, 12, 1), date(2026, 12, 31), "Mon-Fri 07:00-19:00")


@pytest.fixture
def clock():
    return ManualClock(NOW)


@pytest.fixture(scope="session")
def texts():
    return NoticeTexts.load(ROOT / "prompts" / "notices")


@pytest.fixture
def twilio():
    with TwilioServer() as server:
        yield server


@pytest.fixture
def mail():
    """The box and the port of a mail server that takes everything."""
    with mail_server() as server:
        yield server


@pytest.fixture
def pauses():
    """The seconds that a carrier paused, instead of pausing."""
    return []


@pytest.fixture
def sms(twilio, pauses):
    account = SmsAccount(
        ACCOUNT_SID, "0" * 32, "+16175550198", "https://line.example/notices/status", twilio.url
    )
    return SmsCarrier(account, pause=pauses.append, answer_timeout_seconds=0.5)


@pytest.fixture
def sender(texts, tmp_path, sms, mail):
    """A post sender with all three channels."""
    return NoticeSender(
        texts=texts,
        support_phone="+18005550100",
        opening=Opening("Mon-Fri 08:00-18:00", (DECEMBER,)),
        cutoff=CUTOFF,
        keys=KEYS,
        letters=PrintOutbox(tmp_path / "letters"),
        sms=sms,
        email=MailCarrier(MailServer("127.0.0.1", mail[1], encrypted=False), "payments@line.example"),
    )


class Facts:
    """What the tables say of the one payment there is."""

    def __init__(self, engine):
        self.engine = engine

    def notice(self):
        with self.engine.connect() as db:
            return db.execute(select(Notice.__table__)).one()

    def attempts(self):
        with self.engine.connect() as db:
            return db.execute(select(NoticeAttempt.__table__).order_by(NoticeAttempt.id)).all()

    def outcomes(self):
        return [(each.channel, each.state) for each in self.attempts()]

    def tasks(self):
        with self.engine.connect() as db:
            return db.execute(select(StaffTask.__table__).order_by(StaffTask.id)).all()

    def open_tasks(self):
        return [task.kind for task in self.tasks() if task.closed_at is None]

    def member(self, **changes):
        with self.engine.begin() as db:
            db.execute(update(Member).where(Member.member_id == "400000000101").values(**changes))

    def set_notice(self, **changes):
        with self.engine.begin() as db:
            db.execute(update(Notice).values(**changes))


@pytest.fixture
def facts(engine, samples):
    """The tables, and a member who can be reached by every channel."""
    found = Facts(engine)
    found.member(phone="+16175550123", sms_ok=True, email="ada@example.com")
    return found


@pytest.fixture
def promised(engine, facts, hashes):
    """Authorize a payment whose notice is promised by a channel; returns what was authorized."""
    from support.authorized import authorized

    def promise(channel="letter", language="en-US", **request):
        paid = authorized(engine, hashes, sent=False, **request)
        facts.set_notice(channel=channel, language=language)
        return paid

    return promise

"""The practice phone: all of a call is in its form, nobody's data is read, and nothing is written."""

from __future__ import annotations

import html
import re

from sqlalchemy import func, select
from support.console import Visitor, console_on
from support.samples import NOW

from ivr.billing.samples import demo_member
from ivr.storage.tables import AuditEvent, Call, Payment

MEMBER = demo_member("demo.health_and_dental", NOW.date())
PAYS = (
    *("1", "1", MEMBER.member_id, MEMBER.ssn_last4, MEMBER.date_of_birth_keyed, "2", "1", "1", "021000021"),
    *("1", "1234567890#", "1234567890#", "yes"),
)


def practiced(visitor, address, *answers, **more):
    """Begin a call and answer as the page's own form does, with what stands in it."""
    page = visitor.post(address, {"begin": "yes", "language": "en-US", "pace": "voice"}, **more).text
    for answer in answers:
        [inputs] = re.findall(r"<textarea[^>]*>(.*?)</textarea>", page, re.DOTALL)
        page = visitor.post(address, {"inputs": html.unescape(inputs), "text": answer}, **more).text
    return page


def test_staff_practice_a_payment_and_nothing_is_written(visitor, engine):
    visitor.log_in("agent")
    with engine.connect() as db:
        before = db.scalar(select(func.count(AuditEvent.id)))
    page = practiced(visitor, "/practice/", *PAYS)
    assert "Your payment is accepted." in page
    assert "Words are spoken" in practiced(visitor, "/practice/", *PAYS[:-1])
    with engine.connect() as db:
        rows = [db.scalar(select(func.count()).select_from(table)) for table in (Call, Payment)]
        assert (rows, db.scalar(select(func.count(AuditEvent.id)))) == ([0, 0], before)


def test_the_door_is_open_only_where_a_setting_says_so(visitor, engine, line):
    assert visitor.get("/practice-line").status_code == 404
    opened = Visitor(console_on(engine, line, NOW, IVR_PRACTICE_LINE="yes"), {})
    page = practiced(opened, "/practice-line", "1", "<script>", token="")
    assert "&lt;script&gt;" in page
    assert "<script>" not in page
    assert opened.get("/practice/").status_code == 303
    too_many = {"inputs": "\n".join(["1"] * 200), "text": "1"}
    assert "at most: begin another" in opened.post("/practice-line", too_many, token="").text

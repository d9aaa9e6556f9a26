"""Today's board and the audit trail: nothing is well by default, and nobody looks unseen."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import insert, text
from sqlalchemy.exc import DBAPIError
from support.console import Visitor, add_everybody, console_on
from support.money import FRIDAYS_CUTOFF, pay

from ivr.console.app import SECTIONS
from ivr.console.today import WRONG
from ivr.payments.evidence import seal_evidence, verify_evidence
from ivr.status.alerts import ALERTS
from ivr.storage.engine import make_engine
from ivr.storage.heartbeats import WORKER, beat
from ivr.storage.tables import AuditEvent


def tiles(page):
    """Return each tile of the board: how it is, and its value."""
    found = re.findall(r'class="tile (\w+)">\s*<dt>(.*?)</dt>\s*<dd class="value">(?:<a [^>]*>)?(.*?)<', page)
    return {label: (grade, value) for grade, label, value in found}


def test_what_is_not_known_says_so(visitor):
    visitor.log_in("agent")
    board = tiles(visitor.get("/today/").text)
    unknown = {label for label, (grade, value) in board.items() if grade == "unknown"}
    assert unknown == {
        *("Last cutoff", "Files not accepted", "Worker", "Completion"),
        *("Returns, unauthorized", "Returns, administrative", "Returns, overall"),
    }
    assert board["Next cutoff"] == ("good", "0 payments, $0.00")


@pytest.mark.usefixtures("samples")
def test_what_waits_is_counted_and_what_is_wrong_says_what_to_do(visitor, engine):
    pay(engine, visitor.console.clock.now(), notice="pending")
    visitor.log_in("ops")
    with engine.begin() as db:
        beat(db, WORKER, visitor.console.clock.now())
    board = tiles(visitor.get("/today/").text)
    assert board["Next cutoff"] == ("good", "1 payment, $310.15")
    assert board["Notices not sent"] == ("warn", "1")
    assert board["Worker"] == ("good", "at work")
    for notice, found in (("not sent", 1), ("not mailed", 0)):
        assert visitor.get("/payments/", query_string={"notice": notice}).text.count("$310.15") == found
    assert WRONG.keys() == {alert.name for alert in ALERTS}
    visitor.console.clock.advance(10 * 60)
    page = visitor.get("/today/").text
    assert tiles(page)["Worker"] == ("bad", "silent")
    assert "The worker is silent, and no notice, file or return moves" in page


def test_the_trail_tells_who_saw_what_from_where_and_is_sealed(visitor, engine):
    visitor.log_in("agent")
    assert visitor.get("/trail/").status_code == 403
    visitor.log_in("compliance")
    page = visitor.get("/trail/?action=console").text
    assert "console.refused" in page
    assert "/trail/" in page
    assert "127.0.0.1" in page
    assert "None of it is sealed yet" in page
    assert "is no day" in visitor.get("/trail/?on=someday").text
    with engine.begin() as db:
        seal_evidence(
            db,
            visitor.console.hashes,
            visitor.console.clock.now(),
            visitor.console.clock.now() + timedelta(days=1),
        )
    assert "Sealed into the chain" in visitor.get("/trail/?who=agent").text
    with engine.connect() as db:
        assert verify_evidence(db, visitor.console.hashes, kept_since=FRIDAYS_CUTOFF).broken == ()


CHANGES = ("UPDATE audit_events SET actor = 'x'", "DELETE FROM audit_events", "TRUNCATE audit_events")


def test_nobody_changes_the_trail(visitor, engine, url_as):
    visitor.log_in("ops")
    for url in (engine.url, url_as("ivr_console"), url_as("ivr_web"), url_as("ivr_worker")):
        asking = make_engine(url)
        for change in CHANGES:
            with asking.connect() as db, pytest.raises(DBAPIError, match=r"append-only|permission denied"):
                db.execute(text(change))
        asking.dispose()


def test_the_consoles_own_account_has_the_rights_of_every_page(engine, line, samples, url_as):
    own = make_engine(url_as("ivr_console"))
    console = console_on(own, line, FRIDAYS_CUTOFF)
    visitor = Visitor(console, add_everybody(console))
    number = pay(engine).confirmation_number
    visitor.log_in("admin")
    member = samples["demo.health_and_dental"].member_id
    for section in SECTIONS:
        assert visitor.get(f"/{section.name}/").status_code == 200, section.name
    for path in (
        f"/payments/{number}",
        f"/members/{member}",
        "/members/?q=sample",
        "/calls/?member=1",
        "/line/runs",
    ):
        assert visitor.get(path).status_code == 200, path
    asked = r'name="asked" value="(\d+)"'
    for path, form in (
        (f"/payments/{number}/hold", {"reason": "the member asks"}),
        (f"/payments/{number}/ask", {"action": "release"}),
        (f"/payments/{number}/decide", {"word": "refuse", "asked": asked}),
        (f"/payments/{number}/cancel", {}),
        (f"/members/{member}/unlock", {}),
        ("/log-out", {}),
    ):
        if form.get("asked"):
            form["asked"] = re.search(asked, visitor.get(f"/payments/{number}").text)[1]
        assert visitor.post(path, form).status_code == 303, path
    own.dispose()


@pytest.mark.usefixtures("samples")
def test_a_payment_in_the_trail_is_called_by_its_confirmation_number(visitor, engine):
    number = pay(engine, visitor.console.clock.now()).confirmation_number
    visitor.log_in("admin")
    visitor.post(f"/payments/{number}/hold", {"reason": "the member asks"})
    assert f'<a href="/payments/{number}">{number}</a>' in visitor.get("/trail/?action=payments.hold").text


def test_a_long_trail_comes_by_the_page(visitor, engine):
    visitor.log_in("compliance")
    event = {
        "at": visitor.console.clock.now(),
        "actor": "x",
        "action": "staff.test",
        "subject": "y",
        "details": {},
    }
    with engine.begin() as db:
        db.execute(insert(AuditEvent), [event] * 60)
    assert [page.count("staff.test") for page in visitor.pages("/trail/?who=x")] == [50, 10]
    looks_at_few = Visitor(replace(visitor.console, looked_at=40), visitor.secrets)
    looks_at_few.log_in("compliance")
    found = [*looks_at_few.pages("/trail/?who=x&action=staff")]
    assert sum(page.count("staff.test") for page in found) == 60
    assert "and found 3" in found[0]
    assert "There may be older ones." in found[0]
    assert "There may be older ones." not in found[-1]

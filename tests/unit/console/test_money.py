"""Members, payments and tasks as staff work with them: what complaints are answered from."""

from __future__ import annotations

import csv
import re
from dataclasses import replace
from datetime import timedelta

import pypdfium2
import pytest
from sqlalchemy import insert, select
from support.banking import bring, came_back, cut
from support.console import Visitor, add, add_everybody, console_on, secret_of
from support.money import ACCOUNT_NUMBER, FRIDAYS_CUTOFF, pay

from ivr.members.verification import RECENT_FAILURES
from ivr.members.withdrawal import withdraw
from ivr.storage.tables import AuditEvent, LedgerEntry, Member, Payment, StaffTask, VerificationCounter

LATER = FRIDAYS_CUTOFF + timedelta(days=7)


@pytest.fixture
def visitor(engine, line, samples):
    console = console_on(engine, line, FRIDAYS_CUTOFF)
    visitor = Visitor(console, add_everybody(console))
    with engine.begin() as db:
        visitor.secrets["second"] = secret_of(add(db, console, "second", ["money"]))
    visitor.log_in("money")
    return visitor


@pytest.fixture
def paid(engine, samples):
    return pay(engine).confirmation_number


def states(visitor):
    with visitor.console.engine.connect() as db:
        return db.scalars(select(Payment.state).order_by(Payment.id)).all()


def open_tasks(visitor):
    with visitor.console.engine.connect() as db:
        return db.execute(select(StaffTask).where(StaffTask.closed_at.is_(None))).all()


def trail(visitor, *actions):
    with visitor.console.engine.connect() as db:
        rows = db.execute(
            select(AuditEvent.actor, AuditEvent.action)
            .where(AuditEvent.action.in_(actions))
            .order_by(AuditEvent.id)
        )
        return [tuple(row) for row in rows]


def decide(visitor, number, word, *, asked=None):
    """Approve or refuse what the payment's page says is asked for, or what another page said."""
    shown = asked or re.search(r'name="asked" value="(\d+)"', visitor.get(f"/payments/{number}").text)
    return visitor.post(f"/payments/{number}/decide", {"word": word, "asked": shown[1] if shown else ""})


def test_a_payment_is_found_and_its_life_told(visitor, paid):
    for asked in (f"number={paid[:3]}-{paid[3:]}", "state=authorized", "last4=2345", ""):
        assert f"/payments/{paid}" in visitor.get(f"/payments/?{asked}").text, asked
    assert f"/payments/{paid}" not in visitor.get("/payments/?state=settled").text
    assert "No payment fits." in visitor.get("/payments/?state=settled&last4=2345").text
    assert "is no day" in visitor.get("/payments/?on=someday").text
    [row] = csv.DictReader(
        visitor.get("/payments/payments.csv?state=authorized&last4=2345").text.splitlines()
    )
    assert (row["confirmation_number"], row["amount_cents"], row["return_code"]) == (paid, "31015", "")
    assert trail(visitor, "console.export_payments") == [("money", "console.export_payments")]
    assert visitor.get("/payments/payments.csv?on=someday").status_code == 409
    page = visitor.get(f"/payments/{paid}").text
    assert "Authorized in the call" in page
    assert "ending in" in page
    assert trail(visitor, "console.see_payment") == [("money", "console.see_payment")]
    pdf = visitor.get(f"/payments/{paid}/evidence.pdf")
    with pypdfium2.PdfDocument(pdf.data) as document:
        words = "".join(page.get_textpage().get_text_bounded() for page in document)
    assert "Do you authorize this payment?" in words
    assert paid in words
    assert ACCOUNT_NUMBER not in words
    assert trail(visitor, "console.send_evidence") == [("money", "console.send_evidence")]
    assert visitor.get("/payments/1").status_code == 404
    assert visitor.get("/payments/1/evidence.pdf").status_code == 404


def test_who_asks_to_cancel_gets_a_number(visitor, engine):
    paid = pay(engine, FRIDAYS_CUTOFF).confirmation_number
    assert "Cutoff (to come)" in visitor.get(f"/payments/{paid}").text
    page = visitor.post(f"/payments/{paid}/cancel", follow_redirects=True).text
    assert "The payment is cancelled." in page
    assert re.search(r"Cancellation number</dt><dd>\d{11}", page)
    assert "nothing is debited, and $310.15 is owed again" in page
    assert "Cutoff" not in page
    again = visitor.post(
        f"/payments/{paid}/cancel", headers={"Referer": f"https://console.example/payments/{paid}"}
    )
    assert again.status_code == 409
    assert f'<a href="/payments/{paid}">Back to the page before' in again.text
    assert "This payment cannot be cancelled any more." in again.text


def test_money_goes_out_on_the_word_of_two(visitor, paid):
    assert visitor.post(f"/payments/{paid}/hold", {"reason": ""}).status_code == 409
    visitor.post(f"/payments/{paid}/hold", {"reason": "the member asks"})
    assert states(visitor) == ["held"]
    assert visitor.post(f"/payments/{paid}/ask", {"action": "release"}).status_code == 303
    assert states(visitor) == ["held"], "asking does nothing yet"
    assert visitor.post(f"/payments/{paid}/ask", {"action": "release"}).status_code == 409
    own = decide(visitor, paid, "approve")
    assert "You asked for it yourself" in own.text
    assert states(visitor) == ["held"]
    assert "approval" in visitor.get("/tasks/").text.lower()
    visitor.log_in("second")
    assert "Approve and do it" in visitor.get(f"/payments/{paid}").text
    decide(visitor, paid, "approve")
    assert states(visitor) == ["authorized"]
    assert decide(visitor, paid, "approve").status_code == 404
    assert trail(visitor, "payments.ask", "payments.approve", "payments.release") == [
        ("money", "payments.ask"),
        ("second", "payments.approve"),
        ("second", "payments.release"),
    ]


def test_what_is_refused_is_not_done(visitor, paid):
    visitor.post(f"/payments/{paid}/hold", {"reason": "the member asks"})
    visitor.post(f"/payments/{paid}/ask", {"action": "release"})
    wish = open_tasks(visitor)[-1].id
    assert visitor.post(f"/tasks/{wish}/close", {"note": "no"}).status_code == 409
    visitor.log_in("second")
    decide(visitor, paid, "refuse")
    assert states(visitor) == ["held"]
    assert [task.kind for task in open_tasks(visitor)] == ["payment_held"]
    page = visitor.get(f"/payments/{paid}").text
    for told in ("money held it", "money asked to release it", "second refused it"):
        assert told in page


def test_who_approves_approves_what_they_saw(visitor, engine, paid):
    with engine.begin() as db:
        db.execute(Payment.__table__.update().values(state="settled", settled_at=FRIDAYS_CUTOFF))
    visitor.post(f"/payments/{paid}/ask", {"action": "refund", "amount": "1.00"})
    seen = re.search(r'name="asked" value="(\d+)"', visitor.get(f"/payments/{paid}").text)
    decide(visitor, paid, "refuse")
    visitor.post(f"/payments/{paid}/ask", {"action": "refund", "amount": "300.00"})
    visitor.log_in("second")
    stale = decide(visitor, paid, "approve", asked=seen)
    assert (stale.status_code, "Something else is asked for by now" in stale.text) == (409, True)
    assert [task.details["amount_cents"] for task in open_tasks(visitor)] == [30000]


def test_what_was_done_is_said_once_it_is_true(visitor, paid):
    done = visitor.post(f"/payments/{paid}/hold", {"reason": "the member asks"}).location
    said = "The payment is held."
    assert said in visitor.get(done).text
    assert said not in visitor.get(done.replace("held.", "cancelled.")).text
    assert said not in visitor.get(f"/payments/{paid}?done=held").text
    visitor.console.clock.advance(61)
    assert said not in visitor.get(done).text


@pytest.mark.parametrize("form", [{"action": "refund"}, {"action": "reverse", "reason": "duplicate"}])
def test_what_cannot_be_given_back_is_not_even_asked_for(visitor, paid, form):
    refused = visitor.post(f"/payments/{paid}/ask", form)
    assert "It is not debited yet: cancel it." in refused.text
    assert open_tasks(visitor) == []


def test_what_asks_wrongly_is_told_how(visitor, paid):
    for form, said in (
        ({"action": "burn"}, "burn is nothing that can be asked for."),
        ({"action": "refund", "amount": "much"}, "The amount is wrong"),
        ({"action": "reverse", "reason": "because"}, "A reversal has one of these reasons"),
    ):
        reply = visitor.post(f"/payments/{paid}/ask", form)
        assert (reply.status_code, said in reply.text) == (409, True), reply.text


def test_a_long_queue_is_read_a_page_at_a_time(visitor, engine):
    with engine.begin() as db:
        task = {"kind": "return_rate", "details": {}}
        db.execute(
            StaffTask.__table__.insert(),
            [{**task, "opened_at": FRIDAYS_CUTOFF - timedelta(minutes=n)} for n in range(120)],
        )
    numbers, address = [], "/tasks/"
    while address:
        page = visitor.get(address).text
        assert "120 open" in page
        assert "Next: see under Payments, returned" in page
        numbers += map(int, re.findall(r"number (\d+)</span>", page))
        [address] = re.findall(r'<a href="([^"]*)" rel="next"', page) or [""]
    assert numbers == sorted(numbers, reverse=True)
    assert len(numbers) == 120


def test_an_agent_looks_and_changes_nothing(visitor, paid):
    visitor.log_in("agent")
    page = visitor.get(f"/payments/{paid}").text
    assert "What can be done" not in page
    assert "To cancel it takes one of these roles: ops, money, admin." in page
    for what in ("cancel", "hold", "ask", "decide"):
        assert visitor.post(f"/payments/{paid}/{what}", {"action": "release"}).status_code == 403
    assert states(visitor) == ["authorized"]


def test_a_refund_of_a_settled_payment(visitor, engine, paid):
    with engine.begin() as db:
        db.execute(
            Payment.__table__.update().values(state="settled", settled_at=FRIDAYS_CUTOFF + timedelta(days=3))
        )
    visitor.post(f"/payments/{paid}/ask", {"action": "refund", "amount": "$1.00"})
    [task] = open_tasks(visitor)
    assert (task.kind, task.details["amount_cents"]) == ("approval", 100)
    visitor.log_in("second")
    decide(visitor, paid, "approve")
    assert "refund $1.00 requested" in visitor.get("/payments/").text


def test_a_retry_takes_two_and_is_taken_back_by_one(visitor, engine):
    made = pay(engine)
    payment = f"/payments/{made.confirmation_number}"
    assert "No retry of payment" in visitor.post(f"{payment}/withdraw").text
    cut(engine)
    assert "It is on its way to the bank" in visitor.get(payment).text
    bring(engine, came_back(engine, made))
    page = visitor.get(payment).text
    assert "Their bank sent it back: insufficient funds (R01). $310.15 is owed again. The member pays" in page
    assert visitor.post(f"{payment}/ask", {"action": "retry"}).status_code == 303
    assert states(visitor) == ["returned"], "asking does nothing yet"
    visitor.log_in("second")
    decide(visitor, made.confirmation_number, "approve")
    assert states(visitor) == ["batched"]
    page = visitor.get(payment).text
    assert "second had it presented again" in page
    assert "Retried by letter: pending" in page
    taken = visitor.post(f"{payment}/withdraw", follow_redirects=True).text
    assert "The retry is taken back" in taken
    assert "Ask for a retry" in taken
    with engine.begin() as db:
        db.execute(Payment.__table__.update().values(return_code="R02"))
    assert "only R01 and R09 are presented again" in visitor.get(payment).text
    assert "R02" in visitor.post(f"{payment}/ask", {"action": "retry"}).text


def test_who_is_locked_out_is_let_in(visitor, samples):
    member = samples["demo.health_and_dental"].member_id
    now = visitor.console.clock.now()
    with visitor.console.engine.begin() as db:
        db.execute(
            VerificationCounter.__table__.insert().values(
                counted_on=member,
                failures_since_success=RECENT_FAILURES,
                recent_failures_at=[now] * RECENT_FAILURES,
                last_failure_at=now,
                locked_at=now,
            )
        )
    assert "To unlock takes one of these roles: ops, admin." in visitor.get(f"/members/{member}").text
    assert visitor.post(f"/members/{member}/unlock").status_code == 403
    visitor.log_in("ops")
    page = visitor.get(f"/members/{member}").text
    assert "Locked since" in page
    assert f"since the last one that did: {RECENT_FAILURES}." in page
    assert "/calls/?on=2026-12-18&amp;around=17:00" in page
    page = visitor.post(f"/members/{member}/unlock", follow_redirects=True).text
    assert "The member may try again." in page
    assert "Not locked." in page
    assert "since the last one that did" not in page
    assert trail(visitor, "members.unlock") == [("ops", "members.unlock")]
    assert visitor.post("/members/1/unlock").status_code == 404
    with visitor.console.engine.begin() as db:
        assert withdraw(db, member, actor="Pat", now=now)
    assert "Withdrawn since" in visitor.get(f"/members/{member}").text


def test_a_member_is_found_by_what_they_say_of_themselves(visitor, samples, paid):
    member = samples["demo.health_and_dental"]
    account = member.billing_accounts["health"]
    names = ("sam", "amber sample", "Sample, A", " Sample,")
    for asked in (member.member_id, account, member.phone, *names):
        assert f"/members/{member.member_id}" in visitor.get("/members/", query_string={"q": asked}).text, (
            asked
        )
    for nobody in ("400", "basil samples", "sample, %"):
        assert "No member fits" in visitor.get("/members/", query_string={"q": nobody}).text
    page = visitor.get(f"/members/{member.member_id}").text
    for told in (account, "$310.15", paid, member.phone, "last four digits of the Social Security number"):
        assert told in page
    assert paid in visitor.get(f"/members/{member.member_id}/notices").text
    posted = [
        {"billing_account": account, "kind": "receipt", "amount_cents": -100 - number, "posted_at": LATER}
        for number in range(60)
    ]
    with visitor.console.engine.begin() as db:
        db.execute(insert(LedgerEntry), posted)
    newest, older = (page.count("receipt") for page in visitor.pages(f"/members/{member.member_id}/ledger"))
    assert (newest, older) == (50, 10)
    assert "Nobody is listed unasked" in visitor.get("/members/?q=,").text
    for page in ("/members/1", "/members/1/ledger"):
        assert visitor.get(page).status_code == 404
    assert len(trail(visitor, "console.find_members", "console.see_member")) == 14


def test_members_of_one_name_come_by_the_page(visitor):
    with visitor.console.engine.begin() as db:
        member = db.execute(select(Member.__table__).limit(1)).one()
        copies = [
            {
                **member._mapping,
                "member_id": f"{900000000000 + number}",
                "last_name": "Zeta",
                "first_name": "ABC"[number % 3],
            }
            for number in range(1, 121)
        ]
        db.execute(insert(Member), copies)
    found = [re.findall(r"/members/(9\d{11})", page) for page in visitor.pages("/members/?q=zet")]
    assert [len(page) for page in found] == [50, 50, 20]
    in_order = sorted(range(1, 121), key=lambda number: (number % 3, number))
    assert [number for page in found for number in page] == [
        str(900000000000 + number) for number in in_order
    ]


def test_a_rare_state_is_looked_for_further_back(visitor, engine, paid):
    visitor.post(f"/payments/{paid}/cancel")
    for member in (2, 3, 4):
        pay(engine, member=member, cents=1000)
    looks_at_two = Visitor(replace(visitor.console, looked_at=2), visitor.secrets)
    looks_at_two.log_in("ops")
    pages = [*looks_at_two.pages("/payments/?state=cancelled")]
    assert [f"/payments/{paid}" in page for page in pages[:2]] == [False, True]
    assert "and found none. There may be older ones." in pages[0]
    assert "No payment fits." not in "".join(pages)


def test_a_task_is_taken_noted_and_closed_with_a_note(visitor, engine, paid):
    visitor.post(f"/payments/{paid}/hold", {"reason": "the member asks"})
    [task] = open_tasks(visitor)
    assert "taken by" not in visitor.get("/tasks/").text
    for step in ("take", "note", "note"):
        assert visitor.post(f"/tasks/{task.id}/{step}", {"note": f"called {step}"}).status_code == 303
    page = visitor.get("/tasks/").text
    assert "taken by <strong>money</strong>" in page
    assert page.count(": called note</p>") == 2
    assert open_tasks(visitor)[0].details == task.details
    assert visitor.post(f"/tasks/{task.id}/close", {"note": " "}).status_code == 409
    assert (
        "The task is closed."
        in visitor.post(f"/tasks/{task.id}/close", {"note": "done"}, follow_redirects=True).text
    )
    assert open_tasks(visitor) == []
    for step in ("take", "note", "close"):
        assert visitor.post(f"/tasks/{task.id}/{step}", {"note": "done"}).status_code == 404

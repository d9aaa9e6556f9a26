"""Finding the call that somebody complains about, and reading it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import insert, select
from support.console import Visitor, add_everybody, as_read, console_on, record_calls
from support.samples import NOW

from ivr.calls.store import keep_flow_version
from ivr.storage.tables import AuditEvent, Call, Turn
from ivr.topics.line import compile_line

DROPPED = "now 2026-12-15T21:05-05:00\nafter way/routing_read_back.call\ncaller hangs up\nend hangup\n"


TRANSFERRED = "after way/routing_read_back.call\ncaller 0\nline person-connecting\nend agent\n"


@pytest.fixture
def visitor(engine, line, tmp_path, request):
    record_calls(engine, line, tmp_path, getattr(request, "param", DROPPED))
    console = console_on(engine, line, NOW, IVR_VAR=str(tmp_path / "var"))
    visitor = Visitor(console, add_everybody(console))
    visitor.log_in("ops")
    return visitor


@pytest.fixture
def call(engine):
    with engine.connect() as db:
        return db.execute(select(Call)).one()


def test_my_call_on_tuesday_around_nine_dropped_after_the_routing_number(visitor, call):
    found = visitor.get("/calls/?on=tuesday&around=9pm&last_node=routing").text
    assert f"/calls/{call.call_sid}" in found
    page = visitor.get(f"/calls/{call.call_sid}").text
    assert "keyed 9 digits" in page
    assert "It made no payment." in page
    assert "A person was called" not in page
    assert "You owe [$250-500] on your health bill." in page, page
    assert "021000021" not in page
    with visitor.console.engine.connect() as db:
        seen = select(AuditEvent.actor, AuditEvent.details).where(
            AuditEvent.action == "console.see_call", AuditEvent.subject == call.call_sid
        )
        assert db.execute(seen).all() == [("ops", {"from_address": "127.0.0.1"})]


@pytest.mark.parametrize("visitor", [TRANSFERRED], indirect=True)
def test_a_call_that_a_person_got_says_why_and_from_where(visitor, call):
    page = visitor.get(f"/calls/{call.call_sid}").text
    assert "A person was called: The caller asked for a person, at: bank, routing read back." in page


ASKED = {
    "": True,
    "end=hangup&language=en-US&pace=voice": True,
    "end=goodbye": False,
    "on=monday": False,
    "confirmation=513-7053-7879": False,
    "caller=(617) 555-0199": False,
}


def test_what_is_asked_for_narrows_the_list(visitor, call):
    found = {asked: f"/calls/{call.call_sid}" in visitor.get(f"/calls/?{asked}").text for asked in ASKED}
    assert found == ASKED


def test_by_member_billing_account_and_caller(visitor, call):
    with visitor.console.engine.begin() as db:
        member, account = db.exec_driver_sql(
            "SELECT member_id, billing_account FROM billing_accounts LIMIT 1"
        ).one()
        db.execute(
            Call.__table__.update().values(
                caller_hash=visitor.console.hashes.digest("caller", "+16175550123")
            )
        )
    for asked in (f"member={member}", f"member={account}", "caller=(617) 555-0123"):
        assert f"/calls/{call.call_sid}" in visitor.get(f"/calls/?{asked}").text, asked


def test_what_cannot_be_read_is_said_all_at_once(visitor):
    page = visitor.get("/calls/?on=someday&caller=x").text
    assert "is no day: write a day such as tuesday" in page
    assert "The caller&#39;s number is no telephone number" in page


def test_a_long_list_comes_by_the_page(visitor, call):
    values = {**call._mapping}
    more = [{**values, "call_sid": f"CA{number:032x}"} for number in range(120)]
    with visitor.console.engine.begin() as db:
        db.execute(insert(Call), more)
    found = [re.findall(r'href="/calls/(CA\w+)"', page) for page in visitor.pages("/calls/?end=hangup")]
    assert [len(page) for page in found] == [50, 50, 21]
    assert len({sid for page in found for sid in page}) == 121


def test_who_stops_looking_says_so_and_leads_further_back(visitor, call):
    newer = [
        {
            **call._mapping,
            "call_sid": f"CA{number}",
            "started_at": NOW + timedelta(minutes=number),
            "node": "main/goodbye",
        }
        for number in range(5)
    ]
    with visitor.console.engine.begin() as db:
        db.execute(insert(Call), newer)
    looks_at_four = Visitor(replace(visitor.console, looked_at=4), visitor.secrets)
    looks_at_four.log_in("ops")
    first, second = looks_at_four.pages("/calls/?last_node=routing")
    assert "This page looked back as far as Fri, Dec 18, 2026, 10:16 AM EST, and found none." in as_read(
        first
    )
    assert "No call fits" not in first
    assert f"/calls/{call.call_sid}" in second
    assert "looked back" not in second
    *_, last = looks_at_four.pages("/calls/?last_node=nowhere")
    assert "Nothing more fits." in last
    assert "looked back" not in looks_at_four.get("/calls/").text, "which asks for nothing in particular"


def test_there_is_no_such_call(visitor):
    assert visitor.get("/calls/CA1").status_code == 404


def test_a_call_whose_words_are_not_kept_is_told_by_its_prompts(visitor, call):
    with visitor.console.engine.begin() as db:
        db.execute(Turn.__table__.update().values(prompts="gone-since"))
    assert "said gone-since; its words are not kept any more" in visitor.get(f"/calls/{call.call_sid}").text


def test_what_would_this_caller_hear_today(visitor, call, line):
    page = visitor.get(f"/calls/{call.call_sid}/rerun").text
    assert "Nothing differs: it is the version that the call ran on." in page
    files = {**line.files}
    files["prompts/en-US.ftl"] = files["prompts/en-US.ftl"].replace("press 0", "press zero")
    other = compile_line(files)
    with visitor.console.engine.begin() as db:
        keep_flow_version(db, other.flow.version, files, NOW)
    page = visitor.get(f"/calls/{call.call_sid}/rerun?version={other.flow.version}").text
    assert "changed wording only" in page
    assert "For a person, press zero." in page
    assert page.count("<del>") == page.count("<ins>") > 0
    assert visitor.get("/calls/CA1/rerun").status_code == 404


def test_a_call_is_kept_as_a_test(visitor, call, line, engine, tmp_path):
    form = {"name": "dropped", "why": "It dropped\nafter the number.", "owner": "ada"}
    kept = visitor.post(f"/calls/{call.call_sid}/keep", form)
    assert kept.headers["Content-Disposition"] == 'attachment; filename="dropped.call"'
    assert "# It dropped after the number.\n# Kept by ada.\n" in kept.text
    assert (visitor.console.settings.ivr_var / "kept-calls" / "dropped.call").read_text() == kept.text
    assert "is kept as dropped already" in visitor.post(f"/calls/{call.call_sid}/keep", form).text
    assert visitor.post(f"/calls/{call.call_sid}/keep", {**form, "name": "../x"}).status_code == 409
    record_calls(engine, line, tmp_path, kept.text)

"""The demo's sheet is true: who keys what it says has paid; and a phone in the terminal takes it."""

from __future__ import annotations

import io
import json
import os
from datetime import datetime
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from sqlalchemy import URL, Engine, func, select

from ivr.base.project import project_folder
from ivr.base.settings import load_replay_settings, load_settings
from ivr.billing.samples import demo_member
from ivr.callfile.host import Setup
from ivr.members.locks import locked
from ivr.sandbox.demo import SHOWN, describe, steps
from ivr.sandbox.host import LocalHost
from ivr.sandbox.members import prepare_demo
from ivr.sandbox.month import complaints, do_step, make_month
from ivr.sandbox.staff import add_sample_staff, sample_codes
from ivr.simulator.phone import Phone
from ivr.staff.people import StaffKeys
from ivr.staff.rights import ROLES
from ivr.storage.tables import Bill, Call, LedgerEntry, Notice, Payment
from ivr.topics.line import compile_line, read_line_files

NOW = datetime.fromisoformat("2026-12-18T10:15-05:00")


@pytest.mark.parametrize("name", SHOWN)
def test_what_the_sheet_says_to_key_pays_the_bill(engine: Engine, name: str) -> None:
    line = compile_line(read_line_files(project_folder()))
    member = demo_member(name, NOW.date())
    with (
        LocalHost(engine, line, load_replay_settings({})) as host,
        host.prepare(Setup(name, NOW, name, member.language, "voice")) as prepared,
    ):
        phone = Phone(
            prepared.line, prepared.clock, call_sid=prepared.call_sid, account_sid=prepared.account_sid
        )
        heard = phone.dial()
        for step in filter(None, steps(member).values()):
            heard = do_step(phone, step)
        assert heard.spoken, "the number is said, and the caller hangs up"
        phone.hang_up()
    with engine.connect() as db:
        (payment,) = db.execute(select(Payment.amount_cents, Payment.plan)).all()
    assert payment == (member.owed_cents("health"), "health")
    assert not phone.failures
    assert not phone.warnings


@pytest.fixture
def demo_environ(
    monkeypatch: pytest.MonkeyPatch, empty_database: URL, tmp_path: Path, environ: dict[str, str]
) -> dict[str, str]:
    """A demo on a database that nothing has migrated."""
    own = {
        "IVR_DEMO": "yes",
        "IVR_VAR": str(tmp_path / "var"),
        "DATABASE_URL": empty_database.render_as_string(hide_password=False),
    }
    for name in environ:
        monkeypatch.delenv(name)
    for name, value in own.items():
        monkeypatch.setenv(name, value)
    return own


def test_the_sheet_shows_three_members_and_what_they_owe_now(
    demo_environ: dict[str, str], engine: Engine
) -> None:
    settings = load_settings(demo_environ)
    clock = settings.make_clock()
    prepare_demo(settings, clock)
    prepare_demo(settings, clock)
    sheet = describe(settings, clock)
    for name in SHOWN:
        member = demo_member(name, clock.now().date())
        for text in (member.first_name, member.member_id, member.ssn_last4, member.date_of_birth_keyed):
            assert text in sheet
    assert "for health and $" in sheet
    assert "021000021" in sheet
    assert "Speaks Spanish" in sheet
    first = demo_member(SHOWN[0], clock.now().date())
    assert f"the bill: {first.member_id}, {first.date_of_birth_keyed}, 02108, 101#" in sheet


def test_a_demo_has_a_month_of_calls_made_by_the_line_once_and_staff(
    engine: Engine, demo_environ: dict[str, str]
) -> None:
    settings = load_settings(demo_environ)
    line = compile_line(read_line_files(project_folder()))
    keys = StaffKeys(bytes(range(32)), PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    assert (make_month(settings, engine, line, NOW), make_month(settings, engine, line, NOW)) == (22, 0)
    with engine.begin() as db:
        ends = db.execute(select(Call.end, func.count()).group_by(Call.end).order_by(Call.end)).all()
        states = set(db.scalars(select(Payment.state)))
        owing = [demo_member(name, NOW.date()).member_id for name in SHOWN]
        assert db.scalar(select(func.count()).where(Payment.member_id.in_(owing))) == 0
        add_sample_staff(db, keys, NOW)
        add_sample_staff(db, keys, NOW)
        assert list(sample_codes(db, keys, NOW)) == list(ROLES)
        paid_twice = select(Payment.member_id, Payment.amount_cents).group_by(
            Payment.member_id, Payment.amount_cents
        )
        twice = db.scalars(paid_twice.having(func.count() == 2)).all()
        made_up = db.scalar(select(func.count()).where(Notice.body.contains("made up")))
        guests = db.scalars(select(Payment.member_id).where(Payment.payer.is_not(None))).all()
        is_locked = [each.member_id for each in locked(db, NOW).members]
    assert (ends[0].end, sum(each[1] for each in ends)) == ("agent", 22)
    assert guests == [demo_member("demo.first_payment", NOW.date()).member_id]
    assert states == {"authorized", "held", "returned", "settled"}
    assert (twice, made_up, is_locked) == (["400000000109"], 0, ["400000000108"])


def test_the_sheet_names_a_member_for_each_complaint_of_the_page() -> None:
    page = (project_folder() / "docs" / "console.md").read_text()
    lines = complaints(NOW.date()).splitlines()
    assert "  I was debited twice                       Iris Sample, who calls from +16175550109" in lines
    said = {line.strip().partition("  ")[0] for line in lines}
    assert len(said) == 10
    assert [each for each in said if f"| {each} |" not in page] == []


def test_a_phone_in_the_terminal_pays(
    ivr, demo_environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    member = demo_member(SHOWN[0], NOW.date())
    keys = "\n".join(["?", "what", *filter(None, steps(member).values())])
    monkeypatch.setattr("sys.stdin", io.StringIO(keys + "\n"))
    ran = ivr("call")
    assert (ran.status, ran.err) == (0, "")
    assert "Three sample members:" in ran.out
    assert "A phone cannot do that." in ran.out
    assert ran.out.rstrip().endswith("You hung up.")
    (payment,) = json.loads(ivr("payments", "list", "--json").out)["payments"]
    shown = json.loads(ivr("payments", "show", payment["confirmation_number"], "--json").out)
    assert shown["consent"]["how"] == "spoken"
    assert shown["consent"]["words_heard"] == "yes"
    assert payment["confirmation_number"] in ivr("payments", "list", "--call", payment["call_sid"]).out
    assert "words heard" in ivr("payments", "show", payment["confirmation_number"]).out
    assert "Amber Sample owes $42.30 for dental." in ivr("call").out


def test_a_call_in_production_puts_no_sample_members_there(
    ivr, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("1\n"))
    ran = ivr("call")
    assert ran.status == 0
    assert "sample" not in ran.out
    assert ran.out.rstrip().endswith("You hung up.")
    with engine.connect() as db:
        assert db.execute(select(Bill)).first() is None
        assert db.execute(select(LedgerEntry)).first() is None


CALL = """\
now     2026-12-18T10:15-05:00
language en-US
pace    voice
line    {first}
caller  1
line    main-menu
caller  hangs up
end     hangup
"""


@pytest.fixture
def call_file(tmp_path: Path) -> Path:
    """A written call that goes as written."""
    file = tmp_path / "short.call"
    file.write_text(CALL.format(first="welcome, language-option@en-US, language-option@es-US"))
    return file


def test_a_written_call_plays_by_itself(ivr, call_file: Path) -> None:
    ran = ivr("call", call_file)
    assert (ran.status, ran.err) == (0, ""), ran.out
    assert "For English, press 1." in ran.out
    ran = ivr("replay", call_file)
    assert (ran.status, ran.out.splitlines()[-1]) == (0, "1 call, 0 differ, 0 problems")
    assert json.loads(ivr("replay", call_file, "--json").out)["passed"] is True


def test_a_call_that_differs_is_a_no(ivr, call_file: Path) -> None:
    call_file.write_text(CALL.format(first="welcome"))
    assert ivr("call", call_file).status == 1
    ran = ivr("replay", call_file)
    assert ran.status == 1
    assert ran.out.splitlines()[-1] == "1 call, 1 differ, 0 problems"
    call_file.write_text("nonsense\n")
    ran = ivr("call", call_file)
    assert ran.status == 1
    assert f"{call_file.name}:1" in ran.err


def test_coverage_counts_what_calls_visit(ivr, call_file: Path) -> None:
    ran = ivr("flow", "coverage", "--json", call_file)
    assert ran.status == 1, "one short call does not visit everything"
    counted = json.loads(ran.out)
    (english,) = (run for run in counted["runs"] if (run["language"], run["pace"]) == ("en-US", "voice"))
    assert english["nodes"]["visited"] >= 2
    assert "main/language" not in english["nodes"]["not_visited"]
    assert "main/goodbye" in english["nodes"]["not_visited"]
    assert counted["unknown"] == []
    assert "en-US voice: nodes " in ivr("flow", "coverage", call_file).out


def test_nothing_scratched_is_left(ivr, call_file: Path, engine: Engine) -> None:
    ivr("replay", call_file)
    with engine.connect() as db:
        names = db.exec_driver_sql("SELECT datname FROM pg_database").scalars().all()
    assert [name for name in names if name.startswith(f"ivr_scratch_{os.getpid()}_")] == []

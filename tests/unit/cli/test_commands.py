"""What operators type: what comes out, where problems go, and the exit status."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import URL, Engine, insert, select

from ivr.billing.samples import bills_csv, demo_members, members_csv
from ivr.storage.tables import AuditEvent, Bill, Member, VerificationCounter

NOW = datetime.now(UTC)
MEMBERS = demo_members(NOW.date())
COMMANDS = [
    [],
    ["ach"],
    ["ach", "cutoff"],
    ["ach", "reject"],
    ["ach", "status"],
    ["bench"],
    ["bills"],
    ["bills", "import"],
    ["call"],
    ["calls"],
    ["calls", "export"],
    ["calls", "list"],
    ["calls", "show"],
    ["db"],
    ["db", "roles"],
    ["db", "upgrade"],
    ["demo"],
    ["flow"],
    ["flow", "check"],
    ["flow", "coverage"],
    ["flow", "draw"],
    ["flow", "phrases"],
    ["keys"],
    ["keys", "rotate"],
    ["keys", "status"],
    ["members"],
    ["members", "import"],
    ["members", "lift-limit"],
    ["members", "locked"],
    ["members", "unlock"],
    ["notices"],
    ["notices", "list"],
    ["notices", "mailed"],
    ["notices", "returned"],
    ["notices", "send"],
    ["notices", "show"],
    ["payments"],
    ["payments", "cancel"],
    ["bills", "withdraw"],
    ["members", "withdraw"],
    ["payments", "correct"],
    ["payments", "list"],
    ["payments", "release"],
    ["payments", "show"],
    ["accounts"],
    ["accounts", "import"],
    ["receipts"],
    ["receipts", "import"],
    ["replay"],
    ["serve"],
    ["worker"],
]


@pytest.fixture
def members_file(tmp_path: Path) -> Path:
    file = tmp_path / "members.csv"
    file.write_text(members_csv(MEMBERS))
    return file


@pytest.fixture
def bills_file(tmp_path: Path) -> Path:
    file = tmp_path / "bills.csv"
    file.write_text(bills_csv(MEMBERS))
    return file


def test_a_dry_run_and_a_file_in_half_load_nothing(ivr, engine: Engine, members_file: Path) -> None:
    rows = len(MEMBERS)
    dry = ivr("members", "import", members_file, "--dry-run", "--expect-rows", rows)
    assert (dry.status, dry.out) == (0, f"{rows} read: {rows} added, 0 changed, 0 unchanged\n")
    assert dry.err.startswith("A dry run: nothing was loaded into the database ivr_test_")
    half = ivr("members", "import", members_file, "--expect-rows", rows + 1)
    assert (half.status, half.out) == (1, "")
    assert f"{members_file} has {rows} rows, not {rows + 1}; ask for a whole one." in half.err
    with engine.connect() as db:
        assert db.scalars(select(Member.member_id)).all() == []
    assert ivr("members", "import", members_file, "--expect-rows", rows).status == 0


def test_a_file_that_would_withdraw_many_is_refused_unless_told(
    ivr, engine: Engine, tmp_path: Path, members_file: Path, bills_file: Path
) -> None:
    half = tmp_path / "half.csv"
    half.write_text(members_csv(MEMBERS[:2]))
    gone = len(MEMBERS) - 2
    ivr("members", "import", members_file)
    ivr("bills", "import", bills_file)
    refused = ivr("members", "import", half, "--complete")
    assert (refused.status, refused.out) == (1, "")
    assert refused.err == (
        f"Nothing was loaded: {gone} of {len(MEMBERS)} are not in {half}, more than 5 %;"
        " give --yes if they are all to be withdrawn.\n"
    )
    told = ivr("members", "import", half, "--complete", "--yes")
    assert (told.status, told.out) == (0, f"2 read: 0 added, 0 changed, 2 unchanged, {gone} withdrawn\n")
    assert ivr("bills", "import", bills_file, "--complete").out.endswith(" unchanged, 0 withdrawn\n")
    member, bill = MEMBERS[0], MEMBERS[0].bills[0]
    account = MEMBERS[0].billing_accounts[bill.plan]
    assert ivr("members", "withdraw", member.member_id).out == f"Member {member.member_id} is withdrawn.\n"
    again = ivr("members", "withdraw", member.member_id)
    assert again.out == f"Member {member.member_id} was already withdrawn.\n"
    assert ivr("bills", "withdraw", account, bill.coverage_month).status == 0
    twice = ivr("bills", "withdraw", account, bill.coverage_month)
    assert (twice.status, twice.err) == (
        1,
        f"Billing account {account} has no bill for {bill.coverage_month}: check both.\n",
    )
    with engine.connect() as db:
        recorded = db.execute(select(AuditEvent.action, AuditEvent.subject).order_by(AuditEvent.id)).all()
    assert recorded == [
        ("members.withdraw", "half.csv"),
        ("members.withdraw", member.member_id),
        ("bills.withdraw", account),
    ]


@pytest.mark.parametrize("kind", ["accounts", "bills", "members", "receipts"])
def test_what_a_column_must_hold_is_printed(ivr, kind: str) -> None:
    ran = ivr(kind, "import", "--columns")
    assert (ran.status, ran.err) == (0, "")
    assert all(len(line.split(maxsplit=1)) == 2 for line in ran.out.splitlines())
    assert re.search(r"^(member_id|billing_account) +write \d+ digits", ran.out, re.MULTILINE)


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_has_help_with_a_sentence(ivr, words: list[str]) -> None:
    ran = ivr(*words, "--help")
    assert ran.status == 0
    sentence = ran.out.split("\n\n")[1]
    assert sentence.rstrip().endswith(".")


@pytest.mark.parametrize(
    "words",
    [
        ["nothing"],
        ["payments", "show"],
        ["payments", "list", "--state", "lost"],
        ["members", "import", "/nowhere.csv"],
        ["members", "unlock", "12"],
        ["members", "lift-limit", "12"],
        ["bills", "import", __file__, "--as-of", "yesterday"],
        ["bills", "import", __file__, "--as-of", "2999-01-01T00:00"],
        ["flow", "check", "/nowhere"],
        ["replay"],
        ["serve", "--port", "70000"],
    ],
    ids=" ".join,
)
def test_wrong_usage_is_2_and_goes_to_stderr(ivr, words: list[str]) -> None:
    ran = ivr(*words)
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith("Usage: ivr")


def test_members_and_bills_are_loaded_and_counted(
    ivr, engine: Engine, members_file: Path, bills_file: Path
) -> None:
    ran = ivr("members", "import", members_file)
    count = len(MEMBERS)
    assert (ran.status, ran.out) == (0, f"{count} read: {count} added, 0 changed, 0 unchanged\n")
    ran = ivr("members", "import", members_file, "--json")
    assert json.loads(ran.out) == {
        "read": count,
        "added": 0,
        "changed": 0,
        "unchanged": count,
        "errors": [],
        "warnings": [],
    }
    assert ivr("bills", "import", bills_file, "--as-of", "2026-01-05T18:00").status == 0
    with engine.connect() as db:
        (as_of,) = db.scalars(select(Bill.as_of_at).distinct())
        assert as_of == datetime(2026, 1, 5, 23, tzinfo=UTC)


def test_an_import_under_another_hash_key_hashes_nobody_anew(
    ivr, engine: Engine, members_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ivr("members", "import", members_file).status == 0
    monkeypatch.setenv("IVR_HASH_KEY", base64.b64encode(bytes(range(100, 132))).decode())
    for words in (["members", "import", members_file], ["members", "unlock", MEMBERS[0].member_id]):
        ran = ivr(*words)
        assert (ran.status, ran.out) == (3, "")
        assert ran.err.startswith(
            "IVR_HASH_KEY is not the key that this database was written with: set it to"
        )


def test_bad_lines_are_all_told_and_nothing_is_loaded(ivr, engine: Engine, members_file: Path) -> None:
    lines = members_file.read_text().splitlines()
    lines[2] = lines[2].replace("400000000102", "40000000010")
    lines[3] = lines[3].replace("es-US", "Spanish")
    members_file.write_text("\n".join(lines))
    ran = ivr("members", "import", members_file)
    assert (ran.status, ran.out) == (1, "")
    first, second, last = ran.err.splitlines()
    assert first.startswith(f"{members_file}:3: member_id: ")
    assert second.startswith(f"{members_file}:4: language: ")
    assert last == "Nothing was loaded: correct 2 errors, then try again."
    ran = ivr("members", "import", members_file, "--json")
    assert ran.status == 1
    assert [error["line"] for error in json.loads(ran.out)["errors"]] == [3, 4]
    with engine.connect() as db:
        assert db.execute(select(Member)).first() is None


def test_a_fault_of_every_line_is_one_sentence_and_a_file_has_them_all(
    ivr, tmp_path: Path, members_file: Path
) -> None:
    count = len(MEMBERS)
    members_file.write_text(members_file.read_text().replace(",MA,", ",Mass,"))
    written = tmp_path / "errors.txt"
    ran = ivr("members", "import", members_file, "--errors", written)
    assert (ran.status, ran.out) == (1, "")
    kind = "state: write two capital letters, such as MA"
    assert ran.err.splitlines() == [
        f"{members_file}: {kind}: lines 2, 3, 4 and {count - 3} more [import.value]",
        f"Nothing was loaded: correct {count} errors, then try again.",
    ]
    lines = [f"{members_file}:{line + 2}: {kind} [import.value]" for line in range(count)]
    assert written.read_text().splitlines() == lines
    members_file.write_text(members_file.read_text().replace(",Mass,", ",MA,").replace(",MA,", ",Mass,", 1))
    assert ivr("members", "import", members_file).err.endswith("correct 1 error, then try again.\n")
    ran = ivr("members", "import", members_file, "--errors", tmp_path / "nowhere" / "errors.txt")
    assert (ran.status, ran.err.count("\n")) == (1, 1)
    assert "nowhere/errors.txt cannot be written" in ran.err


def test_a_doubt_is_told_and_the_members_are_loaded(ivr, tmp_path: Path, members_file: Path) -> None:
    one, other = [each for each in MEMBERS if each.phone][:2]
    rows = members_csv([one, other]).replace(f"{one.first_name},{one.last_name}", "สม,Sample")
    for each in (one, other):
        rows = rows.replace(each.phone, "+15652223333")
    members_file.write_text(rows)
    written = tmp_path / "errors.txt"
    ran = ivr("members", "import", members_file, "--errors", written)
    assert (ran.status, ran.out) == (0, "2 read: 2 added, 0 changed, 0 unchanged\n")
    letters, phone = ran.err.splitlines()
    assert letters.startswith(f"warning: {members_file}:2: first_name: letters that our letters cannot print")
    assert phone.startswith(f"warning: {members_file}: phone: this number is not known to exist")
    assert phone.endswith(": lines 2 and 3 [import.doubtful]")
    assert written.read_text().count("warning: ") == 3
    found = json.loads(ivr("members", "import", members_file, "--json").out)
    assert (found["errors"], [each["line"] for each in found["warnings"]]) == ([], [2, 2, 3])


def test_unlock_is_recorded_with_whoever_did_it(ivr, engine: Engine, members_file: Path) -> None:
    ivr("members", "import", members_file)
    assert ivr("members", "unlock", MEMBERS[0].member_id).status == 0
    with engine.connect() as db:
        (event,) = db.execute(select(AuditEvent.actor, AuditEvent.subject)).all()
    assert event.subject == MEMBERS[0].member_id
    assert event.actor
    again = ivr("members", "unlock", MEMBERS[0].member_id)
    assert again.out == f"Member {MEMBERS[0].member_id} was not locked and may try again.\n"
    ran = ivr("members", "unlock", "999999999999")
    assert ran.status == 1
    assert ran.err.startswith("No member has the ID 999999999999: check the number. Asked was ")


def test_a_lifted_limit_is_recorded_with_whoever_did_it(ivr, engine: Engine, members_file: Path) -> None:
    ivr("members", "import", members_file)
    ran = ivr("members", "lift-limit", MEMBERS[0].member_id)
    told = f"Member {MEMBERS[0].member_id} may make 6 more payments by phone today.\n"
    assert (ran.status, ran.out) == (0, told)
    with engine.connect() as db:
        (event,) = db.execute(select(AuditEvent.actor, AuditEvent.subject, AuditEvent.action)).all()
    assert (event.subject, event.action) == (MEMBERS[0].member_id, "members.lift_limit")
    assert event.actor
    ran = ivr("members", "lift-limit", "999999999999")
    assert ran.status == 1
    assert ran.err.startswith("No member has the ID 999999999999: check the number. Asked was ")


def test_who_is_locked_is_listed_and_let_in_together(ivr, engine: Engine, members_file: Path) -> None:
    ivr("members", "import", members_file)
    nobody = ivr("members", "locked")
    assert (nobody.status, nobody.out) == (0, "")
    assert nobody.err.startswith("no locked members in the database ")
    now = datetime(2026, 12, 18, 15, 15, tzinfo=UTC)
    locked_at = {
        "recent_failures_at": [now] * 5,
        "last_failure_at": now,
        "locked_at": now,
        "failures_since_success": 10,
    }
    with engine.begin() as db:
        names = (MEMBERS[0].member_id, MEMBERS[1].member_id, "0" * 64)
        db.execute(insert(VerificationCounter), [{"counted_on": name, **locked_at} for name in names])
    shown = ivr("members", "locked")
    line, _ = shown.out.splitlines()
    assert line.split("  ")[0] == MEMBERS[0].member_id
    assert line.endswith("unlocked by staff")
    assert shown.err == "locked besides: 1 number of nobody\n"
    found = json.loads(ivr("members", "locked", "--json").out)
    assert found["unknown_numbers"] == 1
    assert found["members"][0] == {
        "member_id": MEMBERS[0].member_id,
        "locked_at": "2026-12-18T15:15:00+00:00",
        "failures": 10,
        "until": None,
    }
    later = ivr("members", "unlock", "--since", "2026-12-18 10:16")
    assert later.out == "Unlocked 0 members and 0 unknown numbers.\n"
    done = ivr("members", "unlock", "--since", "2026-12-18T10:15")
    assert done.out == "Unlocked 2 members and 1 unknown number.\n"
    assert json.loads(ivr("members", "locked", "--json").out) == {"members": [], "unknown_numbers": 0}
    for both in ((), (MEMBERS[0].member_id, "--since", "2026-12-18")):
        assert ivr("members", "unlock", *both).status == 2


def test_payments_that_are_not_there(ivr) -> None:
    none = ivr("payments", "list")
    assert (none.status, none.out) == (0, "")
    assert none.err.startswith("no payments in the database ")
    assert json.loads(ivr("payments", "list", "--json").out) == {"payments": []}
    ran = ivr("payments", "show", "123-4567-8901")
    assert (ran.status, ran.out) == (1, "")
    assert ran.err.startswith("No payment has the confirmation number 123-4567-8901: check it. Asked was ")


def test_upgrade_migrates_and_may_be_repeated(
    ivr, monkeypatch: pytest.MonkeyPatch, empty_database: URL
) -> None:
    monkeypatch.setenv("DATABASE_URL", empty_database.render_as_string(hide_password=False))
    ran = ivr("payments", "list")
    assert (ran.status, ran.err) == (4, "The database is not migrated: run `ivr db upgrade`\n")
    first, second = ivr("db", "upgrade"), ivr("db", "upgrade")
    assert first.out == second.out
    assert first.out.startswith("The database is at migration ")
    assert ivr("payments", "list").status == 0


@pytest.mark.parametrize(
    "words",
    [
        ["db", "upgrade"],
        ["payments", "list"],
        ["members", "unlock", "400000000101"],
        ["worker"],
        ["replay", "tests/calls/way/goodbye.call"],
    ],
    ids=" ".join,
)
def test_a_dead_database_is_4_and_one_sentence(
    ivr, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://localhost:1/nothing")
    ran = ivr(*words)
    assert (ran.status, ran.out) == (4, "")
    # The demo's worker says besides that its bank files can be read.
    (sentence,) = (line for line in ran.err.splitlines() if "bank_files_readable" not in line)
    assert sentence.startswith("The database does not answer (")


def test_a_wrong_setting_is_3_and_each_is_told(ivr, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "x")
    monkeypatch.delenv("IVR_KEYS")
    ran = ivr("serve")
    assert (ran.status, len(ran.err.splitlines())) == (3, 2)
    assert ivr("members", "unlock", "400000000101").status == 1, "it needs neither"


@pytest.mark.parametrize("text", ["mysql://h/d", "nonsense"])
def test_a_database_url_that_is_none_is_3(ivr, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("DATABASE_URL", text)
    ran = ivr("payments", "list")
    assert ran.status == 3
    assert text not in ran.err


def test_the_demo_must_be_asked_for(ivr, environ, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(2):
        ran = ivr("demo")
        assert (ran.status, ran.out) == (3, "")
        assert ran.err.startswith("Set IVR_DEMO to yes first")
        for name in environ:  # and nothing else is asked for first
            monkeypatch.delenv(name, raising=False)


def test_the_demo_forgets_no_database_but_its_own(ivr, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IVR_DEMO", "yes")
    ran = ivr("demo", "--forget")
    assert ran.status == 3
    assert ran.err.startswith("DATABASE_URL is set")


def test_the_flows_are_checked(ivr, tmp_path: Path) -> None:
    ran = ivr("flow", "check", "--quick")  # the whole proof is a step of its own before the tests
    assert (ran.status, ran.err) == (0, "")
    assert "nodes without a fault" in ran.out
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows" / "main.toml").write_text('start = "x"\n')
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts" / "en-US.ftl").write_text("welcome = Hello.\n")
    ran = ivr("flow", "check", tmp_path)
    assert (ran.status, ran.out) == (1, "")
    assert "main.toml" in ran.err


def test_nobody_reads_the_end_of_the_list(environ: dict[str, str]) -> None:
    command = [sys.executable, "-m", "ivr.cli.main", "payments", "list"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environ) as process:
        process.stdout.close()
        assert b"Traceback" not in process.stderr.read()

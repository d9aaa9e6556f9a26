"""What operators type about the money: receipts, cutoff, files, cancelling."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select, text
from support import money
from support.money import FRIDAY, FRIDAYS_CUTOFF, files, pay, payment_row, states

from ivr.billing.imports import import_bills
from ivr.billing.samples import bills_csv, demo_members, members_csv
from ivr.members.imports import import_members
from ivr.payments.holds import why_held
from ivr.storage.tables import AchFile, AuditEvent

SAMPLES = demo_members(FRIDAY.date())
NAME = "ivr-20261218-A.ach"


@pytest.fixture(autouse=True)
def _samples(engine: Engine, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The sample members, and the clock of a demo a minute after Friday's cutoff, with the tests' bank."""
    import io

    for name, value in money.ENVIRON.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("IVR_DEMO", "yes")
    at(monkeypatch, FRIDAYS_CUTOFF + timedelta(minutes=1))
    hashes = money.SETTINGS.hashes
    with engine.begin() as db:
        import_members(db, hashes, FRIDAY, io.BytesIO(members_csv(SAMPLES).encode()), file_name="m.csv")
        bills = io.BytesIO(bills_csv(SAMPLES).encode())
        import_bills(db, hashes, FRIDAY, bills, as_of_at=FRIDAY, file_name="b.csv")


def at(monkeypatch: pytest.MonkeyPatch, instant) -> None:
    monkeypatch.setenv("IVR_NOW", instant.isoformat())


def test_accounts_are_loaded_and_counted(ivr, tmp_path: Path) -> None:
    file = tmp_path / "accounts.csv"
    header = "billing_account,assistance,paid_through_month,reinstate_by_date,reinstate_amount\n"
    file.write_text(f"{header}740000101,tax_credit,2026-11,,\n")
    assert ivr("accounts", "import", file).out == "1 read: 1 added, 0 changed, 0 unchanged\n"
    assert json.loads(ivr("accounts", "import", file, "--json").out)["unchanged"] == 1


def test_receipts_are_loaded_counted_and_lower_what_is_owed(ivr, engine: Engine, tmp_path: Path) -> None:
    file = tmp_path / "receipts.csv"
    file.write_text(
        "reference,channel,received_date,amount,billing_account\r\nR1,mail,2026-12-18,10.00,740000101\r\n"
    )
    assert ivr("receipts", "import", file).out == "1 read: 1 added, 0 changed, 0 unchanged\n"
    ran = ivr("receipts", "import", file, "--json")
    counts = {"read": 1, "added": 0, "changed": 0, "unchanged": 1}
    assert json.loads(ran.out) == {**counts, "errors": [], "warnings": []}
    assert money.owed_cents(engine, "740000101") == 30015
    file.write_text(file.read_text().replace("10.00", "11.00"))
    ran = ivr("receipts", "import", file)
    assert ran.status == 1
    assert ran.err.startswith(f"{file}:2: amount: a receipt with this reference is stored")


def test_a_cutoff_makes_a_file_in_the_folder_and_its_payments_are_sent(
    ivr: Callable, engine: Engine, environ: dict[str, str]
) -> None:
    paid = pay(engine)
    held = pay(engine, plan="dental", cents=100, notice="pending")
    ran = ivr("ach", "cutoff", "--json")
    assert (ran.status, ran.err) == (0, "")
    path = Path(environ["IVR_VAR"]) / "ach" / "out" / NAME
    with engine.connect() as db:
        file_id = db.scalars(select(AchFile.id)).one()
    assert json.loads(ran.out) == {
        "cutoff_at": "2026-12-18T22:00:00Z",
        "files": [
            {
                "file_id": file_id,
                "path": str(path),
                "entries": 1,
                "debit_cents": 31015,
                "credit_cents": 0,
                "effective_entry_date": "2026-12-21",
            }
        ],
        "held": [
            {
                "confirmation_number": held.confirmation_number,
                "reason": "notice",
                "why": why_held("notice", held.confirmation_number, ""),
            }
        ],
    }
    assert path.read_text().splitlines()[2][39:50] == paid.confirmation_number
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert states(engine) == ["sent", "held"]
    again = json.loads(ivr("ach", "cutoff", "--json").out)
    assert again == {"cutoff_at": "2026-12-18T22:00:00Z", "files": [], "held": []}


def test_people_read_the_same_in_lines(ivr: Callable, engine: Engine, environ: dict[str, str]) -> None:
    pay(engine)
    held = pay(engine, plan="dental", cents=100, notice="pending")
    made, stays = ivr("ach", "cutoff").out.splitlines()
    path = Path(environ["IVR_VAR"]) / "ach" / "out" / NAME
    assert made == f"1 entry, $310.15 of debits, effective 2026-12-21: {path}"
    assert stays.startswith(f"held: {held.confirmation_number} (notice): its written notice is not sent")
    assert ivr("ach", "cutoff").out.startswith("Nothing is due in the database ")
    assert ivr("ach", "status").out.splitlines()[0].split() == (
        f"{file_id(engine)} {NAME} sent 1 $310.15 - 2026-12-21 2026-12-18 17:01 EST".split()
    )


def file_id(engine: Engine) -> int:
    with engine.connect() as db:
        return db.scalars(select(AchFile.id)).one()


def test_before_anything_there_is_nothing(ivr: Callable) -> None:
    assert json.loads(ivr("ach", "cutoff", "--json").out) == {"cutoff_at": None, "files": [], "held": []}
    none = ivr("ach", "status")
    assert (none.out, none.err[:12]) == ("", "no files in ")
    assert json.loads(ivr("ach", "status", "--json").out)["files"] == []


def test_a_folder_that_cannot_be_written_is_told_and_the_file_waits(
    ivr: Callable, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pay(engine)
    (tmp_path / "taken").write_text("")
    monkeypatch.setenv("IVR_ACH_OUT", str(tmp_path / "taken"))
    ran = ivr("ach", "cutoff", "--json")
    assert ran.status == 1
    assert "cannot be written" in ran.err
    assert "tries again every minute" in ran.err
    assert len(json.loads(ran.out)["files"]) == 1
    assert states(engine) == ["batched"]
    monkeypatch.setenv("IVR_ACH_OUT", str(tmp_path / "free"))
    assert ivr("ach", "cutoff").status == 0
    assert (states(engine), (tmp_path / "free" / NAME).exists()) == (["sent"], True)


def test_the_next_cutoff_can_be_had_at_once_in_the_demo_only(
    ivr: Callable, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(monkeypatch, FRIDAY)
    pay(engine)
    assert ivr("ach", "cutoff").out.startswith("Nothing is due in the database ")
    first = json.loads(ivr("ach", "cutoff", "--next", "--json").out)
    assert (first["cutoff_at"], len(first["files"])) == ("2026-12-18T22:00:00Z", 1)
    pay(engine, FRIDAYS_CUTOFF, plan="dental", cents=100)
    second = json.loads(ivr("ach", "cutoff", "--next", "--json").out)
    assert (second["cutoff_at"], len(second["files"])) == ("2026-12-21T22:00:00Z", 1)
    for name in ("IVR_DEMO", "IVR_NOW"):
        monkeypatch.delenv(name)
    ran = ivr("ach", "cutoff", "--next")
    assert (ran.status, ran.out) == (3, "")
    assert "IVR_DEMO" in ran.err


def test_missing_settings_of_the_bank_are_all_told(ivr: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("IVR_NOW")
    monkeypatch.setenv("IVR_DEMO", "no")
    monkeypatch.delenv("IVR_ODFI_ROUTING")
    monkeypatch.setenv("IVR_COMPANY_ID", "1")
    ran = ivr("ach", "cutoff")
    assert ran.status == 3
    assert [line.split()[0] for line in ran.err.splitlines()] == ["IVR_ODFI_ROUTING", "IVR_COMPANY_ID"]


@pytest.mark.parametrize("words", [["serve", "--port", "0"], ["worker"]], ids=["serve", "worker"])
def test_half_a_bank_stops_the_start(
    ivr: Callable, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    monkeypatch.setenv("IVR_ODFI_ROUTING", "123456789")
    ran = ivr(*words)
    assert (ran.status, ran.out) == (3, "")
    assert [line.split()[0] for line in ran.err.splitlines()] == ["IVR_ODFI_ROUTING"]


def test_a_file_in_doubt_waits_for_a_word(ivr: Callable, engine: Engine, environ: dict[str, str]) -> None:
    """Its delivery was broken off: the folder cannot tell if somebody took it to the bank."""
    pay(engine)
    assert ivr("ach", "cutoff").status == 0
    name = files(engine)[0].name
    path = Path(environ["IVR_VAR"]) / "ach" / "out" / name

    def in_doubt() -> None:
        path.unlink(missing_ok=True)
        with engine.begin() as db:
            db.execute(text("UPDATE ach_files SET state = 'written', sent_at = null, naming_at = created_at"))
            db.execute(text("UPDATE ach_entries SET state = 'batched'"))
            db.execute(text("UPDATE payments SET state = 'batched'"))

    in_doubt()
    ran = ivr("ach", "cutoff")
    assert ran.status == 1
    assert ran.err.endswith(f"if not, `ivr ach resend {name}`. Nothing is sent before somebody says so.\n")
    assert "file_perhaps_delivered" in ivr("ach", "queue", "list").out
    assert ivr("ach", "resend", name, "--yes").out == f"{name} is sent: {path}.\n"
    assert (path.exists(), states(engine)) == (True, ["sent"])
    in_doubt()
    assert ivr("ach", "sent", name, "--yes").out == f"{name} is sent.\n"
    assert (path.exists(), states(engine)) == (False, ["sent"])
    assert ivr("ach", "queue", "list").err.startswith("no open tasks in ")
    assert ivr("ach", "resend", name, "--yes").status == 1


def test_a_rejected_file_is_told_and_audited(ivr: Callable, engine: Engine) -> None:
    paid = pay(engine)
    ivr("ach", "cutoff")
    ran = ivr("ach", "reject", NAME, "--reason", "duplicate file", "--json")
    assert json.loads(ran.out) == {
        "file_id": file_id(engine),
        "name": NAME,
        "state": "rejected",
        "debits": 1,
        "requests": 0,
    }
    assert payment_row(engine, paid).state == "authorized"
    (file,) = json.loads(ivr("ach", "status", "--json").out)["files"]
    assert (file["state"], file["reject_reason"]) == ("rejected", "duplicate file")
    with engine.connect() as db:
        assert db.scalars(select(AuditEvent.action)).one() == "ach.reject"
    again = ivr("ach", "reject", str(file["file_id"]), "--reason", "again", "--yes")
    assert (again.status, again.out) == (1, "")
    assert "was rejected before" in again.err
    assert ivr("ach", "reject", "nothing.ach", "--reason", "x").status == 1
    assert ivr("ach", "reject", NAME).status == 2


def test_people_are_told_what_became_of_a_rejected_file(ivr: Callable, engine: Engine) -> None:
    pay(engine)
    ivr("ach", "cutoff")
    ran = ivr("ach", "reject", NAME, "--reason", "bad hash")
    assert ran.out == f"{NAME} is rejected; 1 entry goes into the next file.\n"


THURSDAY = FRIDAY - timedelta(days=1)
MONDAY = FRIDAY + timedelta(days=2, hours=22, minutes=45)  # 09:00


def test_a_worker_that_was_dead_for_days(
    ivr: Callable, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The smallest case: paid on the 17th, no worker until the 21st. Nothing is silent, nothing untrue leaves."""
    paid, other = (pay(engine, THURSDAY, cents=cents, notice="pending") for cents in (100, 200))
    at(monkeypatch, MONDAY)
    said = (
        "Nobody ran the cutoff of 2026-12-17 17:00 and 1 later one: no worker was ever seen."
        " Start it, or run `ivr ach cutoff`.\n"
    )
    for words in (("ach", "status"), ("ach", "queue", "list")):
        assert ivr(*words).err.endswith(said)
    found = json.loads(ivr("ach", "status", "--json").out)
    assert found["overdue_cutoffs"] == ["2026-12-17T22:00:00Z", "2026-12-18T22:00:00Z"]
    assert found["worker_seen_at"] is None
    ran = ivr("worker", "--once")
    assert "cutoff_missed" in ran.out + ran.err
    assert states(engine) == ["held", "held"]
    queue = ivr("ach", "queue", "list")
    assert queue.err == ""
    assert f"`ivr payments release {paid.confirmation_number}` sends it with the next cutoff" in queue.out
    assert json.loads(ivr("ach", "status", "--json").out)["worker_seen_at"] == "2026-12-21T14:00:00Z"
    (held,) = {each["hold_reason"] for each in json.loads(ivr("payments", "list", "--json").out)["payments"]}
    assert held == "missed_cutoff"
    assert ivr("payments", "cancel", paid.confirmation_number, "--yes").status == 0
    assert ivr("payments", "release", "--yes").status == 2
    ran = ivr("payments", "release", "--all", "--yes")
    assert ran.out == (
        f"{other.confirmation_number}  goes with the cutoff of 2026-12-21 17:00, after its notice;"
        " debited on 2026-12-22 or after\n"
    )
    none = ivr("payments", "release", "--all")
    assert (none.status, none.out, none.err[:38]) == (0, "", "no payment waits for a release in the ")
    assert ivr("payments", "release", other.confirmation_number).status == 1
    ivr("notices", "send")
    shown = ivr("notices", "show", other.confirmation_number).out
    assert "before 5:00 PM on December 21, 2026." in shown
    at(monkeypatch, MONDAY + timedelta(hours=8, minutes=1))
    ran = ivr("ach", "cutoff", "--json")
    assert (json.loads(ran.out)["files"][0]["entries"], json.loads(ran.out)["held"]) == (1, [])


def test_a_missed_cutoff_that_is_run_by_hand_says_so(
    ivr: Callable, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    paid = pay(engine, THURSDAY)
    at(monkeypatch, MONDAY)
    ran = ivr("ach", "cutoff", "--json")
    (held,) = json.loads(ran.out)["held"]
    assert (held["confirmation_number"], held["reason"]) == (paid.confirmation_number, "missed_cutoff")
    assert "The cutoff of 2026-12-17 17:00 was missed" in ran.err
    ran = ivr("payments", "release", paid.confirmation_number, "--json")
    assert json.loads(ran.out)["released"] == [
        {
            "confirmation_number": paid.confirmation_number,
            "cutoff_at": "2026-12-21T22:00:00Z",
            "effective_entry_date": "2026-12-22",
            "is_told_anew": True,
        }
    ]


def test_a_payment_is_cancelled_with_a_number(
    ivr: Callable, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(monkeypatch, FRIDAY + timedelta(minutes=1))
    one, two = pay(engine, cents=100), pay(engine, cents=200)
    number = one.confirmation_number
    ran = ivr("payments", "cancel", f"{number[:3]}-{number[3:7]} {number[7:]}", "--json")
    assert ran.status == 0
    cancelled = json.loads(ran.out)
    assert cancelled == {
        "confirmation_number": number,
        "cancellation_number": payment_row(engine, one).cancellation_number,
        "amount_cents": 100,
        "plan": "health",
        "cancelled_at": "2026-12-18T15:16:00Z",
        "state": "cancelled",
    }
    said = ivr("payments", "cancel", two.confirmation_number).out
    assert said.startswith("Cancelled: $2.00 for health is owed again. The cancellation number is ")
    again = ivr("payments", "cancel", number)
    assert (again.status, again.out) == (1, "")
    assert cancelled["cancellation_number"] in again.err
    at(monkeypatch, FRIDAYS_CUTOFF)
    late, gone = pay(engine, cents=300), pay(engine, cents=400)
    assert ivr("payments", "cancel", late.confirmation_number).status == 0
    ivr("ach", "cutoff")
    assert "Its debit is with the bank." in ivr("payments", "cancel", gone.confirmation_number).err
    assert ivr("payments", "cancel", "12345678978").status == 1


def test_a_name_that_no_file_can_hold_is_told_corrected_and_goes(
    ivr, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "members.csv"
    named = f"{SAMPLES[0].first_name},{SAMPLES[0].last_name},"
    file.write_text(members_csv(SAMPLES).replace(named, ".,.,", 1))
    assert ":2: last_name: the name has no letter" in ivr("members", "import", file).err
    number = pay(engine).confirmation_number
    assert "correct it in the members file, or with `ivr payments correct" in ivr("ach", "cutoff").out
    assert "the name (U+002E U+002E) has no letter" in ivr("ach", "queue", "list").out
    assert "the name (U+002E U+002E) has no letter" in ivr("payments", "list").out
    ran = ivr("payments", "correct", number, "--name", ".", "--reason", "x")
    assert (ran.status, ran.err.count("\n")) == (1, 1)
    file.write_text(members_csv(SAMPLES).replace(named, "Ada,Right,", 1))
    assert ivr("members", "import", file).status == 0
    assert json.loads(ivr("payments", "show", number, "--json").out)["corrected_name"] == "Ada Right"
    ran = ivr("payments", "correct", number, "--name", "Ada X Right", "--reason", "as on the check")
    assert ran.out == f"What is still to be written of payment {number} has the name Ada X Right.\n"
    at(monkeypatch, FRIDAYS_CUTOFF + timedelta(days=3, minutes=1))
    assert ivr("ach", "cutoff").status == 0
    assert states(engine) == ["sent"]
    with engine.connect() as db:
        actions = db.scalars(select(AuditEvent.action)).all()
    assert actions == ["payments.correct_name"] * 2


def test_a_person_is_asked_first(ivr: Callable, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    import io

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    at(monkeypatch, FRIDAY + timedelta(minutes=1))
    paid = pay(engine)
    monkeypatch.setattr("sys.stdin", Terminal("n\n"))
    ran = ivr("payments", "cancel", paid.confirmation_number)
    assert (ran.status, ran.out) == (130, "")
    assert f"Cancel payment {paid.confirmation_number}?" in ran.err
    assert payment_row(engine, paid).state == "authorized"
    monkeypatch.setattr("sys.stdin", Terminal("y\n"))
    assert ivr("payments", "cancel", paid.confirmation_number).status == 0

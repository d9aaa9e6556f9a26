"""What operators type about money that comes back: import, rates, the queue, reversals, refunds."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select
from support import money
from support.bank import file_of, once_more
from support.banking import TUESDAY, came_back, cut, many_debits, settle_by
from support.money import ACCOUNT_NUMBER, FRIDAY, entries, owed_cents, pay, payment_row, states
from support.samples import load_demo_members

from ivr.storage.tables import AuditEvent, StaffTask

GOLDEN = Path(__file__).resolve().parents[2] / "ach" / "golden"
HEALTH = "740000101"


@pytest.fixture(autouse=True)
def _tuesday(engine: Engine, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The sample members and the tests' bank, on the day after Monday's debits settled."""
    for name, value in {**money.ENVIRON, "IVR_DEMO": "yes", "IVR_NOW": TUESDAY.isoformat()}.items():
        monkeypatch.setenv(name, value)
    load_demo_members(engine, money.SETTINGS.hashes, FRIDAY)


@pytest.fixture
def settled(engine: Engine):
    """A payment of sample member 1 that is debited."""
    made = pay(engine)
    cut(engine)
    settle_by(engine, TUESDAY)
    return made


def written(tmp_path: Path, *backs) -> Path:
    file = tmp_path / "back.ach"
    file.write_bytes(file_of(*backs))
    return file


def test_a_file_is_applied_once(ivr: Callable, engine: Engine, tmp_path: Path, settled) -> None:
    file = written(tmp_path, came_back(engine, settled), came_back(engine, settled, "C05", data="37"))
    ran = ivr("ach", "import", file, "--json")
    assert (ran.status, ran.err) == (0, "")
    assert json.loads(ran.out) == {
        "returns": 1,
        "changes": 1,
        "unmatched": 0,
        "handed_over": 0,
        "already_known": 0,
        "errors": [],
        "allowances": [],
    }
    assert (states(engine), owed_cents(engine, HEALTH)) == (["returned"], 31015)
    again = ivr("ach", "import", file)
    assert (again.status, again.err) == (0, "")
    assert again.out == "0 returns, 0 changes, 0 unmatched, 0 handed over, 2 already known\n"
    shown = json.loads(ivr("payments", "show", settled.confirmation_number, "--json").out)
    assert (shown["state"], shown["return_code"]) == ("returned", "R01")


def test_what_waits_is_told_with_line_and_field_and_stands_in_the_queue(
    ivr: Callable, engine: Engine, tmp_path: Path, settled
) -> None:
    back = came_back(engine, settled, "R10")
    file = written(tmp_path, once_more(back, original_trace="011000019999999"), back)
    ran = ivr("ach", "import", file, "--json")
    assert ran.status == 1
    done = json.loads(ran.out)
    assert (done["returns"], done["unmatched"]) == (1, 1)
    assert done["errors"] == [
        {
            "line": 4,
            "field": "original trace number",
            "rule": "nacha.unmatched",
            "message": "no entry of ours has this trace number; it waits for a person in `ivr ach queue list`",
        }
    ]
    assert ran.err.startswith(f"{file}:4: original trace number: no entry of ours")
    tasks = json.loads(ivr("ach", "queue", "list", "--json").out)["tasks"]
    assert [(task["kind"], task["confirmation_number"]) for task in tasks] == [
        ("bank_item_unmatched", settled.confirmation_number),
        ("return_to_look_at", settled.confirmation_number),
    ]
    first, second = ivr("ach", "queue", "list").out.splitlines()
    assert "bank_item_unmatched" in first
    assert settled.confirmation_number in second
    number = str(tasks[0]["task_id"])
    assert ivr("ach", "queue", "close", number).status == 2
    assert ivr("ach", "queue", "close", number, "--note", "asked").out == f"Task {number} is closed.\n"
    ivr("ach", "queue", "close", str(tasks[1]["task_id"]), "--note", "wrote")
    assert ivr("ach", "queue", "list").err.startswith("no open tasks in ")
    again = ivr("ach", "queue", "close", number, "--note", "x")
    assert (again.status, again.out) == (1, "")


@pytest.mark.parametrize(
    ("golden", "line", "field"),
    [
        ("cut_short.ach", 9, "file control"),
        ("wrong_totals.ach", 11, "total debits"),
        ("another_banks_returns.ach", 3, "receiving routing number"),
        ("three_debits.ach", 3, "transaction code"),
    ],
)
def test_a_bad_file_changes_nothing_and_says_where(  # noqa: PLR0917 (fixtures)
    ivr: Callable, engine: Engine, settled, golden: str, line: int, field: str
) -> None:
    ran = ivr("ach", "import", GOLDEN / golden, "--json")
    assert ran.status == 1
    done = json.loads(ran.out)
    assert {done[name] for name in ("returns", "changes", "unmatched", "handed_over", "already_known")} == {0}
    assert any(each["line"] == line and each["field"] == field for each in done["errors"]), done["errors"]
    assert f"{golden}:{line}: {field}: " in ran.err
    assert ran.err.endswith("Nothing was applied: ask the bank for a whole file, then try again.\n")
    assert payment_row(engine, settled).state == "settled"
    with engine.connect() as db:
        assert db.execute(select(StaffTask)).all() == []


def test_a_file_that_is_not_as_it_should_be_is_applied_and_told(
    ivr: Callable, engine: Engine, tmp_path: Path, settled
) -> None:
    file = tmp_path / "back.ach"
    trimmed = b"\r\n".join(line.rstrip() for line in file_of(came_back(engine, settled)).splitlines())
    file.write_bytes(trimmed + b"\r\n\x1a")
    ran = ivr("ach", "import", file, "--json")
    told = [
        "line 11: an end-of-file mark (Ctrl-Z or NUL) was left out",
        "lines 1, 6: blanks at the end of the line had been cut off",
    ]
    assert (ran.status, json.loads(ran.out)["allowances"]) == (0, told)
    assert ran.err == "".join(f"{file}: read with an allowance: {each}\n" for each in told)
    assert states(engine) == ["returned"]


def test_what_cannot_be_used_is_told_and_lies_in_the_queue_with_what_to_do(
    ivr: Callable, engine: Engine, tmp_path: Path, settled
) -> None:
    back = came_back(engine, settled)
    file = written(tmp_path, back, once_more(back, code="C02", data="211391824"))
    ran = ivr("ach", "import", file)
    assert (ran.status, ran.out) == (1, "1 return, 0 changes, 0 unmatched, 1 handed over, 0 already known\n")
    assert ran.err.startswith(f"{file}:8: corrected routing number (C02): is not a routing number")
    assert states(engine) == ["returned"]
    queued = ivr("ach", "queue", "list").out
    assert settled.confirmation_number in queued
    assert "read: corrected data: *****1824" in queued
    assert "next: Ask the bank by telephone what is to be corrected. The payment itself stands." in queued


@pytest.mark.parametrize("content", [b"", b"\0\1\2", b"name,amount\r\nAmber,3.00\r\n", b"9" * 94])
def test_what_is_no_nacha_file_is_said_to_be_none(ivr: Callable, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "x"
    file.write_bytes(content)
    ran = ivr("ach", "import", file, "--json")
    assert ran.status == 1
    assert json.loads(ran.out)["errors"][0]["message"]
    assert ivr("ach", "import", tmp_path / "none").status == 2


def test_no_output_shows_an_account_number(ivr: Callable, engine: Engine, tmp_path: Path, settled) -> None:
    back = came_back(engine, settled, "R17", data=f"SEE {ACCOUNT_NUMBER}")
    file = written(tmp_path, back, once_more(back, cents=3, trace="021000020000555"))
    for command in (("ach", "import", file), ("ach", "queue", "list", "--json"), ("ach", "status", "--json")):
        ran = ivr(*command)
        assert ACCOUNT_NUMBER not in ran.out + ran.err
        assert "123456789012345" not in ran.out + ran.err


def test_a_return_is_booked_by_hand_and_asked_for_first(
    ivr: Callable, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settled
) -> None:
    number = settled.confirmation_number
    booked = ("ach", "return", f"{number[:3]}-{number[3:]}", "--code", "r01")
    monkeypatch.setattr("sys.stdin", Terminal("n\n"))
    ran = ivr(*booked)
    assert (ran.status, states(engine)) == (130, ["settled"])
    assert (
        f"Did the bank return the debit of $310.15 of health payment {number} on 2026-12-22, R01" in ran.err
    )
    monkeypatch.setattr("sys.stdin", Terminal("y\n"))
    ran = ivr(*booked, "--note", "fax of the bank")
    assert (ran.status, ran.out) == (
        0,
        "Booked: the debit of $310.15 for health came back (R01, insufficient funds).\n",
    )
    assert (states(engine), owed_cents(engine, HEALTH)) == (["returned"], 31015)
    ran = ivr(*booked)
    assert (ran.status, ran.out) == (1, "")
    assert "came back before, as R01" in ran.err
    met = ivr("ach", "import", written(tmp_path, came_back(engine, settled)))
    assert (met.status, met.out) == (0, "0 returns, 0 changes, 0 unmatched, 0 handed over, 1 already known\n")


def test_what_cannot_be_booked_is_said_in_a_sentence(ivr: Callable, engine: Engine, settled) -> None:
    number = settled.confirmation_number
    for arguments, status, said in (
        (("12345678978", "--code", "R01"), 1, "No payment has"),
        ((number, "--code", "R36"), 1, "R36 is no return code"),
        ((number, "--code", "R01", "--date", "2026-12-31"), 1, "is not here yet"),
        ((number, "--code", "R01", "--date", "12/22/2026"), 2, "--date"),
        ((number,), 2, "--code"),
    ):
        ran = ivr("ach", "return", *arguments)
        assert (ran.status, ran.out) == (status, "")
        assert said in ran.err
    ran = ivr("ach", "return", number, "--code", "R61", "--yes")
    assert (ran.status, ran.out, states(engine)) == (1, "", ["settled"])
    assert "waits in `ivr ach queue list`" in ran.err
    assert "next: Ask the bank whether the return stands" in ivr("ach", "queue", "list").out
    ran = ivr("ach", "return", number, "--code", "R02", "--date", "2026-12-21", "--yes", "--json")
    assert json.loads(ran.out) == {
        "confirmation_number": number,
        "kind": "debit",
        "amount_cents": 31015,
        "plan": "health",
        "trace_number": payment_row(engine, settled).trace_number,
        "code": "R02",
        "meaning": "account closed",
        "returned_on": "2026-12-21",
        "is_undone": True,
    }


def test_an_account_is_taken_again(ivr: Callable, engine: Engine, tmp_path: Path, settled) -> None:
    number = settled.confirmation_number
    ivr("ach", "import", written(tmp_path, came_back(engine, settled, "R02")))
    assert ivr("ach", "unblock", number).status == 2
    ran = ivr("ach", "unblock", number, "--note", "the bank opened it again")
    assert ran.out == f"The account of payment {number} can be debited again.\n"
    assert ivr("ach", "unblock", number, "--note", "x").status == 1


def test_rates_are_in_the_status_and_warn(ivr: Callable, engine: Engine, tmp_path: Path, settled) -> None:
    quiet = ivr("ach", "status", "--json")
    assert json.loads(quiet.out)["rates"] == {"unauthorized": 0.0, "administrative": 0.0, "overall": 0.0}
    assert quiet.err == ""
    ivr("ach", "import", written(tmp_path, came_back(engine, settled, "R02")))
    one = ivr("ach", "status")
    assert "overall returns: 100.0 % (1 of 1 debit in 60 days), limit 15.0 %" in one.out
    assert one.err == "", "one debit is no rate"
    many_debits(engine, settled, 99)
    ran = ivr("ach", "status", "--json")
    found = json.loads(ran.out)
    assert found["rates"] == {"unauthorized": 0.0, "administrative": 100.0, "overall": 100.0}
    assert found["rate_limits"] == {"unauthorized": 0.5, "administrative": 3.0, "overall": 15.0}
    assert found["rate_warnings"] == ["administrative", "overall"]
    assert "administrative returns are on their way" in ran.err


def test_a_refund_asks_twice_unless_a_program_means_it_twice(
    ivr: Callable, engine: Engine, monkeypatch: pytest.MonkeyPatch, settled
) -> None:
    number = settled.confirmation_number
    for options in ((), ("--yes",)):
        monkeypatch.setattr("sys.stdin", io.StringIO(""))
        ran = ivr("payments", "refund", number, *options)
        assert (ran.status, ran.out) == (2, "")
        assert "--yes twice" in ran.err
    assert len(entries(engine)) == 1
    ran = ivr("payments", "refund", number, "--amount", "10.00", "--yes", "--yes", "--json")
    assert json.loads(ran.out) == {
        "confirmation_number": number,
        "kind": "refund",
        "amount_cents": 1000,
        "plan": "health",
        "account_last4": "2345",
        "effective_entry_date": "2026-12-23",
    }
    assert f"A refund of $10.00 of health payment {number}, to the account ending in 2345." in ran.err
    said = ivr("payments", "refund", number, "--yes", "--yes").out
    assert said.startswith("A refund of $300.15 goes into the next file, effective 2026-12-23.")
    over = ivr("payments", "refund", number, "--yes", "--yes")
    assert (over.status, over.out) == (1, "")
    assert owed_cents(engine, HEALTH) == 31015
    with engine.connect() as db:
        actions = list(db.scalars(select(AuditEvent.action)))
    assert actions == ["payments.refund"] * 2


def test_what_came_back_is_presented_again_and_taken_back(ivr: Callable, engine: Engine, tmp_path, settled):
    ivr("ach", "import", written(tmp_path, came_back(engine, settled)))
    retry = ("payments", "retry", settled.confirmation_number)
    assert ivr(*retry, "--yes", "--yes").out.startswith("A retry of $310.15 goes into the next file")
    assert owed_cents(engine, HEALTH) == 0
    assert "It is batched" in ivr(*retry, "--yes", "--yes").err
    assert "is taken back: its amount is owed again" in ivr(*retry, "--take-back").out
    assert (ivr(*retry, "--take-back").status, owed_cents(engine, HEALTH)) == (1, 31015)


class Terminal(io.StringIO):
    """Somebody who types."""

    def isatty(self) -> bool:
        return True


def test_a_person_types_the_number_and_the_amount_again(
    ivr: Callable, engine: Engine, monkeypatch: pytest.MonkeyPatch, settled
) -> None:
    number = settled.confirmation_number
    reverse = ("payments", "reverse", number, "--reason", "duplicate")
    for typed, status in (
        ("12345678978\n", 1),
        (f"{number}\n310.16\n", 1),
        (f"{number}\nall\n", 2),
        (f"{number}\n", 130),
        ("", 130),
    ):
        monkeypatch.setattr("sys.stdin", Terminal(typed))
        assert ivr(*reverse).status == status, typed
        assert len(entries(engine)) == 1
    monkeypatch.setattr("sys.stdin", Terminal(f"{number[:3]}-{number[3:]}\n$310.15\n"))
    ran = ivr(*reverse)
    assert ran.status == 0
    assert "Type the confirmation number again" in ran.err
    assert "Type the amount" in ran.err
    assert ran.out.startswith("A reversal of $310.15 goes into the next file")
    assert owed_cents(engine, HEALTH) == 31015


def test_what_cannot_be_given_back_is_told_before_anything_is_asked(
    ivr: Callable, engine: Engine, monkeypatch: pytest.MonkeyPatch, settled
) -> None:
    waiting = pay(engine, FRIDAY + timedelta(hours=9), member=4, cents=100)
    monkeypatch.setattr("sys.stdin", Terminal(""))
    ran = ivr("payments", "refund", waiting.confirmation_number)
    assert (ran.status, ran.out) == (1, "")
    assert "cancel it" in ran.err
    assert ivr("payments", "reverse", settled.confirmation_number).status == 2
    assert ivr("payments", "reverse", settled.confirmation_number, "--reason", "regret").status == 2
    assert ivr("payments", "refund", settled.confirmation_number, "--amount", "ten").status == 2
    assert ivr("payments", "refund", "12345678978").status == 1


def test_an_amount_that_changed_while_somebody_typed_is_not_given_back(
    ivr: Callable, engine: Engine, monkeypatch: pytest.MonkeyPatch, settled
) -> None:
    """Another refund comes between the question and the answer."""
    number = settled.confirmation_number

    class Slow(Terminal):
        def readline(self, *size: int) -> str:
            line = super().readline(*size)
            if line.startswith("310"):
                assert ivr("payments", "refund", number, "--amount", "1.00", "--yes", "--yes").status == 0
            return line

    monkeypatch.setattr("sys.stdin", Slow(f"{number}\n310.15\n"))
    ran = ivr("payments", "refund", number)
    assert ran.status == 1
    assert "Meanwhile some of it was given back" in ran.err
    assert [entry.amount_cents for entry in entries(engine) if entry.kind == "refund"] == [100]

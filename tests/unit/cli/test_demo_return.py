"""`ivr demo return`: the file that a caller's bank would send back, which `ivr ach import` takes; and its no."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, update
from support import money
from support.banking import TUESDAY, TUESDAYS_CUTOFF, cut, settle_by
from support.money import FRIDAY, owed_cents, pay, states
from support.samples import load_demo_members

from ivr.base.settings import load_origination_settings
from ivr.storage.tables import Member

HEALTH = "740000101"
NOBODYS = "12345678978"


@pytest.fixture(autouse=True)
def _demo(engine: Engine, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The sample members and the tests' bank, in a demo on Tuesday."""
    for name, value in {**money.ENVIRON, "IVR_DEMO": "yes", "IVR_NOW": TUESDAY.isoformat()}.items():
        monkeypatch.setenv(name, value)
    load_demo_members(engine, money.SETTINGS.hashes, FRIDAY)


@pytest.fixture
def takes(ivr: Callable, tmp_path: Path) -> Callable:
    """Import the file that the bank would send for a payment; return what `ivr ach import` made of it."""

    def returned(*arguments: str) -> dict:
        ran = ivr("demo", "return", *arguments)
        assert (ran.status, ran.err) == (0, "")
        assert {len(line) for line in ran.out.encode().splitlines()} == {94}
        file = tmp_path / "returned.ach"
        file.write_text(ran.out)
        imported = ivr("ach", "import", file, "--json")
        assert (imported.status, imported.err) == (0, ""), ran.out
        return json.loads(imported.out)

    return returned


@pytest.mark.parametrize(
    "paying",
    [
        {},
        {"account_type": "savings", "routing_number": "011000015"},
        {"how": "bill_code", "account_number": "1234", "cents": 1},
    ],
    ids=["checking", "savings", "by a code of the bill"],
)
def test_the_import_takes_what_it_writes(
    takes: Callable, ivr: Callable, engine: Engine, paying: dict
) -> None:
    paid = pay(engine, **paying)
    cut(engine)
    settle_by(engine, TUESDAY)
    number = paid.confirmation_number
    done = takes(f"{number[:3]}-{number[3:7]}-{number[7:]}", "--code", "R02")
    assert (done["returns"], done["unmatched"], done["already_known"]) == (1, 0, 0)
    assert (states(engine), owed_cents(engine, HEALTH)) == (["returned"], 31015)
    assert json.loads(ivr("payments", "show", number, "--json").out)["return_code"] == "R02"


def test_it_comes_back_before_it_settled(takes: Callable, engine: Engine) -> None:
    paid = pay(engine)
    cut(engine)
    assert states(engine) == ["sent"]
    assert takes(paid.confirmation_number)["returns"] == 1
    assert states(engine) == ["returned"]


@pytest.mark.parametrize(
    ("first", "last"), [("Bảo", "Nguyễn-Số"), ("欣怡", "陈"), ("Anne-Marie Antoinette", "Jean-Baptiste")]
)
def test_a_name_is_written_in_the_letters_of_a_bank(
    takes: Callable, engine: Engine, first: str, last: str
) -> None:
    with engine.begin() as db:
        db.execute(update(Member).values(first_name=first, last_name=last))
    paid = pay(engine)
    cut(engine)
    assert takes(paid.confirmation_number)["returns"] == 1


def test_money_given_back_comes_back_too(takes: Callable, ivr: Callable, engine: Engine) -> None:
    """The newest entry is what returns: here the refund, whose account is closed."""
    paid = pay(engine)
    cut(engine)
    settle_by(engine, TUESDAY)
    refund = ("payments", "refund", paid.confirmation_number, "--amount", "10.00", "--yes", "--yes")
    assert ivr(*refund).status == 0
    assert owed_cents(engine, HEALTH) == 1000
    cut(engine, TUESDAYS_CUTOFF)
    assert takes(paid.confirmation_number, "--code", "R02")["returns"] == 1
    assert (states(engine), owed_cents(engine, HEALTH)) == (["settled"], 0)
    assert takes(paid.confirmation_number)["returns"] == 1  # and now the debit
    assert (states(engine), owed_cents(engine, HEALTH)) == (["returned"], 31015)


def test_only_what_was_sent_can_come_back(takes: Callable, ivr: Callable, engine: Engine) -> None:
    def is_refused(number: str, *says: str) -> None:
        ran = ivr("demo", "return", number)
        assert (ran.status, ran.out) == (1, "")
        for words in (number, *says):
            assert words in ran.err

    is_refused(NOBODYS, "check it")
    is_refused("", "check it")
    paid = pay(engine)
    is_refused(paid.confirmation_number, "authorized", "ivr ach cutoff")
    cut(engine)
    takes(paid.confirmation_number)
    is_refused(paid.confirmation_number, "returned")


@pytest.mark.parametrize("code", ["R99", "C01", "", "R1"])
def test_a_code_that_no_bank_writes_is_refused_with_the_codes_there_are(
    ivr: Callable, engine: Engine, code: str
) -> None:
    paid = pay(engine)
    cut(engine)
    ran = ivr("demo", "return", paid.confirmation_number, "--code", code)
    assert (ran.status, ran.out) == (2, "")
    assert "--code" in ran.err
    assert "R01, R02" in ran.err
    assert states(engine) == ["sent"]


def test_outside_the_demo_nothing_comes_back(
    ivr: Callable, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    paid = pay(engine)
    cut(engine)
    monkeypatch.delenv("IVR_NOW")
    monkeypatch.delenv("IVR_DEMO")
    ran = ivr("demo", "return", paid.confirmation_number)
    assert (ran.status, ran.out) == (3, "")
    assert "IVR_DEMO" in ran.err


def test_without_a_bank_it_says_which_settings_are_missing(
    ivr: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("IVR_DEMO")
    monkeypatch.delenv("IVR_NOW")
    monkeypatch.delenv("IVR_ODFI_ROUTING")
    ran = ivr("demo", "return", NOBODYS)
    assert (ran.status, ran.out) == (3, "")
    assert "IVR_ODFI_ROUTING" in ran.err
    assert ivr("demo", "return").status == 2


def test_on_the_last_evening_of_a_year_it_settles_in_the_next(
    takes: Callable, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    paid = pay(engine)
    cut(engine)
    new_years_eve = datetime(2027, 1, 1, 4, 30, tzinfo=UTC)  # 23:30 in Boston
    monkeypatch.setenv("IVR_NOW", new_years_eve.isoformat())
    assert load_origination_settings().make_clock().now().year == 2027
    assert takes(paid.confirmation_number)["returns"] == 1

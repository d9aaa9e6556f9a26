"""How lists are printed: columns named for people only, one clock, and nothing to whoever reads an empty one."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable

import pytest
from sqlalchemy import Engine
from support import money
from support.banking import RULE, TUESDAY, TUESDAYS_CUTOFF, cut, settle_by
from support.money import FRIDAY, FRIDAYS_CUTOFF, pay
from support.samples import load_demo_members

from ivr.payments.credits import refund
from ivr.payments.tasks import open_task

LISTS = {
    ("payments", "list"): ("NUMBER", "AUTHORIZED", "no payments"),
    ("notices", "list"): ("NUMBER", "PROMISED", "no notices"),
    ("ach", "status"): ("ID", "SENT", "no files"),
    ("ach", "queue", "list"): ("ID", "OPENED", "no open tasks"),
    ("calls", "list"): ("BEGAN", "CALL_SID", "no calls"),
}


@pytest.fixture(autouse=True)
def _chicago(engine: Engine, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**money.ENVIRON, "IVR_TIMEZONE": "America/Chicago"}.items():
        monkeypatch.setenv(name, value)
    load_demo_members(engine, money.SETTINGS.hashes, FRIDAY)


@pytest.fixture
def paid(engine: Engine):
    """A payment whose file was sent, and a task about it."""
    made = pay(engine)
    cut(engine)
    with engine.begin() as db:
        open_task(
            db, "return_to_look_at", FRIDAYS_CUTOFF, payment_id=made.payment_id, code="R10", tried=["a"]
        )
    return made


@pytest.mark.parametrize("command", LISTS)
def test_an_empty_list_prints_nothing_and_says_so_to_people(ivr: Callable, command: tuple) -> None:
    ran = ivr(*command)
    assert (ran.status, ran.out) == (0, "")
    assert ran.err.startswith(f"{LISTS[command][2]} in the database ")


@pytest.mark.parametrize("command", [command for command in LISTS if command[0] != "calls"])
def test_times_are_by_the_lines_clock_and_named(ivr: Callable, paid, command: tuple) -> None:
    out = ivr(*command).out
    times = {"payments": "2026-12-18 09:15 CST", "notices": "2026-12-18 09:15 CST"}
    assert times.get(command[0], "2026-12-18 16:0") in out
    assert " CST" in out
    assert re.search(r"\dZ", out) is None
    first, second, _ = LISTS[command]
    assert not (first in out and second in out)


@pytest.mark.parametrize("command", [command for command in LISTS if command[0] != "calls"])
def test_on_a_terminal_a_line_above_names_the_columns(
    ivr: Callable, monkeypatch: pytest.MonkeyPatch, paid, command: tuple
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    header, *lines = ivr(*command).out.splitlines()
    first, second, _ = LISTS[command]
    assert header.split()[0] == first
    assert second in header
    assert lines


def test_a_number_is_cut_out_of_the_list_as_the_readme_does(ivr: Callable, paid) -> None:
    assert [line[:11] for line in ivr("payments", "list").out.splitlines()] == [paid.confirmation_number]


def test_a_file_of_credits_says_so(ivr: Callable, engine: Engine, paid) -> None:
    settle_by(engine, TUESDAY)
    with engine.begin() as db:
        number = paid.confirmation_number
        refund(db, RULE, confirmation_number=number, amount_cents=None, actor="s", now=TUESDAY)
    cut(engine, TUESDAYS_CUTOFF)
    given, taken, *_ = ivr("ach", "status").out.splitlines()
    assert given.split()[3:6] == ["1", "-", "$310.15"]
    assert taken.split()[3:6] == ["1", "$310.15", "-"]


def test_one_payment_and_one_notice_are_shown_by_the_same_clock(ivr: Callable, paid) -> None:
    for command in ("payments", "notices"):
        out = ivr(command, "show", paid.confirmation_number).out
        assert "2026-12-18 09:15 CST" in out
        assert "2026-12-18T15:15" not in out

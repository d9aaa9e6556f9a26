"""`ivr staff`: who may log in."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import pytest
from sqlalchemy import select

from ivr.staff.rights import RIGHTS, ROLES
from ivr.storage.tables import AuditEvent


@pytest.fixture(autouse=True)
def _console_key(monkeypatch, environ):
    monkeypatch.setenv("IVR_CONSOLE_KEY", base64.b64encode(bytes(range(9, 41))).decode())


def test_a_log_in_is_added_listed_and_disabled(ivr):
    added = ivr("staff", "add", "ada", "--role", "ops", "--role", "money", "--password", "a long password")
    assert added.status == 0, added.err
    assert added.out.startswith("ada may log in as ops, money. The authenticator app takes this, once:\n")
    assert "otpauth://totp/Payment%20line:ada?secret=" in added.out
    assert ivr("staff", "list").out.split()[:1] == ["ada"]
    assert ivr("staff", "disable", "ada").out == "ada may log in no more.\n"
    assert '"disabled_at": "20' in ivr("staff", "list", "--json").out


def test_what_is_wrong_is_refused(ivr):
    assert ivr("staff", "add", "ada", "--role", "boss", "--password", "a long password").status == 2
    short = ivr("staff", "add", "ada", "--role", "ops", "--password", "short")
    assert (short.status, short.err) == (1, "A password has 12 to 128 characters.\n")
    nobody = ivr("staff", "disable", "bob")
    assert nobody.status == 1
    assert nobody.err.startswith("No log-in that may be used is called bob: see `ivr staff list`.")


def test_the_page_of_the_console_says_what_is_so(ivr):
    """Its commands run in their order; its table of roles is that of the rights."""
    page = (Path(__file__).parents[3] / "docs" / "console.md").read_text()
    [commands] = re.findall(r"^```\n(ivr staff .*?)^```$", page, re.MULTILINE | re.DOTALL)
    for command in commands.splitlines():
        password = ("--password", "a long password") if " add " in command else ()
        ran = ivr(*command.split()[1:], *password)
        assert ran.status == 0, (command, ran.err)
    told = dict(re.findall(r"^\| (agent|ops|money|compliance|admin) \| (.+) \|$", page, re.MULTILINE))
    assert told == {role: in_words(role) for role in ROLES}


def in_words(role):
    own = [RIGHTS[right] for right in RIGHTS if right in ROLES[role]]
    common = [RIGHTS[right] for right in RIGHTS if right in ROLES["agent"]]
    if role == "agent":
        return "; ".join(own)
    return (
        "everything"
        if own == [*RIGHTS.values()]
        else "; ".join(["as agent", *(each for each in own if each not in common)])
    )


def test_a_command_names_the_person_where_an_account_is_shared(ivr, engine, monkeypatch):
    monkeypatch.setenv("IVR_STAFF", "grace")
    assert ivr("staff", "add", "ada", "--role", "ops", "--password", "a long password").status == 0
    with engine.connect() as db:
        assert db.scalars(select(AuditEvent.actor)).one().startswith("grace (")

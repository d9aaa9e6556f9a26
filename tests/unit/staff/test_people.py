"""`ivr staff` and what stands behind it; logging in is tried at the console's own door."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from support.console import PASSWORD, add, console_on, secret_of
from support.samples import NOW

from ivr.base.errors import NotFoundError, OperatorError
from ivr.staff.logins import Credentials, log_in
from ivr.staff.people import disable_staff, list_staff
from ivr.storage.tables import AuditEvent, StaffMember


@pytest.fixture
def console(engine, line):
    return console_on(engine, line, NOW)


def test_everything_that_is_wrong_is_said_at_once(console):
    with console.engine.begin() as db, pytest.raises(OperatorError) as refused:
        add(db, console, "Ada Byron", ["boss"], "short")
    assert refused.value.problems == (
        "'Ada Byron' is no name: 2 to 32 small letters, digits, dots or hyphens, a letter first.",
        "A password has 12 to 128 characters.",
        "boss is no role: use agent, ops, money, compliance, admin.",
    )


def test_nothing_of_a_secret_can_be_read_in_the_database(console):
    with console.engine.begin() as db:
        secret = secret_of(add(db, console, "ada", ["ops", "money"]))
        row = db.execute(select(StaffMember)).one()
        trail = db.execute(select(AuditEvent.details)).scalars().all()
    assert len(secret) == 32
    assert secret.encode() not in row.totp_secret
    assert row.password_hash.startswith("$argon2id$")
    assert trail == [{"roles": ["money", "ops"]}]


def test_who_is_disabled_comes_back_with_new_secrets_only(console):
    with console.engine.begin() as db:
        add(db, console, "ada", ["ops"])
        with pytest.raises(OperatorError, match="ada is added already"):
            add(db, console, "ada", ["admin"])
        disable_staff(db, "ada", actor="the test", now=NOW)
        with pytest.raises(NotFoundError, match="No log-in that may be used is called ada"):
            disable_staff(db, "ada", actor="the test", now=NOW)
        assert [each.disabled_at for each in list_staff(db)] == [NOW]
        add(db, console, "ada", ["agent"], "another password")
        assert [(each.roles, each.disabled_at) for each in list_staff(db)] == [(["agent"], None)]
    given = Credentials("ada", PASSWORD, "1", address="")
    tried = log_in(console.engine, console.keys, console.randomness, given, NOW)
    assert tried.refused == "wrong"

"""Fraud monitoring as staff run it: the rules, looking now, holding a payment, the yearly look."""

import json

import pytest
from sqlalchemy import text
from support.authorized import NOW, authorized
from support.samples import HASHES, load_demo_members


@pytest.fixture
def odd(engine):
    """A payment of a hundred times the usual bill."""
    load_demo_members(engine)
    paid = authorized(engine, HASHES)
    with engine.begin() as db:
        db.execute(text("UPDATE bills SET amount_cents = 100"))
    return paid


def test_a_finding_is_told_once_and_held_with_its_reason(ivr, engine, odd):
    number = odd.confirmation_number
    assert f"{number}  unusual-amount: " in ivr("fraud", "check").out
    assert json.loads(ivr("fraud", "check", "--json").out) == {"findings": []}
    assert "unusual-amount" in ivr("ach", "queue", "list").out
    assert ivr("payments", "hold", number, "--reason", "member does not know of it").status == 0
    assert "staff hold it" in ivr("payments", "show", number).out
    with engine.connect() as db:
        trail = db.execute(text("SELECT action, details->>'reason' FROM audit_events")).all()
    assert [*map(tuple, trail)] == [("payments.hold", "member does not know of it")]
    assert ivr("payments", "hold", number, "--reason", "again").status == 1
    assert ivr("payments", "release", number, "--yes").status == 0


def test_the_rules_are_printed_and_the_yearly_look_is_noted(ivr, engine):
    printed = ivr("fraud", "rules").out
    assert "unusual-amount         more than 300" in printed
    assert "last looked at on 2026-" in printed
    assert ivr("fraud", "reviewed", "--note", f"limits kept on {NOW.date()}").status == 0

"""The named sample members and their bills, the real line, and a call whose turns may ask for actions."""

from dataclasses import replace
from datetime import time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from support.samples import HASHES, NOW, load

from ivr.ach.banking_days import CutoffRule
from ivr.base.facts import read_facts
from ivr.base.keys import KeyRing
from ivr.base.randomness import SeededRandomness
from ivr.billing.samples import SampleBill
from ivr.calls.store import open_call
from ivr.dialog.engine import Ask, initial_state
from ivr.topics.line import compile_line, read_line_files
from ivr.topics.perform import perform
from ivr.topics.services import Services, TurnServices

CALL_SID = "CA" + "1" * 32
GIVEN = {"call_date": "2026-12-18", "support_phone": "+18005550100", "support_hours": "Mon-Fri 08:00-18:00"}


@pytest.fixture(scope="session")
def line():
    return compile_line(read_line_files(Path(__file__).parents[3]))


@pytest.fixture
def owing(asked, samples, engine):
    """Give a function that begins the call of a member who owes these cents by plan and due date."""

    def begin(*bills, first_payment=False):
        member = replace(
            samples["demo.letter"],
            name="owing",
            member_id="499999999990",
            billing_accounts={"health": "740000999", "dental": "750000999"},
            bills=[
                SampleBill(plan, f"2026-{number:02d}", cents, due_date, first_payment)
                for number, (plan, due_date, cents) in enumerate(bills, start=1)
            ],
        )
        samples["owing"] = member
        with engine.begin() as db:
            load(db, HASHES, [member])
        return asked("owing")

    return begin


@pytest.fixture
def services():
    return Services(
        keys=KeyRing({"k1": b"k" * 32}),
        hashes=HASHES,
        randomness=SeededRandomness(7),
        cutoff=CutoffRule(time(17), ZoneInfo("America/New_York")),
        opening=read_facts().opening("Mon-Fri 08:00-18:00"),
        facts=read_facts(),
        agent_phone="+18005550199",
        consent="spoken",
        notice_channels=("sms", "email", "letter"),
    )


class Asked:
    """A call in the middle of a turn: `slots` and `secrets` are what it knows."""

    def __init__(self, line, services, db, member=None):
        self.line, self.services, self.db = line, services, db
        self.now, self.seq, self.caller_number = NOW, 5, ""
        self.state = initial_state(line.flow, GIVEN)
        if member is not None:
            self.know(
                member_id=member.member_id,
                health_account=member.billing_accounts["health"],
                dental_account=member.billing_accounts.get("dental", ""),
                channel="letter",
            )

    def know(self, **values):
        for slot, value in values.items():
            secret = self.line.flow.vocabulary.is_sealed(slot)
            (self.state.secrets if secret else self.state.slots)[slot] = value
        return self

    def ask(self, action, **args):
        """Perform an action in a turn of its own, check it against its declaration, and return the answer."""
        turn = TurnServices(
            self.services,
            self.line.flow,
            self.line.catalog,
            self.db,
            self.now,
            CALL_SID,
            self.seq,
            self.now,
            self.caller_number,
        )
        self.seq += 1
        outcome = perform(turn, Ask(action, args), self.state)
        declared = self.line.flow.vocabulary.actions[action].outcomes
        assert set(outcome.slots) == set(declared[outcome.name])
        return outcome


@pytest.fixture
def asked(engine, line, services, samples):
    """Give a function that begins a call, of a sample member if one is named."""
    with engine.connect() as db:
        open_call(
            db,
            CALL_SID,
            caller_kind="withheld",
            caller_hash=None,
            at=NOW,
            flow_version=line.flow.version,
            language="en-US",
        )
        yield lambda name=None, **changed: Asked(
            line, replace(services, **changed), db, samples[name] if name else None
        )
        db.rollback()

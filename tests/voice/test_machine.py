"""A caller who does anything at any time: the line stays true, whatever they press and however often it arrives."""

from __future__ import annotations

import itertools
import json
import re
from collections import Counter

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select, text

from ivr.simulator.webhooks import Injected
from ivr.storage.tables import Authorization, Base, Call, LedgerEntry, Notice, Payment, Turn

pytestmark = [pytest.mark.long, pytest.mark.whole]

ROUTING, ACCOUNT, CODE = "021000021", "48151623426789#", "408215#"
SILENCES_MAX = 400
SAMPLES = (
    *("demo.health_and_dental",) * 4,
    *("demo.extra_time", "demo.spanish", "demo.past_due", "demo.first_payment", "demo.paid"),
    *("demo.small_balance", "demo.no_ssn", "demo.bill_code"),
)
MENUS = dict.fromkeys(
    (
        *("main/main_menu", "main/both_menu", "main/same_today"),
        *(
            "main/after_declined",
            "main/finish_menu",
            "amount/one",
            "amount/two",
            "amount/first",
        ),
        *("amount/read_back", "bank/reuse", "bank/ready", "bank/routing_read_back"),
        *("authorize/ready", "main/language"),
    ),
    "1",
)
ENTRIES = {
    "amount/other": "1500#",
    "bank/routing_number": ROUTING,
    "bank/account_number": ACCOUNT,
    "bank/account_again": ACCOUNT,
    "authorize/code": CODE,
}
WORDS = st.sampled_from(
    ["yes", "no", "I authorize", "sí", "autorizo", "Yes, I authorize.", "maybe", "operator", "7 4 1 2", ""]
) | st.text(min_size=1, max_size=20)
KEYS = st.text("0123456789*#", min_size=1, max_size=14)
LIKELY_KEYS = st.sampled_from(
    ["0", "1", "2", "3", "7", "9", "#", "*", "1#", "70", "99", "12*", "4111111111111111#"]
)


class AnyCaller(RuleBasedStateMachine):
    """One or more calls of one member. `house` and `calls` (call numbers, never used twice) are set below."""

    house = None
    calls = None
    tally = None
    phones = ()

    @initialize(
        sample=st.sampled_from(SAMPLES),
        post_twice=st.sampled_from([True, False, False, False]),
        type_ahead=st.sampled_from(["lost", "buffer"]),
        empty_digits=st.sampled_from(["blank", "missing"]),
        withheld=st.booleans(),
    )
    def pick_up(self, sample, post_twice, type_ahead, empty_digits, withheld):
        house = self.house
        with house.engine.begin() as db:
            db.execute(text("SET LOCAL session_replication_role = replica"))
            for table in Base.metadata.sorted_tables:
                db.execute(table.delete())
        if house.settings.ivr_consent == "bill_code" and sample == SAMPLES[0]:
            sample = "demo.bill_code"  # the only one whose bill has a code to pay with
        house.clock.set(house.now)
        house.line.exchanges.clear()
        (self.member,) = house.load_samples(sample)
        self.options = {"post_twice": post_twice, "type_ahead": type_ahead, "empty_digits": empty_digits}
        self.from_number = "anonymous" if withheld else "+16175550123"
        self.phones = []
        self.dial()

    def dial(self):
        self.number = next(self.calls)
        self.phone = self.house.phone(self.number, from_number=self.from_number, **self.options)
        self.phones.append(self.phone)
        self.heard = self.phone.dial()

    @property
    def listening(self):
        return bool(self.phones) and self.phone.ended is None

    def right_thing(self):
        """Do what a caller who wants to pay would do now."""
        turn, member = self.phone.turns[-1], self.member
        facts = {
            "verify/member_id": member.member_id,
            "verify/ssn_last4": member.ssn_last4 or "1234",
            "verify/date_of_birth": member.date_of_birth_keyed,
        }
        if turn.node == "authorize/ask" and self.heard.waiting_for.speech:
            self.heard = self.phone.say(
                "autorizo" if self.heard.waiting_for.language == "es-US" else "I authorize"
            )
        elif turn.prompts[-1].startswith("gate-"):
            self.heard = self.phone.press("1")
        else:
            self.heard = self.phone.press({**MENUS, **ENTRIES, **facts}.get(turn.node, "1"))

    def go_on(self, times):
        for _ in range(times):
            if self.listening:
                self.right_thing()

    def pay(self):
        """Go as far as the question, or the end."""
        for _ in range(30):
            if self.listening and self.phone.turns[-1].node != "authorize/ask":
                self.right_thing()

    @precondition(lambda self: self.listening)
    @rule(times=st.integers(1, 8))
    def do_what_is_asked(self, times):
        self.go_on(times)

    @precondition(lambda self: self.listening)
    @rule()
    def go_to_the_question(self):
        self.pay()

    @precondition(lambda self: self.listening)
    @rule(keys=LIKELY_KEYS | KEYS, early=st.none() | st.floats(0, 20))
    def press(self, keys, early):
        self.heard = self.phone.press(keys, barge_in_seconds=early)

    @precondition(lambda self: self.listening)
    @rule(words=WORDS, confidence=st.none() | st.floats(0, 1))
    def say(self, words, confidence):
        self.heard = self.phone.say(words, confidence=confidence)

    @precondition(lambda self: self.listening)
    @rule(times=st.integers(1, 4))
    def stay_silent(self, times):
        for _ in range(times):
            if self.listening:
                self.heard = self.phone.stay_silent()

    @precondition(lambda self: self.listening)
    @rule(fault=st.sampled_from(list(Injected)))
    def let_something_happen_to_the_next_turn(self, fault):
        self.phone.inject(fault)

    @precondition(lambda self: self.listening)
    @rule(seq=st.integers(0, 40), digits=KEYS)
    def a_late_duplicate_with_another_body(self, seq, digits):
        done = len(self.replies())
        if not done:
            return
        seq %= done
        sid = self.house.call_sid(self.number)
        before = self.house.call_row(sid)
        posted = [each for each in self.house.line.exchanges if each.form["CallSid"] == sid]
        turn = next(each for each in posted if each.reply.header("Ivr-Turn") == str(seq))
        reply = self.house.line.again(turn, Digits=digits)
        assert (reply.status, reply.header("Ivr-Turn")) == (200, str(seq))
        assert self.house.call_row(self.house.call_sid(self.number)) == before

    @precondition(lambda self: self.listening)
    @rule(callee=st.sampled_from(["completed", "busy", "no-answer", "failed"]))
    def the_person_called_does(self, callee):
        self.phone.callee = callee

    @precondition(lambda self: self.listening)
    @rule(seconds=st.sampled_from([60, 899, 3600, 86_400]))
    def time_passes(self, seconds):
        self.house.clock.advance(seconds)

    @precondition(lambda self: self.listening)
    @rule(early=st.none() | st.floats(0, 20))
    def hang_up(self, early):
        self.heard = self.phone.hang_up(barge_in_seconds=early)

    @precondition(lambda self: bool(self.phones) and not self.listening)
    @rule()
    def call_again(self):
        self.dial()

    def replies(self):
        return [turn for turn in self.phone.turns if turn.seq is not None]

    def teardown(self):
        if not self.phones:
            return
        if self.number % 3 == 1:  # one leaves, one pays if that is still possible, one falls silent
            self.pay()
            self.go_on(2)
        if self.listening and self.number % 3:
            self.phone.hang_up()
        for _ in range(SILENCES_MAX):
            if self.listening:
                self.heard = self.phone.stay_silent()
        assert self.phone.ended is not None
        for phone in self.phones:
            assert phone.warnings == ()
            assert [failure for failure in phone.failures if not failure.injected] == []
        self.check_what_is_stored()

    def check_what_is_stored(self):
        with self.house.engine.connect() as db:
            calls = db.execute(select(Call.__table__)).all()
            turns = db.execute(select(Turn.__table__).order_by(Turn.call_sid, Turn.seq)).all()
            payments = db.execute(select(Payment.__table__)).all()
            authorizations = db.scalars(select(Authorization.id)).all()
            notices = db.execute(select(Notice.payment_id)).scalars().all()
            ledger = db.execute(select(LedgerEntry.__table__)).all()
        assert len(calls) == len(self.phones)
        for call in calls:
            assert (call.status, call.secrets) == ("closed", None)
            own = [turn for turn in turns if turn.call_sid == call.call_sid]
            assert [turn.seq for turn in own] == list(range(len(own)))
        said_yes = {
            (turn.call_sid, turn.seq)
            for turn in turns
            if any(step.endswith("? authorized") for step in json.loads(turn.events)["path"])
        }
        paid = [(payment.call_sid, payment.seq) for payment in payments]
        assert sorted(paid) == sorted(said_yes)
        ids = sorted(payment.id for payment in payments)
        assert sorted(notices) == ids
        assert sorted(authorizations) == sorted(payment.authorization_id for payment in payments)
        assert sorted(entry.payment_id for entry in ledger if entry.kind == "payment") == ids
        owed = Counter()
        for entry in ledger:
            owed[entry.billing_account] += entry.amount_cents
        assert all(cents >= 0 for cents in owed.values())
        without_payment = {turn.call_sid for turn in turns if "trouble-no-payment" in turn.prompts}
        assert not without_payment & {call_sid for call_sid, _ in paid}
        for turn in turns:
            noted = json.loads(turn.events)
            assert re.search(r"\d{3}", f"{noted['heard']} {noted['path']}") is None, turn.events
        self.tally.update(calls=len(calls), turns=len(turns), payments=len(payments))
        self.tally.update(Counter(call.end for call in calls))


def play(house, logs, calls, steps):
    """Let callers do anything until so many calls were made; return what happened."""
    AnyCaller.house, AnyCaller.calls, AnyCaller.tally = house, itertools.count(1), Counter()
    while AnyCaller.tally["calls"] < calls:
        run_state_machine_as_test(
            AnyCaller,
            settings=settings(
                max_examples=20,
                stateful_step_count=steps,
                deadline=None,
                database=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
        events = [json.loads(line) for line in logs.getvalue().splitlines()]
        assert [each for each in events if each["event"] not in {"turn", "fallback", "person_called"}] == []
    return AnyCaller.tally


@pytest.mark.parametrize("share", range(2))  # shares run side by side
def test_any_caller(make_house, logs, share):
    tally = play(make_house(IVR_AGENT_PHONE="+16175550188"), logs, 10, 8)
    assert tally["payments"] >= 1


@pytest.mark.soak
@pytest.mark.parametrize(
    "line",
    [{}, {"IVR_CONSENT": "bill_code"}, {"IVR_AGENT_PHONE": "+16175550188"}],
    ids=["spoken", "code", "agent"],
)
def test_thousands_of_callers(make_house, logs, line):
    assert play(make_house(**line), logs, 3000, 40)["payments"] >= 100

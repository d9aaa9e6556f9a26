"""What the phone makes go wrong, seen from the database: a call moves on once, or not at all."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from ivr.simulator.operator import RelayOperator
from ivr.simulator.webhooks import Injected
from ivr.simulator.withheld import WITHHELD_FORMS
from ivr.storage.tables import Payment, Turn


def to_the_question(phone, member):
    phone.dial()
    facts = (member.member_id, member.ssn_last4, member.date_of_birth_keyed)
    for keys in ("1", "1", *facts, *"1111", "021000021", "1", "1234567890#", "1234567890#"):
        heard = phone.press(keys)
    assert heard.turns[-1].node == "authorize/ask"


def payments(engine):
    with engine.connect() as db:
        return db.execute(select(Payment.call_sid, Payment.seq)).all()


def turns(engine):
    with engine.connect() as db:
        return db.execute(select(Turn.seq, Turn.node).order_by(Turn.seq)).all()


@pytest.mark.parametrize("form", WITHHELD_FORMS)
def test_every_form_of_a_withheld_number_is_taken_for_one(house, form):
    phone = house.phone(from_number=WITHHELD_FORMS[form])
    phone.dial()
    row = house.call_row(house.call_sid(1))
    assert (row.caller_kind, row.caller_hash) == ("withheld", None)


@pytest.mark.parametrize("fault", [Injected.FORGED_SIGNATURE, Injected.MISSING_SIGNATURE])
def test_a_call_does_not_move_on_by_what_nobody_signed(house, engine, fault):
    """The stranger says yes where the caller says no."""
    (member,) = house.load_samples("demo.letter")
    phone = house.phone()
    to_the_question(phone, member)
    before = house.call_row(house.call_sid(1))

    class Watched:
        public_url = house.line.public_url

        def post(self, path_or_url, form, *, headers=None):
            forged = "X-Twilio-Signature" in (headers or {})
            changed = {**form, "SpeechResult": "yes"} if forged else form
            reply = house.line.post(path_or_url, changed, headers=headers)
            if forged:
                assert (reply.status, house.call_row(house.call_sid(1))) == (403, before)
            return reply

    again = house.phone(line=Watched(), answer_path=f"/voice/turn/{before.seq}")
    assert again.dial().waiting_for.speech
    again.inject(fault)
    assert again.say("no").prompts[0] == "authorization-declined"
    assert again.failures == ()
    assert payments(engine) == []


@pytest.mark.parametrize(
    ("fault", "paid", "end"),
    [
        (Injected.HANGUP_BEFORE_TURN, False, "hangup"),
        (Injected.HANGUP_DURING_TURN, True, "hangup"),
        (Injected.HANGUP_AFTER_TURN, True, "hangup"),
        (Injected.STATUS_OUT_OF_ORDER, False, "hangup"),
        (Injected.SLOW, False, "fallback"),
        (Injected.LOST_RESPONSE, True, "fallback"),
    ],
)
def test_a_yes_is_a_payment_or_it_is_not(house, engine, fault, paid, end):
    (member,) = house.load_samples("demo.letter")
    phone = house.phone(post_twice=True)
    to_the_question(phone, member)
    phone.inject(fault)
    phone.say("yes")
    assert [failure for failure in phone.failures if not failure.injected] == []
    assert phone.warnings == ()
    assert len(payments(engine)) == paid
    row = house.call_row(house.call_sid(1))
    assert (row.status, row.end, row.secrets) == ("closed", end, None)
    assert [seq for seq, _ in turns(engine)] == list(range(row.seq + 1))


@pytest.mark.parametrize(
    ("callee", "said", "ended"),
    [
        ("completed", (), "agent"),
        ("busy", ("person-busy@es-US",), "goodbye"),
        ("no-answer", ("person-busy@es-US",), "goodbye"),
        ("failed", ("person-busy@es-US",), "goodbye"),
    ],
)
def test_who_reaches_nobody_after_the_last_words_is_told_when_somebody_answers(
    make_house, callee, said, ended
):
    phone = make_house(IVR_AGENT_PHONE="+16175550188").phone(post_twice=True)
    phone.dial()
    phone.press("2")
    phone.callee = callee
    phone.inject(Injected.SLOW)
    heard = phone.press("1")
    assert heard.turns[-2].prompts == ("trouble-no-payment", "person-connecting")
    assert (heard.turns[-1].path, heard.turns[-1].prompts) == ("/voice/person/es-US/voice", said)
    assert (heard.ended, phone.warnings) == (ended, ())


def test_a_relay_call_of_a_quarter_of_an_hour_on_the_virtual_clock(house, engine):
    """The whole line and its database: the operator's minutes pass on the clock alone."""
    (member,) = house.load_samples("demo.letter")
    phone = house.phone()
    operator = RelayOperator(phone)
    began_at = house.clock.now()
    operator.dial()
    heard = operator.press("7")
    entries = {
        "verify/member_id": member.member_id,
        "verify/ssn_last4": member.ssn_last4,
        "verify/date_of_birth": member.date_of_birth_keyed,
        "bank/routing_number": "021000021",
        "bank/account_number": "1234567890#",
        "bank/account_again": "1234567890#",
    }
    while heard.ended is None:
        turn = phone.turns[-1]
        if turn.node == "authorize/ask" and heard.waiting_for.speech:
            heard = operator.say("I authorize")
        elif turn.prompts[-1].startswith("gate-"):
            heard = operator.press("1")
        else:
            heard = operator.press(entries.get(turn.node, "1"))
        if len(payments(engine)) == 1 and heard.ended is None:
            heard = operator.hang_up()
    assert len(payments(engine)) == 1
    assert phone.seconds > 15 * 60
    assert (house.clock.now() - began_at).total_seconds() == pytest.approx(phone.seconds)
    assert phone.warnings == phone.failures == ()

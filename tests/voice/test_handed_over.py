"""An agent who picks up hears why the caller comes, from where and if verified: nothing keyed, no name, no sum."""

from __future__ import annotations

import re

from ivr.simulator.webhooks import Injected

WRONG = ("{member_id}", "0009", "{birth}")
VERIFY = ("{member_id}", "{ssn}", "{birth}")
BANK = ("1", "1", "021000021", "1", "48151623426789#", "48151623426789#")
CALLS = (
    (("2", "0"), "The caller asked for a person, at: main, main menu. Not verified. Speaks Spanish."),
    (
        ("1", "1", *VERIFY, "1", "1", "02", "0"),
        "The caller asked for a person, at: bank, routing number. Verified.",
    ),
    (("1", "1", *WRONG, *WRONG, *WRONG), "Three tries did not work, at: verify, exhausted. Not verified."),
    (
        ("1", "1", *VERIFY, *BANK, "it is my husband's account"),
        "The line sent the caller on, at: authorize, ask. Verified.",
    ),
    (
        ("7", "7", "1", "0"),
        "The caller asked for a person, at: main, main menu. Not verified. An operator types.",
    ),
    (("1", "2", "1", "1"), "The caller asked for a person, at: hardship, menu. Not verified."),
    (("1", Injected.SLOW, "1"), "The line failed."),
)


def test_an_agent_hears_why_and_from_where(make_house):
    house = make_house(IVR_AGENT_PHONE="+16175550188")
    (member,) = house.load_samples("demo.letter")
    facts = {"member_id": member.member_id, "ssn": member.ssn_last4, "birth": member.date_of_birth_keyed}
    for number, (acts, hears) in enumerate(CALLS):
        phone = house.phone(number, post_twice=True)
        phone.dial()
        for act in acts:
            if isinstance(act, Injected):
                phone.inject(act)
            elif " " in act:
                phone.say(act)
            else:
                phone.press(act.format_map(facts))
        assert [note.text for note in phone.notes if note.kind == "agent hears"] == [hears]
        assert phone.warnings == ()
    told = {
        address
        for reply in house.line.replies
        for address in re.findall(rb'<Number[^>]*url="(.*?)"', reply.body)
    }
    assert len(told) == len(CALLS)
    assert not [address for address in told if re.search(rb"[0-9]", address)]


def test_a_call_center_that_answers_by_itself_is_told_nothing(make_house):
    phone = make_house(IVR_AGENT_PHONE="+16175550188", IVR_AGENT_TOLD="no").phone()
    phone.dial()
    phone.press("1")
    assert phone.press("0").ended == "agent"
    assert "agent hears" not in {note.kind for note in phone.notes}

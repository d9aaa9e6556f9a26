"""A practice call: the way of a payment in every language and pace, and whatever else people key."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import pytest

from ivr.base.errors import OperatorError
from ivr.billing.samples import demo_member
from ivr.languages.answers import YES
from ivr.languages.registry import LANGUAGES, SPOKEN
from ivr.replay.practice import INPUTS_MAX, SILENCE, practice
from ivr.topics.line import compile_line, read_line_files

LINE = compile_line(read_line_files(Path(__file__).resolve().parents[3]))
NOW = datetime(2026, 12, 18, 10, 15, tzinfo=ZoneInfo("America/New_York"))
MEMBER = demo_member("demo.health_and_dental", NOW.date())
FACTS = (MEMBER.member_id, MEMBER.ssn_last4, MEMBER.date_of_birth_keyed)
GO_ON = {
    "en-US": ("Press 1 to go on.", "Press 1 when you are ready to answer."),
    "es-US": ("Oprima 1 para seguir.", "Oprima 1 cuando pueda contestar."),
}
PAYS = (*FACTS, "2", "1", "1", "021000021", "1", "1234567890#", "1234567890#", "yes")
KEYED = (*PAYS, "0", "7", "9", "#", "*1", SILENCE, "no", "8", "2", "3", "4", "5", "1229", "4050#", "9999999#")


def played(*inputs, language="en-US", pace="voice"):
    return practice(LINE, MEMBER, NOW, language=language, pace=pace, inputs=inputs)


def said(call):
    return " ".join(sentence for _, sentence in call.turns[-1].said)


@pytest.mark.parametrize("pace", ["voice", "relay"])
@pytest.mark.parametrize("language", GO_ON)
def test_a_payment_is_practiced(language, pace):
    """By whoever presses 1 wherever the words ask for it to go on; the number is the samples'."""
    yes = SPOKEN[language].answers.says(YES, pace)
    inputs = []
    for answer in (LANGUAGES[language].key, "1", *PAYS[:-1], yes, ""):
        while said(call := played(*inputs, language=language, pace=pace)).endswith(GO_ON[language]):
            inputs.append("1")
        assert call.end == ""
        inputs.append(answer)
    heard = " ".join(sentence for turn in call.turns for _, sentence in turn.said)
    assert "1, 0, 0, 4." in heard


def test_what_was_paid_is_on_its_way_then():
    again = played("1", "1", *PAYS, "1")
    assert "on its way" in said(again)


def test_who_pays_for_somebody_keys_what_is_on_the_bill():
    bill = (MEMBER.member_id, MEMBER.date_of_birth_keyed, "02108", f"{MEMBER.house_number}#")
    assert "is due" in said(played("1", "3", "1", *bill))
    for place, wrong in enumerate(("999999999999", "01021965", "02109", "97531#")):
        keyed = (*bill[:place], wrong, *bill[place + 1 :])
        assert "Those numbers do not match." in said(played("1", "3", "1", *keyed))


def test_only_the_members_own_facts_are_taken():
    for wrong in (
        (FACTS[0], FACTS[1], "01011950"),
        (FACTS[0], "0001", FACTS[2]),
        ("123456789012", *FACTS[1:]),
    ):
        assert "do not match" in said(played("1", "1", *wrong)), wrong
    assert "You owe" in said(played("1", "1", *FACTS))


def test_whatever_is_keyed_the_call_goes_on_or_ends():
    random = Random(4)
    ends = {played("1", "1", *FACTS, *random.choices(KEYED, k=50)).end for _ in range(60)}
    assert ends == {"", "goodbye"}


def test_a_call_without_end_is_refused():
    for inputs in (["1"] * (INPUTS_MAX + 1), ["5" * 61]):
        with pytest.raises(OperatorError, match="at most"):
            played(*inputs)

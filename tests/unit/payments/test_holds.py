"""Why a payment is held, in words."""

import pytest

from ivr.payments.holds import why_held

NUMBER = "51370537879"


@pytest.mark.parametrize(
    ("reason", "name", "fields", "words"),
    [
        ("notice", "Ada", "", f"`ivr notices send {NUMBER}`"),
        ("date", "Ada", "", "it goes by itself"),
        ("blocked", "Ada", "", "`ivr ach unblock`"),
        ("account", "Ada", "", "IVR_KEYS"),
        ("record", "Ada", "receiving_routing", "receiving_routing cannot be written"),
        ("record", "Ada", "", "something in it cannot be written"),
        ("record", ". .", "individual_name", "the name (U+002E U+002E) has no letter"),
        ("record", "", "", "the name (empty) has no letter"),
        ("record", "\U0001f600", "", f"`ivr payments correct {NUMBER} --name NAME --reason WHY`"),
        ("moon", "Ada", "", "moon"),
    ],
)
def test_each_reason_says_what_to_do(reason, name, fields, words):
    assert words in why_held(reason, NUMBER, name, fields)

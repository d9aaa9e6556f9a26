"""Why a payment is held, in words."""

import re

import click
import pytest

from ivr.cli.main import ivr
from ivr.payments.holds import why_held

NUMBER = "51370537879"


# What a payment can be held for; `late` and `withdrawn` are of entries that are over.
REASONS = ("notice", "not_mailed", "missed_cutoff", "notice_late", "review", "blocked", "account", "record")


@pytest.mark.parametrize("reason", REASONS)
def test_each_reason_has_a_command_that_mends_it_or_ends_it(reason):
    named = re.findall(r"`ivr ([a-z -]+)", why_held(reason, NUMBER, "Ada"))
    for words in named:
        command = ivr
        for word in words.split():
            assert isinstance(command, click.Group), words
            command = command.get_command(click.Context(command), word)
            assert command is not None, words
        assert not isinstance(command, click.Group), words
    assert named


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

"""Shortest calls that show a fault, played on the faulty line through the phone: they happen as written.

What each call was written for is then seen: in the database, or by playing the call on from its end.
"""

from collections import Counter

import pytest
from sqlalchemy import select
from support.seeded import FOLDER, seeded

from ivr.base.settings import load_replay_settings
from ivr.callfile.grammar import parse_call
from ivr.callfile.host import Setup
from ivr.callfile.player import play
from ivr.proof.prove import read_draft
from ivr.sandbox.host import LocalHost
from ivr.storage.tables import Call, Payment

VOICE_SECONDS = 15 * 60  # as long as a call may be
TURNS_MAX = 150


class Played:
    """A call that went as its text says, and what is left of it in the database."""

    def __init__(self, engine, wrong, text):
        call = parse_call(text, wrong.name)
        line = read_draft(wrong.files, wrong.vocabulary).line
        with LocalHost(engine, line, load_replay_settings({}), over_http=False) as host:
            setup = Setup(wrong.name, call.now, call.member, call.language, call.pace, call.circumstances)
            with host.prepare(setup) as prepared:
                self.facts = prepared.facts
                self.result = play(call, prepared, language=call.language, pace=call.pace)
        assert self.result.difference is None, self.result.difference
        self.heard = Counter(line.text for line in self.result.transcript)
        self.nodes = {visit.node for visit in self.result.visits}
        with engine.connect() as db:
            self.call = db.execute(select(Call.state, Call.pace)).one()
            self.paid = list(db.execute(select(Payment.plan).order_by(Payment.seq)).scalars())


# What each call shows, and how it goes on to show it.
SHOWN = {
    "dead_end": lambda played: played.heard["balance-nothing, finish-menu"] == 1,
    "debit_without_consent": lambda played: (
        (
            played.paid,
            played.heard['says "I authorize"'],
            played.heard["authorization-terms, authorization-ask"],
        )
        == (["health", "dental"], 1, 1)
    ),
    "key_moved": lambda played: played.heard["nomatch-not-a-choice, main-menu.again"] == 1,
    "key_told_once": lambda played: "main/other_ways" in played.nodes,
    "loop_without_counter": lambda played: (
        played.heard["amount-above-balance, amount-other"] == 12 and "give_up/sorry" not in played.nodes
    ),
    "lost_translation": lambda played: played.heard["trouble-no-payment, person-connecting"] == 1,
    "missing_silence": lambda played: played.call.pace == "voice",
    "over_long_call": lambda played: (
        played.result.seconds > VOICE_SECONDS and played.result.turns > TURNS_MAX
    ),
    "secret_to_log": lambda played: f'"{played.facts["ssn_last4"]}"' in played.call.state,
    "unreachable_node": lambda played: (
        "amount/one" in played.nodes and not played.nodes & {"amount/past_due", "amount/other"}
    ),
}
TWO_BILLS = (
    ("demo.letter", "demo.health_and_dental"),
    (
        "line    balance-current, balance-as-of, amount-one",
        "line    balance-current, balance-current, balance-as-of, bills-both\ncaller  2\nline    amount-one",
    ),
    ("amount=177.15", "amount=310.15"),
    ("amount=0.00", "amount=42.30"),
)
GOING_ON = {
    "dead_end": "caller  1\nline    finish-menu\n" * 20,
    "key_moved": "caller  2\nline    nomatch-not-a-choice, main-menu.again\n",
    "key_told_once": "caller  4\nline    help-menu\n",
    "loop_without_counter": "caller  9999999#\nline    amount-above-balance, amount-other\n" * 10,
    "over_long_call": "caller  1\nline    time-up, bills-both\n" * 170,
    "unreachable_node": "line    balance-current, balance-as-of, amount-one\n",
}


@pytest.mark.parametrize("name", sorted(path.stem for path in FOLDER.glob("*.toml")))
def test_the_call_goes_as_the_proof_says_and_shows_the_fault(engine, name):
    wrong = seeded(name)
    text = wrong.call.read_text()
    if name == "debit_without_consent":  # the shortest call has one bill; money moves where there are two
        for one, two in TWO_BILLS:
            assert one in text
            text = text.replace(one, two)
    played = Played(engine, wrong, text + GOING_ON.get(name, ""))
    assert SHOWN[name](played)


def test_what_is_past_due_is_offered_and_cannot_be_chosen(engine):
    """The shortest call comes into the dialog; whoever is past due finds that no key leads further."""
    wrong = seeded("unreachable_node")
    text = wrong.call.read_text().replace("demo.bill_code", "demo.past_due")
    told = "balance-past-due-and-current, coverage, balance-current, balance-as-of, bills-both"
    going_on = f"line    {told}\ncaller  2\nline    amount-two\ncaller  2\nline    amount-other\n"
    played = Played(engine, wrong, f"{text}{going_on}")
    assert "amount/past_due" not in played.nodes

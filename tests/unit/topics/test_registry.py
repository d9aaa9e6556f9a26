"""Each topic is whole: samples get their verdicts, verdicts are told, outcomes have stand-ins, masks hide."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from itertools import product

import pytest

from ivr.dialog.state import State
from ivr.dialog.vocabulary import WITHOUT_POUND, Match, NoMatch
from ivr.languages.registry import SPOKEN
from ivr.replay.synthetic import SyntheticValues
from ivr.speech.values import speak_value
from ivr.topics import perform
from ivr.topics.masks import Since
from ivr.topics.registry import ALIKE, MASKS, SLOTS, TOPICS, VOCABULARY, shapes_of

FIELDS, ACTIONS = VOCABULARY.fields, VOCABULARY.actions
KNOWN = {name: slot.sample for name, slot in SLOTS.items()}
SAMPLES = [(name, reason, entry) for name, field in FIELDS.items() for reason, entry in field.samples.items()]
OUTCOMES = [
    (action.name, dict(zip(action.args, args, strict=True)), outcome)
    for action in ACTIONS.values()
    for args in product(*action.args.values())
    for outcome in action.outcomes
]
STARTED_AT = datetime(2026, 12, 18, 15, 15, tzinfo=UTC)
SINCE = Since(date(2026, 12, 18), STARTED_AT)


@pytest.mark.parametrize(("name", "reason", "entry"), SAMPLES)
def test_every_sample_gets_its_verdict(name, reason, entry):
    field = FIELDS[name]
    verdict = field.verdict(entry, KNOWN, (), finished=reason != WITHOUT_POUND)
    if reason in field.results:
        assert verdict == Match(result=reason)
    elif reason:
        assert verdict == NoMatch(reason)
    else:
        assert isinstance(verdict, Match)
        assert set(verdict.slots) == set(field.fills)


@pytest.mark.parametrize("name", FIELDS)
def test_every_verdict_has_a_sample_and_a_prompt_in_every_language(name, line):
    field = FIELDS[name]
    heard = [field.hear(words, None, tag, "voice") for words in field.said for tag in SPOKEN]
    told = {each.reason for each in heard if isinstance(each, NoMatch)} | field.samples.keys()
    assert told - {"", *field.results} == set(field.reasons)
    keyed = [field.judge(entry, KNOWN, ()) for entry in field.samples.values()]
    judged = [*heard, *keyed]
    results = {each.result for each in judged if isinstance(each, Match)}
    assert results == set(field.results or ({""} if field.hear is None else ()))
    for reason, tag in product(field.reasons, SPOKEN):
        assert line.catalog.lines(f"nomatch-{reason}", None, tag, "voice", {})


def test_every_outcome_has_a_stand_in_that_can_be_spoken():
    state = State("main/language", "en-US", "voice")
    for slot, value in KNOWN.items():
        (state.secrets if SLOTS[slot].kind == "secret" else state.slots)[slot] = value
    for name, args, outcome in OUTCOMES:
        filled = SyntheticValues(VOCABULARY, STARTED_AT).fill(name, args, outcome, {}, state.copy())
        assert tuple(filled) == ACTIONS[name].outcomes[outcome], (name, args, outcome)
        for slot, value in filled.items():
            assert (
                SLOTS[slot].kind == "secret" or value == "" or speak_value(SLOTS[slot].kind, value, "en-US")
            )


def test_what_is_said_of_an_outcome_is_said_of_one_there_is():
    for action in ACTIONS.values():
        named = {*action.stand_ins, *action.keyed, *action.faults, action.recalls, action.ordinary} - {""}
        assert named <= action.outcomes.keys(), action.name
        assert {*action.needs, *action.drops} <= SLOTS.keys(), action.name


def test_every_mask_hides_its_secret():
    keyed = [
        (name, entry) for field in FIELDS.values() for name in field.fills for entry in field.samples.values()
    ]
    entries = [(name, entry) for name, entry in keyed if SLOTS[name].kind == "secret"]
    samples = [(slot.name, value) for slot in SLOTS.values() for value in (*slot.samples, slot.sample)]
    for name, value in (*samples, *entries):
        [shape] = shapes_of({name: value}, SINCE).values()
        assert not set(re.findall(r"\d{4,}", str(value))) & set(re.findall(r"\d+", shape)), name
        if SLOTS[name].kind == "secret":
            assert shape == "given", name


def test_a_choice_says_what_is_kept_of_it_and_what_it_may_be():
    choices = [slot for slot in SLOTS.values() if slot.kind == "choice"]
    assert [slot.name for slot in choices if slot.mask is None or not slot.samples] == []


def test_a_name_stands_in_one_topic():
    for kind in ("slots", "fields", "actions"):
        names = [each.name for topic in TOPICS for each in getattr(topic, kind)]
        assert len(names) == len(set(names))
    assert MASKS.keys() == SLOTS.keys() == VOCABULARY.slots.keys()
    assert FIELDS.keys() >= ALIKE.keys()


def test_each_action_is_paired_with_its_own_topic_s_handler_whatever_their_order(monkeypatch):
    """By its name: topics and handlers stand in two lists, whose order nothing else keeps the same."""
    asked = [name for name, action in ACTIONS.items() if action.answer is None]
    assert perform._HANDLERS.keys() == set(asked)
    monkeypatch.setattr(perform, "_MODULES", perform._MODULES[::-1])
    for name in asked:
        assert perform._handler(name) is perform._HANDLERS[name]
        assert perform._HANDLERS[name].__name__ == name
    with pytest.raises(ValueError, match="not enough values"):
        perform._handler("never_written")

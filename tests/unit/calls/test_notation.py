"""What is kept of a turn reads back as what happened; what nobody wrote is refused."""

from __future__ import annotations

import json
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.calls.history import Asked
from ivr.calls.notation import (
    KeptTurn,
    NotationError,
    heard_as_kept,
    read_event,
    read_heard,
    read_turn,
    write_event,
    write_heard,
    write_turn,
)
from ivr.dialog.events import (
    BranchTaken,
    CallAnswered,
    DigitsKeyed,
    EntryDiscarded,
    EntryRefused,
    Event,
    Heard,
    KeyPressed,
    LineFailed,
    NoInput,
    OutcomeGiven,
    SeveralKeysPressed,
    SpeechHeard,
    SpeechUnasked,
    StrayPound,
    TransferReported,
)

HEARD = [
    ("", CallAnswered()),
    ("key:1", KeyPressed("1")),
    ("key:5:not-a-choice", KeyPressed("5", "not-a-choice")),
    ("key:other", SeveralKeysPressed()),
    ("key:other:not-a-choice", SeveralKeysPressed("not-a-choice")),
    ("digits:9", DigitsKeyed(9)),
    ("digits:0:length", DigitsKeyed(0, reason="length")),
    ("digits:12#", DigitsKeyed(12, finished=True)),
    ("digits:5#:check-digit", DigitsKeyed(5, finished=True, reason="check-digit")),
    ("speech:yes", SpeechHeard("yes")),
    ("speech:not-yes-or-no", SpeechHeard("not-yes-or-no")),
    ("speech:unasked", SpeechUnasked()),
    ("silence", NoInput()),
    ("discarded", EntryDiscarded()),
    ("stray", StrayPound()),
    ("transfer:completed", TransferReported("completed")),
    ("transfer:failed", TransferReported("failed")),
    ("trouble", LineFailed()),
]
EVENTS = [
    ("main/main_menu > 1", BranchTaken("main/main_menu", "1")),
    ("amount/other > @give_up", BranchTaken("amount/other", "@give_up")),
    ("main/verify > call", BranchTaken("main/verify", "call")),
    ("authorize/authorize ? authorized", OutcomeGiven("authorize/authorize", "authorized")),
    ("bank/routing_number ! check-digit", EntryRefused("bank/routing_number", "check-digit")),
]
UNKNOWN_HEARD = [
    " ", "key", "key:", "key:11", "key:*", "key:٣", "keys:1", "key:1:", "key:1:Not", "digits:", "digits:x",
    "digits:-1", "digits:5##", "digits:5#:", "digits:٣", "speech", "speech:", "speech:yes:card", "silence:long",
    "transfer:later", "transfer:failed:busy", "trouble:x:y", "Silence", "silence\n",
]  # fmt: skip
UNKNOWN_EVENTS = [
    "", "main/menu", "main/menu >", "main/menu > ", " > 1", "main/menu>1", "main/menu < 1", "main/menu > 1 2",
    "main/menu  > 1", "main/menu > 1\n",
]  # fmt: skip

names = st.from_regex(r"[a-z][a-z0-9-]{0,20}", fullmatch=True)
reasons = st.just("") | names
nodes = st.from_regex(r"[a-z][a-z0-9_]{0,10}/[a-z][a-z0-9_]{0,10}", fullmatch=True)
labels = st.from_regex(r"[0-9]|@?[a-z][a-z0-9_-]{0,20}", fullmatch=True)
heards = st.one_of(
    st.sampled_from([CallAnswered(), SpeechUnasked(), NoInput(), EntryDiscarded(), StrayPound(), LineFailed()]),
    st.builds(KeyPressed, st.sampled_from("0123456789"), reasons),
    st.builds(SeveralKeysPressed, reasons),
    st.builds(DigitsKeyed, st.integers(0, 999), st.booleans(), reasons),
    st.builds(SpeechHeard, names.filter(lambda name: name != "unasked")),
    st.builds(TransferReported, st.sampled_from(["completed", "failed"])),
)  # fmt: skip
events = st.one_of(st.builds(kind, nodes, labels) for kind in get_args(Event))


def test_every_kind_has_its_place_in_the_tables():
    assert {type(heard) for _, heard in HEARD} == set(get_args(Heard))
    assert {type(event) for _, event in EVENTS} == set(get_args(Event))


@pytest.mark.parametrize(("text", "heard"), HEARD)
def test_what_was_heard_is_kept_so(text, heard):
    assert (write_heard(heard), read_heard(text)) == (text, heard)


@pytest.mark.parametrize(("text", "event"), EVENTS)
def test_what_happened_is_kept_so(text, event):
    assert (write_event(event), read_event(text)) == (text, event)


@given(heards)
def test_whatever_was_heard_reads_back(heard):
    assert read_heard(write_heard(heard)) == heard


@given(events)
def test_whatever_happened_reads_back(event):
    assert read_event(write_event(event)) == event


@pytest.mark.parametrize("text", UNKNOWN_HEARD)
def test_an_input_that_nobody_wrote_is_refused(text):
    with pytest.raises(NotationError, match="no such input is known"):
        read_heard(text)


@pytest.mark.parametrize("text", UNKNOWN_EVENTS)
def test_an_event_that_nobody_wrote_is_refused(text):
    with pytest.raises(NotationError, match="no such event is known"):
        read_event(text)


TURN = (
    '{"recipe":2,"heard":"digits:4#","path":["amount/other > next","amount/check ? ok"],'
    '"asked":[{"action":"check_amount","args":{"a":"b"},"given":{"total":"100-250"},"outcome":"ok",'
    '"slots":{"amount":"50-100"}}],"values":[{},{"amount":"50-100"}],"milliseconds":12.3}'
)
KEPT = KeptTurn(
    heard=DigitsKeyed(4, finished=True),
    events=(BranchTaken("amount/other", "next"), OutcomeGiven("amount/check", "ok")),
    asked=(Asked("check_amount", {"a": "b"}, "ok", {"amount": "50-100"}, {"total": "100-250"}),),
    values=({}, {"amount": "50-100"}),
    milliseconds=12.3,
)


def test_a_turn_is_kept_in_these_very_bytes():
    """They stand in the database for years; what is read there is what was written."""
    written = write_turn(
        heard=KEPT.heard, events=KEPT.events, asked=KEPT.asked, values=KEPT.values, milliseconds=12.34
    )
    assert (written, read_turn(TURN)) == (TURN, KEPT)


def test_shapes_of_prompts_without_any_value_are_not_kept():
    written = write_turn(heard=NoInput(), events=(), asked=(), values=[{}, {}], milliseconds=1)
    assert read_turn(written).values == ()
    assert json.loads(written) == {
        "recipe": 2, "heard": "silence", "path": [], "asked": [], "values": [], "milliseconds": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("heard", None),
        ("heard", "digits:" + "9" * 5000),
        ("heard", ["silence"]),
        ("path", "main/menu > 1"),
        ("path", [{"node": "main/menu"}]),
        ("asked", [None]),
        ("asked", [{"action": "x"}]),
        ("values", [5]),
        ("values", [{"amount": 5}]),
        ("milliseconds", "soon"),
        ("milliseconds", float("inf")),
    ],
)
def test_a_damaged_turn_is_refused(name, value):
    with pytest.raises(NotationError, match="damaged"):
        read_turn(json.dumps(json.loads(TURN) | {name: value}))


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000])
def test_what_is_no_json_is_damaged(text):
    with pytest.raises(NotationError, match="damaged"):
        read_turn(text)


@pytest.mark.parametrize("text", ["[]", "{}", TURN.replace('"recipe":2', '"recipe":1')])
def test_another_version_is_said_to_be_one(text):
    with pytest.raises(NotationError, match=r"another version of the line \(format 2 is read here\)"):
        read_turn(text)


def test_what_was_heard_is_shown_from_any_version():
    assert heard_as_kept('{"recipe":1,"heard":"keys=1"}') == "keys=1"

"""A state survives being stored, without its secrets, and a copy is another's to change."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import ValidationError
from msgspec.structs import fields

from ivr.dialog.state import Said, State
from ivr.dialog.vocabulary import Value

TEXTS = st.text(max_size=12)
VALUES = st.dictionaries(TEXTS, st.one_of(TEXTS, st.integers(-(10**12), 10**12)), max_size=3)
SAID = st.builds(
    Said,
    TEXTS,
    TEXTS,
    st.integers(-1, 9),
    TEXTS,
    VALUES,
    st.booleans(),
    st.sampled_from(["", "voice", "relay"]),
)
KINDS = {
    str: TEXTS,
    int: st.integers(0, 999),
    bool: st.booleans(),
    list[str]: st.lists(TEXTS, max_size=3),
    list[Said]: st.lists(SAID, max_size=3),
    dict[str, Value]: VALUES,
    dict[str, int]: st.dictionaries(TEXTS, st.integers(0, 9), max_size=3),
    dict[str, Said]: st.dictionaries(TEXTS, SAID, max_size=3),
}
STATES = st.builds(State, **{each.name: KINDS[each.type] for each in fields(State)})


@given(STATES)
def test_a_state_survives_being_stored(state):
    again = State.from_json(state.to_json(), state.secrets_json())
    assert again == state
    assert list(again.evidence) == list(state.evidence)  # the terms stand before the question
    assert "secrets" not in json.loads(state.to_json())


def test_a_state_with_what_this_release_does_not_know_is_not_read():
    """A newer one wrote it: to go on without that would be a guess."""
    with pytest.raises(ValidationError):
        State.from_json(State("main/menu", "en-US").to_json().replace("{", '{"mood":"new",', 1))


def test_without_secrets_there_is_nothing_to_seal():
    state = State("main/menu", "en-US")
    assert state.secrets_json() == ""
    assert State.from_json(state.to_json()).secrets == {}


@given(STATES)
def test_a_copy_shares_nothing_that_changes(state):
    before = state.to_json(), state.secrets_json()
    copy = state.copy()
    assert copy == state
    for each in fields(State):
        value = getattr(copy, each.name)
        if isinstance(value, list):
            value.append("more")
        elif isinstance(value, dict):
            value["more"] = "more"
    assert (state.to_json(), state.secrets_json()) == before


def test_labels():
    assert Said("a").label == "a"
    assert Said("a", "again").label == "a.again"
    assert Said("a", piece=0).label == "a"
    assert Said("a", piece=1).label == "a[2]"
    assert Said("a", "again", 2, "es-US").label == "a.again[3]@es-US"

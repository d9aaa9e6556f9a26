"""What calls visit: places, runs, attempts; the written calls beside the recorded ones."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ivr.callfile.host import Visit
from ivr.callfile.player import CallResult, TranscriptLine
from ivr.calls.history import Recipe, RecordedTurn
from ivr.dialog.definition import GATE, LANGUAGE, Node
from ivr.dialog.events import BranchTaken, CallAnswered, EntryRefused, OutcomeGiven
from ivr.dialog.vocabulary import Field, Match
from ivr.flowmap.coverage import (
    ATTEMPTS,
    EDGES,
    NODES,
    CoverageReport,
    FlowCoverage,
    attempt_name,
    edge_name,
    question_levels,
    recorded_visits,
    visits_of,
)
from ivr.flowmap.heat import Heat
from ivr.topics.line import compile_line, read_line_files

FLOW = compile_line(read_line_files(Path(__file__).resolve().parents[3])).flow
PLACES = {
    NODES: ["main/menu", "main/bye"],
    EDGES: [edge_name("main/menu", "1")],
    ATTEMPTS: [attempt_name("main/menu", "first"), attempt_name("main/menu", "again")],
}
WHOLE = [
    Visit("main/menu", "1"),
    Visit("main/menu", None, "first"),
    Visit("main/menu", None, "again"),
    Visit("main/bye", None),
]


def coverage():
    return FlowCoverage({"voice": PLACES}, ["en-US", "es-US"])


def test_visits_count_for_the_language_and_pace_of_their_call():
    counted = coverage()
    counted.add([Visit("main/menu", "1"), Visit("main/bye", None)], "en-US", "voice")
    assert counted.as_json() == {
        "calls": 1,
        "runs": [
            {
                "language": "en-US",
                "pace": "voice",
                "nodes": {"total": 2, "visited": 2, "not_visited": []},
                "edges": {"total": 1, "visited": 1, "not_visited": []},
                "attempts": {"total": 2, "visited": 0, "not_visited": PLACES[ATTEMPTS]},
            },
            {
                "language": "es-US",
                "pace": "voice",
                "nodes": {"total": 2, "visited": 0, "not_visited": PLACES[NODES]},
                "edges": {"total": 1, "visited": 0, "not_visited": PLACES[EDGES]},
                "attempts": {"total": 2, "visited": 0, "not_visited": PLACES[ATTEMPTS]},
            },
        ],
        "unknown": [],
    }
    assert not counted.complete


def test_it_is_complete_when_nothing_is_left():
    counted = coverage()
    counted.add(WHOLE, "en-US", "voice")
    counted.add(WHOLE[:-2], "es-US", "voice")
    assert not counted.complete
    counted.add(WHOLE[-2:], "es-US", "voice")
    assert counted.complete


def text(report):
    return {section.title: list(section.lines) for section in report.sections() if section.lines}


def test_the_text_names_what_is_missing_and_what_is_unknown():
    counted = coverage()
    counted.add([Visit("main/menu", "9"), *WHOLE[1:]], "en-US", "voice")
    counted.add([Visit("main/bye", None)], "es-US", "voice")
    assert text(CoverageReport(counted)) == {
        "2 written calls": [
            "en-US voice: nodes 2 of 2, edges 0 of 1, attempts 2 of 2",
            "es-US voice: nodes 1 of 2, edges 0 of 1, attempts 0 of 2",
        ],
        "not visited": [
            "main/menu -> 1: in every language and pace",
            "main/menu: es-US voice",
            "main/menu.first: es-US voice",
            "main/menu.again: es-US voice",
        ],
        "visited, but not in the flows": ["main/menu -> 9"],
    }


def test_recorded_calls_stand_beside_the_written_ones():
    written, recorded = coverage(), coverage()
    written.add([Visit("main/menu", None, "first")], "en-US", "voice")
    for _ in range(2):
        recorded.add([Visit("main/menu", "1"), Visit("main/menu", "8")], "en-US", "voice")
    report = CoverageReport(written, recorded)
    assert text(report) == {
        "1 written calls | 2 recorded calls": [
            (
                "en-US voice: nodes 1 of 2, edges 0 of 1, attempts 1 of 2"
                " | nodes 1 of 2, edges 1 of 1, attempts 0 of 2"
            ),
            (
                "es-US voice: nodes 0 of 2, edges 0 of 1, attempts 0 of 2"
                " | nodes 0 of 2, edges 0 of 1, attempts 0 of 2"
            ),
        ],
        "seen live, never tested": ["main/menu -> 1: en-US voice (2 calls)"],
        "tested, never seen live": ["main/menu.first: en-US voice"],
        "neither": [
            "main/bye: in every language and pace",
            "main/menu.again: in every language and pace",
            "main/menu: es-US voice",
            "main/menu -> 1: es-US voice",
            "main/menu.first: es-US voice",
        ],
        "seen live, not in these flows (recorded on another version)": ["main/menu -> 8"],
    }
    [red] = [section for section in report.sections() if section.alarming and section.lines]
    assert red.title == "seen live, never tested"
    as_json = report.as_json()
    place = {"kind": "edges", "place": "main/menu -> 1", "language": "en-US", "pace": "voice"}
    assert as_json["seen_never_tested"] == [{**place, "calls": 2}]
    assert as_json["tested_never_seen"] == [
        {"kind": "attempts", "place": "main/menu.first", "language": "en-US", "pace": "voice"}
    ]
    assert as_json["recorded"]["unknown"] == ["main/menu -> 8"]


def test_the_most_visited_of_what_is_not_tested_comes_first():
    recorded = coverage()
    recorded.add([Visit("main/menu", None)], "en-US", "voice")
    for _ in range(3):
        recorded.add([Visit("main/bye", None)], "es-US", "voice")
    assert [each.place for each in CoverageReport(coverage(), recorded).never_tested()] == [
        "main/bye",
        "main/menu",
    ]


def test_a_turn_visits_what_is_on_its_path_and_where_it_stops():
    events = [
        BranchTaken("main/main_menu", "1"),
        BranchTaken("main/verify", "call"),
        OutcomeGiven("main/verify", "x"),
        EntryRefused("main/verify", "y"),
        BranchTaken("old/node", "3"),
    ]
    assert list(visits_of(FLOW, "verify/member_id", events, ["verify-member-id"])) == [
        Visit("main/main_menu", "1"),
        Visit("main/verify", None),
        Visit("old/node", "3"),
        Visit("verify/member_id", None),
        Visit("verify/member_id", None, "first"),
    ]
    end = [BranchTaken("main/goodbye", "goodbye")]
    assert list(visits_of(FLOW, "fallback", end, [])) == [Visit("main/goodbye", None)]


@pytest.mark.parametrize(
    ("label", "level"),
    [
        ("amount-one", "first"),
        ("amount-one.again", "again"),
        ("amount-one.last", "last"),
        ("amount-one.again[2]", "again"),
        ("amount-one.nudge", None),
        ("amount-two.again", None),
    ],
)
def test_how_a_question_was_asked_is_read_from_its_label(label, level):
    levels = [visit.level for visit in visits_of(FLOW, "amount/one", [], ["noinput", label]) if visit.level]
    assert levels == ([level] if level else [])


def test_the_language_question_counts_in_any_language():
    labels = ["language-option.again@en-US", "language-option.again@es-US"]
    assert Visit("main/language", None, "again") in list(visits_of(FLOW, "main/language", [], labels))


def test_places_that_cannot_be_are_not_counted():
    places = {(place, run[1]) for _, place, run in FlowCoverage.of(FLOW).places()}
    assert ("main/main_menu -> silence", "voice") in places
    assert ("main/main_menu -> silence", "relay") not in places
    assert ("authorize/ready.last", "relay") in places
    assert ("authorize/ready.first", "voice") not in places
    assert ("main/language.last", "relay") in places


def test_a_question_that_nothing_can_fail_is_only_asked_first():
    assert question_levels(FLOW, FLOW.nodes["main/welcome"], "voice") == ()
    one_language = replace(FLOW, languages=("en-US",))
    assert question_levels(one_language, FLOW.nodes["main/language"], "voice") == ()
    entry = Field("any", lambda _digits, _slots, _reasons: Match(), (), ())
    flow = replace(FLOW, vocabulary=replace(FLOW.vocabulary, fields={"any": entry}))
    node = Node("main", "any", 1, "collect", "any", ("any",))
    assert question_levels(flow, node, "voice") == ("first", "again", "last")
    assert question_levels(flow, node, "relay") == ("first",)
    for word in (GATE, LANGUAGE):
        assert question_levels(flow, replace(node, word=word), "relay") == ("first", "again", "last")


WHEN = datetime(2026, 12, 18, 15, tzinfo=UTC)


def recipe(end, *turns):
    recorded = tuple(
        RecordedTurn(seq, WHEN, CallAnswered(), events, (), node, prompts, 1.0)
        for seq, (events, node, prompts) in enumerate(turns)
    )
    return Recipe("CA" + "0" * 32, WHEN, WHEN, "v", "en-US", "voice", "number", end, recorded)


START = ((BranchTaken("main/welcome", "next"),), "main/language", ("welcome", "language-option@en-US"))
MENU = ((BranchTaken("main/language", "next"),), "main/main_menu", ("main-menu",))


def test_recorded_calls_are_heat_with_where_the_caller_hung_up():
    heat = Heat()
    heat.add_recorded(FLOW, recipe("hangup", START, MENU))
    heat.add_recorded(FLOW, recipe("goodbye", START))
    heat.add_recorded(
        FLOW, recipe("hangup", START, ((BranchTaken("main/farewell", "goodbye"),), "main/farewell", ()))
    )
    assert heat.lines("main/welcome") == ["3 calls, 100%"]
    assert heat.lines("main/main_menu") == ["1 call, 33%", "1 hung up, 100%"]
    assert heat.lines("main/farewell") == ["1 call, 33%"], "the line's own end is nobody's hanging up"
    assert Visit("main/main_menu", None, "first") in list(
        recorded_visits(FLOW, recipe("hangup", START, MENU))
    )


def test_each_call_of_a_replayed_file_is_heat():
    first = [
        Visit("main/welcome", "next"),
        Visit("main/language", None),
        Visit("main/language", None, "first"),
    ]
    second = [*first, Visit("main/language", "next"), Visit("main/main_menu", None)]
    actions = (
        ("caller", "dials"),
        ("caller", "hangs up"),
        ("caller", "dials"),
        ("caller", "1"),
        ("end", "goodbye"),
    )
    result = CallResult(
        "a.call",
        "en-US",
        "voice",
        None,
        tuple(TranscriptLine(*action) for action in actions),
        3,
        9.0,
        (*first, *second),
    )
    heat = Heat()
    heat.add_played(FLOW, result)
    assert heat.calls == 2
    assert heat.lines("main/language") == ["2 calls, 100%", "1 hung up, 50%"]
    assert heat.lines("main/main_menu") == ["1 call, 50%"]
    heat.add_played(FLOW, replace(result, visits=()))
    assert heat.calls == 2

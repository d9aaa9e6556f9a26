from __future__ import annotations

from ivr.replay.coverage import FlowCoverage, edge_name
from ivr.replay.host import Visit

NODES = ["main/menu", "main/bye"]
EDGES = [edge_name("main/menu", "1"), edge_name("main/menu", "silence")]


def coverage():
    return FlowCoverage(NODES, EDGES, ["en-US", "es-US"], ["voice"])


def test_visits_count_for_the_language_and_pace_of_their_call():
    counted = coverage()
    counted.add([Visit("main/menu", "1"), Visit("main/bye", None)], "en-US", "voice")
    assert counted.as_json() == {
        "runs": [
            {
                "language": "en-US",
                "pace": "voice",
                "nodes": {"total": 2, "visited": 2, "not_visited": []},
                "edges": {"total": 2, "visited": 1, "not_visited": ["main/menu -> silence"]},
            },
            {
                "language": "es-US",
                "pace": "voice",
                "nodes": {"total": 2, "visited": 0, "not_visited": NODES},
                "edges": {"total": 2, "visited": 0, "not_visited": EDGES},
            },
        ],
        "unknown": [],
    }
    assert not counted.complete


def test_it_is_complete_when_nothing_is_left():
    counted = coverage()
    for language in ("en-US", "es-US"):
        visits = [Visit("main/menu", "1"), Visit("main/menu", "silence"), Visit("main/bye", None)]
        counted.add(visits, language, "voice")
    assert counted.complete
    assert counted.as_text() == (
        "en-US voice: nodes 2 of 2, edges 2 of 2\nes-US voice: nodes 2 of 2, edges 2 of 2"
    )


def test_the_text_names_what_is_missing_and_what_is_unknown():
    counted = coverage()
    counted.add([Visit("main/menu", "9"), Visit("main/bye", None)], "en-US", "voice")
    assert counted.as_text().splitlines()[:4] == [
        "en-US voice: nodes 2 of 2, edges 0 of 2",
        "  not visited: main/menu -> 1",
        "  not visited: main/menu -> silence",
        "es-US voice: nodes 0 of 2, edges 0 of 2",
    ]
    assert counted.as_text().endswith("visited, but not in the flows: main/menu -> 9")

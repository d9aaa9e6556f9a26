"""The line on the console: its picture leads to calls, its words stand side by side, versions are compared."""

from __future__ import annotations

import re
from datetime import date

import pytest
from support.console import Visitor, add_everybody, console_on, record_calls
from support.samples import NOW

from ivr.calls.store import keep_flow_version
from ivr.dialog.flow import version_of
from ivr.flowmap.picture import wordings
from ivr.flowmap.reviews import WordingReview, digest

DROPPED = "now 2026-12-15T21:05-05:00\nafter way/routing_read_back.call\ncaller hangs up\nend hangup\n"


@pytest.fixture
def visitor(engine, line, tmp_path):
    record_calls(engine, line, tmp_path, DROPPED)
    visitor = Visitor(console := console_on(engine, line, NOW), add_everybody(console))
    visitor.log_in("agent")
    return visitor


def test_the_picture_leads_to_the_calls_that_ended_at_a_node(visitor):
    page = visitor.get("/line/picture").text
    [address] = re.findall(r'<a href="(/calls/\?[^"]*)">', page)
    assert "last_node=bank/routing_read_back" in address
    assert "1 hung up, 100%" in page
    assert page.count("1 call, 100%") > 10
    found = visitor.get(address.replace("&amp;", "&")).text
    assert "<code>bank/routing_read_back</code>" in found
    assert visitor.get("/line/picture").text.partition("<svg")[2] == page.partition("<svg")[2]


def test_words_stand_side_by_side_in_every_language(visitor):
    page = visitor.get("/line/words?dialog=bank").text
    assert '<td data-head="en-US" lang="en-US">Enter the 9 digit routing number.<br>' in page
    assert '<td data-head="es-US" lang="es-US">Marque los 9 dígitos del número de ruta.<br>' in page
    assert "asks for routing_number" in page
    assert "<code>nomatch" in visitor.get("/line/words?dialog=everywhere").text
    assert visitor.get("/line/words?dialog=other").status_code == 404


def test_who_read_the_words_stands_under_them(visitor, line):
    reviews = visitor.console.reviews
    said = wordings(line.files["prompts/es-US.ftl"])["welcome"]
    assert visitor.get("/line/words").text.count("Not reviewed") > 10
    for words, told in (
        (said, "Reviewed: Ana Sample, Tue, Dec 1, 2026"),
        ((), "Changed since it was read: Ana"),
    ):
        reviews["es-US"] = {"welcome": WordingReview("Ana Sample", date(2026, 12, 1), digest(words))}
        assert told in visitor.get("/line/words").text


def test_versions_are_compared(visitor, line):
    assert "Nothing differs." in visitor.get("/line/differences").text
    english = line.files["prompts/en-US.ftl"].replace("Goodbye.", "Good day.")
    files = {**line.files, "prompts/en-US.ftl": english}
    other = version_of(files)
    with visitor.console.engine.begin() as db:
        keep_flow_version(db, other, files, NOW)
    assert f"/line/differences?before={other}" in visitor.get("/line/").text
    page = visitor.get("/line/differences").text
    assert "<del>Good day.</del>" in page
    assert "<ins>Goodbye.</ins>" in page
    assert visitor.get(f"/line/differences?before={'0' * 64}").status_code == 404

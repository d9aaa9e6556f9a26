"""Runs of the line from its page: by a process of their own, one at a time, and what is kept of them."""

from __future__ import annotations

import re
import threading

import pytest
from sqlalchemy import insert, update
from support.console import Visitor, add_everybody, console_on
from support.samples import NOW

from ivr.console import runs
from ivr.storage.engine import make_engine
from ivr.storage.tables import LineRun

PRINTED = """\
ok   way/goodbye.call en-US voice (14 turns, 4:07)
FAIL way/goodbye.call en-US relay (22 turns, 9:07)
     caller  1
way/goodbye.call:7: expected goodbye, heard nothing
FAIL way/goodbye.call es-US relay (22 turns, 9:07)
ok   way/fallen.call en-US voice (4 turns, 1:07)
"""


@pytest.fixture
def visitor(engine, line, url_as, tmp_path):
    own = make_engine(url_as("ivr_console"))
    visitor = Visitor(console := console_on(own, line, NOW, IVR_VAR=str(tmp_path)), add_everybody(console))
    yield visitor
    own.dispose()


def joined():
    for thread in threading.enumerate():
        if thread.name.startswith("line run "):
            thread.join()


@pytest.mark.parametrize(
    ("arguments", "came_of_it"), [("--quick", "It holds."), ("--nothing", "It does not hold.")]
)
def test_a_run_is_a_process_whose_end_and_words_are_kept(visitor, monkeypatch, arguments, came_of_it):
    """The quick part of the proof, and one that refuses to begin."""
    monkeypatch.setitem(runs._ARGUMENTS, "proof", ("flow", "check", arguments))
    visitor.log_in("agent")
    assert visitor.post("/line/runs/start", {"kind": "proof"}).status_code == 403
    visitor.log_in("ops")
    address = visitor.post("/line/runs/start", {"kind": "proof"}).location
    joined()
    page = visitor.get(address).text
    assert came_of_it in page
    assert ("nodes without a fault" in page) == ("--quick" in arguments)
    assert re.search(r'class="tag (good|bad)">(holds|does not hold)<', visitor.get("/line/runs").text)


def test_one_runs_at_a_time_and_one_without_end_says_so(visitor, engine):
    visitor.log_in("ops")
    row = {
        "kind": "calls",
        "flow_version": "v",
        "asked_by": "ada",
        "started_at": NOW,
        "played": 7,
        "failed": 1,
    }
    with engine.begin() as db:
        run_id = db.scalar(insert(LineRun).returning(LineRun.id), {**row, "results": {}})
    address = f"/line/runs/{run_id}"
    assert "Look again" in visitor.get(address).text
    assert "Something runs already" in visitor.post("/line/runs/start", {"kind": "calls"}).text
    with engine.begin() as db:
        db.execute(update(LineRun).values(started_at=NOW - runs.LASTS * 2))
    assert "It has no end" in visitor.get(address).text
    assert "has no end" in visitor.get("/line/runs").text
    assert visitor.post("/line/runs/start", {"kind": "other"}).status_code == 400
    assert visitor.get("/line/runs/999999").status_code == 404


def test_what_a_replay_prints_is_counted_call_by_call():
    output = runs.Output()
    for line in PRINTED.splitlines():
        output.take(line)
    assert (output.played, output.failed) == (4, 2)
    assert output.calls == {"way/goodbye.call": "en-US relay, es-US relay", "way/fallen.call": ""}
    assert output.lines == PRINTED.splitlines()[1:5]

"""Killed at any statement, run twice, run by two at once: no payment is in two files, and none in no file."""

import hashlib
import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from support.money import (
    FRIDAYS_CUTOFF,
    KEYS,
    entries,
    files,
    pay,
    states,
)

from ivr.payments.origination import file_context

TESTS = Path(__file__).resolve().parents[2]
NOW = FRIDAYS_CUTOFF + timedelta(minutes=1)
NAME = "ivr-20261218-A.ach"

pytestmark = [pytest.mark.whole, pytest.mark.usefixtures("samples")]


def run(database_url, folder, mode):
    url = database_url.render_as_string(hide_password=False)
    arguments = [sys.executable, "-m", "support.dying_cutoff", url, str(folder), NOW.isoformat(), mode]
    path = os.pathsep.join([str(TESTS), str(TESTS.parent)])
    environ = {**os.environ, "PYTHONPATH": path}
    done = subprocess.run(
        arguments, env=environ, capture_output=True, text=True, check=False, cwd=TESTS.parent, timeout=240
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def all_is_sent_once(engine, folder, count):
    (file,) = files(engine)
    assert states(engine) == ["sent"] * count
    assert len(entries(engine)) == count
    assert len({row.payment_id for row in entries(engine)}) == count
    content = (folder / NAME).read_bytes()
    assert hashlib.sha256(content).digest() == file.sha256
    assert KEYS.open(file.content, file_context(NAME)) == content
    assert [path.name for path in folder.iterdir()] == [NAME]


def test_killed_at_every_statement_nothing_is_lost_or_doubled(engine, database_url, tmp_path):
    for cents in (100, 200):
        pay(engine, cents=cents)
    pay(engine, plan="dental", cents=300)
    seen = run(database_url, tmp_path, "kill")
    assert len(seen) > 25
    kinds = set()
    for now_states, now_entries, now_files, finished, jobs, folder in seen:
        kind = now_states[0]
        assert now_states == [kind] * 3
        expected = {
            "authorized": (0, None, 0, 0),
            "batched": (3, [["written", 3]], 1, 1),
            "sent": (3, [["sent", 3]], 1, 1),
        }
        assert (now_entries, now_files, finished, jobs) == expected[kind]
        assert folder in ([], [NAME])
        kinds.add((kind, bool(folder)))
    # It died before the file was made, after it, after it was in its place, and at last not at all.
    assert kinds == {("authorized", False), ("batched", False), ("batched", True), ("sent", True)}
    all_is_sent_once(engine, tmp_path, 3)


def test_two_at_once_make_one_file(engine, database_url, tmp_path):
    for cents in range(100, 120):
        pay(engine, cents=cents)
    run(database_url, tmp_path, "twice")
    all_is_sent_once(engine, tmp_path, 20)

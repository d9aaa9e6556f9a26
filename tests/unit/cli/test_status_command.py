"""`ivr status` as people and programs read it, and `ivr metrics` as Prometheus does."""

import json
import re
import subprocess
import sys
from datetime import UTC, datetime
from urllib.request import urlopen

from ivr.storage.heartbeats import WORKER, beat


def test_a_silent_worker_is_told_and_is_the_status(ivr, engine):
    with engine.begin() as db:
        beat(db, WORKER, datetime(2026, 1, 1, tzinfo=UTC))
    ran = ivr("status")
    assert ran.status == 1
    assert "WorkerSilent: start the worker" in ran.err
    assert "how long ago a process said that it is at work, process worker" in ran.out
    found = json.loads(ivr("status", "--json").out)
    assert found["alerts"] == ["WorkerSilent"]
    assert found["figures"]["ivr_cutoffs_overdue"] == [{"value": 0.0}]


def test_a_line_that_is_well_is_told_so_and_the_rules_are_printed(ivr):
    assert ivr("status").status == 0
    assert "alert: CutoffMissed" in ivr("status", "--rules").out


def test_metrics_are_served_on_a_port_of_their_own(environ):
    command = [sys.executable, "-m", "ivr.cli.main", "metrics", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            address = re.search(r"http://\S+/metrics", server.stdout.readline())[0]
            with urlopen(address, timeout=30) as page:
                assert "ivr_database_down 0.0" in page.read().decode()
        finally:
            server.terminate()

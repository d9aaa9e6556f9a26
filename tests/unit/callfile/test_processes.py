"""Runs played by several processes: the same results in the same order, and what ends a process."""

from __future__ import annotations

import multiprocessing

import pytest
from support.scripted_host import host_without_a_database, scripted_host

from ivr.base.errors import DatabaseUnavailableError, OperatorError
from ivr.callfile.processes import Processes
from ivr.callfile.suite import InTurn, list_runs, replay_with

GOOD = "line goodbye\nend goodbye\n"


@pytest.fixture
def runs(write_call):
    """Write a call for each member and list the runs of all."""

    def make(*members):
        files = [
            write_call(
                GOOD, name=f"{number}.call", head=f"now 2026-12-18T10:15Z\npace voice\nmember {member}\n"
            )
            for number, member in enumerate(members)
        ]
        return list_runs(files, ("en-US", "es-US"))[0]

    return make


def test_results_are_those_of_one_process_in_the_same_order(write_call, tmp_path):
    for number in range(6):
        text = GOOD if number % 3 else "line hello\n"
        write_call(text, name=f"{number}.call", head="now 2026-12-18T10:15Z\n")
    write_call(GOOD, name="7.call", head="now 2026-12-18T10:15Z\nmember nobody\n")
    with scripted_host() as host:
        alone = replay_with(InTurn(host), [tmp_path])
    seen = []
    with Processes(scripted_host, 2) as players:
        together = replay_with(players, [tmp_path], progress=seen.append)
        again = replay_with(players, [tmp_path])
    assert together == alone == again
    assert seen == list(alone.results)
    assert len(alone.results) == 24
    assert len(alone.problems) == 4
    assert not multiprocessing.active_children()


def test_what_ends_a_process_is_raised_here(runs):
    with pytest.raises(DatabaseUnavailableError, match="does not answer") as raised:
        Processes(host_without_a_database, 2).__enter__()
    assert raised.value.exit_status == 4
    assert not multiprocessing.active_children()
    with Processes(scripted_host, 1) as players, pytest.raises(DatabaseUnavailableError):
        list(players.play(runs("no_database")))
    with (
        Processes(scripted_host, 1) as players,
        pytest.raises(OperatorError, match=r"by itself \(status 9\)"),
    ):
        list(players.play(runs("killed")))
    assert not multiprocessing.active_children()


def test_a_line_that_is_down_is_called_no_more(runs):
    with Processes(scripted_host, 1) as players:
        outcomes = list(players.play(runs("one", "down", "one")))
    assert [getattr(outcome, "line_down", None) for outcome in outcomes] == [None, None, True]

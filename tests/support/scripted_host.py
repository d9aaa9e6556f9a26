"""A host that other processes can make: every call hears one goodbye, unless its member brings trouble."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from ivr.base.clock import ManualClock
from ivr.base.errors import DatabaseUnavailableError, OperatorError
from ivr.callfile.host import LineDownError, PreparedLine, Setup, written_call_sid
from ivr.simulator.lines import WsgiLine

ACCOUNT_SID = "AC" + "0a" * 16
TROUBLE = {
    "nobody": OperatorError("no sample member is called 'nobody'"),
    "down": LineDownError("the line takes no connection"),
    "no_database": DatabaseUnavailableError("The database does not answer"),
}


class ScriptedHost:
    languages = ("en-US", "es-US")

    @contextmanager
    def prepare(self, setup: Setup) -> Iterator[PreparedLine]:
        if setup.member in TROUBLE:
            raise TROUBLE[setup.member]
        if setup.member == "killed":
            os._exit(9)
        yield PreparedLine(
            line=WsgiLine(goodbye, "https://line.example", ACCOUNT_SID, "a token"),
            clock=ManualClock(setup.now),
            call_sid=written_call_sid(setup),
            account_sid=ACCOUNT_SID,
        )


def goodbye(environ, start_response):
    if environ["PATH_INFO"] == "/voice/status":
        start_response("204 -", [])
        return []
    start_response("200 -", [("Content-Type", "text/xml"), ("Ivr-Turn", "1"), ("Ivr-Prompts", "goodbye")])
    return [b"<Response><Say>Goodbye.</Say><Hangup/></Response>"]


@contextmanager
def scripted_host() -> Iterator[ScriptedHost]:
    yield ScriptedHost()


@contextmanager
def host_without_a_database() -> Iterator[ScriptedHost]:
    raise TROUBLE["no_database"]
    yield

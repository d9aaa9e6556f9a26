from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ivr.base.clock import ManualClock
from ivr.base.randomness import SeededRandomness
from ivr.callfile.host import LineDownError, RemoteHost, Setup, written_call_sid
from ivr.simulator.lines import ERROR_CONNECTION, ERROR_RETRIEVAL, LineReply, NoReplyError

NOW = datetime(2026, 12, 18, 15, 15, tzinfo=UTC)
SETUP = Setup("a.call", NOW, "demo.one", "en-US", "voice")


def test_a_written_call_has_a_sid_of_its_own_and_always_the_same():
    sid = written_call_sid(SETUP)
    assert sid == written_call_sid(SETUP)
    assert sid.startswith("CA")
    assert len(sid) == 34
    others = [
        Setup("b.call", NOW, None, "en-US", "voice"),
        Setup("a.call", NOW, None, "es-US", "voice"),
        Setup("a.call", NOW, None, "en-US", "relay"),
    ]
    assert len({sid, *map(written_call_sid, others)}) == 4


def remote_host():
    return RemoteHost(
        "https://line.example",
        account_sid="AC1",
        auth_token="a token",
        languages=["en-US"],
        clock=ManualClock(NOW),
        randomness=SeededRandomness(1),
        facts_of=lambda member: {"member_id": f"id of {member}"},
    )


def test_a_remote_line_is_prepared_under_new_sids_and_cannot_be_looked_into():
    host = remote_host()
    assert host.languages == ("en-US",)
    with host.prepare(SETUP) as first, host.prepare(SETUP) as second:
        assert first.call_sid != second.call_sid
        assert len(first.call_sid) == 34
        assert first.clock is not second.clock
        assert first.clock.now() == NOW
        assert first.line.public_url == "https://line.example"
        assert (first.observe, first.visited) == (None, None)
        assert first.facts == {"member_id": "id of demo.one"}


OURS = LineReply(200, {"ivr-turn": "1"}, b"")
STRANGE = LineReply(200, {"content-type": "text/html"}, b"")
ELSEWHERE = LineReply(301, {"location": "https://other.example:8443/voice/answer?x=1"}, b"")
ASTRAY = LineReply(302, {"location": "//[/"}, b"")


class Answers:
    """A line that gives one answer after another: a reply, a status, or the code of what went wrong."""

    public_url = "https://line.example"

    def __init__(self, *answers):
        self.answers = list(answers)

    def post(self, path_or_url, form, *, headers=None):
        answer = self.answers.pop(0)
        if answer in (ERROR_CONNECTION, ERROR_RETRIEVAL):
            raise NoReplyError(answer, "nothing came")
        return LineReply(answer, {}, b"") if isinstance(answer, int) else answer


def call(host, posts, status="ringing"):
    """Place a call of so many requests."""
    with host.prepare(SETUP) as prepared:
        for _ in range(posts):
            try:
                prepared.line.post("/voice/answer", {"CallStatus": status})
            except NoReplyError:
                continue


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        ([ERROR_CONNECTION, ERROR_CONNECTION], "takes no connection: start the line, or correct the address"),
        ([ERROR_RETRIEVAL], "does not answer in time: start the line, or correct the address"),
        (
            [403, ERROR_RETRIEVAL],
            "refuses our signature: set TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN to the",
        ),
        ([404], r"is no payment line: correct the address \(status 404\)"),
        ([405], "is no payment line"),
        (
            [500, 204],
            r"is no payment line, or a broken one: correct the address, or look at its log \(status 500\)",
        ),
        (
            [STRANGE],
            r"is no payment line \(its answers have no Ivr-Turn\): correct the address, or let their",
        ),
        (
            [ELSEWHERE, ERROR_CONNECTION],
            "is no payment line, it sends calls on to https://other.example:8443: correct the address$",
        ),
        ([ASTRAY], r"is no payment line: correct the address \(status 302\)"),
    ],
)
def test_a_line_without_any_answer_is_called_no_more(answers, reason):
    host = remote_host()
    host._line = Answers(*answers)
    for _ in range(2):
        with pytest.raises(LineDownError, match=f"^https://line.example {reason}"):
            call(host, len(answers))


@pytest.mark.parametrize(
    "answers",
    [[OURS], [ERROR_CONNECTION, OURS], [500, OURS], [403, OURS], [OURS, 404], [ELSEWHERE, OURS], []],
)
def test_a_line_that_answers_once_is_called_again(answers):
    host = remote_host()
    host._line = Answers(*answers)
    call(host, len(answers))
    call(host, 0)


def test_a_line_that_is_known_may_break_in_one_call_and_one_told_only_of_the_end_is_not_judged():
    host = remote_host()
    host._line = Answers(204, OURS, 500, STRANGE, 404)
    call(host, 1, "completed")
    call(host, 1)
    call(host, 1)
    call(host, 1)
    with pytest.raises(LineDownError, match="is no payment line"):
        call(host, 1)

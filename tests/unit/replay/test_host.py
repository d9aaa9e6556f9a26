from __future__ import annotations

from datetime import UTC, datetime

from ivr.base.clock import ManualClock
from ivr.base.randomness import SeededRandomness
from ivr.replay.host import RemoteHost, Setup, written_call_sid

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


def test_a_remote_line_is_prepared_under_new_sids_and_cannot_be_looked_into():
    host = RemoteHost(
        "https://line.example",
        account_sid="AC1",
        auth_token="a token",
        languages=["en-US"],
        clock=ManualClock(NOW),
        randomness=SeededRandomness(1),
        facts_of=lambda member: {"member_id": f"id of {member}"},
    )
    assert host.languages == ("en-US",)
    with host.prepare(SETUP) as first, host.prepare(SETUP) as second:
        assert first.call_sid != second.call_sid
        assert len(first.call_sid) == 34
        assert first.clock is not second.clock
        assert first.clock.now() == NOW
        assert first.line.public_url == "https://line.example"
        assert (first.observe, first.visited) == (None, None)
        assert first.facts == {"member_id": "id of demo.one"}

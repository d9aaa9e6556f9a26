"""The requests of one call in any order and any number: Twilio promises neither, and the end of a call is an end."""

from __future__ import annotations

import itertools
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from support.money import wait_until_somebody_waits

from ivr.calls.store import open_call

SID = "CA" + "2b" * 16
OPENED = datetime(2026, 12, 18, 15, 0, tzinfo=UTC)
ORDERS = list(itertools.permutations(["/voice/answer", "/voice/turn/1", "/voice/status", "/voice/fallback"]))


@pytest.mark.parametrize("order", ORDERS, ids=["-".join(each[7] for each in order) for order in ORDERS])
def test_in_whatever_order_its_requests_come_a_call_that_is_over_stays_over(house, order):
    """The same request again, whatever its token, gets the same answer; no turn is taken after the end."""
    house.load_samples("demo.letter")
    token, over = itertools.count(), False
    for target in order:
        ends = target == "/voice/status"
        form = house.form_of(SID, Digits="1", CallStatus="completed" if ends else "in-progress")
        first, again = (
            house.post(target, form, headers={"I-Twilio-Idempotency-Token": f"token-{next(token)}"})
            for _ in range(2)
        )
        assert (again.status_code, again.data) == (first.status_code, first.data)
        if ends:
            late = house.post(target, house.form_of(SID, CallStatus="in-progress", SequenceNumber="0"))
            assert late.status_code == 204
        elif over:
            assert re.match("call-over|trouble-no-payment", first.headers["Ivr-Prompts"]), target
        over = over or ends or (target == "/voice/fallback")
    row = house.call_row(SID)
    assert (row.status, row.secrets) == ("closed", None)


def test_an_end_that_comes_during_the_first_turn_waits_for_it(house, engine):
    with ThreadPoolExecutor(1) as elsewhere:
        with engine.begin() as db:
            open_call(
                db, SID, caller_kind="number", caller_hash=None, at=OPENED, flow_version="v", language="en-US"
            )
            form = house.form_of(SID, CallStatus="completed")
            ended = elsewhere.submit(house.post, "/voice/status", form)
            wait_until_somebody_waits(engine)
        assert ended.result().status_code == 204
    row = house.call_row(SID)
    assert (row.status, row.end, row.started_at) == ("closed", "hangup", OPENED)


def test_a_token_says_nothing(house):
    """A turn is known by its call and its number; Twilio's token may change, or be the one of before."""
    for target, seq in (("/voice/answer", 0), ("/voice/turn/1", 1), ("/voice/turn/2", 2)):
        form = house.form_of(SID, Digits="1")
        replies = [
            house.post(target, form, headers=headers)
            for headers in ({"I-Twilio-Idempotency-Token": "a"}, {"I-Twilio-Idempotency-Token": "b"}, {})
        ]
        assert len({reply.data for reply in replies}) == 1, target
        assert house.call_row(SID).seq == seq

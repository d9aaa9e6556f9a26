"""Time is virtual: a call of a quarter of an hour is over in milliseconds, and nobody sleeps."""

from __future__ import annotations

import select
import sys
import time
from collections import Counter
from contextlib import contextmanager

import pytest

from ivr.simulator.operator import RelayOperator
from ivr.simulator.webhooks import Injected

SENTENCE = "one two three four five six seven eight nine ten"
WAITING = (time.sleep, select.select)


@contextmanager
def counted_sleeps():
    """Count how often this thread really sleeps or waits."""
    counts = Counter()

    def called(_frame, event, function):
        if event == "c_call" and function in WAITING:
            counts[function.__name__] += 1

    before = sys.getprofile()
    sys.setprofile(called)
    try:
        yield counts
    finally:
        sys.setprofile(before)


def relay_question(seq):
    inside = f'<Say>{SENTENCE}</Say><Pause length="3"/>' * 5
    return f'<Gather action="/voice/turn/{seq}" timeout="120">{inside}</Gather>'


# The virtual clock: a relay call of over a quarter of an hour takes no real time to speak of, and no sleep.
def test_a_relay_call_of_a_quarter_of_an_hour(stage):
    turns = {f"/voice/turn/{seq}": relay_question(seq + 1) for seq in range(1, 16)}
    on = stage(relay_question(1), {**turns, "/voice/turn/16": "<Hangup/>"})
    operator = RelayOperator(on.phone)
    began_at, started = on.clock.now(), time.perf_counter()
    with counted_sleeps() as sleeps:
        heard = operator.dial()
        while heard.ended is None:
            heard = operator.press("123#")
    took_seconds = time.perf_counter() - started
    assert on.app.last("/voice/turn/16").form["Digits"] == "123"
    assert on.phone.seconds > 15 * 60
    assert (on.clock.now() - began_at).total_seconds() == pytest.approx(on.phone.seconds)
    assert took_seconds < on.phone.seconds / 1000
    assert not sleeps


# The virtual clock: windows that elapse in silence cost as little.
def test_silence_takes_no_real_time(stage):
    on = stage(relay_question(1), {"/voice/turn/1": "<Hangup/>"})
    with counted_sleeps() as sleeps:
        on.phone.dial()
        on.phone.stay_silent()
    assert on.phone.seconds == pytest.approx(0.5 + 5 * (4.0 + 3.0) + 120)
    assert not sleeps


# The virtual clock: its reading is the sum of all that took time, by words and language.
@pytest.mark.parametrize(
    ("language", "text", "seconds"),
    [
        ("en-US", SENTENCE, 4.0),
        ("es-US", "uno dos tres cuatro cinco", 2.0),
        ("cmn-CN", "一二三四五六七八", 2.0),
    ],
)
def test_speech_takes_time_by_words_and_language(stage, language, text, seconds):
    on = stage(f'<Say language="{language}">{text}</Say>')
    on.phone.dial()
    assert on.phone.seconds == pytest.approx(0.5 + seconds)


# The virtual clock: an hour of tenths of seconds is an hour: nothing adds up but what took time.
def test_an_hour_does_not_drift(stage):
    question = (
        '<Gather action="/voice/turn/1" timeout="14" actionOnEmptyResult="true"><Say>one</Say></Gather>'
    )
    on = stage(question, {"/voice/turn/1": question})
    on.phone.dial()
    for _ in range(240):
        on.phone.stay_silent()
    assert on.phone.seconds == 0.5 + 240 * 14.9


# The virtual clock: nothing is left to chance: the same call makes the same requests at the same moments.
@pytest.mark.parametrize("fault", [None, *Injected])
def test_the_same_call_is_the_same_again(stage, fault):
    def call():
        on = stage(
            '<Gather action="/voice/turn/1" numDigits="1"><Say>one</Say></Gather>',
            {
                "/voice/turn/1": "<Dial action='/voice/turn/2'>+18005550199</Dial>",
                "/voice/turn/2": "<Say>a</Say>",
            },
        )
        on.phone.dial()
        if fault is not None:
            on.phone.inject(fault)
        heard = on.phone.press("1", barge_in_seconds=0.3)
        return heard, on.app.requests, on.app.refused, on.phone.notes, on.phone.failures, on.clock.now()

    assert call() == call()


def test_a_sleep_would_be_counted():
    with counted_sleeps() as sleeps:
        time.sleep(0)
    time.sleep(0)
    assert sleeps == {"sleep": 1}

"""A call goes on, on the version it began with, over a deploy whose program has learned more than that version."""

from __future__ import annotations

import re

import pytest

from ivr.base.randomness import SeededRandomness
from ivr.calls.store import keep_flow_version
from ivr.topics.line import kept_line
from ivr.voice.serving import serve_line


class Deployed:
    """A line whose program may be replaced while a call is under way."""

    def __init__(self, house):
        self.house, self.public_url = house, house.public_url

    def post(self, path_or_url, form, *, headers=None):
        return self.house.line.post(path_or_url, form, headers=headers)


@pytest.fixture
def older(house):
    """Serve the version of before `without-pound` was a reason, and before accounts wanted more time."""
    files = dict(house.compiled.files)
    for name in ("prompts/en-US.ftl", "prompts/es-US.ftl"):
        files[name] = re.sub(r"nomatch-without-pound =\n(?: .*\n)+", "", files[name])
    verify = re.sub(r"on\.verified_more_time.*\n", "", files["flows/verify.toml"])
    files["flows/verify.toml"] = verify.partition("[node.more_time]")[0]
    line = kept_line(files)
    with house.engine.begin() as db:
        keep_flow_version(db, line.flow.version, files, house.clock.now())
    house.use(serve_line(house.settings, house.engine, line, house.clock, SeededRandomness(1)))
    return line


def test_a_call_goes_on_over_a_deploy_that_brings_a_reason_and_an_outcome(house, older):
    (member,) = house.load_samples("demo.letter")
    phone = house.phone(line=Deployed(house))
    phone.dial()
    for key in ("1", "1"):
        phone.press(key)
    house.restart()
    asked_again = phone.press(member.billing_accounts["health"])
    assert asked_again.prompts == ("verify-member-id.again",)
    taken = phone.press(member.billing_accounts["health"])
    assert taken.prompts == ("verify-ssn",)
    phone.press(member.ssn_last4)
    heard = phone.press(member.date_of_birth_keyed)
    assert heard.prompts[0] == "balance-current"
    assert {reply.header("Ivr-Flow") for reply in house.line.replies} == {older.flow.version}

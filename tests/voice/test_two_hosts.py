"""Two hosts on one database, a web server and a worker each: one dies in the middle of a call, the other goes on."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from support.hosts import kill, web_host, worker_host
from support.served_line import wait_until

from ivr.base.settings import load_worker_settings
from ivr.jobs.groups import job_groups
from ivr.jobs.notices import open_notice_sender
from ivr.jobs.worker import run_once
from ivr.storage.engine import make_engine

from .conftest import ROOT, House
from .test_two_releases import environment_of, press

pytestmark = [pytest.mark.long, pytest.mark.whole]


def test_a_call_goes_on_where_it_can_when_a_host_dies(migrated_database, compiled_line, tmp_path):
    environment = environment_of(migrated_database, tmp_path)
    engine = make_engine(migrated_database, pool_size=4)
    house = House(engine, compiled_line)
    member = house.samples()["demo.letter"]
    house.load([member])
    facts = (member.member_id, member.ssn_last4, member.date_of_birth_keyed)
    keys = ("1", "1", *facts, "1", "1", "021000021", "1", "4455667788", "4455667788")
    (tmp_path / "host").mkdir()
    with (
        web_host(tmp_path / "host", environment) as (other, web),
        worker_host(tmp_path, environment) as worker,
    ):
        hosts = (house.line, other)
        hosts[0].post("/voice/answer", house.form_of(house.call_sid(1)))
        for seq, entry in enumerate(keys, start=1):
            press(hosts[seq % 2], house, 1, seq, entry)
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
            lanes = text("SELECT count(*) FROM procrastinate_workers")
            wait_until(lambda: worker.poll() is not None or db.scalar(lanes) == 2)
        kill(web)
        kill(worker)
        said = house.form_of(
            house.call_sid(1), CallStatus="in-progress", SpeechResult="yes", Confidence="0.9"
        )
        reply = house.line.post(f"/voice/turn/{len(keys) + 1}", said)
    assert "confirmation" in reply.header("Ivr-Prompts")
    settings = load_worker_settings(environment)
    sender = open_notice_sender(settings, ROOT / "prompts" / "notices")
    run_once(migrated_database, house.clock, *job_groups(sender=sender, bank=settings, retention=settings))
    with engine.connect() as db:
        assert db.execute(text("SELECT state, amount_cents FROM payments")).all() == [
            ("authorized", member.bills[0].amount_cents)
        ]
        assert db.scalars(text("SELECT state FROM notices")).all() == ["sent"]
    engine.dispose()

"""The account that answers calls does so with the rights that it has."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import func, select

from ivr.storage.canaries import check_keys
from ivr.storage.engine import make_engine
from ivr.storage.tables import Payment

from .conftest import House
from .test_secrecy import ONE, SAMPLE, whole_call


@pytest.fixture
def web(url_as):
    engine = make_engine(url_as("ivr_web"), pool_size=2)
    yield engine
    engine.dispose()


def test_a_call_pays_two_bills_with_the_rights_of_web(engine, web, compiled_line):
    by_owner = House(engine, compiled_line)
    member = replace(by_owner.samples()[SAMPLE], ssn_last4=ONE.ssn_last4, date_of_birth=ONE.date_of_birth)
    by_owner.load([member])
    house = House(web, compiled_line)
    check_keys(web, house.settings.hashes, house.settings.key_ring, house.clock.now())
    whole_call(house.phone(), member, ONE)
    assert house.client.get("/health").status_code == 200
    with engine.connect() as db:
        assert db.scalar(select(func.count()).select_from(Payment)) == 2

"""The named sample members and their bills."""

import pytest
from support.samples import HASHES, load_demo_members


@pytest.fixture
def hashes():
    return HASHES


@pytest.fixture
def samples(engine, hashes):
    return load_demo_members(engine, hashes)

"""Wrong keys are noticed at the start, whoever starts, and a rotation goes on working."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine, func, select
from support.authorized import authorized
from support.environs import KEY_BYTES
from support.samples import load_demo_members

from ivr.base.errors import SettingsError
from ivr.base.keys import KeyedHash, KeyRing
from ivr.storage.canaries import check_keys
from ivr.storage.tables import Canary

NOW = datetime(2026, 12, 18, 15, 15, tzinfo=UTC)
A, B, C = (bytes(range(start, start + 32)) for start in (0, 32, 64))
HASHES, OTHER_HASHES = KeyedHash(A), KeyedHash(B)


def names(engine: Engine) -> list[str]:
    with engine.connect() as db:
        return list(db.scalars(select(Canary.name).order_by(Canary.name)))


def problems(engine: Engine, hashes: KeyedHash, keys: KeyRing | None) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        check_keys(engine, hashes, keys, NOW)
    return list(caught.value.problems)


def test_the_first_start_writes_what_the_next_ones_compare(engine: Engine) -> None:
    check_keys(engine, HASHES, None, NOW)
    assert names(engine) == ["hash"]
    for _ in range(2):
        check_keys(engine, HASHES, KeyRing({"b": B}), NOW)
        assert names(engine) == ["hash", "sealed:b"]


def test_all_wrong_keys_are_told_at_once_and_nothing_is_written(engine: Engine) -> None:
    check_keys(engine, HASHES, KeyRing({"b": B}), NOW)
    wrong_hash, wrong_key = problems(engine, OTHER_HASHES, KeyRing({"new": A, "b": C}))
    assert wrong_hash.startswith("IVR_HASH_KEY is not the key that this database was written with: set it to")
    assert wrong_key.startswith("IVR_KEYS has another key under the id b than this database was written with")
    assert names(engine) == ["hash", "sealed:b"]
    assert problems(engine, OTHER_HASHES, None) == [wrong_hash]


def test_a_key_is_rotated_and_goes_when_nothing_is_sealed_under_it(engine: Engine) -> None:
    check_keys(engine, HASHES, KeyRing({"a": A}), NOW)
    check_keys(engine, HASHES, KeyRing({"b": B, "a": A}), NOW)
    check_keys(engine, HASHES, KeyRing({"b": B}), NOW)
    (sentence,) = problems(
        engine, HASHES, KeyRing({"a": C, "b": B})
    )  # its id never comes back with other bytes
    assert "under the id a" in sentence


@pytest.mark.parametrize("known", [True, False])
def test_a_key_in_use_that_is_gone_is_refused(engine: Engine, *, known: bool) -> None:
    """Also at the first start of this kind, on a database that was sealed before there were canaries."""
    load_demo_members(engine)
    authorized(engine, HASHES)
    if known:
        check_keys(engine, HASHES, KeyRing({"k2": B, "k1": KEY_BYTES}), NOW)
    (sentence,) = problems(engine, HASHES, KeyRing({"k2": B}))
    assert sentence.startswith(
        "IVR_KEYS lacks the key k1, under which some of this database is sealed: put it"
    )


def test_of_two_first_starts_at_once_one_is_right(engine: Engine) -> None:
    def start(number: int) -> int:
        try:
            check_keys(engine, KeyedHash(bytes([number] * 32)), KeyRing({"k": bytes([number] * 32)}), NOW)
        except SettingsError as error:
            return len(error.problems)
        return 0

    with ThreadPoolExecutor(6) as starts:
        assert sorted(starts.map(start, range(6))) == [0, 2, 2, 2, 2, 2]
    with engine.connect() as db:
        assert db.scalar(select(func.count()).select_from(Canary)) == 2

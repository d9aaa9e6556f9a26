"""Scratch databases: dropped however what they were made for ends."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

import psycopg
import pytest
from sqlalchemy import URL

from ivr.sandbox.scratch import scratch_database
from ivr.storage.engine import connection_arguments


@pytest.mark.parametrize("end", [None, KeyboardInterrupt, EOFError])
def test_a_scratch_database_is_dropped_however_a_replay_ends(
    database_url: URL, end: type[BaseException] | None
) -> None:
    """Ctrl-C, and the end of a process of several, come up where the database is in use."""
    with suppress(KeyboardInterrupt, EOFError), scratch_database(database_url) as url:
        assert databases(database_url, url.database) == 1
        if end is not None:
            raise end
    assert databases(database_url, url.database) == 0


def test_what_a_killed_replay_left_is_dropped_an_hour_later(database_url: URL) -> None:
    """Until then it may be one that somebody has just made and not yet connected to."""
    with psycopg.connect(connection_arguments(database_url), autocommit=True) as server:
        now = int(datetime.now(UTC).timestamp())
        old, young = (f"ivr_scratch_0_{now - age}_{database_url.database}" for age in (3700, 60))
        for name in (old, young):
            server.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        with scratch_database(database_url):
            pass
        assert (databases(database_url, old), databases(database_url, young)) == (0, 1)
        server.execute(f"DROP DATABASE {young}")


def databases(server: URL, name: str | None) -> int:
    with psycopg.connect(connection_arguments(server)) as connection:
        return connection.execute("SELECT FROM pg_database WHERE datname = %s", [name]).rowcount

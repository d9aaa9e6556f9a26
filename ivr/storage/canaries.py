"""Canaries: at each start they show if the keys in the settings are those this database was written with.

A wrong `IVR_HASH_KEY` would reject every member's right facts and lock them out, and an import under it would
hash everybody anew; a key that is gone from `IVR_KEYS` would hold payments at the cutoff. So a known word is
kept hashed, and sealed under each key there ever was. The first start writes them, a new key adds one. They
tell who has the database nothing that its other rows do not tell.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, LargeBinary, Text, func, select, text
from sqlalchemy.dialects.postgresql import insert

from ivr.base.errors import SettingsError
from ivr.base.keys import KeyedHash, KeyRing, UnsealError
from ivr.storage.tables import Base, Canary, Sealed

_WORD = "canary"
_HASH = "hash"
_SEALED = "sealed:"  # and the key's id


def check_keys(engine: Engine, hashes: KeyedHash, keys: KeyRing | None, now: datetime) -> None:
    """See that the keys are the right ones; `keys` is None where nothing is sealed and nothing opened.

    Of two first starts at once, the keys of the first to commit count. Raises `SettingsError` with every
    problem; then nothing is written.
    """
    with engine.begin() as db:
        before = _kept(db)
        kept = _add(db, before, _made(hashes, keys), now)
        problems = []
        if kept[_HASH] != hashes.digest(_WORD):
            problems.append(
                "IVR_HASH_KEY is not the key that this database was written with: set it to that one again,"
                " or correct DATABASE_URL."
            )
        if keys is not None:
            problems += _problems_of_sealing(db, before, kept, keys)
        if problems:
            raise SettingsError(*problems)


def _kept(db: Connection) -> dict[str, bytes]:
    return {row.name: row.value for row in db.execute(select(Canary.name, Canary.value))}


def _made(hashes: KeyedHash, keys: KeyRing | None) -> dict[str, bytes]:
    made = {_HASH: hashes.digest(_WORD)}
    if keys is not None:
        for name, key_id in ((_SEALED + key_id, key_id) for key_id in keys.ids):
            made[name] = keys.seal(_WORD.encode(), name, key_id=key_id)
    return made


def _add(
    db: Connection, kept: Mapping[str, bytes], made: Mapping[str, bytes], now: datetime
) -> Mapping[str, bytes]:
    """Write the canaries that are not there, and return those that are then: others may have been quicker."""
    rows = [{"name": name, "value": made[name], "made_at": now} for name in made if name not in kept]
    if not rows:
        return kept
    db.execute(insert(Canary).values(rows).on_conflict_do_nothing())
    return _kept(db)


def _problems_of_sealing(
    db: Connection, before: Mapping[str, bytes], kept: Mapping[str, bytes], keys: KeyRing
) -> Iterator[str]:
    for key_id in keys.ids:
        try:
            keys.open(kept[_SEALED + key_id], _SEALED + key_id)
        except UnsealError:
            yield (
                f"IVR_KEYS has another key under the id {key_id} than this database was written with:"
                " set it to that one again, or correct DATABASE_URL; a new key takes a new id."
            )
    known = {name.removeprefix(_SEALED) for name in before if name.startswith(_SEALED)}
    if known and known <= set(keys.ids):
        return
    for key_id in sorted(
        {key_id for key_id, _ in keys_in_use(db)} - set(keys.ids)
    ):  # each table is read: only where a key may be gone
        yield (
            f"IVR_KEYS lacks the key {key_id}, under which some of this database is sealed:"
            " put it back, after the newest, or correct DATABASE_URL."
        )


def keys_in_use(db: Connection) -> Counter[tuple[str, str]]:
    """Count by key id and table what is sealed, as far as this account may read it."""
    found: Counter[tuple[str, str]] = Counter()
    db.execute(text("SET LOCAL statement_timeout = 0"))  # it may take longer than a turn may
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            readable = func.has_column_privilege(table.name, column.name, "SELECT")
            if type(column.type) is Sealed and db.scalar(select(readable)):
                key_id = key_id_of(column)
                counted = select(key_id, func.count()).where(key_id.is_not(None)).group_by(key_id)
                for name, number in db.execute(counted):
                    found[name, table.name] += number
    return found


def key_id_of(column: ColumnElement[Any]) -> ColumnElement[str]:
    """Return what reads the id of its key from a sealed column (`KeyRing`); NULL where nothing is sealed."""
    sealed = func.nullif(column, b"", type_=LargeBinary)
    return func.convert_from(func.substr(sealed, 2, func.get_byte(sealed, 0)), "UTF8", type_=Text)

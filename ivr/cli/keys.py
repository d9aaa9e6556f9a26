"""`ivr keys`: which key of IVR_KEYS is in use, and how an old one is done with."""

from __future__ import annotations

from collections import defaultdict

import click

from ivr.base.errors import OperatorError
from ivr.base.keys import UnsealError
from ivr.base.settings import load_key_settings
from ivr.base.words import counted
from ivr.jobs.resealing import reseal
from ivr.start import ready_database
from ivr.storage.canaries import keys_in_use


@click.group()
def keys() -> None:
    """See which keys are in use, and seal anew what is under an old one."""


@keys.command()
def status() -> None:
    """Print for each key what is sealed under it, and whether it may leave IVR_KEYS."""
    settings = load_key_settings()
    with ready_database(settings) as engine, engine.begin() as db:
        found = keys_in_use(db)
    by_key: dict[str, dict[str, int]] = defaultdict(dict)
    for (key_id, table), number in found.items():
        by_key[key_id][table] = number
    newest, *older = settings.key_ring.ids
    click.echo(f"{newest}: the newest, seals what comes; {_told(by_key[newest])}")
    for key_id in older:
        may_go = "keep it" if by_key[key_id] else "it may leave IVR_KEYS"
        click.echo(f"{key_id}: {_told(by_key[key_id])}; {may_go}")


def _told(tables: dict[str, int]) -> str:
    if not tables:
        return "nothing is sealed under it"
    return ", ".join(f"{number:,} in {table}" for table, number in sorted(tables.items()))


@keys.command()
def rotate() -> None:
    """Seal under the newest key what lasts and is under an older one; it may be broken off and repeated.

    First put the new key first in IVR_KEYS, everywhere, and restart web, worker and console: who has not
    got it cannot read what is sealed under it. Replies to callers are left, and are gone after a day.
    """
    settings = load_key_settings()
    with ready_database(settings) as engine:
        try:
            resealed = reseal(engine, settings.key_ring)
        except UnsealError as error:
            raise OperatorError(f"Something sealed cannot be opened: {error}.") from None
    click.echo(
        f"{counted(resealed, 'value')} sealed under {settings.key_ring.ids[0]}. See `ivr keys status`."
    )

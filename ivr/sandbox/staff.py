"""The demo's staff: a log-in for each role, called as the role is, and the code that its app would show."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

import pyotp
from sqlalchemy import select

from ivr.base.randomness import SecretRandomness
from ivr.staff.people import add_staff, totp_context
from ivr.staff.rights import ROLES
from ivr.storage.tables import StaffMember

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ivr.staff.people import StaffKeys

SAMPLE_PASSWORD: Final = "only for the demo"  # noqa: S105 (told to everybody who tries it)


def add_sample_staff(db: Connection, keys: StaffKeys, now: datetime) -> None:
    """Add the log-ins that are not there yet."""
    known = set(db.scalars(select(StaffMember.name)))
    for role in ROLES.keys() - known:
        add_staff(
            db,
            keys,
            SecretRandomness(),
            name=role,
            password=SAMPLE_PASSWORD,
            roles=[role],
            actor="sandbox",
            now=now,
        )


def sample_codes(db: Connection, keys: StaffKeys, now: datetime) -> dict[str, str]:
    """Return the code of each sample log-in at `now` (aware): the next one, where this one was taken.

    "" where the next one was taken too: there is another in half a minute.
    """
    found = {}
    rows = db.execute(
        select(StaffMember.name, StaffMember.totp_secret, StaffMember.totp_step).where(
            StaffMember.name.in_(ROLES)
        )
    )
    for name, sealed, step in rows:
        totp = pyotp.TOTP(keys.ring.open(sealed, totp_context(name)).decode())
        ahead = step - totp.timecode(now) + 1
        found[name] = totp.at(now, counter_offset=max(ahead, 0)) if ahead <= 1 else ""
    return {role: found[role] for role in ROLES if role in found}

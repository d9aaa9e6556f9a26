"""The log-ins of staff: added, listed, disabled, and never deleted, as the audit trail names them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

import pyotp
from argon2 import PasswordHasher
from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql

from ivr.base.errors import NotFoundError, OperatorError
from ivr.base.keys import KeyedHash, KeyRing
from ivr.staff.rights import ROLES
from ivr.storage.audit import record_event
from ivr.storage.tables import StaffLogin, StaffMember

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ivr.base.randomness import Randomness

PASSWORD_LETTERS_MIN: Final = 12  # NIST SP 800-63B asks for 8 where a second factor is asked for too
PASSWORD_LETTERS_MAX: Final = 128
_NAME: Final = re.compile(r"[a-z][a-z0-9._-]{1,31}", re.ASCII)
_BASE32: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_TOTP_LETTERS: Final = 32  # 160 bits, as RFC 4226 recommends
_ISSUER: Final = "Payment line"


class StaffKeys:
    """What hashes and seals the secrets of log-ins, all from one key of 32 bytes."""

    def __init__(self, key: bytes, passwords: PasswordHasher | None = None) -> None:
        made = KeyedHash(key)
        self.hashes = KeyedHash(made.digest("staff hashes"))
        self.ring = KeyRing({"console": made.digest("staff seals")})
        self.passwords = passwords or PasswordHasher()


@dataclass(frozen=True, slots=True)
class Listed:
    """One log-in as it is listed; `seen_at` is when it was last used, None: never."""

    name: str
    roles: Sequence[str]
    added_at: datetime
    seen_at: datetime | None
    disabled_at: datetime | None


def add_staff(
    db: Connection,
    keys: StaffKeys,
    randomness: Randomness,
    *,
    name: str,
    password: str,
    roles: Sequence[str],
    actor: str,
    now: datetime,
) -> str:
    """Add a log-in, or let a disabled one in again with new secrets; return its `otpauth://` address.

    That address is what an authenticator app takes, and is never shown again. Raises `OperatorError` with
    everything that is wrong.
    """
    problems = [*_problems(name, password, roles)]
    known = select(StaffMember.disabled_at).where(StaffMember.name == name).with_for_update()
    there = db.execute(known).one_or_none()
    if there is not None and there.disabled_at is None:
        problems.append(f"{name} is added already: `ivr staff disable {name}` first, to give new secrets.")
    if problems:
        raise OperatorError(*problems)
    secret = "".join(_BASE32[randomness.below(len(_BASE32))] for _ in range(_TOTP_LETTERS))
    values = {
        "roles": sorted(set(roles)),
        "password_hash": keys.passwords.hash(password),
        "totp_secret": keys.ring.seal(secret.encode(), totp_context(name)),
        "totp_step": 0,
        "added_at": now,
        "disabled_at": None,
    }
    added = postgresql.insert(StaffMember).values(name=name, **values)
    db.execute(added.on_conflict_do_update(index_elements=[StaffMember.name], set_=values))
    record_event(db, "staff.add", name, {"roles": values["roles"]}, actor=actor, now=now)
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=_ISSUER)


def _problems(name: str, password: str, roles: Sequence[str]) -> list[str]:
    problems = []
    if _NAME.fullmatch(name) is None:
        problems.append(
            f"{name!r} is no name: 2 to 32 small letters, digits, dots or hyphens, a letter first."
        )
    if not PASSWORD_LETTERS_MIN <= len(password) <= PASSWORD_LETTERS_MAX:
        problems.append(f"A password has {PASSWORD_LETTERS_MIN} to {PASSWORD_LETTERS_MAX} characters.")
    if not roles:
        problems.append(f"A role is missing: give one or more of {', '.join(ROLES)}.")
    problems += [f"{role} is no role: use {', '.join(ROLES)}." for role in roles if role not in ROLES]
    return problems


def totp_context(name: str) -> str:
    """Return what binds a sealed second factor to its row."""
    return f"staff_members/{name}/totp"


def list_staff(db: Connection) -> list[Listed]:
    """Return every log-in there is or was, by name."""
    seen = (
        select(StaffLogin.seen_at)
        .where(StaffLogin.name == StaffMember.name)
        .order_by(StaffLogin.seen_at.desc())
        .limit(1)
        .scalar_subquery()
    )
    rows = db.execute(
        select(
            StaffMember.name, StaffMember.roles, StaffMember.added_at, seen, StaffMember.disabled_at
        ).order_by(StaffMember.name)
    )
    return [Listed(*row) for row in rows]


def disable_staff(db: Connection, name: str, *, actor: str, now: datetime) -> None:
    """End what a log-in may do, at once, wherever it is used. Raises `NotFoundError`."""
    disabled = (
        update(StaffMember)
        .where(StaffMember.name == name, StaffMember.disabled_at.is_(None))
        .values(disabled_at=now)
    )
    if not db.execute(disabled).rowcount:
        raise NotFoundError(f"No log-in that may be used is called {name}: see `ivr staff list`.")
    db.execute(
        update(StaffLogin).where(StaffLogin.name == name, StaffLogin.ended_at.is_(None)).values(ended_at=now)
    )
    record_event(db, "staff.disable", name, {}, actor=actor, now=now)

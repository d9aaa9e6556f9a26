"""Logging in with a password and a code, staying logged in, logging out.

The rules are those of NIST SP 800-63B for a log-in with two factors: nothing asked for in half an hour, or
twelve hours in all, ends it. Whatever was wrong, the answer and the time it takes are the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, Literal

import pyotp
from argon2.exceptions import InvalidHashError, VerificationError
from pyotp.utils import strings_equal
from sqlalchemy import delete, func, insert, or_, select, update

from ivr.base.keys import UnsealError
from ivr.staff.people import PASSWORD_LETTERS_MAX, totp_context
from ivr.staff.rights import rights_of
from ivr.storage.audit import record_event
from ivr.storage.tables import StaffLogin, StaffLoginTry, StaffMember

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection, Engine

    from ivr.base.randomness import Randomness
    from ivr.staff.people import StaffKeys

IDLE: Final = timedelta(minutes=30)
LASTS: Final = timedelta(hours=12)
TRIED: Final = timedelta(minutes=15)
TRIES_OF_A_NAME: Final = 5
TRIES_FROM_AN_ADDRESS: Final = 20  # an office is one address
_SEEN_EVERY: Final = timedelta(minutes=1)
_KEPT: Final = timedelta(days=30)
_CODE_STEPS: Final = (0, -1, 1)  # a clock may be half a minute off
Refusal = Literal["", "wrong", "throttled"]


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """Whoever is logged in, what they are and may do."""

    name: str
    roles: tuple[str, ...]
    rights: frozenset[str]


@dataclass(frozen=True, slots=True)
class Credentials:
    """What somebody typed, and the address where their browser is; `code` is of the authenticator app."""

    name: str
    password: str
    code: str
    address: str

    @classmethod
    def typed(cls, name: str, password: str, code: str, address: str) -> Credentials:
        """Return them without what a hand adds: capitals and blanks around a name, blanks in a code."""
        return cls(name.strip().lower()[:64], password, "".join(code.split()), address)


class LoginResult:
    """How a log-in ended: `token` is what the browser keeps, None where it is refused."""

    def __init__(self, token: str | None, refused: Refusal = "") -> None:
        self.token = token
        self.refused = refused


@dataclass(frozen=True, slots=True)
class OpenLogin:
    """A log-in that is open: since when, from where, last used when, and whether it is the one that asks."""

    started_at: datetime
    address: str
    seen_at: datetime
    is_this: bool


def new_token(randomness: Randomness) -> str:
    """Return 256 bits that nobody guesses, in hexadecimal."""
    return f"{randomness.below(2**256):064x}"


def log_in(
    engine: Engine, keys: StaffKeys, randomness: Randomness, given: Credentials, now: datetime
) -> LoginResult:
    """Log in."""
    refused = _refusal(engine, keys, given, now)
    if refused:
        return LoginResult(None, refused)
    token = new_token(randomness)
    with engine.begin() as db:
        _keep_login(db, _hashed(keys, token), given.name, given.address, now, by="password and code")
    return LoginResult(token)


def _refusal(engine: Engine, keys: StaffKeys, given: Credentials, now: datetime) -> Refusal:
    """Return why a password and a code are refused, "" where they are right.

    A try is written down, and committed, before anything is looked at, so that none is free.
    """
    name, address = given.name, given.address
    details = {"from_address": address}
    with engine.begin() as db:
        tried = _note_try(db, name, address, now)
    with engine.begin() as db:
        more = _tries_too_many(db, name, address, now)
        if more == 1:  # those after it would fill a trail from which nothing is removed
            record_event(db, "staff.log_in_throttled", name, details, actor=name, now=now)
        if more > 0:
            return "throttled"
        if not _is_right(db, keys, given, now):
            record_event(db, "staff.log_in_refused", name, details, actor=name, now=now)
            return "wrong"
        db.execute(delete(StaffLoginTry).where(or_(StaffLoginTry.id == tried, StaffLoginTry.name == name)))
    return ""


def log_in_signed_on(
    engine: Engine, keys: StaffKeys, randomness: Randomness, *, name: str, address: str, now: datetime
) -> LoginResult:
    """Log somebody in whose sign-on elsewhere is trusted, where they are of staff here and not disabled."""
    name = name.strip().lower()[:64]
    known = select(StaffMember.name).where(StaffMember.name == name, StaffMember.disabled_at.is_(None))
    with engine.begin() as db:
        if db.scalar(known) is None:
            details = {"from_address": address, "by": "single sign-on"}
            record_event(db, "staff.log_in_refused", name, details, actor=name, now=now)
            return LoginResult(None, "wrong")
        token = new_token(randomness)
        _keep_login(db, _hashed(keys, token), name, address, now, by="single sign-on")
    return LoginResult(token)


def _keep_login(
    db: Connection, token_hash: bytes, name: str, address: str, now: datetime, *, by: str
) -> None:
    row = {"token_hash": token_hash, "name": name, "address": address, "started_at": now, "seen_at": now}
    db.execute(insert(StaffLogin).values(row))
    record_event(db, "staff.log_in", name, {"from_address": address, "by": by}, actor=name, now=now)


def _note_try(db: Connection, name: str, address: str, now: datetime) -> int:
    """Write down a try, and forget what is of no use any more; return its id."""
    db.execute(delete(StaffLoginTry).where(StaffLoginTry.at < now - TRIED))
    db.execute(delete(StaffLogin).where(StaffLogin.started_at < now - _KEPT))
    noted = insert(StaffLoginTry).values(name=name, address=address, at=now).returning(StaffLoginTry.id)
    return db.execute(noted).scalar_one()


def _tries_too_many(db: Connection, name: str, address: str, now: datetime) -> int:
    """Return how many tries there were of late over what a name or an address may have."""
    by_name, by_address = db.execute(
        select(
            func.count().filter(StaffLoginTry.name == name),
            func.count().filter(StaffLoginTry.address == address),
        ).where(StaffLoginTry.at >= now - TRIED)
    ).one()
    return max(by_name - TRIES_OF_A_NAME, by_address - TRIES_FROM_AN_ADDRESS)


def _is_right(db: Connection, keys: StaffKeys, given: Credentials, now: datetime) -> bool:
    """Return whether password and code are right; the code is used up then, and an old hash made anew."""
    name, password = given.name, given.password[: PASSWORD_LETTERS_MAX + 1]
    known = select(StaffMember.password_hash, StaffMember.totp_secret, StaffMember.totp_step).where(
        StaffMember.name == name, StaffMember.disabled_at.is_(None)
    )
    member = db.execute(known.with_for_update()).one_or_none()
    if member is None:
        keys.passwords.hash(password)  # as long as looking at one takes
        return False
    try:
        keys.passwords.verify(member.password_hash, password)
    except (VerificationError, InvalidHashError):
        return False
    step = _step_of(keys, name, member.totp_secret, given.code, now)
    if step is None or step <= member.totp_step:
        return False
    values: dict[str, object] = {"totp_step": step}
    if keys.passwords.check_needs_rehash(member.password_hash):
        values["password_hash"] = keys.passwords.hash(password)
    db.execute(update(StaffMember).where(StaffMember.name == name).values(**values))
    return True


def _step_of(keys: StaffKeys, name: str, sealed: bytes, code: str, now: datetime) -> int | None:
    """Return the half minute since 1970 whose code this is, None for a wrong one."""
    try:
        totp = pyotp.TOTP(keys.ring.open(sealed, totp_context(name)).decode())
    except UnsealError:  # another key than it was added under
        return None
    for offset in _CODE_STEPS:
        if strings_equal(totp.at(now, counter_offset=offset), code):
            return totp.timecode(now) + offset
    return None


def logged_in(db: Connection, keys: StaffKeys, token: str, now: datetime) -> LoggedIn | None:
    """Return who is logged in with this token, and note that they are at work; None for nobody."""
    token_hash = _hashed(keys, token)
    row = db.execute(
        select(StaffMember.name, StaffMember.roles, StaffLogin.seen_at)
        .join(StaffLogin, StaffLogin.name == StaffMember.name)
        .where(StaffLogin.token_hash == token_hash, StaffMember.disabled_at.is_(None), *_open(now))
    ).one_or_none()
    if row is None:
        return None
    if now - row.seen_at >= _SEEN_EVERY:
        db.execute(update(StaffLogin).where(StaffLogin.token_hash == token_hash).values(seen_at=now))
    return LoggedIn(row.name, tuple(row.roles), rights_of(row.roles))


def open_logins(db: Connection, keys: StaffKeys, token: str, *, name: str, now: datetime) -> list[OpenLogin]:
    """Return the open log-ins of somebody, newest first."""
    found = select(StaffLogin.__table__).where(StaffLogin.name == name, *_open(now))
    this = _hashed(keys, token)
    return [
        OpenLogin(row.started_at, row.address, row.seen_at, row.token_hash == this)
        for row in db.execute(found.order_by(StaffLogin.started_at.desc()))
    ]


def _open(now: datetime) -> tuple[ColumnElement[bool], ...]:
    ended = StaffLogin.ended_at.is_(None)
    return ended, StaffLogin.started_at > now - LASTS, StaffLogin.seen_at > now - IDLE


def end_other_logins(
    engine: Engine, keys: StaffKeys, token: str, given: Credentials, now: datetime
) -> Refusal:
    """End every log-in of somebody's but the one of `token`, given their password and a code once more."""
    refused = _refusal(engine, keys, given, now)
    if not refused:
        others = update(StaffLogin).where(
            StaffLogin.name == given.name, StaffLogin.token_hash != _hashed(keys, token), *_open(now)
        )
        with engine.begin() as db:
            ended = db.execute(others.values(ended_at=now)).rowcount
            details = {"from_address": given.address, "ended": ended}
            record_event(db, "staff.log_out_elsewhere", given.name, details, actor=given.name, now=now)
    return refused


def log_out(db: Connection, keys: StaffKeys, token: str, *, name: str, now: datetime) -> None:
    """End a log-in."""
    ended = update(StaffLogin).where(StaffLogin.token_hash == _hashed(keys, token)).values(ended_at=now)
    db.execute(ended)
    record_event(db, "staff.log_out", name, {}, actor=name, now=now)


def form_token(keys: StaffKeys, token: str) -> str:
    """Return what every form of this browser's carries, so that no other page can send one for it."""
    return keys.hashes.digest("console form", token).hex()


def _hashed(keys: StaffKeys, token: str) -> bytes:
    return keys.hashes.digest("staff login", token)

"""What `ivr doctor` looks at: the database, disks, servers that must answer, what grows old; what to do."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal
from urllib.parse import urlsplit

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from ivr.base.errors import (
    EXIT_DATABASE,
    EXIT_NO,
    EXIT_SETTING,
    DatabaseUnavailableError,
    OperatorError,
    SettingsError,
)
from ivr.base.facts import read_facts
from ivr.notices.email import MailCarrier
from ivr.notices.letter import can_print
from ivr.payments.banks import RENEWED_EVERY, directory_imported_at
from ivr.payments.delivery import NotDeliveredError
from ivr.status.alerts import ALERTS
from ivr.status.figures import figures
from ivr.storage.canaries import check_keys
from ivr.storage.engine import check_standing, takes_writes
from ivr.storage.revision import standing
from ivr.storage.rights import missing_rights

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from ivr.base.settings import DatabaseSettings, HouseSettings, MailServer, SftpAddress

Grade = Literal["good", "warning", "bad"]
CLOCK_SECONDS: Final = 5.0  # beyond that, times of the line and of its database tell two stories
ROOM_BYTES: Final = 1_000_000_000
_REACH_SECONDS: Final = 5.0
_LOG_IN_SECONDS: Final = 10.0
_LETTERS: Final = "Añéß中文ệ"  # of the languages that letters are written in


@dataclass(frozen=True, slots=True)
class Examined:
    """One thing that was looked at: how it is, in words, what to do, and the exit status where it is bad."""

    what: str
    grade: Grade
    found: str
    do: str = ""
    status: int = 0


def examine_settings(problems: SettingsError | None) -> Iterator[Examined]:
    """Yield what is wrong with the settings, each setting for itself."""
    if problems is None:
        yield Examined("settings", "good", "complete, and none contradicts another")
        return
    for problem in problems.problems:
        yield Examined("settings", "bad", problem, status=EXIT_SETTING)


def examine_database(engine: Engine, settings: DatabaseSettings, now: datetime) -> Iterator[Examined]:
    """Yield how the database is: whether it answers, migrations, rights, writes, clock, and what alerts."""
    try:
        stands = standing(engine)
    except DBAPIError as error:
        reason = str(error.orig).strip().splitlines()[0]
        yield Examined("database", "bad", f"does not answer: {reason}", "start it", EXIT_DATABASE)
        return
    yield Examined("database", "good", "answers")
    try:
        check_standing(stands)
    except DatabaseUnavailableError as error:
        yield Examined("migrations", "bad", str(error), status=EXIT_DATABASE)
        return
    ahead = f" and newer ones, up to {stands.revision}" if stands.fit == "newer" else ""
    yield Examined("migrations", "good", f"all of this release are made{ahead}")
    yield from _rights(engine)
    yield from _clock(engine, settings, now)
    yield from _directory(engine, now)
    found = figures(engine, settings, now)
    for alert in ALERTS:
        if alert.fires(found):
            yield Examined(f"alert {alert.name}", "warning", alert.expression, alert.do)


def _rights(engine: Engine) -> Iterator[Examined]:
    missing = missing_rights(engine)
    if missing:
        some = ", ".join(missing[:5]) + (f" and {len(missing) - 5} more" if len(missing) > 5 else "")
        yield Examined(
            "rights",
            "bad",
            f"missing: {some}",
            "run `ivr db upgrade` as the tables' owner, or GRANT them",
            EXIT_DATABASE,
        )
    else:
        yield Examined("rights", "good", "all that this account needs")
    if not takes_writes(engine):
        found = "takes no changes: a standby, read-only, or its disk is full"
        yield Examined("writes", "bad", found, "give DATABASE_URL the one that does", EXIT_DATABASE)


def _clock(engine: Engine, settings: DatabaseSettings, now: datetime) -> Iterator[Examined]:
    with engine.connect() as db:
        apart = abs((db.execute(text("SELECT clock_timestamp()")).scalar_one() - now).total_seconds())
    if settings.ivr_demo or apart <= CLOCK_SECONDS:  # the demo's clock may stand anywhere
        yield Examined("clock", "good", "as the database's")
    else:
        found = f"{apart:.0f} seconds from the database's"
        yield Examined("clock", "bad", found, "let both machines follow NTP", EXIT_NO)


def _directory(engine: Engine, now: datetime) -> Iterator[Examined]:
    do = "`ivr banks import FILE`"
    with engine.connect() as db:
        imported_at = directory_imported_at(db)
    if imported_at is None:
        yield Examined("banks", "warning", "no directory: any right check digit is taken", do)
    elif now - imported_at > RENEWED_EVERY:
        yield Examined("banks", "warning", f"the directory is of {imported_at.date()}", do)
    else:
        yield Examined("banks", "good", f"the directory is of {imported_at.date()}")


def examine_keys(engine: Engine, settings: HouseSettings, now: datetime) -> Iterator[Examined]:
    """Yield whether the keys are those that the database was written with."""
    try:
        check_keys(engine, settings.hashes, settings.key_ring, now)
    except SettingsError as error:
        for problem in error.problems:
            yield Examined("keys", "bad", problem, status=EXIT_SETTING)
    else:
        yield Examined("keys", "good", "those that the database was written with")


def examine_house(settings: HouseSettings, now: datetime) -> Iterator[Examined]:
    """Yield how the machine is and whether those answer whom it needs: disks, font, facts, servers."""
    if settings.ivr_payments == "off":
        yield Examined("payments", "warning", "none is taken: IVR_PAYMENTS is off", "callers hear so")
    for folder in sorted({settings.ivr_var, settings.letters_out, settings.ach_out}):
        yield _room(folder)
    if can_print(_LETTERS):
        yield Examined("font", "good", "has the letters of every language")
    else:
        yield Examined("font", "bad", "lacks letters", "install the locked requirements again", EXIT_NO)
    yield from _facts(settings, now)
    twilio = urlsplit(settings.twilio_api_url)
    yield _reached("Twilio", twilio.hostname or "", twilio.port or (443 if twilio.scheme == "https" else 80))
    bank, mail = settings.ivr_odfi_sftp, settings.ivr_smtp
    if bank is None:
        yield Examined("SFTP of the bank", "good", "not used")
    else:
        yield _let_in("SFTP of the bank", bank, partial(_log_in_at_bank, bank, settings))
    if mail is None:
        yield Examined("SMTP", "good", "not used")
    else:
        carrier = MailCarrier(mail, settings.ivr_mail_from, timeout_seconds=_LOG_IN_SECONDS)
        yield _let_in("SMTP", mail, carrier.log_in)


def _let_in(what: str, server: SftpAddress | MailServer, log_in: Callable[[], str]) -> Examined:
    reached = _reached(what, server.host, server.port)
    if reached.grade == "bad":
        return reached
    if problem := log_in():
        return Examined(what, "bad", problem, "look at its settings, then ask whose server it is", EXIT_NO)
    return Examined(what, "good", f"{reached.found}, and lets us in")


def _log_in_at_bank(bank: SftpAddress, settings: HouseSettings) -> str:
    from ivr.payments.sftp import SftpFolder  # noqa: PLC0415 (half a second that only a server's user pays)

    server = SftpFolder(
        bank,
        settings.ivr_odfi_sftp_host_key,
        settings.ivr_odfi_sftp_key,
        timeout_seconds=_LOG_IN_SECONDS,
    )
    try:
        server.log_in()
    except NotDeliveredError as error:
        return str(error)
    return ""


def _room(folder: Path) -> Examined:
    there = next(each for each in (folder.resolve(), *folder.resolve().parents) if each.exists())
    free = shutil.disk_usage(there).free
    if free >= ROOM_BYTES:
        return Examined(f"disk of {folder}", "good", f"{free // 10**9} GB free")
    return Examined(f"disk of {folder}", "bad", f"{free // 10**6} MB free", "make room", EXIT_NO)


def _facts(settings: HouseSettings, now: datetime) -> Iterator[Examined]:
    try:
        found = read_facts(settings.ivr_facts).warnings(now.astimezone(settings.ivr_timezone).date())
    except OperatorError as error:
        for problem in error.problems:
            yield Examined("facts", "bad", problem, status=EXIT_SETTING)
        return
    for warning in found:
        yield Examined("facts", "warning", warning, "see them confirmed, then write the new date")
    if not found:
        yield Examined("facts", "good", "each was looked at in time")


def _reached(what: str, host: str, port: int) -> Examined:
    try:
        socket.create_connection((host, port), timeout=_REACH_SECONDS).close()
    except OSError as error:
        reason = error.strerror or str(error) or type(error).__name__
        do = "look at the address, the firewall and the server"
        return Examined(what, "bad", f"{host}:{port} does not answer: {reason}", do, EXIT_NO)
    return Examined(what, "good", f"{host}:{port} answers")

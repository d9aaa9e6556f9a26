"""The settings of the line: read from the environment here and nowhere else, all problems at once.

Only the composition roots (`ivr.wsgi`, `ivr.cli`) call `load_settings`; everything below is given values.
"""

from __future__ import annotations

import ast
import base64
import hashlib
import hmac
import json
import os
import re
import secrets
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from email.utils import parseaddr
from functools import partial
from ipaddress import ip_address
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, TypeVar, cast
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import phonenumbers
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ValidationError,
    ValidationInfo,
    create_model,
    field_validator,
)
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict
from stdnum.us import rtn

from ivr.base.clock import EASTERN, Clock, ShiftedClock, SystemClock
from ivr.base.errors import SettingsError
from ivr.base.hours import OpenHours, parse_hours
from ivr.base.keys import KeyedHash, KeyRing
from ivr.base.plans import PLANS

_DEMO_SECRETS_FILE = "demo-secrets.json"

# What a validator finds, by the type of its error, where "is wrong" does not say it.
_FOUND = {
    "missing": "is missing",
    "guessable": "is a key that anybody guesses",
    "one_key_twice": "has one key for two purposes",
    "readable_on_the_way": "is not encrypted",
}

_DEMO_VALUES = {
    "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
    "IVR_SUPPORT_PHONE": "+18005550100",
    "IVR_SUPPORT_HOURS": "Mon-Fri 08:00-18:00",
    "IVR_AGENT_PHONE": "+16175550199",
    "IVR_ODFI_ROUTING": "011000015",
    "IVR_ODFI_NAME": "DEMO BANK",
    "IVR_ODFI_DESTINATION": " 011000015",
    "IVR_ODFI_ORIGIN": "1041234567",
    "IVR_COMPANY_NAME": "MA HLTH CONNECT",
    "IVR_COMPANY_ID": "1041234567",
    **{plan.setting.upper(): plan.description for plan in PLANS.values()},
}
_NO_DATABASE = (
    "DATABASE_URL is missing: set it to postgresql://account:password@host:5432/database, or set IVR_VAR to a"
    " folder for a PostgreSQL of the line's own, or IVR_DEMO to yes."
)
_NOT_PLAIN = (
    "IVR_ACH_RECIPIENT is missing: set it to the bank's public key (age1…), so that no readable bank file"
    " stays in IVR_ACH_OUT, or set IVR_ODFI_SFTP; IVR_ACH_PLAIN=yes lets it lie there."
)
_NO_INSERTS = (
    "IVR_INSERTS is missing: set it to a folder with your notices of language help and nondiscrimination, one"
    " a language (en-US.pdf or en-US.txt), which go with every letter and e-mail."
)
_MAY_BE_EMPTY = frozenset({"ivr_agent_phone"})  # given and empty is a choice: no transfer


def _clock_time(value: object) -> object:
    return time.fromisoformat(value) if isinstance(value, str) else value


def _zone(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError("unknown time zone") from error


def _instant(value: object) -> object:
    if isinstance(value, str) and value:
        instant = datetime.fromisoformat(value)
        if instant.tzinfo is None:
            raise ValueError("no offset from UTC")
        return instant
    return value or None


def _telephone(value: object) -> object:
    if isinstance(value, str) and value:
        try:
            number = phonenumbers.parse(value)
        except phonenumbers.NumberParseException as error:
            raise ValueError("not a telephone number") from error
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return value


def _listed(value: object) -> object:
    return tuple(part.strip() for part in value.split(",")) if isinstance(value, str) else value


def _authorities(value: object) -> object:
    """Check certificates of authorities the way that TLS will read them."""
    path = Path(str(value))
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(**{"capath" if path.is_dir() else "cafile": str(path)})
    except OSError:  # also for what is no certificate
        raise ValueError("no certificates") from None
    return value


def _yes_no(value: object) -> object:
    if isinstance(value, str):
        if value.lower() not in {"yes", "no", ""}:
            raise ValueError("neither yes nor no")
        return value.lower() == "yes"
    return value


def _trusted_header(value: object) -> object:
    """Read HEADER@ADDRESS,ADDRESS: the header's name, then the addresses."""
    if not isinstance(value, str) or not value:
        return value or ()
    header, _, addresses = value.partition("@")
    if re.fullmatch(r"[A-Za-z][A-Za-z0-9-]*", header, re.ASCII) is None:
        raise ValueError("no header's name")
    return (header, *(str(ip_address(each.strip())) for each in addresses.split(",")))


def _decode_key(text: str) -> bytes:
    key = base64.b64decode(text, validate=True)
    if len(key) != 32:
        raise ValueError("not 32 bytes")
    if len(set(key)) == 1:
        raise PydanticCustomError("guessable", "one byte again and again")
    return key


def _keys(value: object) -> object:
    if not isinstance(value, str):
        return value
    keys: dict[str, bytes] = {}
    for part in value.split(","):
        key_id, _, encoded = part.strip().partition(":")
        if re.fullmatch(r"[A-Za-z0-9_-]{1,32}", key_id) is None or key_id in keys:
            raise ValueError("a key needs an id of its own")
        keys[key_id] = _decode_key(encoded)
    if len(set(keys.values())) < len(keys):
        raise PydanticCustomError("one_key_twice", "two ids for the same bytes")
    return keys


def _hash_key(value: object) -> object:
    return _decode_key(value) if isinstance(value, str) else value


def _pick_ups(value: object) -> object:
    """Return a setting of weekdays and an hour as the span that begins then."""
    if not isinstance(value, str):
        return value
    (span,) = parse_hours(f"{value}-24:00")
    if min(span.weekdays) > 4:
        raise ValueError("no weekday on which banks are open")
    return span


def _support_hours(value: str) -> str:
    """Return the hours as they are written, when they can be read."""
    parse_hours(value)
    return value


_OF_THIS_MACHINE = re.compile(r"localhost|127(?:\.\d{1,3}){3}")


def _public_url(value: object, info: ValidationInfo) -> object:
    """Return the address without a slash at its end.

    What callers key, and our account's token, cross no network in clear: http:// is for the demo, and for
    addresses of this machine, which nobody else reaches (a rehearsal, a test).
    """
    if not isinstance(value, str):
        return value
    address = re.fullmatch(r"(https?)://([A-Za-z0-9.-]+)(?::(\d{1,5}))?", value.rstrip("/"))
    if address is None or int(address[3] or 1) not in range(1, 65536):
        raise ValueError("not scheme://host[:port]")
    if address[1] == "http" and not info.data.get("ivr_demo") and not _OF_THIS_MACHINE.fullmatch(address[2]):
        raise PydanticCustomError("readable_on_the_way", "http")
    return value.rstrip("/")


def _days(value: object) -> object:
    if not isinstance(value, str):
        return value
    return frozenset(date.fromisoformat(part.strip()) for part in value.split(","))


@dataclass(frozen=True, slots=True)
class SftpAddress:
    """An account on an SFTP server and the folder there; `password` is empty where a key opens it."""

    host: str
    port: int
    account: str
    folder: str
    password: str = field(default="", repr=False)


def _sftp(value: object) -> object:
    if not isinstance(value, str):
        return value
    parts = urlsplit(value)
    if parts.scheme != "sftp" or not (parts.hostname and parts.username) or parts.query or parts.fragment:
        raise ValueError("not sftp://account@host/folder")
    return SftpAddress(
        host=parts.hostname,
        port=parts.port or 22,
        account=unquote(parts.username),
        folder=unquote(parts.path).removeprefix("/~/") or ".",
        password=unquote(parts.password or ""),
    )


def _record_text(value: object) -> object:
    """Return what a record can hold: capitals, printable ASCII, something beside spaces."""
    if isinstance(value, str):
        if not (value.isascii() and value.isprintable() and value.strip()):
            raise ValueError("characters that no record can hold")
        return value.strip().upper()
    return value


def _assigned(value: object) -> object:
    """Return an address of a file header: ten characters, or a routing number with a space before it."""
    if isinstance(value, str) and re.fullmatch(r"\d{9}", value, re.ASCII):
        return f" {value}"
    _record_text(value)
    return value.upper() if isinstance(value, str) else value


def _odfi_routing(value: object) -> object:
    if isinstance(value, str) and not (value.isascii() and len(value) == 9 and rtn.is_valid(value)):
        raise ValueError("not a routing number")
    return value


# What the Nacha rules reserve for entries of another kind; from 2026 also PAYROLL and PURCHASE.
_RESERVED_DESCRIPTIONS = frozenset(
    {"REVERSAL", "RETURN FEE", "RECLAIM", "RETRY PYMT", "NONSETTLED", "PAYROLL", "PURCHASE"}
)


def _description(value: object) -> object:
    text = _record_text(value)
    if isinstance(text, str) and text.strip() in _RESERVED_DESCRIPTIONS:
        raise ValueError("a reserved description")
    return text


_SSH_PUBLIC_KEY = re.compile(r"(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp\d{3}) [A-Za-z0-9+/]+={0,2}( .*)?")


def _host_keys(value: object) -> object:
    if not isinstance(value, str):
        return value
    keys = tuple(part.strip() for part in value.split(","))
    if not all(_SSH_PUBLIC_KEY.fullmatch(key) for key in keys):
        raise ValueError("not public keys")
    return keys


def _recipients(value: object) -> object:
    if not isinstance(value, str):
        return value
    from pyrage import x25519  # noqa: PLC0415 (only who has set it needs the library)

    keys = tuple(part.strip() for part in value.split(","))
    for key in keys:
        try:
            x25519.Recipient.from_str(key)
        except Exception:  # noqa: BLE001 (its errors have no kind in common)
            raise ValueError("no public key of age") from None
    return keys


def _file_name(value: object) -> object:
    if isinstance(value, str):
        plain = value.replace("{date}", "").replace("{modifier}", "")
        if len(value) - len(plain) != len("{date}{modifier}") or not re.fullmatch(r"[A-Za-z0-9._-]*", plain):
            raise ValueError("not a pattern of file names")
        if value.startswith("."):
            raise ValueError("a hidden file")
    return value


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed in: `encrypted` from the first byte, or by STARTTLS when the server offers it."""

    host: str
    port: int
    encrypted: bool
    account: str = ""
    password: str = field(default="", repr=False)


def _mail_server(value: object) -> object:
    if not isinstance(value, str):
        return value
    parts = urlsplit(value)
    ports = {"smtp": 587, "smtps": 465}
    if parts.scheme not in ports or not parts.hostname or parts.path.strip("/") or parts.query:
        raise ValueError("not smtp://host")
    if bool(parts.username) != bool(parts.password):
        raise ValueError("an account goes with a password")
    return MailServer(
        host=parts.hostname,
        port=parts.port or ports[parts.scheme],
        encrypted=parts.scheme == "smtps",
        account=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )


def _sms_sender(value: object) -> object:
    if isinstance(value, str) and re.fullmatch(r"MG[0-9a-fA-F]{32}", value):
        return value
    return _telephone(value)


def _mail_sender(value: object) -> object:
    if isinstance(value, str) and value:
        address = parseaddr(value)[1]
        if not value.isprintable() or re.fullmatch(r"[!-?A-~]+@[A-Za-z0-9.-]+", address) is None:
            raise ValueError("not an address")
    return value


Telephone = Annotated[str, BeforeValidator(_telephone)]
SupportHours = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_support_hours)]
RecordText = Annotated[str, BeforeValidator(_record_text)]
AssignedAddress = Annotated[str, BeforeValidator(_assigned), Field(min_length=10, max_length=10)]
Description = Annotated[str, BeforeValidator(_description), Field(max_length=10)]


class DatabaseSettings(BaseSettings):
    """Where the data are, what day it is there and when the bank's ends: enough to look at payments.

    Field names are the environment's names in lower case, here and in what builds on it; what stands under a
    field is what an operator is told to set it to.
    """

    model_config = SettingsConfigDict(
        env_file=None, extra="ignore", frozen=True, hide_input_in_errors=True, defer_build=True
    )
    uses_the_database: ClassVar[bool] = True

    database_url: Annotated[str, Field(repr=False)] = ""
    """PostgreSQL 15 or newer, postgresql://account:password@host:5432/database, or nothing: the
    embedded one"""
    ivr_var: Path = Path("var")
    """a folder this account can write"""
    ivr_demo: Annotated[bool, BeforeValidator(_yes_no)] = False
    """yes or no"""
    ivr_now: Annotated[datetime | None, BeforeValidator(_instant)] = None
    """an instant such as 2026-12-18T10:15-05:00, and IVR_DEMO=yes"""
    ivr_timezone: Annotated[ZoneInfo, BeforeValidator(_zone)] = EASTERN
    """a time zone's name such as America/New_York"""
    ivr_closings: Annotated[frozenset[date], NoDecode, BeforeValidator(_days)] = frozenset()
    """days on which banks are closed beyond their holidays, YYYY-MM-DD, comma-separated"""
    ivr_cutoff: Annotated[time, BeforeValidator(_clock_time)] = time(17)
    """the bank's daily cutoff as HH:MM"""
    ivr_retries: Annotated[int, Field(ge=0, le=2)] = 0
    """how often a debit that was returned for insufficient funds may be tried again: 0, 1 or 2"""
    ivr_letters_pickup: Annotated[OpenHours, BeforeValidator(_pick_ups)] = OpenHours(
        (0, 1, 2, 3, 4), 960, 1440
    )
    """when the mail house fetches letters: days and an hour, such as Mon-Fri 16:00"""

    ivr_staff: Annotated[str, Field(pattern=r"^([a-z][a-z0-9._-]{1,31})?$")] = ""
    """who works at the keyboard, where an account is shared: a log-in's name, for the audit trail"""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take what `load_settings` gives and nothing behind its back."""
        del settings_cls, env_settings, dotenv_settings, file_secret_settings
        return (init_settings,)

    def make_clock(self) -> Clock:
        """Return the machine's clock, or the demo's, which starts at `IVR_NOW` now."""
        return SystemClock() if self.ivr_now is None else ShiftedClock(self.ivr_now)


class FactSettings(DatabaseSettings):
    """Which facts callers are told."""

    uses_the_database: ClassVar[bool] = False
    ivr_facts: Annotated[Path | None, Field(validate_default=True)] = None
    """a file of facts such as prompts/facts.toml"""


class AccountSettings(DatabaseSettings):
    """Which Twilio account it is."""

    twilio_account_sid: Annotated[str, Field(pattern=r"^AC[0-9a-fA-F]{32}$")]
    """AC and 32 hexadecimal digits, from the Twilio console"""
    twilio_auth_token: Annotated[str, Field(min_length=16, max_length=256, repr=False)]
    """the account's primary auth token, from the Twilio console"""


class LanguageSettings(DatabaseSettings):
    """Which languages are spoken."""

    ivr_languages: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_listed)] = ("en-US", "es-US")
    """language tags, comma-separated, such as en-US,es-US"""


class PhoneSettings(AccountSettings, LanguageSettings):
    """What it takes to call a line somewhere else as Twilio does: the account that signs, the languages."""

    uses_the_database: ClassVar[bool] = False
    requests_ca_bundle: Annotated[str, BeforeValidator(_authorities)] = ""
    """a file of authorities' certificates, as PEM, or a folder of them"""
    ssl_cert_file: Annotated[str, BeforeValidator(_authorities)] = ""
    """a file of authorities' certificates, as PEM"""
    ivr_test_member: Annotated[str, Field(pattern=r"^([0-9]{12}:[0-9]{4}:[0-9]{8})?$", repr=False)] = ""
    """who makes the canary's calls: member ID, last four digits and date of birth, as
    400000000199:1234:01311980"""

    @property
    def authorities(self) -> str:
        """The file or folder of certificates to trust instead of the usual ones; "" where none is named."""
        return self.requests_ca_bundle or self.ssl_cert_file


class MemberSettings(DatabaseSettings):
    """What it takes besides to load members and bills."""

    ivr_hash_key: Annotated[bytes, BeforeValidator(_hash_key), Field(repr=False)]
    """base64 of 32 random bytes, as `openssl rand -base64 32` prints them; it must never change
    afterwards"""
    ivr_evidence_years: Annotated[int, Field(ge=2, le=100)] = 10
    """how many years evidence is kept, 2 at least"""

    @property
    def hashes(self) -> KeyedHash:
        """What hashes with the line's key."""
        return KeyedHash(self.ivr_hash_key)


class KeySettings(MemberSettings):
    """What it takes besides to read what is sealed."""

    ivr_keys: Annotated[dict[str, bytes], NoDecode, BeforeValidator(_keys), Field(repr=False)]
    """id:base64 of 32 random bytes, as k1: and what `openssl rand -base64 32` prints; several with
    commas, newest first"""

    @field_validator("ivr_keys")
    @classmethod
    def _no_key_hashes_too(cls, value: dict[str, bytes], info: ValidationInfo) -> dict[str, bytes]:
        """Refuse to seal with the key that hashes: who learns one would have the other."""
        if info.data.get("ivr_hash_key") in value.values():
            raise PydanticCustomError("one_key_twice", "the hash key")
        return value

    @property
    def key_ring(self) -> KeyRing:
        """What seals and opens."""
        return KeyRing(self.ivr_keys)


if TYPE_CHECKING:
    _PlanSettings = KeySettings
else:
    _PlanSettings = create_model(
        "_PlanSettings", __base__=KeySettings, **{plan.setting: (Description, ...) for plan in PLANS.values()}
    )


class BankSettings(_PlanSettings):
    """What it takes besides to take payments: who the bank and the company are that will debit them."""

    ivr_odfi_routing: Annotated[str, BeforeValidator(_odfi_routing)]
    """the routing number of your bank, 9 digits with a right check digit"""
    ivr_odfi_name: Annotated[RecordText, Field(max_length=23)]
    """your bank's name, at most 23 characters"""
    ivr_odfi_destination: AssignedAddress
    """the immediate destination that your bank assigned, 10 characters, or 9 digits"""
    ivr_odfi_origin: AssignedAddress
    """the immediate origin that your bank assigned, 10 characters, or 9 digits"""
    ivr_company_name: Annotated[RecordText, Field(max_length=16)]
    """the name that members know from their statements, at most 16 characters"""
    ivr_company_id: Annotated[RecordText, Field(min_length=10, max_length=10)]
    """the company identification that your bank assigned, 10 characters"""

    def description_of(self, plan: str) -> str:
        """Return what the bank's entries call a plan."""
        return cast("str", getattr(self, PLANS[plan].setting))


class OriginationSettings(BankSettings):
    """What it takes besides to write the bank's files and to deliver them."""

    ivr_odfi_line_end: Literal["lf", "crlf"] = "lf"
    """lf or crlf"""
    ivr_odfi_final_newline: Annotated[bool, BeforeValidator(_yes_no)] = True
    """yes or no"""
    ivr_ach_name: Annotated[str, BeforeValidator(_file_name), Field(max_length=100)] = (
        "ivr-{date}-{modifier}.ach"
    )
    """a file name of letters, digits, dots and hyphens, with {date} and {modifier} in it"""
    ivr_ach_out: Path | None = None
    """a folder this account can write"""
    ivr_ach_recipient: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_recipients)] = ()
    """the bank's public key, age1…, to which its files are encrypted; several with commas"""
    ivr_ach_plain: Annotated[bool, BeforeValidator(_yes_no)] = False
    """yes, where a readable bank file may stay in IVR_ACH_OUT; or no"""
    ivr_odfi_sftp: Annotated[SftpAddress | None, BeforeValidator(_sftp)] = None
    """where files go, sftp://account@host/folder, or nothing: a folder here"""
    ivr_odfi_sftp_host_key: Annotated[
        tuple[str, ...], NoDecode, BeforeValidator(_host_keys), Field(validate_default=True)
    ] = ()
    """that server's public host key, as the bank gave it: ssh-ed25519 AAAA…"""
    ivr_odfi_sftp_key: Annotated[Path | None, Field(validate_default=True)] = None
    """the file with the private key that opens that server, unless a password does"""

    @property
    def ach_out(self) -> Path:
        """The folder where files land without SFTP."""
        return self.ivr_ach_out or self.ivr_var / "ach" / "out"

    @field_validator("ivr_odfi_sftp_host_key")
    @classmethod
    def _host_is_known(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        """Refuse a server that nobody could tell from another."""
        if info.data.get("ivr_odfi_sftp") is not None and not value:
            raise PydanticCustomError("missing", "the server would not be known")
        return value

    @field_validator("ivr_odfi_sftp_key")
    @classmethod
    def _key_is_there(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        """Refuse a private key that is no file, and none where no password takes its place."""
        address = info.data.get("ivr_odfi_sftp")
        if address is not None and value is None and not address.password:
            raise PydanticCustomError("missing", "nothing opens the server")
        if value is not None and not value.is_file():
            raise ValueError("no file")
        return value


class CarrierSettings(DatabaseSettings):
    """Which carriers of notices there are: what is not set is not promised. Letters always are."""

    ivr_sms_from: Annotated[str, BeforeValidator(_sms_sender)] = ""
    """the number that text messages come from, +1 and ten digits, or a messaging service SID"""
    ivr_smtp: Annotated[MailServer | None, BeforeValidator(_mail_server)] = None
    """smtp://account:password@host:port, or smtps:// to encrypt from the first byte"""
    ivr_mail_from: Annotated[str, BeforeValidator(_mail_sender), Field(validate_default=True)] = ""
    """the address that e-mail comes from, such as Payments <payments@example.org>"""

    @field_validator("ivr_mail_from")
    @classmethod
    def _mail_has_a_sender(cls, value: str, info: ValidationInfo) -> str:
        """Refuse mail that comes from nobody."""
        if info.data.get("ivr_smtp") is not None and not value:
            raise PydanticCustomError("missing", "mail would come from nobody")
        return value

    @property
    def demo_texts(self) -> Path:
        """The folder of the demo's text messages, which go nowhere else."""
        return self.ivr_var / "texts"

    @property
    def notice_channels(self) -> tuple[Literal["sms", "email", "letter"], ...]:
        """The channels by which a notice can go out today."""
        given: dict[Literal["sms", "email", "letter"], object] = {
            "sms": self.ivr_sms_from or self.ivr_demo,
            "email": self.ivr_smtp,
            "letter": True,
        }
        return tuple(channel for channel, setting in given.items() if setting)


class PublicSettings(AccountSettings, CarrierSettings):
    """What Twilio, callers and members are told: where the line answers, and who answers besides."""

    public_url: Annotated[str, BeforeValidator(_public_url)]
    """the address that Twilio calls, https://host[:port] and nothing after it"""
    ivr_support_phone: Telephone
    """the number that people answer, as +1 and ten digits"""
    ivr_support_hours: SupportHours
    """when they answer, such as Mon-Fri 08:00-18:00; Sat 09:00-12:00"""


class NoticeSettings(KeySettings, PublicSettings, FactSettings):
    """What it takes to write and send notices."""

    uses_the_database: ClassVar[bool] = True

    twilio_api_url: Annotated[str, BeforeValidator(_public_url)] = "https://api.twilio.com"
    """where Twilio's REST API answers, such as https://api.twilio.com"""
    ivr_letters_out: Path | None = None
    """a folder this account can write"""
    ivr_inserts: Path | None = None
    """a folder of the notices that go with letters and e-mail, en-US.pdf or en-US.txt, one a language"""
    ivr_letters_confirmed: Annotated[bool, BeforeValidator(_yes_no)] = False
    """yes, where a letter counts as mailed only when `ivr notices mailed` says so; or no"""

    @property
    def letters_out(self) -> Path:
        """The folder where letters wait to be printed."""
        return self.ivr_letters_out or self.ivr_var / "letters" / "out"


class NumberSettings(PhoneSettings):
    """What it takes to look after the number at Twilio: the account, and where the line answers."""

    public_url: Annotated[str, BeforeValidator(_public_url)]
    """the address that Twilio calls, https://host[:port] and nothing after it"""
    twilio_api_url: Annotated[str, BeforeValidator(_public_url)] = "https://api.twilio.com"
    """where Twilio's REST API answers, such as https://api.twilio.com"""


class WorkerSettings(OriginationSettings, NoticeSettings):
    """What the worker takes: what it owes the bank, the members and the rules on keeping."""


class HostSettings(DatabaseSettings):
    """Where a web process listens."""

    ivr_host: Annotated[str, Field(pattern=r"^[A-Za-z0-9.:-]+$")] = "127.0.0.1"
    """an address of this machine to serve on: 127.0.0.1 behind a proxy, 0.0.0.0 for every one"""

    def bind(self, port: int) -> str:
        """Return the address with a port, as servers take it: an IPv6 one in brackets."""
        return f"[{self.ivr_host}]:{port}" if ":" in self.ivr_host else f"{self.ivr_host}:{port}"


class StaffSettings(DatabaseSettings):
    """What it takes to know staff: the key under which the second factors of their log-ins are kept."""

    ivr_console_key: Annotated[bytes, BeforeValidator(_hash_key), Field(repr=False)]
    """base64 of 32 random bytes, as `openssl rand -base64 32` prints them; another one ends every log-in"""


class ConsoleSettings(StaffSettings, MemberSettings, HostSettings):
    """What serving the console takes. No key that opens a bank account is among it."""

    console_port: Annotated[int, Field(ge=0, le=65535)] = 8001
    """a port from 0 to 65535"""
    ivr_console_proxied: Annotated[bool, BeforeValidator(_yes_no)] = False
    """yes, where a proxy before the console sets X-Forwarded-For: the audit trail then has its address"""
    ivr_sso: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_trusted_header)] = ()
    """HEADER@ADDRESS,…: the header in which a proxy at one of these addresses names who has signed on"""
    ivr_practice_line: Annotated[bool, BeforeValidator(_yes_no)] = False
    """yes: anybody may practice a call at the console's /practice-line without a log-in; the demo has it"""


class CallSettings(KeySettings, PublicSettings, LanguageSettings, HostSettings, FactSettings):
    """What answering calls takes; with `IVR_PAYMENTS=off` that is all, for no payment is taken."""

    uses_the_database: ClassVar[bool] = True
    ivr_agent_phone: Telephone = ""
    """the number to transfer callers to, as +1 and ten digits, or nothing"""
    ivr_agent_told: Annotated[bool, BeforeValidator(_yes_no)] = True
    """yes: an agent who picks up hears first why the caller comes, from where, and if verified; or no"""
    ivr_recording: Literal["off"] = "off"
    """off (asking to record is not available yet)"""
    ivr_consent: Literal["spoken", "bill_code", "either"] = "spoken"
    """spoken, bill_code, or either: who cannot speak keys the code that is printed on the bill"""
    ivr_on_time: Literal["unset", "authorized", "settled"] = "unset"
    """unset, authorized or settled: which of the two counts as paid by the due date"""
    ivr_payments: Literal["on", "off"] = "on"
    """on, or off: the line says that nobody can pay by phone now, and needs no bank"""
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    """a port from 0 to 65535"""
    web_concurrency: Annotated[int, Field(ge=1, le=64)] = 4
    """how many web workers there are, from 1 to 64"""


class Settings(CallSettings, BankSettings):
    """What serving the line takes. A bank belongs to it: no payment is taken that no bank will ever get."""


class HouseSettings(Settings, WorkerSettings):
    """Every setting, typed: what the line and its worker take together."""


SettingsType = TypeVar("SettingsType", bound=DatabaseSettings)


def is_demo(environ: Mapping[str, str] | None = None) -> bool:
    """Return whether the demo is asked for; nothing else is looked at."""
    return (os.environ if environ is None else environ).get("IVR_DEMO", "").lower() == "yes"


def named_staff(environ: Mapping[str, str] | None = None) -> str:
    """Return who works at the keyboard, as `IVR_STAFF` says; "" where it does not."""
    return (os.environ if environ is None else environ).get("IVR_STAFF", "")


def is_run_by_honcho(environ: Mapping[str, str] | None = None) -> bool:
    """Return whether honcho started this process, as a line of a Procfile: it ends all when one ends."""
    return bool((os.environ if environ is None else environ).get("HONCHO_PROCESS_NAME"))


def _load(kind: type[SettingsType], environ: Mapping[str, str] | None = None) -> SettingsType:
    """Read settings of one kind from the environment (or from `environ`).

    In the demo, missing secrets are made once and kept in `IVR_VAR`, readable by their owner only.
    Raises `SettingsError` with one sentence for every setting that is missing or wrong.
    """
    given = os.environ if environ is None else environ
    values: dict[str, Any] = {
        name: given[name.upper()]
        for name in kind.model_fields
        if given.get(name.upper()) or (name in _MAY_BE_EMPTY and name.upper() in given)
    }
    demo = is_demo(given)
    if demo and kind not in {DatabaseSettings, FactSettings}:
        values = _demo_values({"port": given.get("PORT") or "8000", **values}) | values
    problems = [*_contradictions(kind, values, demo=demo)]
    try:
        settings = kind(**values)
    except ValidationError as error:
        wrong = {str(detail["loc"][0]): detail["type"] for detail in error.errors()}
        hints = _hints()
        problems += [
            f"{name.upper()} {_FOUND.get(found, 'is wrong')}: set it to {hints[name]}."
            for name, found in wrong.items()
        ]
    if problems:
        raise SettingsError(*problems)
    return settings


def _contradictions(kind: type[DatabaseSettings], values: Mapping[str, Any], *, demo: bool) -> Iterator[str]:
    """Yield what settings may not say together, whatever each says by itself."""
    if kind.uses_the_database and not (demo or values.get("database_url") or values.get("ivr_var")):
        yield _NO_DATABASE
    if values.get("ivr_now") and not demo:
        yield "IVR_NOW is for the demo only: unset it, or set IVR_DEMO=yes."
    unreadable = ("ivr_odfi_sftp", "ivr_ach_recipient")
    plain = demo or str(values.get("ivr_ach_plain", "")).lower() == "yes"
    if issubclass(kind, OriginationSettings) and not (plain or any(map(values.get, unreadable))):
        yield _NOT_PLAIN
    if issubclass(kind, NoticeSettings) and not (demo or values.get("ivr_inserts")):
        yield _NO_INSERTS
    for name in ("IVR_SMS_FROM", "IVR_SMTP"):
        if demo and values.get(name.lower()):
            yield f"{name} is not for the demo, which sends nothing to anybody: unset it, or IVR_DEMO."


load_settings = partial(_load, Settings)


def load_call_settings(environ: Mapping[str, str] | None = None) -> CallSettings:
    """Read what answering calls takes: with `IVR_PAYMENTS=off` without a bank. Raises `SettingsError`."""
    given = os.environ if environ is None else environ
    return _load(CallSettings if given.get("IVR_PAYMENTS") == "off" else Settings, given)


load_console_settings = partial(_load, ConsoleSettings)
load_database_settings = partial(_load, DatabaseSettings)  # no secret is asked for
load_fact_settings = partial(_load, FactSettings)
load_house_settings = partial(_load, HouseSettings)
load_member_settings = partial(_load, MemberSettings)
load_notice_settings = partial(_load, NoticeSettings)
load_number_settings = partial(_load, NumberSettings)
load_origination_settings = partial(_load, OriginationSettings)
load_key_settings = partial(_load, KeySettings)
load_phone_settings = partial(_load, PhoneSettings)
load_staff_settings = partial(_load, StaffSettings)
load_worker_settings = partial(_load, WorkerSettings)


def load_replay_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Return the settings that written calls run under: the same everywhere, but for where the database is.

    Raises `SettingsError`.
    """
    given = os.environ if environ is None else environ
    return load_settings(
        {
            **_DEMO_VALUES,
            "IVR_VAR": "var",  # nothing of the line's is kept there: every call has a scratch database
            "PUBLIC_URL": "http://127.0.0.1:8000",
            "TWILIO_AUTH_TOKEN": "0" * 32,
            "IVR_KEYS": "replay:" + base64.b64encode(bytes(range(32))).decode(),
            "IVR_HASH_KEY": base64.b64encode(bytes(range(32, 64))).decode(),
            "IVR_SMS_FROM": "+16175550198",  # spoken of and never used: nothing is sent from a replay
            "IVR_SMTP": "smtp://mail.example.com",
            "IVR_MAIL_FROM": "payments@example.com",
            **{name: given[name] for name in ("DATABASE_URL", "IVR_VAR") if given.get(name)},
        }
    )


def settings_table() -> Iterator[tuple[str, str, str]]:
    """Yield every setting by name: its name, its value where it is not set, and what to set it to."""
    hints = _hints()
    kinds = (PhoneSettings, ConsoleSettings, HouseSettings)
    fields = {name: setting for kind in kinds for name, setting in kind.model_fields.items()}
    for name, setting in sorted(fields.items()):
        yield name.upper(), "required" if setting.is_required() else _written(setting.default), hints[name]


def _hints() -> dict[str, str]:
    """Return what stands under each setting in this file. Pydantic would read it at every start."""
    debit = "the description of a {} debit, at most 10 characters, such as {}"
    hints = {plan.setting: debit.format(plan.key, plan.description) for plan in PLANS.values()}
    for kind in ast.parse(Path(__file__).read_text(encoding="utf-8")).body:
        for setting, under in pairwise(getattr(kind, "body", ())):
            match setting, under:
                case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(words))):
                    hints[name] = " ".join(words.split())
    return hints


def _written(value: object) -> str:
    """Return a default as the environment would have it, "" for none."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, time):
        return f"{value:%H:%M}"
    if isinstance(value, OpenHours):
        return "Mon-Fri 16:00"
    if isinstance(value, tuple | frozenset):
        return ",".join(map(str, value))
    return "" if value is None else str(value)


def _demo_values(given: Mapping[str, Any]) -> dict[str, Any]:
    folder = Path(str(given.get("ivr_var", "var")))
    port = str(given["port"])
    made = {key.lower(): value for key, value in (_DEMO_VALUES | _demo_secrets(folder)).items()}
    console_port = int(port) + 1 if port.isdecimal() and int(port) else 0
    return {"public_url": f"http://127.0.0.1:{port}", "console_port": console_port, **made}


def forget_demo_secrets(folder: Path) -> None:
    """Delete the demo's secrets in `IVR_VAR`: together with its database, whose hashes they made."""
    (folder / _DEMO_SECRETS_FILE).unlink(missing_ok=True)


def _demo_secrets(folder: Path) -> dict[str, str]:
    """Return the demo's secrets, made at the first start; two starts at once agree on one file."""
    path = folder / _DEMO_SECRETS_FILE
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            made = {
                "TWILIO_AUTH_TOKEN": secrets.token_hex(16),
                "IVR_KEYS": "demo:" + base64.b64encode(secrets.token_bytes(32)).decode(),
                "IVR_HASH_KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
            }
            draft = folder / f"{_DEMO_SECRETS_FILE}.{os.getpid()}"
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w") as file:
                json.dump(made, file)
            try:
                os.link(draft, path)  # fails when another start was first
            except FileExistsError:
                pass
            finally:
                draft.unlink()
        loaded: dict[str, str] = json.loads(path.read_text())
        made_of = base64.b64decode(loaded["IVR_HASH_KEY"])  # a demo of before has no key of the console's
        console_key = hmac.digest(made_of, b"the demo's console", hashlib.sha256)
    except OSError as error:
        raise SettingsError(
            f"IVR_VAR is not a folder this account can write ({folder}): {error.strerror}."
        ) from error
    except (ValueError, KeyError) as error:
        raise SettingsError(
            f"{path} is damaged: remove it together with {folder}, and start again."
        ) from error
    return {**loaded, "IVR_CONSOLE_KEY": base64.b64encode(console_key).decode()}

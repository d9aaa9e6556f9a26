"""The settings of the line: read from the environment here and nowhere else, all problems at once.

Only the composition roots (`ivr.wsgi`, `ivr.cli`) call `load_settings`; everything below is given values.
"""

from __future__ import annotations

import base64
import json
import os
import re
import secrets
from collections.abc import Mapping
from datetime import datetime, time
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import phonenumbers
from pydantic import BeforeValidator, Field, ValidationError
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from ivr.base.clock import Clock, ShiftedClock, SystemClock
from ivr.base.errors import SettingsError
from ivr.base.keys import KeyedHash, KeyRing

_DEMO_SECRETS_FILE = "demo-secrets.json"

_CURES = {
    "PUBLIC_URL": "the address that Twilio calls, scheme://host[:port] and nothing after it",
    "TWILIO_ACCOUNT_SID": "AC and 32 hexadecimal digits, from the Twilio console",
    "TWILIO_AUTH_TOKEN": "the account's primary auth token, from the Twilio console",
    "IVR_KEYS": "id:base64 of 32 bytes, comma-separated, newest first",
    "IVR_HASH_KEY": "base64 of 32 bytes; it must never change afterwards",
    "IVR_NOW": "an instant such as 2026-12-18T10:15-05:00, and IVR_DEMO=yes",
    "IVR_CUTOFF": "the bank's daily cutoff as HH:MM",
    "IVR_TIMEZONE": "a time zone's name such as America/New_York",
    "IVR_SUPPORT_PHONE": "the number that people answer, as +1 and ten digits",
    "IVR_SUPPORT_HOURS": "when they answer, such as Mon-Fri 08:00-18:00; Sat 09:00-12:00",
    "IVR_AGENT_PHONE": "the number to transfer callers to, as +1 and ten digits, or nothing",
    "IVR_LANGUAGES": "language tags, comma-separated, such as en-US,es-US",
    "IVR_RECORDING": "off (asking to record is not available yet)",
    "IVR_CONSENT": "spoken or bill_code",
    "IVR_DEMO": "yes or no",
    "IVR_VAR": "a folder this account can write",
    "PORT": "a port from 0 to 65535",
    "WEB_CONCURRENCY": "how many web workers there are, from 1 to 64",
}

_DEMO_VALUES = {
    "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
    "IVR_SUPPORT_PHONE": "+18005550100",
    "IVR_SUPPORT_HOURS": "Mon-Fri 08:00-18:00",
    "IVR_AGENT_PHONE": "+16175550199",
}
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


def _yes_no(value: object) -> object:
    if isinstance(value, str):
        if value.lower() not in {"yes", "no", ""}:
            raise ValueError("neither yes nor no")
        return value.lower() == "yes"
    return value


def _decode_key(text: str) -> bytes:
    key = base64.b64decode(text, validate=True)
    if len(key) != 32:
        raise ValueError("not 32 bytes")
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
    return keys


def _hash_key(value: object) -> object:
    return _decode_key(value) if isinstance(value, str) else value


def _public_url(value: object) -> object:
    if not isinstance(value, str):
        return value
    address = re.fullmatch(r"https?://[A-Za-z0-9.-]+(?::(\d{1,5}))?", value.rstrip("/"))
    if address is None or int(address[1] or 1) not in range(1, 65536):
        raise ValueError("not scheme://host[:port]")
    return value.rstrip("/")


Telephone = Annotated[str, BeforeValidator(_telephone)]


class DatabaseSettings(BaseSettings):
    """Where the data are, and what day it is there: enough to migrate, to look at payments, to run jobs.

    Field names are the environment's names in lower case, here and in what builds on it.
    """

    model_config = SettingsConfigDict(env_file=None, extra="ignore", frozen=True, hide_input_in_errors=True)

    database_url: Annotated[str, Field(repr=False)] = ""
    ivr_var: Path = Path("var")
    ivr_demo: Annotated[bool, BeforeValidator(_yes_no)] = False
    ivr_now: Annotated[datetime | None, BeforeValidator(_instant)] = None
    ivr_timezone: Annotated[ZoneInfo, BeforeValidator(_zone)] = ZoneInfo("America/New_York")

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


class MemberSettings(DatabaseSettings):
    """What it takes besides to load members and bills."""

    ivr_hash_key: Annotated[bytes, BeforeValidator(_hash_key), Field(repr=False)]

    @property
    def hashes(self) -> KeyedHash:
        """What hashes with the line's key."""
        return KeyedHash(self.ivr_hash_key)


class Settings(MemberSettings):
    """Every setting, typed: what serving the line takes."""

    public_url: Annotated[str, BeforeValidator(_public_url)]
    twilio_account_sid: Annotated[str, Field(pattern=r"^AC[0-9a-fA-F]{32}$")]
    twilio_auth_token: Annotated[str, Field(min_length=16, max_length=256, repr=False)]
    ivr_keys: Annotated[dict[str, bytes], NoDecode, BeforeValidator(_keys), Field(repr=False)]
    ivr_support_phone: Telephone
    ivr_support_hours: Annotated[str, Field(min_length=1, max_length=200)]
    ivr_cutoff: Annotated[time, BeforeValidator(_clock_time)] = time(17)
    ivr_agent_phone: Telephone = ""
    ivr_languages: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_listed)] = ("en-US", "es-US")
    ivr_recording: Literal["off"] = "off"
    ivr_consent: Literal["spoken", "bill_code"] = "spoken"
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    web_concurrency: Annotated[int, Field(ge=1, le=64)] = 4

    @property
    def key_ring(self) -> KeyRing:
        """What seals and opens."""
        return KeyRing(self.ivr_keys)


SettingsType = TypeVar("SettingsType", bound=DatabaseSettings)


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Read every setting from the environment (or from `environ`).

    In the demo, missing secrets are made once and kept in `IVR_VAR`, readable by their owner only.
    Raises `SettingsError` with one sentence for every setting that is missing or wrong.
    """
    return _load(Settings, environ)


def load_member_settings(environ: Mapping[str, str] | None = None) -> MemberSettings:
    """Read what loading members and bills takes; as `load_settings`."""
    return _load(MemberSettings, environ)


def load_database_settings(environ: Mapping[str, str] | None = None) -> DatabaseSettings:
    """Read where the database is; as `load_settings`, but no secret is asked for."""
    return _load(DatabaseSettings, environ)


def _load(kind: type[SettingsType], environ: Mapping[str, str] | None) -> SettingsType:
    given = os.environ if environ is None else environ
    values: dict[str, Any] = {
        name: given[name.upper()]
        for name in kind.model_fields
        if given.get(name.upper()) or (name in _MAY_BE_EMPTY and name.upper() in given)
    }
    demo = str(values.get("ivr_demo", "")).lower() == "yes"
    if demo and "ivr_hash_key" in kind.model_fields:
        values = _demo_values(values) | values
    problems = []
    if values.get("ivr_now") and not demo:
        problems.append("IVR_NOW is for the demo only: unset it, or set IVR_DEMO=yes.")
    try:
        settings = kind(**values)
    except ValidationError as error:
        wrong = {str(detail["loc"][0]).upper(): detail["type"] for detail in error.errors()}
        problems += [_sentence(name, found) for name, found in wrong.items()]
    if problems:
        raise SettingsError(*problems)
    return settings


def load_replay_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Return the settings that written calls run under: the same everywhere, but for where the database is.

    Raises `SettingsError`.
    """
    given = os.environ if environ is None else environ
    key = base64.b64encode(bytes(32)).decode()
    return load_settings(
        {
            **_DEMO_VALUES,
            "PUBLIC_URL": "http://127.0.0.1:8000",
            "TWILIO_AUTH_TOKEN": "0" * 32,
            "IVR_KEYS": f"replay:{key}",
            "IVR_HASH_KEY": key,
            **{name: given[name] for name in ("DATABASE_URL", "IVR_VAR") if given.get(name)},
        }
    )


def _sentence(name: str, found: str) -> str:
    problem = "is missing" if found == "missing" else "is wrong"
    return f"{name} {problem}: set it to {_CURES.get(name, 'a value of the right form')}."


def _demo_values(given: Mapping[str, Any]) -> dict[str, Any]:
    folder = Path(str(given.get("ivr_var", "var")))
    port = given.get("port", "8000")
    made = {key.lower(): value for key, value in (_DEMO_VALUES | _demo_secrets(folder)).items()}
    return {"public_url": f"http://127.0.0.1:{port}", **made}


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
    except OSError as error:
        raise SettingsError(
            f"IVR_VAR is not a folder this account can write ({folder}): {error.strerror}."
        ) from error
    except ValueError as error:
        raise SettingsError(
            f"{path} is damaged: remove it together with {folder}, and start again."
        ) from error
    return loaded

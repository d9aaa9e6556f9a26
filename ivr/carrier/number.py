"""What a telephone number does at Twilio: what is set, what should be, and setting it.

By Twilio's own library. What an account must be beside it (PCI mode, dialing permissions, region, add-ons)
is looked at, never changed: it belongs to every number of the account, and PCI mode cannot be taken back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlsplit

import requests
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client

from ivr.base.errors import OperatorError
from ivr.carrier.observation import Observation

API_URL = "https://api.twilio.com"
TIMEOUT_SECONDS = 20.0
REGION = "us1"
HOME_COUNTRIES = frozenset({"US", "CA"})  # one numbering plan: an agent's number is there
_NOT_AUTHENTICATED, _TOO_MANY = 401, 429
_UNKNOWN = 404

Value = TypeVar("Value")


class Setting(NamedTuple):
    """One property of the number: its name in Twilio's REST API, what it is, what it should be."""

    name: str
    now: str
    wanted: str

    @property
    def is_right(self) -> bool:
        """Return whether nothing must change."""
        return self.now == self.wanted


def wanted_settings(public_url: str) -> dict[str, str]:
    """Return what a number must be set to, so that calls come to the line at `public_url`.

    An application or a trunk would win over the URLs, and a fax would not be a call.
    """
    return {
        "voice_url": f"{public_url}/voice/answer",
        "voice_method": "POST",
        "voice_fallback_url": f"{public_url}/voice/fallback",
        "voice_fallback_method": "POST",
        "status_callback": f"{public_url}/voice/status",
        "status_callback_method": "POST",
        "voice_application_sid": "",
        "trunk_sid": "",
        "voice_receive_mode": "voice",
    }


class _Elsewhere(TwilioHttpClient):  # type: ignore[misc]
    """Twilio's client, with everything sent to another address: the host's name goes before the path."""

    def __init__(self, api_url: str) -> None:
        super().__init__(timeout=TIMEOUT_SECONDS)
        self._api_url = api_url.rstrip("/")

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        address = urlsplit(url)
        query = f"?{address.query}" if address.query else ""
        return super().request(
            method, f"{self._api_url}/{address.hostname}{address.path}{query}", *args, **kwargs
        )


class TwilioNumber:
    """A number of an account. `api_url` is Twilio's, or where a proxy stands for all its hosts.

    Every method raises `OperatorError` where Twilio does not answer, or refuses.
    """

    def __init__(self, account_sid: str, auth_token: str, number: str, *, api_url: str = API_URL) -> None:
        http = TwilioHttpClient(timeout=TIMEOUT_SECONDS) if api_url == API_URL else _Elsewhere(api_url)
        self._client = Client(account_sid, auth_token, http_client=http)
        self._account_sid = account_sid
        self.number = number or self._only_number()

    def settings(self, public_url: str) -> list[Setting]:
        """Return how the number is set, property by property."""
        number = self._fetch()
        return [
            Setting(name, str(getattr(number, name) or ""), wanted)
            for name, wanted in wanted_settings(public_url).items()
        ]

    def set(self, settings: list[Setting]) -> None:
        """Set what is not right yet."""
        changes = {each.name: each.wanted for each in settings if not each.is_right}
        if changes:
            number = self._fetch()
            _told(lambda: number.update(**changes))

    def findings(self) -> Iterator[Observation]:
        """Look at what the whole account must be."""
        yield self._account()
        yield self._pci_mode()
        yield self._region()
        yield from self._countries()
        yield self._add_ons()

    def _only_number(self) -> str:
        numbers = _told(lambda: self._client.incoming_phone_numbers.list(limit=2))
        if len(numbers) != 1:
            have = "several numbers" if numbers else "no number"
            raise OperatorError(f"The account {self._account_sid} has {have}: say which one with --number")
        return str(numbers[0].phone_number)

    def _fetch(self) -> Any:
        numbers = _told(lambda: self._client.incoming_phone_numbers.list(phone_number=self.number, limit=1))
        if not numbers:
            raise OperatorError(
                f"The account {self._account_sid} has no number {self.number}: buy or move it"
            )
        return numbers[0]

    def _account(self) -> Observation:
        account = _told(lambda: self._client.api.v2010.accounts(self._account_sid).fetch())
        if account.status != "active":
            return Observation("account", "bad", f"it is {account.status}: no call comes through")
        if account.type == "Trial":
            told = "it is a trial account: callers hear Twilio's notice first, and few numbers can be called"
            return Observation("account", "bad", told)
        return Observation("account", "good", "it is active")

    @staticmethod
    def _pci_mode() -> Observation:
        told = (
            "Twilio does not say: see Voice, Settings, General in its console. Without it, every digit stands"
            " in Twilio's logs. It is for the whole account and cannot be taken back"
        )
        return Observation("PCI mode", "look", told)

    def _region(self) -> Observation:
        try:
            number = _told(lambda: self._client.routes.v2.phone_numbers(self.number).fetch())
        except _NotThereError:
            return Observation("region", "good", f"calls are handled in {REGION}, as where nothing is set")
        if (number.voice_region or REGION) == REGION:
            return Observation("region", "good", f"calls are handled in {REGION}")
        told = f"calls are handled in {number.voice_region}, which has tokens of its own: set it to {REGION}"
        return Observation("region", "bad", told)

    def _countries(self) -> Iterator[Observation]:
        countries = _told(self._client.voice.v1.dialing_permissions.countries.list)
        called = {each.iso_code for each in countries if each.low_risk_numbers_enabled}
        if "US" not in called:
            yield Observation(
                "dialing permissions", "bad", "calls to the US are off: agents are out of reach"
            )
        abroad = sorted(called - HOME_COUNTRIES)
        risky = sorted(each.iso_code for each in countries if each.high_risk_tollfraud_numbers_enabled)
        if abroad or risky:
            named = ", ".join(dict.fromkeys([*risky, *abroad]))
            told = f"calls to {named} are on, which the line never makes: turn them off, against toll fraud"
            yield Observation("dialing permissions", "look", told)
        elif "US" in called:
            yield Observation("dialing permissions", "good", "calls go to the US, and nowhere they need not")

    def _add_ons(self) -> Observation:
        installed = _told(lambda: self._client.marketplace.v1.installed_add_ons.list(limit=20))
        if not installed:
            return Observation("add-ons", "good", "nobody else is told of calls")
        names = ", ".join(sorted(each.friendly_name or each.unique_name for each in installed))
        told = f"{names}: each may be told who calls, and answers in every turn; remove what is not needed"
        return Observation("add-ons", "look", told)


class _NotThereError(OperatorError):
    pass


def _told(ask: Callable[[], Value]) -> Value:
    """Ask Twilio; say in words what went wrong, never with the request, which has the token in it."""
    try:
        return ask()
    except TwilioRestException as error:
        raise _refusal(error.status) from None
    except (TwilioException, requests.RequestException, ValueError, AttributeError) as error:
        for each in error.args:  # a page that could not be had comes with its reply
            if isinstance(each, Response):
                raise _refusal(each.status_code) from None
        raise OperatorError(f"Twilio's API does not answer ({type(error).__name__}): try again") from None


def _refusal(status: int) -> OperatorError:
    if status == _UNKNOWN:
        return _NotThereError("Twilio does not have what was asked for")
    return OperatorError(
        {
            _NOT_AUTHENTICATED: "Twilio does not know this account and token: see TWILIO_ACCOUNT_SID,"
            " TWILIO_AUTH_TOKEN",
            _TOO_MANY: "Twilio takes no more requests for a moment: try again in a minute",
        }.get(status, f"Twilio answered {status}: see status.twilio.com, and try again")
    )

"""The cookies of one call: Twilio sends them back like a browser, and forgets them when the call is over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http.cookies import CookieError, Morsel, SimpleCookie
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable

_EVER = datetime.max.replace(tzinfo=UTC)
_LONGEST_SECONDS = 10**9


class Cookies:
    """What a line has set. One line is one site, so that domains need no looking at."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], tuple[str, datetime]] = {}

    def keep(self, url: str, cookies: Iterable[str], now: datetime) -> None:
        """Take in the `Set-Cookie` values of the reply that came from `url`; what is no cookie is nothing."""
        default_path = urlsplit(url).path.rpartition("/")[0] or "/"
        for text in cookies:
            for name, cookie in _read(text).items():
                place = (name, cookie["path"] or default_path)
                self._kept.pop(place, None)
                self._kept[place] = (cookie.value, _ends_at(cookie, now))

    def header(self, url: str, now: datetime) -> dict[str, str]:
        """Return the `Cookie` header for a request to `url`: those whose path lies above it, or none."""
        path = urlsplit(url).path
        pairs = [
            f"{name}={value}"
            for (name, under), (value, ends_at) in self._kept.items()
            if _covers(under, path) and now < ends_at
        ]
        return {"Cookie": "; ".join(pairs)} if pairs else {}


def _read(text: str) -> SimpleCookie:
    try:
        return SimpleCookie(text)
    except CookieError:
        return SimpleCookie()


def _ends_at(cookie: Morsel[str], now: datetime) -> datetime:
    """Return when a cookie ends; Max-Age wins over Expires, and without either it lasts for the call."""
    try:
        return now + timedelta(seconds=min(int(cookie["max-age"]), _LONGEST_SECONDS))
    except (ValueError, OverflowError):
        pass
    try:
        return parsedate_to_datetime(cookie["expires"])
    except ValueError:
        return _EVER


def _covers(under: str, path: str) -> bool:
    return path == under or path.startswith(under if under.endswith("/") else f"{under}/")

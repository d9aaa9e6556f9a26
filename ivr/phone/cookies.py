"""The cookies of one call: Twilio sends them back like a browser, and forgets them when the call is over."""

from __future__ import annotations

from http.cookies import SimpleCookie
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable


class Cookies:
    """What a line has set. One line is one site, so that domains need no looking at."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], str] = {}

    def keep(self, url: str, cookies: Iterable[str]) -> None:
        """Take in the `Set-Cookie` values of the reply from `url`; `Max-Age=0` takes a cookie back."""
        default_path = urlsplit(url).path.rpartition("/")[0] or "/"
        for text in cookies:
            for name, cookie in SimpleCookie(text).items():
                place = (name, cookie["path"] or default_path)
                self._kept.pop(place, None)
                if cookie["max-age"] != "0":
                    self._kept[place] = cookie.value

    def header(self, url: str) -> dict[str, str]:
        """Return the `Cookie` header for a request to `url`: those whose path lies above it, or none."""
        path = urlsplit(url).path
        pairs = [f"{name}={value}" for (name, under), value in self._kept.items() if _covers(under, path)]
        return {"Cookie": "; ".join(pairs)} if pairs else {}


def _covers(under: str, path: str) -> bool:
    return path == under or path.startswith(under if under.endswith("/") else f"{under}/")

"""Twilio's signature over the address it called and what it sent."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from urllib.parse import urlsplit

from twilio.request_validator import RequestValidator
from werkzeug.datastructures import MultiDict

_DEFAULT_PORTS = {"https": 443, "http": 80}


class SignatureCheck:
    """Checks `X-Twilio-Signature` for one account and one public address.

    The address is `PUBLIC_URL` and the raw request target, never what a proxy or the Host header says.
    Twilio names the default port in the address or leaves it out; both are tried, the usual one first.
    """

    def __init__(self, public_url: str, auth_token: str) -> None:
        self._validator = RequestValidator(auth_token)
        parts = urlsplit(public_url)
        self._bases = [public_url]
        default = _DEFAULT_PORTS[parts.scheme]
        if parts.port is None:
            self._bases.append(f"{public_url}:{default}")
        elif parts.port == default:
            self._bases.append(public_url.removesuffix(f":{default}"))

    def is_valid(self, target: str, fields: Sequence[tuple[str, str]], signature: str | None) -> bool:
        """Tell whether `signature` is Twilio's for a POST of `fields` to the raw `target`."""
        if not signature:
            return False
        plain = dict(fields)
        params = plain if len(plain) == len(fields) else MultiDict(fields)
        given = signature.encode("utf-8", "replace")
        return any(
            hmac.compare_digest(self._validator.compute_signature(base + target, params).encode(), given)
            for base in self._bases
        )

"""Sealing what must be read again, hashing what must only be compared.

Bank accounts, stored replies and keyed digits are sealed (AES-256-GCM, with key ids so that keys
rotate); SSN digits and dates of birth are only ever hashed with a key.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Mapping, Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES = 12


class UnsealError(Exception):
    """A sealed value cannot be opened: its key is gone, or it was changed or moved."""


class KeyRing:
    """AES-256-GCM under the newest key; opens with whichever key a value names.

    `keys` maps key id to 32 bytes, newest first. A sealed value is the id's length (one byte),
    the id, a 12-byte nonce and the ciphertext. `context` binds a value to its row, so that one
    copied to another row does not open.
    """

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        self._ciphers = {key_id: AESGCM(key) for key_id, key in keys.items()}
        self._newest = next(iter(self._ciphers))

    @property
    def ids(self) -> Sequence[str]:
        """The keys' ids, newest first."""
        return tuple(self._ciphers)

    def seal(self, plain: bytes, context: str, *, key_id: str | None = None) -> bytes:
        """Seal `plain` for the row that `context` names, with the newest key or the one of `key_id`."""
        key_id = key_id or self._newest
        prefix, nonce = bytes([len(key_id)]) + key_id.encode("ascii"), os.urandom(_NONCE_BYTES)
        return prefix + nonce + self._ciphers[key_id].encrypt(nonce, plain, context.encode())

    def open(self, sealed: bytes, context: str) -> bytes:
        """Return what was sealed. Raises `UnsealError`."""
        length, key_id = sealed[0], sealing_key(sealed)
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            raise UnsealError(f"no key {key_id!r}: put it back into IVR_KEYS, after the newest")
        nonce = sealed[1 + length : 1 + length + _NONCE_BYTES]
        try:
            return cipher.decrypt(nonce, sealed[1 + length + _NONCE_BYTES :], context.encode())
        except InvalidTag:
            raise UnsealError("a sealed value was changed, or belongs to another row") from None


def sealing_key(sealed: bytes) -> str:
    """Return the id of the key under which a value is sealed, or was that begins as `sealed` does."""
    return sealed[1 : 1 + sealed[0]].decode("ascii", "replace")


class KeyedHash:
    """HMAC-SHA-256 with the line's own key: equal inputs compare equal, nobody without the key can guess."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def digest(self, purpose: str, *parts: str) -> bytes:
        """Return 32 bytes for `parts`; `purpose` keeps equal digits of different fields apart."""
        message = "\x1f".join((purpose, *parts)).encode()
        return hmac.digest(self._key, message, hashlib.sha256)

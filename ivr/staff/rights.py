"""What each role may see and do, as data. Staff may have several roles, and then have the rights of all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

RIGHTS: Final[Mapping[str, str]] = {
    "calls.see": "look at recorded calls, which are masked",
}

_EVERYBODY: Final = frozenset({"calls.see"})
ROLES: Final[Mapping[str, frozenset[str]]] = {
    "agent": _EVERYBODY,
    "ops": _EVERYBODY,
    "money": _EVERYBODY,
    "compliance": _EVERYBODY,
    "admin": frozenset(RIGHTS),
}


def rights_of(roles: Iterable[str]) -> frozenset[str]:
    """Return what these roles may do together; a role that is gone since may nothing."""
    return frozenset().union(*(ROLES.get(role, frozenset()) for role in roles))

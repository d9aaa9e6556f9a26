"""What each role may see and do, as data. Staff may have several roles, and then have the rights of all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

RIGHTS: Final[Mapping[str, str]] = {
    "status.see": "look at the board of today",
    "calls.see": "look at recorded calls, which are masked",
    "calls.keep": "keep a call as a test",
    "members.see": "look members up, what they owe and what they were told",
    "members.unlock": "let a member who is locked out try again",
    "payments.see": "look payments up",
    "payments.cancel": "cancel a payment that no file holds yet",
    "payments.hold": "keep a payment from the bank",
    "payments.send": "ask for what moves money, and approve what somebody else asked for",
    "tasks.see": "look at what waits for staff",
    "tasks.close": "take a task, note what was done, close it",
    "line.see": "look at the line itself: its picture, its words, what differs between versions",
    "line.run": "run the proof and the written calls",
    "reports.see": "look at what the calls of a time come to",
    "trail.see": "look at who saw and did what",
}

_EVERYBODY: Final = frozenset(
    {"status.see", "calls.see", "members.see", "payments.see", "tasks.see", "line.see", "reports.see"}
)
ROLES: Final[Mapping[str, frozenset[str]]] = {
    "agent": _EVERYBODY,
    "ops": _EVERYBODY
    | {"calls.keep", "line.run", "members.unlock", "payments.cancel", "payments.hold", "tasks.close"},
    "money": _EVERYBODY | {"payments.cancel", "payments.hold", "payments.send", "tasks.close"},
    "compliance": _EVERYBODY | {"trail.see"},
    "admin": frozenset(RIGHTS),
}


def rights_of(roles: Iterable[str]) -> frozenset[str]:
    """Return what these roles may do together; a role that is gone since may nothing."""
    return frozenset().union(*(ROLES.get(role, frozenset()) for role in roles))


def roles_with(right: str) -> tuple[str, ...]:
    """Return the roles that have a right."""
    return tuple(role for role, rights in ROLES.items() if right in rights)

"""What each return code means, and what follows from it here.

Every return undoes its entry, whatever its code: no money moved. What follows besides is in the table. A code
that is not in it undoes too, and goes to staff: `return_rule` never fails.

Source: Nacha Operating Rules, appendix 4 (codes and time limits), with the meanings that R11 and R17 got
since 2019; which codes count in which rate: the network's return rate levels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

# What a caller will hear, in few words. `other` is said where the reason is the banks' own affair, or where
# naming it (a death) would be wrong.
ReasonClass = Literal[
    "insufficient_funds",
    "account_closed",
    "no_such_account",
    "account_not_usable",
    "not_authorized",
    "stopped",
    "other",
]
BlockKind = Literal["account", "routing"]
# `as_is`: the same entry again, at most twice more, within 180 days. `fresh_permission`: only after the
# receiver said yes again. `corrected`: a new entry, once the cause is repaired. `never`: not with these bank
# details.
Retry = Literal["as_is", "fresh_permission", "corrected", "never"]
Rate = Literal["unauthorized", "administrative"]
# Until when such a return may come: the opening of the second banking day after settlement, 60 calendar days
# after it, or with the operator's next delivery.
Window = Literal["two_banking_days", "sixty_days", "next_delivery"]

RETRY_WITHIN_DAYS: Final = 180
RETRIES_AT_MOST: Final = 2


@dataclass(frozen=True, slots=True)
class ReturnRule:
    """A row of the table. Undoing the entry goes without saying."""

    code: str
    meaning: str
    window: Window | None
    reason: ReasonClass
    retry: Retry = "never"
    block: BlockKind | None = None
    to_staff: bool = False
    quiet: bool = False  # no notice made by a machine
    rate: Rate | None = None


_TWO: Final = "two_banking_days"
_SIXTY: Final = "sixty_days"
_NEXT: Final = "next_delivery"

RETURN_RULES: Final[dict[str, ReturnRule]] = {
    rule.code: rule
    for rule in (
        ReturnRule("R01", "insufficient funds", _TWO, "insufficient_funds", "as_is"),
        ReturnRule("R02", "account closed", _TWO, "account_closed", block="account", rate="administrative"),
        ReturnRule(
            "R03", "no account, or not found", _TWO, "no_such_account", block="account", rate="administrative"
        ),
        ReturnRule(
            "R04",
            "account number of a wrong structure",
            _TWO,
            "no_such_account",
            block="account",
            rate="administrative",
        ),
        ReturnRule(
            "R05",
            "consumer account debited with a corporate code",
            _SIXTY,
            "not_authorized",
            block="account",
            to_staff=True,
            rate="unauthorized",
        ),
        ReturnRule("R06", "returned at our bank's request", None, "other", to_staff=True),
        ReturnRule(
            "R07", "authorization revoked", _SIXTY, "not_authorized", block="account", rate="unauthorized"
        ),
        ReturnRule("R08", "payment stopped", _TWO, "stopped", "fresh_permission"),
        ReturnRule("R09", "uncollected funds", _TWO, "insufficient_funds", "as_is"),
        ReturnRule(
            "R10",
            "originator unknown, or not authorized",
            _SIXTY,
            "not_authorized",
            block="account",
            to_staff=True,
            rate="unauthorized",
        ),
        ReturnRule(
            "R11",
            "authorized, but not on these terms",
            _SIXTY,
            "not_authorized",
            "corrected",
            to_staff=True,
            rate="unauthorized",
        ),
        ReturnRule("R12", "branch sold to another bank", _TWO, "account_not_usable", block="routing"),
        ReturnRule(
            "R13",
            "routing number not valid for ACH",
            _NEXT,
            "account_not_usable",
            block="routing",
            to_staff=True,
        ),
        ReturnRule("R14", "payee deceased", _TWO, "other", block="account", to_staff=True, quiet=True),
        ReturnRule(
            "R15", "account holder deceased", _TWO, "other", block="account", to_staff=True, quiet=True
        ),
        ReturnRule(
            "R16", "account frozen", _TWO, "account_not_usable", block="account", to_staff=True, quiet=True
        ),
        ReturnRule("R17", "questionable, or an improper reversal", _TWO, "other", to_staff=True),
        ReturnRule("R18", "improper effective entry date", _NEXT, "other", "corrected", to_staff=True),
        ReturnRule("R19", "error in the amount field", _NEXT, "other", "corrected", to_staff=True),
        ReturnRule("R20", "not a transaction account", _TWO, "account_not_usable", block="account"),
        ReturnRule("R21", "invalid company identification", _TWO, "other", to_staff=True),
        ReturnRule("R22", "invalid individual ID", _TWO, "other", to_staff=True),
        ReturnRule("R23", "credit refused by the receiver", None, "other", to_staff=True),
        ReturnRule("R24", "duplicate entry", _TWO, "other", to_staff=True),
        ReturnRule("R25", "error in the addenda", _NEXT, "other", "corrected", to_staff=True),
        ReturnRule("R26", "mandatory field missing", _NEXT, "other", "corrected", to_staff=True),
        ReturnRule("R27", "error in the trace number", _NEXT, "other", "corrected", to_staff=True),
        ReturnRule("R28", "check digit of the routing number", _NEXT, "other", "corrected", to_staff=True),
        ReturnRule(
            "R29",
            "corporate account holder did not authorize",
            _TWO,
            "not_authorized",
            block="account",
            rate="unauthorized",
        ),
        ReturnRule("R30", "bank takes no part in check truncation", None, "other", to_staff=True),
        ReturnRule("R31", "corporate entry returned by agreement", None, "other", to_staff=True),
        ReturnRule("R32", "receiving bank cannot settle", _NEXT, "other", to_staff=True),
        ReturnRule("R33", "return of a destroyed check entry", None, "other", to_staff=True),
        ReturnRule("R34", "limited participation of the bank", _NEXT, "other", to_staff=True),
        ReturnRule("R35", "improper debit", _NEXT, "other", to_staff=True),
        ReturnRule(
            "R51",
            "check re-presented without right",
            _SIXTY,
            "not_authorized",
            block="account",
            to_staff=True,
            rate="unauthorized",
        ),
        ReturnRule(
            "R90", "sanctions", None, "account_not_usable", block="account", to_staff=True, quiet=True
        ),
    )
}


def return_rule(code: str) -> ReturnRule:
    """Return the row of a code; for an unknown code, one that hands the case to staff."""
    return RETURN_RULES.get(code) or ReturnRule(code, "unknown return code", None, "other", to_staff=True)

"""A call to a line that serves, as far as no bank can follow.

Somebody who is in the members file for this alone is told what is owed and begins to pay, then keys nine
digits whose check digit is wrong: no bank has that number, so whatever else goes wrong, none can be debited.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ivr.simulator.phone import CallOverError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ivr.simulator.phone import Phone

NO_BANK: Final = "123456789"
_WHAT_IS_OWED: Final = "2"
_MENUS_MAX: Final = 4  # between what is owed and the bank: which bill, how much, why


def call_line(phone: Phone, facts: Sequence[str]) -> str:
    """Make the call and hang up; return the first thing that was not as it should be, else ''.

    `facts` are the test member's ID, last four digits and date of birth (MMDDYYYY), as they are keyed.
    Raises `NoReplyError` where nothing answers.
    """
    try:
        problem = next(_problems(phone, facts), "")
    except CallOverError:
        problem = "the line ended the call too early"
    if phone.ended is None:
        phone.hang_up()
    failure = next(iter(phone.failures), None)
    return problem if failure is None else f"{failure.path}: {failure.code} {failure.message}"


def _problems(phone: Phone, facts: Sequence[str]) -> Iterator[str]:
    heard = phone.dial()
    for keys, wanted in (
        ("1", "main-menu"),
        ("1", "verify-member-id"),
        *zip(facts, ("verify-ssn", "verify-birth", "balance-"), strict=True),
        *((("1", ""),) * _MENUS_MAX),
        ("1", "bank-routing-ask"),
        (NO_BANK, "nomatch-check-digit"),
    ):
        if not wanted and "bank-ready" in heard.prompts:
            continue
        heard = phone.press(keys)
        if "dropped-call-menu" in heard.prompts:  # the canary's last call was left as this one will be
            heard = phone.press(_WHAT_IS_OWED)
        if not any(prompt.startswith(wanted) for prompt in heard.prompts):
            yield f"the line said {', '.join(heard.prompts) or 'nothing'} where {wanted} belongs"

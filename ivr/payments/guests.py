"""Guests: who pays a member's bill from a bank account of their own, and is the receiver of the debit.

Nothing is known of a guest but what the call gave: a name, spoken and confirmed, and a mobile number. Both
are sealed with the payment and gone with its evidence. What a guest authorizes is confirmed by text message;
no debit is made of which no carrier has that message an hour before the cutoff.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from ivr.storage.tables import Payment

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

    from ivr.base.keys import KeyedHash, KeyRing

TOLD_BEFORE_CUTOFF: Final = timedelta(hours=1)
# A guest's debit goes with a cutoff that leaves a carrier an hour before that.
GUEST_LEAD: Final = TOLD_BEFORE_CUTOFF + timedelta(hours=1)
IS_GUESTS: Final[ColumnElement[bool]] = Payment.receiver_name.is_(None)


@dataclass(frozen=True, slots=True)
class GuestPayer:
    """A guest: `name` as the bank's file has it, `mobile` in E.164."""

    name: str = field(repr=False)
    mobile: str = field(repr=False)


def payer_context(confirmation_number: str) -> str:
    """Return what a sealed payer is bound to, for `KeyRing.open`."""
    return f"payment-payer:{confirmation_number}"


def payer_values(
    keys: KeyRing, hashes: KeyedHash, confirmation_number: str, payer: GuestPayer | None
) -> dict[str, bytes | None]:
    """Return the parameters of the statement that writes a payment which tell who pays; None: the member."""
    if payer is None:
        return dict.fromkeys(
            ("payments_payer", "payments_payer_name_hash", "payments_payer_mobile_hash"), None
        )
    sealed = keys.seal(f"{payer.name}\n{payer.mobile}".encode(), payer_context(confirmation_number))
    return {
        "payments_payer": sealed,
        "payments_payer_name_hash": hashes.digest("payer_name", confirmation_number, payer.name),
        "payments_payer_mobile_hash": mobile_hash(hashes, confirmation_number, payer.mobile),
    }


def open_payer(keys: KeyRing, confirmation_number: str, sealed: bytes) -> GuestPayer:
    """Return who pays. Raises `ivr.base.keys.UnsealError`."""
    name, mobile = keys.open(sealed, payer_context(confirmation_number)).decode().split("\n")
    return GuestPayer(name, mobile)


def mobile_hash(hashes: KeyedHash, confirmation_number: str, mobile: str) -> bytes:
    """Return what a payment keeps of its payer's mobile number to compare with another."""
    return hashes.digest("payer_mobile", confirmation_number, mobile)

"""What a carrier of notices answers, the same for text messages, e-mail and letters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class CarrierAnswer:
    """What became of one try.

    `accepted`: the carrier has it (`reference` names it there, `sha256` is of the document where it is one).
    `failed`: it never will, another channel may. `later`: it was not taken, and may be tried again.
    `unknown`: it may have been taken; to send it again could send it twice. `detail` is a code for staff,
    without an address or a number of anybody's.
    """

    state: Literal["accepted", "failed", "later", "unknown"]
    reference: str = ""
    detail: str = ""
    sha256: str = ""

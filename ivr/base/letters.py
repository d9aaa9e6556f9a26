"""Words as a person would see them: what a spreadsheet or another program hid in them is taken out.

Composed (NFC), so that a letter is one character wherever it is looked up; without the characters that have
no ink (zero-width blanks, marks of direction, soft hyphens, byte order marks, selectors of a form) and
without controls, C0 and C1 alike. Which have no ink is Unicode's own property, Default_Ignorable_Code_Point
(Unicode 16, DerivedCoreProperties.txt), with the interlinear marks U+FFF9 to U+FFFB.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_WITHOUT_INK: Final = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)


def visible(text: str) -> str:
    """Return the text without invisible characters and controls; blanks and line breaks stay as they are."""
    return _WITHOUT_INK.sub("", text)


def cleaned(text: str) -> str:
    """Return words as they are kept: composed, nothing invisible in them, any run of blanks one blank."""
    if not (text.isascii() and text.isprintable()):  # as most are, of many
        text = unicodedata.normalize("NFC", visible(text))
    return " ".join(text.split())

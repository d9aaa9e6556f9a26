"""Names in the letters a Nacha record can carry: printable ASCII in capitals.

Members write their names in Vietnamese, Portuguese, Haitian Creole or Chinese; a bank's file has 26 letters.
A name is a help for the receiver's bank, it routes nothing, so a near spelling is right where a refused
payment would be wrong. What has no spelling at all (an emoji, a control character) is dropped; a name of
which no letter is left comes out empty, and it is for the writer to refuse it.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

from anyascii import anyascii

# A place in the individual name field (entry detail, positions 55-76). The only field that may be cut.
INDIVIDUAL_NAME_LENGTH: Final = 22

_NOT_IN_NAMES: Final = re.compile(r"[^A-Z0-9 .,'&/-]")
_PLAIN: Final = re.compile(r"[A-Z0-9 .,'&/-]*")
_LETTER: Final = re.compile(r"[A-Z]")
_PRINTABLE: Final = re.compile(r"[ -~]*")


def is_printable(text: str) -> bool:
    """Return whether every character is printable ASCII, the only ones that a record may hold."""
    return _PRINTABLE.fullmatch(text) is not None


@lru_cache(maxsize=256)  # asked twice in a row, by the check and by the writing
def individual_name(name: str) -> str:
    """Return the name as a record carries it: ASCII capitals, single blanks, cut at 22 characters.

    Empty when the name holds no letter that can be written.
    """
    name = name.upper()
    if _PLAIN.fullmatch(name) is None:
        name = _spelled(name)
    if _LETTER.search(name) is None:
        return ""
    return " ".join(name.split())[:INDIVIDUAL_NAME_LENGTH].rstrip()


def _spelled(name: str) -> str:
    """Return the name in ASCII capitals, without what no alphabet has."""
    decomposed = unicodedata.normalize("NFKD", name)
    spaced = "".join(" " if letter.isspace() else letter for letter in decomposed)
    # Symbols go first: a library that spells everything would spell an emoji by its name.
    letters = "".join(letter for letter in spaced if unicodedata.category(letter)[0] not in "CS")
    return _NOT_IN_NAMES.sub("", anyascii(letters).upper())

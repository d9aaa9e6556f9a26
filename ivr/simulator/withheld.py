"""The forms in which Twilio gives a withheld caller's number."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

# Words spelled on a keypad, which look like numbers of Lesotho, China and others; and the words themselves.
WITHHELD_FORMS: Mapping[str, str] = {
    "withheld": "+266696687",
    "withheld_unavailable": "+86282452253",
    "withheld_unknown": "+8656696",
    "withheld_blocked": "+2562533",
    "withheld_restricted": "+7378742833",
    "withheld_word_anonymous": "anonymous",
    "withheld_word_unavailable": "unavailable",
    "withheld_word_unknown": "unknown",
    "withheld_word_blocked": "blocked",
    "withheld_word_restricted": "restricted",
    "withheld_empty": "",
}

"""The notice as a letter: a PDF ready to print, fold and post in a window envelope.

Black on white, 12 points and more, no columns, with a title and a language, so that it can be read by whoever
gets it and by what reads it aloud. The embedded font has the letters of every language the program writes in.
What it has not (a name in Arabic) is spelled in the 26 letters that everybody reads: a near spelling is right
where a letter that is never written, and a payment that waits for it, would be wrong.
"""

from __future__ import annotations

import io
import unicodedata
from dataclasses import dataclass, field, fields
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from anyascii import anyascii
from babel.dates import format_date

from ivr.base.letters import cleaned
from ivr.languages.registry import LANGUAGES
from ivr.notices.texts import NoticeText, NoticeTexts

if TYPE_CHECKING:
    from ivr.notices.paper import Paper


@dataclass(frozen=True, slots=True)
class Address:
    """Where a letter goes: the name, then lines as the post office reads them."""

    name: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter as a PDF of so many pages; `words` are the notice's as they are printed."""

    pdf: bytes
    pages: int
    words: str


@dataclass(frozen=True, slots=True)
class Insert:
    """What goes along with a notice in one language: either its text or its PDF."""

    text: str = ""
    pdf: bytes = field(default=b"", repr=False)


NO_INSERT: Final = Insert()


def make_letter(
    text: NoticeText,
    texts: NoticeTexts,
    address: Address,
    made_at: datetime,
    insert: Insert = NO_INSERT,
) -> Letter:
    """Return the letter, and the operator's insert behind it: the same bytes for the same facts.

    `made_at` is an aware instant: the letter's own date, by its zone.
    """
    text, address = printable(text), printable(address)
    from ivr.notices.paper import Paper  # noqa: PLC0415 (half a second that only who makes letters pays)

    made_on = format_date(made_at.date(), "long", locale=LANGUAGES[text.language].locale)
    page = Paper(text, texts, made_on, _letters_of(text) | _letters_of(address) | set(insert.text))
    page.set_creation_date(made_at)
    try:
        _fill(page, text, address)
        if insert.text:
            page.add_page()
            for paragraph in insert.text.split("\n\n"):
                page.paragraph(" ".join(paragraph.split()))
        letter = Letter(bytes(page.output()), page.page_no(), text.plain)
        return _followed_by(letter, insert.pdf) if insert.pdf else letter
    finally:
        page.font.ttfont.close()  # it reads its file until the end


def _followed_by(letter: Letter, pdf: bytes) -> Letter:
    """Return the letter with the pages of a PDF behind its own."""
    from pypdf import PdfReader, PdfWriter  # noqa: PLC0415 (only who has an insert needs the library)

    whole = PdfWriter(clone_from=PdfReader(io.BytesIO(letter.pdf)))
    whole.append(io.BytesIO(pdf))
    out = io.BytesIO()
    whole.write(out)
    return Letter(out.getvalue(), len(whole.pages), letter.words)


def can_print(text: str) -> bool:
    """Return whether a letter prints these words as they are; else it spells them in the 26 letters."""
    return all(letter.isspace() or ord(letter) in _font_letters() for letter in text)


@cache
def _font_letters() -> frozenset[int]:
    from ivr.notices.paper import font_letters  # noqa: PLC0415 (as above)

    return font_letters()


def printable(words: Any) -> Any:
    """Return words, or a data class or tuple of them, in letters that the font has."""
    if isinstance(words, str):
        words = unicodedata.normalize("NFC", words)
        return words if can_print(words) else "\n".join(_spelled(line) for line in words.split("\n"))
    if isinstance(words, tuple):
        return tuple(printable(each) for each in words)
    return type(words)(*(printable(getattr(words, each.name)) for each in fields(words)))


def _letters_of(words: Any) -> set[str]:
    """Return the letters of words, or of a data class or tuple of them."""
    if isinstance(words, str):
        return set(words)
    parts = words if isinstance(words, tuple) else (getattr(words, each.name) for each in fields(words))
    return set[str]().union(*map(_letters_of, parts))


def _spelled(line: str) -> str:
    """Return a line with each letter that the font has not as anybody would spell it; no sign is named."""
    spelled = (letter if can_print(letter) else _spelling(letter) for letter in cleaned(line))
    return cleaned("".join(spelled))


def _spelling(letter: str) -> str:
    # A library that spells everything would spell an emoji by its name.
    return "" if unicodedata.category(letter)[0] in "CS" else anyascii(letter)


def _fill(page: Paper, text: NoticeText, address: Address) -> None:
    page.add_page()
    page.window((address.name, *address.lines))
    page.heading(text.heading)
    for paragraph in (text.greeting, text.opening):
        page.paragraph(paragraph)
    page.facts(text.facts)
    for paragraph in text.closing:
        page.paragraph(paragraph)
    if text.terms:
        page.subheading(text.terms_heading)
        page.paragraph(" ".join(text.terms.split()))
        page.subheading(text.answer_heading)
        page.paragraph(text.answer)

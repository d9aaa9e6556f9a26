"""The notice as a letter: a PDF ready to print, fold and post in a window envelope.

Black on white, 12 points and more, no columns, with a title and a language, so that it can be read by whoever
gets it and by what reads it aloud. The embedded font has the letters of every language the program writes in.
What it has not (a name in Arabic) is spelled in the 26 letters that everybody reads: a near spelling is right
where a letter that is never written, and a payment that waits for it, would be wrong.
"""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from functools import cache
from typing import Any, Final, cast

from anyascii import anyascii
from babel.dates import format_date
from fpdf import FPDF
from fpdf.enums import XPos, YPos
from fpdf.fonts import TTFFont
from pylopdf_fonts_zh_cn import sans_path

from ivr.base.letters import cleaned
from ivr.languages.registry import LANGUAGES
from ivr.notices.texts import NoticeText, NoticeTexts

_FAMILY: Final = "letter"
_MARGIN: Final = 72.0  # points, an inch
_TEXT_SIZE: Final = 12
_LINE: Final = 17.0
_GAP: Final = 9.0
_LABEL_WIDTH: Final = 170.0
_WINDOW_WIDTH: Final = 4.0 * 72
_WINDOW_TOP: Final = 2.0 * 72  # where a number 10 envelope's window shows the address of a folded letter


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
    made_on = format_date(made_at.date(), "long", locale=LANGUAGES[text.language].locale)
    page = _Paper(text, texts, made_on)
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
    page = FPDF()
    page.add_font(_FAMILY, fname=sans_path())
    font = cast("TTFFont", page.fonts[_FAMILY])
    letters = frozenset(font.cmap)
    font.ttfont.close()
    return letters


def printable(words: Any) -> Any:
    """Return words, or a data class or tuple of them, in letters that the font has."""
    if isinstance(words, str):
        words = unicodedata.normalize("NFC", words)
        return words if can_print(words) else "\n".join(_spelled(line) for line in words.split("\n"))
    if isinstance(words, tuple):
        return tuple(printable(each) for each in words)
    return type(words)(*(printable(getattr(words, each.name)) for each in fields(words)))


def _spelled(line: str) -> str:
    """Return a line with each letter that the font has not as anybody would spell it; no sign is named."""
    spelled = (letter if can_print(letter) else _spelling(letter) for letter in cleaned(line))
    return cleaned("".join(spelled))


def _spelling(letter: str) -> str:
    # A library that spells everything would spell an emoji by its name.
    return "" if unicodedata.category(letter)[0] in "CS" else anyascii(letter)


def _fill(page: _Paper, text: NoticeText, address: Address) -> None:
    page.add_page()
    page.window(address)
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


class _Paper(FPDF):
    """A page that knows its margins, and its foot."""

    def __init__(self, text: NoticeText, texts: NoticeTexts, made_on: str) -> None:
        super().__init__(format="Letter", unit="pt")
        self._text = text
        self._texts = texts
        self._made_on = made_on
        self.set_margin(_MARGIN)
        self.set_auto_page_break(auto=True, margin=_MARGIN)
        self.set_title(text.subject)
        self.set_author(text.organization)
        self.set_lang(text.language)
        self.add_font(_FAMILY, fname=sans_path())
        self.set_font(_FAMILY, size=_TEXT_SIZE)
        self.font = cast("TTFFont", self.fonts[_FAMILY])

    def header(self) -> None:
        """Put the sender at the head of the first page."""
        if self.page_no() == 1:
            self.set_font(_FAMILY, size=14)
            self.cell(0, _LINE, self._text.organization, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
            self.set_font(_FAMILY, size=_TEXT_SIZE)
            self.cell(0, _LINE, self._made_on, new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def footer(self) -> None:
        """Write the subject and the page at the foot, for a page that is lost."""
        self.set_y(-_MARGIN / 2 - _LINE)
        self.set_font(_FAMILY, size=10)
        pages = self._texts.message("page", self._text.language, page=self.page_no(), pages="{nb}")
        self.cell(0, _LINE, f"{self._text.subject}. {pages}.", align="L")
        self.set_font(_FAMILY, size=_TEXT_SIZE)

    def window(self, address: Address) -> None:
        """Write the address where the envelope shows it."""
        self.set_y(_WINDOW_TOP)
        for line in (address.name, *address.lines):
            self.multi_cell(_WINDOW_WIDTH, _LINE, line, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.ln(2.5 * _LINE)

    def heading(self, words: str) -> None:
        """Write the letter's own heading."""
        self.set_font(_FAMILY, size=18)
        self.multi_cell(0, 24, words, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.set_font(_FAMILY, size=_TEXT_SIZE)
        self.ln(_GAP)

    def subheading(self, words: str) -> None:
        """Write a smaller heading, together with what follows it."""
        if self.will_page_break(4 * _LINE):
            self.add_page()
        self.set_font(_FAMILY, size=14)
        self.multi_cell(0, 20, words, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.set_font(_FAMILY, size=_TEXT_SIZE)

    def paragraph(self, words: str) -> None:
        """Write a paragraph, flush left: justified lines are hard to read."""
        self.multi_cell(0, _LINE, words, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.ln(_GAP)

    def facts(self, facts: Sequence[tuple[str, str]]) -> None:
        """Write the facts, a line each, with a rule above and below."""
        self._rule()
        for label, value in facts:
            top = self.get_y()
            self.multi_cell(_LABEL_WIDTH, _LINE, label, align="L", new_x=XPos.RIGHT, new_y=YPos.TOP)
            self.set_xy(_MARGIN + _LABEL_WIDTH, top)
            self.multi_cell(0, _LINE, value, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self._rule()
        self.ln(_GAP)

    def _rule(self) -> None:
        self.ln(4)
        self.line(_MARGIN, self.get_y(), self.w - _MARGIN, self.get_y())
        self.ln(4)

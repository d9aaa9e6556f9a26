"""The paper that letters are printed on: margins, the embedded font, the places of what is written.

It stands by itself because the library that makes PDFs takes half a second to import.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final, cast

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from fpdf import FPDF
from fpdf.enums import XPos, YPos
from fpdf.fonts import TTFFont
from pylopdf_fonts_zh_cn import sans_path

from ivr.notices.texts import NoticeText, NoticeTexts

_FAMILY: Final = "letter"
_MARGIN: Final = 72.0  # points, an inch
_TEXT_SIZE: Final = 12
_LINE: Final = 17.0
_GAP: Final = 9.0
_LABEL_WIDTH: Final = 170.0
_WINDOW_WIDTH: Final = 4.0 * 72
# Code points: Latin letters with their accents, Vietnamese ones too, and what stands between words.
_COMMON: Final = frozenset((*range(0x20, 0x250), *range(0x1E00, 0x1F00), *range(0x2010, 0x2028)))
_WINDOW_TOP: Final = 2.0 * 72  # where a number 10 envelope's window shows the address of a folded letter


def font_letters() -> frozenset[int]:
    """Return the code points of the letters that the font has."""
    page = FPDF()
    page.add_font(_FAMILY, fname=sans_path())
    font = cast("TTFFont", page.fonts[_FAMILY])
    letters = frozenset(font.cmap)
    font.ttfont.close()
    return letters


@cache
def _common_font() -> bytes:
    """Return the font with the letters of nearly all words: with all it has a letter takes thrice as long."""
    with TTFont(sans_path(), recalcTimestamp=False, lazy=True) as font:
        subsetter = Subsetter(Options(notdef_outline=True, name_IDs=["*"], layout_features=[]))
        subsetter.populate(unicodes=_COMMON)
        subsetter.subset(font)
        made = io.BytesIO()
        font.save(made)
        return made.getvalue()


class Paper(FPDF):
    """A page that knows its margins, and its foot."""

    def __init__(self, text: NoticeText, texts: NoticeTexts, made_on: str, letters: set[str]) -> None:
        """Prepare a page for words in these letters."""
        super().__init__(format="Letter", unit="pt")
        self._text = text
        self._texts = texts
        self._made_on = made_on
        self.set_margin(_MARGIN)
        self.set_auto_page_break(auto=True, margin=_MARGIN)
        self.set_title(text.subject)
        self.set_author(text.organization)
        self.set_lang(text.language)
        points = _COMMON.union(map(ord, letters))
        if points == _COMMON:
            # `add_font` takes files alone; with one of a font of this kind it sets the version, too.
            self.fonts[_FAMILY] = TTFFont(self, cast("Path", io.BytesIO(_common_font())), _FAMILY, "")
            self.pdf_version = "1.6"
        else:
            self.add_font(_FAMILY, fname=sans_path(), unicode_range=[*points])
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

    def window(self, address: Sequence[str]) -> None:
        """Write the address, name first, where the envelope shows it."""
        self.set_y(_WINDOW_TOP)
        for line in address:
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

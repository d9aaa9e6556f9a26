"""Everything that proves one authorization as a PDF: what a bank that asks for proof is sent."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from fpdf import FPDF
from fpdf.enums import XPos, YPos
from pylopdf_fonts_zh_cn import sans_path

from ivr.base.listing import local_time
from ivr.notices.letter import printable
from ivr.payments.evidence import evidence_text

_FONT: Final = "pack"
_MARGIN: Final = 60.0  # points
_LINE: Final = 13.0
_INDENT: Final = 9.0  # for each two blanks that a line begins with


def make_consent_pack(evidence: Mapping[str, Any], made_at: datetime, zone: ZoneInfo) -> bytes:
    """Return what `evidence_json` found as a PDF, made at an aware instant; times in it are UTC, as kept."""
    page = _Page(evidence["payment"]["confirmation_number"])
    page.set_creation_date(made_at)
    page.add_page()
    page.words(page.heading, size=16)
    page.words(
        f"Made {local_time(made_at.isoformat(), zone)} from the line's own records. Times below are UTC."
    )
    for line in evidence_text(evidence).splitlines():
        if line[:1].strip():
            page.words(line.capitalize(), size=13)
        else:
            page.words(line.strip(), indent=_INDENT * ((len(line) - len(line.lstrip())) // 2))
    try:
        return bytes(page.output())
    finally:
        page.fonts[_FONT].ttfont.close()  # type: ignore[union-attr]  # it reads its file until the end


class _Page(FPDF):
    """A page with its margins, and of which payment it is at its foot."""

    def __init__(self, number: str) -> None:
        super().__init__(format="Letter", unit="pt")
        self.heading = f"Authorization of payment {number}"
        self.set_margin(_MARGIN)
        self.set_auto_page_break(auto=True, margin=_MARGIN)
        self.set_title(self.heading)
        self.set_lang("en-US")
        self.add_font(_FONT, fname=sans_path())
        self.set_font(_FONT, size=9)

    def footer(self) -> None:
        """Write at the foot of each page of which payment it is."""
        self.set_y(-_MARGIN + _LINE)
        self.set_font(_FONT, size=8)
        self.cell(0, _LINE, f"{self.heading}. Page {self.page_no()} of {{nb}}.")
        self.set_font(_FONT, size=9)

    def words(self, text: str, *, size: int = 9, indent: float = 0.0) -> None:
        """Write a line, broken where it is long or, larger, a heading, which stays with what follows it."""
        if size > 9:
            self.ln(_LINE / 2)
            if self.will_page_break(5 * _LINE):
                self.add_page()
        self.set_font(_FONT, size=size)
        self.set_x(_MARGIN + indent)
        self.multi_cell(0, size * 1.45, printable(text), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.set_font(_FONT, size=9)

"""How wide text is in Helvetica, and how it breaks into lines: a picture must leave room for its words.

Widths are those of Adobe's font metrics for Helvetica, which Arial and Liberation Sans share.
"""

from __future__ import annotations

from collections.abc import Mapping

FAMILY = "Helvetica, Arial, 'Liberation Sans', sans-serif"
ELLIPSIS = "…"
_BOLD = 1.08  # bold is wider; at worst by this much for words
_OTHER = 0.7  # any letter not in the table

_ROWS: Mapping[int, str] = {
    222: "ijl",
    191: "'",
    260: "|",
    278: " !,./:;It[]\\fI",
    333: "()-`r",
    334: "{}",
    355: '"',
    389: "*",
    469: "^",
    500: "Jckvsxyz",
    556: "#$0123456789?L_abdeghnopqu",
    584: "+<=>~",
    611: "FTZ",
    667: "&ABEKPSVXY",
    722: "CDHNRUw",
    778: "GOQ",
    833: "Mm",
    889: "%",
    944: "W",
    1000: "…",
    1015: "@",
}
_WIDTHS = {letter: width / 1000 for width, letters in _ROWS.items() for letter in letters}


def width_of(text: str, size: float, *, bold: bool = False) -> float:
    """Return the width of a text at a font size, in the size's unit."""
    width = sum(_WIDTHS.get(letter, _OTHER) for letter in text) * size
    return width * _BOLD if bold else width


def broken(text: str, size: float, width: float, *, lines_max: int = 99) -> list[str]:
    """Break a text into lines no wider than `width`, at spaces; shorten it to `lines_max` lines.

    A word wider than a line stands alone, and stays whole.
    """
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and width_of(longer, size) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    if len(lines) <= lines_max:
        return lines
    kept = lines[:lines_max]
    while " " in kept[-1] and width_of(kept[-1] + ELLIPSIS, size) > width:
        kept[-1] = kept[-1].rpartition(" ")[0]
    kept[-1] = kept[-1].rstrip(",;:") + ELLIPSIS
    return kept

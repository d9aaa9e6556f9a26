"""What a turn costs, part by part, as a picture: one bar a part, the longest first."""

from __future__ import annotations

from collections.abc import Mapping
from xml.sax.saxutils import escape

from ivr.flowmap.typeset import FAMILY

_WIDTH, _ROW, _HEAD, _LABELS = 760, 24, 56, 330  # pixels
_BARS = _WIDTH - _LABELS - 70
DATABASE = "PostgreSQL's processes"


def parts_of_a_turn(milliseconds: Mapping[str, float]) -> str:
    """Draw an SVG of processor milliseconds by part; PostgreSQL's, as `DATABASE`, in a colour of its own."""
    whole = sum(milliseconds.values())
    ordered = sorted(milliseconds.items(), key=lambda part: -part[1])
    longest = ordered[0][1]
    title = "Where the processor time of an average turn of a paying call goes"
    told = ", ".join(f"{part} {cost / whole:.0%}" for part, cost in ordered)
    rows = []
    for number, (part, cost) in enumerate(ordered):
        top, width = _HEAD + number * _ROW, cost / longest * _BARS
        color = "#9a4a00" if part == DATABASE else "#1f5fa8"
        rows.append(
            f'<text x="{_LABELS - 8}" y="{top + 16}" text-anchor="end">{escape(part)}</text>'
            f'<rect x="{_LABELS}" y="{top + 3}" width="{width:.1f}" height="17" fill="{color}"/>'
            f'<text x="{_LABELS + width + 6:.1f}" y="{top + 16}">{cost / whole:.0%}</text>'
        )
    height = _HEAD + len(ordered) * _ROW + 12
    frame = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img"'
        f' aria-labelledby="title told" font-family="{escape(FAMILY)}" font-size="13" fill="#1a1a1a">'
    )
    return "\n".join(
        [
            frame,
            f'<title id="title">{title}</title>',
            f'<desc id="told">{escape(told)}</desc>',
            f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>',
            f'<text x="16" y="26" font-size="16" font-weight="bold">{title}</text>',
            '<text x="16" y="44">blue: the web process; brown: the database</text>',
            *rows,
            "</svg>\n",
        ]
    )

"""The audit as a PDF for whoever has never seen the line: a summary, every duty, how to check it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from fpdf import FPDF
from fpdf.enums import XPos, YPos
from fpdf.fonts import FontFace

from ivr.audit.report import figures
from ivr.base.listing import local_time

_FONT: Final = "helvetica"
_MARGIN: Final = 54.0  # points
_LINE: Final = 14.0
_NUMBERS_SHOWN: Final = 100
_TITLE: Final = "Audit of debits authorized by telephone"
_INTRODUCTION: Final = (
    (
        "On this line members of the program pay a premium by telephone. A caller is verified, hears the"
        " terms of one debit and says yes; a confirmation number is given, a written notice sent, and the"
        " debit goes to the bank through the ACH network, in a file that is made once a banking day. This"
        " report counts, for every duty that the rules put on such a debit, to how many payments it applied"
        " and how many met it. A number below a duty is the confirmation number of a payment that did not;"
        " `ivr payments show NUMBER --evidence` prints everything that is known of it."
    ),
    (
        "The counts are made from the line's own records. Each night what proves a payment is sealed in a"
        " chain, where every seal rests on the one before it; the whole chain was checked for this report,"
        " and what was changed, removed or inserted since is named as not met."
    ),
)
_TERMS: Final = (
    ("ACH", "The network of the banks for debits and credits; its rules are the Nacha Operating Rules."),
    (
        "TEL, PPD",
        "How a debit was authorized: by spoken words on the telephone, or by a signature or its like.",
    ),
    ("Settlement", "The day on which the bank account is debited, at 8:30 in the morning, Eastern time."),
    (
        "Return",
        "A debit that the payer's bank sent back, with a code: R01 is insufficient funds, R10 a dispute.",
    ),
    ("Retry", "A debit presented again after it came back."),
    (
        "Reversal",
        "A credit that undoes a debit which should not have been. A refund gives a right debit back.",
    ),
    ("Banking day", "A day on which the Federal Reserve settles."),
)


def make_pages(report: Mapping[str, Any], zone: ZoneInfo) -> bytes:
    """Return the report as a PDF: the same bytes for the same report. Times are by the clock of `zone`."""
    page = _Page(report)
    page.add_page()
    page.words(_TITLE, size=20)
    page.words(
        f"Payments authorized from {report['from']} to {report['to']}."
        f" Made {local_time(report['made_at'], zone)}."
    )
    page.words(_result(report), style="B")
    for paragraph in _INTRODUCTION:
        page.words(paragraph)
    counted = [row for row in report["duties"] if row["applied"] is not None]
    page.words("Summary", size=14)
    page.summary(counted)
    page.words("Every duty", size=14)
    for row in counted:
        page.duty(row, _told(row))
    page.words("Duties that no count can show", size=14)
    for row in report["duties"]:
        if row["applied"] is None:
            page.duty(row, [row["shown_by"]])
    page.words("Words", size=14)
    for term, meaning in _TERMS:
        page.words(f"{term}: {meaning}")
    page.words("How to check this report", size=14)
    for paragraph in _checking(report):
        page.words(paragraph)
    return bytes(page.output())


def _result(report: Mapping[str, Any]) -> str:
    if not report["not_met"]:
        return "Every duty that can be counted was met by every payment."
    failed = sum(bool(row["not_met"]) for row in report["duties"])
    return f"Not met: {report['not_met']:,} times, of {failed} duties. They are marked below."


def _told(row: Mapping[str, Any]) -> list[str]:
    applied, met, not_met = figures(row)
    if not applied:
        return ["Applied to no payment."]
    lines = [f"Applied to {applied:,}; met by {met:,}; not met by {not_met:,}."]
    if row["not_met"]:
        shown = row["not_met"][:_NUMBERS_SHOWN]
        rest = f", and {not_met - len(shown):,} more: see the JSON" if not_met > len(shown) else ""
        lines.append(f"NOT MET: {', '.join(shown)}{rest}")
    return lines


def _checking(report: Mapping[str, Any]) -> Iterable[str]:
    evidence = report["evidence"]
    yield (
        f"Checked were {evidence['seals']:,} sealed payments ({evidence['expired']:,} of them older than"
        f" evidence is kept) and {evidence['audit_events']:,} events of the staff's audit trail. The head of"
        f" the chain was {evidence['head']}; `ivr payments verify --head` with these digits finds it again,"
        " or says that the chain was cut."
    )
    yield from evidence["problems"][:_NUMBERS_SHOWN]
    yield (
        f"The seal of this report is {report['seal']}. The same report as JSON carries it, and `ivr audit"
        " --check FILE` says whether a word of that file was changed."
    )


class _Page(FPDF):
    """A page with its margins, the report's name and seal at its foot, and what the report is written in."""

    def __init__(self, report: Mapping[str, Any]) -> None:
        super().__init__(format="Letter", unit="pt")
        self._seal = report["seal"]
        self.set_margin(_MARGIN)
        self.set_auto_page_break(auto=True, margin=_MARGIN)
        self.set_title(_TITLE)
        self.set_lang("en-US")
        self.set_creation_date(datetime.fromisoformat(report["made_at"]))
        self.set_font(_FONT, size=10)

    def footer(self) -> None:
        """Write at the foot of each page of which report it is."""
        self.set_y(-_MARGIN + _LINE)
        self.set_font(_FONT, size=8)
        self.cell(0, _LINE, f"{_TITLE}. Seal {self._seal[:16]}. Page {self.page_no()} of {{nb}}.")
        self.set_font(_FONT, size=10)

    def words(self, text: str, *, size: int = 10, style: str = "") -> None:
        """Write a paragraph or, larger, a heading, which stays with what follows it."""
        if size > 10 and self.will_page_break(5 * _LINE):
            self.add_page()
        self.set_font(_FONT, size=size, style="B" if size > 10 else style)
        self.multi_cell(0, size * 1.4, text, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.set_font(_FONT, size=10)
        self.ln(_LINE / 2)

    def summary(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Write the counts as a table, a duty a row."""
        with self.table(
            col_widths=(40, 20, 20, 20),
            text_align=("LEFT", "RIGHT", "RIGHT", "RIGHT"),
            line_height=_LINE,
            headings_style=FontFace(emphasis="BOLD"),
            borders_layout="HORIZONTAL_LINES",
        ) as table:
            table.row(("Duty", "Applied to", "Met by", "Not met by"))
            for row in rows:
                failed = FontFace(emphasis="BOLD") if row["not_met"] else None
                table.row([row["duty"], *(f"{figure:,}" for figure in figures(row))], style=failed)
        self.ln(_LINE)

    def duty(self, row: Mapping[str, Any], told: Iterable[str]) -> None:
        """Write one duty: its word, the rule, the source, and what was found."""
        if self.will_page_break(5 * _LINE):
            self.add_page()
        for style, text in (("B", f"{row['duty']}. {row['rule']}"), ("I", f"Source: {row['source']}.")):
            self.set_font(_FONT, size=10, style=style)
            self.multi_cell(0, _LINE, text, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.set_font(_FONT, size=10)
        for text in told:
            self.multi_cell(0, _LINE, text, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.ln(_LINE / 2)

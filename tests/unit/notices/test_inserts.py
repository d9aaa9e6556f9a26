"""The operator's notices of language help and nondiscrimination go with each letter and each e-mail."""

import email
import email.policy
from dataclasses import replace
from pathlib import Path

import pypdfium2
import pytest
from fpdf import FPDF
from support.authorized import notice_of

from ivr.base.errors import SettingsError
from ivr.notices.inserts import Inserts
from ivr.notices.letter import Insert
from ivr.notices.send import send_notice

from .conftest import ROOT

FOLDER = ROOT / "tests" / "support" / "inserts"
LANGUAGES = ("en-US", "es-US")


def a_pdf(pages=2):
    page = FPDF()
    for number in range(pages):
        page.add_page()
        page.set_font("Helvetica", size=12)
        page.cell(text=f"Notice of nondiscrimination {number + 1}")
    return bytes(page.output())


@pytest.fixture
def sent(engine, sender, clock, promised, facts):
    """Send a notice with an insert; returns its words as kept, and the outbox."""

    def sending(channel, insert, language="en-US"):
        paid = promised(channel, language)
        here = replace(sender, inserts=Inserts({language: insert}))
        assert send_notice(engine, here, clock, notice_of(engine, paid)) == "sent"
        return facts.notice().body, sender.letters.folder

    return sending


def pages_of(folder):
    (path,) = folder.glob("*.pdf")
    return [page.get_textpage().get_text_bounded() for page in pypdfium2.PdfDocument(path)]


def test_a_text_follows_the_letter_on_a_page_of_its_own(sent):
    _, folder = sent(
        "letter", Insert(text="Explained in your language,\nfree of charge.\n\nNobody is excluded.")
    )
    *_, last = pages_of(folder)
    assert "Explained in your language, free of charge." in last
    assert "Nobody is excluded." in last
    assert "Page 3 of 3" in last


def test_a_pdf_follows_the_letter_as_it_was_set_and_the_print_shop_counts_it(sent):
    _, folder = sent("letter", Insert(pdf=a_pdf()))
    letter, _, *notices = pages_of(folder)
    assert "Massachusetts Health Connector" in letter
    assert [page.strip() for page in notices] == [
        f"Notice of nondiscrimination {number}" for number in (1, 2)
    ]
    assert ",4,en-US," in (folder / "2026-12-18-manifest.csv").read_text()


def test_an_e_mail_says_the_text_and_carries_the_pdf(sent, mail):
    pdf = a_pdf()
    body, _ = sent("email", Insert(pdf=pdf))
    (envelope,) = mail[0].taken
    message = email.message_from_bytes(envelope.content, policy=email.policy.default)
    words, carried = message.iter_parts()
    assert words.get_content().replace("\r\n", "\n") == body
    assert (carried.get_content(), carried.get_content_type()) == (pdf, "application/pdf")


def test_an_e_mail_ends_with_the_text_and_it_is_kept(sent, mail):
    body, _ = sent("email", Insert(text="Explained in your language."))
    assert body.endswith("\n\nExplained in your language.\n")
    assert b"Explained in your language." in mail[0].taken[0].content


def test_each_language_has_its_own(tmp_path):
    found = Inserts.load(FOLDER, LANGUAGES)
    assert found.of("en-US").text.startswith("You can have this letter explained")
    assert found.of("es-US").text.startswith("Le explican esta carta")
    assert Inserts.load(None, LANGUAGES).of("en-US") == Insert()
    (tmp_path / "en-US.pdf").write_bytes(a_pdf(1))
    assert Inserts.load(tmp_path, ["en-US"]).of("en-US").pdf.startswith(b"%PDF")


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("other.txt", b"x", "cannot be read; put there en-US.pdf, or en-US.txt"),
        ("en-US.txt", b" \n", "is empty"),
        ("en-US.txt", b"\xff", "is not UTF-8"),
        ("en-US.txt", "\u0645\u0633".encode(), "cannot print (U+0633, U+0645); give it as PDF"),
        ("en-US.pdf", b"%PDF-1.4 cut short", "is no PDF that can be read"),
    ],
)
def test_what_cannot_go_along_stops_the_start(tmp_path, name, content, problem):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SettingsError) as caught:
        Inserts.load(tmp_path, LANGUAGES)
    first, second = caught.value.problems
    assert problem in first
    assert second.startswith(f"IVR_INSERTS: {tmp_path / 'es-US'}: cannot be read")
    assert Path(tmp_path, name).exists()

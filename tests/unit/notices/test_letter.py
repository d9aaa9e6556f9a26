"""What a notice says and looks like: nine elements in every language and channel, and the letter as a PDF."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, datetime

import pypdfium2
import pytest

from ivr.base.errors import OperatorError
from ivr.notices.letter import Address, can_print, make_letter
from ivr.notices.outbox import PrintOutbox
from ivr.notices.sms import MOST_CHARACTERS
from ivr.notices.texts import NoticeFacts, NoticeTexts
from ivr.topics.line import compile_line, read_line_files

from .conftest import ROOT, ZONE

AT = datetime(2026, 12, 18, 10, 15, tzinfo=ZONE)
ADDRESS = Address("Ada Álvarez", ("1 Main St Apt 4", "Boston, MA 02108"))
TERMS = "This authorizes an electronic payment from your bank.\nDo you authorize this payment?"


def facts(**changes):
    return NoticeFacts(
        **{
            "confirmation_number": "51370537879",
            "amount_cents": 131015,
            "plan": "health",
            "account_type": "checking",
            "account_last4": "2345",
            "debit_date": date(2026, 12, 21),
            "receiver_name": "Ada Álvarez",
            "member_last4": "0101",
            "authorized_at": AT,
            "cutoff_at": AT.replace(hour=17, minute=0),
            "terms": TERMS,
            "how": "spoken",
            "spoken_by": "caller",
            "words_heard": "yes I do",
            "support_phone": "+18005550100",
            "support_hours": "Mon-Fri 08:00-18:00",
            "zone": ZONE,
            **changes,
        }
    )


# The nine elements: a debit by ACH, one only, how much, when, whose, which account, whom to call, how and
# until when to revoke it, when it was given; and the number, the words heard and the answer.
ELEMENTS = {
    "en-US": [
        "one electronic debit (ACH)",
        "one time only",
        "Amount: $1,310.15",
        "Date of the debit: December 21, 2026 or after",
        "Ada Álvarez, the member whose ID ends in 0101",
        "Bank account: checking account ending in 2345",
        "1-800-555-0100",
        "To cancel this payment, call 1-800-555-0100 before 5:00 PM on December 18, 2026.",
        "Someone answers Monday to Friday, 8 a.m. to 6 p.m.\n",
        "Authorized on: December 18, 2026",
        "Confirmation number: 513-7053-7879",
        "What it pays: your health premium",
        f"What you heard:\n{TERMS}",
        'What you answered: "yes I do"',
    ],
    "es-US": [
        "un solo débito electrónico (ACH)",
        "por una sola vez",
        "Monto: $1,310.15",
        "Fecha del débito: 21 de diciembre de 2026 o después",
        "Ada Álvarez, cuyo número de miembro termina en 0101",
        "Cuenta bancaria: cuenta de cheques que termina en 2345",
        "1-800-555-0100",
        "Para cancelar este pago, llame al 1-800-555-0100 antes de las 5:00 p.m. del 18 de diciembre de 2026.",
        "Le atienden de lunes a viernes, de 8 de la mañana a 6 de la tarde.\n",
        "Autorizado el: 18 de diciembre de 2026",
        "Número de confirmación: 513-7053-7879",
        "Qué paga: su prima de salud",
        f"Lo que usted oyó:\n{TERMS}",
        'Lo que usted contestó: "yes I do"',
    ],
}


def words_of(pdf):
    """Return the words on the pages, one space between any two."""
    with pypdfium2.PdfDocument(pdf) as document:
        pages = [page.get_textpage().get_text_bounded() for page in document]
    return " ".join("\n".join(pages).replace("\ufffe", "").split())


@pytest.mark.parametrize("language", list(ELEMENTS))
def test_the_text_has_every_element(texts, language):
    plain = texts.write(facts(), language).plain
    assert [element for element in ELEMENTS[language] if element not in plain] == []


@pytest.mark.parametrize("language", list(ELEMENTS))
def test_the_letter_has_every_element(texts, language):
    letter = make_letter(texts.write(facts(), language), texts, ADDRESS, AT)
    words = words_of(letter.pdf)
    missing = [
        element
        for element in ELEMENTS[language]
        if " ".join(element.replace(":\n", " ").replace(": ", " ").split()) not in words
    ]
    assert missing == []
    assert "Ada Álvarez 1 Main St Apt 4 Boston, MA 02108" in words


def test_languages_without_texts_are_written_to_in_english(texts):
    assert texts.languages == ("en-US", "es-US")
    assert texts.write(facts(), "vi-VN") == texts.write(facts(), "en-US")


@pytest.mark.parametrize(
    ("changes", "english", "spanish"),
    [
        ({"plan": "dental"}, "your dental premium", "su prima dental"),
        ({"account_type": "savings"}, "savings account ending in 2345", "cuenta de ahorros"),
        ({"spoken_by": "relay"}, '"yes I do", through your relay operator', "operador de retransmisión"),
        (
            {"how": "bill_code", "words_heard": ""},
            "You keyed the authorization code",
            "Usted marcó el código",
        ),
    ],
)
def test_what_differs_from_payment_to_payment(texts, changes, english, spanish):
    assert english in texts.write(facts(**changes), "en-US").plain
    assert spanish in texts.write(facts(**changes), "es-US").plain


@pytest.fixture(scope="module")
def heard():
    """The terms and the question as the line itself writes them down, in each language and pace."""
    values = {
        "today": "Wednesday, September 30, 2026",
        "member_last4": "0, 1, 0, 1",
        "amount": "9 thousand 999 dollars and 99 cents",
        "account_type": "checking",
        "account_last4": "2, 3, 4, 5",
        "debit_date": "Wednesday, September 30, 2026",
        "plan": "health",
        "support_phone": "1, 800, 555, 0, 1, 0, 0",
        "support_hours": "Monday to Friday, 8 a.m. to 6 p.m., Saturday, 9 in the morning to 12 noon",
        "cutoff": "5 p.m. Eastern time on Wednesday, September 30",
        "channel": "sms",
    }
    return compile_line(read_line_files(ROOT)).catalog, values


@pytest.mark.parametrize("language", ["en-US", "es-US"])
@pytest.mark.parametrize("pace", ["voice", "relay"])
def test_a_text_message_has_room_for_all_that_was_heard(texts, language, pace, heard):
    catalog, values = heard
    terms = "\n".join(
        sentence
        for prompt in ("authorization-terms", "authorization-ask")
        for piece in catalog.lines(prompt, None, language, pace, values)
        for sentence in piece
    )
    short = texts.write(facts(terms=terms), language).message
    assert " ".join(terms.split()) in short
    assert "513-7053-7879" in short
    assert len(short) <= MOST_CHARACTERS


@pytest.mark.parametrize(
    "name", ["王小明", "Nguyễn Thị Hường Đặng", "João Gonçalves", "Lovèlie Jòzèf", "黃嘉欣"]
)
def test_every_members_name_can_be_written(texts, name):
    letter = make_letter(
        texts.write(facts(receiver_name=name), "en-US"), texts, Address(name, ("1 Main St",)), AT
    )
    assert words_of(letter.pdf).count(name) == 3


def test_a_long_name_and_address_wrap_and_stay_on_the_paper(texts):
    name = "Maximiliana Konstantinopolitanskaya-Featherstonehaugh de la Santísima Trinidad y Todos los Santos"
    address = Address(name, ("1234567 " + "Very Long Street Name " * 6, "Boston, MA 02108"))
    letter = make_letter(texts.write(facts(receiver_name=name), "en-US"), texts, address, AT)
    words = words_of(letter.pdf)
    assert words.count("y Todos los Santos") == 3
    assert words.count("Very Long Street Name") == 6
    with pypdfium2.PdfDocument(letter.pdf) as document:
        right = max(
            page.get_textpage().get_charbox(index)[2]
            for page in document
            for index in range(page.get_textpage().count_chars())
        )
        assert right <= document[0].get_width() - 36


def test_long_terms_run_on_to_a_second_page_with_the_number_at_its_foot(texts):
    letter = make_letter(texts.write(facts(terms=TERMS * 15), "en-US"), texts, ADDRESS, AT)
    assert letter.pages == 2
    words = words_of(letter.pdf)
    for page in (1, 2):
        assert f"confirmation number 513-7053-7879. Page {page} of 2." in words


@pytest.mark.whole
def test_a_heading_stays_with_what_it_heads(texts):
    for lines in range(1, 12):
        letter = make_letter(texts.write(facts(terms="word " * 15 * lines), "en-US"), texts, ADDRESS, AT)
        with pypdfium2.PdfDocument(letter.pdf) as document:
            pages = [page.get_textpage().get_text_bounded() for page in document]
        for heading, first in (("What you heard", "word"), ("What you answered", "yes I do")):
            (page,) = [page for page in pages if heading in page]
            assert first in page.partition(heading)[2]


def test_the_same_facts_are_the_same_bytes(texts):
    text = texts.write(facts(), "es-US")
    assert make_letter(text, texts, ADDRESS, AT) == make_letter(text, texts, ADDRESS, AT)
    assert make_letter(text, texts, ADDRESS, AT) != make_letter(text, texts, ADDRESS, AT.replace(second=1))


@pytest.mark.parametrize(
    ("name", "printed"),
    [
        ("Ana Conceic\u0327a\u0303o", "Ana Conceição"),
        ("A\u200bna \ufeffX\u0302", "Ana X"),
        ("สมชาย Ng", "smchay Ng"),
        ("שרה Cohen", "srh Cohen"),
        ("\U0001f600 \U00012000 X", "X"),
        ("\U0001f600", ""),
        ("Nguyễn Văn", "Nguyễn Văn"),
    ],
)
def test_letters_that_the_font_has_not_are_spelled(texts, name, printed):
    address = Address(name, (f"1 {name} St", "Boston, MA 02108"))
    letter = make_letter(texts.write(facts(receiver_name=name), "en-US"), texts, address, AT)
    assert f"Authorized by: {printed}, the member" in letter.words
    assert "What you heard:\nThis authorizes an electronic payment from your bank.\nDo you" in letter.words
    words = words_of(letter.pdf)
    assert f"{printed} 1 {printed}".strip() in words
    assert can_print(letter.words)


def test_what_a_letter_can_print_is_known_beforehand():
    assert can_print("Nguyễn Văn Conceição Алла 陳大文")
    assert not can_print("สมชาย")


# The texts' files.


def test_texts_that_lack_something_are_told_by_file_and_name(tmp_path):
    (tmp_path / "es-US.ftl").write_text("subject = x\n")
    with pytest.raises(OperatorError, match=r"no en-US\.ftl"):
        NoticeTexts.load(tmp_path)
    (tmp_path / "en-US.ftl").write_text("subject = x\nheading = y\n= z\n")
    with pytest.raises(OperatorError) as caught:
        NoticeTexts.load(tmp_path)
    missing, broken = caught.value.problems
    assert missing.startswith(f"{tmp_path / 'es-US'}.ftl: heading is missing")
    assert broken.endswith("check it near '= z'")


def test_a_message_without_words_or_values_is_a_fault(tmp_path):
    (tmp_path / "en-US.ftl").write_text("subject = { $number }\nempty =\n    .again = x\n")
    texts = NoticeTexts.load(tmp_path)
    with pytest.raises(LookupError, match=r"subject \(en-US\): "):
        texts.message("subject", "en-US")
    with pytest.raises(LookupError, match=r"empty \(en-US\): has no words"):
        texts.message("empty", "en-US")


# The print outbox.


@pytest.fixture
def letter(texts):
    return make_letter(texts.write(facts(), "en-US"), texts, ADDRESS, AT)


def put(folder, letter, number="51370537879", language="en-US"):
    return PrintOutbox(folder).put(
        letter, confirmation_number=number, language=language, day=date(2026, 12, 18)
    )


def test_the_outbox_has_the_letters_and_what_lists_them(tmp_path, letter):
    folder = tmp_path / "letters" / "out"
    handed = put(folder, letter)
    put(folder, letter, "61370537879", "es-US")
    digest = hashlib.sha256(letter.pdf).hexdigest()
    assert (handed.state, handed.reference) == ("accepted", "2026-12-18-51370537879.pdf")
    assert handed.sha256 == digest
    assert (folder / handed.reference).read_bytes() == letter.pdf
    assert (folder / "2026-12-18-manifest.csv").read_text().splitlines() == [
        "file,sha256,pages,language,confirmation_number",
        f"2026-12-18-51370537879.pdf,{digest},2,en-US,51370537879",
        f"2026-12-18-61370537879.pdf,{digest},2,es-US,61370537879",
    ]
    assert {file.stat().st_mode & 0o777 for file in folder.iterdir()} == {0o600}
    assert folder.stat().st_mode & 0o777 == 0o700
    assert len(list(folder.iterdir())) == 3


def test_what_is_listed_is_not_written_again_even_when_it_was_taken_away(tmp_path, letter):
    first = put(tmp_path, letter)
    (tmp_path / first.reference).unlink()
    other = replace(letter, pdf=letter.pdf + b"\n")
    assert put(tmp_path, other) == first, "with the digest of what was printed"
    assert [file.name for file in tmp_path.iterdir()] == ["2026-12-18-manifest.csv"]


def test_a_line_that_was_cut_short_is_written_again(tmp_path, letter):
    put(tmp_path, letter)
    manifest = tmp_path / "2026-12-18-manifest.csv"
    whole = manifest.read_text()
    manifest.write_text(whole[:-9])
    put(tmp_path, letter)
    assert manifest.read_text() == f"{whole[:-9]}\n{whole.splitlines()[1]}\n"


def test_many_at_once_leave_whole_lines_and_none_twice(tmp_path, letter):
    numbers = [f"5137053787{digit}" for digit in range(10)] * 3
    with ThreadPoolExecutor(8) as workers:
        handed = list(workers.map(put, [tmp_path] * 30, [letter] * 30, numbers))
    assert {each.state for each in handed} == {"accepted"}
    lines = (tmp_path / "2026-12-18-manifest.csv").read_text().splitlines()
    assert sorted(line.rsplit(",", 1)[1] for line in lines[1:]) == sorted(set(numbers))


def test_a_disk_that_is_full_leaves_no_draft(tmp_path, letter):
    (tmp_path / "2026-12-18-51370537879.pdf").mkdir()  # nothing can be renamed to it
    handed = put(tmp_path, letter)
    assert (handed.state, handed.detail) == ("later", "the outbox cannot be written: Is a directory")
    assert not list(tmp_path.glob(".*"))
    assert (tmp_path / "2026-12-18-manifest.csv").read_text() == ""

"""The members file: what is stored, what is refused, what a second file changes."""

import csv
import io
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from ivr.billing.samples import generate, members_csv
from ivr.dialog.vocabulary import NoMatch
from ivr.members.imports import import_members, parse_phone, phone_doubt
from ivr.storage.tables import Member
from ivr.topics.registry import VOCABULARY

NOW = datetime(2026, 12, 18, 15, 15, tzinfo=UTC)
LATER = datetime(2026, 12, 19, 15, 15, tzinfo=UTC)

GOOD = {
    "member_id": "400000000001",
    "first_name": "Ada",
    "last_name": "Sample",
    "date_of_birth": "1980-02-29",
    "ssn_last4": "4321",
    "phone": "+16175550123",
    "address": "1 Example Street",
    "city": "Boston",
    "state": "MA",
    "postal_code": "02108",
    "email": "ada@example.com",
    "language": "en-US",
    "extra_time": "no",
    "sms_ok": "yes",
}


def csv_of(*rows, columns=tuple(GOOD)):
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, columns)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def load(engine, hashes, text, now=NOW, **options):
    with engine.begin() as db:
        return import_members(db, hashes, now, io.BytesIO(text.encode()), file_name="m.csv", **options)


def warned(result):
    assert result.errors == []
    return [(warning.line, warning.field) for warning in result.warnings]


def counts(result):
    return result.read, result.added, result.changed, result.unchanged


def stored(engine):
    with engine.connect() as db:
        return {row.member_id: row for row in db.execute(select(Member.__table__))}


def test_a_member_is_stored_with_secrets_hashed(engine, hashes):
    assert counts(load(engine, hashes, csv_of(GOOD))) == (1, 1, 0, 0)
    row = stored(engine)["400000000001"]
    assert row.ssn_last4_hash == hashes.digest("ssn_last4", "400000000001", "4321")
    assert row.date_of_birth_hash == hashes.digest("date_of_birth", "400000000001", "1980-02-29")
    assert (row.first_name, row.last_name, row.phone, row.email) == (
        "Ada",
        "Sample",
        "+16175550123",
        "ada@example.com",
    )
    assert (row.address, row.city, row.state, row.postal_code) == (
        "1 Example Street",
        "Boston",
        "MA",
        "02108",
    )
    assert (row.language, row.extra_time, row.sms_ok, row.updated_at) == ("en-US", False, True, NOW)
    assert "4321" not in repr(row)
    assert "1980" not in repr(row)


def test_columns_come_in_any_order(engine, hashes):
    load(engine, hashes, csv_of(GOOD, columns=tuple(reversed(GOOD))))
    assert stored(engine)["400000000001"].city == "Boston"


def test_ssn_phone_and_email_may_be_empty(engine, hashes):
    load(engine, hashes, csv_of(GOOD | {"ssn_last4": "", "phone": "", "email": ""}))
    row = stored(engine)["400000000001"]
    assert (row.ssn_last4_hash, row.phone, row.email) == (None, None, None)


def test_the_same_file_again_changes_nothing(engine, hashes):
    text = members_csv(generate(50, date(2026, 12, 18)))
    assert counts(load(engine, hashes, text)) == (50, 50, 0, 0)
    before = stored(engine)
    assert counts(load(engine, hashes, text, now=LATER)) == (50, 0, 0, 50)
    assert stored(engine) == before


def test_who_wants_e_mail_is_kept_until_a_file_says_otherwise(engine, hashes):
    said = []
    for row in (GOOD, GOOD | {"email_ok": "no"}, GOOD, GOOD | {"email_ok": "yes"}):
        assert load(engine, hashes, csv_of(row, columns=tuple(row))).errors == []
        said.append(stored(engine)["400000000001"].email_ok)
    assert said == [None, False, False, True]


@pytest.mark.parametrize(
    "change",
    [
        {"first_name": "Bea"},
        {"date_of_birth": "1980-03-01"},
        {"ssn_last4": ""},
        {"ssn_last4": "4322"},
        {"phone": ""},
        {"email": "b@example.com"},
        {"language": "es-US"},
        {"extra_time": "yes"},
        {"sms_ok": "no"},
    ],
)
def test_a_second_file_changes_what_differs_and_absent_members_stay(engine, hashes, change):
    other = GOOD | {"member_id": "400000000002"}
    load(engine, hashes, csv_of(GOOD, other))
    new = GOOD | {"member_id": "400000000003"}
    assert counts(load(engine, hashes, csv_of(GOOD | change, new), now=LATER)) == (2, 1, 1, 0)
    rows = stored(engine)
    assert set(rows) == {"400000000001", "400000000002", "400000000003"}
    assert rows["400000000001"].updated_at == LATER
    assert rows["400000000002"].updated_at == NOW


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("member_id", "40000000001"),
        ("member_id", "40000000000x"),
        ("first_name", " "),
        ("last_name", ""),
        ("date_of_birth", "1981-02-29"),
        ("date_of_birth", "28/02/1981"),
        ("date_of_birth", "02/28/81"),
        ("date_of_birth", "2026-12-19"),
        ("ssn_last4", "0000"),
        ("ssn_last4", "987"),
        ("ssn_last4", "98765"),
        ("address", ""),
        ("city", ""),
        ("state", "Massachusetts"),
        ("postal_code", "2108"),
        ("email", "ada"),
        ("email", "ada@example"),
        ("language", "fr-FR"),
        ("extra_time", "Y"),
        ("sms_ok", ""),
    ],
)
def test_a_bad_cell_is_named_and_nothing_is_loaded(engine, hashes, field, value):
    result = load(engine, hashes, csv_of(GOOD, GOOD | {"member_id": "400000000002"} | {field: value}))
    assert [(error.file, error.line, error.field) for error in result.errors] == [("m.csv", 3, field)]
    assert counts(result) == (2, 0, 0, 0)
    assert stored(engine) == {}


def test_no_message_quotes_a_secret(engine, hashes):
    bad = {"date_of_birth": "1981-02-29", "ssn_last4": "98765"}
    messages = str(load(engine, hashes, csv_of(GOOD | bad)).errors)
    assert messages.count("LineError") == len(bad)
    assert not any(value in messages for value in bad.values())


def test_one_member_twice_is_an_error_at_the_second_line(engine, hashes):
    result = load(engine, hashes, csv_of(GOOD, GOOD | {"member_id": "400000000002"}, GOOD))
    assert [(error.line, error.field, error.message) for error in result.errors] == [
        (4, "member_id", "the same member as in line 2")
    ]
    assert stored(engine) == {}


def test_every_error_is_reported_in_the_order_of_lines(engine, hashes):
    result = load(
        engine,
        hashes,
        csv_of(GOOD | {"state": "x"}, GOOD | {"member_id": "400000000002", "ssn_last4": "0000", "city": ""}),
    )
    assert [(error.line, error.field) for error in result.errors] == [
        (2, "state"),
        (3, "ssn_last4"),
        (3, "city"),
    ]


@pytest.mark.parametrize(
    "written",
    ["(617) 555-0123", "617-555-0123", "617.555.0123", "6175550123", "+1 617 555 0123", "1-617-555-0123"],
)
def test_a_telephone_number_may_be_written_as_people_do(engine, hashes, written):
    assert warned(load(engine, hashes, csv_of(GOOD | {"phone": written}))) == []
    assert stored(engine)["400000000001"].phone == "+16175550123"


@pytest.mark.parametrize(
    "written",
    ["1", "+1617555012", "+10005550123", "555-0123", "+99912345678", "+4912", "617-555-0123 ext. 4"],
)
def test_a_telephone_number_that_cannot_be_read_is_left_out_with_a_warning(engine, hashes, written):
    result = load(engine, hashes, csv_of(GOOD, GOOD | {"member_id": "400000000002", "phone": written}))
    assert (warned(result), counts(result)) == ([(3, "phone")], (2, 2, 0, 0))
    assert stored(engine)["400000000002"].phone is None


def test_a_date_may_be_written_as_in_the_united_states(engine, hashes):
    load(engine, hashes, csv_of(GOOD | {"date_of_birth": "2/29/1980"}))
    assert counts(load(engine, hashes, csv_of(GOOD))) == (1, 0, 0, 1)


def test_an_unknown_or_missing_column_is_an_error(engine, hashes):
    assert load(engine, hashes, csv_of(GOOD | {"ssn": "1"}, columns=(*GOOD, "ssn"))).errors[0].field == "ssn"
    without = {name: value for name, value in GOOD.items() if name != "sms_ok"}
    assert load(engine, hashes, csv_of(without, columns=tuple(without))).errors[0].field == "sms_ok"
    assert stored(engine) == {}


def test_two_files_in_one_transaction(engine, hashes):
    with engine.begin() as db:
        for number in ("1", "2"):
            text = csv_of(GOOD | {"member_id": "40000000000" + number})
            assert import_members(db, hashes, NOW, io.BytesIO(text.encode()), file_name="m.csv").added == 1
    assert len(stored(engine)) == 2


@pytest.mark.parametrize("number", ["+16175550123", "+18005550100", "+442079460123"])
def test_numbers_that_exist_pass(number):
    assert parse_phone(number) == number
    assert phone_doubt(number) is None


@pytest.mark.parametrize("number", ["+15652223333", "+14572223333", "+4420123"])
def test_a_number_that_no_table_knows_is_a_doubt_and_its_row_is_loaded(engine, hashes, number):
    result = load(engine, hashes, csv_of(GOOD, GOOD | {"member_id": "400000000002", "phone": number}))
    assert (warned(result), counts(result)) == ([(3, "phone")], (2, 2, 0, 0))
    assert stored(engine)["400000000002"].phone == number


@pytest.mark.parametrize(
    ("born", "keyed"),
    [("1899-12-30", "12301899"), ("1753-01-01", "01011753"), ("0001-01-01", "01010001")],
)
def test_a_birth_date_that_nobody_can_key_is_told(engine, hashes, born, keyed):
    result = load(engine, hashes, csv_of(GOOD | {"date_of_birth": born}))
    assert warned(result) == [(2, "date_of_birth")]
    assert "no caller can key" in result.warnings[0].message
    assert result.warnings[0].rule == "import.doubtful"
    assert VOCABULARY.fields["date_of_birth"].judge(keyed, {"call_date": "2026-12-18"}, ()) == NoMatch("date")


@pytest.mark.parametrize(
    ("born", "doubtful"), [("1900-01-01", True), ("1910-12-31", True), ("1911-01-01", False)]
)
def test_a_birth_date_that_stands_for_not_known_is_told(engine, hashes, born, doubtful):
    result = load(engine, hashes, csv_of(GOOD | {"date_of_birth": born}))
    assert warned(result) == [(2, "date_of_birth")] * doubtful


def test_words_are_kept_composed_and_without_what_nobody_sees(engine, hashes):
    marks = {
        "first_name": "A\u200bda\ufeff",
        "last_name": "Conceic\u0327a\u0303o",
        "address": "1\u00a0Example\u2028Street\u202e",
        "city": "Bos\u00adton",
        "email": "\ufeffada@example.com\u200b",
    }
    result = load(engine, hashes, csv_of(GOOD | marks))
    assert warned(result) == []
    row = stored(engine)["400000000001"]
    assert (row.first_name, row.last_name) == ("Ada", "Conceição")
    assert (row.address, row.city, row.email) == ("1 Example Street", "Boston", "ada@example.com")


@pytest.mark.parametrize(
    ("first", "last", "doubtful"),
    [
        (".", ".", True),
        ("123", "456", True),
        ("\U0001f600", ".", True),
        ("สม", ".", False),
        (".", "X", False),
    ],
)
def test_a_name_that_no_record_of_a_bank_can_hold_is_told(engine, hashes, first, last, doubtful):
    result = load(engine, hashes, csv_of(GOOD | {"first_name": first, "last_name": last}))
    assert warned(result) == [(2, "last_name")] * doubtful


def test_words_that_a_letter_cannot_print_are_told(engine, hashes):
    words = {"first_name": "สม", "address": "ถนน 1", "city": "Bostón"}
    result = load(engine, hashes, csv_of(GOOD | words), can_print=lambda text: "ó" in text)
    assert warned(result) == [(2, "first_name"), (2, "address")]


def standing(engine):
    with engine.connect() as db:
        return db.scalars(
            select(Member.member_id).where(Member.withdrawn_at.is_(None)).order_by(Member.member_id)
        ).all()


def test_who_is_not_in_a_file_that_has_everybody_is_withdrawn_until_a_file_has_them(engine, hashes):
    ada, ben, cleo = (GOOD | {"member_id": f"40000000000{number}"} for number in (1, 2, 3))
    load(engine, hashes, csv_of(ada, ben))
    assert load(engine, hashes, csv_of(ada)).withdrawn is None  # absent members stay
    whole = load(engine, hashes, csv_of(ada, cleo), complete=True)
    assert (whole.added, whole.changed, whole.unchanged, whole.stood, whole.withdrawn) == (1, 0, 1, 2, 1)
    assert standing(engine) == [ada["member_id"], cleo["member_id"]]
    back = load(engine, hashes, csv_of(ben), now=LATER)
    assert (back.added, back.changed, back.unchanged) == (0, 1, 0)
    assert standing(engine) == [ada["member_id"], ben["member_id"], cleo["member_id"]]


def test_a_file_with_an_error_withdraws_nobody(engine, hashes):
    load(engine, hashes, csv_of(GOOD, GOOD | {"member_id": "400000000002"}))
    assert load(engine, hashes, csv_of(GOOD | {"language": "xx"}), complete=True).errors
    assert len(standing(engine)) == 2

"""Nacha files that are read: whole, or not at all and with every reason."""

from contextlib import suppress
from dataclasses import fields, replace
from datetime import date, time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.nacha import file_bytes

from ivr.ach.reader import NachaReadError, all_entries, as_date, read_files
from ivr.ach.records import CREDITS, MIXED, BatchHeader, Entry, FileSettings
from ivr.ach.returns import read_returns
from ivr.base.errors import OperatorError

GOLDEN = Path(__file__).parents[2] / "ach" / "golden"
ODFI = "01100001"
THREE = (GOLDEN / "three_debits.ach").read_bytes()
RETURNS = (GOLDEN / "returns.ach").read_bytes()
FILL = b"9" * 94
SUMS_WITHOUT_ONE = [
    (line, f"{what}") for line in (6, 7) for what in ("entry and addenda count", "entry hash", "total debits")
]


def read_file(data, **values):
    [file] = read_files(data, **values).files
    return file


def problems(data, odfi_routing=None):
    with pytest.raises(NachaReadError) as caught:
        read_files(data, odfi_routing=odfi_routing)
    assert isinstance(caught.value, OperatorError)
    assert list(map(str, caught.value.found)) == list(caught.value.problems)[: len(caught.value.found)]
    assert all(str(problem).endswith(f" [{problem.rule}]") for problem in caught.value.found)
    return [(problem.line, problem.field) for problem in caught.value.found]


def change(data, line, position, text):
    """Put other characters into a line; both counted from 1."""
    lines = data.split(b"\n")
    old = lines[line - 1]
    lines[line - 1] = old[: position - 1] + text + old[position - 1 + len(text) :]
    return b"\n".join(lines)


def without(data, *numbers):
    return b"\n".join(line for number, line in enumerate(data.split(b"\n"), 1) if number not in numbers)


def test_a_file_is_read_into_records():
    file = read_file(THREE, odfi_routing=ODFI)
    assert (file.destination, file.origin) == (" 011000015", "1041234567")
    assert (file.creation_date, file.creation_time) == (date(2026, 11, 20), time(15, 30))
    assert (file.destination_name, file.origin_name) == ("FEDERAL RESERVE BANK", "MA HEALTH CONNECTOR")
    assert (file.file_id_modifier, file.reference_code) == ("A", "")
    [batch] = file.batches
    assert (batch.line, batch.service_class, batch.sec_code, batch.batch_number) == (2, "225", "TEL", 1)
    assert (batch.company_name, batch.company_id) == ("MA HLTH CONNECT", "1041234567")
    assert (batch.entry_description, batch.descriptive_date) == ("INS PREM", "261120")
    assert (batch.effective_entry_date, batch.settlement_day) == (date(2026, 11, 23), None)
    assert (batch.originator_status, batch.odfi_routing, batch.discretionary_data) == ("1", ODFI, "")
    first, second, third = batch.entries
    assert (first.line, first.transaction_code, first.receiving_routing) == (3, "27", "021000021")
    assert (first.account_number, first.amount_cents) == ("000123456789", 12345)
    assert (first.individual_id, first.individual_name) == ("700000001", "JANE Q PUBLIC")
    assert (first.payment_type, first.trace_number, first.addenda) == ("S", "011000010000001", ())
    assert (second.account_number, second.is_return) == ("40047", False)
    assert (third.account_number, third.payment_type) == ("12345678901234567", "")


def test_addenda_stand_with_their_entries():
    file = read_file(RETURNS, odfi_routing=ODFI)
    assert [len(batch.entries) for batch in file.batches] == [4, 3]
    assert all(entry.is_return for _, entry in all_entries(file))
    assert [entry.addenda[0].type_code for _, entry in all_entries(file)] == ["99"] * 7
    assert file.batches[0].settlement_day == 329
    assert file.batches[1].entries[0].addenda[0].line == 14


@pytest.mark.parametrize(
    "data",
    [
        THREE.replace(b"\n", b"\r\n"),
        THREE.replace(b"\n", b"\r"),
        THREE.replace(b"\n", b""),
        THREE.rstrip(b"\n"),
        THREE + b"\n\n  \r\n",
    ],
    ids=["CRLF", "CR", "none", "no last", "blank lines"],
)
def test_line_ends_make_no_difference(data):
    assert read_file(data) == read_file(THREE)


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"", [(0, "file")]),
        (b"\r\n\n", [(0, "file")]),
        (b"  \n   \n", [(0, "file")]),
        (b"hello", [(1, "file header")]),
        (b"\xff\xfe", [(1, "file header")]),
        (b'{"returns": []}' * 40, [(1, "file header")]),
        (change(THREE, 1, 2, b"11"), [(1, "file header")]),
        (change(THREE, 1, 35, b"095"), [(1, "file header")]),
        (change(THREE, 1, 24, b"261331"), [(1, "creation date")]),
        (change(THREE, 1, 24, b"26 1 1"), [(1, "creation date")]),
        (change(THREE, 1, 24, b"000000"), [(1, "creation date")]),
        (without(THREE, 7, 8, 9, 10), [(6, "file control")]),
        (without(THREE, 6, 7, 8, 9, 10), [(5, "batch control"), (5, "file control")]),
        (THREE[:500], [(6, "record"), (6, "file control")]),
        (
            without(THREE, 7),
            [(7, "record type"), (8, "record type"), (9, "record type"), (9, "file control")],
        ),
        (without(THREE, 6) + FILL, [(6, "batch control")]),
        (
            without(THREE, 2) + FILL,
            [(2, "record type"), (3, "record type"), (4, "record type"), (5, "record type")],
        ),
        (change(THREE, 3, 1, THREE[:94]), [(3, "record type")]),
        (
            THREE + without(THREE, 13, 7),
            [(17, "record type"), (18, "record type"), (19, "record type"), (19, "file control")],
        ),
        (THREE + b"hello\n", [(11, "record")]),
        (THREE + b"1" * 94, [(11, "file header")]),
        (change(THREE, 3, 1, b"X"), [(3, "record type")]),
        (change(THREE, 3, 1, b"7"), [(3, "record type")]),
        (change(THREE, 3, 1, b" " * 94), SUMS_WITHOUT_ONE),
        (change(THREE, 3, 30, b"\xb2"), [(3, "record")]),
        (change(THREE, 2, 51, b"\xc9"), [(2, "record")]),
        (change(THREE, 2, 80, b"\t"), [(2, "record")]),
        (change(THREE, 6, 5, b"\x00"), [(6, "record")]),
        (change(THREE, 7, 5, b"\x00"), [(7, "record")]),
        (THREE.replace(b"INS PREM  ", b"INS PREM   "), [(2, "record")]),
        (change(THREE, 3, 2, b"2X"), [(3, "transaction code")]),
        (change(THREE, 3, 4, b"02X"), [(3, "receiving routing number")]),
        (change(THREE, 3, 30, b" "), [(3, "amount")]),
        (change(THREE, 2, 51, b"IAT"), [(2, "SEC code")]),
        (change(THREE, 2, 88, b"X"), [(2, "batch number"), (6, "batch number")]),
        (change(THREE, 2, 88, b"0000002"), [(6, "batch number")]),
        (change(THREE, 2, 80, b"02100002"), [(6, "ODFI routing number")]),
        (change(THREE, 2, 80, b"0210000X"), [(2, "ODFI routing number"), (6, "ODFI routing number")]),
        (change(THREE, 6, 2, b"200"), [(6, "service class")]),
        (change(THREE, 6, 5, b"000004"), [(6, "entry and addenda count")]),
        (change(THREE, 6, 11, b"0"), []),
        (change(THREE, 6, 11, b"1"), [(6, "entry hash")]),
        (change(THREE, 6, 21, b"1"), [(6, "total debits")]),
        (change(THREE, 6, 33, b"1"), [(6, "total credits")]),
        (change(THREE, 6, 45, b"2"), [(6, "company identification")]),
        (change(THREE, 3, 31, b"9"), [(6, "total debits"), (7, "total debits")]),
        (change(THREE, 3, 2, b"22"), [(n, f"total {x}") for n in (6, 7) for x in ("debits", "credits")]),
        (change(THREE, 7, 2, b"000002"), [(7, "batch count")]),
        (change(THREE, 7, 8, b"000002"), [(7, "block count")]),
        (change(THREE, 7, 14, b"00000004"), [(7, "entry and addenda count")]),
        (change(THREE, 7, 22, b"1"), [(7, "entry hash")]),
        (change(THREE, 7, 32, b"1"), [(7, "total debits")]),
        (change(THREE, 7, 44, b"1"), [(7, "total credits")]),
        (change(THREE, 8, 50, b"8"), [(8, "record")]),
    ],
)
def test_what_is_wrong_is_named_with_line_and_field(data, found):
    if found:
        assert problems(data) == found
    else:
        read_file(data)  # the same file


RULES = {
    "nacha.empty-file": b"",
    "nacha.no-nacha-file": b"hello",
    "nacha.creation-date": change(THREE, 1, 24, b"261331"),
    "nacha.no-file-control": without(THREE, 7, 8, 9, 10),
    "nacha.no-batch-control": without(THREE, 6, 7, 8, 9, 10),
    "nacha.record-length": THREE[:500],
    "nacha.after-file-control": change(THREE, 8, 50, b"8"),
    "nacha.misplaced-record": without(THREE, 2) + FILL,
    "nacha.record-type": change(THREE, 3, 1, b"X"),
    "nacha.not-ascii": change(THREE, 2, 80, b"\t"),
    "nacha.transaction-code": change(THREE, 3, 2, b"2X"),
    "nacha.digits": change(THREE, 3, 4, b"02X"),
    "nacha.unread-sec-code": change(THREE, 2, 51, b"IAT"),
    "nacha.differs-from-header": change(THREE, 6, 2, b"200"),
    "nacha.sum": change(THREE, 6, 11, b"1"),
}


@pytest.mark.parametrize("rule", RULES)
def test_each_problem_names_its_rule(rule):
    with pytest.raises(NachaReadError) as caught:
        read_files(RULES[rule])
    assert rule in {problem.rule for problem in caught.value.found}
    assert any(problem.endswith(f" [{rule}]") for problem in caught.value.problems)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("cut_short.ach", [(9, "batch control"), (9, "file control")]),
        ("wrong_totals.ach", [(11, "total debits")]),
        ("another_banks_returns.ach", [(3, "receiving routing number")]),
    ],
)
def test_broken_files_are_refused(name, found):
    data = (GOLDEN / name).read_bytes()
    assert problems(data, ODFI) == found
    with pytest.raises(NachaReadError):
        read_returns(data, odfi_routing=ODFI)


def test_entries_another_bank_sent_are_refused():
    assert problems(THREE, "02100002") == [(line, "batch header") for line in (3, 4, 5)]
    with pytest.raises(NachaReadError, match=r"\[nacha\.other-bank\]"):
        read_files(THREE, odfi_routing="02100002")


def test_dates_may_be_left_out():
    data = change(change(THREE, 2, 70, b"      "), 1, 30, b"    ")
    file = read_file(data)
    assert file.creation_time is None
    assert file.batches[0].effective_entry_date is None
    assert read_file(change(THREE, 2, 70, b"000000")).batches[0].effective_entry_date is None
    assert as_date("260230") is None


def test_problems_are_bounded_and_counted():
    lines = THREE.split(b"\n")
    with pytest.raises(NachaReadError) as caught:
        read_file(b"\n".join([lines[0], *[b"6"] * 500]))
    assert caught.value.count == 501  # each too short, and no file control
    assert len(caught.value.found) == 100
    assert caught.value.problems[-1] == "and 401 more problems"


def test_no_message_quotes_the_file():
    shifted = THREE.replace(b"\n", b"").replace(b"MA HLTH", b"MAHLTH")
    for data in (shifted, change(THREE, 3, 30, b"X"), THREE[:350], RETURNS[:1000]):
        with pytest.raises(NachaReadError) as caught:
            read_file(data, odfi_routing="02100002")
        for secret in ("123456", "40047", "456789", "700000001", "JANE", "NUNEZ"):
            assert secret not in str(caught.value)
    assert "000123456789" not in repr(read_file(RETURNS))


@pytest.mark.parametrize("name", ["three_debits.ach", "returns.ach"])
def test_every_wrong_digit_in_a_control_is_found(name):
    data = (GOLDEN / name).read_bytes()
    lines = data.split(b"\n")
    for number, line in enumerate(lines, 1):
        if line[:1] in b"89" and line:
            for position in range(1, 95):
                digit = line[position - 1 : position]
                if digit.isdigit():
                    wrong = str((int(digit) + 1) % 10).encode()
                    assert problems(change(data, number, position, wrong)), (number, position)


@given(st.binary(max_size=400), st.booleans())
def test_bytes_of_any_kind_raise_nothing_else(data, header):
    with suppress(NachaReadError):
        read_returns(THREE[:95] * header + data)


@given(
    st.lists(
        st.tuples(
            st.sampled_from([THREE, RETURNS, (GOLDEN / "notifications_of_change.ach").read_bytes()]).map(
                lambda data: data.splitlines()
            ),
            st.integers(0, 20),
            st.integers(0, 93),
            st.binary(max_size=3),
        ),
        min_size=1,
        max_size=6,
    )
)
def test_lines_in_any_order_and_damage_raise_nothing_else(pieces):
    lines = [THREE.splitlines()[0]]
    for source, number, position, text in pieces:
        line = source[number % len(source)]
        lines += [line, line[:position] + text + line[position + len(text) :], *source[number:]]
    with suppress(NachaReadError):
        read_returns(b"\n".join(lines))


_ENTRIES = st.lists(
    st.builds(
        Entry,
        transaction_code=st.sampled_from(["22", "27", "28", "32", "37", "38"]),
        receiving_routing=st.sampled_from(["021000021", "211391825", "011000015", "322271627"]),
        account_number=st.text("0123456789AZ-", min_size=10, max_size=17) | st.just("0012"),
        amount_cents=st.integers(1, 9_999_999_999),
        individual_id=st.text("0189 AZ~!", max_size=13).map(lambda text: f"1{text}1"),
        individual_name=st.text("AZ ", max_size=20).map(lambda text: f"A{text}Z"),
        trace_number=st.just(""),
        payment_type=st.just(""),
    ).map(lambda entry: replace(entry, amount_cents=0) if entry.transaction_code[1] == "8" else entry),
    min_size=1,
    max_size=4,
)
_TEXT = st.text("AZ09&./-", max_size=8)
_SOME = _TEXT.filter(bool)


@given(
    st.builds(
        FileSettings,
        destination=st.integers(1, 10**9 - 1).map("{:10}".format),
        origin=st.integers(0, 10**10 - 1).map("{:010}".format),
        destination_name=_TEXT,
        origin_name=_TEXT,
        creation_date=st.just(date(2026, 11, 20)),
        creation_time=st.times().map(lambda at: at.replace(second=0, microsecond=0)),
        file_id_modifier=st.sampled_from("AZ09"),
        reference_code=_TEXT,
        line_end=st.sampled_from(["LF", "CRLF"]),
        final_newline=st.booleans(),
    ),
    st.lists(
        st.tuples(
            st.builds(
                BatchHeader,
                company_name=_SOME,
                company_id=_SOME,
                sec_code=st.just("PPD"),
                entry_description=_SOME,
                effective_entry_date=st.just(date(2026, 11, 23)),
                odfi_routing=st.just(ODFI),
                service_class=st.just(MIXED),
                discretionary_data=_TEXT,
            ),
            _ENTRIES,
        ),
        min_size=1,
        max_size=2,
    ),
)
def test_what_was_written_is_read_back(settings, batches):
    sequence = iter(range(1, 10_000))
    numbered = [
        (header, [replace(each, trace_number=f"{ODFI}{next(sequence):07}") for each in entries])
        for header, entries in batches
    ]
    file = read_file(file_bytes(settings, numbered), odfi_routing=ODFI)
    for name in (
        "destination",
        "origin",
        "destination_name",
        "origin_name",
        "creation_date",
        "creation_time",
    ):
        assert getattr(file, name) == getattr(settings, name)
    assert (file.file_id_modifier, file.reference_code) == (
        settings.file_id_modifier,
        settings.reference_code,
    )
    for number, (record, (header, entries)) in enumerate(zip(file.batches, numbered, strict=True), 1):
        assert record.batch_number == number
        assert record.service_class == str(header.service_class)
        for name in (
            "company_name",
            "company_id",
            "entry_description",
            "effective_entry_date",
            "discretionary_data",
        ):
            assert getattr(record, name) == getattr(header, name)
        for read, written in zip(record.entries, entries, strict=True):
            for part in fields(Entry):
                expected = getattr(written, part.name)
                if part.name == "individual_name":
                    expected = " ".join(expected.split())
                assert getattr(read, part.name) == expected


def test_credits_count_among_credits():
    header = BatchHeader("MA HLTH", "1", "PPD", "REFUND", date(2026, 11, 23), ODFI, CREDITS)
    entry = Entry("22", "021000021", "123456789", 5, "1", "A", ODFI + "0000001", "")
    settings = FileSettings(" 011000015", "1041234567", "", "", date(2026, 11, 20), time(9))
    data = file_bytes(settings, [(header, [entry])])
    assert read_file(data).batches[0].entries[0].amount_cents == 5
    assert problems(change(data, 4, 44, b"0")) == [(4, "total credits")]

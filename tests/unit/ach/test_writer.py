"""Nacha files that are written: byte for byte, balanced, or refused with every reason."""

import tracemalloc
from dataclasses import replace
from datetime import date, time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.us import rtn
from support.nacha import check_balance, entries_of, file_bytes, lines_of

from ivr.ach.records import (
    AMOUNT_MAX_CENTS,
    CREDITS,
    MIXED,
    BatchHeader,
    Entry,
    FileSettings,
    batch_faults,
    date_faults,
    entry_problems,
    file_problems,
    transaction_code,
)
from ivr.ach.writer import NachaWriteError, Totals, _size_faults, write_file
from ivr.base.errors import OperatorError

GOLDEN = Path(__file__).parents[2] / "ach" / "golden"
ODFI = "01100001"
SETTINGS = FileSettings(
    destination=" 011000015",
    origin="1041234567",
    destination_name="Federal Reserve Bank",
    origin_name="MA Health Connector",
    creation_date=date(2026, 11, 20),
    creation_time=time(15, 30),
)
HEADER = BatchHeader(
    company_name="MA HLTH CONNECT",
    company_id="1041234567",
    sec_code="TEL",
    entry_description="INS PREM",
    effective_entry_date=date(2026, 11, 23),
    odfi_routing=ODFI,
    descriptive_date=date(2026, 11, 20),
)
ENTRY = Entry("27", "021000021", "000123456789", 12345, "700000001", "Jane Q Public", ODFI + "0000001")


def entries(count, first=1):
    return (replace(ENTRY, trace_number=f"{ODFI}{number:07}") for number in range(first, first + count))


def refused(settings=SETTINGS, batches=()) -> NachaWriteError:
    with pytest.raises(NachaWriteError) as caught:
        file_bytes(settings, batches)
    return caught.value


def places(error):
    return [(problem.batch, problem.entry, problem.field) for problem in error.found]


def test_three_debits_come_out_byte_for_byte():
    three = [
        ENTRY,
        Entry("37", "211391825", "40047", 9900, "700000002", "José Núñez", ODFI + "0000002"),
        Entry("27", "011000015", "12345678901234567", 100, "700000003", "A B", ODFI + "0000003", ""),
    ]
    assert file_bytes(SETTINGS, [(HEADER, three)]) == (GOLDEN / "three_debits.ach").read_bytes()


@pytest.mark.parametrize(
    ("line_end", "final_newline", "end"),
    [("LF", True, b"\n"), ("LF", False, b""), ("CRLF", True, b"\r\n"), ("CRLF", False, b"")],
)
def test_line_ends_are_the_banks_choice(line_end, final_newline, end):
    settings = replace(SETTINGS, line_end=line_end, final_newline=final_newline)
    data = file_bytes(settings, [(HEADER, entries(3))])
    between = {"LF": b"\n", "CRLF": b"\r\n"}[line_end]
    assert data.endswith(b"9" + end)
    assert len(data.removesuffix(end).split(between)) == 10
    assert data.count(b"\n") == 9 + bool(end)
    assert data.count(b"\r") == (data.count(b"\n") if line_end == "CRLF" else 0)
    assert len(data.replace(b"\r", b"").replace(b"\n", b"")) == 940


@pytest.mark.parametrize(("count", "fill"), [(1, 5), (5, 1), (6, 0), (7, 9), (10, 6), (11, 5)])
def test_files_of_any_size_balance(count, fill):
    data = file_bytes(SETTINGS, [(HEADER, entries(count))])
    assert check_balance(data)["entries"] == count
    assert lines_of(data).count("9" * 94) == fill


@pytest.mark.whole
def test_a_hundred_thousand_entries_balance_and_need_little_memory():
    class Sink:
        def __init__(self):
            self.data = bytearray()

        def write(self, piece):
            self.data += piece

    sink = Sink()
    halves = [(HEADER, entries(50_000)), (replace(HEADER, sec_code="TEL"), entries(50_000, 50_001))]
    totals = write_file(SETTINGS, halves, sink.write)
    found = check_balance(bytes(sink.data))
    assert (totals.entries, totals.batches, totals.lines) == (100_000, 2, len(sink.data) // 95)
    assert found == {
        "batches": 2,
        "blocks": totals.blocks,
        "entries": 100_000,
        "hash": totals.entry_hash,
        "debits": totals.debit_cents,
        "credits": totals.credit_cents,
    }


def test_memory_does_not_hold_the_entries():
    tracemalloc.start()
    try:
        write_file(SETTINGS, [(HEADER, entries(5000))], lambda piece: None)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2 * 2**20  # the entries alone would be more than 3 MiB


def test_the_hash_keeps_its_rightmost_ten_digits():
    many = [replace(each, receiving_routing="322271627") for each in entries(400)]
    assert check_balance(file_bytes(SETTINGS, [(HEADER, many)]))["hash"] == 32227162 * 400 % 10**10


def test_batches_of_all_kinds_balance():
    refunds = replace(
        HEADER, sec_code="PPD", service_class=CREDITS, entry_description="REFUND", descriptive_date=None
    )
    reversal = replace(HEADER, entry_description="REVERSAL", service_class=CREDITS)
    prenotes = replace(HEADER, service_class=MIXED, discretionary_data="AS YOU LIKE IT")
    data = file_bytes(
        replace(SETTINGS, reference_code="A1", file_id_modifier="0"),
        [
            (HEADER, entries(2)),
            (
                refunds,
                [replace(ENTRY, transaction_code="32", payment_type="", trace_number=ODFI + "0000007")],
            ),
            (reversal, [replace(ENTRY, transaction_code="22", trace_number=ODFI + "0000008")]),
            (
                prenotes,
                [replace(ENTRY, transaction_code="38", amount_cents=0, trace_number=ODFI + "0000009")],
            ),
        ],
    )
    found = check_balance(data)
    assert (found["debits"], found["credits"], found["batches"]) == (24690, 24690, 4)
    lines = lines_of(data)
    assert lines[0][33] == "0"
    assert lines[0][86:] == "A1      "
    assert lines[1][68:79] == "0261123   1"
    assert [line[63:69] for line in lines if line[0] == "5"] == ["261120", "      ", "261120", "261120"]
    assert [line[20:40] for line in lines if line[0] == "5"][3] == "AS YOU LIKE IT      "
    assert [each["type"] for each in entries_of(data)] == ["S ", "S ", "  ", "S ", "S "]


@pytest.mark.parametrize(
    ("account_type", "kind", "code"),
    [
        ("checking", "credit", "22"),
        ("checking", "debit", "27"),
        ("checking", "prenote", "28"),
        ("savings", "credit", "32"),
        ("savings", "debit", "37"),
        ("savings", "prenote", "38"),
    ],
)
def test_transaction_codes(account_type, kind, code):
    assert transaction_code(account_type, kind) == code


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"destination": "011000015"}, "destination"),
        ({"destination": " " * 10}, "destination"),
        ({"origin": "10412345678"}, "origin"),
        ({"origin": "104123456é"}, "origin"),
        ({"destination_name": "X" * 24}, "destination_name"),
        ({"origin_name": "MA Héalth"}, "origin_name"),
        ({"origin_name": " MA"}, "origin_name"),
        ({"reference_code": "X" * 9}, "reference_code"),
        ({"file_id_modifier": "a"}, "file_id_modifier"),
        ({"file_id_modifier": "AB"}, "file_id_modifier"),
        ({"creation_date": date(1999, 12, 31)}, "creation_date"),
    ],
)
def test_a_wrong_file_header_is_refused(change, field):
    settings = replace(SETTINGS, **change)
    assert [problem.field for problem in file_problems(settings)] == [field]
    assert (None, None, field) in places(refused(settings, [(HEADER, entries(1))]))


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"service_class": 280}, "service_class"),
        ({"sec_code": "WEB"}, "sec_code"),
        ({"company_name": ""}, "company_name"),
        ({"company_name": "X" * 17}, "company_name"),
        ({"company_id": " "}, "company_id"),
        ({"company_id": "X" * 11}, "company_id"),
        ({"entry_description": ""}, "entry_description"),
        ({"entry_description": "HEALTH PREM"}, "entry_description"),
        ({"entry_description": "Retry pymt"}, "entry_description"),
        ({"entry_description": "reversal"}, "entry_description"),
        ({"discretionary_data": " "}, "discretionary_data"),
        ({"descriptive_date": date(2100, 1, 1)}, "descriptive_date"),
        ({"effective_entry_date": date(1926, 11, 23)}, "effective_entry_date"),
        ({"odfi_routing": "011000015"}, "odfi_routing"),
        ({"odfi_routing": "0110000x"}, "odfi_routing"),
    ],
)
def test_a_wrong_batch_header_is_refused(change, field):
    header = replace(HEADER, **change)
    assert [name for name, _, _ in batch_faults(header)] == [field]
    assert (1, None, field) in places(refused(batches=[(header, entries(1))]))


@pytest.mark.parametrize(
    ("day", "wrong"),
    [
        ("2026-11-19", "before"),
        ("2026-11-20", None),  # the same day
        ("2026-11-21", "not a banking day"),
        ("2026-11-23", None),
        ("2026-11-24", None),  # made after the cutoff
        ("2026-11-25", "more than two"),
        ("2026-11-26", "not a banking day"),
    ],
)
def test_the_effective_entry_date_must_be_one_the_bank_will_take(day, wrong):
    header = replace(HEADER, effective_entry_date=date.fromisoformat(day))
    found = list(date_faults(SETTINGS, header))
    assert [name for name, _, _ in found] == ["effective_entry_date"] * bool(wrong)
    assert not wrong or wrong in found[0][2]
    if wrong:
        assert places(refused(batches=[(header, entries(1))])) == [(1, None, "effective_entry_date")]


def test_an_extraordinary_closing_moves_what_is_possible():
    closed = replace(SETTINGS, closings=frozenset({date(2026, 11, 23)}))
    assert list(date_faults(closed, HEADER))
    assert not list(date_faults(closed, replace(HEADER, effective_entry_date=date(2026, 11, 25))))


@pytest.mark.parametrize(
    ("header", "change", "field"),
    [
        ({}, {"transaction_code": "21"}, "transaction_code"),
        ({}, {"transaction_code": ""}, "transaction_code"),
        ({"entry_description": "REVERSAL"}, {"transaction_code": "22"}, "transaction_code"),
        ({"service_class": CREDITS}, {}, "transaction_code"),
        ({"service_class": CREDITS}, {"transaction_code": "22"}, "transaction_code"),  # a refund as TEL
        ({}, {"receiving_routing": "02100002"}, "receiving_routing"),
        ({}, {"receiving_routing": "021000020"}, "receiving_routing"),
        ({}, {"receiving_routing": "000000000"}, "receiving_routing"),
        ({}, {"receiving_routing": "512345678"}, "receiving_routing"),
        ({}, {"account_number": ""}, "account_number"),
        ({}, {"account_number": "123"}, "account_number"),
        ({}, {"account_number": "123456789012345678"}, "account_number"),
        ({}, {"account_number": "1234 5678"}, "account_number"),
        ({}, {"account_number": "1234é5678"}, "account_number"),
        ({}, {"account_number": "021000021"}, "account_number"),
        ({}, {"amount_cents": 0}, "amount_cents"),
        ({}, {"amount_cents": -1}, "amount_cents"),
        ({}, {"amount_cents": AMOUNT_MAX_CENTS + 1}, "amount_cents"),
        ({}, {"transaction_code": "28", "amount_cents": 1}, "amount_cents"),
        ({}, {"individual_id": ""}, "individual_id"),
        ({}, {"individual_id": "1" * 16}, "individual_id"),
        ({}, {"individual_id": " 1"}, "individual_id"),
        ({}, {"individual_name": ""}, "individual_name"),
        ({}, {"individual_name": "000"}, "individual_name"),
        ({}, {"individual_name": "\N{GRINNING FACE}"}, "individual_name"),
        ({}, {"trace_number": "01100001000001"}, "trace_number"),
        ({}, {"trace_number": "021000020000001"}, "trace_number"),
        ({}, {"payment_type": "R"}, "payment_type"),
        ({"sec_code": "PPD"}, {}, "payment_type"),
    ],
)
def test_a_wrong_entry_is_refused(header, change, field):
    header, entry = replace(HEADER, **header), replace(ENTRY, **change)
    assert [problem.field for problem in entry_problems(header, entry)] == [field]
    assert places(refused(batches=[(header, [entry])])) == [(1, 1, field)]


RULES = [
    ("nacha.assigned-number", SETTINGS, {"origin": "1"}),
    ("nacha.file-modifier", SETTINGS, {"file_id_modifier": "a"}),
    ("nacha.text-long", SETTINGS, {"origin_name": "X" * 24}),
    ("nacha.year", SETTINGS, {"creation_date": date(2100, 1, 4)}),
    ("nacha.service-class", HEADER, {"service_class": 280}),
    ("nacha.sec-code", HEADER, {"sec_code": "WEB"}),
    ("nacha.text-empty", HEADER, {"company_name": ""}),
    ("nacha.text-not-ascii", HEADER, {"company_name": "Año"}),
    ("nacha.text-blanks", HEADER, {"company_name": " X"}),
    ("nacha.capitals", HEADER, {"entry_description": "Prem"}),
    ("nacha.odfi-routing-number", HEADER, {"odfi_routing": "011000015"}),
    ("nacha.no-banking-day", HEADER, {"effective_entry_date": date(2026, 11, 21)}),
    ("nacha.effective-date-past", HEADER, {"effective_entry_date": date(2026, 11, 19)}),
    ("nacha.effective-date-far", HEADER, {"effective_entry_date": date(2026, 11, 25)}),
    ("nacha.transaction-code", ENTRY, {"transaction_code": "21"}),
    ("nacha.routing-number", ENTRY, {"receiving_routing": "021000020"}),
    ("nacha.account-number", ENTRY, {"account_number": "123"}),
    ("nacha.amount", ENTRY, {"amount_cents": 0}),
    ("nacha.name-without-letters", ENTRY, {"individual_name": "000"}),
    ("nacha.trace-number", ENTRY, {"trace_number": "021000020000001"}),
    ("nacha.payment-type", ENTRY, {"payment_type": "R"}),
]


@pytest.mark.parametrize(("rule", "value", "change"), RULES)
def test_each_problem_names_its_rule(rule, value, change):
    settings, header, entry = (
        replace(each, **change) if each is value else each for each in (SETTINGS, HEADER, ENTRY)
    )
    found = refused(settings, [(header, [entry])])
    assert rule in {problem.rule for problem in found.found}
    assert any(problem.endswith(f" [{rule}]") for problem in found.problems)


def test_what_is_wrong_of_the_whole_names_its_rule():
    header = replace(HEADER, service_class=CREDITS)
    assert {each.rule for each in entry_problems(header, ENTRY)} == {"nacha.other-direction"}
    [tel] = entry_problems(header, replace(ENTRY, transaction_code="22"))
    assert tel.rule == "nacha.tel-credit"
    assert {each.rule for each in refused().found} == {"nacha.no-entries"}
    assert {each.rule for each in refused(batches=[(HEADER, [ENTRY, ENTRY])]).found} == {"nacha.trace-order"}
    assert {rule for _, rule, _ in Totals(entries=10**6, debit_cents=10**12).faults(10**6)} == {
        "nacha.too-large"
    }


def test_all_problems_are_named_with_their_places_and_nothing_more_is_written():
    written = []
    bad = replace(ENTRY, amount_cents=0, account_number="98 76 54 32 10", trace_number=ODFI + "0000003")
    batches = [
        (HEADER, [*entries(2), bad, replace(ENTRY, trace_number=ODFI + "0000004", individual_name="?")]),
        (replace(HEADER, company_name=""), entries(2, 10)),
        (HEADER, []),
    ]
    with pytest.raises(NachaWriteError) as caught:
        write_file(SETTINGS, batches, written.append)
    error = caught.value
    assert isinstance(error, OperatorError)
    assert places(error) == [
        (1, 3, "account_number"),
        (1, 3, "amount_cents"),
        (1, 4, "individual_name"),
        (2, None, "company_name"),
        (3, None, "entries"),
    ]
    assert error.count == len(error.problems) == 5
    assert error.problems[0].startswith("batch 1, entry 3, account_number: must be 4 to 17")
    assert error.problems[4].startswith("batch 3, entries: ")
    assert "98" not in str(error)
    assert len(written) == 4  # up to the first problem, and no further


def test_no_account_number_shows_anywhere():
    assert "000123456789" not in repr(ENTRY)
    for account in ("021000021", "1 2 3 4 5 6", "9" * 18):
        assert account not in str(refused(batches=[(HEADER, [replace(ENTRY, account_number=account)])]))


def test_traces_ascend_within_a_batch_and_are_unique_in_a_file():
    same = [*entries(1), *entries(1)]
    assert places(refused(batches=[(HEADER, same)])) == [(1, 2, "trace_number")]
    assert "higher than that of the entry before" in str(refused(batches=[(HEADER, list(same))]))
    falling = [*entries(1, 5), *entries(1, 4)]
    assert places(refused(batches=[(HEADER, falling)])) == [(1, 2, "trace_number")]
    twice = [(HEADER, entries(2)), (HEADER, entries(1, 2))]
    assert places(refused(batches=twice)) == [(2, 1, "trace_number")]
    wrapped = [(HEADER, entries(1, 9_999_999)), (HEADER, entries(1, 0))]
    assert check_balance(file_bytes(SETTINGS, wrapped))["entries"] == 2


def test_no_entries_no_file():
    assert places(refused()) == [(None, None, "batches")]
    assert refused().problems == (
        "batches: there are none, and a file without entries is no file [nacha.no-entries]",
    )
    assert places(refused(batches=[(HEADER, [])])) == [(1, None, "entries")]


def test_more_than_a_thousand_problems_are_counted():
    error = refused(batches=[(HEADER, [replace(ENTRY, amount_cents=0)] * 600)])
    assert error.count == 600 + 599
    assert len(error.found) == 1000
    assert error.problems[-1] == "and 199 more problems"


def test_a_batch_total_beyond_twelve_digits_is_refused():
    most = [replace(each, amount_cents=AMOUNT_MAX_CENTS) for each in entries(101)]
    assert check_balance(file_bytes(SETTINGS, [(HEADER, most[:100])]))["debits"] == 999_999_999_900
    assert places(refused(batches=[(HEADER, most)])) == [(1, None, "total"), (None, None, "total")]
    halves = [(HEADER, most[:51]), (HEADER, most[51:])]
    assert places(refused(batches=halves)) == [(None, None, "total")]


@pytest.mark.parametrize(("count", "faults"), [(999_999, []), (1_000_000, ["entries"])])
def test_a_count_must_fit_its_field(count, faults):
    assert [name for name, _, _ in Totals(entries=count).faults(10**6)] == faults


@pytest.mark.parametrize(
    ("batches", "blocks", "faults"),
    [
        (999_999, 999_999, []),
        (10**6, 999_999, ["batches"]),
        (1, 10**6, ["blocks"]),
    ],
)
def test_batches_and_blocks_must_fit_theirs(batches, blocks, faults):
    assert [name for name, _, _ in _size_faults(batches, blocks)] == faults


@given(
    st.lists(
        st.builds(
            Entry,
            transaction_code=st.sampled_from(["27", "37"]),
            receiving_routing=st.integers(1_000_000, 12_999_999).map(
                lambda number: f"{number:08}{rtn.calc_check_digit(f'{number:08}')}"
            ),
            account_number=st.integers(0, 10**17 - 1).map("{:010}".format),
            amount_cents=st.integers(1, AMOUNT_MAX_CENTS),
            individual_id=st.integers(10**10, 10**11 - 1).map(str),
            individual_name=st.text(max_size=30).map(lambda text: "A" + text),
            trace_number=st.just(""),
        ),
        min_size=1,
        max_size=12,
    )
)
def test_whatever_is_written_balances(drawn):
    numbered = [replace(each, trace_number=f"{ODFI}{place:07}") for place, each in enumerate(drawn, 1)]
    data = file_bytes(SETTINGS, [(HEADER, numbered)])
    assert check_balance(data)["debits"] == sum(each.amount_cents for each in drawn)
    for sliced, entry in zip(entries_of(data), numbered, strict=True):
        assert sliced["account"] == entry.account_number.ljust(17)
        assert sliced["name"][0] == "A"
        assert sliced["type"] + sliced["addenda"] == "S 0"

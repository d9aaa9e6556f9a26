"""What comes back from the bank, from files made by hand."""

from datetime import date
from pathlib import Path

import pytest

from ivr.ach.return_codes import RETURN_RULES, return_rule
from ivr.ach.returns import CorrectedData, read_returns, settled_on

GOLDEN = Path(__file__).parents[2] / "ach" / "golden"
ODFI = "01100001"


def came(name):
    return read_returns((GOLDEN / name).read_bytes(), odfi_routing=ODFI)


def edited(name, *changes):
    """Return a golden file with other characters at (line, position), both counted from 1."""
    lines = (GOLDEN / name).read_bytes().splitlines()
    for line, position, text in changes:
        old = lines[line - 1]
        lines[line - 1] = old[: position - 1] + text + old[position - 1 + len(text) :]
    return read_returns(b"\n".join(lines), odfi_routing=ODFI)


def test_returns_say_which_entry_and_why():
    file = came("returns.ach")
    assert (file.changes, file.others, file.allowances) == ((), (), ())
    assert [(each.code, each.original_trace_number, each.amount_cents) for each in file.returns] == [
        ("R01", "011000010000001", 12345),
        ("R02", "011000010000002", 9900),
        ("R03", "011000010000003", 100),
        ("R07", "011000010000004", 31015),
        ("R10", "011000010000005", 2200),
        ("R14", "011000010000006", 45000),
        ("R99", "011000010000007", 1),
    ]
    first = file.returns[0]
    assert (first.line, first.transaction_code, first.sec_code) == (4, "26", "TEL")
    assert (first.individual_id, first.individual_name) == ("700000001", "JANE Q PUBLIC")
    assert (first.company_id, first.company_name) == ("1041234567", "MA HLTH CONNECT")
    assert first.account_number == "000123456789"
    assert (first.entry_description, first.original_rdfi) == ("HLTH PREM", "02100002")
    assert (first.effective_entry_date, first.settlement_date) == (date(2026, 11, 23), date(2026, 11, 25))
    assert (first.trace_number, first.date_of_death, first.information) == ("021000020000101", None, "")
    assert file.returns[4].information == "CUSTOMER SAYS NOT HERS"
    assert file.returns[5].date_of_death == date(2026, 11, 15)
    assert file.returns[5].transaction_code == "36"
    assert file.files[0].creation_date == date(2026, 11, 25)


def test_corrected_data_are_cut_out_by_position():
    file = came("notifications_of_change.ach")
    assert (file.returns, file.allowances) == ((), ())
    assert [(each.code, each.corrected) for each in file.changes] == [
        ("C01", CorrectedData(account_number="000123456780")),
        ("C02", CorrectedData(routing_number="211391825")),
        ("C03", CorrectedData(routing_number="021000021", account_number="0099-8877001")),
        ("C05", CorrectedData(transaction_code="37")),
        ("C06", CorrectedData(account_number="880012345", transaction_code="37")),
        (
            "C07",
            CorrectedData(routing_number="211391825", account_number="0077001235", transaction_code="27"),
        ),
        ("C04", CorrectedData(individual_name="CONAN O BRIEN")),
        ("C09", CorrectedData(individual_id="700000080")),
    ]
    assert [each.corrected.account_type for each in file.changes[2:6]] == [
        None,
        "savings",
        "savings",
        "checking",
    ]
    assert [each.original_trace_number[8:] for each in file.changes] == [f"{n:07}" for n in range(11, 19)]
    assert (file.changes[0].amount_cents, file.changes[0].sec_code) == (0, "COR")
    assert [(each.line, each.kind, each.code) for each in file.others] == [
        (20, "unknown_notification", "C13"),
        (22, "refused_notification", "C61"),
    ]


def test_notifications_that_cannot_be_used_are_for_a_person_with_what_was_read():
    file = came("notifications_that_cannot_be_used.ach")
    assert [(each.line, each.kind, each.code) for each in file.others] == [
        (line, "unusable_notification", code)
        for line, code in zip(
            range(4, 20, 2), ["C02", "C03", "C01", "C05", "C01", "C05", "-", "C07"], strict=True
        )
        if code != "-"
    ]
    rules = {each.rule for other in file.others for each in other.problems}
    assert rules == {"nacha.corrected-data", "nacha.amount"}
    assert [(each.line, each.field, other.read) for other in file.others for each in other.problems] == [
        (4, "corrected routing number (C02)", "corrected data: *****0022"),
        # The account follows without its three blanks: it may as well be one account number of 17 digits.
        (6, "corrected data (C03)", "corrected data: *************3322"),
        (8, "corrected account number (C01)", "corrected data: 123"),
        (10, "corrected transaction code (C05)", "corrected data: 47"),
        (12, "corrected account number (C01)", "corrected data: blank"),
        (13, "amount", "corrected data: 37"),
        (18, "corrected routing number (C07)", "corrected data: ********* ********35      27"),
    ]
    assert [each.original_trace_number for each in file.changes] == ["011000010000027"]
    words = " ".join(str(problem) for other in file.others for problem in other.problems) + repr(file)
    for secret in ("021000022", "00443322", "40047", "123.", "400000008"):
        assert secret not in words


# Corrected data as they came, and what they mean: where they are not in their places, only if it is sure.
CORRECTED = [
    ("C01", "   000123456780", {"account_number": "000123456780"}),
    ("C01", "            00123456789012345", {"account_number": "00123456789012345"}),
    ("C01", "00123456789012345678", None),
    ("C02", "    211391825", {"routing_number": "211391825"}),
    ("C02", "            211391824", None),
    ("C02", "211391825 0", None),
    ("C03", "021000021 0987654321", {"routing_number": "021000021", "account_number": "0987654321"}),
    ("C03", "  021000021   00998877", {"routing_number": "021000021", "account_number": "00998877"}),
    ("C03", "021000021 12345", None),  # or an account number with a blank in it
    ("C03", "021000022 0987654321", None),
    ("C03", "0987654321", None),
    ("C03", "021000021", None),
    ("C05", "   37", {"transaction_code": "37"}),
    ("C05", "   47", None),
    ("C06", "123456789 111            22", {"account_number": "123456789111", "transaction_code": "22"}),
    ("C06", "  00123456789012345   37", {"account_number": "00123456789012345", "transaction_code": "37"}),
    ("C06", "12345678  22", None),  # or an account number that ends so, and no code
    ("C06", "  123456789 111          2 2", None),
    ("C07", " 2113918250077001235       27", {"routing_number": "211391825", "account_number": "0077001235", "transaction_code": "27"}),
    ("C07", " 2113918240077001235       27", None),
    ("C07", "2113918250077001235  27", None),
    ("C09", "                       700000080", None),
]  # fmt: skip


@pytest.mark.parametrize(("code", "data", "means"), CORRECTED)
def test_corrected_data_that_are_shifted_are_read_if_they_can_mean_one_thing_only(code, data, means):
    text = (code + "011000010000011" + " " * 6 + "02100002" + f"{data:<29}").encode()
    file = edited("notifications_of_change.ach", (4, 4, text))
    kept = [each for each in file.changes if each.line == 4]
    if means is None:
        assert (kept, file.allowances) == ([], ())
        assert (file.others[0].line, file.others[0].kind) == (4, "unusable_notification")
    else:
        assert [each.corrected for each in kept] == [CorrectedData(**means)]
        assert kept[0].is_shifted == (data != "   000123456780")  # that one is in its place
        assert len(file.allowances) == kept[0].is_shifted
    assert len(file.changes) == 8 - (means is None)


@pytest.mark.parametrize(
    "old",
    [
        b"      02100002  000",  # a blank lost: all that follows stands one to the left
        b"6 780                           ",
    ],
)
@pytest.mark.parametrize("new", [-1, 1])
def test_corrected_data_of_a_record_of_a_wrong_length_are_for_a_person(old, new):
    lines = (GOLDEN / "notifications_of_change.ach").read_bytes().splitlines()
    lines[3] = lines[3].replace(old, old[1:] if new < 0 else b" " + old)
    file = read_returns(b"\n".join(lines), odfi_routing=ODFI)
    assert (file.others[0].line, file.others[0].kind) == (4, "unusable_notification")
    assert len(file.changes) == 7
    assert file.allowances == (
        "line 4: the record is not 94 characters long: what came was read by position",
    )


def test_disputes_between_banks_are_set_aside():
    file = came("disputed_returns.ach")
    assert (file.returns, file.changes) == ((), ())
    assert [(each.line, each.kind, each.code, each.original_trace_number) for each in file.others] == [
        (4, "contested_return", "R71", "011000010000001"),
        (6, "dishonored_return", "R68", "011000010000001"),
    ]
    assert file.others[0].amount_cents == 12345
    assert file.others[0].individual_id == "700000001"
    assert file.others[0].trace_number == "021000020000401"


def test_entries_that_do_not_come_back_are_set_aside():
    file = came("three_debits.ach")
    assert [(each.kind, each.code, each.line) for each in file.others] == [
        ("forward", None, n) for n in (3, 4, 5)
    ]
    assert (file.returns, file.changes) == ((), ())


@pytest.mark.parametrize("text", [b"705", b"799X01", b"798R01", b"799C01", b"799R0X"])
def test_an_addenda_of_another_kind_is_set_aside(text):
    file = edited("returns.ach", (4, 1, text))
    assert [(each.kind, each.code, each.line) for each in file.others] == [("unknown", None, 3)]
    assert len(file.returns) == 6


def test_an_original_trace_that_is_none_is_for_a_person():
    file = edited("returns.ach", (4, 7, b"X"))
    [other] = file.others
    assert [(each.line, each.rule) for each in other.problems] == [(4, "nacha.trace-number")]
    assert (other.kind, other.code, other.read) == (
        "unreadable",
        "R01",
        "original trace number: ***********0001",
    )
    assert (other.amount_cents, other.individual_id, len(file.returns)) == (12345, "700000001", 6)


@pytest.mark.parametrize("indicator", [b"0", b"1"])
def test_a_return_without_its_addenda_is_for_a_person(indicator):
    lines = (GOLDEN / "returns.ach").read_bytes().splitlines()
    del lines[3]
    lines[2] = lines[2][:78] + indicator + lines[2][79:]
    lines[9] = lines[9].replace(b"22500000800", b"22500000700")
    lines = [line.replace(b"00000014", b"00000013", 1) if line[:2] == b"90" else line for line in lines]
    file = read_returns(b"\n".join([*lines, b"9" * 94]))
    [other] = file.others
    assert [(each.line, each.rule) for each in other.problems] == [(3, "nacha.one-addenda")]
    assert (other.kind, other.code, other.original_trace_number) == ("unreadable", None, None)
    assert len(file.returns) == 6


@pytest.mark.parametrize(
    "change",
    [
        (3, 79, b"0"),  # says that it has no addenda record
        (3, 2, b"27"),  # the code with which it went out
        (3, 80, b"X"),  # the other bank's own trace number
        (4, 80, b" " * 15),
        (2, 70, b"261331"),
        (2, 70, b"999999"),
        (2, 76, b"X01"),
        (2, 76, b"400"),
        (1, 30, b"2400"),
        (11, 45, b" 041234567"),
        (11, 45, b" " * 10),
    ],
)
def test_what_nothing_hangs_on_keeps_no_return_out(change):
    lines = came("returns.ach").returns
    company = {11: (2, 41, b"041234567 ")} if change[2] == b" 041234567" else {}
    file = edited("returns.ach", change, *company.values())
    assert file.others == ()
    assert [(each.code, each.original_trace_number, each.amount_cents) for each in file.returns] == [
        (each.code, each.original_trace_number, each.amount_cents) for each in lines
    ]


def test_account_numbers_show_in_no_repr():
    text = repr(came("returns.ach")) + repr(came("notifications_of_change.ach"))
    for secret in ("000123456789", "40047", "5550001111", "000123456780", "0099-8877001", "CUSTOMER SAYS"):
        assert secret not in text


@pytest.mark.parametrize(
    ("day", "near", "expected"),
    [
        (None, "2026-11-25", None),
        (329, "2026-11-25", "2026-11-25"),
        (363, "2027-01-04", "2026-12-29"),
        (4, "2026-12-31", "2027-01-04"),
        (60, "2028-03-01", "2028-02-29"),
        (60, "2027-03-01", "2027-03-01"),
    ],
)
def test_the_year_of_a_settlement_date_is_the_nearest(day, near, expected):
    found = settled_on(day, date.fromisoformat(near))
    assert found == (expected and date.fromisoformat(expected))


# Codes, and what must follow; written down a second time, column by column.
FOLLOWS = {
    "as_is": "R01 R09",
    "fresh_permission": "R08",
    "corrected": "R11 R18 R19 R25 R26 R27 R28",
    "account": "R02 R03 R04 R05 R07 R10 R14 R15 R16 R20 R29 R51 R90",
    "routing": "R12 R13",
    "quiet": "R14 R15 R16 R90",
    "unauthorized": "R05 R07 R10 R11 R29 R51",
    "administrative": "R02 R03 R04",
    "sixty_days": "R05 R07 R10 R11 R51",
    "insufficient_funds": "R01 R09",
    "account_closed": "R02",
    "no_such_account": "R03 R04",
    "account_not_usable": "R12 R13 R16 R20 R90",
    "stopped": "R08",
    "not_authorized": "R05 R07 R10 R11 R29 R51",
}


@pytest.mark.parametrize(("what", "codes"), FOLLOWS.items())
def test_the_table_of_return_codes(what, codes):
    found = {
        code
        for code, rule in RETURN_RULES.items()
        if what
        in {rule.retry, rule.block, rule.rate, rule.window, rule.reason, "quiet" if rule.quiet else None}
    }
    assert found == set(codes.split())


def test_every_code_of_the_rules_is_there_and_codes_that_only_people_can_settle_reach_one():
    assert set(RETURN_RULES) == {*(f"R{n:02}" for n in range(1, 36)), "R51", "R90"}
    alone = {code for code, rule in RETURN_RULES.items() if not rule.to_staff}
    assert alone == {"R01", "R02", "R03", "R04", "R07", "R08", "R09", "R12", "R20", "R29"}


def test_an_unknown_code_goes_to_a_person_and_stops_nothing():
    rule = return_rule("R99")
    assert (rule.code, rule.to_staff, rule.retry, rule.block, rule.rate) == (
        "R99",
        True,
        "never",
        None,
        None,
    )
    assert return_rule("R01") is RETURN_RULES["R01"]

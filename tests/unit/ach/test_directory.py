"""The Federal Reserve's directory, line by line."""

import pytest

from ivr.ach.directory import DirectoryBank, DirectoryFault, read_directory
from ivr.sandbox.members import SAMPLE_DIRECTORY

LINES = SAMPLE_DIRECTORY.read_text().splitlines()
GOOD = LINES[1]


def test_every_bank_of_the_small_directory_is_read():
    banks = list(read_directory(SAMPLE_DIRECTORY.read_text().splitlines(keepends=True)))
    assert [bank.routing_number for bank in banks] == [line[:9] for line in LINES]
    assert banks[1] == DirectoryBank(2, "021000021", "FIRST EXAMPLE BANK")


def test_what_was_cut_off_at_the_end_and_empty_lines_are_no_fault():
    assert list(read_directory([GOOD[:148] + "\r\n", "\n"])) == [
        DirectoryBank(1, "021000021", "FIRST EXAMPLE BANK")
    ]


@pytest.mark.parametrize(
    ("line", "field"),
    [
        (GOOD[:140], ""),
        (GOOD + " ", ""),
        ("021000020" + GOOD[9:], "routing_number"),
        ("02100002x" + GOOD[9:], "routing_number"),
        (GOOD[:19] + "7" + GOOD[20:], "record_type"),
        (GOOD[:35] + " " * 36 + GOOD[71:], "name"),
    ],
)
def test_a_line_that_is_wrong_is_told_by_its_field(line, field):
    (fault,) = read_directory([line])
    assert isinstance(fault, DirectoryFault)
    assert (fault.line, fault.field) == (1, field)


def test_a_number_twice_is_a_fault_that_names_the_other_line():
    _bank, fault = read_directory([GOOD, GOOD])
    assert fault == DirectoryFault(2, "routing_number", "line 1 has this number too")

"""One good file as it comes after it went through other programs: read, told, and the same."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.ach.reader import all_entries, read_files
from ivr.ach.returns import read_returns

GOLDEN = Path(__file__).parents[2] / "ach" / "golden"
ODFI = "01100001"
# 24 records and 6 fill lines; 20 records and none.
CHANGES = (GOLDEN / "notifications_of_change.ach").read_bytes().replace(b"\r\n", b"\n")
RETURNS = (GOLDEN / "returns.ach").read_bytes()
FILL = b"9" * 94 + b"\n"


def each_line(data, change):
    return b"".join(change(line) + b"\n" for line in data.splitlines())


def without_fill(data):
    return data.replace(FILL, b"")


def trimmed(data):
    return each_line(data, bytes.rstrip)


def padded(data):
    return each_line(data, lambda line: line + b"  ")


def blank_lines(data):
    return each_line(data, lambda line: line + b"\n")


def named(data, name):
    """Put another name into the first entry."""
    return data.replace(b"JANE Q PUBLIC   ", name)


BLANKS_CUT = "blanks at the end of the line had been cut off"
BLANKS_ADDED = "blanks after position 94 were left out"
BLANK_LINE = "a blank line was passed over"
FILL_LINES = "the fill lines after it do not end on a multiple of 10"
LETTER = "a character beyond ASCII in a field of words was let pass"
END_MARK = "an end-of-file mark (Ctrl-Z or NUL) was left out"
ORDER_MARK = "a byte order mark was left out"
LENGTH = "the record is not 94 characters long: what came was read by position"

# What happened to the file with changes of 30 lines; what is told of it.
HAPPENED = {
    "nothing": (CHANGES, []),
    "CRLF": (CHANGES.replace(b"\n", b"\r\n"), []),
    "CR": (CHANGES.replace(b"\n", b"\r"), []),
    "CR CR LF": (CHANGES.replace(b"\n", b"\r\r\n"), [f"lines 2, 4, 6 and 26 more: {BLANK_LINE}"]),
    "no line ends": (CHANGES.replace(b"\n", b""), []),
    "a line end after 10 records": (re.sub(rb"(.{940})", rb"\1\n", CHANGES.replace(b"\n", b"")), []),
    "a line end after 10 records, letters in two": (
        re.sub(rb"(.{940})", rb"\1\n", named(CHANGES, b"JOS\xc9            ").replace(b"\n", b"")).replace(
            b"JOSE N", b"JOS\xc9 N"
        ),
        [f"line 1: {LETTER}"],
    ),
    "blank lines after it": (CHANGES + b"\n \r\n\n", []),
    "blank lines in it": (blank_lines(CHANGES), [f"lines 2, 4, 6 and 26 more: {BLANK_LINE}"]),
    "blank lines before it": (b"\n\n" + CHANGES, [f"lines 1, 2: {BLANK_LINE}"]),
    "blanks cut": (trimmed(CHANGES), [f"lines 1, 24: {BLANKS_CUT}"]),
    "blanks added": (padded(CHANGES), [f"lines 1, 2, 3 and 27 more: {BLANKS_ADDED}"]),
    "no fill lines": (without_fill(CHANGES), [f"line 24: {FILL_LINES}"]),
    "one fill line": (without_fill(CHANGES) + FILL, [f"line 24: {FILL_LINES}"]),
    "a block of fill lines too many": (CHANGES + 10 * FILL, []),
    "a fill line too many": (CHANGES + FILL, [f"line 24: {FILL_LINES}"]),
    "cut in the last fill line": (CHANGES[:-40], [f"line 30: {BLANKS_CUT}"]),
    "cut after the control record": (
        CHANGES[: 23 * 95 + 55],
        [f"line 24: {BLANKS_CUT}", f"line 24: {FILL_LINES}"],
    ),
    "byte order mark": (b"\xef\xbb\xbf" + CHANGES, [f"line 1: {ORDER_MARK}"]),
    "Ctrl-Z": (CHANGES + b"\x1a", [f"line 31: {END_MARK}"]),
    "Ctrl-Z and NULs, CRLF": (
        CHANGES.replace(b"\n", b"\r\n") + b"\x1a\r\n\0\0\0",
        [f"lines 31, 32: {END_MARK}"],
    ),
    "Ctrl-Z and no line ends": (CHANGES.replace(b"\n", b"") + b"\x1a", [f"line 1: {END_MARK}"]),
    "a letter of Latin-1": (named(CHANGES, b"JOS\xc9 NU\xd1EZ      "), [f"line 3: {LETTER}"]),
    "a letter of UTF-8": (named(CHANGES, "JOSÉ NUÑEZ      ".encode()), [f"line 3: {LETTER}"]),
    "letters of UTF-8, counted in bytes": (named(CHANGES, "JOSÉ NUÑEZ    ".encode()), [f"line 3: {LETTER}"]),
    "a letter of a DOS code page": (named(CHANGES, b"JOS\x90 NU\xa5EZ      "), [f"line 3: {LETTER}"]),
    "a tabulator in a name": (named(CHANGES, b"JANE\tQ PUBLIC   "), [f"line 3: {LETTER}"]),
    "a blank lost in a name": (named(CHANGES, b"JANE Q PUBLIC  "), [f"line 3: {LENGTH}"]),
    "all at once": (
        b"\xef\xbb\xbf" + trimmed(without_fill(named(CHANGES, b"JOS\xc9 NU\xd1EZ      "))) + b"\x1a",
        [
            f"line 1: {ORDER_MARK}",
            f"line 25: {END_MARK}",
            f"lines 1, 24: {BLANKS_CUT}",
            f"line 3: {LETTER}",
            f"line 24: {FILL_LINES}",
        ],
    ),
}


def facts(came):
    """All that came, but where it stands and the name, with which nothing is done."""
    items = [replace(each, line=0, individual_name="") for each in (*came.returns, *came.changes)]
    return items, [(other.kind, other.code) for other in came.others]


@pytest.mark.parametrize("happened", HAPPENED)
def test_what_programs_in_between_do_to_a_file_is_told_and_changes_nothing(happened):
    data, told = HAPPENED[happened]
    came = read_returns(data, odfi_routing=ODFI)
    assert list(came.allowances) == told
    right = read_returns(CHANGES, odfi_routing=ODFI)
    assert facts(came) == facts(right)


@pytest.mark.parametrize("name", [b"JOS\xc9 NU\xd1EZ      ", "JOSÉ NUÑEZ      ".encode()])
def test_letters_beyond_ascii_are_read(name):
    [(_, entry), *_] = all_entries(read_files(named(CHANGES, name)).files[0])
    assert entry.individual_name == "JOSÉ NUÑEZ"


def test_a_character_that_is_no_letter_becomes_a_question_mark():
    [(_, entry), *_] = all_entries(read_files(named(CHANGES, b"JANE\t\xb2PUBLIC    ")).files[0])
    assert entry.individual_name == "JANE??PUBLIC"


@pytest.mark.parametrize(
    "data",
    [
        RETURNS + CHANGES,
        trimmed(RETURNS) + b"\x1a" + without_fill(CHANGES) + b"\x1a",
        b"\xef\xbb\xbf" + RETURNS + b"\xef\xbb\xbf" + CHANGES,
        (RETURNS + CHANGES).replace(b"\n", b""),
        RETURNS + b"\n\n" + CHANGES,
    ],
)
def test_two_whole_files_in_one_are_both_read(data):
    came = read_returns(data, odfi_routing=ODFI)
    assert len(came.files) == 2
    first, second = read_returns(RETURNS), read_returns(CHANGES)
    assert facts(came) == facts(replace(first, changes=second.changes, others=second.others))
    assert "line 1: 2 files stand in one" in came.allowances


_DAMAGE = {
    "trimmed": trimmed,
    "padded": padded,
    "no fill lines": without_fill,
    "blank lines": blank_lines,
    "CR": lambda data: data.replace(b"\n", b"\r"),
    "CRLF": lambda data: data.replace(b"\n", b"\r\n"),
    "Ctrl-Z": lambda data: data + b"\x1a",
    "byte order mark": lambda data: b"\xef\xbb\xbf" + data,
    "twice": lambda data: data + data,
}


@settings(max_examples=50, deadline=None)
@given(st.lists(st.sampled_from(sorted(_DAMAGE)), max_size=5), st.sampled_from([RETURNS, CHANGES]))
def test_any_of_it_in_any_order_leaves_the_same_items(names, data):
    right = read_returns(data)
    for name in names:
        data = _DAMAGE[name](data)
    came = read_returns(data, odfi_routing=ODFI)
    times = 2 ** names.count("twice")
    assert [each.code for each in came.returns] == [each.code for each in right.returns] * times
    assert [each.corrected for each in came.changes] == [each.corrected for each in right.changes] * times

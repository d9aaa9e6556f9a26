"""What is wrong in a file, told by kind: few sentences however many lines."""

from __future__ import annotations

import pytest

from ivr.base.csvfiles import LineError
from ivr.cli.bad_lines import each_line, summary

DATE = "write a date as YYYY-MM-DD"


def errors(lines, field="born", message=DATE):
    return [LineError("m.csv", line, field, "import.value", message) for line in lines]


@pytest.mark.parametrize(
    ("count", "told"),
    [
        (1, "m.csv:2: born: write a date as YYYY-MM-DD [import.value]"),
        (2, f"m.csv: born: {DATE}: lines 2 and 3 [import.value]"),
        (4, f"m.csv: born: {DATE}: lines 2, 3, 4 and 5 [import.value]"),
        (5, f"m.csv: born: {DATE}: lines 2, 3, 4 and 2 more [import.value]"),
        (400_000, f"m.csv: born: {DATE}: lines 2, 3, 4 and 399,997 more [import.value]"),
    ],
)
def test_one_fault_of_many_lines_is_one_sentence(count, told):
    assert list(summary(errors(range(2, count + 2)))) == [told]


def test_each_field_and_each_message_is_a_kind_in_the_order_of_the_first_line():
    found = [
        *errors([2]),
        *errors([2], "state", "x"),
        *errors([3], "due"),
        *errors([4]),
        *errors([5], "", "y"),
    ]
    assert list(summary(found)) == [
        f"m.csv: born: {DATE}: lines 2 and 4 [import.value]",
        "m.csv:2: state: x [import.value]",
        f"m.csv:3: due: {DATE} [import.value]",
        "m.csv:5: y [import.value]",
    ]


def test_a_message_that_names_another_line_is_the_same_fault():
    again = [
        LineError("m.csv", line, "id", "import.same-row", f"the same member as in line {line - 1}", line - 1)
        for line in (3, 5, 7)
    ]
    assert list(summary(again)) == [
        "m.csv: id: the same member as in another line: lines 3, 5 and 7 [import.same-row]"
    ]
    assert list(summary(again[:1])) == ["m.csv:3: id: the same member as in line 2 [import.same-row]"]


def test_beyond_twenty_kinds_the_rest_is_counted():
    found = [each for kind in range(22) for each in errors([kind, kind], f"field {kind:02}")]
    *shown, last = summary(found)
    assert [sentence.split(": ")[1] for sentence in shown] == [f"field {kind:02}" for kind in range(20)]
    assert last == "and 2 other faults, 4 times: `--errors FILE` writes them all"


def test_every_line_can_be_had():
    told = [f"m.csv:{line}: born: {DATE} [import.value]" for line in (2, 3)]
    assert list(each_line(errors([2, 3]))) == told

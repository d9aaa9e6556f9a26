"""CSV files: strict about columns, every bad line named, never a value quoted."""

import io

import pytest

from ivr.base import csvfiles
from ivr.base.csvfiles import (
    Column,
    CsvReader,
    matching,
    one_of,
    optional,
    parse_date,
    parse_text,
    parse_yes_no,
)

COLUMNS = {
    "key": Column(matching(r"\d{2}", "write 2 digits")),
    "name": Column(parse_text),
    "note": Column(optional(parse_text), required=False),
}
MISSING = "the column is missing"
NO_SUCH = "no such column; there are: key, name, note"
NEAR = NO_SUCH.replace(";", ", the nearest is note;")
MUST = "the first line must name the columns: key, name, note"
SEPARATED = f"the columns seem separated by {{}}: save the file with commas; {MUST}"


def read(data: bytes | str, columns=COLUMNS, progress=None):
    raw = data.encode() if isinstance(data, str) else data
    reader = CsvReader(io.BytesIO(raw), "some.csv", columns, progress)
    rows = [(row.line, dict(row.values)) for row in reader.rows()]
    result = reader.result()
    assert all(error.file == "some.csv" for error in result.errors)
    return rows, result.read, [(error.line, error.field, error.message) for error in result.errors]


@pytest.mark.parametrize(
    "data",
    [
        "key,name\n01,Ada\n02,Bo B\n",
        "key,name\r\n01,Ada\r\n02,Bo B\r\n",
        b"\xef\xbb\xbfkey,name\r\n01,Ada\r\n02,Bo B",
        "name,key\nAda,01\n Bo  B ,02\n",
        '"key","name"\n"01","Ada"\n"02","Bo B"\n',
    ],
)
def test_the_forms_a_file_may_have(data):
    rows, count, errors = read(data)
    assert rows == [
        (2, {"key": "01", "name": "Ada", "note": None}),
        (3, {"key": "02", "name": "Bo B", "note": None}),
    ]
    assert (count, errors) == (2, [])


@pytest.mark.parametrize(
    "end", [b"\x1a", b"\n\x1a", b"\r\n\x1a\r\n", b"\x1a\x1a", b"\n\x00\x00", b"\n\x1a\n\x00", b"\x00"]
)
def test_an_old_programs_end_mark_counts_for_nothing(end):
    rows, count, errors = read(b"name,key\nAda,01" + end)
    assert rows == [(2, {"key": "01", "name": "Ada", "note": None})]
    assert (count, errors) == (1, [])


def test_a_file_of_an_end_mark_alone_is_empty():
    assert read(b"\x1a") == ([], 0, [(1, "", "the file is empty; its first line must name the columns")])


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("Conceic\u0327a\u0303o", "Conceição"),
        ("a\u200b\u0303", "ã"),
        ("\ufeffA\u200ed\u00ada\u2060\u202e", "Ada"),
        ("A\u2028B\u2029C\u0085D\u00a0E\tF", "A B C D E F"),
        ("A\x00d\x1aa\x9f\ufe0f", "Ada"),
        ("\u200b", None),
        ("Nguyễn Văn O\u2019Neil", "Nguyễn Văn O\u2019Neil"),
    ],
)
def test_words_are_composed_and_nothing_invisible_is_kept(cell, words):
    rows, _, errors = read(f"key,name\n01,{cell}\n")
    assert [values["name"] for _, values in rows] == [words] * bool(words)
    assert errors == [] if words else [(2, "name", "this may not be empty")]


def test_a_doubt_is_a_warning_and_the_row_is_good():
    doubtful = {"key": Column(parse_text, doubt=lambda value: "odd" if value == "x" else None)}
    reader = CsvReader(io.BytesIO(b"key\nx\ny\n\nx\n"), "some.csv", doubtful)
    assert [row.line for row in reader.rows()] == [2, 3, 5]
    reader.add_warning(4, "", "blank")
    assert [(each.line, each.field, each.message) for each in reader.result().warnings] == [
        (2, "key", "odd"),
        (4, "", "blank"),
        (5, "key", "odd"),
    ]
    assert reader.result().errors == []


def test_an_optional_column_may_be_there_and_empty():
    rows, _, errors = read("key,note,name\n01,x,A\n02,,B\n")
    assert [values["note"] for _, values in rows] == ["x", None]
    assert errors == []


def test_blank_lines_do_not_shift_the_line_numbers():
    rows, count, errors = read("\nkey,name\n\n01,A\n,\n0,B\n")
    assert rows == [(4, {"key": "01", "name": "A", "note": None})]
    assert (count, errors) == (2, [(6, "key", "write 2 digits")])


@pytest.mark.parametrize(
    ("header", "errors"),
    [
        ("key", [(1, "name", MISSING)]),
        ("key,name,key", [(1, "key", "the column is there twice")]),
        ("key,name,foo", [(1, "foo", NEAR)]),
        ("key,name,4321", [(1, "column 3", NO_SUCH)]),
        ("key,name,", [(1, "column 3", NO_SUCH)]),
        ("Key,Name", [(1, "", f"write the columns' names in small letters, as here; {MUST}")]),
        ("key,Name", [(1, "column 2", f"if it is name, write it so; {NO_SUCH}"), (1, "name", MISSING)]),
        ("key,name, NOTE", [(1, "column 3", f"if it is note, write it so; {NO_SUCH}")]),
        ("key;name", [(1, "", SEPARATED.format("semicolons"))]),
        ("Key\tName\tsome, more", [(1, "", SEPARATED.format("tabs"))]),
        ("key|name", [(1, "", SEPARATED.format("bars"))]),
        ("01,Ada", [(1, "", MUST)]),
        ("", [(1, "", "the file is empty; its first line must name the columns")]),
    ],
)
def test_a_wrong_header_stops_the_file(header, errors):
    assert read(f"{header}\n" if header else "") == ([], 0, errors)


def test_every_bad_cell_of_every_line_is_named():
    rows, count, errors = read("key,name\n1,\n01,A\n02\n03,B,C\nxx,D\n")
    assert rows == [(3, {"key": "01", "name": "A", "note": None})]
    assert count == 5
    assert errors == [
        (2, "key", "write 2 digits"),
        (2, "name", "this may not be empty"),
        (4, "", "the line has 1 cells where the header names 2"),
        (5, "", "the line has 3 cells where the header names 2"),
        (6, "key", "write 2 digits"),
    ]


def test_a_cell_that_comes_again_and_again_is_parsed_once_and_refused_every_time(monkeypatch):
    monkeypatch.setattr(csvfiles, "_PARSED_KEPT_MAX", 2)
    parsed = []
    plan = Column(lambda cell: parsed.append(cell) or one_of("health", "dental", "both")(cell), repeated=True)
    cells = ["health", "vision", "dental", "health", "vision", "both", "dental", "both"]
    rows, count, errors = read("plan\n" + "\n".join(cells), {"plan": plan})
    assert [values["plan"] for _, values in rows] == [cell for cell in cells if cell != "vision"]
    assert (count, errors) == (8, [(line, "plan", "write one of: health, dental, both") for line in (3, 6)])
    assert parsed == ["health", "vision", "dental", "vision", "both", "both"]


def test_a_row_over_several_lines_is_called_by_its_first():
    rows, _, errors = read('key,name\n01,"A\nB"\n02,C\n')
    assert [line for line, _ in rows] == [4]
    assert errors == [(2, "name", "take out the line break")]


@pytest.mark.parametrize(
    ("data", "line", "words"),
    [
        (b"key,name\n01,A\n02,\xff\n03,B\n", 3, "not UTF-8"),
        (b"key,name\n01,\xe9\n", 2, "not UTF-8"),
        (b'key,name\n01,"A\n02,B\n', 2, "quotes"),
        (b'key,name\n01,"A"x\n', 2, "quotes"),
        (b"key,name\r01,A\r", 1, "line ends"),
        (b"key,name\n01," + b"x" * 17_000, 2, "longer than"),
        (b"key,name\n01,A\n\x1a01,B\n", 3, "write 2 digits"),
        (b'key,name\n01,"A\r"\n', 2, "line break"),
        (b"key,name\n01," + b"x" * 201, 2, "at most 200"),
    ],
)
def test_a_broken_file_says_where(data, line, words):
    _, _, errors = read(data)
    assert [error[0] for error in errors] == [line]
    assert words in errors[0][2]


def test_a_file_too_large_is_refused(monkeypatch):
    monkeypatch.setattr(csvfiles, "MAX_FILE_BYTES", 20)
    _, _, errors = read("key,name\n01,Ada\n02,Bo\n03,Cy\n")
    assert errors == [(3, "", "the file is larger than 20 bytes; split it")]


def test_progress_tells_the_bytes_read():
    told = []
    data = "key,name\n" + "01,A\n" * 2500
    read(data, progress=told.append)
    assert told == [9 + 5 * 999, 9 + 5 * 1999, len(data)]


def test_no_message_quotes_a_value():
    secrets = ("4321", "1980-02-31", "12345678901234")
    _, _, errors = read("key,name,4321\n" + ",".join(secrets) + "\n")
    columns = {"key": Column(parse_date), "name": Column(one_of("a", "b")), "note": Column(parse_yes_no)}
    _, _, more = read("key,name,note\n1980-02-31,4321,12345678901234\n", columns)
    assert len(errors) == 1
    assert len(more) == 3
    assert not any(secret in str(errors + more) for secret in secrets)


@pytest.mark.parametrize("cell", ["2026-2-3", "20260203", "2026-02-30", "2026-W01-1", "", " 2026-02-03"])
def test_only_real_dates_in_one_form_are_read(cell):
    with pytest.raises(ValueError, match="YYYY-MM-DD"):
        parse_date(cell)


def test_dates_and_yes_or_no_are_read():
    assert parse_date("2028-02-29").isoformat() == "2028-02-29"
    assert [parse_yes_no("yes"), parse_yes_no("no")] == [True, False]
    with pytest.raises(ValueError, match="write one of: yes, no"):
        parse_yes_no("Yes")


def test_a_pattern_takes_only_ascii_digits_and_the_whole_cell():
    parse = matching(r"\d{2}", "write 2 digits")
    for cell in ("\N{ARABIC-INDIC DIGIT ONE}1", "01\n", "011"):
        with pytest.raises(ValueError):
            parse(cell)


def test_the_result_is_json_as_the_commands_print_it():
    reader = CsvReader(io.BytesIO(b"key,name\n1,A\n"), "some.csv", COLUMNS)
    assert list(reader.rows()) == []
    assert reader.result().as_json() == {
        "read": 1,
        "added": 0,
        "changed": 0,
        "unchanged": 0,
        "errors": [
            {
                "file": "some.csv",
                "line": 2,
                "field": "key",
                "rule": "import.value",
                "message": "write 2 digits",
                "other_line": 0,
            }
        ],
        "warnings": [],
    }


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (b"", "import.no-columns"),
        (b"a;b\n", "import.no-columns"),
        (b"key,name,nmae\n", "import.unknown-column"),
        (b"key,name,name\n", "import.column-twice"),
        (b"key\n", "import.missing-column"),
        (b"key,name\n01,\xff\n", "import.not-utf8"),
        (b'key,name\n01,"A\n', "import.broken-line"),
        (b"key,name\n01\n", "import.broken-line"),
        (b"key,name\n01," + b"x" * 17_000, "import.too-large"),
        (b"key,name\nx,A\n", "import.value"),
    ],
)
def test_each_error_names_its_rule(data, rule):
    reader = CsvReader(io.BytesIO(data), "some.csv", COLUMNS)
    assert list(reader.rows()) == []
    assert [error.rule for error in reader.result().errors] == [rule]

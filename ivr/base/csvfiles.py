"""CSV files as others send them: strict about columns, patient about everything else, every bad line named.

UTF-8 with or without a byte order mark, LF or CRLF, columns in any order; old programs' end marks (Ctrl-Z,
NUL) count for nothing. No message quotes a value: a cell in the wrong column may be a secret.

What is wrong is an error, and a file with an error is not loaded. What is only doubtful is a warning: one odd
row of somebody else's must not keep 400,000 others out.
"""

from __future__ import annotations

import csv
import re
from codecs import BOM_UTF8
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any, BinaryIO, Final, NamedTuple

from ivr.base.letters import cleaned, visible
from ivr.base.nearest import nearest

MAX_FILE_BYTES: Final = 512 * 1024 * 1024
MAX_LINE_BYTES: Final = 16 * 1024
MAX_FIELD_CHARACTERS: Final = 200

Progress = Callable[[int], None]

_PARSED_KEPT_MAX: Final = 10_000  # cells of a column
_PROGRESS_EVERY_LINES: Final = 1000
_COLUMN_NAME: Final = re.compile(r"[a-z][a-z_]{0,39}")
_DATE: Final = re.compile(r"(\d{4})-(\d{2})-(\d{2})|(\d{1,2})/(\d{1,2})/(\d{4})", re.ASCII)
_BLANK: Final = b"\x1a\x00\r\n"  # with the marks by which old programs end a file: Ctrl-Z, NUL
_SEPARATORS: Final = {"semicolons": ";", "tabs": "\t", "bars": "|"}


@dataclass(frozen=True, slots=True)
class LineError:
    """One thing wrong in a file: `line` counts from 1, `field` is a column (empty for the whole line).

    `rule` is the rule's id in docs/rules.md, `other_line` the one that the message names, else 0.
    """

    file: str
    line: int
    field: str
    rule: str
    message: str
    other_line: int = 0


@dataclass(slots=True)
class ImportResult:
    """How many rows a file had and what became of them; with any error nothing was loaded.

    `warnings` are what was loaded all the same, and had better be looked at. A file that has all there are
    has `withdrawn` others, of `stood` that there were; None for any other file.
    """

    read: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    withdrawn: int | None = None
    stood: int | None = None
    errors: list[LineError] = field(default_factory=list)
    warnings: list[LineError] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Return the counts, every error and every warning as the commands print them with `--json`."""
        return {name: value for name, value in asdict(self).items() if value is not None and name != "stood"}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a file. `parse` turns a cell into a value or raises `ValueError` saying what to write.

    `doubt` tells what is doubtful about a value that can be read, or returns None. Where a cell of a `spared`
    column cannot be read, the row is loaded without it, with a warning. The cells of a `repeated` column are
    few, again and again, and no secrets: each is parsed once a file.
    """

    parse: Callable[[str], Any]
    required: bool = True
    doubt: Callable[[Any], str | None] | None = None
    spared: bool = False
    repeated: bool = False


# The column's name, the column, and what its cells were parsed to, where they are repeated.
_Field = tuple[str, Column, dict[str, Any]]


class CsvRow(NamedTuple):
    """A row whose every cell could be read; an optional column the file lacks holds None."""

    line: int
    values: Mapping[str, Any]


class CsvReader:
    """Reads one file; `errors`, `warnings` and `read` (rows, good or bad) grow while `rows` is consumed."""

    def __init__(
        self,
        stream: BinaryIO,
        file_name: str,
        columns: Mapping[str, Column],
        progress: Progress | None = None,
    ) -> None:
        self.errors: list[LineError] = []
        self.warnings: list[LineError] = []
        self.read = 0
        self._stream = stream
        self._file_name = file_name
        self._columns = columns
        self._progress = progress
        self._line = 0
        self._nothing: dict[str, Any] = dict.fromkeys(columns)

    def add_error(self, line: int, field_name: str, rule: str, message: str, other_line: int = 0) -> None:
        """Note something wrong that only the importer could see."""
        self.errors.append(LineError(self._file_name, line, field_name, rule, message, other_line))

    def add_warning(self, line: int, field_name: str, message: str) -> None:
        """Note something doubtful that only the importer could see."""
        self.warnings.append(LineError(self._file_name, line, field_name, "import.doubtful", message))

    def result(self) -> ImportResult:
        """Return the result so far: rows read, errors and warnings, each in the order of their lines."""
        for found in (self.errors, self.warnings):
            found.sort(key=lambda each: each.line)
        return ImportResult(read=self.read, errors=self.errors, warnings=self.warnings)

    def rows(self) -> Iterator[CsvRow]:
        """Yield the good rows, one by one; nothing of the file is kept but cells of `repeated` columns."""
        cells = csv.reader(self._lines(), strict=True)
        header: list[str] | None = None
        fields: list[_Field] = []
        while True:
            first_line = self._line + 1
            try:
                row = next(cells)
            except StopIteration:
                break
            except csv.Error:
                message = "the quotes or line ends of this line are broken; mend the file here"
                self.add_error(first_line, "", "import.broken-line", message)
                break
            if not any(row):
                continue
            if header is None:
                header = row
                if not self._header_is_right(header, first_line):
                    return
                fields = [(name, self._columns[name], {}) for name in header]
                continue
            self.read += 1
            values = self._values(fields, row, first_line)
            if values is not None:
                yield CsvRow(first_line, values)
        if header is None and not self.errors:
            message = "the file is empty; its first line must name the columns"
            self.add_error(1, "", "import.no-columns", message)

    def _lines(self) -> Iterator[str]:
        """Yield the file's lines as text, counting them and telling the progress in bytes."""
        done_bytes = 0
        while raw := self._stream.readline(MAX_LINE_BYTES + 1):
            self._line += 1
            done_bytes += len(raw)
            if len(raw) > MAX_LINE_BYTES:
                message = f"the line is longer than {MAX_LINE_BYTES} bytes"
                self.add_error(self._line, "", "import.too-large", message)
                return
            if done_bytes > MAX_FILE_BYTES:
                message = f"the file is larger than {MAX_FILE_BYTES} bytes; split it"
                self.add_error(self._line, "", "import.too-large", message)
                return
            if self._progress is not None and self._line % _PROGRESS_EVERY_LINES == 0:
                self._progress(done_bytes)
            if self._line == 1:
                raw = raw.removeprefix(BOM_UTF8)
            if not raw.endswith(b"\n") or not raw.strip(_BLANK):
                raw = raw.rstrip(_BLANK)
            try:
                yield raw.decode("utf-8")
            except UnicodeDecodeError:
                message = "the line is not UTF-8; save the file as UTF-8"
                self.add_error(self._line, "", "import.not-utf8", message)
                return
        if self._progress is not None:
            self._progress(done_bytes)

    def _header_is_right(self, header: list[str], line: int) -> bool:
        known = [name for name in header if name in self._columns]
        if not known:
            self.add_error(
                line,
                "",
                "import.no-columns",
                f"{self._guess(header)}the first line must name the columns: {', '.join(self._columns)}",
            )
            return False
        before = len(self.errors)
        for position, name in enumerate(header, start=1):
            if name not in self._columns:
                named = _COLUMN_NAME.fullmatch(name) is not None
                shown = name if named else f"column {position}"
                meant = _as_column(name)
                guess = f"if it is {meant}, write it so; " if meant in self._columns else ""
                near = nearest(name, self._columns) if named else ""
                message = f"{guess}no such column{near}; there are: {', '.join(self._columns)}"
                self.add_error(line, shown, "import.unknown-column", message)
            elif header.index(name) != position - 1:
                self.add_error(line, name, "import.column-twice", "the column is there twice")
        for name, column in self._columns.items():
            if column.required and name not in known:
                self.add_error(line, name, "import.missing-column", "the column is missing")
        return len(self.errors) == before

    def _guess(self, header: list[str]) -> str:
        """Return what a header without one right name may be, as the beginning of a sentence, or nothing."""
        for words, sign in _SEPARATORS.items():
            if any(_as_column(name) in self._columns for name in ",".join(header).split(sign)):
                return f"the columns seem separated by {words}: save the file with commas; "
        if any(_as_column(name) in self._columns for name in header):
            return "write the columns' names in small letters, as here; "
        return ""

    def _values(self, fields: list[_Field], row: list[str], line: int) -> dict[str, Any] | None:
        if len(row) != len(fields):
            message = f"the line has {len(row)} cells where the header names {len(fields)}"
            self.add_error(line, "", "import.broken-line", message)
            return None
        before = len(self.errors)
        values = self._nothing.copy()
        whole = "".join(row)  # one look for a row: most are without fault
        bounded = len(whole) <= MAX_FIELD_CHARACTERS and "\n" not in whole and "\r" not in whole
        for (name, column, parsed), cell in zip(fields, row, strict=True):
            if cell in parsed:
                values[name] = parsed[cell]
                continue
            try:
                values[name] = value = column.parse(cell if bounded else _bounded(cell))
            except ValueError as error:
                if column.spared:
                    self.add_warning(line, name, f"loaded without it: {error}")
                else:
                    self.add_error(line, name, "import.value", str(error))
                continue
            if column.doubt is not None and (doubt := column.doubt(value)):
                self.add_warning(line, name, doubt)
            elif column.repeated and len(parsed) < _PARSED_KEPT_MAX:
                parsed[cell] = value
        return values if len(self.errors) == before else None


def describe(columns: Mapping[str, Column]) -> Iterator[str]:
    """Yield a line for each column: its name, whether a file may lack it, and what its cells must be.

    What is said of a wrong cell is what the column asks for, so a cell that none takes is tried.
    """
    for name, column in columns.items():
        says = "words"
        for cell in ("?", ""):
            try:
                column.parse(cell)
            except ValueError as error:
                says = str(error)
                break
        yield f"{name:<20} {'' if column.required else 'may be left out; '}{says}"


def _as_column(name: str) -> str:
    """Return a column's name as this program writes names: `Member ID` is `member_id`."""
    return "_".join(visible(name).lower().replace("-", " ").split())


def _bounded(cell: str) -> str:
    """Return a cell that is neither too long nor broken over lines. Raises `ValueError`.

    A line break may be one quote too few, and what follows it the next row: it is never mended.
    """
    if len(cell) > MAX_FIELD_CHARACTERS:
        raise ValueError(f"write at most {MAX_FIELD_CHARACTERS} characters")
    if "\n" in cell or "\r" in cell:
        raise ValueError("take out the line break")
    return cell


def matching(pattern: str, message: str) -> Callable[[str], str]:
    """Return a parser for cells that match `pattern` (ASCII) as a whole; `message` says what to write."""
    compiled = re.compile(pattern, re.ASCII)

    def parse(cell: str) -> str:
        if compiled.fullmatch(cell) is None:
            raise ValueError(message)
        return cell

    return parse


def one_of(*choices: str) -> Callable[[str], str]:
    """Return a parser for cells that are one of `choices`."""

    def parse(cell: str) -> str:
        if cell not in choices:
            raise ValueError(f"write one of: {', '.join(choices)}")
        return cell

    return parse


def parse_yes_no(cell: str) -> bool:
    """Read yes or no. Raises `ValueError`."""
    return one_of("yes", "no")(cell) == "yes"


def parse_date(cell: str) -> date:
    """Read a real date, YYYY-MM-DD, or MM/DD/YYYY as the United States write it. Raises `ValueError`."""
    found = _DATE.fullmatch(cell)
    if found is None:
        raise ValueError("write a date as YYYY-MM-DD or MM/DD/YYYY")
    year, month, day = found.group(1, 2, 3) if found[1] else found.group(6, 4, 5)
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        raise ValueError("there is no such day; write a real date as YYYY-MM-DD or MM/DD/YYYY") from None


def parse_text(cell: str) -> str:
    """Read words as they are kept (`ivr.base.letters.cleaned`), not empty. Raises `ValueError`."""
    words = cleaned(cell)
    if not words:
        raise ValueError("this may not be empty")
    return words


def optional(parse: Callable[[str], Any]) -> Callable[[str], Any]:
    """Return a parser that reads an empty cell as None and any other as `parse` does."""

    def parse_or_none(cell: str) -> Any:
        return parse(cell) if cell else None

    return parse_or_none

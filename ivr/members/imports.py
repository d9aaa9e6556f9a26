"""The members file: who may call, as the marketplace knows them. Members absent from a file stay."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import phonenumbers
from sqlalchemy import Column as TableColumn
from sqlalchemy import MetaData, Table, func, literal_column, or_, select, text
from sqlalchemy.dialects import postgresql

from ivr.base.csvfiles import (
    Column,
    CsvReader,
    ImportResult,
    Progress,
    matching,
    one_of,
    optional,
    parse_date,
    parse_text,
    parse_yes_no,
)
from ivr.members.bulk_load import loaded
from ivr.storage.tables import Member

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ivr.base.keys import KeyedHash

LANGUAGES: Final = ("en-US", "es-US", "pt-BR", "cmn-CN", "yue-HK", "vi-VN", "ht-HT")

_NORTH_AMERICAN: Final = re.compile(r"\+1\d{10}", re.ASCII)
_E164: Final = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)
_EMAIL: Final = r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+"

_STAGED: Final = Table(
    "members_import",
    MetaData(),
    *(TableColumn(column.name, column.type) for column in Member.__table__.columns),
    prefixes=["TEMPORARY"],
    postgresql_on_commit="DROP",
)


def import_members(
    db: Connection,
    hashes: KeyedHash,
    now: datetime,
    stream: BinaryIO,
    *,
    file_name: str,
    progress: Progress | None = None,
) -> ImportResult:
    """Load a members file within the caller's transaction, wholly or, with any error, not at all.

    `stream` yields the file's bytes, `file_name` is what errors call it, `progress` is told the bytes read
    so far. SSN digits and dates of birth are hashed on the way in and appear in no message.
    """
    reader = CsvReader(stream, file_name, _columns(now.date()), progress)
    with loaded(db, _STAGED, _member_rows(reader, hashes, now)):
        result = reader.result()
        if not result.errors:
            db.execute(text("LOCK TABLE members IN SHARE ROW EXCLUSIVE MODE"))  # one import at a time
            result.added, result.changed = db.execute(_merge()).one()
            result.unchanged = result.read - result.added - result.changed
    return result


def _columns(today: date) -> Mapping[str, Column]:
    postal_code = matching(r"\d{5}(-\d{4})?", "write a ZIP code, 02108 or 02108-1234")
    return {
        "member_id": Column(matching(r"\d{12}", "write 12 digits")),
        "first_name": Column(parse_text),
        "last_name": Column(parse_text),
        "date_of_birth": Column(partial(_parse_date_of_birth, today=today)),
        "ssn_last4": Column(optional(_parse_ssn_last4)),
        "phone": Column(optional(parse_phone)),
        "address": Column(parse_text),
        "city": Column(parse_text),
        "state": Column(matching(r"[A-Z]{2}", "write two capital letters, such as MA")),
        "postal_code": Column(postal_code),
        "email": Column(optional(matching(_EMAIL, "write an e-mail address, or nothing"))),
        "language": Column(one_of(*LANGUAGES)),
        "extra_time": Column(parse_yes_no),
        "sms_ok": Column(parse_yes_no),
    }


def _parse_date_of_birth(cell: str, today: date) -> date:
    day = parse_date(cell)
    if day > today:
        raise ValueError("this day has not come yet; write the date of birth as YYYY-MM-DD")
    return day


def _parse_ssn_last4(cell: str) -> str:
    digits = _FOUR_DIGITS(cell)
    if digits == "0000":
        raise ValueError("0000 is no one's; leave it empty when there is no SSN")
    return digits


_FOUR_DIGITS: Final[Callable[[str], str]] = matching(
    r"\d{4}", "write the last four digits of the SSN, or nothing"
)


def parse_phone(cell: str) -> str:
    """Read a telephone number in E.164, `+16175550123`. Raises `ValueError`."""
    # Whether a North American number can exist hangs on area code and exchange alone; there are few of
    # them and many members.
    exists = (
        _prefix_exists(cell[:-4])
        if _NORTH_AMERICAN.fullmatch(cell)
        else _E164.fullmatch(cell) is not None and _number_exists(cell)
    )
    if not exists:
        raise ValueError("write a telephone number that exists, as +16175550123, or nothing")
    return cell


@lru_cache(maxsize=100_000)
def _prefix_exists(prefix: str) -> bool:
    return _number_exists(f"{prefix}0123")


def _number_exists(number: str) -> bool:
    try:
        return bool(phonenumbers.is_valid_number(phonenumbers.parse(number)))
    except phonenumbers.NumberParseException:
        return False


def _member_rows(reader: CsvReader, hashes: KeyedHash, now: datetime) -> Iterator[tuple[Any, ...]]:
    """Yield the good rows in the order of the table's columns, secrets already hashed."""
    names = [column.name for column in _STAGED.columns]
    line_of: dict[str, int] = {}
    for row in reader.rows():
        values = dict(row.values)
        member_id: str = values["member_id"]
        first_line = line_of.setdefault(member_id, row.line)
        if first_line != row.line:
            reader.add_error(row.line, "member_id", f"the same member as in line {first_line}")
            continue
        ssn_last4 = values["ssn_last4"]
        values["ssn_last4_hash"] = ssn_last4 and hashes.digest("ssn_last4", member_id, ssn_last4)
        values["date_of_birth_hash"] = hashes.digest(
            "date_of_birth", member_id, values["date_of_birth"].isoformat()
        )
        values["updated_at"] = now
        yield tuple(values[name] for name in names)


def _merge() -> Any:
    """Build the statement that adds and changes members and returns how many of each."""
    merge = postgresql.insert(Member).from_select([*_STAGED.columns.keys()], select(_STAGED))
    new = {name: merge.excluded[name] for name in _STAGED.columns.keys() if name != "member_id"}  # noqa: SIM118 (a column collection iterates columns)
    differs = [
        Member.__table__.columns[name].is_distinct_from(value)
        for name, value in new.items()
        if name != "updated_at"
    ]
    merged = (
        merge.on_conflict_do_update(index_elements=[Member.member_id], set_=new, where=or_(*differs))
        # PostgreSQL's own sign of a fresh row: nothing has ever locked or replaced it.
        .returning(literal_column("members.xmax = 0").label("is_new"))
        .cte("merged")
    )
    return select(
        func.count().filter(merged.c.is_new).label("added"),
        func.count().filter(~merged.c.is_new).label("changed"),
    ).select_from(merged)

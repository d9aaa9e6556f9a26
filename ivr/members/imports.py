"""The members file: who may call, as the marketplace knows them.

Members absent from a file stay, but for a file that has everybody: who is not in that one is withdrawn.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import phonenumbers
from sqlalchemy import Column as TableColumn
from sqlalchemy import (
    ColumnElement,
    MetaData,
    Select,
    Table,
    Update,
    func,
    literal_column,
    or_,
    select,
    text,
    tuple_,
    update,
)
from sqlalchemy.dialects import postgresql

from ivr.ach.letters import individual_name
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
from ivr.base.letters import visible
from ivr.languages.registry import LANGUAGES
from ivr.members.bulk_load import loaded
from ivr.members.facts import NORTH_AMERICAN, birth_date_doubt, parse_member_id
from ivr.storage.tables import Member

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ivr.base.keys import KeyedHash


_LETTER: Final = re.compile("[A-Za-z]")
_E164: Final = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)
_LOCAL: Final = re.compile(r"(?:\+?1[-. ]?)?\(?(\d{3})\)?[-. ]?(\d{3})[-. ]?(\d{4})", re.ASCII)
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
    complete: bool = False,
    can_print: Callable[[str], bool] | None = None,
    renamed: Callable[[Select[Any]], object] | None = None,
) -> ImportResult:
    """Load a members file within the caller's transaction, wholly or, with any error, not at all.

    `stream` yields the file's bytes, `file_name` is what errors call it, `progress` is told the bytes read
    so far. A `complete` file has everybody: other members are withdrawn. `can_print` tells if a letter has
    every letter of a text: what it has not is a warning. `renamed` is given a query of the members whose
    name the file changes (`member_id`, `first_name`, `last_name`), before it does. SSN digits and dates of
    birth are hashed on the way in and appear in no message.
    """
    reader = CsvReader(stream, file_name, member_columns(now.date(), can_print), progress)
    with loaded(db, _STAGED, _member_rows(reader, hashes, now)):
        result = reader.result()
        if not result.errors:
            db.execute(text("LOCK TABLE members IN SHARE ROW EXCLUSIVE MODE"))  # one import at a time
            if renamed is not None:
                renamed(_RENAMED)
            stood = db.scalar(_STANDING) if complete else None
            result.added, result.changed = db.execute(_merge()).one()
            result.unchanged = result.read - result.added - result.changed
            if complete:
                result.withdrawn = db.execute(_withdraw_others(now)).rowcount
                result.stood = stood
    return result


def member_columns(today: date, can_print: Callable[[str], bool] | None = None) -> Mapping[str, Column]:
    """Return the columns of the file; `today` is when nobody is yet born after."""
    postal_code = matching(r"\d{5}(-\d{4})?", "write a ZIP code, 02108 or 02108-1234")
    words = Column(parse_text, doubt=None if can_print is None else partial(_print_doubt, can_print))
    return {
        "member_id": Column(parse_member_id),
        "first_name": words,
        "last_name": words,
        "date_of_birth": Column(
            partial(_parse_date_of_birth, today=today), doubt=partial(birth_date_doubt, today=today)
        ),
        "ssn_last4": Column(optional(_parse_ssn_last4)),
        "phone": Column(optional(_parse_any_phone), doubt=phone_doubt, spared=True),
        "address": words,
        "city": words,
        "state": Column(matching(r"[A-Z]{2}", "write two capital letters, such as MA")),
        "postal_code": Column(postal_code),
        "email": Column(lambda cell: _parse_email(visible(cell))),
        "language": Column(one_of(*LANGUAGES)),
        "extra_time": Column(parse_yes_no),
        "sms_ok": Column(parse_yes_no),
        "email_ok": Column(parse_yes_no, required=False),
    }


_parse_email: Final = optional(matching(_EMAIL, "write an e-mail address, or nothing"))


def _print_doubt(can_print: Callable[[str], bool], text: str) -> str | None:
    if text.isascii() or can_print(text):
        return None
    return "letters that our letters cannot print: they will be spelled in English letters there"


def _parse_date_of_birth(cell: str, today: date) -> date:
    day = parse_date(cell)
    if day > today:
        raise ValueError("this day has not come yet; write the date of birth as YYYY-MM-DD or MM/DD/YYYY")
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
    """Read a telephone number in E.164, `+16175550123`, of a possible length. Raises `ValueError`."""
    possible = (
        NORTH_AMERICAN.fullmatch(cell) is not None
        if cell.startswith("+1")
        else _E164.fullmatch(cell) is not None and _is_possible(cell)
    )
    if not possible:
        raise ValueError(
            "write a telephone number that can be, as +16175550123 or (617) 555-0123, or nothing"
        )
    return cell


def _parse_any_phone(cell: str) -> str:
    """Read a number in E.164, or ten digits as they are written in the United States: `(617) 555-0123`."""
    local = _LOCAL.fullmatch(visible(cell).strip())
    return parse_phone(cell if local is None else f"+1{''.join(local.groups())}")


def phone_doubt(number: str | None) -> str | None:
    """Return what is doubtful about a telephone number that can be, or None.

    New area codes are in use before anybody's table has them, and only text messages hang on it.
    """
    # Whether a North American number exists hangs on area code and exchange alone; there are few of them and
    # many members.
    if number is None or _exists(f"{number[:-4]}0123" if number.startswith("+1") else number):
        return None
    return "this number is not known to exist (a new area code?): text messages to it may fail"


@lru_cache(maxsize=100_000)
def _exists(number: str) -> bool:
    return bool(phonenumbers.is_valid_number(phonenumbers.parse(number)))


def _is_possible(number: str) -> bool:
    try:
        return bool(phonenumbers.is_possible_number(phonenumbers.parse(number)))
    except phonenumbers.NumberParseException:
        return False


_NO_NAME: Final = (
    "the name has no letter that a bank's file can hold: until it is corrected, this member's payments wait"
)


def _member_rows(reader: CsvReader, hashes: KeyedHash, now: datetime) -> Iterator[tuple[Any, ...]]:
    """Yield the good rows in the order of the table's columns, secrets already hashed."""
    names = [column.name for column in _STAGED.columns]
    line_of: dict[str, int] = {}
    for row in reader.rows():
        values = dict(row.values)
        member_id: str = values["member_id"]
        first_line = line_of.setdefault(member_id, row.line)
        if first_line != row.line:
            message = f"the same member as in line {first_line}"
            reader.add_error(row.line, "member_id", "import.same-row", message, first_line)
            continue
        if not (
            _LETTER.search(values["last_name"])
            or individual_name(f"{values['first_name']} {values['last_name']}")
        ):
            reader.add_warning(row.line, "last_name", _NO_NAME)
        ssn_last4 = values["ssn_last4"]
        values["ssn_last4_hash"] = ssn_last4 and hashes.digest("ssn_last4", member_id, ssn_last4)
        values["date_of_birth_hash"] = hashes.digest(
            "date_of_birth", member_id, values["date_of_birth"].isoformat()
        )
        values["updated_at"] = now
        values["withdrawn_at"] = None  # who is in a file again may call again
        yield tuple(values[name] for name in names)


_NEW_NAME: Final = (_STAGED.c.first_name, _STAGED.c.last_name)
_RENAMED: Final = (
    select(_STAGED.c.member_id, *_NEW_NAME)
    .join_from(_STAGED, Member, Member.member_id == _STAGED.c.member_id)
    .where(tuple_(Member.first_name, Member.last_name) != tuple_(*_NEW_NAME))
)


_STANDING: Final = select(func.count()).select_from(Member).where(Member.withdrawn_at.is_(None))


def _withdraw_others(now: datetime) -> Update:
    """Build the statement that withdraws everybody who is not in the file."""
    in_file = select(_STAGED.c.member_id).where(_STAGED.c.member_id == Member.member_id).exists()
    return update(Member).where(Member.withdrawn_at.is_(None), ~in_file).values(withdrawn_at=now)


def _merge() -> Any:
    """Build the statement that adds and changes members and returns how many of each."""
    merge = postgresql.insert(Member).from_select([*_STAGED.columns.keys()], select(_STAGED))
    new: dict[str, ColumnElement[Any]] = {
        column.name: merge.excluded[column.name] for column in _STAGED.columns if column.name != "member_id"
    }
    new["email_ok"] = func.coalesce(new["email_ok"], Member.email_ok)  # a file without it says nothing
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

"""What a database refuses to an account, in words: the right that is missing, on what, how it is granted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from ivr.base.errors import DatabaseUnavailableError
from ivr.storage.grants import OWNER, ROLES, needed, who_may

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

_REFUSED: Final = "42501"
_READ_ONLY: Final = "25006"
_WORD: Final = re.compile(r"\w+")
# The words of a statement that need a right. A lock against writers needs UPDATE, as reading FOR UPDATE does.
_NEEDS: Final = {
    "SELECT": re.compile(r"\bSELECT\b|\bRETURNING\b|\bWHERE\b|\bCONFLICT\b"),
    "INSERT": re.compile(r"\bINSERT\b"),
    "UPDATE": re.compile(r"\bUPDATE\b|\bLOCK TABLE\b"),
    "DELETE": re.compile(r"\bDELETE\b"),
}


def refusal(engine: Engine, error: BaseException) -> DatabaseUnavailableError | None:
    """Return what to tell an operator when `error` is, or comes of, a refusal of the database's, else None.

    The database is asked which rights are missing, by a connection of its own.
    """
    found = next((each for each in _causes(error) if _state(each) in {_REFUSED, _READ_ONLY}), None)
    if found is None:
        return None
    if _state(found) == _READ_ONLY:
        return DatabaseUnavailableError(
            "The database takes no changes now, it can only be read: it may be a standby; set DATABASE_URL to"
            " the one that takes them, then try again"
        )
    statement = next((str(each.statement) for each in _causes(error) if hasattr(each, "statement")), "")
    said = str(found).strip().splitlines()[0]
    try:
        with engine.connect() as db:
            account = str(db.scalar(text("SELECT quote_ident(current_user)")))
            missing = list(_missing(db, statement, said))
    except SQLAlchemyError:
        account, missing = "it is asked with", []
    if not missing:
        return DatabaseUnavailableError(
            f"The database refuses this to the account {account} ({said}): run it as the owner of the tables,"
            " or have the owner grant the right"
        )
    return _lacking(account, missing)


def check_queue_rights(engine: Engine) -> None:
    """See that the account may do all that working on the queue needs, before it begins.

    Its library tells a refusal in the middle of its work by tracebacks. Raises `DatabaseUnavailableError`.
    """
    with engine.connect() as db:
        queue = list(db.scalars(text("SELECT relname FROM pg_class WHERE relname LIKE 'procrastinate%'")))
        missing = list(_missing_on(db, _relations(db, queue), " ".join(_NEEDS)))
        if missing:
            account = str(db.scalar(text("SELECT quote_ident(current_user)")))
            raise _lacking(account, missing)


def missing_rights(engine: Engine) -> list[str]:
    """Return the rights that the account's work needs and it has not; who is none of ours needs all."""
    with engine.connect() as db:
        account = str(db.scalar(text("SELECT current_user")))
        roles = [account] if account in ROLES else ROLES
        needs = sorted({need for role in roles for need in needed(role)})
        if account not in ROLES or account in who_may([("TEMPORARY", "DATABASE")]):
            needs.append(("TEMPORARY", "DATABASE"))
        return [f"{right} on {on}" for right, on in needs if not _may(db, right, on)]


def _may(db: Connection, right: str, on: str) -> bool:
    if on == "DATABASE":
        return _has(db, "has_database_privilege(current_database(), :right)", right=right)
    kind, _, sequence = on.rpartition(" ")
    if kind:
        return _has(db, "has_sequence_privilege(:sequence, :right)", sequence=sequence, right=right)
    return _has(db, "has_table_privilege(:on, :right)", on=on, right=right)


def _lacking(account: str, missing: list[tuple[str, str]]) -> DatabaseUnavailableError:
    grants = "; ".join(f"GRANT {right} ON {on} TO {account}" for right, on in missing)
    rights = " and ".join(f"{right} on {on}" for right, on in missing)
    if account in (OWNER, *ROLES):
        whose = " or ".join(who_may(missing))
        return DatabaseUnavailableError(
            f"The database account {account} lacks the right {rights}: run it as {whose}"
        )
    return DatabaseUnavailableError(
        f"The database account {account} lacks the right {rights}: have the owner run `{grants}`"
    )


def _causes(error: BaseException | None) -> Iterator[Any]:
    while error is not None:
        yield error
        orig = getattr(error, "orig", None)
        error = orig if isinstance(orig, BaseException) else error.__cause__


def _state(error: BaseException) -> str | None:
    return getattr(error, "sqlstate", None)


def _missing(db: Connection, statement: str, said: str) -> Iterator[tuple[str, str]]:
    """Yield each right that the account has not and the statement needs, with what it is on."""
    if "TEMPORARY TABLE" in statement.upper():
        if not _has(db, "has_database_privilege(current_database(), 'TEMPORARY')"):
            yield "TEMPORARY", f"DATABASE {db.scalar(text('SELECT quote_ident(current_database())'))}"
        return
    relations = _relations(db, _WORD.findall(said)) or _relations(db, _WORD.findall(statement))
    on_relations = list(_missing_on(db, relations, statement.upper()))
    # A function does what its caller's statement does not say.
    yield from on_relations or _missing_on(db, relations, " ".join(_NEEDS))
    for schema in _schemas(db, _WORD.findall(said)):
        for right in ("USAGE", "CREATE"):
            if not _has(db, "has_schema_privilege(:schema, :right)", schema=schema, right=right):
                yield right, f"SCHEMA {schema}"


def _missing_on(
    db: Connection, relations: list[tuple[int, str, str]], statement: str
) -> Iterator[tuple[str, str]]:
    for oid, name, kind in relations:
        if kind == "S":
            if not _has(db, "has_sequence_privilege(:oid, 'USAGE')", oid=oid):
                yield "USAGE", f"SEQUENCE {name}"
            continue
        for right, needs in _NEEDS.items():
            if needs.search(statement) and not _has(
                db, "has_table_privilege(:oid, :right)", oid=oid, right=right
            ):
                yield right, name


def _has(db: Connection, question: str, **values: object) -> bool:
    return bool(db.scalar(text(f"SELECT {question}"), values))


def _relations(db: Connection, words: list[str]) -> list[tuple[int, str, str]]:
    rows = db.execute(
        text(
            "SELECT oid, quote_ident(relname) AS name, relkind FROM pg_class WHERE relkind IN ('r', 'p', 'S')"
            " AND relnamespace <> 'pg_catalog'::regnamespace AND relname = ANY(:words) ORDER BY relname"
        ),
        {"words": words},
    )
    return [(row.oid, row.name, row.relkind) for row in rows]


def _schemas(db: Connection, words: list[str]) -> list[str]:
    return list(
        db.scalars(
            text("SELECT quote_ident(nspname) FROM pg_namespace WHERE nspname = ANY(:words)"),
            {"words": words},
        )
    )

"""Which account may do what: one list for the script of accounts, for the migration and for `ivr doctor`.

A command runs as the account whose work it does: `ivr_owner` migrates, `ivr_web` answers calls, `ivr_worker`
runs the jobs, `ivr_console` is for staff and files that come in, `ivr_reader` only looks.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import groupby
from operator import itemgetter
from typing import Final

from sqlalchemy import Connection, text

OWNER: Final = "ivr_owner"
# In the order of the columns of `TABLES` and `SEQUENCES`.
ROLES: Final = ("ivr_web", "ivr_worker", "ivr_console", "ivr_reader")
_MAKE_TEMPORARY_TABLES: Final = ("ivr_worker", "ivr_console")
# As PostgreSQL writes rights: r reads, a appends, w changes (and locks) rows, d deletes them.
_LETTERS: Final = {"r": "SELECT", "a": "INSERT", "w": "UPDATE", "d": "DELETE"}
TABLES: Final = {
    "ach_cutoffs": ("", "raw", "raw", "r"),
    "ach_entries": ("r", "raw", "raw", "r"),
    "ach_files": ("", "raw", "raw", "r"),
    "audit_events": ("", "ra", "ra", "r"),
    "authorizations": ("ra", "rd", "r", "r"),
    "bank_items": ("", "raw", "raw", "r"),
    "banks": ("r", "r", "rad", "r"),
    "billing_accounts": ("rw", "rw", "raw", "r"),
    "bills": ("r", "r", "rawd", "r"),
    "blocked_accounts": ("r", "raw", "raw", "r"),
    "blocked_routing_numbers": ("r", "raw", "raw", "r"),
    "calls": ("raw", "rw", "r", "r"),
    "canaries": ("ra", "ra", "ra", "r"),
    "evidence_seals": ("", "ra", "r", "r"),
    "flow_versions": ("ra", "r", "r", "r"),
    "heartbeats": ("", "raw", "r", "r"),
    "ledger_entries": ("ra", "ra", "ra", "r"),
    "line_runs": ("", "", "raw", "r"),
    "lifted_limits": ("r", "r", "raw", "r"),
    "members": ("r", "r", "raw", "r"),
    "notice_attempts": ("raw", "rawd", "raw", "r"),
    "notices": ("raw", "rawd", "raw", "r"),
    "payments": ("raw", "raw", "raw", "r"),
    "procrastinate_events": ("a", "rawd", "rawd", "r"),
    "procrastinate_jobs": ("ra", "rawd", "rawd", "r"),
    "procrastinate_periodic_defers": ("", "rawd", "rawd", "r"),
    "procrastinate_workers": ("", "rawd", "rawd", "r"),
    "receipts": ("", "r", "raw", "r"),
    "report_days": ("", "rad", "r", "r"),
    "staff_login_tries": ("", "", "rad", ""),
    "staff_logins": ("", "", "rawd", ""),
    "staff_members": ("", "", "raw", ""),
    "staff_tasks": ("raw", "raw", "raw", "r"),
    "turns": ("ra", "rw", "r", "r"),
    "verification_counters": ("raw", "rawd", "rwd", "r"),
}
SEQUENCES: Final = {
    "ach_trace_number": ("", "U", "U", ""),
    "authorizations_id_seq": ("U", "", "", ""),
    "procrastinate_events_id_seq": ("U", "U", "U", ""),
    "procrastinate_jobs_id_seq": ("U", "U", "U", ""),
    "procrastinate_periodic_defers_id_seq": ("", "U", "U", ""),
    "procrastinate_workers_id_seq": ("", "U", "U", ""),
}


def role_statements() -> Iterator[str]:
    """Yield what makes the accounts and shuts the database to everybody else; it may be run again.

    A superuser runs it in the line's database. No account has a password until it is given one.
    """
    for role in (OWNER, *ROLES):
        yield (
            f"DO $$ BEGIN CREATE ROLE {role} LOGIN;"
            " EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
        )
    everyone = ", ".join((OWNER, *ROLES))
    for statement in (
        "REVOKE ALL ON DATABASE %I FROM PUBLIC",
        f"GRANT CONNECT ON DATABASE %I TO {everyone}",
        f"GRANT TEMPORARY ON DATABASE %I TO {', '.join(_MAKE_TEMPORARY_TABLES)}",
    ):
        yield f"DO $$ BEGIN EXECUTE format('{statement}', current_database()); END $$"
    yield "REVOKE ALL ON SCHEMA public FROM PUBLIC"
    yield f"GRANT USAGE ON SCHEMA public TO {everyone}"
    yield f"GRANT CREATE ON SCHEMA public TO {OWNER}"


def grant_statements(roles: Collection[str] = ROLES) -> Iterator[str]:
    """Yield what gives these roles their rights on tables and sequences and takes every other away.

    The owner of the tables runs it.
    """
    for role in roles:
        yield f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}"
        yield f"REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM {role}"
        for on, rights in groupby(needed(role), itemgetter(1)):
            yield f"GRANT {', '.join(right for right, _ in rights)} ON {on} TO {role}"


def needed(role: str) -> Iterator[tuple[str, str]]:
    """Yield each right that an account's work needs, as GRANT writes it, and the table or sequence."""
    number = ROLES.index(role)
    yield "SELECT", "alembic_version"
    for table, letters in TABLES.items():
        yield from ((_LETTERS[letter], table) for letter in letters[number])
    for sequence, letters in SEQUENCES.items():
        yield from (("USAGE", f"SEQUENCE {sequence}") for _ in letters[number])


def who_may(rights: Collection[tuple[str, str]]) -> list[str]:
    """Return the accounts whose work needs all of these rights; what no other's work needs is the owner's."""
    temporary = {(right, on) for right, on in rights if right == "TEMPORARY"}
    others = set(rights) - temporary
    allowed = _MAKE_TEMPORARY_TABLES if temporary else ROLES
    return [role for role in allowed if others <= set(needed(role))] or [OWNER]


def grant(db: Connection) -> None:
    """Give the roles that there are on this server their rights, in the caller's transaction."""
    there = db.scalars(text("SELECT rolname FROM pg_roles WHERE rolname = ANY(:roles)"), {"roles": [*ROLES]})
    for statement in grant_statements(there.all()):
        db.execute(text(statement))

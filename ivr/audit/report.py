"""The audit as one thing: counted in one view of the database, dated, sealed, as JSON and as text."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, select, text

from ivr.audit.checks import Counted, Scope, count
from ivr.audit.duties import DUTIES, Duty
from ivr.base.listing import ListColumn, listing
from ivr.payments.evidence import Verification, verify_evidence
from ivr.payments.export import day_of
from ivr.payments.fraud import REVIEWED_EVERY, procedure_reviewed_at
from ivr.payments.rates import LIMITS_PERCENT, ReturnRates, return_rates
from ivr.payments.report import plain

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ivr.base.keys import KeyedHash
    from ivr.base.settings import MemberSettings

_SEAL: Final = "seal"
_PURPOSE: Final = "audit report"


def audit(
    db: Connection, settings: MemberSettings, first: date, last: date, now: datetime, *, kept: datetime
) -> dict[str, Any]:
    """Return the report on the payments authorized from day `first` to day `last`, by the bank's clock.

    Evidence from before `kept` (aware) may be gone, and is not asked for. The caller's transaction must see
    one state of the database (REPEATABLE READ), or counts of a busy line do not fit together. The chain of
    seals is checked beside the counts, by a second connection that sees the same state.
    """
    start, _ = day_of(first, settings.ivr_timezone)
    _, end = day_of(last, settings.ivr_timezone)
    with _seeing_the_same(db) as other, ThreadPoolExecutor(1) as beside:
        verifying = beside.submit(verify_evidence, other, settings.hashes, kept_since=kept)
        scope = Scope(
            max(start, kept),
            end,
            now,
            settings.ivr_closings,
            lambda: [each.what for each in verifying.result().broken],
        )
        duties = [_row(duty, None if duty.check is None else count(db, duty.check, scope)) for duty in DUTIES]
        found = verifying.result()
    removed = [each.what for each in found.broken if each.what.startswith("payment ")]  # counted by no query
    unchanged = next(row for row in duties if row["duty"] == "evidence-unchanged")
    unchanged |= {"applied": unchanged["applied"] + len(removed), "not_met": unchanged["not_met"] + removed}
    duties += [_trail(found), _rates(return_rates(db, now)), _procedure(procedure_reviewed_at(db), now)]
    report: dict[str, Any] = {
        "from": plain(first),
        "to": plain(last),
        "made_at": plain(now),
        "not_met": sum(row["applied"] - row["met"] for row in duties if row["applied"] is not None),
        "duties": duties,
        "evidence": {
            "seals": found.seals,
            "audit_events": found.audit_events,
            "expired": found.expired,
            "head": found.head.hex(),
            "problems": [f"{each.what}: {each.problem}" for each in found.broken],
        },
    }
    return report | {_SEAL: seal_of(report, settings.hashes)}


@contextmanager
def _seeing_the_same(db: Connection) -> Iterator[Connection]:
    snapshot = db.scalar(select(func.pg_export_snapshot()))
    with db.engine.connect().execution_options(isolation_level="REPEATABLE READ") as other:
        other.execute(text(f"SET TRANSACTION SNAPSHOT '{snapshot}'"))
        yield other


def seal_of(report: Mapping[str, Any], hashes: KeyedHash) -> str:
    """Return the keyed hash of a report, 64 hexadecimal digits: another one means that it was changed."""
    facts = {name: value for name, value in report.items() if name != _SEAL}
    return hashes.digest(_PURPOSE, json.dumps(facts, sort_keys=True)).hex()


def is_sealed(report: Mapping[str, Any], hashes: KeyedHash) -> bool:
    """Return whether a report is as this line made it."""
    return report.get(_SEAL) == seal_of(report, hashes)


_TABLE: Final = (
    ListColumn("APPLIED", 9, at_right=True),
    ListColumn("MET", 9, at_right=True),
    ListColumn("NOT MET", 9, at_right=True),
    ListColumn("DUTY"),
)
_NUMBERS_SHOWN: Final = 20


def report_text(report: Mapping[str, Any]) -> str:
    """Return a report as lines for people: a duty a line, with the numbers that did not meet it below."""
    counted_rows = [row for row in report["duties"] if row["applied"] is not None]
    table = listing(
        _TABLE, ([*map(str, figures(row)), f"{row['duty']}: {row['rule']}"] for row in counted_rows)
    )
    lines = [
        f"Payments authorized {report['from']} to {report['to']}; made {report['made_at']}",
        table.header,
    ]
    for row, line in zip(counted_rows, table.lines, strict=True):
        lines += [line, *(f"{'':>33}{number}" for number in row["not_met"][:_NUMBERS_SHOWN])]
        if len(row["not_met"]) > _NUMBERS_SHOWN:
            lines.append(f"{'':>33}and {figures(row)[2] - _NUMBERS_SHOWN} more: see --json")
    lines += [
        f"{'':>33}{row['duty']}: {row['shown_by']}" for row in report["duties"] if row["applied"] is None
    ]
    lines += [f"evidence: {problem}" for problem in report["evidence"]["problems"][:_NUMBERS_SHOWN]]
    return "\n".join([*lines, f"head of the chain {report['evidence']['head']}", f"seal {report[_SEAL]}"])


def figures(row: Mapping[str, Any]) -> tuple[int, int, int]:
    """Return to how many a counted duty applied, how many met it, and how many did not."""
    return row["applied"], row["met"], row["applied"] - row["met"]


def _row(duty: Duty, counted: Counted | None) -> dict[str, Any]:
    return {
        "duty": duty.word,
        "rule": duty.rule,
        "source": duty.source,
        "applied": None if counted is None else counted.applied,
        "met": None if counted is None else counted.met,
        "not_met": [] if counted is None else list(counted.not_met),
        "shown_by": duty.shown_by,
    }


def _trail(found: Verification) -> dict[str, Any]:
    duty = Duty(
        "audit-trail",
        "What staff did is on record, and nobody changed or removed any of it.",
        "45 CFR 155.260 and 155.1210; the line's own chain of seals",
    )
    altered = tuple(each.what for each in found.broken if each.what.startswith("audit event"))
    return _row(duty, Counted(found.audit_events, found.audit_events - len(set(altered)), altered))


def _procedure(reviewed_at: datetime, now: datetime) -> dict[str, Any]:
    duty = Duty(
        "fraud-procedure",
        "The fraud procedure and its rules are looked at once a year.",
        "Nacha Operating Rules: fraud monitoring, reviewed at least annually",
    )
    late = (f"reviewed {reviewed_at.date()}",) if now - reviewed_at > REVIEWED_EVERY else ()
    return _row(duty, Counted(1, 1 - len(late), late))


def _rates(rates: ReturnRates) -> dict[str, Any]:
    duty = Duty(
        "return-rates",
        "Of the debits of the last 60 days no more came back than "
        + ", ".join(f"{limit:g} % {name}" for name, limit in LIMITS_PERCENT.items())
        + ".",
        "Nacha Operating Rules: return rate levels (below 100 debits, or of one return, no rate is told)",
    )
    over = tuple(f"{name} {rates.percent(name)} %" for name in LIMITS_PERCENT if rates.is_over(name))
    return _row(duty, Counted(len(LIMITS_PERCENT), len(LIMITS_PERCENT) - len(over), over))

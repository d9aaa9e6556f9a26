"""The figures: a name, what it says, its values by label. Counts, ages and rates; nothing of a person."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from ivr.calls.notation import RECIPE_FORMAT
from ivr.members.locks import line_failures
from ivr.payments.banks import directory_imported_at
from ivr.payments.batches import count_waiting
from ivr.payments.cutoffs import cutoff_rule, last_finished, overdue_cutoffs
from ivr.payments.life import IS_WAITING
from ivr.payments.rates import LIMITS_PERCENT, ReturnRates, return_rates
from ivr.storage.revision import standing
from ivr.storage.tables import AchFile, Call, Heartbeat, Notice, Payment, StaffTask

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

    from ivr.base.settings import DatabaseSettings

_HOUR: Final = timedelta(hours=1)
Value = tuple[Mapping[str, str], float]  # by which labels, and how much


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: `values` has one without labels, or one for each of what the label names."""

    name: str
    says: str
    values: tuple[Value, ...]


@dataclass(frozen=True)
class _Asked:
    db: Connection
    settings: DatabaseSettings
    now: datetime
    counted: ReturnRates | None

    @cached_property
    def rates(self) -> ReturnRates:
        """The rates of returns, of which several figures are."""
        return self.counted or return_rates(self.db, self.now)


def figures(
    engine: Engine,
    settings: DatabaseSettings,
    now: datetime,
    *,
    only: Collection[str] | None = None,
    rates: ReturnRates | None = None,
) -> tuple[Figure, ...]:
    """Return every figure as of `now` (aware); while the database is away, that and the release.

    `only` names those that are read from the database, None for all. `rates` are those of returns, where they
    are counted already.
    """
    try:
        works = standing(engine).works
        with engine.connect() as db:
            asked = _Asked(db, settings, now, rates)
            found = tuple(
                Figure(name, says, tuple(values(asked)))
                for name, says, values in _FIGURES
                if works and (only is None or name in only)
            )
    except SQLAlchemyError:
        return (_one("ivr_database_down", "whether the database does not answer", 1), _info())
    return (
        _one("ivr_database_down", "whether the database does not answer", 0),
        _one(
            "ivr_migrations_missing", "whether the database lacks a migration, or has one too new", not works
        ),
        _info(),
        *found,
    )


def _one(name: str, says: str, value: float) -> Figure:
    return Figure(name, says, (({}, float(value)),))


def _info() -> Figure:
    return Figure("ivr_release", "the release that is asked", (({"version": version("ivr")}, 1.0),))


def _heartbeats(asked: _Asked) -> Iterator[Value]:
    for row in asked.db.execute(select(Heartbeat.name, Heartbeat.seen_at)):
        yield {"process": row.name}, (asked.now - row.seen_at).total_seconds()


def _overdue(asked: _Asked) -> Iterator[Value]:
    cutoffs = overdue_cutoffs(asked.db, cutoff_rule(asked.settings), asked.now)
    waited_for = bool(cutoffs) and count_waiting(asked.db, cutoffs[-1]) > 0
    yield {}, float(len(cutoffs) if waited_for else 0)


def _last_cutoff(asked: _Asked) -> Iterator[Value]:
    last = last_finished(asked.db)
    if last is not None:
        yield {}, last.timestamp()


def _counted(label: str, column: Any, *which: Any) -> Callable[[_Asked], Iterable[Value]]:
    """Count rows by a column."""

    def values(asked: _Asked) -> Iterator[Value]:
        for name, number in asked.db.execute(select(column, func.count()).where(*which).group_by(column)):
            yield {label: str(name)}, float(number)

    return values


def _age(label: str, column: Any, since: Any, *which: Any) -> Callable[[_Asked], Iterable[Value]]:
    """Return for how many seconds the oldest row has waited, by a column."""

    def values(asked: _Asked) -> Iterator[Value]:
        oldest = select(column, func.min(since)).where(*which).group_by(column)
        for name, at in asked.db.execute(oldest):
            yield {label: str(name)}, (asked.now - at).total_seconds()

    return values


def _calls(asked: _Asked) -> Iterator[Value]:
    ended = func.coalesce(Call.end, "open")
    recent = Call.started_at > asked.now - _HOUR
    for end, number in asked.db.execute(select(ended, func.count()).where(recent).group_by(ended)):
        yield {"end": end}, float(number)


def _turns(asked: _Asked) -> Iterator[Value]:
    turns = select(func.coalesce(func.sum(Call.seq), 0)).where(Call.started_at > asked.now - _HOUR)
    yield {}, float(asked.db.scalar(turns) or 0)


# Of calls of the last hour, which is longer than any call: turns alone have no index by time. A turn kept in
# another format may not even be JSON.
_RECENT_TURNS: Final = """
WITH recent AS (
    SELECT events::json AS kept
    FROM calls JOIN turns USING (call_sid)
    WHERE calls.started_at > CAST(:now AS timestamptz) - interval '1 hour'
        AND turns.at > CAST(:now AS timestamptz) - interval '5 minutes'
        AND events LIKE :kept_so
)
"""
_BY_OUTCOME: Final = text(
    _RECENT_TURNS
    + """
SELECT CASE
    WHEN kept->>'heard' = 'trouble' THEN 'trouble'
    WHEN kept->>'heard' = 'silence' THEN 'silence'
    WHEN kept->>'path' LIKE '% ! %' THEN 'not understood'
    ELSE 'understood' END AS outcome, count(*) AS turns
FROM recent GROUP BY outcome
"""
)
_BY_SECONDS: Final = text(
    _RECENT_TURNS
    + """
SELECT unnest(percentile_disc(CAST(:shares AS float8[]))
    WITHIN GROUP (ORDER BY (kept->>'milliseconds')::float8))
FROM recent
"""
)
_SHARES: Final = (0.5, 0.99, 1.0)
_KEPT_SO: Final = f'{{"recipe":{RECIPE_FORMAT},%'


def _outcomes(asked: _Asked) -> Iterator[Value]:
    for outcome, turns in asked.db.execute(_BY_OUTCOME, {"now": asked.now, "kept_so": _KEPT_SO}):
        yield {"outcome": outcome}, float(turns)


def _seconds(asked: _Asked) -> Iterator[Value]:
    found = asked.db.scalars(_BY_SECONDS, {"now": asked.now, "kept_so": _KEPT_SO, "shares": list(_SHARES)})
    for share, milliseconds in zip(_SHARES, found.all(), strict=False):  # none where there was no turn
        yield {"quantile": f"{share:g}"}, milliseconds / 1000


def _failures(asked: _Asked) -> Iterator[Value]:
    yield {}, float(line_failures(asked.db, asked.now - _HOUR).failures)


def _rates(asked: _Asked) -> Iterator[Value]:
    for name in LIMITS_PERCENT:
        yield {"rate": name}, asked.rates.percent(name)


def _rates_near(asked: _Asked) -> Iterator[Value]:
    for name in LIMITS_PERCENT:
        yield {"rate": name}, float(name in asked.rates.warnings)


def _directory(asked: _Asked) -> Iterator[Value]:
    imported_at = directory_imported_at(asked.db)
    if imported_at is not None:
        yield {}, (asked.now - imported_at).total_seconds()


def _jobs(asked: _Asked) -> Iterator[Value]:
    for row in asked.db.execute(text("SELECT status, count(*) FROM procrastinate_jobs GROUP BY status")):
        yield {"status": row[0]}, float(row[1])


_OPEN: Final = StaffTask.closed_at.is_(None)
_FIGURES: Final[tuple[tuple[str, str, Callable[[_Asked], Iterable[Value]]], ...]] = (
    ("ivr_heartbeat_age_seconds", "how long ago a process said that it is at work", _heartbeats),
    ("ivr_cutoffs_overdue", "cutoffs that should have been run, and something waits for them", _overdue),
    ("ivr_cutoff_finished_timestamp", "the newest cutoff that was run", _last_cutoff),
    ("ivr_files", "bank files", _counted("state", AchFile.state)),
    (
        "ivr_file_waiting_seconds",
        "how long the oldest file has waited for its delivery",
        _age("state", AchFile.state, AchFile.created_at, AchFile.state == "written"),
    ),
    (
        "ivr_payments_waiting",
        "payments that no file holds yet",
        _counted("state", Payment.state, IS_WAITING),
    ),
    ("ivr_notices", "written notices", _counted("state", Notice.state)),
    (
        "ivr_notice_waiting_seconds",
        "how long the oldest notice has waited to be sent",
        _age("channel", Notice.channel, Notice.created_at, Notice.state == "pending"),
    ),
    ("ivr_tasks_open", "what waits for staff", _counted("kind", StaffTask.kind, _OPEN)),
    (
        "ivr_task_age_seconds",
        "how long the oldest open task has waited",
        _age("kind", StaffTask.kind, StaffTask.opened_at, _OPEN),
    ),
    ("ivr_calls_last_hour", "calls that began in the last hour, by how they ended", _calls),
    ("ivr_turns_last_hour", "turns of those calls", _turns),
    ("ivr_turns_last_five_minutes", "turns of calls of the last hour, by what came of them", _outcomes),
    ("ivr_turn_seconds", "how long those of the last five minutes took until they were stored", _seconds),
    ("ivr_verification_failures_last_hour", "verifications that failed on the whole line", _failures),
    ("ivr_return_rate_percent", "debits of 60 days that came back", _rates),
    ("ivr_return_rate_near_limit", "whether a return rate is on its way to its limit", _rates_near),
    ("ivr_bank_directory_age_seconds", "how old the directory of banks is", _directory),
    ("ivr_jobs", "jobs of the queue", _jobs),
)

"""What calls of a time come to, counted in the database: how they end, where callers leave, what they take.

The definitions are those that owners of such lines agree on:

containment   of the calls that went on after the greeting, those that ended without a person
completion    of the calls in which the caller chose to pay, those with a payment that was accepted
drop-off      of the calls that came to a node, those whose caller hung up there and had paid nothing
parity        completion in relay pace as a share of completion in voice pace

Calls that are not over are left out. A call counts in the language and pace in which it ended.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from sqlalchemy import text

if TYPE_CHECKING:
    from sqlalchemy import Connection

# What the domain is asked once an amount was chosen, and to verify a caller (`ivr.topics`).
CHOSEN: Final = "check_day_limit"
VERIFY: Final = "verify_member"
TRIES: Final = (1, 2, 3)
NODES_MAX: Final = 200

_CALLS: Final = """
    SELECT call_sid, started_at, language, pace, flow_version, "end", node, seq, member_id,
           date_trunc('week', started_at AT TIME ZONE :zone)::date AS week,
           extract(epoch FROM ended_at - started_at)::float8 AS seconds
    FROM calls WHERE started_at >= :since AND started_at < :until AND status = 'closed' AND seq >= 0
"""
_GROUPS: Final = text(f"""
    WITH told AS ({_CALLS}), counted AS (
        SELECT told.*, coalesce(chose, false) AS chose, paid_at IS NOT NULL AS paid,
               extract(epoch FROM paid_at - started_at)::float8 AS seconds_to_pay
        FROM told
        LEFT JOIN LATERAL (
            SELECT true AS chose FROM turns
            WHERE turns.call_sid = told.call_sid AND events LIKE :chosen LIMIT 1
        ) choosing ON true
        LEFT JOIN LATERAL (
            SELECT min(authorized_at) AS paid_at FROM payments WHERE payments.call_sid = told.call_sid
        ) paying ON true
    )
    SELECT CASE WHEN grouping(language) = 0 THEN 'language' WHEN grouping(flow_version) = 0 THEN 'version'
                WHEN grouping(week) = 0 THEN 'week' WHEN grouping(pace) = 0 THEN 'pace' ELSE 'all' END AS by,
           coalesce(language, flow_version, pace, '') AS name, week,
           count(*) AS calls,
           count(*) FILTER (WHERE seq > 0) AS went_on,
           count(*) FILTER (WHERE seq > 0 AND "end" IS DISTINCT FROM 'agent') AS contained,
           count(member_id) AS verified,
           count(member_id) FILTER (WHERE paid) AS verified_paid,
           count(*) FILTER (WHERE chose) AS chose,
           count(*) FILTER (WHERE chose AND paid) AS paid,
           percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY seconds) AS lasted,
           percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY seconds_to_pay) AS to_pay
    FROM counted
    GROUP BY GROUPING SETS ((), (language), (pace), (flow_version), (week, pace))
    ORDER BY week, calls DESC, name
""")  # noqa: S608 (put together of constants alone)
_NODES: Final = text(f"""
    WITH told AS ({_CALLS})
    SELECT turns.node, count(DISTINCT call_sid) AS came,
           count(DISTINCT call_sid) FILTER (
               WHERE turns.node = told.node AND "end" = 'hangup' AND NOT EXISTS (
                   SELECT FROM payments WHERE payments.call_sid = told.call_sid)) AS left_it
    FROM told JOIN turns USING (call_sid) GROUP BY turns.node
    ORDER BY left_it DESC, came DESC, turns.node LIMIT :nodes
""")  # noqa: S608
_HEAT: Final = text(f"""
    WITH told AS ({_CALLS}), passed AS (
        SELECT call_sid, turns.node FROM told JOIN turns USING (call_sid)
        UNION SELECT call_sid, split_part(step, ' ', 1) FROM told JOIN turns USING (call_sid)
        CROSS JOIN LATERAL jsonb_array_elements_text(events::jsonb -> 'path') AS step
    )
    SELECT passed.node, count(*) AS came,
           count(*) FILTER (WHERE passed.node = told.node AND "end" = 'hangup') AS hung_up,
           (SELECT count(*) FROM told) AS calls
    FROM passed JOIN told USING (call_sid) GROUP BY passed.node
""")  # noqa: S608
_TRIES: Final = text(f"""
    WITH told AS ({_CALLS}), tries AS (
        SELECT trying.* FROM told CROSS JOIN LATERAL (
            SELECT count(*) AS tried, bool_or(asked ->> 'outcome' LIKE 'verified%') AS verified
            FROM turns, jsonb_array_elements(events::jsonb -> 'asked') AS asked
            WHERE turns.call_sid = told.call_sid AND events LIKE :verify AND asked ->> 'action' = :action
        ) trying
    )
    SELECT tried, count(*) FILTER (WHERE verified) AS verified, count(*) AS ended
    FROM tries WHERE tried > 0 GROUP BY tried
""")  # noqa: S608


@dataclass(frozen=True, slots=True)
class Rate:
    """So many of so many."""

    count: int
    of: int

    @property
    def percent(self) -> float | None:
        """The share, 0 to 100; None of nothing."""
        return 100 * self.count / self.of if self.of else None


@dataclass(frozen=True, slots=True)
class GroupReport:
    """What the calls of one group come to. Times are seconds: the median, and what 95 of 100 stay below."""

    name: str
    week: date | None
    calls: int
    contained: Rate
    verified: int
    completion: Rate
    completion_verified: Rate
    lasted: tuple[float, float] | None
    to_pay: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class WeekReport:
    """One week, which begins on a Monday: completion in each pace."""

    week: date
    voice: Rate
    relay: Rate

    @property
    def parity_percent(self) -> float | None:
        """Completion in relay pace of that in voice pace; None where one of them is not known, or is 0."""
        if not self.voice.percent or self.relay.percent is None:
            return None
        return 100 * self.relay.percent / self.voice.percent


def report_groups(
    db: Connection, zone: ZoneInfo, since: datetime, until: datetime
) -> dict[str, list[GroupReport]]:
    """Return the calls that began in a time by `all`, `language`, `pace`, `version`, and `week` with pace."""
    found: dict[str, list[GroupReport]] = {by: [] for by in ("all", "language", "pace", "version", "week")}
    values = {"zone": zone.key, "since": since, "until": until, "chosen": _asks(CHOSEN)}
    for row in db.execute(_GROUPS, values):
        report = GroupReport(
            name=row.name,
            week=row.week,
            calls=row.calls,
            contained=Rate(row.contained, row.went_on),
            verified=row.verified,
            completion=Rate(row.paid, row.chose),
            completion_verified=Rate(row.verified_paid, row.verified),
            lasted=_pair(row.lasted),
            to_pay=_pair(row.to_pay),
        )
        found[row.by].append(report)
    return found


def report_weeks(groups: Sequence[GroupReport]) -> list[WeekReport]:
    """Return each week of the groups by `week`: relay beside the rest, who use a voice."""
    weeks: dict[date, dict[bool, Rate]] = {}
    for group in groups:
        assert group.week is not None  # noqa: S101 (they are by week)
        so_far = weeks.setdefault(group.week, {True: Rate(0, 0), False: Rate(0, 0)})
        is_relay, rate = group.name == "relay", group.completion
        before = so_far[is_relay]
        so_far[is_relay] = Rate(before.count + rate.count, before.of + rate.of)
    return [WeekReport(week, paces[False], paces[True]) for week, paces in sorted(weeks.items())]


def report_nodes(db: Connection, zone: ZoneInfo, since: datetime, until: datetime) -> list[tuple[str, Rate]]:
    """Return for each node where calls waited how many hung up there unpaid, of how many that came."""
    rows = db.execute(_NODES, {"zone": zone.key, "since": since, "until": until, "nodes": NODES_MAX})
    return [(row.node, Rate(row.left_it, row.came)) for row in rows]


def report_heat(
    db: Connection, zone: ZoneInfo, since: datetime, until: datetime
) -> tuple[int, dict[str, int], dict[str, int]]:
    """Return all calls, and by node how many came through it, and how many hung up there."""
    rows = db.execute(_HEAT, {"zone": zone.key, "since": since, "until": until}).all()
    return (
        rows[0].calls if rows else 0,
        {row.node: row.came for row in rows},
        {row.node: row.hung_up for row in rows if row.hung_up},
    )


def report_tries(db: Connection, zone: ZoneInfo, since: datetime, until: datetime) -> tuple[list[Rate], Rate]:
    """Return for each try how many calls it verified, of those that tried so often; and for all together."""
    values = {
        "zone": zone.key,
        "since": since,
        "until": until,
        "verify": _asks(VERIFY),
        "action": VERIFY,
    }
    rows = db.execute(_TRIES, values).all()
    by_try = [
        Rate(
            sum(row.verified for row in rows if row.tried == number),
            sum(row.ended for row in rows if row.tried >= number),
        )
        for number in TRIES
    ]
    return by_try, Rate(sum(row.verified for row in rows), sum(row.ended for row in rows))


def _asks(action: str) -> str:
    """Return what finds a turn in which the domain was asked this, as `calls.notation` writes it."""
    return f'%"action":"{action}"%'.replace("_", r"\_")


def _pair(seconds: Sequence[float | None] | None) -> tuple[float, float] | None:
    if seconds is None or seconds[0] is None or seconds[1] is None:
        return None
    return seconds[0], seconds[1]

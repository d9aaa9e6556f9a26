"""What calls of a time come to, counted in the database: how they end, where callers leave, what they take.

The definitions are those that owners of such lines agree on:

containment   of the calls that went on after the greeting, those that ended without a person
completion    of the calls in which the caller chose to pay, those with a payment that was accepted
drop-off      of the calls that came to a node, those whose caller hung up there and had paid nothing
parity        completion in relay pace as a share of completion in voice pace

Calls that are not over are left out. A call counts in the language and pace in which it ended.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from ivr.calls.days import Count, Days, Rows, Span

if TYPE_CHECKING:
    from sqlalchemy import Connection

# What the domain is asked once an amount was chosen, and to verify a caller (`ivr.topics`).
CHOSEN: Final = "check_day_limit"
VERIFY: Final = "verify_member"
TRIES: Final = (1, 2, 3)
NODES_MAX: Final = 200
_NAMED_BY: Final = {
    "all": "",
    "language": "language",
    "pace": "pace",
    "version": "flow_version",
    "week": "pace",
}


def _asks(action: str) -> str:
    """Return what stands in a turn in which the domain was asked this, as `calls.notation` writes it."""
    return f'"action":"{action}"'


_CALLS: Final = """
    SELECT call_sid, started_at, language, pace, flow_version, "end", node, seq, member_id,
           date_trunc('week', started_at AT TIME ZONE :zone)::date::text AS week,
           extract(epoch FROM ended_at - started_at)::float8 AS seconds
    FROM calls WHERE started_at >= :since AND started_at < :until AND status = 'closed' AND seq >= 0
"""
_GROUPS: Final = Count(
    f"""
    WITH told AS ({_CALLS}), counted AS (
        SELECT told.*, coalesce(chose, false) AS chose, paid_at IS NOT NULL AS paid,
               extract(epoch FROM paid_at - started_at)::float8 AS seconds_to_pay
        FROM told
        LEFT JOIN LATERAL (
            SELECT true AS chose FROM turns
            WHERE turns.call_sid = told.call_sid AND strpos(events, :chosen) > 0 LIMIT 1
        ) choosing ON true
        LEFT JOIN LATERAL (
            SELECT min(authorized_at) AS paid_at FROM payments WHERE payments.call_sid = told.call_sid
        ) paying ON true
    )
    SELECT language, pace, flow_version, week,
           count(*) AS calls,
           count(*) FILTER (WHERE seq > 0) AS went_on,
           count(*) FILTER (WHERE seq > 0 AND "end" IS DISTINCT FROM 'agent') AS contained,
           count(member_id) AS verified,
           count(member_id) FILTER (WHERE paid) AS verified_paid,
           count(*) FILTER (WHERE chose) AS chose,
           count(*) FILTER (WHERE chose AND paid) AS paid,
           array_remove(array_agg(seconds ORDER BY seconds), NULL) AS lasted,
           array_remove(array_agg(seconds_to_pay ORDER BY seconds_to_pay), NULL) AS to_pay
    FROM counted GROUP BY language, pace, flow_version, week
""",  # noqa: S608 (put together of constants alone)
    chosen=_asks(CHOSEN),
)
_NODES: Final = Count(
    f"""
    WITH told AS ({_CALLS})
    SELECT came.node, count(*) AS came,
           count(*) FILTER (WHERE came.node = told.node AND "end" = 'hangup' AND NOT EXISTS (
               SELECT FROM payments WHERE payments.call_sid = told.call_sid)) AS left_it
    FROM told CROSS JOIN LATERAL (
        SELECT DISTINCT node FROM turns WHERE turns.call_sid = told.call_sid
    ) came GROUP BY came.node
""",  # noqa: S608 (put together of constants alone)
)
_HEAT: Final = Count(
    f"""
    WITH told AS ({_CALLS})
    SELECT passed.node, count(*) AS came,
           count(*) FILTER (WHERE passed.node = told.node AND "end" = 'hangup') AS hung_up,
           (SELECT count(*) FROM told) AS calls
    FROM told CROSS JOIN LATERAL (
        SELECT node FROM turns WHERE turns.call_sid = told.call_sid
        UNION SELECT split_part(step, ' ', 1) FROM turns
        CROSS JOIN LATERAL json_array_elements_text(events::json -> 'path') AS step
        WHERE turns.call_sid = told.call_sid
    ) passed GROUP BY passed.node
""",  # noqa: S608 (put together of constants alone)
)
_TRIES: Final = Count(
    f"""
    WITH told AS ({_CALLS}), tries AS (
        SELECT trying.* FROM told CROSS JOIN LATERAL (
            SELECT count(*) AS tried, bool_or(asked ->> 'outcome' LIKE 'verified%') AS verified
            FROM turns, jsonb_array_elements(events::jsonb -> 'asked') AS asked
            WHERE turns.call_sid = told.call_sid AND strpos(events, :verify) > 0
                AND asked ->> 'action' = :action
        ) trying
    )
    SELECT tried, count(*) FILTER (WHERE verified) AS verified, count(*) AS ended
    FROM tries WHERE tried > 0 GROUP BY tried
""",  # noqa: S608 (put together of constants alone)
    verify=_asks(VERIFY),
    action=VERIFY,
)
COUNTS: Final = (_GROUPS, _NODES, _HEAT, _TRIES)


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


def report_groups(db: Connection, span: Span, days: Days) -> dict[str, list[GroupReport]]:
    """Return the calls that began in a time by `all`, `language`, `pace`, `version`, and `week` with pace."""
    found: dict[str, dict[tuple[date | None, str], list[Mapping[str, Any]]]] = {by: {} for by in _NAMED_BY}
    for rows in days.rows(db, _GROUPS, span):
        for row in rows:
            for by, column in _NAMED_BY.items():
                week = date.fromisoformat(row["week"]) if by == "week" else None
                key = (week, row[column] if column else "")
                found[by].setdefault(key, []).append(row)
    found["all"].setdefault((None, ""), [])
    return {
        by: sorted((_group(*key, rows) for key, rows in groups.items()), key=_order)
        for by, groups in found.items()
    }


def _group(week: date | None, name: str, rows: Rows) -> GroupReport:
    def total(column: str) -> int:
        return sum(row[column] for row in rows)

    return GroupReport(
        name=name,
        week=week,
        calls=total("calls"),
        contained=Rate(total("contained"), total("went_on")),
        verified=total("verified"),
        completion=Rate(total("paid"), total("chose")),
        completion_verified=Rate(total("verified_paid"), total("verified")),
        lasted=_middle_and_95([each for row in rows for each in row["lasted"]]),
        to_pay=_middle_and_95([each for row in rows for each in row["to_pay"]]),
    )


def _order(group: GroupReport) -> tuple[date, int, str]:
    return group.week or date.min, -group.calls, group.name


def _middle_and_95(seconds: list[float]) -> tuple[float, float] | None:
    """Return the median and what 95 of 100 stay below, between the two nearest where none is just there."""
    seconds.sort()
    found = []
    for share in (0.5, 0.95) if seconds else ():
        place = share * (len(seconds) - 1)
        lower, upper = seconds[math.floor(place)], seconds[math.ceil(place)]
        found.append(lower + (upper - lower) * (place % 1))
    return (found[0], found[1]) if found else None


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


def report_nodes(db: Connection, span: Span, days: Days) -> list[tuple[str, Rate]]:
    """Return for each node where calls waited how many hung up there unpaid, of how many that came."""
    came, left_it = Counter[str](), Counter[str]()
    for rows in days.rows(db, _NODES, span):
        for row in rows:
            came[row["node"]] += row["came"]
            left_it[row["node"]] += row["left_it"]
    nodes = sorted(came, key=lambda node: (-left_it[node], -came[node], node))
    return [(node, Rate(left_it[node], came[node])) for node in nodes[:NODES_MAX]]


def report_heat(db: Connection, span: Span, days: Days) -> tuple[int, dict[str, int], dict[str, int]]:
    """Return all calls, and by node how many came through it, and how many hung up there."""
    calls, came, hung_up = 0, Counter[str](), Counter[str]()
    for rows in days.rows(db, _HEAT, span):
        calls += rows[0]["calls"] if rows else 0
        for row in rows:
            came[row["node"]] += row["came"]
            hung_up[row["node"]] += row["hung_up"]
    return calls, dict(came), dict(+hung_up)


def report_tries(db: Connection, span: Span, days: Days) -> tuple[list[Rate], Rate]:
    """Return for each try how many calls it verified, of those that tried so often; and for all together."""
    verified, ended = Counter[int](), Counter[int]()
    for rows in days.rows(db, _TRIES, span):
        for row in rows:
            verified[row["tried"]] += row["verified"]
            ended[row["tried"]] += row["ended"]
    by_try = [
        Rate(verified[number], sum(count for tried, count in ended.items() if tried >= number))
        for number in TRIES
    ]
    return by_try, Rate(verified.total(), ended.total())

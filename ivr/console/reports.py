"""Reports: what the calls of a time come to, as tables with a picture beside each figure, and as CSV."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Any, Final

from flask import render_template as render

from ivr.base.errors import NotFoundError, OperatorError
from ivr.base.times import WrittenTimeError, span
from ivr.calls.days import Span
from ivr.calls.reports import (
    TRIES,
    GroupReport,
    Rate,
    WeekReport,
    report_groups,
    report_nodes,
    report_tries,
    report_weeks,
)
from ivr.console.paging import csv_file
from ivr.console.visit import Answer, Pages, StaffVisit

DAYS: Final = 7  # unless asked for otherwise
DAYS_MAX: Final = 35  # of the busiest line these take seconds
FEW: Final = 10  # a rate of fewer than these judges nothing
ALARM_PERCENT: Final = 5.0  # of those who came to a node: more than these leave there only for a reason
_GROUPS: Final = ("language", "pace", "version")
_OFFERED: Final = {"7 days": 7, "4 weeks": 28}
reports = Pages("reports", "Reports", "reports.see")


def _days_of(span: Span) -> dict[str, str]:
    """Return how an address asks for a time: the first day and the last."""
    last = span.until.astimezone(span.zone) - timedelta(seconds=1)
    return {
        "since": span.since.astimezone(span.zone).date().isoformat(),
        "until": last.date().isoformat(),
    }


@reports.page("/")
def index(visit: StaffVisit) -> Answer:
    """Show what calls come to: all together, by language, pace and version, and each week's relay parity."""

    def found(time: Span) -> dict[str, Any]:
        groups = report_groups(visit.db, time, visit.console.days)
        return {
            "all": groups["all"][0],
            "groups": {by: groups[by] for by in _GROUPS},
            "weeks": report_weeks(groups["week"]),
        }

    return _shown(visit, "reports.html", found)


@reports.page("/leaving")
def leaving(visit: StaffVisit) -> Answer:
    """Show where callers leave."""
    return _shown(
        visit,
        "leaving.html",
        lambda time: {"nodes": report_nodes(visit.db, time, visit.console.days), "alarm": ALARM_PERCENT},
    )


@reports.page("/verification")
def verification(visit: StaffVisit) -> Answer:
    """Show at which try callers are verified."""

    def found(time: Span) -> dict[str, Any]:
        by_try, in_the_end = report_tries(visit.db, time, visit.console.days)
        return {"tries": [*zip(TRIES, by_try, strict=True)], "in_the_end": in_the_end}

    return _shown(visit, "verification.html", found)


def _shown(visit: StaffVisit, template: str, find: Callable[[Span], dict[str, Any]]) -> Answer:
    """Show one page of reports: of the time that is asked for, or with what is wrong of the last days."""
    asked = visit.asked("since", "until")
    problems: Sequence[str] = ()
    try:
        time = _span(visit, asked)
    except OperatorError as error:
        problems = error.problems
        time = _span(visit, {"since": "", "until": ""})
    return render(
        template,
        asked=asked if any(asked.values()) else _days_of(time),
        problems=problems,
        time=time,
        days=_days_of(time),
        offered={said: visit.now - timedelta(days=days - 1) for said, days in _OFFERED.items()},
        few=FEW,
        **find(time),
    )


@reports.page("/<name>.csv")
def download(visit: StaffVisit, name: str) -> Answer:
    """Send one report of the time that is asked for as CSV, a row for each row of its table."""
    time = _span(visit, visit.asked("since", "until"))
    if name in _GROUPS:
        rows = _group_rows(name, report_groups(visit.db, time, visit.console.days)[name])
    elif name == "weeks":
        rows = _week_rows(report_weeks(report_groups(visit.db, time, visit.console.days)["week"]))
    elif name == "nodes":
        rows = _rate_rows(("node", "hung_up", "came"), report_nodes(visit.db, time, visit.console.days))
    elif name == "tries":
        by_try, _ = report_tries(visit.db, time, visit.console.days)
        rows = _rate_rows(("try", "verified", "tried"), zip(TRIES, by_try, strict=True))
    else:
        raise NotFoundError(f"There is no report called {name}.")
    return csv_file(f"{name}-{_days_of(time)['since']}-{_days_of(time)['until']}", rows)


def _span(visit: StaffVisit, asked: dict[str, str]) -> Span:
    """Return the time that is asked for, or else the last days. Raises `OperatorError`."""
    zone = visit.console.settings.ivr_timezone
    try:
        since, until = span(zone, visit.now, since=asked["since"] or None, until=asked["until"] or "today")
        assert until is not None  # noqa: S101 (it was given)
        since = since or until - timedelta(days=DAYS)
        if not timedelta() < until - since <= timedelta(days=DAYS_MAX, hours=1):
            raise OperatorError(f"A report is of a day at least and of {DAYS_MAX} at most: ask for others.")
    except WrittenTimeError as error:
        raise OperatorError(str(error)) from None
    except OverflowError:
        raise OperatorError("No calls are of so long ago: ask for other days.") from None
    return Span(zone, since, until, visit.now)


def _group_rows(by: str, groups: Sequence[GroupReport]) -> Iterator[Sequence[Any]]:
    yield (
        *(by, "calls", "contained", "went_on", "paid", "chose_to_pay", "verified_paid", "verified"),
        *("seconds_median", "seconds_95", "seconds_to_pay_median", "seconds_to_pay_95"),
    )
    for each in groups:
        yield (
            *(each.name, each.calls, each.contained.count, each.contained.of),
            *(each.completion.count, each.completion.of, each.completion_verified.count, each.verified),
            *_seconds(each.lasted),
            *_seconds(each.to_pay),
        )


def _seconds(pair: tuple[float, float] | None) -> tuple[float | str, ...]:
    return ("", "") if pair is None else tuple(round(each, 1) for each in pair)


def _week_rows(weeks: Iterable[WeekReport]) -> Iterator[Sequence[Any]]:
    yield ("week", "voice_paid", "voice_chose_to_pay", "relay_paid", "relay_chose_to_pay", "parity_percent")
    for each in weeks:
        parity = each.parity_percent
        yield (
            *(each.week, each.voice.count, each.voice.of, each.relay.count, each.relay.of),
            "" if parity is None else round(parity, 1),
        )


def _rate_rows(heads: Sequence[str], rates: Iterable[tuple[object, Rate]]) -> Iterator[Sequence[Any]]:
    yield (*heads, "percent")
    for name, rate in rates:
        yield (name, rate.count, rate.of, "" if rate.percent is None else round(rate.percent, 1))

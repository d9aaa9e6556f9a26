"""Today: what is due, what waits, what is wrong. What is not known says so: nothing is well by default."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final, Literal

from flask import render_template as render
from flask import url_for
from sqlalchemy import and_, func, select

from ivr.base.money import format_amount
from ivr.base.words import counted
from ivr.billing.coverage import DUE_DAY
from ivr.calls.days import Span
from ivr.calls.reports import report_groups
from ivr.console.payments import NOT_MAILED, NOT_SENT
from ivr.console.visit import Answer, Pages, StaffVisit
from ivr.payments.cutoffs import cutoff_rule, last_finished, overdue_cutoffs
from ivr.payments.life import IS_WAITING
from ivr.payments.rates import LIMITS_PERCENT, RATE_DAYS, SMALLEST_DEBITS, ReturnRates, return_rates
from ivr.status.alerts import ALERTS
from ivr.status.figures import figures
from ivr.storage.heartbeats import WORKER, last_seen
from ivr.storage.tables import AchFile, Call, Notice, Payment, StaffTask

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

today = Pages("today", "Today", "status.see")
_SILENT: Final = timedelta(minutes=5)
_WEEK: Final = timedelta(days=7)
_COUNTED_OVER: Final = timedelta(hours=1)
_AUTHORIZED: Final = and_(IS_WAITING, Payment.state == "authorized")
_HELD: Final = and_(IS_WAITING, Payment.state == "held")
Grade = Literal["good", "warn", "bad", "unknown"]


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure: what it is of, how much, since when or out of what, how it is, and where its rows are.

    `about` is words, alone or with the instant that they are of.
    """

    label: str
    value: str
    about: str | tuple[str, datetime]
    grade: Grade = "good"
    link: str = ""


@today.page("/")
def index(visit: StaffVisit) -> Answer:
    """Show the board, and what to do about each alert that fires."""
    rates = return_rates(visit.db, visit.now)
    found = figures(
        visit.console.engine,
        visit.console.settings,
        visit.now,
        only={alert.figure for alert in ALERTS},
        rates=rates,
    )
    return render(
        "today.html",
        alerts=[WRONG[alert.name] for alert in ALERTS if alert.fires(found)],
        groups={name: [tile(visit) for tile in tiles] for name, tiles in _GROUPS.items()}
        | {"Returns": [_rate(rates, name) for name in LIMITS_PERCENT]},
        now=visit.now,
    )


# Each alert in words, and the page (an endpoint, with what it is asked) that shows what it is about.
_OPERATORS: Final = "whoever runs the line has to start it."
WRONG: Final[dict[str, tuple[str, tuple[str, dict[str, str]] | None]]] = {
    "DatabaseDown": ("The database is down: callers are turned away.", None),
    "MigrationsMissing": (
        "The database is older than this release: whoever runs it migrates it.",
        None,
    ),
    "WorkerSilent": (f"The worker is silent, and no notice, file or return moves: {_OPERATORS}", None),
    "CutoffOverdue": (f"A cutoff is overdue. Where the worker is silent, {_OPERATORS}", None),
    "CutoffMissed": (
        "A cutoff was missed: its payments are held until staff release or cancel them.",
        ("payments.index", {"state": "held"}),
    ),
    "FileNotDelivered": (
        "A file has waited for the bank for more than 15 minutes: call the bank.",
        ("payments.index", {"state": "batched"}),
    ),
    "NoticesWaiting": (
        "A notice has waited for more than an hour to be sent.",
        ("payments.index", {"notice": NOT_SENT}),
    ),
    "ReturnRateNearLimit": (
        "A rate of returns comes near its ceiling.",
        ("payments.index", {"state": "returned"}),
    ),
    "VerificationsFail": (
        "A hundred verifications and more failed within an hour: somebody may be guessing.",
        ("calls.index", {"last_node": "verify", "on": "today"}),
    ),
    "TasksWaiting": ("A task has waited for more than three days.", ("tasks.index", {})),
}


def _cutoff(visit: StaffVisit) -> Tile:
    cutoff = cutoff_rule(visit.console.settings).next_cutoff(visit.now)
    leaves = func.coalesce(Payment.moved_to_cutoff_at, Payment.cutoff_at)
    count, cents = _count_and_sum(visit, _AUTHORIZED, leaves <= cutoff)
    said = f"{counted(count, 'payment')}, ${format_amount(cents)}"
    return Tile("Next cutoff", said, ("at", cutoff), link=url_for("payments.index", state="authorized"))


def _last_cutoff(visit: StaffVisit) -> Tile:
    last = last_finished(visit.db)
    late = len(overdue_cutoffs(visit.db, cutoff_rule(visit.console.settings), visit.now))
    if last is None:
        return Tile("Last cutoff", "not known", "none was ever run", "unknown")
    return Tile(
        "Last cutoff", f"{late} overdue" if late else "done", ("that of", last), "bad" if late else "good"
    )


def _held(visit: StaffVisit) -> Tile:
    count, cents = _count_and_sum(visit, _HELD)
    oldest = visit.db.scalar(select(func.min(Payment.authorized_at)).where(_HELD))
    return Tile(
        "Held payments",
        f"{count}, ${format_amount(cents)}" if count else "none",
        _oldest(oldest, "nothing waits for a word of staff"),
        "warn" if count else "good",
        url_for("payments.index", state="held"),
    )


def _count_and_sum(visit: StaffVisit, *which: ColumnElement[bool]) -> tuple[int, int]:
    found = select(func.count(), func.coalesce(func.sum(Payment.amount_cents), 0)).where(*which)
    count, cents = visit.db.execute(found).one()
    return int(count), int(cents)


def _files(visit: StaffVisit) -> Tile:
    waiting = visit.db.execute(
        select(func.count(), func.min(AchFile.created_at)).where(AchFile.state != "sent")
    ).one()
    if waiting[0]:
        link = url_for("payments.index", state="batched")
        return Tile("Files not accepted", str(waiting[0]), ("oldest", waiting[1]), "bad", link)
    last = visit.db.scalar(select(func.max(AchFile.sent_at)))
    if last is None:
        return Tile("Files not accepted", "none", "no file was ever sent", "unknown")
    return Tile(
        "Files not accepted", "none", ("last one sent", last), link=url_for("payments.index", state="sent")
    )


def _pick_up(visit: StaffVisit) -> Tile:
    settings = visit.console.settings
    day = cutoff_rule(settings).mailing_date(visit.now)
    hours, minutes = divmod(settings.ivr_letters_pickup.opens_minutes, 60)
    letters = visit.db.scalar(
        select(func.count()).where(
            Notice.channel == "letter", Notice.state == "sent", Notice.mailed_date.is_(None)
        )
    )
    about = f"{counted(int(letters or 0), 'letter')} not mailed yet"
    pick_up = f"{day:%a, %b} {day.day}, {hours}:{minutes:02d}"
    return Tile("Next mail pick-up", pick_up, about, link=url_for("payments.index", notice=NOT_MAILED))


def _due_date(visit: StaffVisit) -> Tile:
    day = visit.now.astimezone(visit.console.settings.ivr_timezone).date()
    due = next(each for each in (day + timedelta(days=ahead) for ahead in range(32)) if each.day == DUE_DAY)
    return Tile("Due date", "today" if due == day else f"in {counted((due - day).days, 'day')}", _day(due))


def _notices(visit: StaffVisit) -> Tile:
    count, oldest = visit.db.execute(
        select(func.count(), func.min(Notice.created_at)).where(Notice.state.in_(("pending", "failed")))
    ).one()
    grade: Grade = "warn" if count else "good"
    return Tile(
        "Notices not sent",
        str(count or "none"),
        _oldest(oldest, "every notice is on its way"),
        grade,
        url_for("payments.index", notice=NOT_SENT),
    )


def _worker(visit: StaffVisit) -> Tile:
    seen_at = last_seen(visit.db, WORKER)
    if seen_at is None:
        return Tile("Worker", "not known", "it never said that it is at work", "unknown")
    silent = visit.now - seen_at > _SILENT
    return Tile(
        "Worker", "silent" if silent else "at work", ("last seen", seen_at), "bad" if silent else "good"
    )


def _rate(rates: ReturnRates, name: str) -> Tile:
    """Return the tile of a rate of returns, of the debits of 60 days, beside its ceiling."""
    about = f"ceiling {LIMITS_PERCENT[name]:g} %, of {counted(rates.debits, 'debit')} in {RATE_DAYS} days"
    grade: Grade = "good"
    if rates.debits < SMALLEST_DEBITS:
        grade, about = "unknown", f"{about}: too few to judge"
    if name in rates.warnings:
        grade = "bad" if rates.is_over(name) else "warn"
    value = f"{rates.percent(name):.2f} %" if rates.debits else "not known"
    return Tile(f"Returns, {name}", value, about, grade, url_for("payments.index", state="returned"))


def _calls_now(visit: StaffVisit) -> Tile:
    count, oldest = visit.db.execute(
        select(func.count(), func.min(Call.started_at)).where(
            Call.status == "open", Call.started_at > visit.now - 4 * _COUNTED_OVER
        )
    ).one()
    about = _oldest(oldest, "nobody is on the line")
    return Tile("Calls now", str(count), about, link=url_for("calls.index", end="open"))


def _calls_hour(visit: StaffVisit) -> Tile:
    began = visit.now - _COUNTED_OVER
    count, before = (_began(visit, since, since + _COUNTED_OVER) for since in (began, began - _WEEK))
    link = url_for("calls.index", on="today")
    return Tile("Calls in the last hour", str(count), f"{before} in that hour a week ago", link=link)


def _began(visit: StaffVisit, since: datetime, until: datetime) -> int:
    return int(
        visit.db.scalar(select(func.count()).where(Call.started_at >= since, Call.started_at < until)) or 0
    )


def _completion(visit: StaffVisit) -> Tile:
    """Of the calls in which somebody was verified, those that made a payment."""
    zone = visit.console.settings.ivr_timezone
    first = visit.now.astimezone(zone).date() - _WEEK
    week = Span(zone, datetime.combine(first, time(), zone), visit.now, visit.now)
    [every] = report_groups(visit.db, week, visit.console.days)["all"]
    paid = every.completion_verified
    if paid.percent is None:
        return Tile("Completion", "not known", "nobody was verified in 7 days", "unknown")
    about = f"{paid.count} of {counted(paid.of, 'verified call')} in 7 days made a payment"
    return Tile("Completion", f"{paid.percent:.0f} %", about, link=url_for("reports.index"))


def _tasks(visit: StaffVisit) -> Tile:
    count, oldest = visit.db.execute(
        select(func.count(), func.min(StaffTask.opened_at)).where(StaffTask.closed_at.is_(None))
    ).one()
    return Tile(
        "Open tasks",
        str(count or "none"),
        _oldest(oldest, "nothing waits"),
        "warn" if count else "good",
        url_for("tasks.index"),
    )


def _oldest(at: datetime | None, otherwise: str) -> str | tuple[str, datetime]:
    return otherwise if at is None else ("oldest", at)


def _day(value: date) -> str:
    return f"{value:%A, %B} {value.day}"


_GROUPS: Final[dict[str, tuple[Callable[[StaffVisit], Any], ...]]] = {
    "Deadlines": (_cutoff, _last_cutoff, _pick_up, _due_date),
    "Work": (_tasks, _held, _files, _notices, _worker),
    "Calls": (_calls_now, _calls_hour, _completion),
}

"""American English."""

from __future__ import annotations

from datetime import date, datetime

from ivr.base.hours import MINUTES_A_DAY, OpenHours
from ivr.languages.language import NOON_MINUTES, Answers, Language, Spoken, SpokenValues

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def _money(amount_cents: int) -> str:
    dollars, cents = divmod(amount_cents, 100)
    spoken_dollars = "1 dollar" if dollars == 1 else f"{dollars} dollars"
    spoken_cents = "1 cent" if cents == 1 else f"{cents} cents"
    if cents == 0:
        return spoken_dollars
    return spoken_cents if dollars == 0 else f"{spoken_dollars} and {spoken_cents}"


def _date(day: date) -> str:
    return f"{_WEEKDAYS[day.weekday()]}, {_MONTHS[day.month - 1]} {day.day}"


def _date_year(day: date) -> str:
    return f"{_date(day)}, {day.year}"


def _time(minutes: int) -> str:
    if minutes % MINUTES_A_DAY == 0:
        return "midnight"
    if minutes == NOON_MINUTES:
        return "noon"
    hour, minute = divmod(minutes, 60)
    half = "a.m." if minutes < NOON_MINUTES else "p.m."
    hour_of_twelve = (hour - 1) % 12 + 1
    return f"{hour_of_twelve}:{minute:02d} {half}" if minute else f"{hour_of_twelve} {half}"


def _moment(moment: datetime) -> str:
    minutes = moment.hour * 60 + moment.minute
    # "midnight on Friday" is heard as either end of Friday
    preposition = "at the start of" if minutes == 0 else "on"
    return f"{_time(minutes)} {preposition} {_date(moment)}"


def _span(span: OpenHours) -> str:
    first, last = _WEEKDAYS[span.weekdays[0]], _WEEKDAYS[span.weekdays[-1]]
    days = "every day" if span.every_day else first if first == last else f"{first} to {last}"
    times = "at any hour" if span.all_day else f"{_time(span.opens_minutes)} to {_time(span.closes_minutes)}"
    return f"{days},\n{times}"


def _hours(hours: tuple[OpenHours, ...]) -> str:
    return ",\nand ".join(map(_span, hours))


ENGLISH = Language(
    "en-US",
    "1",
    "en_US",
    spoken=Spoken(
        voice="Polly.Joanna-Neural",
        press="press",
        values=SpokenValues(money=_money, date=_date, date_year=_date_year, moment=_moment, hours=_hours),
        answers=Answers(
            yes=frozenset({"yes", "yes i do", "i authorize", "yes i authorize", "i authorize this payment"}),
            no=frozenset({"no", "no i do not", "i do not authorize", "cancel"}),
            relay_word="authorize",
            says_yes="yes",
            says_yes_in_relay="I authorize",
            says_no="no",
            mumbles="what was that",
        ),
    ),
)

"""American English."""

from __future__ import annotations

from datetime import date, datetime

from ivr.base.hours import MINUTES_A_DAY, OpenHours
from ivr.languages.answers import AGENT, ALMOST, MIXED, NO, NOT_OWN, REPEAT, UNCLEAR, YES, Answers
from ivr.languages.language import NOON_MINUTES, Language, Spoken, SpokenValues

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


_OBJECTS = ("", "it", "this", "the payment", "this payment")
_ANSWERS = Answers(
    yes=frozenset({"yes", "yeah", "yep", "yes i do", "i do", "yes of course"})
    | {f"{yes}i {do}authorize {it}".strip() for yes in ("", "yes ") for do in ("", "do ") for it in _OBJECTS},
    yes_words=frozenset({"yes", "yeah", "yep", "authorize"}),
    not_own=(
        *("not mine", "isn t mine", "not my", "isn t my", "another person", "someone else", "somebody else"),
        *("wife", "husband", "partner", "mother", "mom", "father", "dad", "parents", "son", "daughter"),
        *("brother", "sister", "friend", "business", "company", "belongs to", "their account"),
    ),
    no=(
        *("no", "nope", "nah", "not", "never", "don t", "do not", "stop", "cancel", "later", "another day"),
        *("not authorize", "don t authorize"),
    ),
    doubt=frozenset({"but", "wait", "hold on"}),
    almost=frozenset(
        {"okay", "ok", "sure", "correct", "mm hmm", "right", "absolutely", "of course", "authorize", "fine"}
    ),
    repeat=frozenset({"repeat", "repeat that", "what", "what was that", "again", "say that again", "pardon"}),
    person=frozenset({"help", "representative", "agent", "operator", "person", "a person"}),
    courtesies=(
        frozenset({"uh", "um", "oh", "well"}),
        frozenset({"please", "thank you", "thanks", "sir", "ma am", "ga", "go ahead", "sk", "q"}),
    ),
    relay_word="authorize",
    says_yes="yes",
    samples={
        YES: "I authorize",
        NO: "no",
        NOT_OWN: "it is not my account",
        MIXED: "I authorize but not today",
        ALMOST: "okay",
        UNCLEAR: "let me think",
        REPEAT: "repeat",
        AGENT: "representative",
    },
)

ENGLISH = Language(
    "en-US",
    "1",
    "en_US",
    spoken=Spoken(
        name="English",
        voice="Polly.Joanna-Neural",
        press="press",
        values=SpokenValues(money=_money, date=_date, date_year=_date_year, moment=_moment, hours=_hours),
        answers=_ANSWERS,
    ),
)

"""Values as ready speech, in both languages."""

from __future__ import annotations

import re
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.base.hours import is_open, parse_hours
from ivr.languages.registry import SPOKEN as LANGUAGES
from ivr.languages.words import words_typed
from ivr.speech.values import KINDS, longest_value, speak_value

# kind, raw value, English, Spanish
SPOKEN = [
    ("money", 0, "0 dollars", "0 dólares"),
    ("money", 1, "1 cent", "un centavo"),
    ("money", 2, "2 cents", "2 centavos"),
    ("money", 100, "1 dollar", "un dólar"),
    ("money", 101, "1 dollar and 1 cent", "un dólar con un centavo"),
    ("money", 4000, "40 dollars", "40 dólares"),
    ("money", 4050, "40 dollars and 50 cents", "40 dólares con 50 centavos"),
    ("money", 12507, "125 dollars and 7 cents", "125 dólares con 7 centavos"),
    ("money", 100000, "1000 dollars", "1000 dólares"),
    ("money", 123456, "1234 dollars and 56 cents", "1234 dólares con 56 centavos"),
    ("money", 100_000_000, "1000000 dollars", "un millón de dólares"),
    ("money", 200_000_050, "2000000 dollars and 50 cents", "2 millones de dólares con 50 centavos"),
    ("money", 150_000_000, "1500000 dollars", "1500000 dólares"),
    ("date", "2026-12-18", "Friday, December 18", "viernes 18 de diciembre"),
    ("date", "2027-01-01", "Friday, January 1", "viernes primero de enero"),
    ("date_year", "2026-12-18", "Friday, December 18, 2026", "viernes 18 de diciembre de 2026"),
    (
        "moment",
        "2026-12-18T17:00-05:00",
        "5 p.m. on Friday, December 18",
        "las 5 de la tarde del viernes 18 de diciembre",
    ),
    (
        "moment",
        "2026-12-18T13:05-05:00",
        "1:05 p.m. on Friday, December 18",
        "la 1:05 de la tarde del viernes 18 de diciembre",
    ),
    (
        "moment",
        "2026-12-18T13:00:30-05:00",
        "1 p.m. on Friday, December 18",
        "la 1 de la tarde del viernes 18 de diciembre",
    ),
    (
        "moment",
        "2026-12-18T10:00-05:00",
        "10 a.m. on Friday, December 18",
        "las 10 de la mañana del viernes 18 de diciembre",
    ),
    (
        "moment",
        "2026-12-18T11:59-05:00",
        "11:59 a.m. on Friday, December 18",
        "las 11:59 de la mañana del viernes 18 de diciembre",
    ),
    (
        "moment",
        "2026-12-18T12:00-05:00",
        "noon on Friday, December 18",
        "las 12 del mediodía del viernes 18 de diciembre",
    ),
    (
        "moment",
        "2026-12-18T12:30-05:00",
        "12:30 p.m. on Friday, December 18",
        "las 12:30 de la tarde del viernes 18 de diciembre",
    ),
    (
        "moment",
        "2026-12-18T19:00-05:00",
        "7 p.m. on Friday, December 18",
        "las 7 de la noche del viernes 18 de diciembre",
    ),
    (
        "moment",
        "2026-12-18T23:59-05:00",
        "11:59 p.m. on Friday, December 18",
        "las 11:59 de la noche del viernes 18 de diciembre",
    ),
    (
        "moment",
        "2026-12-18T00:00-05:00",
        "midnight at the start of Friday, December 18",
        "la medianoche en que empieza el viernes 18 de diciembre",
    ),
    (
        "moment",
        "2026-12-18T00:30-05:00",
        "12:30 a.m. on Friday, December 18",
        "las 12:30 de la madrugada del viernes 18 de diciembre",
    ),
    (
        "moment",
        "2026-12-18T06:00-05:00",
        "6 a.m. on Friday, December 18",
        "las 6 de la mañana del viernes 18 de diciembre",
    ),
    (
        "moment",
        "2026-12-18T05:59-05:00",
        "5:59 a.m. on Friday, December 18",
        "las 5:59 de la madrugada del viernes 18 de diciembre",
    ),
    (
        "moment",
        "2026-12-18T01:15-05:00",
        "1:15 a.m. on Friday, December 18",
        "la 1:15 de la madrugada del viernes 18 de diciembre",
    ),
    (
        "hours",
        "Mon-Fri 08:00-18:00",
        "Monday to Friday,\n8 a.m. to 6 p.m.",
        "de lunes a viernes,\nde 8 de la mañana a 6 de la tarde",
    ),
    (
        "hours",
        "Mon-Fri 08:30-12:00; Sat 09:00-12:00",
        "Monday to Friday,\n8:30 a.m. to noon,\nand Saturday,\n9 a.m. to noon",
        "de lunes a viernes,\nde 8:30 de la mañana a 12 del mediodía,\ny los sábados,\nde 9 de la mañana a 12 del mediodía",
    ),
    (
        "hours",
        "Wed 18:00-24:00",
        "Wednesday,\n6 p.m. to midnight",
        "los miércoles,\nde 6 de la tarde a 12 de la noche",
    ),
    ("hours", "Mon-Sun 00:00-24:00", "every day,\nat any hour", "todos los días,\na cualquier hora"),
    (
        "hours",
        "Tue-Mon 00:00-08:00",
        "every day,\nmidnight to 8 a.m.",
        "todos los días,\nde 12 de la noche a 8 de la mañana",
    ),
    ("routing", "021000021", "0, 2, 1.\n0, 0, 0.\n0, 2, 1", "0, 2, 1.\n0, 0, 0.\n0, 2, 1"),
    ("confirmation", "12345678901", "1, 2, 3.\n4, 5, 6, 7.\n8, 9, 0, 1", "1, 2, 3.\n4, 5, 6, 7.\n8, 9, 0, 1"),
    ("last4", "0123", "0, 1, 2, 3", "0, 1, 2, 3"),
    ("phone", "+16175550100", "6, 1, 7.\n5, 5, 5.\n0, 1, 0, 0", "6, 1, 7.\n5, 5, 5.\n0, 1, 0, 0"),
    ("digits", "70010", "7, 0, 0, 1, 0", "7, 0, 0, 1, 0"),
    ("billing_account", "740000101", "7, 4, 0.\n0, 0, 0.\n1, 0, 1", "7, 4, 0.\n0, 0, 0.\n1, 0, 1"),
    ("place", "133 Portland Street", "1, 3, 3 Portland Street", "1, 3, 3 Portland Street"),
    (
        "place",
        "1 Main Street, First floor, Suite 2",
        "1 Main Street, First floor, Suite 2",
        "1 Main Street, primer piso, oficina 2",
    ),
    ("place", "P O Box 412612", "P O Box 4, 1, 2. 6, 1, 2", "P O Box 4, 1, 2. 6, 1, 2"),
    ("place", "Boston 02241-2612", "Boston 0, 2, 2, 4, 1. 2, 6, 1, 2", "Boston 0, 2, 2, 4, 1. 2, 6, 1, 2"),
    ("bank", "FIRST EXAMPLE BANK OF NY", "First Example Bank Of NY", "First Example Bank Of NY"),
    ("bank", "M&T TRUST, NA \ufffd*", "M&T Trust, NA", "M&T Trust, NA"),
    ("spelled", "ANN LEE", "A, N, N.\nL, E, E", "A, N, N.\nL, E, E"),
    ("choice", "savings", "savings", "savings"),
    ("choice", "two words", "two words", "two words"),
    ("count", 0, 0, 0),
    ("count", 999, 999, 999),
]


@pytest.mark.parametrize(("kind", "raw", "english", "spanish"), SPOKEN)
def test_is_spoken(kind, raw, english, spanish):
    assert speak_value(kind, raw, "en-US") == english
    assert speak_value(kind, raw, "es-US") == spanish


@pytest.mark.parametrize(
    ("kind", "raw"),
    [
        ("money", -1),
        ("money", "7654.32"),
        ("count", -1),
        ("count", 1000),
        ("count", "1"),
        ("date", 20261218),
        ("date", "12/18/2026"),
        ("date_year", "2026-02-29"),
        ("moment", "2026-11-17T16:00"),
        ("moment", "tomorrow"),
        ("hours", "always"),
        ("routing", "02100002"),
        ("routing", "0210000210"),
        ("routing", "02100002x"),
        ("confirmation", "1234567890"),
        ("last4", "123"),
        ("last4", "¹²³⁴"),
        ("last4", "٠١٢٣"),
        ("phone", "6175550100"),
        ("phone", "+447700900123"),
        ("place", ""),
        ("billing_account", "70000000"),
        ("digits", ""),
        ("digits", "1 2"),
        ("bank", " *"),
        ("spelled", "Maria"),
        ("spelled", ""),
        ("choice", ""),
        ("choice", 4),
        ("surprise", "7654"),
        ("surprise", 7654),
    ],
)
def test_refuses_what_is_not_of_its_kind_without_quoting_it(kind, raw):
    with pytest.raises(ValueError) as refused:
        speak_value(kind, raw, "es-US")
    if kind != "hours":  # a setting, not a secret
        assert len(str(raw)) < 4 or str(raw) not in str(refused.value)


def test_refuses_an_unknown_language():
    with pytest.raises(ValueError, match=r"'fr-CA'.*add them"):
        speak_value("money", 100, "fr-CA")


def test_hours_are_reachable_beside_the_values():
    assert is_open(parse_hours("Fri 08:00-18:00"), datetime.fromisoformat("2026-12-18T12:00"))


DAYS = st.dates(min_value=date(2020, 1, 1), max_value=date(2099, 12, 31)).map(date.isoformat)
MINUTES = st.integers(0, 1439).map(lambda minutes: "{:02d}:{:02d}".format(*divmod(minutes, 60)))
TIMES = st.tuples(MINUTES, MINUTES).filter(lambda times: times[0] < times[1])
WEEKDAYS = st.sampled_from(["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"])
RAW_VALUES = {
    "money": st.integers(0, 99_999_999),
    "date": DAYS,
    "date_year": DAYS,
    "moment": st.builds("{}T{}-05:00".format, DAYS, MINUTES),
    "hours": st.builds(
        lambda days, times: "{}-{} {}-{}".format(*days, *times), st.tuples(WEEKDAYS, WEEKDAYS), TIMES
    ),
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", RAW_VALUES)
@given(data=st.data())
def test_nothing_is_longer_than_the_longest_value(kind, language, data):
    spoken = str(speak_value(kind, data.draw(RAW_VALUES[kind]), language))
    longest = str(longest_value(kind, language))
    assert all(
        words_typed(line, language) <= words_typed(bound, language)
        for line, bound in zip(spoken.split("\n"), longest.split("\n"), strict=True)
    )
    assert re.search(r"\d[.,'\s]\d", spoken) is None


def test_every_kind_has_a_longest_value_in_every_language():
    for language in LANGUAGES:
        for kind in KINDS:
            assert longest_value(kind, language) or kind == "count"

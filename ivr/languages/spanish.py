"""The Spanish of the United States."""

from __future__ import annotations

import re
from datetime import date, datetime

from ivr.base.hours import MINUTES_A_DAY, OpenHours
from ivr.languages.answers import AGENT, ALMOST, MIXED, NO, NOT_OWN, REPEAT, UNCLEAR, YES, Answers
from ivr.languages.language import NOON_MINUTES, Language, Spoken, SpokenValues

_WEEKDAYS = ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo")
_MONTHS = (
    "enero",
    "febrero",
    "marzo",
    "abril",
    "mayo",
    "junio",
    "julio",
    "agosto",
    "septiembre",
    "octubre",
    "noviembre",
    "diciembre",
)
_MILLION = 1_000_000
# Before a noun one is "un": what ends in it is written out, because voices say "veintiuno dólares".
_ENDS_IN_ONE = re.compile(r"\b\d{0,4}[02-9]1(?= (?:dólares|centavos)\b)")
_TO_29 = (
    *("", "un", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve", "diez", "once", "doce"),
    *("trece", "catorce", "quince", "dieciséis", "diecisiete", "dieciocho", "diecinueve", "veinte"),
    *("veintiún", "veintidós", "veintitrés", "veinticuatro", "veinticinco", "veintiséis", "veintisiete"),
    *("veintiocho", "veintinueve"),
)
_TENS = ("", "", "", "treinta", "cuarenta", "cincuenta", "sesenta", "setenta", "ochenta", "noventa")
_HUNDREDS = (
    *("", "ciento", "doscientos", "trescientos", "cuatrocientos", "quinientos", "seiscientos"),
    *("setecientos", "ochocientos", "novecientos"),
)
_FLOORS = {"first": "primer", "second": "segundo", "third": "tercer", "fourth": "cuarto", "fifth": "quinto"}
_FLOOR = re.compile(rf"\b({'|'.join(_FLOORS)}) floor\b", re.IGNORECASE)
_SUITE = re.compile(r"\bsuite\b", re.IGNORECASE)
# minutes from midnight at which each part of the day ends
_PARTS_OF_DAY = (
    (6 * 60, "de la madrugada"),
    (NOON_MINUTES, "de la mañana"),
    (19 * 60, "de la tarde"),
    (MINUTES_A_DAY, "de la noche"),
)


def _before_a_noun(number: int) -> str:
    """Write out a whole number from 1 to 999,999 as it stands before a masculine noun."""
    thousands, rest = divmod(number, 1000)
    hundreds, below = divmod(rest, 100)
    tens, ones = divmod(below, 10)
    words = [] if not thousands else ["mil"] if thousands == 1 else [_before_a_noun(thousands), "mil"]
    words.append("cien" if rest == 100 else _HUNDREDS[hundreds])
    words.append(_TO_29[below] if below < 30 else _TENS[tens])
    words += ["y", _TO_29[ones]] if below > 30 and ones else []
    return " ".join(filter(None, words))


def _aloud(text: str) -> str:
    return _ENDS_IN_ONE.sub(lambda number: _before_a_noun(int(number[0])), text)


def _place(line: str) -> str:
    floors = _FLOOR.sub(lambda floor: f"{_FLOORS[floor[1].lower()]} piso", line)
    return _SUITE.sub("oficina", floors)


def _dollars(dollars: int) -> str:
    if dollars == 1:
        return "un dólar"
    # whole millions are nouns: "un millón de dólares"
    if dollars and dollars % _MILLION == 0:
        millions = "un millón" if dollars == _MILLION else f"{dollars // _MILLION} millones"
        return f"{millions} de dólares"
    return f"{dollars} dólares"


def _money(amount_cents: int) -> str:
    dollars, cents = divmod(amount_cents, 100)
    spoken_cents = "un centavo" if cents == 1 else f"{cents} centavos"
    if cents == 0:
        return _dollars(dollars)
    return spoken_cents if dollars == 0 else f"{_dollars(dollars)} con {spoken_cents}"


def _date(day: date) -> str:
    number = "primero" if day.day == 1 else str(day.day)
    return f"{_WEEKDAYS[day.weekday()]} {number} de {_MONTHS[day.month - 1]}"


def _date_year(day: date) -> str:
    return f"{_date(day)} de {day.year}"


def _time(minutes: int) -> str:
    """Say a time of day without its article: `8:30 de la mañana`."""
    if minutes % MINUTES_A_DAY == 0:
        return "12 de la noche"
    if minutes == NOON_MINUTES:
        return "12 del mediodía"
    hour, minute = divmod(minutes, 60)
    part = next(part for end, part in _PARTS_OF_DAY if minutes < end)
    hour_of_twelve = (hour - 1) % 12 + 1
    return f"{hour_of_twelve}:{minute:02d} {part}" if minute else f"{hour_of_twelve} {part}"


def _moment(moment: datetime) -> str:
    minutes = moment.hour * 60 + moment.minute
    if minutes == 0:
        # "las 12 de la noche del viernes" is heard as either end of Friday
        return f"la medianoche en que empieza el {_date(moment)}"
    time = _time(minutes)
    article = "la" if time.startswith(("1 ", "1:")) else "las"
    return f"{article} {time} del {_date(moment)}"


def _days(span: OpenHours) -> str:
    first, last = span.weekdays[0], span.weekdays[-1]
    if span.every_day:
        return "todos los días"
    if first == last:
        # only sábado and domingo change in the plural
        name = _WEEKDAYS[first]
        return f"los {name if name.endswith('s') else name + 's'}"
    return f"de {_WEEKDAYS[first]} a {_WEEKDAYS[last]}"


def _span(span: OpenHours) -> str:
    if span.all_day:
        return f"{_days(span)},\na cualquier hora"
    return f"{_days(span)},\nde {_time(span.opens_minutes)} a {_time(span.closes_minutes)}"


def _hours(hours: tuple[OpenHours, ...]) -> str:
    return ",\ny ".join(map(_span, hours))


_ANSWERS = Answers(
    yes=frozenset({"sí", "sí claro", "claro que sí"})
    | {
        f"{si}{yo}{lo}autorizo {pago}".strip()
        for si in ("", "sí ")
        for yo in ("", "yo ")
        for lo in ("", "lo ")
        for pago in ("", "el pago", "este pago")
    },
    yes_words=frozenset({"sí", "autorizo"}),
    not_own=(
        *("no es mía", "no es mi", "otra persona", "ajena", "esposa", "esposo", "marido", "mi mujer"),
        *("pareja", "madre", "mamá", "padre", "papá", "mis padres", "hijo", "hija", "hermano", "hermana"),
        *("amigo", "amiga", "negocio", "empresa", "compañía"),
    ),
    no=(
        *("no", "cancele", "cancelar", "cancela", "pare", "más tarde", "después", "otro día"),
        *("no autorizo", "no lo autorizo"),
    ),
    doubt=frozenset({"pero", "espere", "espera", "un momento"}),
    almost=frozenset(
        {"claro", "está bien", "correcto", "de acuerdo", "bueno", "dale", "así es", "okay", "ok", "yes"}
    ),
    repeat=frozenset({"cómo", "cómo dijo", "qué", "mande", "repita", "otra vez", "perdón"}),
    person=frozenset({"ayuda", "operador", "operadora", "agente", "representante", "una persona", "persona"}),
    courtesies=(
        frozenset({"eh", "ah", "pues"}),
        frozenset({"por favor", "gracias", "señorita", "señor", "señora", "ga", "sk", "q"}),
    ),
    relay_word="autorizo",
    says_yes="sí",
    samples={
        YES: "autorizo",
        NO: "no",
        NOT_OWN: "no es mi cuenta",
        MIXED: "autorizo pero hoy no",
        ALMOST: "está bien",
        UNCLEAR: "déjeme pensar",
        REPEAT: "repita",
        AGENT: "representante",
    },
)

SPANISH = Language(
    "es-US",
    "2",
    "es_US",
    spoken=Spoken(
        name="Spanish",
        voice="Polly.Lupe-Neural",
        press="oprima",
        values=SpokenValues(
            money=_money, date=_date, date_year=_date_year, moment=_moment, hours=_hours, place=_place
        ),
        answers=_ANSWERS,
        aloud=_aloud,
    ),
)

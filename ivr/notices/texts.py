"""What a notice says, in the member's language: the nine elements of an authorization, and the words spoken.

A written notice that confirms an oral authorization holds the same elements as the terms themselves (Nacha
rules for single TEL entries): that it is an ACH debit, that it is one, the amount, the date, whose it is, the
account, a telephone number, how to revoke it, and the date it was given.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Final, Literal
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time
from babel.numbers import format_currency
from fluent.runtime import FluentBundle, FluentResource
from fluent.syntax import FluentParser
from fluent.syntax.ast import Junk, Message

from ivr.base.errors import OperatorError
from ivr.languages.english import ENGLISH
from ivr.languages.registry import LANGUAGES
from ivr.speech.values import speak_value

NOTICE_LANGUAGE: Final = ENGLISH.tag  # where a language has no texts of its own yet
_LABELS: Final = (
    "confirmation-number",
    "amount",
    "pays",
    "account",
    "debit-date",
    "authorized-by",
    "authorized-at",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeFacts:
    """What one notice is about.

    `terms` are the words spoken to the caller, `words_heard` the answer (empty where a code was keyed);
    `support_hours` is written as the setting is; `cutoff_at` and `authorized_at` are aware instants. With
    `is_moved` the dates are later than the caller was told.
    """

    confirmation_number: str
    amount_cents: int
    plan: str
    account_type: str
    account_last4: str
    debit_date: date
    receiver_name: str
    member_last4: str
    authorized_at: datetime
    cutoff_at: datetime
    terms: str
    how: Literal["spoken", "bill_code"]
    spoken_by: Literal["caller", "relay"]
    words_heard: str
    support_phone: str
    support_hours: str
    zone: ZoneInfo
    is_moved: bool = False


@dataclass(frozen=True, slots=True)
class NoticeText:
    """A notice ready to be sent: paragraphs and facts for the letter, one plain text for all else.

    `in_short` is what a text message says of the dates.
    """

    language: str
    subject: str
    organization: str
    heading: str
    greeting: str
    opening: str
    facts: tuple[tuple[str, str], ...]
    closing: tuple[str, ...]
    terms_heading: str
    terms: str
    answer_heading: str
    answer: str
    in_short: str

    @property
    def plain(self) -> str:
        """The notice as plain text, as e-mail carries it and the evidence keeps it."""
        facts = "\n".join(f"{label}: {value}" for label, value in self.facts)
        spoken = (f"{self.terms_heading}:\n{self.terms}", f"{self.answer_heading}: {self.answer}")
        return (
            "\n\n".join((self.organization, self.heading, self.opening, facts, *self.closing, *spoken)) + "\n"
        )


class NoticeTexts:
    """The texts of every language there is, parsed and complete."""

    def __init__(self, bundles: Mapping[str, FluentBundle]) -> None:
        self._bundles = bundles

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that have texts."""
        return tuple(self._bundles)

    @classmethod
    def load(cls, folder: Path) -> NoticeTexts:
        """Read `<language>.ftl` from `folder`.

        Raises `OperatorError` naming each file that is missing, has junk in it, or lacks a message that
        another language has.
        """
        files = {path.stem: path.read_text("utf-8") for path in sorted(folder.glob("*.ftl"))}
        if NOTICE_LANGUAGE not in files:
            raise OperatorError(f"{folder}: no {NOTICE_LANGUAGE}.ftl; put the texts of the notices there")
        messages = {language: _messages(text) for language, text in files.items()}
        wanted = frozenset[str]().union(*messages.values())
        problems = [
            f"{folder / language}.ftl: {name} is missing; write it as {NOTICE_LANGUAGE}.ftl has it"
            for language, names in messages.items()
            for name in sorted(wanted - names)
        ]
        problems += [
            f"{folder / language}.ftl: a part cannot be read; check it near {_junk(text)!r}"
            for language, text in files.items()
            if _junk(text)
        ]
        if problems:
            raise OperatorError(*problems)
        return cls({language: _bundle(language, text) for language, text in files.items()})

    def message(self, name: str, language: str, **values: str | int) -> str:
        """Return one message, in English where the language has no texts. Raises `LookupError`."""
        bundle = self._bundles.get(language, self._bundles[NOTICE_LANGUAGE])
        pattern = bundle.get_message(name).value
        if pattern is None:
            raise LookupError(f"{name} ({language}): has no words")
        text, errors = bundle.format_pattern(pattern, values)
        if errors:
            raise LookupError(f"{name} ({language}): {errors[0]}")
        return str(text)

    def write(self, facts: NoticeFacts, language: str) -> NoticeText:
        """Write the notice of one authorization."""
        language = language if language in self._bundles else NOTICE_LANGUAGE
        values = _values(facts, language)

        def say(name: str) -> str:
            return self.message(name, language, **values)

        written = {
            **values,
            "pays": say("value-pays"),
            "account": say("value-account"),
            "debit-date": say("value-debit-date"),
            "authorized-by": say("value-authorized-by"),
            "authorized-at": values["authorized_date"],
            "confirmation-number": values["confirmation_number"],
        }
        until = (*((say("moved"),) if facts.is_moved else ()), say("cancel"))
        return NoticeText(
            language=language,
            subject=say("subject"),
            organization=say("organization"),
            heading=say("heading"),
            greeting=say("greeting"),
            opening=say("opening"),
            facts=tuple((say(f"label-{name}"), written[name]) for name in _LABELS),
            closing=(*until, say("questions"), say("pending")),
            terms_heading=say("heading-terms"),
            terms=facts.terms,
            answer_heading=say("heading-answer"),
            answer=say(_answer(facts)),
            in_short=" ".join(until),
        )

    def short(self, facts: NoticeFacts, language: str) -> str:
        """Return the notice for a text message: the number, the words heard, the answer."""
        text = self.write(facts, language)
        label, number = text.facts[0]
        terms = " ".join(text.terms.split())
        return (
            f"{text.organization}. {label}: {number}. {text.terms_heading}: {terms} "
            f"{text.answer_heading}: {text.answer} {text.in_short}"
        )


def _answer(facts: NoticeFacts) -> str:
    if facts.how == "bill_code":
        return "answer-bill-code"
    return "answer-relay" if facts.spoken_by == "relay" else "answer-spoken"


def _values(facts: NoticeFacts, language: str) -> dict[str, str]:
    locale = LANGUAGES[language].locale
    number = facts.confirmation_number

    def day(when: date) -> str:
        return format_date(when, "long", locale=locale)

    cutoff = facts.cutoff_at.astimezone(facts.zone)
    return {
        "confirmation_number": f"{number[:3]}-{number[3:7]}-{number[7:]}",  # as it was spoken
        "amount": format_currency(Decimal(facts.amount_cents) / 100, "USD", locale=locale),
        "plan": facts.plan,
        "account_type": facts.account_type,
        "account_last4": facts.account_last4,
        "debit_date": day(facts.debit_date),
        "receiver_name": facts.receiver_name,
        "member_last4": facts.member_last4,
        "authorized_date": day(facts.authorized_at.astimezone(facts.zone).date()),
        # the locale's own thin space before "PM" is in few fonts
        "cutoff_time": format_time(cutoff, "short", facts.zone, locale).replace("\u202f", " "),
        "cutoff_date": day(cutoff.date()),
        "words_heard": facts.words_heard,
        "support_phone": _phone(facts.support_phone),
        # They end a sentence: "6 p.m." needs no second full stop.
        "support_hours": " ".join(str(speak_value("hours", facts.support_hours, language)).split()).rstrip(
            "."
        ),
    }


def _phone(number: str) -> str:
    """Write +18005550100 as 1-800-555-0100."""
    digits = number.removeprefix("+")
    return f"{digits[0]}-{digits[1:4]}-{digits[4:7]}-{digits[7:]}"


def _messages(text: str) -> frozenset[str]:
    return frozenset(each.id.name for each in FluentParser().parse(text).body if isinstance(each, Message))


def _junk(text: str) -> str:
    """Return the first line of what Fluent cannot read, or nothing."""
    junk = [each for each in FluentParser().parse(text).body if isinstance(each, Junk)]
    return junk[0].content.splitlines()[0] if junk and junk[0].content else ""


def _bundle(language: str, text: str) -> FluentBundle:
    bundle = FluentBundle([language], use_isolating=False)
    bundle.add_resource(FluentResource(text))
    return bundle

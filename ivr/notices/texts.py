"""What a notice says, in the member's language: the nine elements of an authorization, and the words spoken.

A written notice that confirms an oral authorization holds the same elements as the terms themselves (Nacha
rules for single TEL entries): that it is an ACH debit, that it is one, the amount, the date, whose it is, the
account, a telephone number, how to revoke it, and the date it was given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
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
_LATER_LABELS: Final = ("confirmation-number", "cancellation-number", "amount", "pays", "account")
# After such a return the same account will not do.
_OTHER_ACCOUNT: Final = ("account_closed", "no_such_account", "account_not_usable", "not_authorized")


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeFacts:
    """What one notice is about.

    `terms` are the words spoken to the caller, `words_heard` the answer (empty where a code was keyed);
    `support_hours` is written as the setting is; `cutoff_at` and `authorized_at` are aware instants. With
    `is_moved` the dates are later than the caller was told; with `is_guests` a guest pays for the member.
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
    is_guests: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LaterFacts:
    """What a notice tells after the authorization.

    `kind` is a `LaterKind`, `happened_at` (aware) when; `amount_cents` what came back, is asked for once
    more, or is given back. `reason` is a `ReasonClass` of a return or a reason for a reversal; `is_retried`
    where the bank is asked for a returned debit once more. `effective_date` is when money given back, or
    asked for once more, moves. `owed_cents` is owed now on that bill, `past_due_cents` of it past due, the
    rest by `due_date`, for which a payment by telephone is in time before `pay_by` (aware; None when that is
    over).
    """

    kind: str
    confirmation_number: str
    amount_cents: int
    plan: str
    account_type: str
    account_last4: str
    receiver_name: str
    happened_at: datetime
    cancellation_number: str
    reason: str
    is_retried: bool
    effective_date: date
    owed_cents: int
    past_due_cents: int
    due_date: date | None
    pay_by: datetime | None
    support_phone: str
    support_hours: str
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class NoticeText:
    """A notice ready to be sent: paragraphs and facts for the letter, one plain text, and a text message.

    Without `terms` there were none to confirm.
    """

    language: str
    subject: str
    organization: str
    heading: str
    greeting: str
    opening: str
    facts: tuple[tuple[str, str], ...]
    closing: tuple[str, ...]
    message: str
    terms_heading: str = ""
    terms: str = ""
    answer_heading: str = ""
    answer: str = ""

    @property
    def plain(self) -> str:
        """The notice as plain text, as e-mail carries it and the evidence keeps it."""
        facts = "\n".join(f"{label}: {value}" for label, value in self.facts)
        spoken = (f"{self.terms_heading}:\n{self.terms}", f"{self.answer_heading}: {self.answer}")
        parts = (self.organization, self.heading, self.opening, facts, *self.closing)
        return "\n\n".join((*parts, *(spoken if self.terms else ()))) + "\n"


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
        text, say = self._begun("", _LABELS, language, lambda known: _values(facts, known))
        cancel = say("cancel-guest" if facts.is_guests else "cancel")
        until = (*((say("moved"),) if facts.is_moved else ()), cancel)
        answer = say(_answer(facts))
        message = (
            f"{text.organization}. {': '.join(text.facts[0])}. {say('heading-terms')}:",
            *facts.terms.split(),
            f"{say('heading-answer')}: {answer}",
            *until,
        )
        return replace(
            text,
            closing=(*until, say("questions"), say("pending")),
            message=" ".join(message),
            terms_heading=say("heading-terms"),
            terms=facts.terms,
            answer_heading=say("heading-answer"),
            answer=answer,
        )

    def write_later(self, facts: LaterFacts, language: str) -> NoticeText:
        """Write the notice of what happened after the authorization."""
        kind = f"{facts.kind}-"
        text, say = self._begun(kind, _LATER_LABELS, language, lambda known: _later_values(facts, known))
        closing = tuple(say(name) for name in _paragraphs(facts))
        message = (f"{text.organization}.", text.opening, f"{': '.join(text.facts[0])}.", *closing)
        return replace(text, closing=closing, message=" ".join(message))

    def _begun(
        self, kind: str, labels: Sequence[str], language: str, values_in: Callable[[str], Mapping[str, str]]
    ) -> tuple[NoticeText, Callable[[str], str]]:
        """Return how a notice of a `kind` begins, with the facts of `labels`, and what says the rest."""
        known = language if language in self._bundles else NOTICE_LANGUAGE
        values = values_in(known)

        def say(name: str) -> str:
            return self.message(name, known, **values)

        def fact(label: str) -> str:
            name = f"value-{label}"
            return say(name) if self._bundles[known].has_message(name) else values[label.replace("-", "_")]

        text = NoticeText(
            language=known,
            subject=say(f"{kind}subject"),
            organization=say("organization"),
            heading=say(f"{kind}heading"),
            greeting=say("greeting"),
            opening=say(f"{kind}opening"),
            facts=tuple((say(f"label-{label}"), fact(label)) for label in labels if fact(label)),
            closing=(),
            message="",
        )
        return text, say


def _paragraphs(facts: LaterFacts) -> Iterator[str]:
    """Yield the messages that say why, what is owed now and until when, and whom to ask."""
    if facts.kind in {"returned", "reversed"}:
        yield f"{facts.kind}-reason"
    if facts.kind in {"reversed", "refunded"}:
        yield "credit-date"
    if facts.kind == "retried":
        yield from ("retried-date", "retried-instead")
    elif facts.is_retried:
        yield "returned-retried"
    elif facts.owed_cents:
        yield "owed-again"
        if facts.past_due_cents:
            yield "due-past" if facts.past_due_cents == facts.owed_cents else "due-past-part"
        elif facts.due_date is not None:
            yield "due-soon" if facts.pay_by is None else "due-later"
        if facts.reason in _OTHER_ACCOUNT:
            yield "pay-from-another-account"
        yield "how-to-pay"
    yield "call-us"


def _answer(facts: NoticeFacts) -> str:
    if facts.how == "bill_code":
        return "answer-bill-code"
    return "answer-relay" if facts.spoken_by == "relay" else "answer-spoken"


def _later_values(facts: LaterFacts, language: str) -> dict[str, str]:
    locale = LANGUAGES[language].locale
    pay_by = None if facts.pay_by is None else facts.pay_by.astimezone(facts.zone)
    return {
        "confirmation_number": _grouped(facts.confirmation_number),
        "cancellation_number": facts.cancellation_number,
        "amount": _dollars(facts.amount_cents, language),
        "plan": facts.plan,
        "account_type": facts.account_type,
        "account_last4": facts.account_last4,
        "receiver_name": facts.receiver_name,
        "happened_date": _day(facts.happened_at.astimezone(facts.zone).date(), language),
        "reason": facts.reason,
        "effective_date": _day(facts.effective_date, language),
        "owed": _dollars(facts.owed_cents, language),
        "due_date": "" if facts.due_date is None else _day(facts.due_date, language),
        "cutoff_time": "" if pay_by is None else _time(pay_by, locale),
        "cutoff_date": "" if pay_by is None else _day(pay_by.date(), language),
        **_support(facts, language),
    }


def _values(facts: NoticeFacts, language: str) -> dict[str, str]:
    cutoff = facts.cutoff_at.astimezone(facts.zone)
    return {
        "confirmation_number": _grouped(facts.confirmation_number),
        "amount": _dollars(facts.amount_cents, language),
        "plan": facts.plan,
        "account_type": facts.account_type,
        "account_last4": facts.account_last4,
        "debit_date": _day(facts.debit_date, language),
        "receiver_name": facts.receiver_name,
        "member_last4": facts.member_last4,
        "authorized_at": _day(facts.authorized_at.astimezone(facts.zone).date(), language),
        "cutoff_time": _time(cutoff, LANGUAGES[language].locale),
        "cutoff_date": _day(cutoff.date(), language),
        "words_heard": facts.words_heard,
        **_support(facts, language),
    }


def _grouped(number: str) -> str:
    """Write a confirmation number as it was spoken."""
    return f"{number[:3]}-{number[3:7]}-{number[7:]}"


def _dollars(cents: int, language: str) -> str:
    return format_currency(Decimal(cents) / 100, "USD", locale=LANGUAGES[language].locale)


def _day(when: date, language: str) -> str:
    return format_date(when, "long", locale=LANGUAGES[language].locale)


def _time(when: datetime, locale: str) -> str:
    # The locale's own thin space before "PM" is in few fonts.
    return format_time(when, "short", when.tzinfo, locale).replace("\u202f", " ")


def _support(facts: NoticeFacts | LaterFacts, language: str) -> dict[str, str]:
    hours = " ".join(str(speak_value("hours", facts.support_hours, language)).split())
    # They end a sentence: "6 p.m." needs no second full stop.
    return {"support_phone": _phone(facts.support_phone), "support_hours": hours.rstrip(".")}


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

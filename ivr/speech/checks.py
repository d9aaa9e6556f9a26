"""Checks of prompts, all languages together.

Why these: Fluent skips what it cannot parse, keeps the first of two equal ids, and speaks a missing
variable by its name, each without a word. The relay limits come from the time an operator needs to type
what is said: about 0.6 seconds a word.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import zip_longest

from ivr.languages.registry import SPOKEN
from ivr.languages.words import words_typed
from ivr.speech.patterns import OTHER
from ivr.speech.source import Form, Pieces, PromptFault, Source, read_source

__all__ = [
    "ATTEMPTS",
    "check_sources",
    "longest_pieces",
    "read_sources",
    "relay_name",
    "resolve",
    "unworded",
]

MOST_WORDS_A_SENTENCE = 12
MOST_WORDS_A_PIECE = 20

ATTEMPTS: tuple[str | None, ...] = (None, "again", "last", "nudge")

_VOICE_CHAINS: Mapping[str | None, tuple[str | None, ...]] = {
    None: (None,),
    "again": ("again", None),
    "last": ("last", "again", None),
    "nudge": ("nudge", None),
}
_TWO_SENTENCES = re.compile(r"(?<!\b[ap]\.m)[.?!…] [\w¿¡]")
_SENTENCE_ENDS = (".", "?", "!", ":", ",", ";", "…", ".”", ".»", '."')


def read_sources(files: Mapping[str, str], kinds: Mapping[str, str]) -> tuple[Source, ...]:
    """Read every language, in the order given; one without spoken values is only named as a fault."""
    sources = []
    for language, text in files.items():
        if language in SPOKEN:
            sources.append(read_source(language, text, kinds))
        else:
            message = "has prompts but no spoken values; add them to its record in ivr.languages"
            fault = PromptFault(language, 1, "", "prompt.unknown-language", message)
            sources.append(Source(language, text, faults=[fault]))
    return tuple(sources)


def check_sources(sources: Sequence[Source], kinds: Mapping[str, str]) -> list[PromptFault]:
    """Find everything wrong with languages that were read, `kinds` being slot to kind of value.

    Checked: entries that cannot be read or stand twice; ids, attributes and variables that differ between
    languages; variables that are no slots; references to prompts and functions; characters outside XML
    1.0; digits with separators; one sentence a line; in relay pace at most 12 words a sentence and 20 a
    piece, values at their longest. Returns the faults by language and line.
    """
    faults = [fault for source in sources for fault in source.faults]
    spoken = [source for source in sources if source.language in SPOKEN]
    for source in spoken:
        others = [other for other in spoken if other is not source]
        faults.extend(_compare(source, others))
        faults.extend(_check_sentences(source, kinds))
        faults.extend(_check_relay(source, kinds))
    return sorted(set(faults))


def unworded(sources: Iterable[Source], values: Mapping[str, Collection[str]]) -> Iterator[PromptFault]:
    """Find wordings that choose by a slot, and have no words for one of the values it may have."""
    for source in sources:
        for form in source.forms.values():
            for name, compared in form.selected.items():
                for keys in compared:
                    for value in sorted(set(values.get(name, ())) - keys if OTHER not in keys else ()):
                        message = f"has no words for [{value}] of ${name}: add them"
                        yield PromptFault(
                            source.language, form.line, form.prompt_id, "prompt.no-words-for", message
                        )


def resolve(source: Source, prompt_id: str, attempt: str | None, pace: str) -> Form:
    """Find the wording for an attempt (None, again, last, nudge) and a pace (voice, relay).

    Voice: the attempt's attribute, or a milder one, or the value. Relay: the same steps, at each of them
    the relay form before the voice form. The prompt must have a value.
    """
    steps = _VOICE_CHAINS[attempt]
    if pace == "relay":
        steps = tuple(name for step in steps for name in (relay_name(step), step))
    return next(source.forms[prompt_id, name] for name in steps if (prompt_id, name) in source.forms)


def relay_name(attribute: str | None) -> str:
    """Name the relay form of an attribute; None is the value."""
    return "relay" if attribute is None else f"{attribute}-relay"


def longest_pieces(samples: Iterable[Pieces], language: str) -> tuple[int, ...]:
    """Count the words of each piece, at its longest over the samples."""
    counts = ([sum(words_typed(each, language) for each in piece) for piece in pieces] for pieces in samples)
    return tuple(max(column) for column in zip_longest(*counts, fillvalue=0))


def _compare(source: Source, others: Sequence[Source]) -> Iterator[PromptFault]:
    """Find what another language has and this one lacks, and variables that differ from the first's."""
    language = source.language
    for other in others:
        for prompt_id, attribute in other.forms:
            if prompt_id in source.broken or (prompt_id, attribute) in source.forms:
                continue
            if prompt_id not in source.lines:
                message = f"is missing; {other.language} has it in line {other.lines[prompt_id]}"
                yield PromptFault(language, source.last_line, prompt_id, "prompt.missing", message)
            elif attribute is not None:
                message = f"lacks .{attribute}, which {other.language} has"
                yield PromptFault(
                    language, source.lines[prompt_id], prompt_id, "prompt.attribute-missing", message
                )
    for key, form in source.forms.items():
        # one complaint a pair: the later language is compared with the earlier ones
        for other in others:
            theirs = other.forms.get(key)
            if theirs is not None and other.language < language and theirs.variables != form.variables:
                where = f".{form.attribute} " if form.attribute else ""
                message = f"{where}uses {_names(form)}, but {other.language} uses {_names(theirs)}"
                yield PromptFault(language, form.line, form.prompt_id, "prompt.variables-differ", message)


def _names(form: Form) -> str:
    return ", ".join(f"${name}" for name in sorted(form.variables)) or "no variable"


def _check_sentences(source: Source, kinds: Mapping[str, str]) -> Iterator[PromptFault]:
    for form in source.forms.values():
        if not form.sound:
            continue
        for pieces in form.samples(kinds, source.language):
            if not pieces:
                message = "can be empty; give every choice words"
                yield PromptFault(source.language, form.line, form.prompt_id, "prompt.empty", message)
            for sentence in (sentence for piece in pieces for sentence in piece):
                rule = ""
                if not sentence.endswith(_SENTENCE_ENDS):
                    rule = "prompt.no-full-stop"
                    message = f"has a line that ends without a full stop: “{sentence}”; one sentence a line"
                # a nudge is short, "Still here. Routing number.": a pause in it would only cost time
                elif form.attribute not in ("nudge", "nudge-relay") and _TWO_SENTENCES.search(sentence):
                    rule = "prompt.two-sentences"
                    message = f"has two sentences on one line: “{sentence}”; begin a line for each"
                if rule:
                    yield PromptFault(source.language, form.line, form.prompt_id, rule, message)


def _check_relay(source: Source, kinds: Mapping[str, str]) -> Iterator[PromptFault]:
    for prompt_id, attribute in source.forms:
        if attribute is None:
            for form in {resolve(source, prompt_id, attempt, "relay") for attempt in ATTEMPTS}:
                if form.sound:
                    yield from _check_budget(source, form, kinds)


def _check_budget(source: Source, form: Form, kinds: Mapping[str, str]) -> Iterator[PromptFault]:
    where = f".{form.attribute} is" if form.attribute else "is"
    cure = "shorten it, or give it a relay form"
    samples = list(form.samples(kinds, source.language))
    for sentence in _longest_sentences(samples, source.language):
        words = words_typed(sentence, source.language)
        if words > MOST_WORDS_A_SENTENCE:
            message = (
                f"{where} said in relay pace and has a sentence of {words} words, "
                f"at most {MOST_WORDS_A_SENTENCE}: “{sentence}”; {cure}"
            )
            yield PromptFault(source.language, form.line, form.prompt_id, "prompt.long-sentence", message)
    for number, words in enumerate(longest_pieces(samples, source.language), start=1):
        if words > MOST_WORDS_A_PIECE:
            message = (
                f"{where} said in relay pace and piece {number} has {words} words, "
                f"at most {MOST_WORDS_A_PIECE}; divide it by a blank line, or {cure}"
            )
            yield PromptFault(source.language, form.line, form.prompt_id, "prompt.long-piece", message)


def _longest_sentences(samples: Sequence[Pieces], language: str) -> list[str]:
    """Give each line of a form once, at its longest over the samples."""
    lines = ([sentence for piece in pieces for sentence in piece] for pieces in samples)
    by_words = partial(words_typed, language=language)
    return [max(column, key=by_words) for column in zip_longest(*lines, fillvalue="")]

"""The catalog of prompts: read and checked once, then only looked up."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import product
from types import MappingProxyType

from ivr.base.errors import OperatorError
from ivr.languages.language import WORDED, worded
from ivr.speech.checks import ATTEMPTS, check_sources, longest_pieces, read_sources, resolve, unworded
from ivr.speech.keys import NamedKeys, named_keys
from ivr.speech.patterns import OTHER, OUTSIDE_XML
from ivr.speech.source import Form, Pieces, PromptFault, Source, tidy

# No XML holds this character, so no text or value does either; and it is no white space, which is tidied.
_MARK = "\x02"
_MARKED = re.compile(f"{_MARK}([^{_MARK}]*){_MARK}")
_Key = tuple[str, str | None, str, str]


class CatalogError(OperatorError):
    """Prompts that cannot be used; `faults` holds each fault as data."""

    def __init__(self, faults: Sequence[PromptFault]) -> None:
        super().__init__(*map(str, faults))
        self.faults = tuple(faults)


class SpeechError(Exception):
    """A prompt that cannot be spoken as asked; the message never quotes a value."""


@dataclass(frozen=True, slots=True)
class _Choice:
    """One choice a wording depends on, and the keys it is compared with.

    Where every comparison names `other`, any value is understood; where one does not, Fluent would silently
    speak its default for a value nobody foresaw, so the value must be among the keys.
    """

    name: str
    keys: frozenset[str]

    def key(self, value: str | int) -> str | None:
        """Give the key that decides the wording for a value; None where there is no wording for it."""
        if value in self.keys:
            return str(value)
        return OTHER if OTHER in self.keys else None


@dataclass(frozen=True, slots=True)
class _Prompt:
    """A form with all that speaking it takes, worked out beforehand.

    `templates` are the sentences as `str.format_map` wants them, one set for each combination of choices;
    None when a count chooses wording: then Fluent formats each time. `fixed` is said when there is nothing
    to fill in.
    """

    form: Form
    fixed: Pieces | None
    counts: frozenset[str]
    choices: tuple[_Choice, ...]
    templates: Mapping[tuple[str | None, ...], Pieces] | None

    def speak(self, values: Mapping[str, str | int]) -> Pieces:
        """Fill in values; raises `SpeechError` for the reasons `Catalog.lines` gives."""
        used = self._check(values)
        keys = tuple(choice.key(used[choice.name]) for choice in self.choices)
        if None in keys:
            unknown = self.choices[keys.index(None)].name
            raise SpeechError(f"{self.form.prompt_id} has no wording for the value of ${unknown}")
        if self.templates is None:
            try:
                return self.form.speak(used)
            except ValueError as error:
                raise SpeechError(f"{self.form.prompt_id} cannot be spoken: {error}") from error
        return tuple([_fill(piece, used) for piece in self.templates[keys]])

    def _check(self, values: Mapping[str, str | int]) -> dict[str, str | int]:
        prompt_id = self.form.prompt_id
        used: dict[str, str | int] = {}
        for name in self.form.variables:
            try:
                used[name] = value = values[name]
            except KeyError:
                raise SpeechError(f"{prompt_id} needs a value for ${name}") from None
            if isinstance(value, int) is not (name in self.counts):
                raise SpeechError(
                    f"{prompt_id}: ${name} must be {'a number' if name in self.counts else 'text'}"
                )
            if isinstance(value, str) and (not value or OUTSIDE_XML.search(value)):
                raise SpeechError(f"{prompt_id}: ${name} is empty or holds a character outside XML 1.0")
        return used


class Catalog:
    """What the line says, in every language, pace and attempt; never changes once built.

    Attempts are None, `again`, `last` and `nudge`; paces `voice`, `relay` and `unhurried`, which is voice.
    """

    def __init__(self, sources: Sequence[Source], kinds: Mapping[str, str]) -> None:
        """Index sources that `check_sources` found sound; use `parse`."""
        self._sources = {source.language: source for source in sources}
        self._kinds = dict(kinds)
        self.texts: Mapping[str, str] = MappingProxyType({source.language: source.text for source in sources})
        self.languages: tuple[str, ...] = tuple(self._sources)
        self._prompts: dict[_Key, _Prompt] = {}
        self._counted: dict[tuple[int, str], tuple[int, ...]] = {}  # counting takes longer than speaking
        for source in sources:
            prepared = {key: _prepare(form, kinds) for key, form in source.forms.items()}
            for prompt_id, attempt, pace in product(source.lines, ATTEMPTS, WORDED):
                form = resolve(source, prompt_id, attempt, pace)
                key = (prompt_id, attempt, source.language, pace)
                self._prompts[key] = prepared[form.prompt_id, form.attribute]

    @classmethod
    def parse(cls, files: Mapping[str, str], kinds: Mapping[str, str]) -> Catalog:
        """Build the catalog from texts: language tag to Fluent text, and every slot's kind of value.

        Raises `CatalogError` with every fault there is.
        """
        sources = read_sources(files, kinds)
        faults = check_sources(sources, kinds)
        if faults:
            raise CatalogError(faults)
        return cls(sources, kinds)

    def prompt_ids(self, language: str) -> Iterable[str]:
        """Return the prompts there are in a language."""
        return self._sources[language].lines

    def has(self, prompt_id: str, attribute: str | None, language: str) -> bool:
        """Whether the prompt itself has this attribute in the language; None asks for the prompt."""
        source = self._sources.get(language)
        return source is not None and (prompt_id, attribute) in source.forms

    def variables(self, prompt_id: str, language: str) -> frozenset[str]:
        """Name every variable of the prompt, its value and attributes together; none for an unknown one."""
        source = self._sources.get(language)
        forms = source.forms.values() if source else ()
        return frozenset().union(*(form.variables for form in forms if form.prompt_id == prompt_id))

    def pieces(self, prompt_id: str, attempt: str | None, language: str, pace: str) -> tuple[int, ...]:
        """Count the words of each piece at their worst; raises `SpeechError` for an unknown prompt."""
        prompt = self._find(prompt_id, attempt, language, pace)
        counted = self._counted.get((id(prompt), language))
        if counted is None:
            counted = longest_pieces(prompt.form.samples(self._kinds, language), language)
            self._counted[id(prompt), language] = counted
        return counted

    def keys(self, prompt_id: str, language: str) -> frozenset[NamedKeys]:
        """Read the keys that each wording of a prompt names; none for an unknown one."""
        source = self._sources.get(language)
        forms = source.forms.values() if source else ()
        return frozenset(
            keys
            for form in forms
            if form.prompt_id == prompt_id
            for keys in named_keys(form, self._kinds, language)
        )

    def unworded(self, values: Mapping[str, Collection[str]]) -> Iterator[PromptFault]:
        """Find wordings that have no words for one of the values that a choice may have."""
        return unworded(self._sources.values(), values)

    def sha256(self, prompt_id: str, attempt: str | None, language: str, pace: str) -> str:
        """Hash the source text of the wording, and of the terms it uses, as hex digits.

        Raises `SpeechError` for an unknown prompt.
        """
        source = self._find(prompt_id, attempt, language, pace).form.source
        return sha256(source.encode()).hexdigest()

    def lines(
        self,
        prompt_id: str,
        attempt: str | None,
        language: str,
        pace: str,
        values: Mapping[str, str | int],
    ) -> Pieces:
        """Say a prompt: pieces, each of sentences, with ready speech filled in.

        `values` may hold more than the prompt uses. Raises `SpeechError` for an unknown prompt, a missing
        value, a choice the wording does not know, and characters XML 1.0 cannot carry.
        """
        prompt = self._find(prompt_id, attempt, language, pace)
        return prompt.speak(values) if prompt.fixed is None else prompt.fixed

    def _find(self, prompt_id: str, attempt: str | None, language: str, pace: str) -> _Prompt:
        try:
            return self._prompts[prompt_id, attempt, language, worded(pace)]
        except KeyError:
            raise SpeechError(f"no prompt {prompt_id!r} for {attempt}, {language}, {pace}") from None


def _prepare(form: Form, kinds: Mapping[str, str]) -> _Prompt:
    counts = frozenset(name for name in form.variables if kinds[name] == "count")
    choices = tuple(_choice(name, form.selected[name]) for name in sorted(form.selected.keys() - counts))
    return _Prompt(
        form=form,
        fixed=None if form.variables else form.speak({}),
        counts=counts,
        choices=choices,
        templates=None if counts & form.selected.keys() else _templates(form, choices),
    )


def _choice(name: str, compared: Sequence[frozenset[str | int]]) -> _Choice:
    strict = [keys for keys in compared if OTHER not in keys]
    keys = frozenset.intersection(*strict) if strict else frozenset[str | int]().union(*compared)
    return _Choice(name, frozenset(map(str, keys)))


def _templates(form: Form, choices: Sequence[_Choice]) -> dict[tuple[str | None, ...], Pieces]:
    """Let Fluent format every combination of choices once, with a mark for each value still to come."""
    names = [choice.name for choice in choices]
    marks: dict[str, str | int] = {name: f"{_MARK}{name}{_MARK}" for name in form.variables}
    templates: dict[tuple[str | None, ...], Pieces] = {}
    for keys in product(*(sorted(choice.keys) for choice in choices)):
        pieces = form.speak(marks | dict(zip(names, keys, strict=True)))
        templates[keys] = tuple(tuple(map(_template, piece)) for piece in pieces)
    return templates


def _template(sentence: str) -> str:
    escaped = sentence.replace("{", "{{").replace("}", "}}")
    return _MARKED.sub(r"{\1}", escaped)


def _fill(templates: Sequence[str], values: Mapping[str, str | int]) -> tuple[str, ...]:
    sentences: list[str] = []
    for template in templates:
        sentence = template.format_map(values)
        # a value may bring lines of its own, or the full stop of an abbreviation
        if "\n" in sentence or sentence.endswith(".."):
            sentences.extend(map(tidy, sentence.split("\n")))
        else:
            sentences.append(sentence)
    return tuple(sentences)

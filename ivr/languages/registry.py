"""The languages in which the program writes to its members; a new one is a record here."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from ivr.languages.english import ENGLISH
from ivr.languages.language import Language, Spoken
from ivr.languages.spanish import SPANISH

LANGUAGES: Final[Mapping[str, Language]] = MappingProxyType(
    {
        language.tag: language
        for language in (
            ENGLISH,
            SPANISH,
            Language("pt-BR", "3", "pt_BR"),
            Language("cmn-CN", "5", "zh_Hans_CN", spaced=False),
            Language("yue-HK", "6", "zh_Hant_HK", spaced=False),
            Language("vi-VN", "8", "vi_VN"),
            Language("ht-HT", "4", "fr_HT"),
        )
    }
)
"""By tag. Haitian Creole has no dates of its own in CLDR: French ones are read there."""

SPOKEN: Final[Mapping[str, Spoken]] = MappingProxyType(
    {tag: language.spoken for tag, language in LANGUAGES.items() if language.spoken is not None}
)
"""Those that the line can speak, by tag."""

KEYS: Final[Mapping[str, str]] = MappingProxyType({each.key: each.tag for each in LANGUAGES.values()})
"""The tag that each key chooses."""

"""What goes with each letter and e-mail: the operator's notices of language help and nondiscrimination.

They are the operator's own words (45 CFR 92.10 and 92.11 ask for them with what is written about payments), a
file a language: `en-US.pdf` as it was set, or `en-US.txt`.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ivr.base.errors import SettingsError
from ivr.notices.letter import NO_INSERT, Insert, can_print

_CURE = "en-US.pdf, or en-US.txt, one a language"


@dataclass(frozen=True, slots=True)
class Inserts:
    """The inserts there are, by language; none in the demo."""

    by_language: Mapping[str, Insert]

    @classmethod
    def load(cls, folder: Path | None, languages: Iterable[str]) -> Inserts:
        """Read those of `languages` from a folder; without one there are none.

        Raises `SettingsError` for each that is missing, cannot be read, or cannot be printed.
        """
        if folder is None:
            return cls({})
        found: dict[str, Insert] = {}
        problems = []
        for language in languages:
            try:
                found[language] = _read(folder, language)
            except ValueError as error:
                problems.append(f"IVR_INSERTS: {folder / language}: {error}.")
        if problems:
            raise SettingsError(*problems)
        return cls(found)

    def of(self, language: str) -> Insert:
        """Return what goes with a notice in this language."""
        return self.by_language.get(language, NO_INSERT)


NO_INSERTS: Final = Inserts({})


def _read(folder: Path, language: str) -> Insert:
    """Return the insert of one language. Raises `ValueError` that says what to do."""
    pdf, text = folder / f"{language}.pdf", folder / f"{language}.txt"
    try:
        if pdf.exists():
            return Insert(pdf=_checked(pdf.read_bytes()))
        words = text.read_text("utf-8").strip()
    except OSError:
        raise ValueError(f"cannot be read; put there {_CURE}") from None
    except UnicodeDecodeError:
        raise ValueError("is not UTF-8; save the text so") from None
    odd = sorted({f"U+{ord(each):04X}" for each in words if not each.isspace() and not can_print(each)})
    if odd:
        raise ValueError(f"has letters that our letters cannot print ({', '.join(odd[:5])}); give it as PDF")
    if not words:
        raise ValueError("is empty; write the notices there")
    return Insert(text=words)


def _checked(pdf: bytes) -> bytes:
    from pypdf import PdfReader  # noqa: PLC0415 (only who has one needs the library)
    from pypdf.errors import PyPdfError  # noqa: PLC0415 (as above)

    try:
        pages = len(PdfReader(io.BytesIO(pdf)).pages)
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError):
        pages = 0
    if not pages:
        raise ValueError("is no PDF that can be read; give another")
    return pdf

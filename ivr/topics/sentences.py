"""From what the dialog wants said to the sentences a voice speaks."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from ivr.dialog.state import Said
from ivr.speech.catalog import Catalog, SpeechError
from ivr.speech.sentence import Sentence, said_by_voice
from ivr.speech.source import Pieces
from ivr.speech.values import WRITTEN_DOWN, speak_value

FIXED_KEPT_MAX = 256  # most calls say the same few dozen


def sentences(
    catalog: Catalog, kinds: Mapping[str, str], said: Said, language: str, pace: str
) -> tuple[Sentence, ...]:
    """Return the sentences of a prompt, in the call's language unless the prompt names its own.

    Raises `SpeechError` for anything that cannot be spoken.
    """
    tag = said.language or language
    if not said.values:
        return _fixed(catalog, said[:3], tag, said.pace or pace)
    try:
        values = {
            slot: speak_value(kinds[slot], value, tag) for slot, value in said.values.items() if value != ""
        }
    except ValueError as error:
        raise SpeechError(f"{said.label}: {error}") from error
    spoken = _chosen(
        catalog.lines(said.prompt, said.attribute or None, tag, said.pace or pace, values), said.piece
    )
    slow = _written_down(kinds, said, values) if (said.pace or pace) != "relay" else ()
    return tuple([said_by_voice(text, tag, slow) for piece in spoken for text in piece])


@lru_cache(FIXED_KEPT_MAX)
def _fixed(catalog: Catalog, prompt: tuple[str, str, int], tag: str, pace: str) -> tuple[Sentence, ...]:
    """Return the sentences of a prompt without values: they are always the same, and of nobody."""
    name, attribute, piece = prompt
    spoken = _chosen(catalog.lines(name, attribute or None, tag, pace, {}), piece)
    return tuple([said_by_voice(text, tag) for each in spoken for text in each])


def _chosen(pieces: Pieces, piece: int) -> Pieces:
    return pieces if piece < 0 else (pieces[piece],)


def _written_down(kinds: Mapping[str, str], said: Said, values: Mapping[str, str | int]) -> list[str]:
    """Return the groups of digits that a caller writes down: an operator types them as they come."""
    return [
        f"{group.rstrip('.')}."
        for slot in said.values
        if kinds[slot] in WRITTEN_DOWN and slot in values
        for group in str(values[slot]).split("\n")
    ]

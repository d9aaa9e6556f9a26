"""From what the dialog wants said to the sentences a voice speaks."""

from __future__ import annotations

from collections.abc import Mapping

from ivr.dialog.state import Said
from ivr.speech.catalog import Catalog, SpeechError
from ivr.speech.sentence import Sentence, said_by_voice
from ivr.speech.values import WRITTEN_DOWN, speak_value


def sentences(
    catalog: Catalog, kinds: Mapping[str, str], said: Said, language: str, pace: str
) -> tuple[Sentence, ...]:
    """Return the sentences of a prompt, in the call's language unless the prompt names its own.

    Raises `SpeechError` for anything that cannot be spoken.
    """
    tag = said.language or language
    try:
        values = {
            slot: speak_value(kinds[slot], value, tag) for slot, value in said.values.items() if value != ""
        }
    except ValueError as error:
        raise SpeechError(f"{said.label}: {error}") from error
    pieces = catalog.lines(said.prompt, said.attribute or None, tag, said.pace or pace, values)
    spoken = pieces if said.piece < 0 else (pieces[said.piece],)
    slow = _written_down(kinds, said, values) if (said.pace or pace) != "relay" else ()
    return tuple([said_by_voice(text, tag, slow) for piece in spoken for text in piece])


def _written_down(kinds: Mapping[str, str], said: Said, values: Mapping[str, str | int]) -> list[str]:
    """Return the groups of digits that a caller writes down: an operator types them as they come."""
    return [
        f"{group.rstrip('.')}."
        for slot in said.values
        if kinds[slot] in WRITTEN_DOWN and slot in values
        for group in str(values[slot]).split("\n")
    ]

"""A simulated relay operator: types what the line says to the caller, then keys what the caller answers.

An operator types 60 words a minute while the line speaks 150, so the typing lags behind by 0.6 seconds for
each word; a pause lets it catch up. Nothing is keyed before everything is typed and the caller has had time
to answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ivr.languages.words import words_said

if TYPE_CHECKING:
    from ivr.simulator.heard import Heard
    from ivr.simulator.phone import Phone

TYPING_SECONDS_A_WORD = 1.0
ANSWER_SECONDS = 10.0
GAP_SECONDS = 5.0


class RelayOperator:
    """Does what a caller asks for, at an operator's speed. Has the same methods as the phone itself."""

    def __init__(
        self, phone: Phone, *, answer_seconds: float = ANSWER_SECONDS, gap_seconds: float = GAP_SECONDS
    ) -> None:
        self._phone = phone
        self._answer_seconds = answer_seconds
        self._gap_seconds = gap_seconds
        self._untyped_seconds = 0.0

    @property
    def untyped_seconds(self) -> float:
        """How many seconds of typing are left when the line falls silent."""
        return self._untyped_seconds

    def dial(self) -> Heard:
        """Call the line."""
        return self._typed(self._phone.dial())

    def press(self, keys: str) -> Heard:
        """Key what the caller typed, once everything heard is typed."""
        return self._typed(
            self._phone.press(keys, gap_seconds=self._gap_seconds, after_seconds=self._after_seconds())
        )

    def say(self, words: str, *, confidence: float | None = 0.9) -> Heard:
        """Voice what the caller typed, once everything heard is typed."""
        return self._typed(self._phone.say(words, confidence=confidence, after_seconds=self._after_seconds()))

    def stay_silent(self) -> Heard:
        """Let the caller think until the line stops waiting."""
        return self._typed(self._phone.stay_silent())

    def hang_up(self) -> Heard:
        """End the call."""
        return self._phone.hang_up()

    def _after_seconds(self) -> float:
        return self._untyped_seconds + self._answer_seconds

    def _typed(self, heard: Heard) -> Heard:
        """Work out how far the typing is behind when the sounds end; it never runs ahead of them."""
        behind = 0.0
        for sound in heard.sounds:
            words = words_said(sound.text, sound.language)
            behind = max(0.0, behind + words * TYPING_SECONDS_A_WORD - sound.seconds)
        self._untyped_seconds = behind
        return heard

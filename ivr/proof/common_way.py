"""What the common way costs a caller: keys, menus, words and time from the greeting to the confirmation.

It is the straight way to a payment of one bill, by somebody who keys as soon as the option is heard.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import takewhile
from typing import Any, Final, NamedTuple

from ivr.dialog.definition import Node
from ivr.dialog.engine import Ask, Keys, Outcome, Speech, initial_state, step
from ivr.dialog.flow import Flow
from ivr.dialog.state import Said
from ivr.languages.registry import SPOKEN
from ivr.languages.words import words_said
from ivr.proof.exploration import Move, World
from ivr.speech.sentence import Sentence, speech_seconds
from ivr.speech.values import speak_value

THOUGHT_SECONDS: Final = 1.0  # before the first key, or the word
KEY_SECONDS: Final = 0.4  # from key to key
ROUND_TRIP_SECONDS: Final = 0.5  # until the line goes on
# As many as most accounts have; the sample has nearly as many as there can be.
USUAL_DIGITS: Final[Mapping[str, int]] = {"account_number": 10, "account_number_again": 10}


@dataclass(frozen=True, slots=True)
class CommonWay:
    """What the common way takes in a language, in voice pace.

    `words_to_choice` are heard before the sentence of the first option, `words_to_amount` between the last
    fact that is keyed and what is owed; `seconds` last until the confirmation is over.
    """

    language: str
    keys: int
    menus: int
    words_to_choice: int
    words_to_amount: int
    seconds: float

    def __str__(self) -> str:
        minutes, seconds = divmod(round(self.seconds), 60)
        return (
            f"{self.language}: one bill is paid with {self.keys} keys and {self.menus} menus, "
            f"in {minutes}:{seconds:02d} by who keys when the option is heard; {self.words_to_choice} words "
            f"come before the first choice, {self.words_to_amount} before what is owed"
        )

    def as_json(self) -> dict[str, Any]:
        """Return it for programs."""
        return {**asdict(self), "seconds": round(self.seconds)}


class Replied(NamedTuple):
    """What a caller heard at a node, sentence by sentence, and answered; None once it is paid."""

    node: Node
    said: Sequence[tuple[Said, Sentence]]
    answer: Keys | Speech | None


def common_way(flow: Flow, world: World, moves: Sequence[Move], language: str) -> CommonWay:
    """Measure the call that `moves` make, which end in the answer that a payment was authorized."""
    turns = [*_turns(flow, world, moves)]
    keyed = [(turn.node.word, turn.answer) for turn in turns if isinstance(turn.answer, Keys)]
    owed = next(turn.said for turn in turns if _before_amount(flow, turn.said, language) is not None)
    return CommonWay(
        language,
        keys=sum(USUAL_DIGITS.get(word, len(keys.digits)) + keys.finished for word, keys in keyed),
        menus=sum(len(keys.digits) == 1 for _, keys in keyed),
        words_to_choice=_words(takewhile(lambda text: not _names_key(text, ""), _texts(turns[0].said))),
        words_to_amount=_before_amount(flow, owed, language) or 0,
        seconds=sum(_seconds(turn, language) for turn in turns),
    )


def _turns(flow: Flow, world: World, moves: Sequence[Move]) -> Iterator[Replied]:
    state = initial_state(flow, {slot: world.values[slot] for slot in flow.vocabulary.given})
    said: list[tuple[Said, Sentence]] = []
    todo = [*moves]
    while todo:
        heard = todo.pop(0).heard
        if isinstance(heard, (Keys, Speech)):
            yield Replied(flow.nodes[state.node], said, heard)
        taken = step(flow, state, heard)
        state = taken.state
        if isinstance(taken.result, Ask):
            if not todo:  # what is asked of a payment that stands: of an ordinary one nothing more is told
                outcome = next(iter(flow.vocabulary.actions[taken.result.action].outcomes))
                todo.append(Move("outcome", Outcome(outcome)))
            continue
        speak, run = world.speak, (state.language, state.pace)
        said = [(each, sentence) for each in taken.result.prompts for sentence in speak(each, *run)]
    node = flow.nodes[state.node]
    yield Replied(node, [each for each in said if each[0].prompt not in node.prompts], None)


def _seconds(turn: Replied, language: str) -> float:
    """Return how long a turn lasts: what must be heard, a thought, the keys, and the way to the line."""
    heard = sum(sentence.seconds for sentence in _listened(turn))
    if isinstance(turn.answer, Keys):
        keys = USUAL_DIGITS.get(turn.node.word, len(turn.answer.digits)) + turn.answer.finished
        return heard + THOUGHT_SECONDS + (keys - 1) * KEY_SECONDS + ROUND_TRIP_SECONDS
    if turn.answer is not None:
        return heard + THOUGHT_SECONDS + speech_seconds(turn.answer.words, language) + ROUND_TRIP_SECONDS
    return heard


def _listened(turn: Replied) -> list[Sentence]:
    """Return what is listened to: to the sentence that names the key, or that asks for the number."""
    said = [sentence for _, sentence in turn.said]
    if not isinstance(turn.answer, Keys):
        return said
    if len(turn.answer.digits) == 1:
        key = turn.answer.digits
        last = next(index for index, each in enumerate(said) if _names_key(each.text, key))
    else:
        last = next(index for index, (each, _) in enumerate(turn.said) if each.prompt in turn.node.prompts)
    return said[: last + 1]


def _before_amount(flow: Flow, said: Sequence[tuple[Said, Sentence]], language: str) -> int | None:
    """Return the words before the first amount of money, None where none is told."""
    amounts = {
        str(speak_value("money", value, language))
        for each, _ in said
        for slot, value in each.values.items()
        if flow.vocabulary.slots[slot] == "money"
    }
    text = " ".join(_texts(said))
    before = [text.partition(amount)[0] for amount in amounts if amount in text]
    return _words([min(before, key=len)]) if before else None


def _texts(said: Sequence[tuple[Said, Sentence]]) -> list[str]:
    return [sentence.text for _, sentence in said]


def _words(texts: Iterator[str] | Sequence[str]) -> int:
    return round(sum(words_said(text, "en-US") for text in texts))


def _names_key(text: str, key: str) -> bool:
    """Return whether a sentence names a key, in whatever language."""
    return any(f"{spoken.press} {key}" in text for spoken in SPOKEN.values())

"""How long the line waits, and what it says before a key is possible, at every question of whole calls."""

from __future__ import annotations

import pytest

from ivr.languages.language import PACES, slowness
from ivr.simulator.twiml import Gather, Pause, Say, parse_twiml

ROUTING, ACCOUNT = "021000021", "48151623426789#"
# Menus, numbers, numbers that people look up, and time to fetch a cheque.
MENU, NUMBER, LOOKUP, FETCH = "menu", "number", "lookup", "fetch"
SECONDS = {
    "voice": {MENU: 7, NUMBER: 10, LOOKUP: 20, FETCH: 60},
    "unhurried": {MENU: 70, NUMBER: 120, LOOKUP: 120, FETCH: 120},
    "relay": {MENU: 70, NUMBER: 120, LOOKUP: 120, FETCH: 120},
}
# (node, what is keyed there, how long the line waits, digits after which an entry ends by itself)
CALL = [
    ("main/language", "1", MENU, 1),
    ("main/main_menu", "1", MENU, 1),
    ("verify/member_id", "member_id", LOOKUP, 12),
    ("verify/ssn_last4", "ssn_last4", NUMBER, 4),
    ("verify/date_of_birth", "date_of_birth_keyed", NUMBER, 8),
    ("amount/one", "2", MENU, 1),
    ("amount/other", "4050#", NUMBER, None),
    ("amount/read_back", "1", MENU, 1),
    ("bank/ready", "1", FETCH, 1),
    ("bank/routing_number", ROUTING, LOOKUP, 9),
    ("bank/routing_read_back", "1", MENU, 1),
    ("bank/account_number", ACCOUNT, LOOKUP, None),
    ("bank/account_again", ACCOUNT, LOOKUP, None),
    ("authorize/ready", "1", MENU, 1),
    ("authorize/ask", "", NUMBER, 1),
    ("main/finish_menu", "1", MENU, 1),
]
WORDS = {
    "voice": {"en-US": "yes", "es-US": "sí"},
    "unhurried": {"en-US": "yes", "es-US": "sí"},
    "relay": {"en-US": "I authorize", "es-US": "autorizo"},
}


@pytest.mark.parametrize("language", ["en-US", "es-US"])
@pytest.mark.parametrize("pace", PACES)
def test_every_question_waits_as_long_as_its_kind_and_pace_need(house, language, pace):
    (member,) = house.load_samples("demo.letter")
    recorded = house.line
    phone = house.phone()
    heard = phone.dial()
    for _ in range(slowness(pace)):
        heard = phone.press("7")
    asked = [node for node, *_ in CALL if pace == "relay" or node != "authorize/ready"]
    seen = []
    for _ in range(80):
        turn, reply = phone.turns[-1], recorded.replies[-1]
        waiting = heard.waiting_for
        check_words(reply, pace)
        if turn.prompts[-1] == "gate-go-on":
            assert (waiting.timeout_seconds, waiting.digits_count) == (SECONDS[pace][MENU], 1)
            heard = phone.press("1")
            continue
        node, keys, kind, digits = next(each for each in CALL if each[0] == turn.node)
        seen.append(node)
        assert waiting.timeout_seconds == SECONDS[pace][kind], node
        assert waiting.digits_count == digits, node
        assert (waiting.finish_on_key, waiting.action_on_empty_result) == ("#", True)
        assert waiting.speech == (node == "authorize/ask") == (b"speechTimeout=" in reply.body)
        if node == "main/finish_menu":
            break
        if node == "authorize/ask":
            assert waiting.language == language
            heard = phone.say(WORDS[pace][language])
        elif node == "main/language":
            heard = phone.press({"en-US": "1", "es-US": "2"}[language])
        else:
            heard = phone.press(getattr(member, keys, keys), gap_seconds=5 if pace == "relay" else 0.4)
    assert seen == asked
    assert phone.warnings == ()


def check_words(reply, pace):
    """In relay each sentence has a pause to type it in; in voice there are none."""
    document = parse_twiml(reply.body)
    sounds = []
    for verb in document.verbs:
        sounds += verb.sounds if isinstance(verb, Gather) else [verb]
    kinds = [type(sound) for sound in sounds if isinstance(sound, Say | Pause)]
    if pace == "relay":
        assert kinds == [Say, Pause] * (len(kinds) // 2)
    else:
        assert Pause not in kinds


def test_the_terms_and_the_confirmation_cannot_be_cut_short(house):
    (member,) = house.load_samples("demo.letter")
    recorded = house.line
    phone = house.phone()
    phone.dial()
    for keys in ("1", "1", member.member_id, member.ssn_last4, member.date_of_birth_keyed, *"1111"):
        phone.press(keys)
    for keys in (ROUTING, "1", ACCOUNT, ACCOUNT):
        phone.press(keys)
    plain, gathered = spoken_outside_and_inside(recorded.replies[-1])
    assert "177 dollars and 15 cents" in " ".join(plain)
    phone.say("yes")
    plain, gathered = spoken_outside_and_inside(recorded.replies[-1])
    assert "confirmation number" in " ".join(plain).lower()
    assert "confirmation number" not in " ".join(gathered).lower()


def spoken_outside_and_inside(reply):
    verbs = parse_twiml(reply.body).verbs
    plain = [verb.text for verb in verbs if isinstance(verb, Say)]
    gathered = [sound.text for verb in verbs if isinstance(verb, Gather) for sound in verb.sounds]
    return plain, gathered

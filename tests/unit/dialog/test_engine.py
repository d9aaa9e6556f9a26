"""The engine, turn by turn, on a flow small enough to know by heart.

A script has a turn a line: what happens `->` what is said and done. Happenings: `start`, keys (`12#`), `silence`,
`says WORDS`, `outcome NAME slot=value`, `transfer RESULT`; `(900s)` before one is how long the call has lasted.
What follows: prompt labels; `?ACTION` for a question to the domain; `dial` and `end MANNER`; `!` where it must raise.
"""

import json
import re

import pytest

from ivr.dialog import engine
from ivr.dialog.checks import check_flow
from ivr.dialog.engine import (
    Ask,
    DialogError,
    End,
    Keys,
    Listen,
    Outcome,
    Silence,
    Speech,
    Start,
    TransferEnded,
    Wait,
    initial_state,
    step,
)
from ivr.dialog.events import (
    CALLED,
    BranchTaken,
    DigitsKeyed,
    EntryDiscarded,
    EntryRefused,
    KeyPressed,
    NoInput,
    SeveralKeysPressed,
    SpeechHeard,
    SpeechUnasked,
    StrayPound,
)
from ivr.dialog.flow import Flow, version_of
from ivr.dialog.loader import load_dialogs
from ivr.dialog.state import Said, State
from ivr.dialog.vocabulary import Action, Field, Match, NoMatch, Vocabulary
from ivr.speech.catalog import Catalog

FLOWS = {
    "main": """
start = "welcome"
[node.welcome]
say = "welcome"
next = "language"
[node.language]
collect = "language"
prompt = "language-ask"
next = "menu"
on.silence = "@more_time"
[node.menu]
collect = "menu"
prompt = "menu-ask"
keys.1 = "pin"
keys.2 = "@repeat"
keys.3 = "@agent"
keys.4 = "long"
keys.5 = "ask_number"
keys.6 = "goodbye"
keys.8 = "relay"
on.silence = "@more_time"
[node.relay]
set.pace = "relay"
set.name = "two"
next = "menu"
[node.long]
say = "long"
next = "menu"
[node.pin]
collect = "pin"
prompt = "pin-ask"
next = "check"
[node.check]
action = "check_pin"
on.ok = "told"
on.bad = "bad"
tries.bad = 3
on.exhausted = "sorry"
[node.bad]
say = "bad"
next = "pin"
[node.sorry]
say = "bad"
next = "@give_up"
[node.told]
say = "amount-told"
only = "voice"
next = "ask_number"
[node.ask_number]
call = "ask_number"
on.done = "terms"
on.back = "menu"
[node.terms]
say = "terms"
barge_in = false
evidence = true
next = "ready"
[node.ready]
collect = "gate"
prompt = "gate-ready"
only = "relay"
next = "ask"
[node.ask]
collect = "answer"
prompt = "answer-ask"
evidence = true
on.yes = "pay"
on.no = "menu"
[node.pay]
action = "pay"
args.kind = "once"
on.done = "confirmation"
[node.confirmation]
say = "confirmation"
barge_in = false
next = "more"
[node.more]
collect = "menu"
prompt = "more-ask"
keys.1 = "goodbye"
on.exhausted = "goodbye"
[node.goodbye]
end = "goodbye"
prompt = "thanks"
""",
    "ask_number": """
start = "number"
[node.number]
collect = "number"
prompt = "number-ask"
next = "sure"
[node.sure]
collect = "menu"
prompt = "sure-ask"
keys.1 = "@return.done"
keys.2 = "@return.back"
""",
    "person": """
start = "reach"
[node.reach]
action = "reach_person"
on.open = "connecting"
on.closed = "closed"
[node.connecting]
say = "connecting"
next = "transfer"
[node.transfer]
transfer = "agent"
on.completed = "over"
on.failed = "closed"
[node.closed]
say = "closed"
next = "@return"
[node.over]
end = "agent"
""",
    "give_up": """
start = "sorry"
[node.sorry]
say = "give-up"
next = "person"
[node.person]
call = "person"
next = "goodbye"
[node.goodbye]
end = "goodbye"
prompt = "thanks"
""",
    "time_up": """
start = "over"
[node.over]
say = "time-up"
next = "goodbye"
[node.goodbye]
end = "goodbye"
prompt = "thanks"
""",
}

PROMPTS = """
welcome = This is a line.
language-ask = One of them, press 1.
    .again = One, press 1.
    .nudge = Still waiting.
menu-ask = Press a key from one to eight now please dear caller.
    .again = Press a key from one to eight now.
    .last = Press one key.
    .nudge = Still waiting.
long =
    These are the first ten words of a long prompt.

    And here are nine more words of that prompt.

    Last come these four.
pin-ask = Enter your code.
    .again = Enter the code.
    .nudge = Still waiting.
bad = That was wrong.
amount-told = You owe { $amount }.
number-ask = Enter the number.
    .again = Enter your number.
    .nudge = Still waiting.
sure-ask = Is { $number } right?
    .again = Is it right?
    .nudge = Still waiting.
terms =
    These are the terms and they go on for a bit.

    They have a second piece of some ten words too.
gate-ready = Press 1 when ready.
    .again = Press 1.
    .nudge = Still waiting.
answer-ask = Do you agree to pay { $amount }?
    .again = Do you agree?
    .nudge = Still waiting.
confirmation =
    You paid, and your number is { $number }.

    Once more, and please write it down: { $number }.

    It takes two days, more or less, as banks do.
more-ask = To finish, press 1.
    .again = Finish with 1.
    .nudge = Still waiting.
connecting = Please wait.
closed =
    Nobody is here at the moment, but on Monday there will be.

    Call us then, at any time from eight to six.
give-up = We are sorry.
time-up = This call is over.
thanks = Thank you.
goodbye = Goodbye.
noinput = We heard nothing.
entry-discarded = We start again.
pace-unhurried = Take your time.
pace-relay = An operator types.
pace-voice = At the usual speed.
gate-go-on = Press 1 to go on.
    .nudge = Press 1.
nomatch-not-a-choice = That is no choice.
nomatch-length = That is too short.
nomatch-odd =
    That is an odd number, and we are sorry.
    Please find another one, and then enter it once more.
nomatch-unclear = That was not clear.
"""


def pin(digits, _slots, _reasons):
    return Match({"pin": digits}) if len(digits) == 4 else NoMatch("length")


def number(digits, slots, reasons):
    """Judge a number: an odd one is refused once; one that equals the code is no number at all."""
    if digits == slots.get("pin") or not digits:
        return NoMatch("length")
    if int(digits) % 2 and "odd" not in reasons:
        return NoMatch("odd")
    return Match({"number": digits})


def no_key(_digits, _slots, _reasons):
    return NoMatch("unclear")


def hear(words, confidence, language, pace):
    if confidence is not None and confidence < 0.5:
        return NoMatch("unclear")
    if words == "no":
        return Match(result="no")
    return Match({"words": f"{words} {language} {pace}"}, "yes") if words == "yes" else NoMatch("unclear")


VOCABULARY = Vocabulary(
    slots={"pin": "secret", "number": "digits", "amount": "money", "words": "choice", "name": "choice"},
    given=("amount",),
    fields={
        field.name: field
        for field in (
            Field("pin", pin, ("pin",), ("length",), num_digits=4, secret=True),
            Field("number", number, ("number",), ("length", "odd"), "lookup"),
            Field(
                "answer",
                no_key,
                ("words",),
                ("unclear",),
                results=("yes", "no"),
                hear=hear,
                hints={"en-US": "yes,no"},
            ),
        )
    },
    actions={
        action.name: action
        for action in (
            Action("check_pin", {"ok": ("amount",), "bad": ()}, needs=("pin",), drops=("pin",)),
            Action("pay", {"done": ()}, needs=("number",), args={"kind": ("once", "twice")}),
            Action("reach_person", {"open": (), "closed": ()}),
        )
    },
    language_keys={"1": "en-US", "2": "es-US"},
)


def make_flow(flows=FLOWS, languages=("en-US", "es-US"), prompts=PROMPTS, *, kept=False):
    files = {f"flows/{name}.toml": text for name, text in flows.items()}
    dialogs, faults = load_dialogs(files)
    kinds = {slot: "digits" if kind == "secret" else kind for slot, kind in VOCABULARY.slots.items()}
    catalog = Catalog.parse(dict.fromkeys(languages, prompts), kinds)
    assert faults + check_flow(dialogs, VOCABULARY, catalog, told_keys=False, kept=kept) == []
    return Flow.compile(version_of(files), dialogs, VOCABULARY, catalog, kept=kept)


FLOW = make_flow()
RELAY = "start -> welcome, language-ask@en-US, language-ask@es-US\n7 -> pace-unhurried@en-US, pace-unhurried@es-US, language-ask.again@en-US, language-ask.again@es-US\n7 -> pace-relay@en-US, pace-relay@es-US, language-ask.again@en-US, language-ask.again@es-US\n1 -> menu-ask\n"
VOICE = "start -> welcome, language-ask@en-US, language-ask@es-US\n1 -> menu-ask\n"
NUMBER = VOICE + "5 -> number-ask\n24# -> sure-ask\n"
PAID = NUMBER + "1 -> terms, answer-ask\nsays yes -> ?pay\n"
RELAY_TERMS = (
    RELAY
    + "5 -> number-ask\n24# -> sure-ask\n1 -> terms, gate-go-on\n1 -> terms[2], gate-ready\n1 -> answer-ask\n"
)
RELAY_PAID = RELAY_TERMS + "says yes -> ?pay\noutcome done -> confirmation, confirmation[2], gate-go-on\n"


class Talk:
    """One call: the state between turns, and what the last step left."""

    def __init__(self, flow=FLOW):
        self.flow = flow
        self.state = initial_state(flow, {"amount": 4050})
        self.last = None

    def turn(self, action):
        elapsed, action = re.fullmatch(r"(?:\((\d+)s\) )?(.*)", action).groups()
        kind, _, rest = action.partition(" ")
        if kind == "start":
            heard = Start()
        elif kind == "silence":
            heard = Silence()
        elif kind == "says":
            words, _, confidence = rest.partition(" @")
            heard = Speech(words, float(confidence) if confidence else None)
        elif kind == "outcome":
            name, *slots = rest.split()
            heard = Outcome(name, {slot: int(value) for slot, value in (each.split("=") for each in slots)})
        elif kind == "transfer":
            heard = TransferEnded(rest)
        else:
            heard = Keys(action.rstrip("#"), finished=action.endswith("#"))
        before = self.state.to_json(), self.state.secrets_json()
        self.last = step(self.flow, self.state, heard, float(elapsed or 0))
        assert (self.state.to_json(), self.state.secrets_json()) == before
        self.state = self.last.state
        return told(self.last.result)


def told(result):
    if isinstance(result, Ask):
        return f"?{result.action}"
    words = [said.label for said in result.prompts]
    if isinstance(result, End):
        words.append(f"end {result.manner}")
    elif result.listen is None:
        words.append("dial")
    return ", ".join(words)


def play(script, flow=FLOW):
    """Play a script and return the call; every line must come out as written."""
    talk = Talk(flow)
    for line in script.strip().splitlines():
        action, _, expected = (part.strip() for part in line.partition("->"))
        if expected == "!":
            with pytest.raises(DialogError):
                talk.turn(action)
        else:
            assert talk.turn(action) == expected, line
    return talk


SCRIPTS = {
    "silence at the language repeats it, the third brings more time": """
        start -> welcome, language-ask@en-US, language-ask@es-US
        silence -> noinput@en-US, noinput@es-US, language-ask.again@en-US, language-ask.again@es-US
        silence -> noinput.again@en-US, noinput.again@es-US, language-ask.last@en-US, language-ask.last@es-US
        silence -> pace-unhurried@en-US, pace-unhurried@es-US, language-ask.again@en-US, language-ask.again@es-US
        silence -> language-ask.again@en-US, language-ask.again@es-US
        2 -> menu-ask""",
    "a silence after two wrong keys brings more time too": VOICE
    + """9 -> menu-ask
        12 -> nomatch-not-a-choice, menu-ask.again
        12 -> nomatch-not-a-choice, menu-ask.last
        silence -> pace-unhurried, menu-ask
        6 -> thanks, end goodbye""",
    "a wrong language key": """
        start -> welcome, language-ask@en-US, language-ask@es-US
        3 -> nomatch-not-a-choice@en-US, nomatch-not-a-choice@es-US, language-ask.again@en-US, language-ask.again@es-US""",
    "noughts alone are 0, and nines 9, where they cannot be the number": VOICE
    + """5 -> number-ask
        999# -> number-ask
        24# -> sure-ask
        2 -> menu-ask
        1 -> pin-ask
        000 -> ?reach_person
        outcome closed -> closed, pin-ask.again
        00# -> ?reach_person
        outcome closed -> closed, pin-ask.again
        0000 -> ?check_pin""",
    "a question whose failures lead somewhere goes there": NUMBER
    + """1 -> terms, answer-ask
        says yes -> ?pay
        outcome done -> confirmation, more-ask
        silence -> noinput, more-ask.again
        3 -> nomatch-not-a-choice, more-ask.last
        silence -> thanks, end goodbye""",
    "in parts too, and what must be heard is": RELAY_PAID
    + "silence -> gate-go-on.nudge\n" * 10
    + "silence -> confirmation[3], thanks, end goodbye",
    "wrong keys taper, the third leads to a person": VOICE
    + """1 -> pin-ask
        12# -> nomatch-length, pin-ask.again
        silence -> noinput.again, pin-ask.last
        123# -> ?reach_person
        outcome closed -> give-up, closed, thanks, end goodbye""",
    "an answer forgets the failures": VOICE
    + """5 -> number-ask
        silence -> noinput, number-ask.again
        silence -> noinput.again, number-ask.last
        24# -> sure-ask
        silence -> noinput, sure-ask.again
        4 -> nomatch-not-a-choice, sure-ask.last
        silence -> ?reach_person""",
    "a star discards the entry, and costs nothing": VOICE
    + """1 -> pin-ask
        12*4 -> entry-discarded, pin-ask.again
        *# -> entry-discarded, pin-ask.again
        * -> entry-discarded, pin-ask.again
        * -> entry-discarded, pin-ask.again
        1234 -> ?check_pin""",
    "a stray pound asks again, and costs nothing": VOICE
    + """5 -> number-ask
        # -> number-ask
        1# -> nomatch-odd, number-ask.again
        # -> number-ask.again
        # -> number-ask.again
        # -> number-ask.again
        24# -> sure-ask""",
    "0, 7 and 9 inside a number are digits": VOICE
    + """1 -> pin-ask
        0790 -> ?check_pin""",
    "0 returns to where the caller was": VOICE
    + """5 -> number-ask
        1# -> nomatch-odd, number-ask.again
        0 -> ?reach_person
        outcome closed -> closed, number-ask.again
        1# -> sure-ask
        0 -> ?reach_person
        outcome open -> connecting, dial
        transfer failed -> closed, sure-ask.again
        2 -> menu-ask""",
    "0 and a person ends the line's part": VOICE
    + """0 -> ?reach_person
        outcome open -> connecting, dial
        transfer completed -> end agent""",
    "a menu's own key may mean a person, or repeat": VOICE
    + """2 -> menu-ask
        9 -> menu-ask
        3 -> ?reach_person
        outcome closed -> closed, menu-ask.again
        9 -> menu-ask""",
    "9 tells everything since the last answer, and no error": VOICE
    + """4 -> long, menu-ask
        9 -> long, menu-ask
        99 -> nomatch-not-a-choice, menu-ask.again
        9 -> long, menu-ask
        0 -> ?reach_person
        outcome closed -> closed, menu-ask.again
        9 -> long, menu-ask
        2 -> long, menu-ask
        5 -> number-ask
        9 -> number-ask""",
    "the number again": PAID
    + """outcome done -> confirmation, more-ask
        5 -> nomatch-not-a-choice, more-ask.again
        9 -> confirmation, more-ask
        1 -> thanks, end goodbye""",
    "7 at a question asks it again with more time, then in relay pace, with a clean slate": VOICE
    + """5 -> number-ask
        silence -> noinput, number-ask.again
        silence -> noinput.again, number-ask.last
        7 -> pace-unhurried, number-ask
        7 -> pace-relay, number-ask.again
        3# -> nomatch-odd, gate-go-on
        1 -> number-ask.again""",
    "an error too long for one piece keeps its count and its reason": RELAY
    + """5 -> number-ask
        1# -> nomatch-odd, gate-go-on
        1 -> number-ask.again
        # -> number-ask.again
        1# -> sure-ask""",
    "three failures count across gates": RELAY
    + """5 -> number-ask
        1# -> nomatch-odd, gate-go-on
        1 -> number-ask.again
        12*# -> entry-discarded, number-ask.again
        says yes -> number-ask.again
        24# -> sure-ask
        1 -> terms, gate-go-on
        1 -> terms[2], gate-ready
        2 -> nomatch-not-a-choice, gate-ready.again
        2 -> nomatch-not-a-choice, gate-ready.last
        2 -> ?reach_person""",
    "silence in relay pace is renewed ten times": RELAY
    + "silence -> menu-ask.nudge\n" * 10
    + """silence -> ?reach_person
        outcome closed -> give-up, closed, gate-go-on
        1 -> closed[2], thanks, end goodbye""",
    "any key shows that somebody is there": RELAY
    + "silence -> menu-ask.nudge\n" * 10
    + "# -> menu-ask\n"
    + "silence -> menu-ask.nudge\n" * 10
    + "9 -> menu-ask",
    "pieces and gates": RELAY
    + """4 -> long, long[2], gate-go-on
        silence -> gate-go-on.nudge
        9 -> long, long[2], gate-go-on
        # -> gate-go-on
        2* -> entry-discarded, gate-go-on
        says hello -> gate-go-on
        2 -> nomatch-not-a-choice, gate-go-on
        5 -> nomatch-not-a-choice, gate-go-on
        1 -> long[3], menu-ask
        9 -> long, long[2], gate-go-on
        1 -> long[3], menu-ask
        0 -> ?reach_person""",
    "7 at a gate may be part of a number: the pace changes at a question": RELAY
    + """4 -> long, long[2], gate-go-on
        7 -> pace-relay.again, gate-go-on
        1 -> long[3], menu-ask
        7 -> pace-voice, menu-ask
        9 -> long, menu-ask
        silence -> noinput, menu-ask.again""",
    "silence to who has more time asks again, ten times": VOICE
    + "7 -> pace-unhurried, menu-ask\n"
    + "silence -> menu-ask.again\n" * 10
    + "silence -> ?reach_person",
    "who goes back to voice keeps the time there is in relay": RELAY
    + """(1800s) 7 -> pace-voice, menu-ask
        (3599s) # -> menu-ask
        (3600s) # -> time-up, thanks, end goodbye""",
    "7 where a relay caller says that they are ready": RELAY
    + """5 -> number-ask
        24# -> sure-ask
        1 -> terms, gate-go-on
        1 -> terms[2], gate-ready
        7 -> pace-voice, answer-ask
        9 -> answer-ask""",
    "7 while a gate is kept for after a person was tried": RELAY
    + """4 -> long, long[2], gate-go-on
        0 -> ?reach_person
        outcome open -> connecting, dial
        transfer failed -> closed, gate-go-on
        7 -> pace-relay.again, gate-go-on
        1 -> closed[2], long, gate-go-on""",
    "a number keyed at a gate, key by key, fails nothing": RELAY
    + "4 -> long, long[2], gate-go-on\n"
    + "2 -> nomatch-not-a-choice, gate-go-on\n" * 12
    + "1 -> long[3], menu-ask",
    "eleven silences at a gate": RELAY
    + "4 -> long, long[2], gate-go-on\n"
    + "silence -> gate-go-on.nudge\n" * 10
    + "silence -> ?reach_person",
    "a gate before a menu, not in the middle of an answer's window": RELAY_TERMS
    + """5# -> nomatch-unclear, answer-ask.again
        says yes -> ?pay
        outcome done -> confirmation, confirmation[2], gate-go-on
        9 -> confirmation, confirmation[2], gate-go-on
        1 -> confirmation[3], more-ask
        9 -> confirmation, confirmation[2], gate-go-on
        1 -> confirmation[3], more-ask""",
    "0 at a gate comes back to its piece": RELAY
    + """4 -> long, long[2], gate-go-on
        0 -> ?reach_person
        outcome closed -> closed, gate-go-on
        0 -> ?reach_person
        outcome closed -> closed, gate-go-on
        1 -> closed[2], long, gate-go-on
        1 -> long[2], long[3], gate-go-on
        1 -> menu-ask
        9 -> long, long[2], gate-go-on""",
    "0 in relay, and a person is there": RELAY
    + """0 -> ?reach_person
        outcome open -> connecting, dial
        transfer failed -> closed, gate-go-on
        1 -> closed[2], menu-ask.again""",
    "nobody at the last gate of all": RELAY
    + "silence -> menu-ask.nudge\n" * 10
    + "silence -> ?reach_person\noutcome closed -> give-up, closed, gate-go-on\n"
    + "0 -> gate-go-on\n"
    + "silence -> gate-go-on.nudge\n" * 10
    + "silence -> goodbye, end goodbye",
    "tries: the last one is exhausted": VOICE
    + """1 -> pin-ask
        1234 -> ?check_pin
        outcome bad -> bad, pin-ask.again
        1234 -> ?check_pin
        outcome bad -> bad, pin-ask.again
        1234 -> ?check_pin
        outcome bad -> ?reach_person
        outcome open -> bad, give-up, connecting, dial
        transfer failed -> closed, thanks, end goodbye""",
    "a good outcome forgets the tries": VOICE
    + """1 -> pin-ask
        1234 -> ?check_pin
        outcome bad -> bad, pin-ask.again
        1234 -> ?check_pin
        outcome ok amount=100 -> amount-told, number-ask""",
    "what is said in one pace only": RELAY
    + """1 -> pin-ask
        1234 -> ?check_pin
        outcome ok amount=100 -> number-ask""",
    "speech where none was asked is nobody's error": VOICE
    + "says yes -> menu-ask\n" * 5
    + "5 -> number-ask\nsays no @0.9 -> number-ask",
    "a spoken answer": NUMBER
    + """1 -> terms, answer-ask
        says yes @0.4 -> nomatch-unclear, answer-ask.again
        says perhaps -> nomatch-unclear, answer-ask.last
        says no -> menu-ask""",
    "time is up: the question is not asked any more": VOICE
    + """5 -> number-ask
        (899s) # -> number-ask
        (900s) # -> time-up, thanks, end goodbye""",
    "relay has an hour": RELAY
    + """5 -> number-ask
        (3599s) # -> number-ask
        (3600s) # -> time-up, thanks, end goodbye""",
    "time is up, but the confirmation number comes first": PAID
    + "(900s) outcome done -> confirmation, time-up, thanks, end goodbye",
    "time is up, and terms are of no use": NUMBER + "(900s) 1 -> time-up, thanks, end goodbye",
    "time is up at a gate of the confirmation": RELAY_TERMS
    + """says yes -> ?pay
        outcome done -> confirmation, confirmation[2], gate-go-on
        (3600s) 1 -> confirmation[3], time-up, thanks, end goodbye""",
    "time is up while a person is tried": VOICE
    + """0 -> ?reach_person
        (1200s) outcome open -> time-up, thanks, end goodbye""",
    "an outcome where nothing was asked": VOICE + "outcome ok amount=1 -> !",
    "an outcome nobody declared": VOICE + "1 -> pin-ask\n1234 -> ?check_pin\noutcome late -> !",
    "an outcome with other slots": VOICE + "1 -> pin-ask\n1234 -> ?check_pin\noutcome ok -> !",
    "keys where the domain was asked": VOICE + "1 -> pin-ask\n1234 -> ?check_pin\n0 -> !\nsilence -> !",
    "silence where a person was called": VOICE
    + "0 -> ?reach_person\noutcome open -> connecting, dial\nsilence -> !",
    "keys where nobody can be called back": VOICE
    + """1 -> pin-ask
        12# -> nomatch-length, pin-ask.again
        12# -> nomatch-length, pin-ask.last
        12# -> ?reach_person
        outcome open -> give-up, connecting, dial
        21 -> !""",
    "a number that began with 0": VOICE
    + """0 -> ?reach_person
        outcome open -> connecting, dial
        21# -> menu-ask.again
        1 -> pin-ask
        0 -> ?reach_person
        outcome open -> connecting, dial
        00 -> ?reach_person
        outcome open -> connecting, dial
        123 -> pin-ask.again""",
    "a transfer where nobody was called": VOICE + "transfer failed -> !",
    "a transfer that ended in no known way": VOICE
    + "0 -> ?reach_person\noutcome open -> connecting, dial\ntransfer lost -> !",
    "a second start": VOICE + "start -> !",
}


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
def test_script(script):
    play(script)


def test_one_language_is_not_asked_for():
    play("start -> welcome, menu-ask", make_flow(languages=["en-US"]))


LISTENING = [
    (VOICE, Listen(7, 1)),
    (VOICE + "1 -> pin-ask", Listen(10, 4)),
    (VOICE + "5 -> number-ask", Listen(20)),
    (NUMBER + "1 -> terms, answer-ask", Listen(10, speech=True, hints="yes,no")),
    (RELAY, Listen(70, 1)),
    (RELAY + "1 -> pin-ask", Listen(120, 4)),
    (RELAY + "4 -> long, long[2], gate-go-on", Listen(70, 1)),
    (RELAY_TERMS, Listen(120, speech=True, hints="yes,no")),
    (VOICE + "0 -> ?reach_person\noutcome open -> connecting, dial", None),
]


@pytest.mark.parametrize(("script", "listen"), LISTENING)
def test_what_the_line_listens_for(script, listen):
    assert play(script).last.result.listen == listen


def test_the_language_chosen_is_the_calls():
    talk = play("start -> welcome, language-ask@en-US, language-ask@es-US\n2 -> menu-ask\n5 -> number-ask")
    assert talk.state.language == "es-US"
    play_on = [talk.turn(action) for action in ("24#", "1", "says yes")]
    assert play_on[-1] == "?pay"
    assert talk.state.slots["words"] == "yes es-US voice"


def test_what_no_key_may_cut_short():
    prompts = play(PAID + "outcome done -> confirmation, more-ask").last.result.prompts
    assert [said.barge_in for said in prompts] == [False, True]


def test_what_an_ask_carries():
    assert play(PAID).last.result == Ask("pay", {"kind": "once"})


def test_a_set_node_fills_slots_and_changes_the_pace():
    state = play(VOICE + "8 -> menu-ask").state
    assert (state.pace, state.slots["name"]) == ("relay", "two")


EVIDENCE = [
    (NUMBER + "1 -> terms, answer-ask", [("terms", "", "voice"), ("answer-ask", "", "voice")]),
    (RELAY_TERMS, [("terms", "", "relay"), ("answer-ask", "", "relay")]),
    (
        NUMBER + "1 -> terms, answer-ask\n5# -> nomatch-unclear, answer-ask.again",
        [("terms", "", "voice"), ("answer-ask", "again", "voice")],
    ),
    (
        NUMBER + "1 -> terms, answer-ask\n7 -> pace-unhurried, answer-ask",
        [("terms", "", "voice"), ("answer-ask", "", "unhurried")],
    ),
    (
        NUMBER
        + "1 -> terms, answer-ask\n7 -> pace-unhurried, answer-ask\n7 -> pace-relay, answer-ask.again\n9 -> terms, gate-go-on\n1 -> terms[2], answer-ask",
        [("terms", "", "relay"), ("answer-ask", "", "relay")],
    ),
    (
        RELAY
        + "5 -> number-ask\n24# -> sure-ask\n1 -> terms, gate-go-on\n1 -> terms[2], gate-ready\n7 -> pace-voice, answer-ask",
        [("terms", "", "relay"), ("answer-ask", "", "voice")],
    ),
]


@pytest.mark.parametrize(("script", "expected"), EVIDENCE)
def test_evidence_is_what_was_really_spoken(script, expected):
    evidence = play(script).state.evidence
    assert [(said.prompt, said.attribute, said.pace) for said in evidence.values()] == expected
    assert evidence["answer-ask"].values == {"amount": 4050}


def test_values_are_those_of_the_moment():
    talk = play(NUMBER + "2 -> menu-ask\n5 -> number-ask\n48# -> sure-ask")
    assert talk.last.result.prompts == (Said("sure-ask", values={"number": "48"}),)


def test_secrets_are_kept_apart_until_their_action_has_answered():
    talk = play(VOICE + "1 -> pin-ask\n1234 -> ?check_pin")
    assert json.loads(talk.state.secrets_json()) == {"pin": "1234"}
    assert talk.last.heard == DigitsKeyed(4)
    assert "1234" not in talk.state.to_json() + repr(talk.last.events)
    talk.turn("outcome ok amount=1")
    assert talk.state.secrets_json() == ""


def test_a_field_sees_the_secrets_it_must_compare_with():
    talk = play(VOICE + "1 -> pin-ask\n2468 -> ?check_pin")
    talk.state.node, talk.state.gate = "ask_number/number", False
    assert talk.turn("2468#") == "nomatch-length, number-ask.again"


def test_a_kept_version_asks_again_where_it_is_older_than_the_reason():
    older = make_flow(prompts=PROMPTS.replace("nomatch-length = That is too short.\n", ""), kept=True)
    assert older.unspoken == {"nomatch-length"}
    talk = play(VOICE + "1 -> pin-ask\n12# -> pin-ask.again\n", older)
    assert talk.last.heard == DigitsKeyed(2, finished=True, reason="length")


def test_a_kept_version_that_is_older_than_a_pace_leaves_it_out():
    older = make_flow(prompts=PROMPTS.replace("pace-unhurried = Take your time.\n", ""), kept=True)
    play(VOICE + "7 -> pace-relay, menu-ask.again\n7 -> pace-voice, menu-ask", older)


def test_a_kept_version_that_is_older_than_an_outcome_takes_the_others():
    without = re.sub(r"on\.bad (.*\n)+?(?=\[node.told\])", "", FLOWS["main"])
    older = make_flow({**FLOWS, "main": without}, kept=True)
    play(VOICE + "1 -> pin-ask\n1234 -> ?check_pin\noutcome bad -> !", older)
    play(VOICE + "1 -> pin-ask\n1234 -> ?check_pin\noutcome ok amount=5 -> amount-told, number-ask", older)


def test_nothing_secret_is_left_when_the_call_ends():
    talk = play(VOICE)
    talk.state.secrets["pin"] = "1234"
    talk.turn("6")
    assert talk.state.secrets == {}


HEARD = [
    ("5", KeyPressed("5"), (BranchTaken("main/menu", "5"), BranchTaken("main/ask_number", CALLED))),
    ("55", SeveralKeysPressed("not-a-choice"), (EntryRefused("main/menu", "not-a-choice"),)),
    ("silence", NoInput(), ()),
    ("#", StrayPound(), ()),
    ("1*", EntryDiscarded(), ()),
    ("says 1234", SpeechUnasked(), ()),
    ("0", KeyPressed("0"), ()),
    ("9", KeyPressed("9"), ()),
]


@pytest.mark.parametrize(("action", "heard", "events"), HEARD)
def test_what_is_noted_of_a_turn(action, heard, events):
    talk = play(VOICE)
    talk.turn(action)
    assert (talk.last.heard, talk.last.events) == (heard, events)


def test_an_outcome_is_nothing_that_was_heard():
    talk = play(VOICE + "1 -> pin-ask\n1234 -> ?check_pin")
    talk.turn("outcome ok amount=1")
    assert (talk.last.heard, talk.last.events[0].outcome) == (None, "ok")


ENTRIES_HEARD = [
    (VOICE + "1 -> pin-ask", "1234", DigitsKeyed(4)),
    (VOICE + "1 -> pin-ask", "123#", DigitsKeyed(3, finished=True, reason="length")),
    (VOICE + "1 -> pin-ask", "123", DigitsKeyed(3, reason="length")),
    (NUMBER + "1 -> terms, answer-ask", "says no", SpeechHeard("no")),
    (NUMBER + "1 -> terms, answer-ask", "says perhaps", SpeechHeard("unclear")),
    (NUMBER + "1 -> terms, answer-ask", "12#", DigitsKeyed(2, finished=True, reason="unclear")),
    (RELAY + "4 -> long, long[2], gate-go-on", "5", KeyPressed("5", "not-a-choice")),
    (RELAY + "4 -> long, long[2], gate-go-on", "55", SeveralKeysPressed("not-a-choice")),
    (RELAY + "4 -> long, long[2], gate-go-on", "1", KeyPressed("1")),
]


@pytest.mark.parametrize(("script", "action", "heard"), ENTRIES_HEARD)
def test_of_an_entry_its_length_and_its_verdict_are_noted(script, action, heard):
    talk = play(script)
    talk.turn(action)
    assert talk.last.heard == heard


def test_no_more_turns_than_there_may_be(monkeypatch):
    talk = play(VOICE)
    for _ in range(engine.TURNS_MAX["voice"] - 2):
        assert talk.turn("#") == "menu-ask"
    assert talk.turn("#") == "time-up, thanks, end goodbye"


ARGUMENTS = {
    **FLOWS,
    "main": FLOWS["main"].replace('on.done = "terms"', 'on.done = "order_twice"')
    + """
[node.order_twice]
call = "order"
args.how = "twice"
next = "order_once"
[node.order_once]
call = "order"
args.how = "once"
next = "terms"
""",
    "order": """
takes = ["how"]
start = "buy"
[node.buy]
call = "buy"
args.kind = "$how"
args.name = "gift"
next = "@return"
""",
    "buy": """
start = "sure"
takes = ["kind", "name"]
[node.sure]
collect = "menu"
prompt = "sure-ask"
keys.1 = "note"
keys.2 = "@return"
[node.note]
set.name = "$name"
next = "pay"
[node.pay]
action = "pay"
args.kind = "$kind"
on.done = "sure"
""",
}


def test_a_dialog_has_the_arguments_it_was_called_with():
    """Also those that its own caller passed on, also after a person was tried in between, and in a stored call."""
    flow = make_flow(ARGUMENTS)
    talk = play(
        NUMBER + "1 -> sure-ask\n0 -> ?reach_person\noutcome closed -> closed, sure-ask.again\n1 -> ?pay",
        flow,
    )
    assert talk.last.result == Ask("pay", {"kind": "twice"})
    assert talk.state.slots["name"] == "gift"
    talk.state = State.from_json(talk.state.to_json())
    for action in ("outcome done", "2", "1"):
        talk.turn(action)
    assert talk.last.result == Ask("pay", {"kind": "once"})


def test_a_call_that_will_not_go_after_its_last_turn_is_sent_away():
    talk = play(RELAY + "4 -> long, long[2], gate-go-on")
    talk.state.turns = engine.TURNS_MAX["relay"] + engine.LAST_TURNS_MAX
    talk.state.node = "give_up/sorry"
    assert talk.turn("#") == "goodbye, end goodbye"


def test_a_flow_that_never_waits_is_stopped(monkeypatch):
    monkeypatch.setattr(engine, "NODES_MAX", 2)
    with pytest.raises(DialogError, match=r"main/\w+: 2 nodes without a wait"):
        Talk(make_flow(languages=["en-US"])).turn("start")


def test_slots_not_given():
    with pytest.raises(DialogError, match="slots not given: amount"):
        initial_state(FLOW, {})


def test_nothing_to_return_to():
    talk = play(NUMBER)
    talk.state.frames = []
    with pytest.raises(DialogError, match="returned from the first dialog"):
        talk.turn("1")


def test_the_version_is_of_every_word():
    assert version_of({"a": "1"}) == version_of({"a": "1"})
    assert (
        len({version_of(files) for files in ({"a": "1"}, {"a": "2"}, {"b": "1"}, {"a": "1", "b": ""})}) == 4
    )


def test_a_wait_is_a_value():
    assert play(VOICE).last.result == Wait((Said("menu-ask"),), Listen(7, 1))

"""Every call explored: nothing a concrete caller can come to is missing, and what breaks is found.

Voice and relay pace of the real flows in English are explored once; wrong flows are small edits of them.
"""

import re
from copy import copy
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ivr.base.plans import PLANS
from ivr.dialog.definition import POUND
from ivr.dialog.engine import DialogError, End, Keys, Listen, Match, Speech, TransferEnded, Wait
from ivr.dialog.state import Said
from ivr.proof import prove
from ivr.proof.common_way import common_way
from ivr.proof.exploration import Exploration, Move, _facts, _Noted
from ivr.proof.judgement import Judge, closing_turns, straight_way, told_turns
from ivr.proof.prove import _Prover, read_draft, world_of
from ivr.speech.sentence import said_by_voice
from ivr.topics.registry import VOCABULARY

AT = "2026-12-18T10:15-05:00"

# One worker explores the real flows once for all of these.
pytestmark = [pytest.mark.long, pytest.mark.xdist_group("exploration")]


def explored(files, vocabulary=VOCABULARY, paces=("voice",), kind=Exploration):
    draft = read_draft(files, vocabulary)
    world = world_of(draft)
    judge = Judge(draft.line.flow, world)
    exploration = kind(draft.line.flow, world, [judge.watch], paces).run()
    return exploration, judge


def found(files, *rules, **options):
    exploration, judge = explored(files, **options)
    return [
        finding.wrong[:3]
        for finding in judge.findings(exploration)
        if finding.wrong.rule in rules or not rules
    ]


def edited(files, file, old, new):
    assert files[file].count(old) == 1, (file, old, files[file].count(old))
    return {**files, file: files[file].replace(old, new)}


FORWARD = {"start", "answer", "key", "outcome", "transfer"}


class Straight(Exploration):
    """Calls in which nobody errs, waits, asks for a person or has anything repeated."""

    def moves(self, place):
        return [move for move in super().moves(place) if move.kind in FORWARD]


class EachByItself(Straight):
    """Ways to an answer that differ in anything that was said are followed each by itself."""

    def _of_this_turn(self, state, knowledge):
        said = [each.label for each in (*state.pending, *state.said)]
        return (*dict.fromkeys(said), _facts(knowledge.answered), knowledge.consented)


@pytest.fixture(scope="session")
def english(line):
    return {name: text for name, text in line.files.items() if name != "prompts/es-US.ftl"}


def without(files, *others):
    """Return the line without guests, earlier payments, days and the dental bill, and with a person always there."""
    left_out = (
        ("flows/main.toml", 'keys.2       = "payments_made"', 'keys.2       = "goodbye"'),
        ("flows/main.toml", 'keys.4  = "payments_made"\n', ""),
        ("flows/main.toml", 'on.made    = "payments_made"', 'on.made    = "balance"'),
        ("flows/main.toml", 'keys.3  = "later"', 'keys.3  = "balance"'),
        ("flows/main.toml", 'keys.3     = "guest"\n', ""),
        ("flows/balance.toml", 'next      = "dental"\n', 'next      = "as_of_said"\n'),
        ("flows/reach.toml", 'start = "hours"', 'start = "connecting"'),
        ("flows/reach.toml", '"@return.busy"\n', '"ended"\n'),
    )
    for file, old, new in (*left_out, *others):
        files = edited(files, file, old, new)
    return files


@pytest.fixture(scope="session")
def shorter(english):
    """That line without recent payments too: a wrong flow is found in a third of the states."""
    return without(english, ("flows/main.toml", 'on.verified = "recent_payments"', 'on.verified = "balance"'))


@pytest.fixture(scope="session")
def whole(english):
    return explored(english, paces=("voice", "relay"))


def test_the_real_flows_hold(whole):
    exploration, judge = whole
    assert judge.findings(exploration) == []
    flow = exploration.flow
    assert set(exploration.nodes) == set(flow.nodes)
    edges = {(node.path, label) for node in flow.nodes.values() for label in node.branches}
    assert edges - set(exploration.edges) == {("main/language", "silence")}  # one language is not asked for


# The values that a guest may hear: of the member what is due and when, and the end of the ID that was keyed.
TOLD_TO_GUESTS = {
    *("plan", "total", "guest_due", "guest_last4"),
    *("keyed_amount", "amount", "account_type", "account_last4", "routing_number", "bank_name"),
    *("payer_name", "today", "debit_date", "cutoff", "confirmation_number", "effective_date"),
    *("support_phone", "support_hours", "callback_date"),
}


def test_a_guest_hears_no_value_of_a_member_but_what_is_due_and_when(whole):
    """Wherever a guest's call can be: no prompt names anything else, and nobody's ID opens the rest of the line."""
    exploration, _ = whole
    places = [
        place
        for place in exploration.places
        if isinstance(place.result, Wait)
        and any(path.startswith(("guest/", "main/guest")) for path in (place.state.node, *place.state.frames))
    ]
    told = {slot for place in places for said in place.result.prompts for slot in said.values}
    assert "guest_due" in told
    assert told <= TOLD_TO_GUESTS
    assert not [place for place in places if "member_id" in place.state.slots]


def test_what_stands_for_lighter_ways_hides_no_longer_turn(english):
    """The longest turn, which tells of recent payments, is found as if each way to it had been followed by itself."""
    files = without(english)
    some, judge = explored(files, kind=Straight)
    each, other = explored(files, kind=EachByItself)
    assert len(each.places) > 2.5 * len(some.places)
    assert judge.longest == other.longest


def test_the_bounds_are_what_the_engine_gives(whole):
    exploration, _ = whole
    # To be called back is offered, and in relay pace there are gates: a caller can press 9 there until the last
    # limit; then what must be heard is said all the same.
    for pace in ("voice", "relay"):
        turns, goes_round = closing_turns(exploration, "en-US", pace)
        assert goes_round
        assert 40 < turns < 120
    straight = copy(exploration)
    straight.places = [replace(each, edges=[]) if each.closing else each for each in exploration.places]
    assert closing_turns(straight, "en-US", "voice") == (1, False)  # the person who is called
    relay = [
        turns
        for index, turns in told_turns(exploration).items()
        if exploration.places[index].state.pace == "relay"
    ]
    assert 3 < max(relay) < 20  # the gates, one after the other
    assert [move.kind for move in straight_way(exploration, ("en-US", "voice"))].count("answer") == 7
    to_relay = straight_way(exploration, ("en-US", "relay"))[1]
    assert (to_relay.kind, to_relay.times) == ("more_time", 2)
    assert straight_way(exploration, ("es-US", "relay")) == ()


# Nothing that a concrete call comes to is missing.


def concrete_moves(data, exploration, place):
    """Choose what happens next: as the explored moves, or with keys and words of its own."""
    moves = [move for move in exploration.moves(place) if move.kind != "patience"]
    others = []
    if isinstance(place.result, Wait) and place.result.listen is not None:
        node = exploration.flow.nodes[place.state.node]
        field = exploration.flow.vocabulary.fields.get(node.word)
        if field is not None and not place.state.gate and field.hear is None:
            digits = data.draw(st.from_regex(r"[1-68][0-9]{0,18}", fullmatch=True))
            others.append(Move("any", Keys(digits, finished=data.draw(st.booleans()))))
        others.append(
            Move("any", Keys(data.draw(st.sampled_from(["12", "3*", "#"])).strip("#"), finished=True))
        )
    return data.draw(st.sampled_from([*moves, *others]))


def as_explored(exploration, place, move):
    """Name a move by what it does, as the exploration does."""
    if move.kind != "any":
        return move
    node = exploration.flow.nodes[place.state.node]
    field = exploration.flow.vocabulary.fields.get(node.word)
    if "*" in move.heard.digits or not move.heard.digits or place.state.gate or field is None:
        return replace(move, kind="error")
    slots = {**place.state.slots, **place.state.secrets}
    verdict = field.verdict(
        move.heard.digits, slots, tuple(place.state.reasons), finished=move.heard.finished
    )
    return replace(move, kind="answer" if isinstance(verdict, Match) else "error")


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_every_state_of_a_random_call_was_explored(whole, data):
    exploration, _ = whole
    place = exploration.places[0]
    late = False
    for _ in range(data.draw(st.integers(5, 60))):
        if isinstance(place.result, End):
            break
        move = as_explored(exploration, place, concrete_moves(data, exploration, place))
        if move.kind not in {"start", "outcome"}:
            late = late or data.draw(st.integers(0, 40)) == 40
        turn_over = move.kind != "start" and not place.closing
        place = exploration.take(place, replace(move, late=late and turn_over)).after
        assert exploration.find(place) is not None, (place.state.node, move)


# What is not explored, because something else shows it.


def of_each_kind(places):
    """Return one of the places that differ in node, dialogs, pace and gate."""
    return {
        (each.state.node, tuple(each.state.frames), each.state.pace, each.state.gate): each for each in places
    }.values()


def test_speech_that_nobody_asked_for_does_what_a_stray_pound_does(whole):
    exploration, _ = whole
    tried = 0
    waiting = [each for each in exploration.places if isinstance(each.result, Wait) and each.result.listen]
    for place in of_each_kind(waiting):
        if place.state.gate or not place.result.listen.speech:
            tried += 1
            pound, speech = (
                exploration.take(place, Move("stray", heard)).after
                for heard in (Keys("", finished=True), Speech("hello"))
            )
            is_asked_again = (pound.state, pound.result) == (speech.state, speech.result)
            assert is_asked_again or POUND in exploration.flow.nodes[place.state.node].branches
    assert tried > 100


def test_who_comes_back_from_asking_for_a_person_is_asked_alike_after_one_error_as_after_none(whole):
    exploration, _ = whole
    tried = 0
    for place in of_each_kind(each for each in exploration.places if each.helping):
        if isinstance(place.result, Wait) and place.result.listen is None:
            tried += 1
            none, one = (
                exploration.take(
                    with_state(place, failures=errors),
                    Move("transfer", TransferEnded("failed"), "failed"),
                )
                for errors in (0, 1)
            )
            assert none.queued == one.queued, place.state.frames
    assert tried > 20


# What breaks concretely is found.

BREAKAGES = st.sampled_from(("drop", "retarget", "nowhere", "uncount"))


def broken_line(files, data):
    """Break one branch of one flow: take it away, lead it elsewhere or nowhere, or forget its counter."""
    lines = [
        (file, line)
        for file, text in files.items()
        if file.startswith("flows/")
        for line in text.splitlines()
        if re.match(r"(next|keys\.\d|on\.\w+)\s*=", line)
    ]
    file, line = data.draw(st.sampled_from(lines))
    kind = data.draw(BREAKAGES)
    names = re.findall(r"\[node\.(\w+)\]", files[file])
    target = data.draw(st.sampled_from(names)) if kind == "retarget" else "nowhere"
    new = "" if kind == "drop" else re.sub(r'"[^"]*"', f'"{target}"', line)
    if kind == "uncount":
        return {**files, file: re.sub(r"(?m)^(tries\.\w+|on\.exhausted)\s.*\n", "", files[file])}
    return {**files, file: files[file].replace(f"{line}\n", f"{new}\n", 1)}


def breaks(exploration, data):
    """Play random concrete calls; return whether one of them breaks off."""
    for _ in range(25):
        place = exploration.places[0]
        for _ in range(25):
            if isinstance(place.result, End):
                break
            kinds = {"person", "repeat", "error", "answer", "key", "outcome", "transfer", "start"}
            moves = [move for move in exploration.moves(place) if move.kind in kinds]
            if not moves:
                return True
            try:
                place = exploration.take(place, data.draw(st.sampled_from(moves[:6]))).after
            except (KeyError, DialogError):
                return True
            if place.state.pace == "relay":
                break
    return False


@pytest.mark.whole
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_what_a_random_caller_breaks_is_found(english, data):
    files = broken_line(english, data)
    draft = read_draft(files)
    if not draft.callable:
        return
    world = world_of(draft)
    judge = Judge(draft.line.flow, world)
    exploration = Exploration(draft.line.flow, world, [judge.watch], ("voice",))
    exploration.start()
    if breaks(exploration, data):
        exploration.run()
        assert {"proof.breaks-off", "proof.dead-end"} & {
            finding.wrong.rule for finding in judge.findings(exploration)
        }


# Wrong flows.


def test_an_edge_to_nowhere_and_nodes_without_a_wait(shorter):
    for nowhere in ("nowhere", "@nowhere"):
        files = edited(shorter, "flows/main.toml", 'next = "language"', f'next = "{nowhere}"')
        assert found(files) == [
            ("proof.breaks-off", "main/welcome", f"the call breaks off here: there is no 'main/{nowhere}'")
        ]
    files = edited(shorter, "flows/main.toml", 'next = "language"', 'next = "welcome"')
    assert found(files) == [
        ("proof.breaks-off", "main/welcome", "the call breaks off here: 100 nodes without a wait")
    ]


def test_what_breaks_when_the_time_is_up(shorter):
    files = edited(shorter, "flows/time_up.toml", 'next = "reach"', 'next = "nowhere"')
    exploration, judge = explored(files)
    finding = judge.findings(exploration)[0]
    assert (finding.wrong.rule, finding.wrong.node, finding.moves[-1].late) == (
        "proof.breaks-off",
        "time_up/over",
        True,
    )


@pytest.fixture(scope="session")
def bilingual(line):
    return explored(line.files, kind=Straight)


def test_the_common_way_keeps_to_its_keys_menus_and_words(bilingual):
    """Who owes one bill keys when the option is heard: whoever lengthens this has to say why."""
    exploration, _ = bilingual
    english, spanish = (
        common_way(exploration.flow, exploration.world, straight_way(exploration, (tag, "voice")), tag)
        for tag in ("en-US", "es-US")
    )
    for way in (english, spanish):
        assert (way.keys, way.menus) == (60, 5)
        assert (way.words_to_choice, way.words_to_amount) <= (10, 5)
    assert english.seconds < 190
    assert spanish.seconds < english.seconds * 1.1
    assert str(english).startswith("en-US: one bill is paid with 60 keys and 5 menus, in 3:0")
    assert spanish.as_json()["keys"] == 60


def test_two_languages_are_asked_for(bilingual):
    exploration, judge = bilingual
    assert judge.findings(exploration) == []
    assert {place.state.language for place in exploration.places} == {"en-US", "es-US"}


def test_the_slots_that_a_judge_looks_at_are_noted():
    slots = _Noted({"plan": "health", "total": 5})
    assert (slots.get("plan"), sorted(slots), len(slots), slots.noted) == (
        "health",
        ["plan", "total"],
        2,
        {"plan"},
    )


def test_names_there_are_not(shorter):
    files = edited(shorter, "flows/main.toml", 'call        = "verify"', 'call        = "nobody"')
    assert found(files, "proof.breaks-off")[0] == (
        "proof.breaks-off",
        "main/main_menu",
        "the call breaks off here: there is no 'nobody'",
    )
    files = edited(shorter, "flows/verify.toml", '"verify_member"', '"ask_around"')
    assert "there is no 'ask_around'" in found(files, "proof.breaks-off")[0][2]
    files = edited(shorter, "flows/verify.toml", 'collect  = "ssn_last4"', 'collect  = "shoe_size"')
    assert "there is no 'shoe_size'" in found(files, "proof.breaks-off")[0][2]
    del files["flows/give_up.toml"]
    assert not read_draft(files).callable


CONSENT = ("proof.need-not-filled", "proof.no-consent", "proof.outdated-terms", "proof.terms-not-told")


def test_a_payment_needs_its_own_consent(shorter):
    asked = edited(
        shorter,
        "flows/authorize.toml",
        'prompt       = "authorization-ask"\nevidence     = true\n',
        'prompt       = "authorization-ask"\n',
    )
    [(rule, node, message)] = found(asked, *CONSENT)
    assert (rule, node, message[:53]) == (
        "proof.no-consent",
        "authorize/authorize",
        "asks authorize_payment, and the caller's answer in th",
    )


def test_a_payment_needs_terms_that_are_told_and_its_own(shorter):
    """Terms that nobody was told, those of the bill that was chosen before, and no amount at all."""
    untold = edited(shorter, "flows/authorize.toml", 'on.spoken    = "terms"', 'on.spoken    = "ask"')
    chosen = 'set.plan      = "dental"\nset.next_plan = "none"\nnext          = '
    files = edited(untold, "flows/main.toml", f'{chosen}"amount"', f'{chosen}"bank"')
    told = found(files, *CONSENT)
    [message] = [message for rule, _, message in told if rule == "proof.terms-not-told"]
    assert (
        "no evidence with barge_in = false has told account_last4, account_type, amount, debit_date, plan since"
        in message
    )
    assert any(
        "with amount, billing_account, total worked out from what has changed since" in message
        for rule, _, message in told
        if rule == "proof.outdated-terms"
    )
    assert "asks prepare_authorization without amount: fill it first" in [
        message for rule, _, message in told if rule == "proof.need-not-filled"
    ]
    assert "proof.no-consent" not in {rule for rule, _, _ in told}


def test_what_must_be_heard_to_its_end(shorter):
    """Terms that a key interrupts, and a number that is said to nobody: each is money moved unheard."""
    files = edited(
        shorter,
        "flows/authorize.toml",
        '[node.terms]\nsay      = "authorization-terms"\nbarge_in = false\n',
        '[node.terms]\nsay      = "authorization-terms"\n',
    )
    files = edited(
        files, "flows/authorize.toml", 'say      = "confirmation"\nbarge_in = false', 'say = "confirmation"'
    )
    terms = "account_last4, account_type, amount, debit_date, plan"
    told = sorted((rule, node, message.partition(": ")[0]) for rule, node, message in found(files))
    assert told == [
        *(
            ("proof.receipt-not-told", node, "a payment is made, and confirmation_number is not told whole")
            for node in ("authorize/authorize", "authorize/authorize_with_code")
        ),
        (
            "proof.terms-not-told",
            "authorize/authorize",
            f"asks authorize_payment, and no evidence with barge_in = false has told {terms} since it changed",
        ),
    ]


def test_a_yes_is_to_one_payment_and_its_number_to_that_one(shorter):
    """A second debit on the same yes, and the number of the payment before told for one that was refused."""
    files = edited(shorter, "flows/authorize.toml", 'next     = "on_time"', 'next = "authorize"')
    files = edited(
        files,
        "flows/authorize.toml",
        'say  = "authorization-changed"\nnext =',
        'say = "confirmation"\nnext =',
    )
    told = found(files, *CONSENT, "proof.receipt-without-payment")
    assert ("proof.no-consent", "authorize/authorize") in [each[:2] for each in told]
    assert [each for each in told if each[0] == "proof.receipt-without-payment"] == [
        (
            "proof.receipt-without-payment",
            "authorize/changed",
            "tells of a payment in a turn in which none was made: lead here only from that",
        )
    ]


def test_each_pace_tells_the_terms_itself(whole):
    """A term that only the relay words of a prompt name is not told to a caller who hears the others."""
    exploration, _ = whole
    judge = Judge(exploration.flow, exploration.world)
    said = Said("recent-payment", values={"recent_amount": 4050, "recent_plan": "health", "recent_at": AT})
    said = said._replace(values={**said.values, "recent_confirmation": "40812345678"})
    relay, voice = (judge._spoken_of(said, "en-US", pace) for pace in ("relay", "voice"))
    assert voice - relay == {"recent_at"}


def test_circles_that_grow_have_an_end(english):
    """A dialog that calls itself, tries that go on after the last, and two sentences said without end."""
    again = 'collect = "menu"\nprompt = "declined-menu"\nkeys.1 = "b"\nkeys.2 = "@return"'
    files = edited(english, "flows/verify.toml", 'say  = "verify-rejected"', 'call = "again"') | {
        "flows/again.toml": f'start = "a"\n[node.a]\n{again}\n[node.b]\ncall = "verify"\non.verified = "@return"\n'
    }
    files = edited(files, "flows/verify.toml", 'next = "@give_up"', 'next = "member_id"')
    recent = files["flows/recent_payments.toml"].replace("tries.payment  = 5\n", "")
    recent = recent.replace('next     = "next_payment"', 'next     = "more"').replace(
        'next = "@return"', 'next = "next_payment"'
    )
    told = found({**files, "flows/recent_payments.toml": recent}, "proof.breaks-off", "proof.endless-loop")
    assert (
        "proof.breaks-off",
        "verify/rejected",
        "the call breaks off here: this dialog calls itself without end",
    ) in told
    assert {node for rule, node, _ in told if rule == "proof.endless-loop"} >= {
        "recent_payments/next_payment"
    }


def test_a_secret_is_told_where_it_gets_out(shorter):
    vocabulary = replace(VOCABULARY, slots={**VOCABULARY.slots, "date_of_birth": "choice"})
    assert found(shorter, vocabulary=vocabulary) == [
        (
            "proof.secret-gets-out",
            "verify/date_of_birth",
            "a secret that is keyed here reaches an open slot: make its field and slots secret",
        )
    ]


def test_silence_keys_and_people(shorter):
    files = edited(
        shorter,
        "flows/main.toml",
        'keys.2     = "other_ways"\non.silence = "@more_time"',
        'keys.2     = "other_ways"',
    )
    files = edited(files, "flows/reach.toml", 'next = "transfer"', 'next = "@return.closed"')
    exploration, judge = explored(files)
    told = judge.findings(exploration)
    assert [each.wrong.node for each in told if each.wrong.rule == "proof.first-silence"] == [
        "main/main_menu"
    ]
    nobody = [each for each in told if each.wrong.message == "key 0 leads to no person"]
    assert {finding.wrong.rule for finding in nobody} == {"proof.no-person"}
    assert [move.kind for move in nobody[0].moves] == ["start", "person"]


def test_circles_and_ends(shorter):
    """A menu without a way out, an amount asked for without end, and a circle that errors soon leave."""
    files = edited(
        shorter,
        "flows/main.toml",
        'keys.1       = "balance"\nkeys.2       = "goodbye"\nkeys.8       = "help"\n',
        'keys.1       = "finish_menu"\nkeys.2       = "finish_menu"\nkeys.8       = "finish_menu"\n',
    )
    files = edited(files, "flows/amount.toml", "tries.above_balance = 3\n", "")
    files = edited(files, "flows/verify.toml", 'next = "member_id"', 'next = "exhausted"')
    exploration, judge = explored(files)
    told = judge.findings(exploration)
    assert [each.wrong.node for each in told if each.wrong.rule == "proof.dead-end"] == ["main/finish_menu"]
    [loop] = [each for each in told if each.wrong.rule == "proof.endless-loop"]
    assert (loop.wrong.node, [move.label for move in loop.moves[-3:]]) == (
        "amount/check",
        ["above_balance", "next", "above_balance"],
    )


def test_telling_that_a_call_is_over_is_short(shorter):
    more = 'next = "more"\n\n[node.more]\ncollect = "menu"\nprompt = "bills-both"\nkeys.1 = "over"\nkeys.2 = "reach"'
    files = edited(shorter, "flows/time_up.toml", 'next = "reach"', more)
    [(_, node, _)] = found(files, "proof.long-goodbye")
    assert node == "time_up/more"


# What the engine itself must keep, judged on moves that it would never make.


def watched(whole, kind, change, pace="voice", **world):
    """Let a judge see one move of a kind, its end changed; return what it says."""
    exploration, _ = whole
    judge = Judge(exploration.flow, replace(exploration.world, **world))
    index, place, move = next(
        (index, place, move)
        for index, place in enumerate(exploration.places)
        for move in (exploration.moves(place) if not isinstance(place.result, End) else ())
        if move.kind == kind and place.state.pace == pace and isinstance(place.result, Wait)
    )
    taken = exploration.take(place, move, index)
    judge.watch(replace(taken, after=change(taken.after)))
    judge.watch(taken)
    return sorted((wrong.rule, wrong.message) for wrong in judge._noted)


def with_prompts(place, prompts):
    return replace(place, result=replace(place.result, prompts=prompts))


def with_state(place, **changes):
    state = place.state.copy()
    for name, value in changes.items():
        setattr(state, name, value)
    return replace(place, state=state)


def test_the_keys_are_held_to_their_meaning(whole):
    assert watched(whole, "repeat", lambda after: with_prompts(after, ())) == [
        ("proof.not-repeated", "key 9 does not repeat all that was said")
    ]
    assert watched(whole, "repeat", lambda after: replace(after, result=End((), "hangup"))) == [
        ("proof.not-repeated", "key 9 does not repeat all that was said")
    ]
    assert watched(whole, "repeat", lambda after: with_prompts(after, ()), "relay") == [
        ("proof.not-repeated", "key 9 does not repeat all that was said")
    ]
    assert watched(whole, "more_time", lambda after: with_state(after, pace="voice")) == [
        ("proof.no-more-time", "key 7 does not change the pace and say so")
    ]
    assert watched(whole, "key", lambda after: with_state(after, pace="voice"), "relay") == [
        (
            "proof.time-taken-away",
            'the caller\'s time is taken away again: give set.pace an only = "voice"',
        )
    ]
    told = dict(watched(whole, "error", lambda after: with_state(after, gate=True), "relay"))
    assert told["proof.gate-after-a-slip"].startswith(
        "after 'not-a-choice' the question comes in parts in en-US relay pace"
    )
    told = watched(whole, "more_time", lambda after: with_state(after, gate=True))
    assert "proof.gate-after-a-slip" in dict(told)
    assert watched(whole, "key", lambda after: with_state(after, said=[])) == [
        ("proof.not-repeated", "key 9 could not repeat all that is said here")
    ]


def test_a_number_is_keyed_behind_a_gate_only_after_terms_or_what_was_cancelled(whole):
    """Whoever keys it ahead of time, in relay pace, would have to key it again."""
    exploration, _ = whole
    flow = exploration.flow
    asked = {
        place.state.node: flow.nodes[place.state.node].word
        for place in exploration.places
        if place.state.gate
    }
    fields = {
        path: flow.vocabulary.fields[word] for path, word in asked.items() if word in flow.vocabulary.fields
    }
    numbers = {path for path, entry in fields.items() if entry.num_digits != 1}
    assert numbers == {"authorize/code", "callback/other_number"}


def test_a_turn_is_as_long_as_all_that_is_said_in_it(whole):
    """Two bills that stand alike are told by one prompt, twice; a payment of several, once for each try."""
    exploration, _ = whole
    place = next(each for each in exploration.places if isinstance(each.result, Wait))
    bill = Said("balance-paid", values={"plan": "health"})
    [once] = {
        sum(
            each.seconds
            for each in exploration.world.speak(bill._replace(values={"plan": plan}), "en-US", "voice")
        )
        for plan in PLANS
    }
    for prompts, seconds in (((bill,), once), ((bill, bill), 2 * once)):
        judge = Judge(exploration.flow, exploration.world)
        judge._measure(place, prompts, Listen(7, 1))
        assert judge.longest["en-US", "voice"] == pytest.approx(seconds + 7)


def test_the_words_are_counted(whole):
    exploration, _ = whole
    speak = exploration.world.speak

    def wordy(said, language, pace):
        return [said_by_voice(" ".join(["word"] * 13), language) for _ in speak(said, language, pace)]

    told = watched(whole, "error", lambda after: after, "relay", speak=wordy)
    by_rule = dict(told)
    assert "before a key is possible, at most 20" in by_rule["proof.long-wait-for-a-key"]
    assert "has a sentence of 13 words in en-US relay pace, at most 12" in by_rule["proof.long-sentence"]

    def tells_a_key(said, language, pace):
        return [said_by_voice("For this, press 7.", language)]

    told = dict(
        watched(whole, "error", lambda after: with_state(after, gate=True), "relay", speak=tells_a_key)
    )
    assert "names key 7 in en-US relay pace, and a gate follows" in told["proof.key-at-a-gate"]
    assert "proof.key-at-a-gate" not in dict(
        watched(whole, "error", lambda after: after, "relay", speak=tells_a_key)
    )

    def dumb(said, language, pace):
        raise ValueError("no voice")

    asking = next(each for each in exploration.places if each.state.node == "main/choose_bill")
    mute = Exploration(exploration.flow, replace(exploration.world, speak=dumb))
    assert mute.find(asking) is None
    silent = dict(watched(whole, "repeat", lambda after: after, speak=dumb))
    assert "cannot be spoken in en-US: no voice" in silent["proof.unspeakable"]


def test_what_the_whole_of_the_calls_does_not_show(whole, english, monkeypatch):
    """A branch that none takes, and a straight way that takes too long."""
    exploration, judge = whole
    draft = read_draft(english)
    some = copy(exploration)
    some.edges = {
        edge: first for edge, first in exploration.edges.items() if edge != ("reach/hours", "closed")
    }
    prover = _Prover(draft, exploration.world, some, judge, ("voice", "relay"))
    [untaken] = prover._unreached()
    assert (untaken.rule, untaken.call, untaken.note) == (
        "proof.branch-not-taken",
        None,
        "no call comes here",
    )
    assert "hours: no call takes closed: remove it [proof.branch-not-taken]" in untaken.where
    monkeypatch.setattr(prove, "STRAIGHT_SHARE", 0.01)
    rules = {finding.wrong.rule for finding in prover._too_long(prover._bounds())}
    assert rules == {"proof.long-straight-way"}

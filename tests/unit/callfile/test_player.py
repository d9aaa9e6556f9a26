from __future__ import annotations

import pytest

from ivr.callfile.host import DoneEvent, Setup, Visit
from ivr.callfile.player import PlayOptions, play

GREETING = ("welcome, language-option", "menu")
MENU = ("main-menu", "menu")
ASK = ("bank-routing-ask", "number")
BYE = ("goodbye", "hangup")
# What relay adds in front: the answers to 7, which are the same menu again.
RELAY = [
    GREETING,
    ("pace-unhurried, language-option", "menu"),
    ("pace-relay, gate-go-on", "menu"),
    ("language-option", "menu"),
]
PAYMENT = DoneEvent("payment", {"amount": "310.15", "plan": "health"})


@pytest.fixture
def played(written_host, written):
    """Play a text on a line that answers with these turns; return the result and the host."""

    def run(text, turns, *, language="en-US", pace="voice", operator=False, head=None, **host_options):
        host = written_host(turns, **host_options)
        call = written(text, **({} if head is None else {"head": head}))
        with host.prepare(Setup(call.name, call.now, call.member, language, pace)) as prepared:
            options = PlayOptions(operator=operator)
            return play(call, prepared, language=language, pace=pace, options=options), host

    return run


def difference(result):
    found = result.difference
    return found.place.line, found.expected, found.heard


class TestPassing:
    def test_a_call_goes_as_written(self, played):
        result, host = played(
            "start\nline welcome, language-option\ncaller {language_key}\nline main-menu\n"
            "caller 1\nline bank-routing-ask\ncaller 021000021#\nline goodbye\nend goodbye\n",
            [GREETING, MENU, ASK, BYE],
            language="es-US",
            visits=[Visit("main/welcome", "next")],
        )
        assert result.difference is None
        assert result.passed
        assert host.apps[0].entered == ["2", "1", "021000021"]
        assert (result.turns, result.language, result.pace) == (4, "es-US", "voice")
        assert result.visits == (Visit("main/welcome", "next"),)
        assert [(entry.who, entry.text) for entry in result.transcript][:3] == [
            ("caller", "dials"),
            ("line", "welcome, language-option"),
            ("caller", "{language_key}"),
        ]
        assert result.transcript[1].words == (("en-US", "Menu."),)

    def test_facts_silence_words_and_hanging_up(self, played):
        result, host = played(
            'caller {member_id}#\ncaller silence\ncaller says "yes" 0.25\ncaller hangs up\nend hangup\n',
            [ASK, MENU, ("authorization-ask", "speech"), MENU],
        )
        assert result.passed
        assert host.apps[0].entered == ["900000000017", "", "yes"]
        assert host.apps[0].forms[3]["Confidence"].startswith("0.25")
        assert [status["CallStatus"] for status in host.apps[0].statuses] == ["completed"]

    def test_a_call_without_an_end_is_hung_up(self, played):
        result, host = played("line main-menu\n", [MENU])
        assert result.passed
        assert len(host.apps[0].statuses) == 1

    def test_headers_reach_the_line(self, played):
        _, host = played("start\n", [MENU], head="now 2026-12-18T10:15Z\nfrom +16175550142\n")
        assert host.apps[0].forms[0]["From"] == "+16175550142"
        assert host.setups[0].member is None

    def test_a_forced_language_need_not_be_written(self, played):
        turns = [("welcome, language-option@es-US", "menu")]
        assert played("line welcome, language-option\n", turns)[0].passed
        assert played("line welcome, language-option@es-US\n", turns)[0].passed
        assert not played("line welcome, language-option@en-US\n", turns)[0].passed

    # How many languages the line offers is a setting: a file need not count them.
    @pytest.mark.parametrize(
        ("expected", "passes"),
        [
            ("welcome, language-option", True),
            ("welcome, language-option, language-option", True),
            ("welcome, language-option@en-US, language-option@es-US", True),
            ("welcome, language-option@en-US", False),
            ("welcome", False),
        ],
    )
    def test_a_prompt_in_several_languages_may_be_written_once(self, played, expected, passes):
        turns = [("welcome, language-option@en-US, language-option@es-US", "menu")]
        assert played(f"line {expected}\n", turns)[0].passed is passes

    def test_a_prompt_that_is_said_twice_in_the_call_is_written_twice(self, played):
        assert not played("line a\n", [("a, a", "menu")])[0].passed

    # Several turns without the caller (a person who is busy) may each be compared; then all must be.
    def test_a_transfer_that_fails(self, played):
        text = "fault transfer_busy\ncaller 0\nline person-transfer\nline person-busy, main-menu\ncaller hangs up\n"
        turns = [MENU, ("person-transfer", "dial"), ("person-busy, main-menu", "menu")]
        result, host = played(text, turns)
        assert result.passed
        assert host.apps[0].forms[2]["DialCallStatus"] == "busy"
        uncompared, _ = played(text.replace("line person-busy, main-menu\n", ""), turns)
        assert difference(uncompared) == (6, "caller hangs up", "before that, line person-busy, main-menu")
        ended, _ = played(
            "caller 0\nline person-transfer\nend agent\n",
            [MENU, ("person-transfer", "dial"), ("x", "hangup")],
        )
        assert difference(ended) == (5, "end agent", "before that, line x")

    def test_a_transfer_that_works(self, played):
        turns = [MENU, ("person-transfer", "dial"), ("", "hangup")]
        assert played("caller 0\nline person-transfer\nend agent\n", turns)[0].passed
        no_answer, host = played("fault transfer_no_answer\ncaller 0\nend goodbye\n", turns)
        assert no_answer.passed
        assert host.apps[0].forms[2]["DialCallStatus"] == "no-answer"


class TestOwnWords:
    @pytest.mark.parametrize(
        ("language", "pace", "said"),
        [
            ("en-US", "voice", ["yes", "no", "yes please"]),
            ("es-US", "voice", ["sí", "no", "yes please"]),
            ("en-US", "relay", ["I authorize", "no", "yes please"]),
            ("es-US", "relay", ["autorizo", "no", "yes please"]),
        ],
    )
    def test_yes_and_no_are_said_in_the_words_of_the_call(self, played, language, pace, said):
        text = 'caller says "yes"\ncaller says "no"\ncaller says "yes please"\n'
        speech = [("authorization-ask", "speech")] * 3
        turns = [*(RELAY if pace == "relay" else []), *speech, MENU]
        if pace == "relay":
            turns[3] = ("authorization-ask", "speech")
            turns = [*turns[:4], *speech[1:], MENU]
        result, host = played(text, turns, language=language, pace=pace)
        assert result.passed
        assert host.apps[0].entered[-3:] == said

    def test_a_file_for_one_language_and_pace_is_taken_at_its_word(self, played):
        head = "now 2026-12-18T10:15Z\nlanguage es-US\npace relay\n"
        _, host = played(
            'caller says "yes"\n',
            [MENU, MENU, ("a", "speech"), MENU],
            language="es-US",
            pace="relay",
            head=head,
        )
        assert host.apps[0].entered == ["7", "7", "yes"]


class TestCallingBack:
    # A second `start` is another call from the same phone: another SID, the same day, the same member.
    def test_the_caller_calls_again(self, played):
        text = "line a\ncaller hangs up\nend hangup\nstart\nline b\n"
        result, host = played(text, [("a", "menu"), ("b", "menu")])
        assert result.difference is None
        first, second = (form["CallSid"] for form in host.apps[0].forms)
        assert first != second


class TestRelay:
    TEXT = (
        "line welcome, language-option\ncaller {language_key}\nline terms, authorization-ask\nend goodbye\n"
    )

    # One file describes both paces: 7 is pressed twice at the first turn, gates are passed, pieces are joined.
    def test_one_file_describes_both_paces(self, played):
        voice, _ = played(self.TEXT, [GREETING, ("terms, authorization-ask", "hangup")])
        assert voice.passed
        relay, host = played(
            self.TEXT,
            [
                *RELAY,
                ("terms, gate-go-on", "menu"),
                ("terms[2]@en-US, gate-go-on@en-US", "menu"),
                ("terms[3]@en-US, authorization-ask", "hangup"),
            ],
            pace="relay",
        )
        assert relay.passed
        assert host.apps[0].entered == ["7", "7", "1", "1", "1", "1"]

    # A file for relay alone is a relay call from the start, like any other in that pace.
    def test_a_file_for_relay_alone_asks_for_it_too(self, played):
        head = "now 2026-12-18T10:15Z\npace relay\n"
        result, host = played("line welcome, language-option\n", RELAY, pace="relay", head=head)
        assert result.passed
        assert host.apps[0].entered[0] == "7"

    # A gate that the file names is left to the file.
    def test_a_gate_may_be_written_out(self, played):
        text = "caller 1\nline terms, gate-go-on\ncaller silence\nline gate-go-on.nudge\ncaller 1\nline terms[2], ask\n"
        turns = [
            *[MENU] * 3,
            ("terms, gate-go-on", "menu"),
            ("gate-go-on.nudge", "menu"),
            ("terms[2], ask", "menu"),
        ]
        result, host = played(text, turns, head="now 2026-12-18T10:15Z\npace relay\n", pace="relay")
        assert result.difference is None
        assert host.apps[0].entered == ["7", "7", "1", "", "1"]

    def test_gates_without_end_are_a_difference(self, played):
        result, _ = played("line a\n", [("gate-go-on", "menu")] * 60)
        assert difference(result) == (3, "the line to come to an end", "50 gates in a row")

    # An operator may hold the phone: ten seconds to answer are too long for a window of seven.
    def test_an_operator_takes_longer(self, played):
        turns = [*RELAY, ("goodbye", "hangup")]
        _, quick = played("caller 1\n", turns, pace="relay")
        _, slow = played("caller 1\n", turns, pace="relay", operator=True)
        assert quick.apps[0].entered == ["7", "7", "1", "1"]
        assert slow.apps[0].entered[0] == ""
        _, voice = played("caller 1\n", [MENU, BYE], operator=True)
        assert voice.apps[0].entered == ["1"]


class TestDifferences:
    def test_another_line(self, played):
        result, host = played("start\nline main-menu\ncaller 1\n", [GREETING])
        assert difference(result) == (4, "line main-menu", "line welcome, language-option")
        assert str(result.difference).endswith(
            "a.call:4: expected line main-menu, heard line welcome, language-option"
        )
        assert len(host.apps[0].statuses) == 1

    @pytest.mark.parametrize(
        "expected", ["language-option, welcome", "welcome", "welcome, language-option, x"]
    )
    def test_order_and_number_of_prompts_count(self, played, expected):
        assert not played(f"line {expected}\n", [GREETING])[0].passed

    def test_a_call_that_is_over_too_early(self, played):
        assert difference(played("line goodbye\nline more\n", [BYE])[0]) == (4, "line more", "end goodbye")
        assert difference(played("caller 1\n", [BYE])[0]) == (
            3,
            "a call that goes on (caller 1)",
            "end goodbye",
        )

    def test_a_line_that_says_nothing_more(self, played):
        assert difference(played("line main-menu\nline more\n", [MENU])[0])[2] == "nothing more"

    def test_another_end(self, played):
        assert difference(played("end hangup\n", [BYE])[0]) == (3, "end hangup", "end goodbye")
        heard = "a line that waits for the caller"
        assert difference(played("end goodbye\n", [MENU])[0]) == (3, "end goodbye", heard)

    def test_a_line_that_fails(self, played):
        result, _ = played("caller 1\n", [MENU])
        line, expected, heard = difference(result)
        assert (line, expected) == (3, "a line that answers")
        assert heard == "error 11200 from /voice/turn/1: the line answered 500"

    def test_a_warning(self, played):
        result, _ = played("start\n", [("a", "strange")])
        assert difference(result)[1:] == (
            "TwiML without warnings",
            "warning 12200 about /voice/answer: line 1: <Speak>: unknown verb, skipped",
        )

    def test_a_turn_that_is_not_repeated(self, written_host, written):
        host = written_host([MENU, MENU])
        call = written("start\n")
        with host.prepare(Setup(call.name, call.now, None, "en-US", "voice")) as prepared:
            host.apps[0].repeat = False
            result = play(call, prepared, language="en-US", pace="voice")
        assert difference(result)[1] == "a line that answers"
        assert "posted twice" in difference(result)[2]

    def test_a_fact_the_member_does_not_have(self, played):
        result, _ = played("caller {dental_account}\n", [ASK])
        assert difference(result) == (3, "a sample member with dental_account", "a member without")


class TestDid:
    def test_events_are_found_by_their_values(self, played):
        text = "line goodbye\ndid payment plan=health amount=310.15\nend goodbye\n"
        assert played(text, [BYE], events=[PAYMENT])[0].passed

    @pytest.mark.parametrize(
        ("events", "heard"),
        [
            ([], "nothing"),
            ([DoneEvent("payment", {"amount": "1.00"})], "did payment amount=1.00"),
            ([DoneEvent("refund", PAYMENT.values)], "did refund amount=310.15 plan=health"),
        ],
    )
    def test_what_did_not_happen(self, played, events, heard):
        result, _ = played("did payment amount=310.15\n", [BYE], events=events)
        assert difference(result) == (3, "did payment amount=310.15", heard)

    # One event answers one `did`; what no `did` names is a difference: money never moves unnoticed.
    def test_every_event_is_claimed_once(self, played):
        once = "did payment\n"
        assert not played(once * 2, [BYE], events=[PAYMENT])[0].passed
        assert played(once * 2, [BYE], events=[PAYMENT, PAYMENT])[0].passed
        surplus, _ = played(once, [BYE], events=[PAYMENT, PAYMENT])
        assert difference(surplus) == (
            3,
            "nothing else to happen (write a `did` line for it)",
            "did payment amount=310.15 plan=health",
        )

    def test_a_line_that_cannot_be_looked_into(self, played):
        result, _ = played("line goodbye\ndid payment amount=1.00\n", [BYE], events=None)
        assert result.passed
        assert [text.rsplit("/", 1)[-1] for text in result.unchecked] == ["a.call:4: did payment amount=1.00"]


class TestFaults:
    @pytest.mark.parametrize("fault", ["duplicate", "concurrent_duplicate"])
    def test_duplicates_pass_when_they_are_answered_alike(self, played, fault):
        assert played(f"fault {fault}\ncaller 1\nline goodbye\n", [MENU, BYE])[0].passed

    def test_a_lost_response_is_no_failure_of_the_line(self, played):
        text = "start\nfault lost_response\ncaller 1\nline trouble\nend goodbye\n"
        assert played(text, [MENU, BYE, ("trouble", "hangup")])[0].passed

    def test_a_withheld_number(self, played):
        result, host = played("fault withheld\nstart\n", [MENU])
        assert result.passed
        assert host.apps[0].forms[0]["From"] == "+266696687"

    def test_a_late_status_comes_ten_minutes_later_and_twice(self, played):
        result, host = played("fault late_status\nstart\nend goodbye\n", [BYE])
        assert result.passed
        assert len(host.apps[0].statuses) == 2
        assert result.seconds > 600
        assert {int(status["CallDuration"]) < 60 for status in host.apps[0].statuses} == {True}

    def test_an_hour_passes_on_the_way_of_what_the_caller_did_in_time(self, played):
        text = "line main-menu\nfault hour_passes\ncaller 1\nline goodbye\nend goodbye\n"
        result, host = played(text, [MENU, BYE])
        assert result.passed
        assert host.apps[0].entered == ["1"]
        assert result.seconds > 3600

    def test_an_hour_between_two_lines_passes_while_a_phone_rings(self, written_host, written):
        host = written_host([MENU, ("person-connecting", "dial"), BYE])
        call = written(
            "fault transfer_busy\ncaller 0\nline person-connecting\nfault hour_passes\nline goodbye\nend goodbye\n"
        )
        with host.prepare(Setup(call.name, call.now, None, "en-US", "voice")) as prepared:
            post, moments = prepared.line.post, {}

            def timed(path, form, *, headers=None):
                moments.setdefault(path.rpartition("/")[2], prepared.clock.now())
                return post(path, form, headers=headers)

            prepared.line.post = timed
            assert play(call, prepared, language="en-US", pace="voice").passed
        before, after = moments["1"] - moments["answer"], moments["2"] - moments["1"]
        assert before.total_seconds() < 3600 < after.total_seconds()


def test_every_turn_is_posted_twice_unless_told_otherwise(written_host, written):
    call = written("line main-menu\ncaller 1\n")
    for options, expected in ((None, 2), (PlayOptions(post_twice=False), 1)):
        host = written_host([MENU, BYE])
        posts = []
        with host.prepare(Setup(call.name, call.now, None, "en-US", "voice")) as prepared:
            post = prepared.line.post

            def counted(path, form, *, headers=None, post=post, posts=posts):
                posts.append(path)
                return post(path, form, headers=headers)

            prepared.line.post = counted
            assert play(call, prepared, language="en-US", pace="voice", options=options).passed
        assert sum(path.endswith("/voice/turn/1") for path in posts) == expected

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ivr.replay.callfile import (
    Befalls,
    CallFileError,
    Did,
    End,
    ExpectedLine,
    HangsUp,
    Keys,
    Silence,
    Start,
    Words,
    load_call,
    parse_call,
)

EVERYTHING = """
# A comment, with # and = in it.
now       2026-12-18T10:15-05:00
member    demo.health_and_dental
language  es-US
pace      relay
from      +16175550199
fault     withheld
start
line      greeting,language-menu.again , terms[2]@es-US
caller    {language_key}
caller    021000021#
caller\tsilence
caller    says "sí,  autorizo"
caller    says "yes" 0.4
caller    says "yes" none
fault     duplicate
did       payment amount=310.15 plan=health
did       locked
caller    hangs up
end       hangup
"""


def test_every_word_of_a_call_file_is_read():
    call = parse_call(EVERYTHING, "x.call")
    assert call.now is not None
    assert call.now.astimezone(UTC) == datetime(2026, 12, 18, 15, 15, tzinfo=UTC)
    assert (call.member, call.language, call.pace, call.from_number) == (
        "demo.health_and_dental",
        "es-US",
        "relay",
        "+16175550199",
    )
    p = [step.place for step in call.steps]
    assert call.steps == (
        Befalls(p[0], "withheld"),
        Start(p[1]),
        ExpectedLine(p[2], ("greeting", "language-menu.again", "terms[2]@es-US")),
        Keys(p[3], "{language_key}"),
        Keys(p[4], "021000021#"),
        Silence(p[5]),
        Words(p[6], "sí,  autorizo", 0.9),
        Words(p[7], "yes", 0.4),
        Words(p[8], "yes", None),
        Befalls(p[9], "duplicate"),
        Did(p[10], "payment", {"amount": "310.15", "plan": "health"}),
        Did(p[11], "locked", {}),
        HangsUp(p[12]),
        End(p[13], "hangup"),
    )
    assert str(p[0]) == "x.call:8"
    assert str(call.steps[10]) == "payment amount=310.15 plan=health"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("lines a", "x.call:1: 'lines' is no word of a call file: a line begins with one of now, member, "),
        ("now 2026-12-18T10:15", "x.call:1: '2026-12-18T10:15' is no instant: write it with its offset"),
        ("now tomorrow", "x.call:1: 'tomorrow' is no instant"),
        ("member", "x.call:1: member needs a value: write it after the word"),
        ("pace slow", "x.call:1: there is no pace 'slow': write voice or relay"),
        ("language fr", "x.call:1: there is no language 'fr': write one of en-US, es-US,"),
        ("from my phone", "x.call:1: 'my phone' is no caller id: write a number such as +1617"),
        ("member a\nmember b", "x.call:2: member stands here twice: keep one (the first is line 1)"),
        ("start\nnow 2026-12-18T10:15-05:00", "x.call:2: now is a header: put it above the first line"),
        ("start now", "x.call:1: start stands alone: take the rest of the line out"),
        ("line a\nstart", "x.call:2: start is the first line of a call: move it up, or write it after `end`"),
        ("line a,,b", "x.call:1: '' is no prompt id: write line id, id.again"),
        ("line Hello there", "x.call:1: 'Hello there' is no prompt id"),
        ("caller", "x.call:1: a caller cannot '': write keys"),
        ("caller 12a", "x.call:1: a caller cannot '12a': write keys (0-9, *, #), silence, hangs up"),
        ('caller says "yes" 1.5', "x.call:1: a caller cannot 'says"),
        ("caller {ssn}", "x.call:1: {ssn} stands for nothing: there are {language_key}, {member_id}"),
        ("fault fire", "x.call:1: there is no fault 'fire': write one of duplicate, concurrent_duplicate"),
        ("start\nfault withheld", "x.call:2: a number is withheld from the start: move this line above"),
        ("did", "x.call:1: '' is no event: write did payment amount=310.15"),
        ("did payment amount", "x.call:1: 'payment amount' is no event"),
        ("end happily", "x.call:1: a call cannot end 'happily': write goodbye, agent or hangup"),
        ("end goodbye\nline a", "x.call:2: only `start`, another call, comes after `end`"),
    ],
)
def test_a_fault_names_file_line_and_cure(text, message):
    with pytest.raises(CallFileError) as raised:
        parse_call(text, "x.call")
    assert len(raised.value.problems) == 1
    assert raised.value.problems[0].startswith(message)


def test_all_faults_are_reported_at_once():
    with pytest.raises(CallFileError) as raised:
        parse_call("pace slow\nline ?\ncaller x", "x.call")
    assert [problem.split(" ")[0] for problem in raised.value.problems] == [
        "x.call:1:",
        "x.call:2:",
        "x.call:3:",
    ]


def test_a_file_runs_in_every_language_and_pace_unless_narrowed():
    languages = ("en-US", "es-US")
    assert parse_call("", "x").runs(languages) == [
        ("en-US", "voice"),
        ("en-US", "relay"),
        ("es-US", "voice"),
        ("es-US", "relay"),
    ]
    assert parse_call("pace relay", "x").runs(languages) == [("en-US", "relay"), ("es-US", "relay")]
    assert parse_call("language es-US", "x").runs(languages) == [("es-US", "voice"), ("es-US", "relay")]
    assert parse_call("language vi-VN", "x").runs(languages) == []


class TestAfter:
    def test_the_other_call_is_played_first(self, write_call):
        write_call("line a\ncaller 1\n", name="first.call")
        write_call("after first.call\nline b\ncaller 2\n", name="second.call", head="")
        call = load_call(write_call("after second.call\nline c\n", head="pace voice\n"))
        assert [step.place.line for step in call.steps] == [3, 4, 2, 3, 3]
        assert [getattr(step, "keys", None) or getattr(step, "prompts", None) for step in call.steps] == [
            ("a",),
            "1",
            ("b",),
            "2",
            ("c",),
        ]
        assert (call.member, call.pace) == ("demo.one", "voice")

    def test_it_is_looked_for_beside_the_file_and_then_under_the_root(self, write_call, tmp_path):
        write_call("line root\n", name="verify/verified.call")
        path = write_call("after verify/verified.call\nline b\n", name="pay/pays.call")
        assert len(load_call(path, root=tmp_path).steps) == 2
        write_call("line beside\ncaller 1\n", name="pay/verify/verified.call")
        assert len(load_call(path, root=tmp_path).steps) == 3

    def test_own_headers_win(self, write_call):
        write_call("line a\n", name="first.call", head="now 2026-01-01T00:00Z\nmember one\nfrom anonymous\n")
        call = load_call(write_call("after first.call\n", head="now 2026-02-01T00:00Z\nmember two\n"))
        assert call.now == datetime(2026, 2, 1, tzinfo=UTC)
        assert (call.member, call.from_number) == ("two", "anonymous")

    @pytest.mark.parametrize(
        ("first", "second", "message"),
        [
            ("end goodbye", "line a", "ends its call (line 3): begin this one with `start`, another call"),
            ("line a", "start", ":4: the call is under way, "),
            ("line a", "after first.call", ":4: after stands here twice"),
        ],
    )
    def test_what_cannot_be_joined(self, write_call, first, second, message):
        write_call(first, name="first.call")
        with pytest.raises(CallFileError) as raised:
            load_call(write_call(f"after first.call\n{second}\n"))
        assert message in raised.value.problems[0]

    def test_paces_and_languages_must_agree(self, write_call):
        write_call("", name="first.call", head="language en-US\npace voice\n")
        path = write_call("after first.call\n", head="pace relay\nlanguage es-US\n")
        with pytest.raises(CallFileError) as raised:
            load_call(path)
        assert [problem.split(": ", 1)[1].split(",")[0] for problem in raised.value.problems] == [
            "language es-US",
            "pace relay",
        ]
        assert raised.value.problems[1].startswith(f"{path}:1: pace relay, but ")

    def test_a_missing_file(self, write_call, tmp_path):
        path = write_call("after other.call\n")
        with pytest.raises(CallFileError) as raised:
            load_call(path, root=tmp_path / "root")
        assert raised.value.problems[0] == (
            f"{path}:3: there is no file {tmp_path}/other.call, nor in a folder above: "
            "correct the name after `after`"
        )

    def test_a_circle(self, write_call):
        write_call("after a.call\n", name="b.call")
        with pytest.raises(CallFileError, match=r"a\.call comes after this file itself: break the circle"):
            load_call(write_call("after b.call\n"))


def test_a_call_needs_an_instant_and_its_facts_a_member(write_call):
    path = write_call("line a\ncaller {member_id}\ncaller {language_key}", head="")
    with pytest.raises(CallFileError) as raised:
        load_call(path)
    assert raised.value.problems == (
        f"{path}:1: no header says when the call is: add now 2026-12-18T10:15-05:00",
        f"{path}:2: {{member_id}} is a fact of a member, and no header names one: add member NAME",
    )


def test_a_file_that_cannot_be_read(tmp_path):
    with pytest.raises(CallFileError, match=r"nowhere\.call: cannot be read \(No such file"):
        load_call(tmp_path / "nowhere.call")
    path = tmp_path / "latin.call"
    path.write_bytes(b"# s\xed\n")
    with pytest.raises(CallFileError, match=r"latin\.call: not UTF-8 \(byte 4\): save it as UTF-8"):
        load_call(path)

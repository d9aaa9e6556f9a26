from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.callfile.grammar import (
    MAX_CALLS_IN_A_ROW,
    CallFileError,
    DidLine,
    EndLine,
    ExpectedLine,
    FaultLine,
    HangsUpLine,
    KeysLine,
    SilenceLine,
    StartLine,
    WordsLine,
    load_call,
    parse_call,
    split_lines,
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
        FaultLine(p[0], "withheld"),
        StartLine(p[1]),
        ExpectedLine(p[2], ("greeting", "language-menu.again", "terms[2]@es-US")),
        KeysLine(p[3], "{language_key}"),
        KeysLine(p[4], "021000021#"),
        SilenceLine(p[5]),
        WordsLine(p[6], "sí,  autorizo", 0.9),
        WordsLine(p[7], "yes", 0.4),
        WordsLine(p[8], "yes", None),
        FaultLine(p[9], "duplicate"),
        DidLine(p[10], "payment", {"amount": "310.15", "plan": "health"}),
        DidLine(p[11], "locked", {}),
        HangsUpLine(p[12]),
        EndLine(p[13], "hangup"),
    )
    assert str(p[0]) == "x.call:8"
    assert str(call.steps[10]) == "payment amount=310.15 plan=health"


@pytest.mark.parametrize(
    ("text", "message", "rule"),
    [
        (
            "lines a",
            "x.call:1: 'lines' is no word of a call file, the nearest is line: a line begins with one of now, member, ",
            "call.unknown-word",
        ),
        (
            "now 2026-12-18T10:15",
            "x.call:1: '2026-12-18T10:15' is no instant: write it with its offset",
            "call.header-value",
        ),
        ("now tomorrow", "x.call:1: 'tomorrow' is no instant", "call.header-value"),
        ("member", "x.call:1: member needs a value: write it after the word", "call.header-value"),
        (
            "pace slow",
            "x.call:1: there is no pace 'slow', the nearest is voice: write one of voice, unhurried, relay",
            "call.header-value",
        ),
        (
            "language fr",
            "x.call:1: there is no language 'fr', the nearest is yue-HK: write one of en-US, es-US,",
            "call.header-value",
        ),
        (
            "from my phone",
            "x.call:1: 'my phone' is no caller id: write a number such as +1617",
            "call.header-value",
        ),
        (
            "member a\nmember b",
            "x.call:2: member stands here twice: keep one (the first is line 1)",
            "call.header-twice",
        ),
        (
            "start\nnow 2026-12-18T10:15-05:00",
            "x.call:2: now is a header: put it above the first line",
            "call.header-late",
        ),
        ("start now", "x.call:1: start stands alone: take the rest of the line out", "call.stands-alone"),
        (
            "line a\nstart",
            "x.call:2: start is the first line of a call: move it up, or write it after `end`",
            "call.start-again",
        ),
        ("line a,,b", "x.call:1: '' is no prompt id: write line id, id.again", "call.prompt-id"),
        ("line Hello there", "x.call:1: 'Hello there' is no prompt id", "call.prompt-id"),
        ("line", "x.call:1: '' is no prompt id: write line id, id.again", "call.prompt-id"),
        ("language", "x.call:1: language needs a value: write it after the word", "call.header-value"),
        ("caller", "x.call:1: a caller cannot '': write keys", "call.caller"),
        (
            "caller 12a",
            "x.call:1: a caller cannot '12a': write keys (0-9, *, #), silence, hangs up",
            "call.caller",
        ),
        (
            'caller says "yes" 1.5',
            """x.call:1: 'says "yes" 1.5' is nothing a caller says: write says "words",""",
            "call.says",
        ),
        ("caller says yes", "x.call:1: 'says yes' is nothing a caller says", "call.says"),
        (
            "caller says \u201cyes\u201d",
            "x.call:1: 'says \u201cyes\u201d' is nothing a caller says: write says \"words\", in straight",
            "call.says",
        ),
        (
            "caller thinks",
            "x.call:1: a caller cannot 'thinks': write keys (0-9, *, #), silence, hangs up, waits",
            "call.caller",
        ),
        ("caller waits", "x.call:1: a caller cannot 'waits'", "call.caller"),
        (
            "caller waits 5",
            "x.call:1: after waiting a caller keys or speaks: write what, in the next line",
            "call.wait-alone",
        ),
        (
            "now 1999-12-31T23:59Z",
            "x.call:1: 1999 is no year of a call: write one from 2000 to 2099",
            "call.header-value",
        ),
        ("now 9999-12-31T23:59-05:00", "x.call:1: 9999 is no year of a call", "call.header-value"),
        (
            "caller {ssn}",
            "x.call:1: {ssn} stands for nothing, the nearest is ssn_last4: there are {language_key}, {member_id}",
            "call.unknown-fact",
        ),
        (
            "fault fire",
            "x.call:1: there is no fault 'fire', the nearest is forged_signature: write one of duplicate, concurrent_duplicate",
            "call.unknown-fault",
        ),
        (
            "start\nfault withheld",
            "x.call:2: a number is withheld from the start: move this line above",
            "call.withheld-late",
        ),
        ("did", "x.call:1: '' is no event: write did payment amount=310.15", "call.event"),
        ("did payment amount", "x.call:1: 'payment amount' is no event", "call.event"),
        ("did payment =5", "x.call:1: 'payment =5' is no event", "call.event"),
        ("did Payment", "x.call:1: 'Payment' is no event", "call.event"),
        (
            "fault",
            "x.call:1: there is no fault '': write one of duplicate, concurrent_duplicate",
            "call.unknown-fault",
        ),
        (
            "start\nfault withheld_empty",
            "x.call:2: a number is withheld from the start: move this line above",
            "call.withheld-late",
        ),
        ("end", "x.call:1: a call cannot end '': write goodbye, agent or hangup", "call.unknown-end"),
        (
            "extra_time yes\nmember made_up",
            "x.call:1: extra_time stands alone: take the rest of the line out",
            "call.stands-alone",
        ),
        (
            "bill health 1.00 due 2026-12-23",
            "x.call:1: bill is for a member who is made up: write member made_up",
            "call.made-up-only",
        ),
        (
            "start\nsupport open",
            "x.call:2: support is a header: put it above the first line of the call",
            "call.header-late",
        ),
        (
            "end happily",
            "x.call:1: a call cannot end 'happily', the nearest is hangup: write goodbye, agent or hangup",
            "call.unknown-end",
        ),
        ("end goodbye\nline a", "x.call:2: only `start`, another call, comes after `end`", "call.after-end"),
    ],
)
def test_a_fault_names_file_line_and_cure(text, message, rule):
    with pytest.raises(CallFileError) as raised:
        parse_call(text, "x.call")
    [told] = raised.value.problems
    assert told.startswith(message)
    assert told.endswith(f" [{rule}]")


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
        ("first", "second", "message", "rule"),
        [
            ("end goodbye", "line a", "ends its call (line 3): begin this one with", "call.after-ended"),
            ("line a", "start", ":4: the call is under way, ", "call.start-again"),
            ("line a", "after first.call", ":4: after stands here twice", "call.header-twice"),
        ],
    )
    def test_what_cannot_be_joined(self, write_call, first, second, message, rule):
        write_call(first, name="first.call")
        with pytest.raises(CallFileError) as raised:
            load_call(write_call(f"after first.call\n{second}\n"))
        assert message in raised.value.problems[0]
        assert raised.value.found[0].rule == rule

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
        assert {problem.rule for problem in raised.value.found} == {"call.after-differs"}

    def test_a_missing_file(self, write_call, tmp_path):
        path = write_call("after other.call\n")
        with pytest.raises(CallFileError) as raised:
            load_call(path, root=tmp_path / "root")
        assert raised.value.problems[0] == (
            f"{path}:3: there is no file {tmp_path}/other.call, nor in a folder above: "
            "correct the name after `after` [call.after-unknown]"
        )

    @pytest.mark.parametrize("name", ["nowhere.call", ".", "/", "x" * 300, "a\tb", "~"])
    def test_a_name_that_is_no_file(self, write_call, name):
        path = write_call(f"after {name}\n")
        with pytest.raises(CallFileError, match=r"there is no file .*: correct the name after `after`"):
            load_call(path)

    def test_too_many_in_a_row(self, write_call):
        for number in range(MAX_CALLS_IN_A_ROW + 2):
            write_call(f"after {number + 1}.call\n", name=f"{number}.call")
        last = write_call("", name=f"{MAX_CALLS_IN_A_ROW + 2}.call")
        with pytest.raises(
            CallFileError, match=r"more than 50 files come one after another: .*\[call\.after-too-many\]"
        ):
            load_call(last.with_name("0.call"))
        assert load_call(last.with_name("2.call"))

    def test_a_circle(self, write_call):
        write_call("after a.call\n", name="b.call")
        with pytest.raises(
            CallFileError,
            match=r"a\.call comes after this file itself: break the circle \[call\.after-circle\]",
        ):
            load_call(write_call("after b.call\n"))


def test_a_call_needs_an_instant_and_its_facts_a_member(write_call):
    path = write_call("line a\ncaller {member_id}\ncaller {language_key}", head="")
    with pytest.raises(CallFileError) as raised:
        load_call(path)
    assert raised.value.problems == (
        f"{path}:1: no header says when the call is: add now 2026-12-18T10:15-05:00 [call.no-instant]",
        f"{path}:2: {{member_id}} is a fact of a member, and no header names one: add member NAME [call.no-member]",
    )


def test_a_file_that_cannot_be_read(tmp_path):
    with pytest.raises(
        CallFileError, match=r"nowhere\.call:1: cannot be read \(No such file.*\[call\.unreadable\]"
    ):
        load_call(tmp_path / "nowhere.call")
    path = tmp_path / "latin.call"
    path.write_bytes(b"# s\xed\n")
    with pytest.raises(
        CallFileError, match=r"latin\.call:1: not UTF-8 \(byte 4\): save it as UTF-8 \[call\.not-text\]"
    ):
        load_call(path)
    path.write_bytes(b"now\nstart\0\n")
    with pytest.raises(CallFileError, match=r"latin\.call:2: no text, it holds a zero byte"):
        load_call(path)
    with pytest.raises(CallFileError, match=rf"{tmp_path}:1: cannot be read \(Is a directory\)"):
        load_call(tmp_path)
    path.write_bytes(b"# " + b"x" * 128 * 1024)
    with pytest.raises(
        CallFileError,
        match=r"latin\.call:1: more than 131,072 bytes are no call: name a .* \[call\.too-large\]",
    ):
        load_call(path)


def test_of_a_file_that_is_no_call_file_not_every_line_is_told():
    for count, told in ((20, 20), (21, 21), (500, 21)):
        with pytest.raises(CallFileError) as raised:
            parse_call("hello\n" * count, "x.call")
        assert len(raised.value.problems) == told
    whole = "500 faults in all: mend the first, or name a call file [call.many-problems]"
    assert raised.value.problems[-1] == f"x.call:1: {whole}"


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_lines_are_counted_as_editors_count_them(ending):
    text = f"\ufeffnow 2026-12-18T10:15Z{ending}# \x0b\x0c\x1c\x85\u2028{ending}{ending}start{ending}hm"
    assert "".join(split_lines(text)) == text
    with pytest.raises(CallFileError) as raised:
        parse_call(text, "x.call")
    assert [problem.split(" ")[0] for problem in raised.value.problems] == ["x.call:5:"]


# Lines that are right, nearly right and not right at all, so that every branch of the parser is come to.
SENTENCES = """
now 2026-12-18T10:15-05:00 0001-01-01T00:00+23:59
member made_up demo.spanish
language en-US
pace relay
from +16175550123 anonymous
after x.call
bill health 1.00 due 2026-12-23 first_payment code 1234
paid dental 1.00 at 2026-12-18T10:15Z
notices sms
extra_time
support open
consent bill_code
start
line a, a.b, [1] c[1]@en-US
caller 12#* {language_key} {} {x} silence hangs up waits 5 99999999999999999999 says "yes" "" 0.4 none
fault duplicate withheld
did payment x=1 =
end goodbye agent hangup
# a remark
"""
WORDS = st.sampled_from([line.split()[0] for line in SENTENCES.splitlines() if line])
VALUES = st.sampled_from([word for line in SENTENCES.splitlines() for word in line.split()[1:]])
LINES = st.builds(lambda word, values: " ".join([word, *values]), WORDS, st.lists(VALUES, max_size=5))
TEXTS = st.lists(LINES | st.text(max_size=12), max_size=12).map("\n".join) | st.text()


def _problems_of(read: Callable[[], object]) -> Sequence[str]:
    try:
        read()
    except CallFileError as error:
        return error.problems
    return ()


@given(st.sampled_from(SENTENCES.splitlines()) | TEXTS)
def test_any_text_is_a_call_or_tells_its_faults(text):
    lines = len(split_lines(text))
    for problem in _problems_of(lambda: parse_call(text, "x.call")):
        match = re.fullmatch(r"x\.call:([0-9]+): .+", problem)
        assert match
        assert 1 <= int(match[1]) <= lines


@given(content=st.binary(max_size=60) | TEXTS.map(str.encode))
def test_any_file_is_a_call_or_tells_its_faults(content, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "any.call"
    path.write_bytes(content)
    for problem in _problems_of(lambda: load_call(path)):
        assert problem.startswith(f"{path}:")

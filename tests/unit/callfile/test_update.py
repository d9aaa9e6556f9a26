"""`--update`: what is rewritten, what is left, and what stays byte for byte."""

from __future__ import annotations

import io
import json
import re
from contextlib import contextmanager

import pytest

from ivr.callfile.grammar import SourceLine
from ivr.callfile.host import DoneEvent, LineDownError
from ivr.callfile.player import Correction
from ivr.callfile.suite import InTurn
from ivr.callfile.update import print_json, print_text, rewrite, update

VOICE = "# Why.\nnow     2026-12-18T10:15Z\npace    voice\nlanguage en-US\n"
MENU = ("main-menu", "menu")
BYE = ("goodbye", "hangup")
GOOD = "line main-menu\ncaller 1\nline goodbye\nend goodbye\n"
PAYMENT = DoneEvent("payment", {"plan": "health", "amount": "310.15", "sec_code": "TEL"})


@pytest.fixture
def updated(write_call, written_host):
    """Update a file on a line that answers so; return the text afterwards and the report."""

    def run(text, turns, *, head=VOICE, **options):
        path = write_call(text, head=head)
        report = update(InTurn(written_host(turns, **options)), [path])
        again = update(InTurn(written_host(turns, **options)), [path])
        after = path.read_bytes().decode().removeprefix(head)
        assert not again.updated, "a second update changes nothing"
        return after, report

    return run


class TestWhatIsRewritten:
    def test_nothing_that_is_right(self, updated):
        text, report = updated(GOOD, [MENU, BYE])
        assert text == GOOD
        assert len(report.as_written) == 1
        assert report.exit_status == 0

    def test_lines_and_the_end_keeping_everything_else(self, updated):
        written = "start\n\n# The menu.\n  line\tother-menu ,x   \n\ncaller  1\n# Bye.\nline    hello\nend     agent\n"
        text, report = updated(written, [MENU, BYE])
        assert text == (
            "start\n\n# The menu.\n  line\tmain-menu   \n\ncaller  1\n# Bye.\nline    goodbye\nend     goodbye\n"
        )
        assert list(report.updated.values()) == [3]

    def test_a_line_too_many_is_taken_out(self, updated):
        assert (
            updated("line main-menu\nline more\ncaller 1\n", [MENU, BYE])[0] == "line main-menu\ncaller 1\n"
        )

    def test_a_line_too_few_is_put_in_before_the_remarks_of_what_comes_next(self, updated):
        turns = [("hello", "dial"), MENU, BYE]
        text, _ = updated("line    hello\n# He pays.\nfault   duplicate\ncaller  1\nline    goodbye\n", turns)
        assert text == (
            "line    hello\nline    main-menu\n# He pays.\nfault   duplicate\ncaller  1\nline    goodbye\n"
        )

    def test_what_was_done_with_the_values_that_were_named(self, updated):
        text, _ = updated("line goodbye\ndid payment amount=1.00\nend goodbye\n", [BYE], events=[PAYMENT])
        assert text == "line goodbye\ndid payment amount=310.15\nend goodbye\n"

    def test_what_was_not_done(self, updated):
        assert updated("line goodbye\ndid refund\nend goodbye\n", [BYE])[0] == "line goodbye\nend goodbye\n"

    def test_what_was_done_and_not_named(self, updated):
        did = "did     payment plan=health amount=310.15\n"
        text, _ = updated("line    goodbye\nend     goodbye\n", [BYE], events=[PAYMENT])
        assert text == f"line    goodbye\n{did}end     goodbye\n"
        text, _ = updated("line    goodbye", [BYE], events=[PAYMENT])
        assert text == f"line    goodbye\n{did}"

    def test_gates_and_languages_only_where_the_file_has_them(self, updated):
        turns = [("a[2]@es-US, b@en-US, gate-go-on", "hangup")]
        assert updated("line x\n", turns)[0] == "line b\n"
        assert updated("line x[1]\n", turns)[0] == "line a[2], b, gate-go-on\n"
        assert updated("line x@en-US, y[1]\n", turns)[0] == "line a[2]@es-US, b@en-US, gate-go-on\n"

    def test_line_endings_and_a_byte_order_mark_stay(self, write_call, written_host, tmp_path):
        path = tmp_path / "dos.call"
        text = "\ufeffnow 2026-12-18T10:15Z\r\npace voice\r\nline {}\r\n{}# last\rend goodbye"
        path.write_bytes(text.format("x", "").encode())
        update(InTurn(written_host([BYE], events=[PAYMENT])), [path])
        did = "did payment plan=health amount=310.15\r\n"
        assert path.read_bytes().decode() == text.format("goodbye", did)


class TestWhatIsLeft:
    def left(self, report):
        ((file, why),) = report.left.items()
        assert report.exit_status == 1
        return why.removeprefix(file)

    def test_a_caller_who_is_not_done(self, updated):
        text, report = updated("line x\ncaller 1\ncaller 2\n", [MENU, BYE])
        assert text == "line x\ncaller 1\ncaller 2\n"
        assert self.left(report) == (
            ":7: expected a call that goes on (caller 2), heard end goodbye: what the caller does, or the line,"
            " has to change"
        )

    def test_an_end_that_has_not_come(self, updated):
        _, report = updated("line x\nend goodbye\n", [MENU])
        assert "heard a line that waits for the caller" in self.left(report)

    @pytest.mark.parametrize("text", ["line x\n", "caller 1\nline x\nend goodbye\n"])
    def test_a_line_that_breaks(self, updated, text):
        _, report = updated(text, [MENU] if text.startswith("caller") else [])
        assert re.search("heard (end error|error 11200 from /voice/)", self.left(report))

    def test_a_turn_without_prompts(self, updated):
        _, report = updated("line x\nline main-menu\n", [("", "dial"), MENU])
        assert self.left(report).startswith(":5: expected line x, heard line : ")

    def test_languages_that_need_different_words(self, write_call, written_host):
        class ByLanguage(written_host):
            def prepare(self, setup):
                self.turns = [("goodbye", "hangup")] if setup.language == "en-US" else [("adios", "hangup")]
                return super().prepare(setup)

        head = "now 2026-12-18T10:15Z\npace voice\n"
        for text, wants in (
            ("line x\n", "en-US voice needs line goodbye, es-US voice needs line adios"),
            ("line goodbye\n", "en-US voice needs what is written, es-US voice needs line adios"),
            (
                "line adios\nline goodbye\n",
                "en-US voice needs line goodbye, es-US voice needs what is written",
            ),
        ):
            path = write_call(text, head=head)
            why = self.left(update(InTurn(ByLanguage([])), [path]))
            assert why == (
                f":3: {wants}: narrow the file with `language` or `pace`, and write another for the rest"
            )
            assert path.read_text() == head + text

    def test_other_words_every_time(self, write_call, written_host):
        class Fickle(written_host):
            def prepare(self, setup):
                self.turns = [(f"hello-{len(self.setups)}", "hangup")]
                return super().prepare(setup)

        path = write_call("line x\n", head=VOICE)
        why = self.left(update(InTurn(Fickle([])), [path]))
        assert why == ":5: other words at another time: rewritten it would not pass either"
        assert path.read_text() == f"{VOICE}line x\n"

    def test_an_earlier_call_that_is_not_among_the_files(self, write_call, written_host):
        first = write_call("line x\ncaller 1\n", name="first.call", head=VOICE)
        path = write_call("after first.call\nline y\n", head="")
        host = written_host([MENU, BYE])
        report = update(InTurn(host), [path])
        assert report.left == {
            str(path): f"{first}:5: expected line x, heard line main-menu: {first} comes before it, update"
            " that one first"
        }
        assert path.read_text() == "after first.call\nline y\n"
        assert "line x" in first.read_text()


def test_calls_that_come_after_are_rewritten_once_the_earlier_ones_are(write_call, written_host):
    first = write_call("line x\ncaller 1\n", name="z.call", head=VOICE)
    second = write_call("after z.call\nline y\ncaller 2\n", name="b.call", head="")
    third = write_call("after b.call\nline z\n", name="a.call", head="")
    counted = []
    played = []
    host = written_host([MENU, ("second-menu", "menu"), BYE])
    report = update(
        InTurn(host),
        [first.parent],
        progress=lambda result: played.append(result.name),
        expect=counted.append,
    )
    assert list(report.updated) == [str(first), str(second), str(third)]
    assert "line main-menu" in first.read_text()
    assert second.read_text() == "after z.call\nline second-menu\ncaller 2\n"
    assert third.read_text() == "after b.call\nline goodbye\n"
    assert counted[-1] == len(played)


def test_what_cannot_be_played_is_told_and_the_rest_is_rewritten(write_call, written_host, tmp_path):
    write_call("lines\n", name="a.call")
    write_call("line x\n", name="b.call", head=f"{VOICE}member nobody\n")
    good = write_call("line x\n", name="c.call", head=f"{VOICE}member demo.one\n")
    report = update(InTurn(written_host([BYE], members=["demo.one"])), [tmp_path, tmp_path / "d"])
    assert list(report.updated) == [str(good)]
    assert [problem.rsplit("/", 1)[-1][:20] for problem in report.problems] == [
        "d: no such file or f",
        "a.call:3: 'lines' is",
        "b.call en-US voice: ",
    ]
    out = io.StringIO()
    print_text(report, out)
    assert out.getvalue().startswith(f"updated {good} (1 line)\n")
    assert out.getvalue().endswith("1 updated, 0 left as they were, 0 as written, 3 problems\n")
    out = io.StringIO()
    print_json(report, out)
    assert json.loads(out.getvalue())["updated"] == {str(good): 1}


def test_a_line_that_is_down_rewrites_nothing(write_call, written_host):
    class Down(written_host):
        @contextmanager
        def prepare(self, setup):
            raise LineDownError("it takes no connection")
            yield

    paths = [write_call("line x\n", name=name, head=VOICE) for name in ("a.call", "b.call")]
    report = update(InTurn(Down([])), paths)
    assert report.problems == ["it takes no connection; 2 calls were not played"]
    assert not report.updated


def test_a_new_line_is_written_like_its_neighbor():
    place = SourceLine("a.call", 1)
    inserted = [Correction(place, "before", "line a, b"), Correction(place, "after", "did x")]
    assert rewrite("  caller   1\nend agent\n", inserted) == (
        "  line     a, b\n  caller   1\n  did      x\nend agent\n"
    )
    assert rewrite("start\n", inserted) == "line    a, b\nstart\ndid     x\n"

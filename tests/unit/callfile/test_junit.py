from __future__ import annotations

import io
from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from ivr.callfile.grammar import Problem, SourceLine
from ivr.callfile.junit import junit_xml
from ivr.callfile.player import CallResult, Mismatch, TranscriptLine
from ivr.callfile.suite import Report

OK = CallResult(
    "calls/a.call", "en-US", "voice", None, (), turns=1, seconds=3.0, unchecked=("a.call:9: did x",)
)
NOWHERE = Problem(SourceLine("nowhere", 0), "call.no-file", "no such file")
DIFFERENCE = Mismatch(SourceLine("calls/b.call", 7), "line a", "line b")


def failed(text: str, difference: Mismatch = DIFFERENCE) -> CallResult:
    lines = (TranscriptLine("caller", "dials"), TranscriptLine("line", text))
    return CallResult("calls/b.call", "es-US", "relay", difference, lines, turns=1, seconds=3.0)


def read(report: Report) -> ET.Element:
    return ET.parse(io.BytesIO(junit_xml(report))).getroot()


def test_a_case_a_call_with_file_line_and_what_differed():
    root = read(
        Report(
            (OK, failed("b")), (Problem(SourceLine("calls/c.call", 3), "call.header-value", "slow"), NOWHERE)
        )
    )
    (suite,) = root
    assert (root.tag, suite.tag) == ("testsuites", "testsuite")
    assert {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "4",
        "failures": "1",
        "errors": "2",
        "skipped": "0",
    }
    good, bad, fault, missing = suite
    assert good.attrib == {
        "classname": "calls",
        "name": "a.call en-US voice",
        "file": "calls/a.call",
        "line": "1",
    }
    assert good.findtext("system-out") == "not checked on this line: a.call:9: did x"
    assert good.find("failure") is None
    assert (bad.get("name"), bad.get("line")) == ("b.call es-US relay", "7")
    failure = bad.find("failure")
    assert failure is not None
    assert failure.get("message") == "calls/b.call:7: expected line a, heard line b"
    assert failure.text == "caller  dials\nline    b\ncalls/b.call:7: expected line a, heard line b"
    assert (fault.get("file"), fault.get("line")) == ("calls/c.call", "3")
    error = fault.find("error")
    assert error is not None
    assert error.get("message") == "calls/c.call:3: slow [call.header-value]"
    assert (missing.get("file"), missing.get("line")) == ("", "1")


# XML 1.0, section 2.2: a document holds no control character but tab, line feed and carriage return.
@given(st.text())
def test_any_words_make_a_well_formed_document(text):
    place = SourceLine(f"calls/{text}.call", 7)
    report = Report((failed(text, Mismatch(place, text, text)),), (text,))
    failure = read(report).find(".//failure")
    assert failure is not None
    assert (failure.text or "").startswith("caller  dials\nline    ")

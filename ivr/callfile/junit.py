"""A replay as JUnit XML, which build servers read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from ivr.callfile.grammar import Problem, SourceLine
from ivr.callfile.suite import transcript
from ivr.speech.patterns import OUTSIDE_XML

if TYPE_CHECKING:
    from ivr.callfile.player import CallResult
    from ivr.callfile.suite import Report


def junit_xml(report: Report) -> bytes:
    """Return the report as a JUnit file: a test case a call, and one for each problem of the set."""
    failed = sum(not result.passed for result in report.results)
    counts = {
        "tests": str(len(report.results) + len(report.problems)),
        "failures": str(failed),
        "errors": str(len(report.problems)),
    }
    suites = ET.Element("testsuites", counts)
    suite = ET.SubElement(suites, "testsuite", {"name": "ivr replay", **counts, "skipped": "0"})
    for result in report.results:
        _add_call(suite, result)
    for problem in report.problems:
        _add_problem(suite, problem)
    ET.indent(suites)
    content: bytes = ET.tostring(suites, encoding="utf-8", xml_declaration=True)
    return content + b"\n"


def _add_call(suite: ET.Element, result: CallResult) -> None:
    difference = result.difference
    path = Path(result.name)
    case = _case(
        suite,
        path.parent.as_posix(),
        f"{path.name} {result.language} {result.pace}",
        result.name,
        1 if difference is None else difference.place.line,
    )
    if difference is not None:
        failure = ET.SubElement(case, "failure", {"type": "difference", "message": _clean(str(difference))})
        failure.text = _clean("\n".join([*transcript(result, words=False), str(difference)]))
    if result.unchecked:
        remark = "\n".join(f"not checked on this line: {place}" for place in result.unchecked)
        ET.SubElement(case, "system-out").text = _clean(remark)


def _add_problem(suite: ET.Element, problem: Problem | str) -> None:
    place = problem.place if isinstance(problem, Problem) and problem.place.line else SourceLine("", 1)
    told = str(problem)
    case = _case(suite, "problem", told, place.file, place.line)
    ET.SubElement(case, "error", {"type": "problem", "message": _clean(told)}).text = _clean(told)


def _case(suite: ET.Element, group: str, name: str, file: str, line: int) -> ET.Element:
    attributes = {"classname": group, "name": name, "file": file, "line": str(line)}
    return ET.SubElement(suite, "testcase", {key: _clean(value) for key, value in attributes.items()})


def _clean(text: str) -> str:
    return OUTSIDE_XML.sub("\ufffd", text)

"""Ten faults put into the real line, each found with its exact words and the shortest call that shows it."""

import json
import re
from dataclasses import replace

import pytest
from support.seeded import FOLDER, ROOT, seeded

from ivr.base.errors import OperatorError
from ivr.callfile.grammar import parse_call
from ivr.proof.prove import Bound, prove, write_calls
from ivr.topics.line import read_line_files

pytestmark = pytest.mark.long


@pytest.mark.parametrize("name", sorted(path.stem for path in FOLDER.glob("*.toml")))
def test_a_seeded_fault_is_found_with_its_shortest_call(name, tmp_path):
    line = seeded(name)
    proof = write_calls(prove(line.files, line.vocabulary, line.paces), tmp_path / "calls")
    assert [violation.where for violation in proof.violations] == line.faults
    assert all(each.where.endswith(f" [{each.rule}]") for each in proof.violations)
    first = proof.violations[0]
    assert first.call.text == line.call.read_text()
    assert parse_call(first.call.text, "shown.call").steps
    written = sorted((tmp_path / "calls").iterdir())
    assert [path.read_text() for path in written] == [violation.call_file for violation in proof.violations]
    told = json.loads(json.dumps(proof.as_json()))
    shown = told["violations"][0]
    assert (told["proven"], shown["file"], shown["rule"]) == (False, first.file, first.rule)
    assert first.file in "\n".join(proof.faults_as_text())


@pytest.mark.whole
def test_a_language_that_no_caller_can_choose():
    files = dict(read_line_files(ROOT))
    flow = files["flows/main.toml"].replace('next = "language"', 'next = "main_menu"')
    files["flows/main.toml"] = re.sub(r"\[node\.language\]\n(.+\n)+", "", flow)
    proof = prove(files, paces=("voice",))
    [violation] = proof.violations
    assert violation.where.startswith("prompts/es-US.ftl: no caller can choose this language")
    assert violation.rule == "proof.language-not-chosen"
    assert "line    welcome, main-menu\n" in violation.call.text


def test_a_bound_says_what_it_leaves_out():
    bound = Bound("en-US", "relay", 374, 4140.0, 4140.0, 28, 1206.0)
    told = "en-US relay: every call ends within 374 turns and 69 minutes; straight to a payment 28 turns"
    assert str(bound) == f"{told}, 20.1 minutes"
    loose = replace(bound, seconds_at_worst=34680.0)
    assert "69 minutes (578 where the caller then has all repeated without end); straight" in str(loose)


def test_there_are_the_ten():
    assert len(list(FOLDER.glob("*.toml"))) == 10


NO_LINE = {"flows/main.toml": 'start = "x"\n', "prompts/en-US.ftl": "welcome = Hello.\n"}


def test_a_line_that_cannot_be_called_still_names_its_faults():
    proof = prove(NO_LINE)
    assert not proof.holds
    assert {violation.call for violation in proof.violations} == {None}


def test_a_folder_that_cannot_be_written_to():
    with pytest.raises(OperatorError, match="name another folder"):
        write_calls(prove(NO_LINE), ROOT / "Makefile" / "calls")

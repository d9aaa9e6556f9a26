"""Eight faults put into the real line, each found with its exact words and the shortest call that shows it."""

import json

import pytest
from support.seeded import FOLDER, ROOT, seeded

from ivr.base.errors import OperatorError
from ivr.replay.callfile import parse_call
from ivr.replay.proof import prove, write_calls

pytestmark = pytest.mark.long


@pytest.mark.parametrize("name", sorted(path.stem for path in FOLDER.glob("*.toml")))
def test_a_seeded_fault_is_found_with_its_shortest_call(name, tmp_path):
    line = seeded(name)
    proof = write_calls(prove(line.files, line.vocabulary, line.paces), tmp_path / "calls")
    assert [violation.where for violation in proof.violations] == line.faults
    first = proof.violations[0]
    assert first.call.text == line.call.read_text()
    assert parse_call(first.call.text, "shown.call").steps
    assert [path.read_text() for path in (tmp_path / "calls").iterdir()] == [first.call_file]
    told = json.loads(json.dumps(proof.as_json()))
    assert (told["proven"], told["violations"][0]["file"]) == (False, first.file)
    assert first.file in "\n".join(proof.faults_as_text())


def test_there_are_the_eight():
    assert len(list(FOLDER.glob("*.toml"))) == 8


def test_a_line_that_cannot_be_called_still_names_its_faults():
    proof = prove({"flows/main.toml": 'start = "x"\n', "prompts/en-US.ftl": "welcome = Hello.\n"})
    assert not proof.holds
    assert {violation.call for violation in proof.violations} == {None}


def test_a_folder_that_cannot_be_written_to():
    line = seeded("missing_silence")
    with pytest.raises(OperatorError, match="name another folder"):
        write_calls(prove(line.files, line.vocabulary, line.paces), ROOT / "Makefile" / "calls")

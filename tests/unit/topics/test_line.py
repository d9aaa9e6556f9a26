"""Reading a line from a folder: everything wrong with it at once, each with its place and cure."""

import re
import shutil
from pathlib import Path

import pytest

from ivr.base.errors import OperatorError
from ivr.proof.prove import read_draft
from ivr.topics.line import compile_line, kept_line, prompt_files, read_line_files, sound_line

ROOT = Path(__file__).parents[3]


@pytest.fixture
def folder(tmp_path):
    for name in ("flows", "prompts"):
        shutil.copytree(ROOT / name, tmp_path / name)
    return tmp_path


def test_the_line_as_it_is():
    files = read_line_files(ROOT)
    line = compile_line(files)
    assert line.flow.languages == ("en-US", "es-US")
    assert line.files == files
    assert prompt_files(files).keys() == {"en-US", "es-US"}
    assert {"flows/main.toml", "prompts/en-US.ftl"} <= files.keys()


def test_only_the_languages_asked_for(folder):
    files = read_line_files(folder, ["es-US"])
    assert prompt_files(files).keys() == {"es-US"}
    assert compile_line(files).flow.languages == ("es-US",)


def test_the_version_changes_with_every_word(folder):
    before = compile_line(read_line_files(folder)).flow.version
    path = folder / "prompts" / "es-US.ftl"
    path.write_text(path.read_text() + "# A comment.\n")
    assert compile_line(read_line_files(folder)).flow.version != before


def test_an_empty_folder(tmp_path):
    with pytest.raises(OperatorError) as told:
        read_line_files(tmp_path)
    assert str(told.value).splitlines() == [
        f"{tmp_path}/flows: no .toml file here; give a folder that has flows/ and prompts/ [flow.no-file]",
        f"{tmp_path}/prompts: no .ftl file here [prompt.no-file]",
    ]


def test_a_language_without_prompts(folder):
    with pytest.raises(OperatorError) as told:
        read_line_files(folder, ["en-US", "pt-BR", "vi-VN"])
    assert str(told.value).splitlines() == [
        f"{folder}/prompts: no {tag}.ftl, the nearest is {near}; "
        f"write it, or leave {tag} out of IVR_LANGUAGES [prompt.no-file]"
        for tag, near in (("pt-BR", "es-US"), ("vi-VN", "es-US"))
    ]


def test_files_that_are_no_text(folder):
    (folder / "flows" / "main.toml").write_bytes(b"\xff\xfe")
    (folder / "prompts" / "es-US.ftl").unlink()
    (folder / "prompts" / "es-US.ftl").mkdir()
    with pytest.raises(OperatorError) as told:
        read_line_files(folder)
    assert str(told.value).splitlines() == [
        f"{folder}/flows/main.toml: cannot be read as UTF-8 text [flow.not-utf8]",
        f"{folder}/prompts/es-US.ftl: cannot be read as UTF-8 text [prompt.not-utf8]",
    ]


def problems(folder):
    with pytest.raises(OperatorError) as told:
        compile_line(read_line_files(folder))
    return str(told.value).splitlines()


def test_faults_of_form_in_flows_and_faults_of_prompts_come_together(folder):
    (folder / "flows" / "main.toml").write_text("start = \n")
    with (folder / "prompts" / "en-US.ftl").open("a") as file:
        file.write("\nextra = Hello { $nobody }.\n")
    told = problems(folder)
    assert told[0].startswith("flows/main.toml:1: not TOML")
    assert any(line.startswith("prompts/en-US.ftl:") and "$nobody" in line for line in told)


def test_faults_of_form_alone(folder):
    (folder / "flows" / "person.toml").write_text('start = "x"\n')
    assert problems(folder) == [
        "flows/person.toml: has no [node.…] section: write one [flow.missing-key]",
        "flows/person.toml:1: start must name one of its nodes, and 'x' is none [flow.unknown-node]",
    ]


def test_faults_of_meaning(folder):
    (folder / "flows" / "person.toml").unlink()
    assert problems(folder) == [
        "flows/person.toml: is missing: write it, the engine itself needs this dialog [flow.missing-dialog]"
    ]


def test_a_line_that_tells_a_wrong_key_takes_no_call_and_is_loaded_for_those_that_began_on_it():
    files = read_line_files(ROOT)
    text = files["flows/main.toml"].replace('keys.2     = "other_ways"', 'keys.4     = "other_ways"')
    wrong = {**files, "flows/main.toml": text}
    with pytest.raises(OperatorError) as caught:
        sound_line(wrong)
    assert len(caught.value.problems) == 16  # four wordings in two languages: one key too many, one missing
    assert compile_line(wrong).flow.nodes["main/main_menu"].branches["4"] == "other_ways"
    assert sound_line(files).flow.version == compile_line(files).flow.version


def test_a_line_without_a_word_for_a_plan_takes_no_call():
    """A wording that chooses by the plan would break off the call of whoever has the forgotten one."""
    files = read_line_files(ROOT)
    forgotten = re.sub(r"(balance-paid =\n.*\n) +\[dental\].*\n", r"\1", files["prompts/es-US.ftl"])
    wordless = {**files, "prompts/es-US.ftl": forgotten}
    told = r"^prompts/es-US\.ftl:\d+: balance-paid: has no words for \[dental\].*\[prompt\.no-words-for\]$"
    with pytest.raises(OperatorError, match=told):
        sound_line(wordless)
    assert [fault.prompt_id for fault in read_draft(wordless).prompt_faults] == ["balance-paid"]
    assert kept_line(wordless).files == wordless


def test_a_version_kept_from_before_the_program_learned_something_still_takes_its_calls():
    """Calls go on over a deploy that brings an outcome and a reason: their flow knows neither."""
    files = read_line_files(ROOT)
    verify = re.sub(r"on\.verified_more_time.*\n", "", files["flows/verify.toml"])
    verify = verify.partition("[node.more_time]")[0]
    before = {**files, "flows/verify.toml": verify}
    for name in ("prompts/en-US.ftl", "prompts/es-US.ftl"):
        before[name] = re.sub(r"nomatch-without-pound =\n(?: .*\n)+", "", files[name])
    with pytest.raises(OperatorError, match="does not handle outcome 'verified_more_time'"):
        compile_line(before)
    with pytest.raises(
        OperatorError, match=r"en-US\.ftl has no nomatch-without-pound, the nearest is .+: write it"
    ):
        compile_line({**before, "flows/verify.toml": files["flows/verify.toml"]})
    assert kept_line(before).files == before
    with pytest.raises(OperatorError, match="is no action"):
        kept_line({**before, "flows/verify.toml": verify.replace("verify_member", "no_action")})

"""Wrong flows, each with the exact messages that an operator gets for it.

A file in `broken/` takes the place of `base/flows/main.toml` (or of what its line `# file:` names; `# without:`
takes a dialog away) and says in lines `# fault:` what is wrong with it. A folder holds several files, its
faults in `faults.txt`, and its own prompts where it has a `prompts.ftl`.
"""

import ast
import re
from pathlib import Path

import pytest

from ivr.base.errors import OperatorError
from ivr.dialog import checks, loader, spoken_keys
from ivr.dialog.vocabulary import Action, Field, Match, NoMatch, Vocabulary
from ivr.speech.catalog import Catalog
from ivr.topics.line import read_line_files, sound_line

HERE = Path(__file__).parent
BROKEN = sorted(path for path in (HERE / "broken").iterdir())


def judge(digits, _slots, _reasons):
    return Match({"number": digits}) if len(digits) > 1 else NoMatch("length")


def one(digits, _slots, _reasons):
    return Match() if digits == "1" else NoMatch("unclear")


FIELDS = {
    field.name: field
    for field in (
        Field("pin", judge, ("pin",), ("length",), secret=True),
        Field("number", judge, ("number",), ("length",)),
        Field("answer", judge, (), ("unclear",), results=("yes", "no")),
        Field("one_key", one, (), ("unclear",), num_digits=1),
    )
}
ACTIONS = {
    action.name: action
    for action in (
        Action("check_pin", {"ok": ("amount",), "bad": ()}, needs=("pin",), drops=("pin",)),
        Action("check_number", {"ok": ("amount",), "bad": ()}, needs=("number",)),
        Action("pay", {"done": ()}, needs=("number",), args={"kind": ("one", "two")}),
        Action(
            "choose", {"ok": ()}, args={"of": ("all", "part")}, speaks={"all": "amount", "part": "number"}
        ),
    )
}
SLOTS = {"pin": "secret", "number": "digits", "amount": "money", "name": "choice", "today": "date"}
VOCABULARY = Vocabulary(SLOTS, ("today",), FIELDS, ACTIONS, {"1": "en-US"})
SPEAKABLE = {slot: "digits" if kind == "secret" else kind for slot, kind in SLOTS.items()}


def case(path):
    """Return a case's flows, prompts and expected faults."""
    flows = {f"flows/{file.name}": file.read_text() for file in (HERE / "base" / "flows").iterdir()}
    prompts = HERE / "base" / "prompts" / "en-US.ftl"
    if path.is_dir():
        flows |= {f"flows/{file.name}": file.read_text() for file in path.glob("*.toml")}
        expected = (path / "faults.txt").read_text().splitlines()
        own = path / "prompts.ftl"
        return flows, own if own.exists() else prompts, expected
    text = path.read_text()
    told = re.findall(r"^# (file|without|fault): (.*)$", text, re.MULTILINE)
    name = next((value for key, value in told if key == "file"), "main.toml")
    flows[f"flows/{name}"] = text
    for key, value in told:
        if key == "without":
            del flows[f"flows/{value}.toml"]
    return flows, prompts, [value for key, value in told if key == "fault"]


def faults_of(path):
    flows, prompts, _ = case(path)
    dialogs, faults = loader.load_dialogs(flows)
    catalog = Catalog.parse({"en-US": prompts.read_text()}, SPEAKABLE)
    return list(map(str, faults or checks.check_flow(dialogs, VOCABULARY, catalog)))


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.stem)
def test_a_wrong_flow_gets_exactly_these_messages(path):
    assert faults_of(path) == case(path)[2]


def test_the_flow_that_the_wrong_ones_are_made_from_is_sound():
    flows = {f"flows/{file.name}": file.read_text() for file in (HERE / "base" / "flows").iterdir()}
    dialogs, faults = loader.load_dialogs(flows)
    catalog = Catalog.parse({"en-US": (HERE / "base/prompts/en-US.ftl").read_text()}, SPEAKABLE)
    assert faults + checks.check_flow(dialogs, VOCABULARY, catalog) == []


def literal(node):
    """Return a message in the code as a pattern: what is filled in may be anything."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return re.escape(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(
            re.escape(part.value) if isinstance(part, ast.Constant) else ".*" for part in node.values
        )
    return ""


def messages_in(module):
    """Yield a pattern for every message that a module can give."""
    for node in ast.walk(ast.parse(Path(module.__file__).read_text())):
        found = []
        if isinstance(node, ast.Yield | ast.Return) and isinstance(node.value, ast.Tuple):
            found = node.value.elts
        elif isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            found = node.args if name in {"_fault", "Fault"} else []
        elif isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "message":
            found = [node.value]
        yield from (each for each in map(literal, found) if "\\ " in each)
    if module is loader:
        yield from map(re.escape, loader._CURES.values())


@pytest.mark.parametrize("module", [loader, checks, spoken_keys], ids=["loader", "checks", "spoken_keys"])
def test_every_message_is_shown_by_a_wrong_flow(module):
    shown = [message for path in BROKEN for message in case(path)[2]]
    patterns = set(messages_in(module))
    assert len(patterns) > 3
    unshown = {each for each in patterns if not any(re.search(rf"{each} \[", message) for message in shown)}
    assert unshown == set()


def test_two_amounts_of_the_real_line_that_change_their_keys():
    """Else who keys 1 for all that is owed pays what is past due."""
    files = dict(read_line_files(HERE.parents[1]))
    kept = 'keys.1  = "full"\nkeys.2  = "past_due"\n'
    assert files["flows/amount.toml"].count(kept) == 1
    files["flows/amount.toml"] = files["flows/amount.toml"].replace(
        kept, 'keys.1  = "past_due"\nkeys.2  = "full"\n'
    )
    with pytest.raises(OperatorError) as refused:
        sound_line(files)
    told = [
        f"amount-two in {language} speaks $past_due and says “{press} 2”: that choice is “{press} 1”"
        for language, press in (("en-US", "press"), ("es-US", "oprima"))
    ]
    where = r"^flows/amount\.toml:\d+: two: "
    found = [
        re.sub(where, "", fault).removesuffix(" [flow.key-of-value]") for fault in refused.value.problems
    ]
    assert found == told

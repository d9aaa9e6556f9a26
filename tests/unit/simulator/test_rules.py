"""Every test of the phone names the rule it proves, and every fault can be asked for in a call file and is."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from ivr.callfile.grammar import FAULTS
from ivr.simulator.webhooks import Injected
from ivr.simulator.withheld import WITHHELD_FORMS

HERE = Path(__file__).parent
CALLS = HERE.parents[1] / "calls"
QUOTING = ("test_phone.py", "test_faults.py", "test_twiml.py", "test_cookies.py")
RULE = re.compile(r"[A-Z][^:]{2,60}: .{15,}")


def rules_of(source: str) -> dict[str, str]:
    """Return the comment right above each test."""
    lines = source.splitlines()
    rules = {}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            first = min([node.lineno, *(each.lineno for each in node.decorator_list)]) - 1
            begins = first
            while lines[begins - 1].strip().startswith("#"):
                begins -= 1
            rules[node.name] = " ".join(line.strip("# ") for line in lines[begins:first])
    return rules


@pytest.mark.parametrize("file", QUOTING)
def test_every_test_quotes_its_rule(file):
    rules = rules_of((HERE / file).read_text(encoding="utf-8"))
    assert rules
    assert [name for name, rule in rules.items() if RULE.fullmatch(rule) is None] == []


def test_a_test_without_its_rule_is_found():
    source = "# Say: what it says is heard by all.\n@mark\ndef test_one(): ...\n\n\ndef test_two(): ..."
    assert rules_of(source) == {"test_one": "Say: what it says is heard by all.", "test_two": ""}


def test_call_files_know_every_fault():
    assert {*Injected, *WITHHELD_FORMS} <= set(FAULTS)


@pytest.mark.parametrize("fault", [*Injected, *WITHHELD_FORMS])
def test_every_fault_hits_a_written_call(fault):
    assert any(
        re.search(rf"^fault\s+{fault}$", path.read_text(encoding="utf-8"), re.MULTILINE)
        for path in CALLS.rglob("*.call")
    )

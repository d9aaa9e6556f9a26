"""docs/rules.md has a paragraph for every rule that the program can say is broken, and for no other."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "rules.md").read_text()
SECTIONS = re.findall(r"^### (\S+)\n\n(.+)\n", PAGE, re.MULTILINE)
AREAS = ("call", "flow", "import", "nacha", "prompt", "proof")
RULE = rf"(?:{'|'.join(AREAS)})\.[a-z][a-z0-9]*(?:-[a-z0-9]+)*"
TEXTS = [file.read_text() for file in sorted((ROOT / "ivr").rglob("*.py"))]
EXPECTED = "\n".join(
    file.read_text()
    for file in sorted((ROOT / "tests").rglob("*"))
    if file.suffix in {".py", ".toml", ".txt"} and file != Path(__file__)
).replace("\\", "")


def raised() -> set[str]:
    """Return the ids that stand in the program: as a text of their own, or at the end of a message."""
    found = (re.findall(rf"\"({RULE})\"|\[({RULE})\]\"", text) for text in TEXTS)
    return {rule for each in found for pair in each for rule in pair if rule}


def test_every_rule_has_its_paragraph_and_no_paragraph_is_left_over() -> None:
    assert {rule for rule, _ in SECTIONS} == raised()


def test_the_page_is_in_order_and_says_each_rule_once() -> None:
    ids = re.findall(r"^### (.+)$", PAGE, re.MULTILINE)
    assert Counter(ids).most_common(1)[0][1] == 1
    assert ids == sorted(ids, key=lambda rule: rule.split("."))
    assert len(SECTIONS) == len(ids), "a heading without a paragraph under it"


def test_a_test_sees_each_rule_broken() -> None:
    """Some test expects each id, so that something real raises it."""
    seen = set(re.findall(rf"(?<![\w.-])(?:{RULE})(?![\w-])", EXPECTED))
    assert raised() - seen == set()

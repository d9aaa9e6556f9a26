"""What differs between two versions, told in words: each thing that a node or a wording says."""

from __future__ import annotations

from pathlib import Path

from ivr.flowmap.changes import Change, changed_nodes, changed_wordings
from ivr.topics.line import compile_line, read_line_files

ROOT = Path(__file__).resolve().parents[3]
LINE = compile_line(read_line_files(ROOT))


def changed(file, *replaced):
    text = LINE.files[file]
    for before, after in replaced:
        assert before in text
        text = text.replace(before, after, 1)
    return compile_line({**LINE.files, file: text})


def test_a_version_does_not_differ_from_itself():
    assert changed_nodes(LINE, LINE) == changed_wordings(LINE, LINE) == []


def test_nodes_that_are_changed_new_and_gone():
    other = changed(
        "flows/bank.toml",
        ("tries.unknown = 3", "tries.unknown = 2"),
        ("[node.find]", "[node.show]"),
        ('keys.3  = "find"', 'keys.3  = "show"'),
    )
    found = {change.what: change for change in changed_nodes(LINE, other)}
    assert found.keys() == {"bank/bank_name", "bank/find", "bank/show", "bank/ready"}
    assert set(found["bank/bank_name"].before) ^ set(found["bank/bank_name"].after) == {
        "unknown: to unknown_bank, 3 times at most",
        "unknown: to unknown_bank, 2 times at most",
    }
    shown = ("speaks", "with the words of bank-find", "next: to ready")
    assert found["bank/show"] == Change("bank/show", "", (), shown)
    assert found["bank/find"] == Change("bank/find", "", shown, ())


def test_wordings_that_are_changed_and_gone():
    other = changed("prompts/en-US.ftl", ("    Goodbye.\n", "    Good day.\n"))
    changes = changed_wordings(LINE, other)
    assert [(each.what, each.language) for each in changes] == [("goodbye", "en-US")]
    assert (changes[0].before[1], changes[0].after[1]) == ("Goodbye.", "Good day.")
    english = compile_line({name: text for name, text in LINE.files.items() if name != "prompts/es-US.ftl"})
    gone = {change.what: change for change in changed_wordings(LINE, english)}
    assert {change.language for change in gone.values()} == {"es-US"}
    assert (gone["main-menu.nudge"].before[0], gone["main-menu.nudge"].after) == ("Aquí seguimos.", ())

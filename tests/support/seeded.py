"""Wrong lines made of the real one by small edits: `tests/flows/seeded/<name>.toml`.

An edit replaces a text of a file that stands in it once; `slots` changes the vocabulary. `languages` and `paces`
are those that the fault needs. `faults` is what `ivr flow check` says of it, `{file:text}` standing for the line
of a file that begins with this text (`END`: its last), and `<name>.call` beside it the shortest call that shows the first of them.
"""

import re
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path

from ivr.topics.line import read_line_files
from ivr.topics.registry import VOCABULARY

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "tests" / "flows" / "seeded"


@dataclass
class Seeded:
    name: str
    files: dict
    vocabulary: object
    paces: tuple
    faults: list

    @property
    def call(self) -> Path:
        return FOLDER / f"{self.name}.call"


def seeded(name: str) -> Seeded:
    told = tomllib.loads((FOLDER / f"{name}.toml").read_text())
    files = dict(read_line_files(ROOT, told.get("languages", ["en-US"])))
    for edit in told.get("edit", []):
        assert files[edit["file"]].count(edit["old"]) == 1, edit
        files[edit["file"]] = files[edit["file"]].replace(edit["old"], edit["new"])
    vocabulary = replace(VOCABULARY, slots={**VOCABULARY.slots, **told.get("slots", {})})
    return Seeded(
        name,
        files,
        vocabulary,
        tuple(told.get("paces", ["voice"])),
        [resolved(fault, files) for fault in told["faults"]],
    )


def resolved(fault: str, files: dict) -> str:
    def line(match: re.Match) -> str:
        lines = files[match[1]].splitlines()
        if match[2] == "END":
            return str(len(lines))
        return str(next(number for number, text in enumerate(lines, 1) if text.startswith(match[2])))

    return re.sub(r"\{([^:{}]+):([^{}]*)\}", line, fault)

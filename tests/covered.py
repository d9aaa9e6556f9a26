"""Compare what tests ran of the code with what they must: `python tests/covered.py var/coverage/*.json`.

Every line and every branch where all is pure and where money moves, 95 % of them overall.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping
from functools import reduce
from pathlib import Path
from typing import Any

from slipcover import merge_coverage

WHOLE = re.compile(
    r"ivr/(dialog|speech|ach|payments)/|ivr/proof/(exploration|judgement|liveness)\.py"
)  # every line and branch of these
OVERALL_PERCENT = 95

Files = Mapping[str, Mapping[str, Any]]


def missing(files: Files) -> Iterator[str]:
    """Yield what tests never ran in files that must be run whole, each a line to read."""
    for name, told in sorted(files.items()):
        if WHOLE.match(name):
            lines = [str(line) for line in told["missing_lines"]]
            # A branch to line 0 leaves its function.
            branches = [f"{start}->{end or 'exit'}" for start, end in told["missing_branches"]]
            if lines or branches:
                yield f"{name}: {', '.join(lines + branches)}"


def percent(files: Files) -> float:
    """Return how much of all lines and branches ran."""
    ran = sum(len(told["executed_lines"]) + len(told["executed_branches"]) for told in files.values())
    left = sum(len(told["missing_lines"]) + len(told["missing_branches"]) for told in files.values())
    return 100 * ran / (ran + left)


def main(*paths: str) -> str | None:
    """Return what does not hold of what several workers ran, for `sys.exit`."""
    files = reduce(merge_coverage, (json.loads(Path(path).read_text()) for path in paths))["files"]
    overall = percent(files)
    sys.stdout.write(f"Tests ran {overall:.2f} % of all lines and branches.\n")
    never = list(missing(files))
    if never:
        return "\n".join(("Never run by a test, where every line and branch must be:", *never))
    return None if overall >= OVERALL_PERCENT else f"{OVERALL_PERCENT} % must be run."


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

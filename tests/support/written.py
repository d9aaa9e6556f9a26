"""The written calls of this project and every run of them, read once for all tests that play them."""

from pathlib import Path

from ivr.callfile.suite import find_calls, list_runs
from ivr.topics.line import compile_line, read_line_files

ROOT = Path(__file__).resolve().parents[2]
CALLS = ROOT / "tests" / "calls"
LINE = compile_line(read_line_files(ROOT))
FILES, MISSING = find_calls([CALLS])
RUNS, PROBLEMS = list_runs(FILES, LINE.flow.languages, root=CALLS)

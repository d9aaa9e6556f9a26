"""What runs of `ivr/`, counted in each pytest worker: `PYTHONPATH=tests pytest -p support.covering -n 2`.

slipcover's probes go once they were hit: tracing every line took twice as long as the tests. Its own pytest plugin
takes every test apart as well, in each worker, to count branches that nobody asks for. Its own loader marks the
branches of every module in each worker, and looks for what never runs at the end: here both are done once, and
what comes of it is kept as bytecode is.
"""

from __future__ import annotations

import ast
import json
import os
import sys
from importlib.machinery import PathFinder, SourceFileLoader
from pathlib import Path

import slipcover
from slipcover.branch import preinstrument

ROOT = Path(__file__).resolve().parents[2]
COUNTED = ROOT / "var" / "coverage"
CODE = "ivr"
# Alembic loads its migrations past the import system: tests/migrations runs each up and down.
FILES = [str(file) for file in sorted((ROOT / CODE).rglob("*.py")) if file.parent.name != "versions"]
MISSES = (
    1_000  # hits of a probe after which all that were hit are taken out: each time takes a tenth of a second
)

_counter = slipcover.Slipcover(branch=True, exclude_lines=[], d_miss_threshold=MISSES)


class Counted(SourceFileLoader):
    """Loads a module with probes in it, but none where nothing ever runs."""

    def source_to_code(self, data, path, **how):
        """Compile a module with its branches marked, without what is for type checkers alone."""
        tree = ast.parse(data)
        tree.body = [each for statement in tree.body for each in _that_run(statement)]
        for node in ast.walk(tree):
            match node:
                case ast.FunctionDef(body=[*_, ast.Expr(value=ast.Constant(value=dots)) as last]) if (
                    dots is ...
                ):
                    last.lineno = last.value.lineno = node.lineno  # a method of a protocol
        return super().source_to_code(preinstrument(tree), path, **how)

    def get_data(self, path):
        """Read the source, or the marked bytecode beside the plain."""
        return super().get_data(_marked(path))

    def set_data(self, path, data, **how):
        """Keep the marked bytecode."""
        super().set_data(_marked(path), data, **how)

    def exec_module(self, module):
        """Run a module with probes in it."""
        _counter.register_module(module)
        exec(_counter.instrument(self.get_code(module.__name__)), module.__dict__)


def _that_run(statement: ast.stmt) -> list[ast.stmt]:
    match statement:
        case ast.If(test=ast.Name(id="TYPE_CHECKING")):
            return statement.orelse
    return [statement]


def _marked(path: str) -> str:
    return path.replace(".pyc", f".slipcover-{slipcover.__version__}.pyc")


def code_of(file: str):
    """Return a module's code, its branches marked."""
    return Counted(CODE, file).get_code(CODE)


class Finder:
    """Finds the modules that are counted."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        """Return where a module is, with the loader that counts it; None for all others."""
        spec = PathFinder.find_spec(name, path, target) if name.partition(".")[0] == CODE else None
        file = str(Path(spec.origin).resolve()) if spec is not None and spec.origin else ""
        if file in FILES:
            spec.loader = Counted(name, file)
        return spec


_worker = os.environ.get("PYTEST_XDIST_WORKER")
if _worker:  # now: later plugins and conftest.py import what is to be counted
    for file in FILES[int(_worker.removeprefix("gw")) :: int(os.environ["PYTEST_XDIST_WORKER_COUNT"])]:
        code_of(file)  # each worker marks its share for all, before it needs the others'
    sys.meta_path.insert(0, Finder)


def pytest_sessionfinish() -> None:
    """Write down what ran in this worker."""
    if _worker:
        for file in FILES:
            if file not in _counter.code_lines:
                _counter.instrument(code_of(file))
        COUNTED.mkdir(parents=True, exist_ok=True)
        (COUNTED / f"{_worker}.json").write_text(json.dumps(_counter.get_coverage()))

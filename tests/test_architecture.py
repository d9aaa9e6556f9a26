"""docs/architecture.md names the packages there are, in the order of their layers, each by its own first line."""

from __future__ import annotations

import ast
import re
import tomllib
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
from grimp import build_graph

ROOT = Path(__file__).resolve().parents[1]


def rooms() -> dict[str, str]:
    """Return what the page says of each package, in its order."""
    page = (ROOT / "docs" / "architecture.md").read_text()
    return dict(re.findall(r"^\| `(ivr\.\w+)` \| (.+) \|$", page, re.MULTILINE))


def test_every_package_is_told_by_its_own_first_line() -> None:
    packages = {
        f"ivr.{file.parent.name}": (ast.get_docstring(ast.parse(file.read_text())) or "").splitlines()[0]
        for file in ROOT.glob("ivr/*/__init__.py")
    }
    assert rooms() == packages


def test_they_stand_in_the_order_of_their_layers() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    layers = [layer.split(" | ") for layer in project["tool"]["importlinter"]["contracts"][0]["layers"]]
    ordered = [name for layer in layers for name in layer if (ROOT / name.replace(".", "/")).is_dir()]
    assert list(rooms()) == ordered


# What each of these says or does is written once; who needs it calls the one that has it.
ONE_PLACE = {
    r"insert\(LedgerEntry\)": "billing/post.py",
    r"insert\(AuditEvent\)": "storage/audit.py",
    r"No payment has the confirmation number": "payments/find.py",
    r'\("debit", "retry"\)': "payments/life.py",
    r"CutoffRule\(settings": "payments/cutoffs.py",
}


@pytest.mark.parametrize("what", ONE_PLACE)
def test_it_is_written_in_one_place(what: str) -> None:
    sources = {str(file.relative_to(ROOT / "ivr")): file.read_text() for file in ROOT.glob("ivr/**/*.py")}
    assert [name for name, source in sources.items() if re.search(what, source)] == [ONE_PLACE[what]]


def test_no_module_imports_in_a_circle() -> None:
    graph = build_graph("ivr")
    imported = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    TopologicalSorter(imported).prepare()  # raises graphlib.CycleError, which names the circle


def test_no_package_imports_in_a_circle() -> None:
    graph = build_graph("ivr")
    rooms_of = {module: ".".join(module.split(".")[:2]) for module in graph.modules if module != "ivr"}
    imported: dict[str, set[str]] = {room: set() for room in rooms_of.values()}
    for module, room in rooms_of.items():
        imported[room] |= {
            rooms_of[each] for each in graph.find_modules_directly_imported_by(module) if each != "ivr"
        }
    TopologicalSorter({room: others - {room} for room, others in imported.items()}).prepare()

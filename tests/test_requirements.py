"""What is installed is locked: each package that pyproject.toml asks for, in a version it allows, with hashes."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
PINNED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^ ;\\]+)([^\\]*)\\?$")


def locked(name: str) -> dict[str, str]:
    """Return the version of each package in a lock."""
    lines = (ROOT / "requirements" / f"{name}.txt").read_text().splitlines()
    pins = [PINNED.match(line) for line in lines if line and not line.startswith(" ")]
    return {canonicalize_name(pin[1]): pin[2] for pin in pins if pin is not None}


def wanted(*extras: str) -> list[Requirement]:
    """Return what pyproject.toml asks for."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    optional = [line for extra in extras for line in project["optional-dependencies"][extra]]
    return [Requirement(line) for line in [*project["dependencies"], *optional]]


@pytest.mark.parametrize(("name", "extras"), [("run", ["build"]), ("test", ["build", "test"])])
def test_every_requirement_is_locked_in_a_version_it_allows(name: str, extras: list[str]) -> None:
    pins = locked(name)
    missing = [
        str(requirement)
        for requirement in wanted(*extras)
        if not requirement.specifier.contains(
            pins.get(canonicalize_name(requirement.name), "0"), prereleases=True
        )
    ]
    assert missing == [], "run `make lock`"


def test_tests_run_on_what_serves() -> None:
    serving = locked("run")
    assert serving.items() <= locked("test").items()
    assert len(serving) > 50


@pytest.mark.parametrize("name", ["run", "test"])
def test_a_lock_names_hashes_and_no_host(name: str) -> None:
    lines = (ROOT / "requirements" / f"{name}.txt").read_text().splitlines()
    assert not [line for line in lines if "://" in line or line.startswith("--")]
    unhashed = [
        a for a, b in zip(lines, [*lines[1:], ""], strict=True) if PINNED.match(a) and "--hash=" not in b
    ]
    assert unhashed == []

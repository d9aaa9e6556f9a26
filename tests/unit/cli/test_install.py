"""The environment: made once, made anew when its folder moved, and every failure a sentence."""

from __future__ import annotations

import hashlib
import json
import sys
import venv
from pathlib import Path

import pytest

from ivr.cli import install

UNUSABLE = "[project"  # pip refuses it at once, without the network
LOCK = "# nothing\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a project that pip cannot install."""
    (tmp_path / "pyproject.toml").write_text(UNUSABLE)
    environment = tmp_path / ".venv"
    monkeypatch.setattr(install, "ROOT", tmp_path)
    monkeypatch.setattr(install, "ENVIRONMENT", environment)
    monkeypatch.setattr(install, "PYTHON", environment / "bin" / "python")
    monkeypatch.setattr(install, "STAMP", environment / "installed.json")
    monkeypatch.setattr(install, "LOCKS", tmp_path / "requirements")
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "test.txt").write_text(LOCK)
    monkeypatch.setattr(sys, "argv", ["install.py", "test"])
    return tmp_path


def made(project: Path, *, folder: Path, extras: list[str]) -> None:
    """Make an environment whose stamp says that everything is installed."""
    venv.create(project / ".venv")
    digest = hashlib.sha256((UNUSABLE + LOCK).encode()).hexdigest()
    stamp = {"folder": str(folder), "pyproject": digest, "extras": extras}
    (project / ".venv" / "installed.json").write_text(json.dumps(stamp))
    (project / ".venv" / "mark").touch()


def test_what_is_installed_is_left_alone(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    made(project, folder=project, extras=["test"])
    assert install.main() is None
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "stamp", [{"extras": []}, {"pyproject": "another"}, None], ids=["extra", "changed", "none"]
)
def test_what_is_missing_is_installed_into_what_there_is(
    project: Path, stamp: dict[str, object] | None
) -> None:
    made(project, folder=project, extras=["test"])
    file = project / ".venv" / "installed.json"
    if stamp is None:
        file.unlink()
    else:
        file.write_text(json.dumps({**json.loads(file.read_text()), **stamp}))
    assert install.main() == "The packages could not be installed: see pip's message above, then try again."
    assert (project / ".venv" / "mark").exists()


def test_a_renewed_lock_is_installed(project: Path) -> None:
    made(project, folder=project, extras=["test"])
    (project / "requirements" / "test.txt").write_text("six==1.17.0\n")
    assert install.main() == "The packages could not be installed: see pip's message above, then try again."


@pytest.mark.whole
@pytest.mark.parametrize("reason", ["moved", pytest.param("broken", marks=pytest.mark.soak)])
def test_an_environment_that_cannot_work_is_made_anew(project: Path, reason: str) -> None:
    made(project, folder=project.parent if reason == "moved" else project, extras=["test"])
    if reason == "broken":
        (project / ".venv" / "bin" / "python").unlink()
    assert install.main() == "The packages could not be installed: see pip's message above, then try again."
    assert not (project / ".venv" / "mark").exists()
    assert (project / ".venv" / "bin" / "python").exists()


def test_a_folder_without_room_for_it_is_a_sentence(project: Path) -> None:
    (project / ".venv").write_text("in the way")
    assert " cannot make an environment in " in str(install.main())


def test_a_folder_without_a_project_is_a_sentence(project: Path) -> None:
    (project / "pyproject.toml").unlink()
    assert "cannot be made" in str(install.main())

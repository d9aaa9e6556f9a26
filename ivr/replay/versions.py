"""Finds a version of the line: a revision of the project's history, a folder, or a stored flow version.

Only the text is taken from there, flows and prompts; today's engine runs it.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, select

from ivr.base.errors import OperatorError
from ivr.storage.tables import FlowVersion
from ivr.topics.line import Line, compile_line, kept_line, prompt_files, read_line_files

GIT_SECONDS_MAX: Final = 60
VERSION_DIGITS_MIN: Final = 7

_REVISION = re.compile(r"[^\s\x00-\x1f\x7f:?*\[\\-][^\s\x00-\x1f\x7f:?*\[\\]*")
_HEXADECIMAL = re.compile(r"[0-9a-f]+", re.ASCII)
_LINE_FILE = re.compile(r"flows/[^/]+\.toml|prompts/[^/]+\.ftl")
_REGULAR: Final = frozenset({"100644", "100755"})


class VersionError(OperatorError):
    """There is no such version of the line, or it does not load."""


def find_line(
    text: str,
    project: Path,
    *,
    db: Connection | None = None,
    languages: Sequence[str] | None = None,
) -> Line:
    """Return the line of a version: a folder with `flows/` and `prompts/`, a git revision, a flow version.

    `project` is the checkout whose history is meant, `db` where flow versions are kept (whole, or their first
    digits); `languages` leaves the others out of a folder or revision, None takes all. Raises `VersionError`.
    """
    folder = Path(text)
    if text and os.path.isdir(folder):  # noqa: PTH112 (never raises)
        return _compiled(text, lambda: compile_line(read_line_files(folder, languages)))
    if db is not None and len(text) == 64:
        stored = stored_line(db, text)
        if stored is not None:
            return stored
    try:
        commit = find_commit(project, text)
    except VersionError:
        stored = None if db is None else stored_line(db, text)
        if stored is None:
            raise
        return stored
    return line_at(project, commit, text, languages=languages)


def line_at(project: Path, commit: str, name: str = "", *, languages: Sequence[str] | None = None) -> Line:
    """Return the line as it was at a commit; `name` is what errors call it. Raises `VersionError`."""
    return _compiled(name or commit[:12], lambda: kept_line(files_at(project, commit, languages)))


def stored_line(db: Connection, version: str) -> Line | None:
    """Return a flow version that was kept, by its hash or the beginning of it; None when there is none.

    Raises `VersionError` for a beginning that several have, and for one that does not load today.
    """
    if len(version) < VERSION_DIGITS_MIN or _HEXADECIMAL.fullmatch(version) is None:
        return None
    matching = select(FlowVersion.version, FlowVersion.files)
    rows = db.execute(matching.where(FlowVersion.version.startswith(version)).limit(2)).all()
    if len(rows) > 1:
        raise VersionError(f"{version}: several flow versions begin with it; give more of its digits")
    if not rows:
        return None
    return _compiled(f"flow version {version[:12]}", lambda: kept_line(rows[0].files))


def languages_kept(db: Connection) -> tuple[str, ...] | None:
    """Return the languages that the line speaks: of the newest flow version kept; None when there is none."""
    newest = select(FlowVersion.files).order_by(FlowVersion.first_seen_at.desc()).limit(1)
    files = db.execute(newest).scalar_one_or_none()
    return None if files is None else tuple(prompt_files(files))


def find_commit(project: Path, revision: str) -> str:
    """Return the full name of the commit that a revision names. Raises `VersionError`."""
    if _REVISION.fullmatch(revision) is None:
        raise VersionError(
            f"{revision!r} is no revision: name a commit, branch or tag, a folder, or a flow version"
        )
    found = _git(project, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    if found.returncode:
        _require_checkout(project)
        shallow = _git(project, "rev-parse", "--is-shallow-repository").stdout.strip() == b"true"
        older = "; git fetch --unshallow brings the older ones" if shallow else ""
        raise VersionError(
            f"{revision}: no such revision, folder or flow version; `git log --oneline` and"
            f" the `Ivr-Flow` header name them{older}"
        )
    return found.stdout.decode().strip()


def revisions_between(project: Path, good: str, bad: str) -> list[str]:
    """Return the commits from `good` (left out) to `bad` that change flows or prompts, oldest first.

    Only the first parents count: what came in by a merge came in with the merge. Raises `VersionError`.
    """
    first, last = find_commit(project, good), find_commit(project, bad)
    if _git(project, "merge-base", "--is-ancestor", first, last).returncode:
        raise VersionError(f"{good} is not before {bad}: give the older revision first")
    # Git itself would leave out a merge that brings nothing to its first parent. If `good` came in by that
    # merge, it brings everything to `good`.
    listed = _read(project, "rev-list", "--first-parent", "--ancestry-path", "--reverse", f"{first}..{last}")
    commits = [first, *listed.stdout.decode().split()]
    texts = _folders_of(project, commits)
    return [after for before, after in pairwise(commits) if texts[before] != texts[after]]


def _folders_of(project: Path, commits: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Return what git calls the contents of flows and prompts in each commit."""
    asked = "".join(f"{commit}:{folder}\n" for commit in commits for folder in ("flows", "prompts"))
    named = _read(project, "cat-file", "--batch-check=%(objectname)", given=asked.encode()).stdout.decode()
    names = [name.rpartition(" ")[2] if name.endswith(" missing") else name for name in named.splitlines()]
    return dict(zip(commits, zip(names[::2], names[1::2], strict=True), strict=True))


def subject_of(project: Path, commit: str) -> str:
    """Return a commit's short name, date and first line."""
    shown = _git(
        project, "show", "--no-patch", "--no-show-signature", "--date=short", "--format=%h %ad %s", commit
    )
    return shown.stdout.decode(errors="replace").strip()


def files_at(project: Path, commit: str, languages: Sequence[str] | None = None) -> dict[str, str]:
    """Return the flows and prompts of a commit: file name -> text. Raises `VersionError`."""
    listed = _read(project, "ls-tree", "-z", commit, "--", "flows/", "prompts/")
    blobs = dict(_line_files(listed.stdout.decode(errors="replace")))
    if languages is not None:
        blobs = {
            name: blob
            for name, blob in blobs.items()
            if name.startswith("flows/") or Path(name).stem in languages
        }
    for folder in ("flows", "prompts"):
        if not any(name.startswith(f"{folder}/") for name in blobs):
            raise VersionError(f"it has no {folder}")
    return _contents(project, blobs)


def _line_files(listing: str) -> list[tuple[str, str]]:
    found = []
    for entry in filter(None, listing.split("\0")):
        about, _, name = entry.partition("\t")
        mode, _, blob = about.split(" ")
        if mode in _REGULAR and _LINE_FILE.fullmatch(name):
            found.append((name, blob))
    return found


def _contents(project: Path, blobs: Mapping[str, str]) -> dict[str, str]:
    """Read blobs: each comes as a line about it, its bytes, and the end of a line."""
    given = "".join(f"{blob}\n" for blob in blobs.values()).encode()
    output = _read(project, "cat-file", "--batch", given=given).stdout
    texts, problems, at = {}, [], 0
    for name in blobs:
        end = output.index(b"\n", at)
        if output[at:end].endswith(b" missing"):
            raise VersionError(f"git has no text of {name} here: fetch it, or give a folder instead")
        size = int(output[at:end].split(b" ")[2])
        at = end + 1 + size + 1
        try:
            texts[name] = output[end + 1 : at - 1].decode()
        except UnicodeDecodeError:
            problems.append(f"{name}: cannot be read as UTF-8 text")
    if problems:
        raise VersionError(*problems)
    return texts


def _compiled(name: str, read: Callable[[], Line]) -> Line:
    try:
        return read()
    except OperatorError as error:
        raise VersionError(*(f"{name}: {problem}" for problem in error.problems)) from error


def _require_checkout(project: Path) -> None:
    inside = _git(project, "rev-parse", "--git-dir")
    if inside.returncode:
        reason = inside.stderr.decode(errors="replace").strip().partition("\n")[0]
        raise VersionError(
            f"{project} is not a git checkout ({reason}): give a folder or a flow version instead"
        )


def _read(project: Path, *arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Run a command of git that can only fail where something of the history is missing or damaged."""
    done = _git(project, *arguments, given=given)
    if done.returncode:
        reason = done.stderr.decode(errors="replace").strip().partition("\n")[0]
        raise VersionError(f"git cannot read its history here ({reason}): try git fsck")
    return done


def _git(project: Path, *arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Run git in the project's folder. Raises `VersionError` when it is not there or does not answer."""
    try:
        return subprocess.run(  # noqa: S603 (no shell; what people write follows --end-of-options)
            ["git", "-C", str(project), *arguments],  # noqa: S607 (git is wherever the operator has it)
            input=given,
            capture_output=True,
            check=False,
            timeout=GIT_SECONDS_MAX,
        )
    except FileNotFoundError:
        raise VersionError("git is not installed: install it, or give a folder or a flow version") from None
    except subprocess.TimeoutExpired:
        raise VersionError(f"git took more than {GIT_SECONDS_MAX} seconds: try again") from None

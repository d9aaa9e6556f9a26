"""The bank's SFTP server: a file goes up under a temporary name, is checked there, and gets its name last.

A drop box may be for writing only. What it does not let us see is not checked; what became of a delivery that
was broken off, staff ask the bank.
"""

from __future__ import annotations

import asyncio
import posixpath
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import asyncssh

from ivr.payments.delivery import PART, NameTakenError, NotDeliveredError, PerhapsDeliveredError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from ivr.base.settings import SftpAddress
    from ivr.payments.delivery import Whereabouts

CONNECT_SECONDS: Final = 30.0
_PIECE_BYTES: Final = 32 * 1024  # what every server takes at once
# What a drop box answers that is for writing only: not a word about the file.
_TELLS_NOTHING: Final = (asyncssh.SFTPPermissionDenied, asyncssh.SFTPFailure, asyncssh.SFTPOpUnsupported)
_REFUSED: Final = (asyncssh.SFTPPermissionDenied, asyncssh.SFTPOpUnsupported)
_Result = TypeVar("_Result")
_SILENT_SECONDS: Final = 10.0  # between two signs of life; after three missing ones the server is gone


@dataclass(frozen=True, slots=True)
class SftpFolder:
    """A folder on an SFTP server that shows one of `host_keys`; any other server is refused.

    `private_key` is the file that opens it, None where the address has a password. A delivery that takes
    longer than `timeout_seconds` has failed.
    """

    address: SftpAddress
    host_keys: Sequence[str]
    private_key: Path | None = field(default=None, repr=False)
    timeout_seconds: float = 600.0

    def place(self, name: str) -> str:
        """Return the file's address, without the account."""
        return f"sftp://{self.address.host}:{self.address.port}/{self._path(name).lstrip('/')}"

    def deliver(self, name: str, content: bytes, before_naming: Callable[[], None]) -> None:
        """Put the file there; see `ivr.payments.delivery.Destination`."""
        named = False

        def naming() -> None:
            nonlocal named
            before_naming()
            named = True

        async def put(sftp: asyncssh.SFTPClient) -> None:
            await self._put(sftp, name, content, naming)

        try:
            self._run(put)
        except (OSError, asyncssh.Error) as error:
            problem = f"{self._server} did not take {name} ({_reason(error)})."
            raise (PerhapsDeliveredError if named else NotDeliveredError)(problem) from None

    def look(self, name: str, content: bytes) -> Whereabouts:
        """Ask the server; see `ivr.payments.delivery.Destination`."""

        async def look(sftp: asyncssh.SFTPClient) -> Whereabouts:
            return await self._look(sftp, self._path(name), content)

        try:
            return self._run(look)
        except (OSError, asyncssh.Error) as error:
            raise NotDeliveredError(
                f"{self._server} cannot be asked what became of {name} ({_reason(error)})."
            ) from None

    def log_in(self) -> None:
        """See that the server lets this account in. Raises `NotDeliveredError`."""

        async def nothing(_sftp: asyncssh.SFTPClient) -> None: ...

        try:
            self._run(nothing)
        except (OSError, asyncssh.Error) as error:
            raise NotDeliveredError(f"{self._server} cannot be asked ({_reason(error)}).") from None

    @property
    def _server(self) -> str:
        return f"The bank's SFTP server ({self.address.host}:{self.address.port})"

    def _run(self, work: Callable[[asyncssh.SFTPClient], Coroutine[Any, Any, _Result]]) -> _Result:
        """Do some work on a connection of its own. Raises `NotDeliveredError` where none is to be had."""
        try:
            return asyncio.run(self._connected(work))
        except asyncssh.HostKeyNotVerifiable:
            raise NotDeliveredError(
                f"{self._server} shows another host key than IVR_ODFI_SFTP_HOST_KEY: ask the bank whether its"
                " key changed before you set the new one."
            ) from None
        except asyncssh.PermissionDenied:
            raise NotDeliveredError(
                f"{self._server} does not let this account in: check IVR_ODFI_SFTP and IVR_ODFI_SFTP_KEY."
            ) from None
        except asyncssh.KeyImportError:
            raise NotDeliveredError(
                "No key can be read: IVR_ODFI_SFTP_KEY names a file with a private key without a passphrase,"
                " IVR_ODFI_SFTP_HOST_KEY is a public key."
            ) from None

    def _path(self, name: str) -> str:
        return posixpath.join(self.address.folder, name)

    async def _connected(
        self, work: Callable[[asyncssh.SFTPClient], Coroutine[Any, Any, _Result]]
    ) -> _Result:
        asyncssh.set_log_level("WARNING")
        connection = await self._connect()
        # Whatever waits for a server that fell silent, closing a file included, ends with the connection.
        end = asyncio.get_running_loop().call_later(self.timeout_seconds, connection.abort)
        try:
            return await work(await connection.start_sftp_client())
        finally:
            end.cancel()
            connection.abort()
            await connection.wait_closed()

    async def _connect(self) -> asyncssh.SSHClientConnection:
        """Connect with what the settings say and nothing else: no configuration of this account, no agent."""
        return await asyncssh.connect(
            self.address.host,
            self.address.port,
            config=None,
            known_hosts=([asyncssh.import_public_key(key) for key in self.host_keys], [], []),
            username=self.address.account,
            password=self.address.password or None,
            client_keys=None if self.private_key is None else [str(self.private_key)],
            agent_path=None,
            connect_timeout=CONNECT_SECONDS,
            login_timeout=CONNECT_SECONDS,
            keepalive_interval=_SILENT_SECONDS,
        )

    async def _put(
        self, sftp: asyncssh.SFTPClient, name: str, content: bytes, before_naming: Callable[[], None]
    ) -> None:
        target = self._path(name)
        if await _lies_there(sftp, target, content):
            return
        part = target + PART
        async with sftp.open(part, "wb") as file:
            for start in range(0, len(content), _PIECE_BYTES):
                await file.write(content[start : start + _PIECE_BYTES])
        if await _holds(sftp, part, content) is False:
            raise NotDeliveredError(f"{part} on the bank's server is not what was sent: it is sent again.")
        before_naming()
        try:
            await sftp.rename(part, target)  # as SFTP has it: never over a file that is there
        except asyncssh.SFTPError as error:
            found = await self._look(sftp, target, content)
            if found == "not_there" or isinstance(error, _REFUSED):
                raise NotDeliveredError(
                    f"The bank's server did not rename {part} to {name} ({_reason(error)})."
                ) from None
            if found == "unknown":
                raise

    async def _look(self, sftp: asyncssh.SFTPClient, target: str, content: bytes) -> Whereabouts:
        """Tell what became of a file: while its temporary name is there, it never got the other one."""
        if await _lies_there(sftp, target, content):
            return "there"
        return "not_there" if await _size(sftp, target + PART) is not None else "unknown"


async def _lies_there(sftp: asyncssh.SFTPClient, target: str, content: bytes) -> bool:
    """Return whether the file is seen in its place. Raises `NameTakenError` when another one is."""
    if await _size(sftp, target) is None:
        return False
    if await _holds(sftp, target, content) is False:
        raise NameTakenError(f"Another file lies at {target} on the bank's server: ask the bank.")
    return True


async def _size(sftp: asyncssh.SFTPClient, path: str) -> int | None:
    """Return a file's size; None where there is none, and where a drop box tells nothing."""
    try:
        return (await sftp.stat(path)).size
    except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath, *_TELLS_NOTHING):
        return None


async def _holds(sftp: asyncssh.SFTPClient, path: str, content: bytes) -> bool | None:
    """Return whether a file has the right bytes; None where a drop box lets nobody see its size nor read it.

    What the server said of each piece as it took it is then all there is to know.
    """
    size = await _size(sftp, path)
    if size is None:
        return None
    if size != len(content):
        return False
    try:
        async with sftp.open(path, "rb") as file:
            for start in range(0, len(content), _PIECE_BYTES):
                expected = content[start : start + _PIECE_BYTES]
                held: str | bytes = await file.read(len(expected), start)
                if held != expected:
                    return False
    except _TELLS_NOTHING:
        return None
    return True


def _reason(error: Exception) -> str:
    """Return why, in the words of the library or the system; neither knows the password."""
    return str(getattr(error, "reason", "") or getattr(error, "strerror", "") or type(error).__name__)

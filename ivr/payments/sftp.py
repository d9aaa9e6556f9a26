"""The bank's SFTP server: a file goes up under a temporary name, is checked there, and gets its name last."""

from __future__ import annotations

import asyncio
import posixpath
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

import asyncssh

from ivr.payments.delivery import PART, NameTakenError, NotDeliveredError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ivr.base.settings import SftpAddress

CONNECT_SECONDS: Final = 30.0
_PIECE_BYTES: Final = 32 * 1024  # what every server takes at once
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

    def deliver(self, name: str, content: bytes) -> None:
        """Put the file there; see `ivr.payments.delivery.Destination`."""
        server = f"The bank's SFTP server ({self.address.host}:{self.address.port})"
        try:
            asyncio.run(self._deliver(name, content))
        except asyncssh.HostKeyNotVerifiable:
            raise NotDeliveredError(
                f"{server} shows another host key than IVR_ODFI_SFTP_HOST_KEY: ask the bank whether its key"
                " changed before you set the new one."
            ) from None
        except asyncssh.PermissionDenied:
            raise NotDeliveredError(
                f"{server} does not let this account in: check IVR_ODFI_SFTP and IVR_ODFI_SFTP_KEY."
            ) from None
        except asyncssh.KeyImportError:
            raise NotDeliveredError(
                "No key can be read: IVR_ODFI_SFTP_KEY names a file with a private key without a passphrase,"
                " IVR_ODFI_SFTP_HOST_KEY is a public key."
            ) from None
        except (OSError, asyncssh.Error) as error:
            raise NotDeliveredError(f"{server} did not take {name} ({_reason(error)}).") from None

    def _path(self, name: str) -> str:
        return posixpath.join(self.address.folder, name)

    async def _deliver(self, name: str, content: bytes) -> None:
        asyncssh.set_log_level("WARNING")
        connection = await self._connect()
        # Whatever waits for a server that fell silent, closing a file included, ends with the connection.
        end = asyncio.get_running_loop().call_later(self.timeout_seconds, connection.abort)
        try:
            await self._put(await connection.start_sftp_client(), name, content)
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

    async def _put(self, sftp: asyncssh.SFTPClient, name: str, content: bytes) -> None:
        target = self._path(name)
        if await self._lies_there(sftp, target, content):
            return
        part = target + PART
        async with sftp.open(part, "wb") as file:
            for start in range(0, len(content), _PIECE_BYTES):
                await file.write(content[start : start + _PIECE_BYTES])
        size = (await sftp.stat(part)).size
        if size != len(content) or not await _holds(sftp, part, content):
            raise NotDeliveredError(f"{part} on the bank's server is not what was sent: it is sent again.")
        try:
            await sftp.rename(part, target)  # as SFTP has it: never over a file that is there
        except asyncssh.SFTPError as error:
            if not await self._lies_there(sftp, target, content):
                raise NotDeliveredError(
                    f"The bank's server did not rename {part} to {name} ({_reason(error)})."
                ) from None

    async def _lies_there(self, sftp: asyncssh.SFTPClient, target: str, content: bytes) -> bool:
        """Tell whether the file is in its place already. Raises `NameTakenError` when another one is."""
        try:
            size = (await sftp.stat(target)).size
        except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath):
            return False
        if size != len(content) or not await _holds(sftp, target, content):
            raise NameTakenError(f"Another file lies at {target} on the bank's server: ask the bank.")
        return True


async def _holds(sftp: asyncssh.SFTPClient, path: str, content: bytes) -> bool:
    """Tell whether a file of the right size has the right bytes; a drop box that cannot be read has them."""
    try:
        async with sftp.open(path, "rb") as file:
            for start in range(0, len(content), _PIECE_BYTES):
                expected = content[start : start + _PIECE_BYTES]
                held: str | bytes = await file.read(len(expected), start)
                if held != expected:
                    return False
    except asyncssh.SFTPPermissionDenied:
        return True
    return True


def _reason(error: Exception) -> str:
    """Return why, in the words of the library or the system; neither knows the password."""
    return str(getattr(error, "reason", "") or getattr(error, "strerror", "") or type(error).__name__)

"""Notices by e-mail, over SMTP: plain text, so that it can be read by anything and aloud."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from typing import Final

from ivr.base.settings import MailServer
from ivr.notices.carriers import CarrierAnswer

TIMEOUT_SECONDS: Final = 15.0
_OK: Final = frozenset({250, 251, 252})
_PERMANENT: Final = 500


class _MailRefusedError(Exception):
    """The server answers with a code that is no success."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class _NotEncryptedError(Exception):
    """The server wants a password and offers no encryption."""


class MailCarrier:
    """Sends mail; a connection a message, so that nothing is left open between jobs.

    STARTTLS is used wherever it is offered, and an account's password is never sent without encryption.
    """

    def __init__(
        self,
        server: MailServer,
        sender: str,
        *,
        tls: ssl.SSLContext | None = None,
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> None:
        self._server = server
        self._sender = sender
        self._tls = tls or ssl.create_default_context()
        self._timeout_seconds = timeout_seconds

    def send(
        self, address: str, subject: str, body: str, *, name: str, at: datetime, pdf: bytes = b""
    ) -> CarrierAnswer:
        """Hand in one message; `name` makes its Message-ID, the same for the same notice, `at` its date.

        `pdf` goes along as an attachment.
        """
        try:
            envelope_from = parseaddr(self._sender)[1]
            message_id = f"<{name}@{envelope_from.rpartition('@')[2]}>"
            content = self._content(address, subject, body, message_id, at, pdf)
        except (ValueError, UnicodeError):  # a line end in it, or letters that need SMTPUTF8
            return CarrierAnswer("failed", detail="not an address that mail can be sent to")
        handing_over = False
        try:
            with self._connection() as smtp:
                _expect(smtp.mail(envelope_from))
                _expect(smtp.rcpt(address))
                handing_over = True
                _expect(smtp.data(content))
        except _NotEncryptedError:
            return CarrierAnswer("failed", detail="the mail server offers no encryption for the password")
        except _MailRefusedError as error:
            return _refused(error.code)
        except smtplib.SMTPResponseException as error:
            return _refused(error.smtp_code)
        except (OSError, smtplib.SMTPException):
            if handing_over:  # nobody knows if it was taken before the connection broke
                return CarrierAnswer("unknown", detail="no answer")
            return CarrierAnswer("later", detail="no connection")
        return CarrierAnswer("accepted", reference=message_id)

    def log_in(self) -> str:
        """Connect, encrypt and log in as for a message; return what stands in the way of it, else ''."""
        try:
            with self._connection():
                return ""
        except _NotEncryptedError:
            return "it offers no encryption for the password"
        except smtplib.SMTPAuthenticationError:
            return "it does not let the account of IVR_SMTP in"
        except ssl.SSLCertVerificationError as error:
            return f"its certificate is not trusted: {error.verify_message}"
        except (OSError, smtplib.SMTPException) as error:
            return f"no connection ({type(error).__name__})"

    def _content(  # noqa: PLR0917 (as above)
        self, address: str, subject: str, body: str, message_id: str, at: datetime, pdf: bytes
    ) -> bytes:
        address.encode("ascii")
        message = EmailMessage(policy=SMTP)
        message["From"], message["To"], message["Subject"] = self._sender, address, subject
        message["Date"], message["Message-ID"] = format_datetime(at), message_id
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(body, cte="quoted-printable")
        if pdf:
            message.add_attachment(pdf, maintype="application", subtype="pdf", filename="notices.pdf")
        return message.as_bytes()

    @contextmanager
    def _connection(self) -> Iterator[smtplib.SMTP]:
        server = self._server
        seconds = self._timeout_seconds
        smtp: smtplib.SMTP
        if server.encrypted:
            smtp = smtplib.SMTP_SSL(server.host, server.port, timeout=seconds, context=self._tls)
        else:
            smtp = smtplib.SMTP(server.host, server.port, timeout=seconds)
        try:
            smtp.ehlo()
            encrypted = server.encrypted
            if not encrypted and smtp.has_extn("starttls"):
                smtp.starttls(context=self._tls)
                smtp.ehlo()
                encrypted = True
            if server.account:
                if not encrypted:
                    raise _NotEncryptedError
                smtp.login(server.account, server.password)
            yield smtp
            with suppress(OSError, smtplib.SMTPException):
                smtp.quit()  # it is handed in already: an ill-mannered goodbye changes nothing
        finally:
            smtp.close()


def _expect(answer: tuple[int, bytes]) -> None:
    if answer[0] not in _OK:
        raise _MailRefusedError(answer[0])


def _refused(code: int) -> CarrierAnswer:
    # The codes are SMTP's; -1 is smtplib's own for an answer that is none.
    if code < 0:
        return CarrierAnswer("later", detail="no answer that is SMTP")
    return CarrierAnswer("failed" if code >= _PERMANENT else "later", detail=f"SMTP {code}")

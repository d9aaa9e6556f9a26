"""How a virtual phone reaches the line: over HTTP, or straight into a WSGI app in this process.

Both send what Twilio sends: a form, signed over the public address of the webhook (its scheme, host, port,
path and query as sent, without the fragment), with the headers Twilio's proxy carries.
"""

from __future__ import annotations

import io
import ssl
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Protocol
from urllib.parse import unquote_to_bytes, urlencode, urljoin, urlsplit

import requests
from twilio.request_validator import RequestValidator
from urllib3.exceptions import HTTPError, ReadTimeoutError

from ivr.simulator.twiml import MAX_DOCUMENT_BYTES

TWILIO_TIMEOUT_SECONDS = 15.0
CONNECT_TIMEOUT_SECONDS = 5.0

ERROR_URL = 11100
ERROR_RETRIEVAL = 11200
ERROR_CONNECTION = 11205
ERROR_TLS = 11220
ERROR_CERTIFICATE_NAME = 11235
ERROR_CERTIFICATE_DATE = 11236
ERROR_CERTIFICATE_ISSUER = 11237
TLS_ERRORS = frozenset({ERROR_TLS, ERROR_CERTIFICATE_NAME, ERROR_CERTIFICATE_DATE, ERROR_CERTIFICATE_ISSUER})

_PIECE_BYTES = 16_384
_FORM_TYPE = "application/x-www-form-urlencoded; charset=utf-8"

# Headers to send; None takes one out of the usual ones.
Headers = Mapping[str, str | None]
WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class NoReplyError(Exception):
    """No reply came. `code` is Twilio's.

    `problem` is what went wrong, without the URL where one is given.

    11100 no URL, 11200 no answer in time, 11205 nobody reached; 11220 no TLS, 11235 the certificate is for
    another name, 11236 not of this day, 11237 of an authority that is not trusted.
    """

    def __init__(self, code: int, problem: str, url: str = "") -> None:
        super().__init__(f"{url} {problem}".strip())
        self.code = code
        self.problem = problem


@dataclass(frozen=True)
class LineReply:
    """What came back: the HTTP status, the headers with their names in lower case, the bytes, the cookies.

    `cookies` are the values of the `Set-Cookie` headers, which may be several.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    cookies: tuple[str, ...] = ()

    def header(self, name: str) -> str | None:
        """Return the value of a header, whatever the case of its name, or None."""
        return self.headers.get(name.lower())


class CalledLine(Protocol):
    """Where a phone posts its webhooks."""

    @property
    def public_url(self) -> str:
        """The line's public address, scheme://host[:port], which signatures are computed over."""
        ...

    def post(self, path_or_url: str, form: Mapping[str, str], *, headers: Headers | None = None) -> LineReply:
        """Post a signed form; extra `headers` win over the usual ones, None takes one out.

        Raises `NoReplyError`.
        """
        ...


def is_url(text: str) -> bool:
    """Return whether this can be a URL, absolute or not: no spaces, ASCII, and a host that makes sense."""
    try:
        urlsplit(text)
    except ValueError:
        return False
    return all("!" <= character <= "~" for character in text)


class Signer:
    """Addresses, signs and encodes a request, the same for every kind of line."""

    def __init__(self, public_url: str, account_sid: str, auth_token: str) -> None:
        self.public_url = public_url.rstrip("/")
        self._account_sid = account_sid
        self._validator = RequestValidator(auth_token)

    def target(self, path_or_url: str) -> str:
        """Return the request target, path and query, of a URL on this line.

        Raises `NoReplyError`: 11100 for what is no URL, 11205 for one that lies elsewhere, since a virtual
        phone must not call strangers.
        """
        if not is_url(path_or_url):
            raise NoReplyError(ERROR_URL, f"{path_or_url!r} is no URL")
        url = urljoin(f"{self.public_url}/", path_or_url).partition("#")[0]
        target = url.removeprefix(self.public_url)
        if target == url or (target and target[0] not in "/?"):
            raise NoReplyError(ERROR_CONNECTION, f"{url} does not lie under {self.public_url}")
        return target if target.startswith("/") else f"/{target}"

    def headers(self, target: str, form: Mapping[str, str], extra: Headers | None) -> dict[str, str]:
        """Return the headers Twilio's proxy sends, the signature over public address + target among them."""
        signature: str = self._validator.compute_signature(self.public_url + target, dict(form))
        headers: dict[str, str | None] = {
            "User-Agent": "TwilioProxy/1.1",
            "Accept": "*/*",
            "Accept-Encoding": "gzip",
            "Content-Type": _FORM_TYPE,
            "X-Twilio-Signature": signature,
            **(extra or {}),
        }
        return {name: value for name, value in headers.items() if value is not None}


class HttpLine:
    """The line over real HTTP.

    `public_url` is what the signature covers; `connect_url` is where the line listens, when that is another
    address (a proxy stands between, or the port is a test's). Redirects are not followed: the phone decides.
    `authorities` names a file or folder of certificates that are trusted instead of the usual ones.
    """

    def __init__(
        self,
        public_url: str,
        account_sid: str,
        auth_token: str,
        *,
        connect_url: str | None = None,
        timeout_seconds: float = TWILIO_TIMEOUT_SECONDS,
        authorities: str = "",
    ) -> None:
        self._signer = Signer(public_url, account_sid, auth_token)
        self._connect_url = (connect_url or public_url).rstrip("/")
        self._timeouts = (min(CONNECT_TIMEOUT_SECONDS, timeout_seconds), timeout_seconds)
        self._connections = requests.Session()
        self._connections.trust_env = False
        self._connections.verify = authorities or True
        # Cookies belong to a call, and a line serves many: the phone keeps its own.
        self._connections.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))

    @property
    def public_url(self) -> str:
        """The line's public address."""
        return self._signer.public_url

    def post(self, path_or_url: str, form: Mapping[str, str], *, headers: Headers | None = None) -> LineReply:
        """Post a signed form; raises `NoReplyError` when nothing answers or no answer comes in time."""
        target = self._signer.target(path_or_url)
        request = self._connections.prepare_request(
            requests.Request(
                "POST",
                self._connect_url,
                data=urlencode(form).encode("ascii"),
                headers=self._signer.headers(target, form, headers),
            )
        )
        request.url = self._connect_url + target  # as it is: preparing would decode some escapes
        try:
            deadline = time.monotonic() + self._timeouts[1]
            with self._connections.send(
                request, timeout=self._timeouts, allow_redirects=False, stream=True
            ) as reply:
                content = _content(reply, deadline)
        except requests.exceptions.ConnectTimeout as error:
            raise NoReplyError(
                ERROR_CONNECTION, f"{self._connect_url} took no connection: {error}"
            ) from error
        except requests.exceptions.Timeout as error:
            raise NoReplyError(
                ERROR_RETRIEVAL, f"{self._connect_url}{target} did not answer in time"
            ) from error
        except requests.exceptions.SSLError as error:
            raise _tls_error(self._connect_url, error) from error
        except requests.exceptions.RequestException as error:
            raise NoReplyError(ERROR_CONNECTION, f"{self._connect_url} cannot be reached: {error}") from error
        return LineReply(
            reply.status_code,
            {name.lower(): value for name, value in reply.headers.items()},
            content,
            tuple(reply.raw.headers.getlist("Set-Cookie")),
        )

    def close(self) -> None:
        """Close the connections kept open."""
        self._connections.close()


def _tls_error(url: str, error: BaseException) -> NoReplyError:
    """Say why TLS failed; the codes are those of OpenSSL's X509_verify_cert(3)."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, ssl.SSLError):
        cause = cause.__cause__ or cause.__context__
    if not isinstance(cause, ssl.SSLCertVerificationError):
        reason = getattr(cause, "reason", None) or "no handshake"
        return NoReplyError(ERROR_TLS, f"does not speak TLS with us ({reason}): correct the address", url)
    trust = "name a file with that authority in REQUESTS_CA_BUNDLE or SSL_CERT_FILE, or correct the address"
    code, problem = {
        9: (ERROR_CERTIFICATE_DATE, "is not valid yet: look at its clock and at this one"),
        10: (ERROR_CERTIFICATE_DATE, "has expired: renew it"),
        18: (ERROR_CERTIFICATE_ISSUER, f"is signed by itself: {trust}"),
        19: (ERROR_CERTIFICATE_ISSUER, f"is of an authority that is not trusted here: {trust}"),
        20: (ERROR_CERTIFICATE_ISSUER, f"is of an authority that is not trusted here: {trust}"),
        21: (ERROR_CERTIFICATE_ISSUER, f"is of an authority that is not trusted here: {trust}"),
        62: (ERROR_CERTIFICATE_NAME, "is for another name: correct the address, or the certificate"),
        64: (ERROR_CERTIFICATE_NAME, "is for another name: correct the address, or the certificate"),
    }.get(cause.verify_code, (ERROR_TLS, f"does not hold ({cause.verify_message}): correct it"))
    return NoReplyError(code, f"has a certificate that {problem}", url)


def _content(reply: requests.Response, deadline: float) -> bytes:
    """Read a reply, and no more of it than tells that it is too long, until `deadline` of the machine's time.

    Raises `ReadTimeout` after that, `ConnectionError` when the reply breaks off or cannot be decoded.
    """
    content = bytearray()
    try:
        while len(content) <= MAX_DOCUMENT_BYTES:
            piece = reply.raw.read1(_PIECE_BYTES, decode_content=True)
            if not piece:
                break
            content += piece
            if time.monotonic() > deadline:
                raise requests.exceptions.ReadTimeout
    except ReadTimeoutError as error:
        raise requests.exceptions.ReadTimeout(error) from error
    except HTTPError as error:
        raise requests.exceptions.ConnectionError(error) from error
    return bytes(content)


class WsgiLine:
    """The line as a WSGI app in this process, called as gunicorn calls it (`RAW_URI` included)."""

    def __init__(self, app: WsgiApp, public_url: str, account_sid: str, auth_token: str) -> None:
        self._app = app
        self._signer = Signer(public_url, account_sid, auth_token)

    @property
    def public_url(self) -> str:
        """The line's public address."""
        return self._signer.public_url

    def post(self, path_or_url: str, form: Mapping[str, str], *, headers: Headers | None = None) -> LineReply:
        """Post a signed form into the app; its errors pass. Raises `NoReplyError` for a URL elsewhere."""
        target = self._signer.target(path_or_url)
        body = urlencode(form).encode("ascii")
        environ = self._environ(target, body, self._signer.headers(target, form, headers))
        started: list[tuple[str, list[tuple[str, str]]]] = []

        def start_response(status: str, reply_headers: list[tuple[str, str]], exc_info: Any = None) -> None:
            del exc_info
            started.append((status, reply_headers))

        chunks = self._app(environ, start_response)
        try:
            content = b"".join(chunks)
        finally:
            close = getattr(chunks, "close", None)
            if close is not None:
                close()
        status, reply_headers = started[-1]
        return LineReply(
            int(status.split(" ", 1)[0]),
            {name.lower(): value for name, value in reply_headers},
            content,
            tuple(value for name, value in reply_headers if name.lower() == "set-cookie"),
        )

    def _environ(self, target: str, body: bytes, headers: Mapping[str, str]) -> dict[str, Any]:
        address = urlsplit(self.public_url)
        path, _, query = target.partition("?")
        environ: dict[str, Any] = {
            "REQUEST_METHOD": "POST",
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
            "QUERY_STRING": query,
            "RAW_URI": target,
            "SERVER_NAME": address.hostname or "",
            "SERVER_PORT": str(address.port or (443 if address.scheme == "https" else 80)),
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_HOST": address.netloc,
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": address.scheme,
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        for name, value in headers.items():
            key = name.upper().replace("-", "_")
            environ[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value
        return environ

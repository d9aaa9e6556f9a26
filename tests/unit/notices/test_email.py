"""E-mail against real SMTP servers."""

import email
import email.policy
import ssl
from datetime import UTC, datetime

import pytest
from aiosmtpd.smtp import AuthResult
from support.carriers import CUT, MailBox, closed_port, curt_server, mail_server

from ivr.base.settings import MailServer
from ivr.notices.email import MailCarrier

from .test_sms import self_signed

AT = datetime(2026, 12, 18, 15, 15, tzinfo=UTC)
BODY = "Usted autorizó un pago de $310.15.\n\n“sí autorizo” — " + "palabras " * 200 + "\n"


def send(port, *, encrypted=False, account="", password="", tls=None, address="ada@example.com", seconds=5):
    server = MailServer("127.0.0.1", port, encrypted, account, password)
    carrier = MailCarrier(server, "Payments <payments@line.example>", tls=tls, timeout_seconds=seconds)
    return carrier.send(address, "Su autorización, número 513-7053-7879", BODY, name="51370537879.4", at=AT)


def test_a_message_is_plain_text_with_an_id_of_ours(mail):
    box, port = mail
    handed = send(port)
    assert (handed.state, handed.reference) == ("accepted", "<51370537879.4@line.example>")
    (envelope,) = box.taken
    assert (envelope.mail_from, envelope.rcpt_tos) == ("payments@line.example", ["ada@example.com"])
    message = email.message_from_bytes(envelope.content, policy=email.policy.default)
    assert message["Message-ID"] == handed.reference
    assert message["Subject"] == "Su autorización, número 513-7053-7879"
    assert message["Date"].datetime == AT
    assert message["Auto-Submitted"] == "auto-generated"
    assert message.get_content_type() == "text/plain"
    assert message.get_content().replace("\r\n", "\n") == BODY
    assert envelope.content.isascii()
    assert max(map(len, envelope.content.split(b"\r\n"))) <= 78


@pytest.mark.parametrize(
    ("refusals", "state", "detail"),
    [
        ({"rcpt": "550 no such mailbox"}, "failed", "SMTP 550"),
        ({"rcpt": "450 try again"}, "later", "SMTP 450"),
        ({"data": "451 busy"}, "later", "SMTP 451"),
        ({"data": "554 no"}, "failed", "SMTP 554"),
        ({"data": CUT}, "unknown", "no answer"),
    ],
)
def test_what_the_server_answers_and_what_becomes_of_it(refusals, state, detail):
    with mail_server(MailBox(**refusals)) as (_, port):
        handed = send(port)
    assert (handed.state, handed.detail) == (state, detail)


def test_a_server_that_is_not_there_or_says_nothing_is_tried_later():
    assert send(closed_port()).detail == "no connection"
    with curt_server(b"") as port:
        handed = send(port, seconds=0.2)
    assert (handed.state, handed.detail) == ("later", "no connection")


class HangsUp(MailBox):
    """Ends the connection at the recipient, before it can have taken anything."""

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802 (its name)
        server.transport.abort()
        return "250 OK"


def test_a_connection_lost_before_the_message_is_tried_later():
    with mail_server(HangsUp()) as (_, port):
        assert send(port).state == "later"


@pytest.mark.parametrize("address", ["ada@exämple.com", "ada@example.com\r\nBcc: all@example.com"])
def test_what_is_no_address_fails_and_nothing_is_sent(mail, address):
    assert send(mail[1], address=address).state == "failed"
    assert mail[0].taken == []


def authenticator(_server, _connection, _envelope, _mechanism, given):
    right = (given.login, given.password) == (b"line", b"right")
    return AuthResult(success=right, handled=False)


@pytest.fixture
def certificate(tmp_path):
    """What a server encrypts with, and what trusts it."""
    key, chain = self_signed(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    return context, ssl.create_default_context(cafile=chain)


@pytest.mark.parametrize("encrypted", [False, True], ids=["starttls", "smtps"])
@pytest.mark.parametrize(("password", "state"), [("right", "accepted"), ("wrong", "failed")])
def test_a_password_goes_over_an_encrypted_connection(certificate, encrypted, password, state):
    ours, trust = certificate
    options = {"ssl_context": ours} if encrypted else {"tls_context": ours}
    with mail_server(authenticator=authenticator, auth_require_tls=not encrypted, **options) as (box, port):
        handed = send(port, encrypted=encrypted, account="line", password=password, tls=trust)
    assert (handed.state, len(box.taken)) == (state, int(state == "accepted"))


def test_a_password_is_not_sent_in_the_clear():
    with mail_server(authenticator=authenticator, auth_require_tls=False) as (box, port):
        handed = send(port, account="line", password="right")
    assert (handed.state, box.taken) == ("failed", [])
    assert handed.detail == "the mail server offers no encryption for the password"


def test_a_server_that_nobody_vouches_for_gets_nothing(certificate):
    with mail_server(tls_context=certificate[0]) as (box, port):
        handed = send(port)
    assert (handed.state, box.taken) == ("later", [])


def test_an_answer_that_is_not_smtp_is_tried_later():
    with curt_server(b"HTTP/1.1 400 Bad Request\r\n") as port:
        handed = send(port)
    assert (handed.state, handed.detail) == ("later", "no answer that is SMTP")

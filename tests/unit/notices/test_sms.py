"""Text messages against a server with Twilio's answers."""

import base64
import ssl

import pytest
from support.carriers import CUT, SID, SLOW, TwilioServer, closed_port, created, error

from ivr.notices.sms import MOST_CHARACTERS, SmsAccount, SmsCarrier
from ivr.notices.text_folder import TextFolder

NUMBER = "+16175550123"


@pytest.mark.parametrize(
    ("answers", "outcome", "requests"),
    [
        ([created()], ("accepted", SID, ""), 1),
        ([created(status="accepted")], ("accepted", SID, ""), 1),
        ([error(429, 20429), created()], ("accepted", SID, ""), 2),
        ([error(500, 20500), error(503, 20503), created()], ("accepted", SID, ""), 3),
        ([error(429, 20429)], ("later", "", "HTTP 429, error 20429"), 3),
        ([(503, "<html>down for repairs</html>")], ("later", "", "HTTP 503, error None"), 3),
        ([created(status="failed")], ("failed", "", "error None"), 1),
        ([error(400, 21211)], ("failed", "", "HTTP 400, error 21211"), 1),
        ([error(400, 21610)], ("failed", "", "HTTP 400, error 21610"), 1),
        ([error(400, 21614)], ("failed", "", "HTTP 400, error 21614"), 1),
        ([error(401, 20003)], ("failed", "", "HTTP 401, error 20003"), 1),
        ([error(404, 20404)], ("failed", "", "HTTP 404, error 20404"), 1),
        ([(201, "not json")], ("unknown", "", "HTTP 201, error None"), 1),
        ([(201, "[]")], ("unknown", "", "HTTP 201, error None"), 1),
        ([(302, "")], ("unknown", "", "HTTP 302, error None"), 1),
        ([(502, "bad gateway")], ("unknown", "", "HTTP 502, error None"), 1),
        ([(504, "gateway time-out")], ("unknown", "", "HTTP 504, error None"), 1),
        ([CUT], ("unknown", "", "no answer"), 1),
        ([SLOW], ("unknown", "", "no answer"), 1),
        ([error(429, 20429), CUT], ("unknown", "", "no answer"), 2),
    ],
)
def test_what_twilio_answers_and_what_becomes_of_it(  # noqa: PLR0917 (fixtures)
    sms, twilio, pauses, answers, outcome, requests
):
    twilio.answers = answers
    handed = sms.send(NUMBER, "Hello", 7)
    assert (handed.state, handed.reference, handed.detail) == outcome
    assert len(twilio.requests) == requests
    assert pauses == [0.5, 2.0][: requests - 1]


def test_the_request_is_what_twilio_documents(sms, twilio):
    sms.send(NUMBER, "¿Autoriza? “sí”", 7)
    ((path, authorization, form),) = twilio.requests
    assert path == "/2010-04-01/Accounts/AC0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a/Messages.json"
    assert base64.b64decode(authorization.removeprefix("Basic ")).decode().startswith("AC0a")
    assert form == {
        "To": NUMBER,
        "From": "+16175550198",
        "Body": "¿Autoriza? “sí”",
        "StatusCallback": "https://line.example/notices/status?attempt=7",
    }


def test_a_messaging_service_sends_in_its_own_name(twilio):
    account = SmsAccount("AC" + "0" * 32, "0" * 32, "MG" + "1" * 32, "https://line.example", twilio.url)
    SmsCarrier(account).send(NUMBER, "Hello", 7)
    ((_, _, form),) = twilio.requests
    assert form["MessagingServiceSid"] == "MG" + "1" * 32
    assert "From" not in form


def test_a_message_that_is_too_long_is_not_tried(sms, twilio):
    assert sms.send(NUMBER, "x" * MOST_CHARACTERS, 7).state == "accepted"
    assert sms.send(NUMBER, "x" * (MOST_CHARACTERS + 1), 7).detail == "too long for a text message"
    assert len(twilio.requests) == 1


def carrier_at(url, pauses):
    account = SmsAccount("AC" + "0" * 32, "s3cret" * 6, "+16175550198", "https://line.example", url)
    return SmsCarrier(account, pause=pauses.append)


def test_no_connection_is_tried_again_and_then_later(pauses):
    for url in (f"http://127.0.0.1:{closed_port()}", "http://no-such-host.invalid"):
        pauses.clear()
        handed = carrier_at(url, pauses).send(NUMBER, "Hello", 7)
        assert (handed.state, handed.detail, pauses) == ("later", "no connection", [0.5, 2.0])


def test_a_server_that_cannot_be_trusted_gets_nothing(pauses, tmp_path):
    """Its certificate is its own: the connection ends before a word of the message."""
    key, certificate = self_signed(tmp_path)
    with TwilioServer() as server:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        plain = server._server.socket
        server._server.socket = context.wrap_socket(plain, server_side=True)
        handed = carrier_at(server.url.replace("http:", "https:"), pauses).send(NUMBER, "Hello", 7)
    assert (handed.state, handed.detail, server.requests) == ("later", "no trusted connection", [])


def self_signed(folder):
    """Make a certificate for 127.0.0.1 that nobody signed."""
    from datetime import UTC, datetime, timedelta
    from ipaddress import ip_address

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    pkcs8 = serialization.PrivateFormat.PKCS8
    pem = serialization.Encoding.PEM
    (folder / "key.pem").write_bytes(key.private_bytes(pem, pkcs8, plain))
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(pem))
    return folder / "key.pem", folder / "certificate.pem"


def test_the_token_is_in_no_text_of_the_account(twilio):
    assert "0" * 32 not in repr(SmsAccount("AC1", "0" * 32, "+1", "https://line.example", twilio.url))


def test_a_demo_writes_text_messages_into_a_folder(tmp_path):
    answer = TextFolder(tmp_path / "texts").send("+16175550199", "Your payment is accepted.", 7)
    assert (answer.state, answer.reference) == ("accepted", "7.txt")
    [file] = (tmp_path / "texts").iterdir()
    assert file.read_text() == "To +16175550199\n\nYour payment is accepted.\n"
    assert file.parent.stat().st_mode & 0o077 == 0

"""E-mail over TLS, with a real server (aiosmtpd) and certificates that are right or wrong."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pydantic import SecretStr

from genesis_music.errors import SettingsError
from genesis_music.service.platform.breaker import State
from genesis_music.service.platform.container import Platform
from genesis_music.service.platform.mail import MAIL_BREAKER, MailUnavailableError, examine_mail, send_mail
from tests.service.conftest import with_settings
from tests.service.servers import free_ports

NAME, PASSWORD = "tabs", "a pass:word/@"
SIGNED_IN = "tabs:a%20pass%3Aword%2F%40@"


@dataclass
class MailServer:
    """A running server: what it took, and what it was told in the clear."""

    port: int
    implicit: bool
    """Nothing at all is said in the clear."""
    letters: list[bytes] = field(default_factory=list)
    logins: list[LoginPassword] = field(default_factory=list)

    async def handle_DATA(self, _server: object, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert self.implicit or session.ssl is not None, "a letter came in the clear"
        self.letters.append(envelope.content or b"")
        return "250 taken"

    def sign_in(
        self, _server: object, session: Session, _envelope: object, _how: str, data: object
    ) -> AuthResult:
        assert self.implicit or session.ssl is not None, "a password came in the clear"
        assert isinstance(data, LoginPassword)
        self.logins.append(data)
        return AuthResult(success=data == LoginPassword(NAME.encode(), PASSWORD.encode()), handled=False)


Start = Callable[..., MailServer]


def write_certificate(folder: Path, host: str, *, days: int = 1) -> Path:
    """A certificate that vouches for itself, with its key, as one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    until = datetime.now(UTC) + timedelta(days=days)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(until - timedelta(days=30))
        .not_valid_after(until)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / f"{host}-{days}.pem"
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + secret)
    return path


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Starts a server with a certificate, which this process trusts unless told not to."""
    with ExitStack() as stack:

        def run(
            *, implicit: bool, host: str = "localhost", days: int = 1, trusted: bool = True
        ) -> MailServer:
            path = write_certificate(tmp_path, host, days=days)
            if trusted:
                monkeypatch.setenv("SSL_CERT_FILE", str(path))
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(path)
            [port] = free_ports(1)
            server = MailServer(port, implicit)
            tls = {"ssl_context": context} if implicit else {"tls_context": context, "require_starttls": True}
            options = {"authenticator": server.sign_in, "auth_require_tls": not implicit, **tls}
            controller = Controller(server, hostname="127.0.0.1", port=port, ready_timeout=60, **options)
            controller.start()
            stack.callback(controller.stop)
            return server

        yield run


def mailing(platform: Platform, url: str) -> Platform:
    return with_settings(platform, smtp_url=SecretStr(url), email_from="tabs@example.com")


def send(platform: Platform, url: str) -> None:
    send_mail(mailing(platform, url), "ada@example.com", "Hello", "A secret link.\n")


@pytest.mark.parametrize(("scheme", "implicit"), [("smtp", False), ("smtps", True)])
def test_a_letter_and_a_password_go_encrypted(
    sqlite_platform: Platform, start: Start, scheme: str, implicit: bool
) -> None:
    server = start(implicit=implicit)
    send(sqlite_platform, f"{scheme}://{SIGNED_IN}localhost:{server.port}")
    assert b"A secret link." in server.letters[0]
    assert server.logins == [LoginPassword(NAME.encode(), PASSWORD.encode())]


def test_without_a_password_a_letter_goes_encrypted_too(sqlite_platform: Platform, start: Start) -> None:
    server = start(implicit=False)
    send(sqlite_platform, f"smtp://localhost:{server.port}")
    assert len(server.letters) == 1


@pytest.mark.parametrize(("scheme", "implicit"), [("smtp", False), ("smtps", True)])
@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"trusted": False}, "self.signed"),
        ({"host": "mail.example.org"}, "[Hh]ostname mismatch"),
        ({"days": -1}, "expired"),
    ],
)
def test_a_wrong_certificate_is_named_and_nothing_is_sent(
    sqlite_platform: Platform, start: Start, scheme: str, implicit: bool, wrong: dict, reason: str
) -> None:
    server = start(implicit=implicit, **wrong)
    with pytest.raises(MailUnavailableError, match=f"certificate is not accepted: .*{reason}"):
        send(sqlite_platform, f"{scheme}://{SIGNED_IN}localhost:{server.port}")
    assert server.letters == server.logins == []


def test_a_wrong_certificate_counts_against_the_server_and_the_letter_goes_once_it_is_right(
    sqlite_platform: Platform, start: Start, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    server = start(implicit=False, trusted=False)
    url = f"smtp://localhost:{server.port}"
    for _ in range(5):
        with pytest.raises(MailUnavailableError):
            send(sqlite_platform, url)
    assert sqlite_platform.breakers.states()[MAIL_BREAKER] is State.OPEN
    sqlite_platform.breakers.reset(MAIL_BREAKER)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "localhost-1.pem"))
    send(sqlite_platform, url)
    assert len(server.letters) == 1


def test_a_server_elsewhere_without_encryption_gets_nothing_unless_the_operator_says_so(
    sqlite_platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that is not plainly this machine's, though it leads here."""
    from tests.service.smtp_server import running_smtp_server

    with running_smtp_server() as server:
        port = server.server_address[1]
        elsewhere = other_name_of_this_machine()
        with pytest.raises(MailUnavailableError, match="no encryption"):
            send(sqlite_platform, f"smtp://{elsewhere}:{port}")
        assert server.messages == []
        send(sqlite_platform, f"smtp://{elsewhere}:{port}?tls=off")
        assert len(server.messages) == 1
        with pytest.raises(MailUnavailableError, match="no encryption"):
            send(sqlite_platform, f"smtp://{SIGNED_IN}{elsewhere}:{port}?tls=off")
        assert not any(line.startswith("AUTH") for line in server.commands)


def other_name_of_this_machine() -> str:
    """``0.0.0.0`` leads to this machine and is no loopback address."""
    return "0.0.0.0"


@pytest.mark.parametrize("url", ["smtp://", "imap://localhost", "localhost:25", "smtp://localhost?tls=no"])
def test_an_address_that_makes_no_sense_is_refused(url: str) -> None:
    with pytest.raises(SettingsError, match="GENESIS_SMTP_URL"):
        examine_mail(url)


def test_an_operator_is_told_how_the_server_is_reached(start: Start) -> None:
    port = start(implicit=False).port
    assert "encrypted (TLSv1.3)" in examine_mail(f"smtp://{SIGNED_IN}localhost:{port}")
    with pytest.raises(MailUnavailableError, match="user name or password"):
        examine_mail(f"smtp://{NAME}:guessed@localhost:{port}")
    with pytest.raises(MailUnavailableError, match="no TLS that we know"):
        examine_mail(f"smtps://localhost:{port}")
    with pytest.raises(MailUnavailableError, match="does not answer"):
        examine_mail(f"smtp://localhost:{free_ports(1)[0]}")

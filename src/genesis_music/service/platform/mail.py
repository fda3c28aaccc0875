"""E-mail through the operator's SMTP server, behind a circuit breaker."""

from __future__ import annotations

import html
import re
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from email.utils import formatdate, make_msgid, parseaddr
from ipaddress import ip_address
from urllib.parse import SplitResult, unquote, urlsplit

from genesis_music.errors import SettingsError
from genesis_music.service.errors import ConflictError, UnavailableError
from genesis_music.service.platform.container import Platform

MAIL_BREAKER = "mail"
TIMEOUT_SECONDS = 10.0
_PORTS = {"smtp": 587, "smtps": 465}
_NO_TLS = "tls=off"
_LINK = re.compile(r"https?://[^\s<>]+")


class MailUnavailableError(UnavailableError):
    """The mail server does not answer or refuses to work for us: worth another try later."""

    code = "mail-unavailable"


class MailRefusedError(ConflictError):
    """The mail server refuses this message or its recipient: another try is in vain."""

    code = "mail-refused"


class MailNotConfiguredError(ConflictError):
    """No SMTP server is configured."""

    code = "mail-not-configured"


MAIL_FAILURES = (MailUnavailableError,)
"""What counts against the mail server's health."""


def can_send_mail(platform: Platform) -> bool:
    """Whether an SMTP server is configured."""
    return bool(platform.settings.smtp_url.get_secret_value())


def send_mail(platform: Platform, to: str, subject: str, text: str) -> None:
    """Send a message of plain text, which is also given as simple HTML; returns when the server has taken it.

    Takes up to some seconds: call it from a worker or after the answer was sent.

    Raises:
        MailNotConfiguredError: ``smtp_url`` is empty.
        MailRefusedError: the recipient or the message is refused for good.
        MailUnavailableError: the server fails; the circuit opens after several in a row.
        CircuitOpenError: the server has failed before and is left alone.
    """
    if not can_send_mail(platform):
        raise MailNotConfiguredError("This service sends no e-mail: set GENESIS_SMTP_URL.")
    message = _message(platform.settings.email_from, to, subject, text)
    with platform.breakers.breaker(MAIL_BREAKER):
        _deliver(platform.settings.smtp_url.get_secret_value(), message)


def _message(sender: str, to: str, subject: str, text: str) -> EmailMessage:
    message = EmailMessage()
    try:
        message["From"], message["To"], message["Subject"] = sender, to, subject
    except ValueError as error:
        raise MailRefusedError("The address or the subject cannot be written into an e-mail.") from error
    message["Date"] = formatdate()
    message["Message-ID"] = make_msgid(domain=parseaddr(sender)[1].rpartition("@")[2] or None)
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    message.add_alternative(_as_html(text), subtype="html")
    return message


def _as_html(text: str) -> str:
    paragraphs = html.escape(text.strip()).split("\n\n")
    linked = (_LINK.sub(r'<a href="\g<0>">\g<0></a>', paragraph) for paragraph in paragraphs)
    body = "".join(f"<p>{paragraph.replace(chr(10), '<br>')}</p>" for paragraph in linked)
    return f'<!doctype html><html><body style="font-family: sans-serif">{body}</body></html>'


def _deliver(url: str, message: EmailMessage) -> None:
    with _mail_errors(), _connect(url) as server:
        try:
            server.send_message(message)
        except (smtplib.SMTPRecipientsRefused, smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as error:
            if _is_final(error):
                raise MailRefusedError("The mail server refuses this recipient or message.") from error
            raise MailUnavailableError("The mail server cannot take the message now.") from error
        except smtplib.SMTPNotSupportedError as error:
            raise MailRefusedError("The mail server cannot deliver to letters of this address.") from error


def examine_mail(url: str) -> str:
    """Sign in to the mail server and say how it was; nothing is sent.

    Raises:
        MailUnavailableError, SettingsError: it cannot be used; the message says why.
    """
    with _mail_errors(), _connect(url) as server:
        server.noop()
        encrypted = server.sock.version() if isinstance(server.sock, ssl.SSLSocket) else None
    return f"the mail server takes letters, {f'encrypted ({encrypted})' if encrypted else 'not encrypted'}"


@contextmanager
def _mail_errors() -> Iterator[None]:
    """Say what is wrong with a mail server in a line; all of it may be mended, so all is worth another try."""
    try:
        yield
    except ssl.SSLCertVerificationError as error:
        raise MailUnavailableError(
            f"The mail server's certificate is not accepted: {error.verify_message}. Nothing was sent."
        ) from error
    except ssl.SSLError as error:
        raise MailUnavailableError(
            "The mail server speaks no TLS that we know: smtps:// is for port 465, smtp:// for 587."
        ) from error
    except smtplib.SMTPAuthenticationError as error:
        raise MailUnavailableError("The mail server refuses our user name or password.") from error
    except (smtplib.SMTPException, OSError) as error:
        raise MailUnavailableError("The mail server does not answer.") from error


def _connect(url: str) -> smtplib.SMTP:
    """Open a connection: ``smtps`` encrypts from the start, ``smtp`` before anything of ours is said.

    Letters hold links that open accounts, so they go in the clear only to this machine, or where the operator says so
    with ``?tls=off``; a password never does. Certificates are checked against the system's authorities (or those in
    the file ``SSL_CERT_FILE``).
    """
    parts = _mail_address(url)
    where = (parts.hostname or "", parts.port or _PORTS[parts.scheme])
    context = ssl.create_default_context()
    if parts.scheme == "smtps":
        return _prepared(smtplib.SMTP_SSL(*where, timeout=TIMEOUT_SECONDS, context=context), parts)
    return _prepared(smtplib.SMTP(*where, timeout=TIMEOUT_SECONDS), parts, context)


def check_mail_address(url: str) -> None:
    """Look at the address of the mail server; empty is none.

    Raises:
        SettingsError: it makes no sense.
    """
    if url:
        _mail_address(url)


def _mail_address(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        known = parts.scheme in _PORTS and parts.hostname and (parts.port or True)
    except ValueError:
        known = False
    if not known or parts.query not in {"", _NO_TLS}:
        raise SettingsError(
            f"GENESIS_SMTP_URL must look like smtp://user:password@host:587, smtps://… or smtp://host:25?{_NO_TLS}."
        )
    return parts


def _prepared(server: smtplib.SMTP, url: SplitResult, encrypt: ssl.SSLContext | None = None) -> smtplib.SMTP:
    try:
        server.ehlo()
        if encrypt is not None:
            _encrypt(server, url, encrypt)
        if url.username:
            server.login(unquote(url.username), unquote(url.password or ""))
    except BaseException:
        server.close()
        raise
    return server


def _encrypt(server: smtplib.SMTP, url: SplitResult, context: ssl.SSLContext) -> None:
    if server.has_extn("starttls") and url.query != _NO_TLS:
        server.starttls(context=context)
        server.ehlo()
    elif url.username or not (url.query == _NO_TLS or _is_this_machine(url.hostname or "")):
        raise MailUnavailableError(
            f"The mail server offers no encryption, nothing was sent: use another, or ?{_NO_TLS} without a password."
        )


def _is_this_machine(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _is_final(
    error: smtplib.SMTPRecipientsRefused | smtplib.SMTPSenderRefused | smtplib.SMTPDataError,
) -> bool:
    """Whether every answer is of the kind 5xx (RFC 5321, section 4.2.1)."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _ in error.recipients.values())
    return error.smtp_code >= 500

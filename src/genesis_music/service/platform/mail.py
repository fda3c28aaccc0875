"""E-mail through the operator's SMTP server, behind a circuit breaker."""

from __future__ import annotations

import html
import re
import smtplib
import ssl
from email.message import EmailMessage
from email.utils import formatdate, make_msgid, parseaddr
from urllib.parse import SplitResult, unquote, urlsplit

from genesis_music.errors import SettingsError
from genesis_music.service.errors import ConflictError, UnavailableError
from genesis_music.service.platform.container import Platform

MAIL_BREAKER = "mail"
TIMEOUT_SECONDS = 10.0
_PORTS = {"smtp": 587, "smtps": 465}
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
    try:
        with _connect(url) as server:
            server.send_message(message)
    except (smtplib.SMTPRecipientsRefused, smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as error:
        if _is_final(error):
            raise MailRefusedError("The mail server refuses this recipient or message.") from error
        raise MailUnavailableError("The mail server cannot take the message now.") from error
    except smtplib.SMTPNotSupportedError as error:
        raise MailRefusedError(
            "The mail server lacks what this needs: encryption, or letters of this address."
        ) from error
    except (smtplib.SMTPException, OSError) as error:
        raise MailUnavailableError("The mail server does not answer.") from error


def _connect(url: str) -> smtplib.SMTP:
    """Open a connection: ``smtps`` encrypts from the start, ``smtp`` as soon as the server can; a password is never
    sent in clear.
    """
    parts = urlsplit(url)
    if parts.scheme not in _PORTS or not parts.hostname:
        raise SettingsError("GENESIS_SMTP_URL must look like smtp://user:password@host:587.")
    where = (parts.hostname, parts.port or _PORTS[parts.scheme])
    context = ssl.create_default_context()
    if parts.scheme == "smtps":
        return _prepared(smtplib.SMTP_SSL(*where, timeout=TIMEOUT_SECONDS, context=context), parts)
    return _prepared(smtplib.SMTP(*where, timeout=TIMEOUT_SECONDS), parts, context)


def _prepared(server: smtplib.SMTP, url: SplitResult, encrypt: ssl.SSLContext | None = None) -> smtplib.SMTP:
    try:
        server.ehlo()
        if encrypt is not None and (url.username or server.has_extn("starttls")):
            server.starttls(context=encrypt)
        if url.username:
            server.login(unquote(url.username), unquote(url.password or ""))
    except BaseException:
        server.close()
        raise
    return server


def _is_final(
    error: smtplib.SMTPRecipientsRefused | smtplib.SMTPSenderRefused | smtplib.SMTPDataError,
) -> bool:
    """Whether every answer is of the kind 5xx (RFC 5321, section 4.2.1)."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _ in error.recipients.values())
    return error.smtp_code >= 500

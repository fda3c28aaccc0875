import pytest
from pydantic import SecretStr

from genesis_music.service.platform.breaker import CircuitOpenError, State
from genesis_music.service.platform.mail import (
    MAIL_BREAKER,
    MailNotConfiguredError,
    MailRefusedError,
    MailUnavailableError,
    send_mail,
)
from tests.service.conftest import with_settings
from tests.service.servers import free_ports
from tests.service.smtp_server import running_smtp_server

TEXT = "Hello,\n\nopen https://tab.example/x?a=1&b=2\n\n<b>Bye</b>\n"


@pytest.fixture
def smtp():
    with running_smtp_server() as server:
        yield server


@pytest.fixture
def mailing(sqlite_platform, smtp):
    return with_settings(
        sqlite_platform, smtp_url=SecretStr(smtp.url), email_from="Genesis Music <tabs@example.com>"
    )


def test_a_message_arrives_as_text_and_as_simple_html(mailing, smtp):
    send_mail(mailing, "ada@example.com", "Grüße", TEXT)
    (message,) = smtp.messages
    assert (message["to"], message["subject"]) == ("ada@example.com", "Grüße")
    assert message["from"] == "Genesis Music <tabs@example.com>"
    assert message["message-id"].endswith("@example.com>") and message["date"]
    assert message.get_body(["plain"]).get_content() == TEXT
    page = message.get_body(["html"]).get_content()
    assert '<a href="https://tab.example/x?a=1&amp;b=2">' in page
    assert "&lt;b&gt;Bye" in page


def test_without_a_mail_server_nothing_is_sent(sqlite_platform):
    with pytest.raises(MailNotConfiguredError, match="GENESIS_SMTP_URL"):
        send_mail(sqlite_platform, "ada@example.com", "Hello", TEXT)


@pytest.mark.parametrize(
    "to", ["ada@example.com\nBcc: all@example.com", "ada@example.com\r\nX: y", "\r\n.\r\n"]
)
def test_an_address_cannot_smuggle_headers_in(mailing, smtp, to):
    with pytest.raises(MailRefusedError):
        send_mail(mailing, to, "Hello", TEXT)
    assert not smtp.messages


@pytest.mark.parametrize("command", ["RCPT", "MAIL", "DATA"])
def test_a_refusal_for_good_is_told_from_one_for_now(mailing, smtp, command):
    smtp.refusals[command] = "550 never"
    with pytest.raises(MailRefusedError):
        send_mail(mailing, "ada@example.com", "Hello", TEXT)
    smtp.refusals[command] = "451 later"
    with pytest.raises(MailUnavailableError):
        send_mail(mailing, "ada@example.com", "Hello", TEXT)


def test_a_password_is_never_sent_in_clear(sqlite_platform, smtp):
    url = smtp.url.replace("//", "//user:secret%40word@")
    platform = with_settings(sqlite_platform, smtp_url=SecretStr(url))
    with pytest.raises(MailUnavailableError, match="no encryption"):
        send_mail(platform, "ada@example.com", "Hello", TEXT)
    assert not any(line.startswith("AUTH") for line in smtp.commands)


def test_a_mail_server_that_is_away_is_left_alone_after_a_while(sqlite_platform):
    nowhere = SecretStr(f"smtp://127.0.0.1:{free_ports(1)[0]}")
    platform = with_settings(sqlite_platform, smtp_url=nowhere)
    for _ in range(5):
        with pytest.raises(MailUnavailableError):
            send_mail(platform, "ada@example.com", "Hello", TEXT)
    with pytest.raises(CircuitOpenError):
        send_mail(platform, "ada@example.com", "Hello", TEXT)
    assert platform.breakers.states()[MAIL_BREAKER] is State.OPEN


def test_refusals_say_nothing_about_the_servers_health(mailing, smtp):
    smtp.refusals["RCPT"] = "550 no such user"
    for _ in range(6):
        with pytest.raises(MailRefusedError):
            send_mail(mailing, "ada@example.com", "Hello", TEXT)
    assert mailing.breakers.states()[MAIL_BREAKER] is State.CLOSED

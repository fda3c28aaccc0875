"""Recordings behind links, and e-mail about finished jobs."""

from __future__ import annotations

from pathlib import Path

import pytest

from genesis_music.errors import DownloadError, TransientDownloadError
from genesis_music.service.jobs.tables import Job, JobStatus
from genesis_music.service.platform.container import Platform
from genesis_music.service.platform.mail import MailRefusedError, MailUnavailableError
from genesis_music.service.transcriptions.notifications import send_due_emails
from genesis_music.service.transcriptions.repository import EmailRepository
from tests.service.conftest import with_settings
from tests.service.transcriptions.conftest import SQLITE_ONLY, Api, Workbench

LINK = {"url": "https://www.youtube.com/watch?v=dQw4w9WgXcQ"}
DOWNLOAD = "genesis_music.service.transcriptions.downloads.download_audio"


class Downloads:
    """Instead of the network: a recording, or an error."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.error: Exception | None = None
        self.count = 0

    def __call__(self, _: str, folder: Path, *__: object) -> Path:
        self.count += 1
        if self.error:
            raise self.error
        path = folder / "Never Gonna.wav"
        path.write_bytes(self.content)
        return path


@pytest.fixture
def downloads(tone: bytes, monkeypatch: pytest.MonkeyPatch) -> Downloads:
    made = Downloads(tone)
    monkeypatch.setattr(DOWNLOAD, made)
    return made


def try_again(platform: Platform) -> None:
    with platform.database.writing() as session:
        for job in session.query(Job):
            job.not_before = None


def test_a_link_is_downloaded_once_however_often_its_job_is_tried(
    api: Api, quick: Workbench, downloads: Downloads, tone: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"/transcribe/{api('POST', '/transcribe', json=LINK).json()['transcription_id']}"
    with monkeypatch.context() as patched:
        patched.setattr("genesis_music.service.transcriptions.handler.arrange", _fail)
        quick.work()
    assert api("GET", path).json()["title"] == "Never Gonna"
    try_again(quick.platform)
    quick.work()
    assert api("GET", path).json()["status"] == "complete"
    assert downloads.count == 1
    assert api("GET", f"{path}/audio", params={"redirect": False}).content == tone


def _fail(*_: object) -> None:
    raise RuntimeError("a fault of ours")


@SQLITE_ONLY
def test_a_video_that_is_private_is_final_and_a_network_that_fails_is_not(
    api: Api, quick: Workbench, downloads: Downloads
) -> None:
    downloads.error = DownloadError("The video is private: ask its owner.")
    private = api("POST", "/transcribe", json=LINK).json()["transcription_id"]
    quick.work()
    job = api("GET", f"/transcribe/{private}").json()["job"]
    assert (job["status"], job["error"]["message"]) == ("failed", "The video is private: ask its owner.")
    downloads.error = TransientDownloadError("The site cannot be reached: try again.")
    away = api("POST", "/transcribe", json=LINK).json()["transcription_id"]
    quick.work()
    assert api("GET", f"/transcribe/{away}").json()["status"] == "queued"


@SQLITE_ONLY
def test_what_a_link_leads_to_is_checked_like_an_upload(
    api: Api, quick: Workbench, downloads: Downloads
) -> None:
    downloads.content = b"<html>not a recording</html>"
    id_ = api("POST", "/transcribe", json=LINK).json()["transcription_id"]
    quick.work()
    job = api("GET", f"/transcribe/{id_}").json()["job"]
    assert (job["status"], job["error"]["retryable"]) == ("failed", False)
    assert list(quick.platform.storage.list()) == []


@SQLITE_ONLY
def test_what_is_deleted_during_the_download_leaves_nothing(
    api: Api, quick: Workbench, downloads: Downloads, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = api("POST", "/transcribe", json=LINK).json()["transcription_id"]

    def download(*arguments: object) -> Path:
        api("DELETE", f"/transcribe/{id_}")
        return downloads(*arguments)

    monkeypatch.setattr(DOWNLOAD, download)
    quick.work()
    assert list(quick.platform.storage.list()) == []


@pytest.fixture
def letters(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, str]]:
    sent: list[tuple[str, str, str]] = []
    monkeypatch.setattr(
        "genesis_music.service.transcriptions.notifications.send_mail",
        lambda _, *letter: sent.append(letter),
    )
    return sent


@pytest.fixture
def mailing(quick: Workbench) -> Workbench:
    """A workbench of an installation that sends e-mail."""
    return Workbench(
        with_settings(quick.platform, smtp_url=_secret("smtp://mail.example"), support_email="help@x.org")
    )


def _secret(text: str) -> object:
    from pydantic import SecretStr

    return SecretStr(text)


def test_an_e_mail_tells_of_the_end_to_those_who_want_it(
    api: Api,
    mailing: Workbench,
    letters: list[tuple[str, str, str]],
    tone: bytes,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    id_ = api.accepted(tone)
    mailing.work()
    assert send_due_emails(mailing.platform) == 1
    to, subject, text = letters.pop()
    assert (to, subject) == (api.person.email, "Your tab is ready: porch")
    assert id_ in text

    api("POST", f"/transcribe/{id_}/retab", json={"capo": 1})
    mailing.work()
    assert send_due_emails(mailing.platform) == 0  # seconds of work are not worth a letter
    monkeypatch.setattr("genesis_music.service.transcriptions.handler.arrange", _unusable)
    api.accepted(tone)
    mailing.work()
    send_due_emails(mailing.platform)
    assert "help@x.org" in letters.pop()[2]
    api("PATCH", "/account/preferences", json={"email_notifications": False})
    api.accepted(tone)
    mailing.work()
    assert send_due_emails(mailing.platform) == 0


def _unusable(*_: object) -> None:
    raise DownloadError("no use")


@SQLITE_ONLY
@pytest.mark.parametrize(
    ("error", "left"), [(MailUnavailableError("away"), 1), (MailRefusedError("never"), 0)]
)
def test_an_e_mail_waits_for_a_server_that_is_away(
    api: Api, mailing: Workbench, tone: bytes, monkeypatch: pytest.MonkeyPatch, error: Exception, left: int
) -> None:
    def refuse(*_: object) -> None:
        raise error

    monkeypatch.setattr("genesis_music.service.transcriptions.notifications.send_mail", refuse)
    api.accepted(tone)
    mailing.work()
    assert send_due_emails(mailing.platform) == 0
    with mailing.platform.database.writing() as session:
        rows = EmailRepository(session).find_all()
    assert len(rows) == left
    assert api("GET", "/transcribe").json()["items"][0]["status"] == JobStatus.COMPLETE

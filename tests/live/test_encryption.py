"""Encryption at rest, seen on the disk of a real S3 server: what users hand in lies nowhere in plain."""

from __future__ import annotations

import io
import secrets
import wave
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from genesis_music.service.config import ServiceSettings
from genesis_music.service.platform.container import open_storage
from genesis_music.service.platform.storage import ObjectStore
from tests.live.installation import Installation, new_installation

MODES = ("AES256", "")


@pytest.fixture(scope="module")
def parts() -> Iterator[Installation]:
    """PostgreSQL, Redis and S3 of an installation; nothing of it runs yet."""
    with new_installation("encryption") as parts:
        yield parts


def storage(parts: Installation, encryption: str) -> ObjectStore:
    """The store that the service opens with this setting."""
    values = {name.removeprefix("GENESIS_").lower(): value for name, value in parts.environment.items()}
    return open_storage(ServiceSettings.model_validate(values | {"storage_encryption": encryption}))


def recording() -> bytes:
    """A second of noise that is nowhere else."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(44100)
        writer.writeframes(secrets.token_bytes(88200))
    return file.getvalue()


@pytest.mark.parametrize("encryption", MODES, ids=["encrypted", "in plain"])
def test_the_setting_decides_what_lies_on_the_disk(parts: Installation, encryption: str) -> None:
    """Without encryption the same search finds it: the test can fail."""
    content = secrets.token_bytes(300_000)
    store = storage(parts, encryption)
    store.put_bytes(f"results/{secrets.token_hex(4)}", content)
    store.put_stream(
        f"stems/{secrets.token_hex(4)}", (content[start : start + 4096] for start in range(0, 8192, 4096))
    )
    assert parts.s3.holds(content[:4096]) is (encryption == "")


def test_a_recording_that_somebody_uploads_is_encrypted(parts: Installation) -> None:
    """As an installation does it that sets nothing: encryption is the default."""
    assert "GENESIS_STORAGE_ENCRYPTION" not in parts.environment
    parts.start_server()
    parts.sign_up("ada@example.com")
    content = recording()
    answer = parts.call("POST", "/transcribe", files={"file": ("noise.wav", content)})
    id_ = answer.json()["transcription_id"]
    assert parts.call("GET", f"/transcribe/{id_}/audio", params={"redirect": "false"}).content == content
    assert not parts.s3.holds(content[1000:2000])
    store = storage(parts, "AES256")
    [key] = [found.key for found in store.list("audio")]
    link = store.presigned_url(key, 60)
    assert link is not None
    assert httpx.get(link).headers["x-amz-server-side-encryption"] == "AES256"


def test_the_database_knows_no_password(parts: Installation) -> None:
    """PostgreSQL's own files are encrypted by the volume they are on; passwords are not readable even without it."""
    with parts.postgres.connect("genesis") as connection:
        [hashed] = connection.execute("SELECT password_hash FROM users").fetchone() or [""]
    assert hashed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert "nine lamps" not in hashed


def test_what_the_log_of_a_server_holds_is_no_secret(parts: Installation) -> None:
    words = "".join(path.read_text() for path in Path(parts.folder).glob("*.log"))
    assert "nine lamps" not in words
    assert parts.s3.credentials.secret_access_key not in words
    assert parts.postgres.password not in words
    assert "ada@example.com" not in words

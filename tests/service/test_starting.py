"""What is missing or wrong stops the start of every process with one line that names it; nothing half starts."""

from __future__ import annotations

import secrets
import socket
import subprocess
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import text

from genesis_music.errors import GenesisError, SettingsError
from genesis_music.service.config import ServiceSettings
from genesis_music.service.platform.container import Platform
from genesis_music.service.platform.database import Database
from genesis_music.service.platform.revision import bring_up_to_date, newest_file
from genesis_music.service.serve import environment_of, serve_production
from genesis_music.service.starting import require_parts
from genesis_music.service.worker import work
from tests.service.servers import S3Server, TestRedis, free_ports, scratch
from tests.service.test_serve import GENESIS

Changes = Callable[..., ServiceSettings]


@pytest.fixture
def settings(postgres_platform: Platform) -> Changes:
    """Settings that everything answers to, with changes."""

    def changed(**changes: object) -> ServiceSettings:
        return ServiceSettings.model_validate(postgres_platform.settings.model_dump() | changes)

    return changed


def nowhere() -> str:
    return f"127.0.0.1:{free_ports(1)[0]}"


def test_with_all_parts_there_it_starts(settings: Changes) -> None:
    require_parts(settings())


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("database_url", "postgresql+psycopg://genesis:hunter2@{}/genesis"),
        ("redis_url", "redis://:hunter2@{}/0"),
    ],
)
def test_a_part_that_is_away_is_named_without_its_password(
    settings: Changes, name: str, address: str
) -> None:
    with pytest.raises(GenesisError, match=f"GENESIS_{name.upper()}.*does not answer") as refusal:
        require_parts(settings(**{name: address.format(nowhere())}))
    assert "hunter2" not in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_wrong_password_of_the_database_is_named(settings: Changes) -> None:
    url = settings().database_url
    wrong = url.replace(url.split("@")[0].rpartition(":")[2], "hunter2")
    with pytest.raises(GenesisError, match=r"GENESIS_DATABASE_URL.*refuses us") as refusal:
        require_parts(settings(database_url=wrong))
    assert "hunter2" not in str(refusal.value)


def test_a_database_that_does_not_exist_is_named(settings: Changes) -> None:
    missing = settings().database_url.rpartition("/")[0] + "/no_such"
    with pytest.raises(GenesisError, match="GENESIS_DATABASE_URL"):
        require_parts(settings(database_url=missing))


def test_a_replica_that_is_a_primary_is_named(settings: Changes) -> None:
    with pytest.raises(GenesisError, match=r"GENESIS_DATABASE_REPLICA_URL.*no replica but a primary"):
        require_parts(settings(database_replica_url=settings().database_url))


def test_a_replica_that_is_away_is_not_missed(settings: Changes, caplog: pytest.LogCaptureFixture) -> None:
    url = f"postgresql+psycopg://genesis:hunter2@{nowhere()}/genesis"
    require_parts(settings(database_replica_url=url))
    assert "GENESIS_DATABASE_REPLICA_URL" in caplog.text and "hunter2" not in caplog.text


@pytest.fixture
def forgetful() -> Iterator[TestRedis]:
    """A Redis that evicts what it was told to keep."""
    from redis import Redis

    with scratch("forgetful") as folder:
        server = TestRedis(folder)
        try:
            with Redis.from_url(server.url) as connection:
                connection.config_set("maxmemory-policy", "allkeys-lru")
            yield server
        finally:
            server.stop()


def test_a_redis_that_may_forget_the_queue_is_refused(settings: Changes, forgetful: TestRedis) -> None:
    with pytest.raises(GenesisError, match=r"GENESIS_REDIS_URL.*allkeys-lru.*noeviction"):
        require_parts(settings(redis_url=forgetful.url))


@pytest.mark.parametrize("wrong", ["away", "key", "parameter"])
def test_a_bucket_that_cannot_be_used_is_named(settings: Changes, s3_server: S3Server, wrong: str) -> None:
    values = {
        "storage_url": s3_server.url(),
        "storage_access_key": s3_server.credentials.access_key_id,
        "storage_secret_key": s3_server.credentials.secret_access_key,
    }
    require_parts(settings(**values))
    values |= {
        "away": {"storage_url": s3_server.url(endpoint=f"http://{nowhere()}") + "&timeout=2"},
        "key": {"storage_secret_key": secrets.token_hex(20)},
        "parameter": {"storage_url": s3_server.url() + "&regoin=x"},
    }[wrong]
    with pytest.raises(GenesisError, match="GENESIS_STORAGE_URL") as refusal:
        require_parts(settings(**values))
    assert values["storage_secret_key"] not in str(refusal.value)


def test_a_folder_that_cannot_be_made_is_named(settings: Changes, tmp_path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="GENESIS_STORAGE_URL: the folder cannot be used"):
        require_parts(settings(storage_url=(tmp_path / "file" / "x").as_uri()))


@pytest.mark.parametrize("url", ["mail.example.org", "smpt://mail.example.org", "smtp://host:port"])
def test_an_address_of_the_mail_server_that_makes_no_sense_is_named(settings: Changes, url: str) -> None:
    with pytest.raises(SettingsError, match="GENESIS_SMTP_URL must look like"):
        require_parts(settings(smtp_url=url))


def test_tables_of_a_newer_program_are_left_alone(
    settings: Changes, caplog: pytest.LogCaptureFixture
) -> None:
    """A server of the old version that starts while the new one is rolled out, or after going back."""
    database = Database(settings().database_url)
    try:
        with database.writing() as session:
            session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        bring_up_to_date(database.primary)
        assert "9999" in caplog.text and "left as they are" in caplog.text
    finally:
        with database.writing() as session:
            session.execute(
                text("UPDATE alembic_version SET version_num = :newest"), {"newest": newest_file()}
            )
        database.close()


def test_a_port_that_is_in_use_is_named_before_anything_is_asked(
    settings: Changes, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment_of(settings(redis_url=f"redis://{nowhere()}")).items():
        monkeypatch.setenv(name, value)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(GenesisError, match=f"Port {port} is in use"):
            serve_production("127.0.0.1", port, 1)


def test_a_queue_that_does_not_exist_is_named_with_its_variable(
    settings: Changes, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment_of(settings()).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("GENESIS_WORKER_QUEUES", "cpu,tpu")
    with pytest.raises(SettingsError, match=r"GENESIS_WORKER_QUEUES: There is no queue tpu.*cpu, gpu"):
        work()
    with pytest.raises(SettingsError, match=r"^There is no queue tpu"):
        work(queues=("tpu",))


@pytest.mark.parametrize("process", ["serve", "worker", "doctor"])
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"GENESIS_REDIS_URL": "redis://127.0.0.1:1/0"}, "GENESIS_REDIS_URL"),
        ({"GENESIS_STORAGE_URL": ""}, "GENESIS_STORAGE_URL"),
        ({"GENESIS_SECRETS_DIR": "/nowhere"}, "GENESIS_SECRETS_DIR"),
    ],
    ids=["a part is away", "a setting is missing", "a folder is missing"],
)
def test_every_process_ends_at_once_and_says_why(
    settings: Changes, process: str, change: dict[str, str], said: str
) -> None:
    options = {"serve": [f"--port={free_ports(1)[0]}"]}.get(process, [])
    done = subprocess.run(
        [*GENESIS, process, *options],
        env={"PATH": "/usr/bin:/bin", "HOME": "/tmp", **environment_of(settings()), **change},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    said_all = done.stdout + done.stderr
    assert done.returncode in (1, 2), said_all
    assert said in said_all
    assert "Traceback" not in said_all

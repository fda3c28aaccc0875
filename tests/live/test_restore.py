"""Backups that come back, and backups that must not: ``make restore-drill``."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from deploy.backup.bucket import content_key, read_snapshot, snapshots
from deploy.backup.database import good_backups
from deploy.backup.settings import BackupSettings
from deploy.backup.wal import stored_segments
from genesis_music.service.platform.storage import ObjectStore
from tests.live.drill import WAL_SECONDS, Backups, drill, made, restored
from tests.live.installation import DATABASE, new_installation
from tests.service.servers import (
    S3Server,
    fetch,
    free_ports,
    postgres_user,
    scratch,
    until,
)

SECRET_WORDS = b"a song that nobody else should hear"
BUSY_MACHINE_SECONDS = 15.0


def test_everything_that_was_lost_comes_back() -> None:
    outcome = drill()
    print(f"\n{outcome}")
    assert outcome.lost_seconds <= WAL_SECONDS + BUSY_MACHINE_SECONDS
    assert outcome.objects > 10 and outcome.rows > 10


@pytest.fixture(scope="module")
def small() -> Iterator[Backups]:
    """A database with a few rows and a few files, backed up, and gone on writing."""
    with ExitStack() as stack:
        service = stack.enter_context(new_installation("small"))
        folder, postgres = service.folder.parent, service.postgres
        vault = S3Server(made(folder / "vault"))
        stack.callback(vault.stop)
        backups = Backups(service, vault, made(folder / "backups"))
        files = service_files(backups)
        for number in range(5):
            files.put_bytes(f"results/x/{number}", SECRET_WORDS * (number + 1))
        stack.enter_context(backups.archiving())
        with postgres.connect(DATABASE) as connection:
            connection.execute("CREATE TABLE notes (number int)")
            connection.execute("INSERT INTO notes SELECT generate_series(1, 1000)")
        backups.done("backup-database")
        backups.done("backup-bucket")
        with postgres.connect(DATABASE) as connection:
            for _ in range(4):  # several segments of the log
                connection.execute("INSERT INTO notes SELECT generate_series(1, 100)")
                connection.execute("SELECT pg_switch_wal()")
        until(lambda: len([name for name in stored_segments(vault_of(backups)) if len(name) == 24]) >= 5)
        yield backups


def vault_of(backups: Backups) -> ObjectStore:
    return BackupSettings.model_validate(_fields(backups)).vault()


def service_files(backups: Backups) -> ObjectStore:
    return BackupSettings.model_validate(_fields(backups)).files()


def _fields(backups: Backups) -> dict[str, str]:
    environment = backups._service.environment | backups.environment
    return {name.removeprefix("GENESIS_").lower(): value for name, value in environment.items()}


@contextmanager
def changed(vault: ObjectStore, key: str, content: bytes | None) -> Iterator[None]:
    """While the block runs an object of the backup is another one, or missing."""
    original = vault.get(key)
    vault.delete(key)
    if content is not None:
        vault.put_bytes(key, content)
    try:
        yield
    finally:
        vault.put_bytes(key, original)


def refused(backups: Backups, what: str, *options: str | Path, **environment: str) -> str:
    """What a restore that must fail says; it leaves nothing behind."""
    key = {"GENESIS_BACKUP_IDENTITY_FILE": str(backups.identity)}
    done = backups.run("restore", what, *options, **(key | environment))
    assert done.returncode in (1, 2), done.stdout
    assert "Traceback" not in done.stderr
    return done.stderr.strip().splitlines()[-1]


def base_key(vault: ObjectStore) -> str:
    return good_backups(vault)[-1].key


def flipped(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


def test_as_late_as_possible_has_every_row(small: Backups, tmp_path: Path) -> None:
    with (
        scratch("restored", owner=postgres_user()) as folder,
        restored(small, folder / "x", "latest") as postgres,
    ):
        with postgres.connect(DATABASE) as connection:
            assert connection.execute("SELECT count(*) FROM notes").fetchone() == (1400,)
            connection.execute("INSERT INTO notes VALUES (1)")
        assert not (folder / "x/data/genesis-restored-wal").exists(), "it would be in every later backup"


@pytest.mark.parametrize("damage", [flipped, lambda content: content[:-100]], ids=["changed", "cut off"])
def test_a_damaged_base_backup_is_refused(small: Backups, tmp_path: Path, damage) -> None:
    vault = vault_of(small)
    key = base_key(vault)
    with changed(vault, key, damage(vault.get(key))):
        words = refused(small, "database", "--to", "latest", "--data-dir", tmp_path / "data")
    assert "damaged" in words or "no good backup" in words.lower()
    assert not list((tmp_path / "data").glob("*"))


def test_a_gap_in_the_log_is_refused_with_what_is_missing(small: Backups, tmp_path: Path) -> None:
    vault = vault_of(small)
    stored = stored_segments(vault)
    first = good_backups(vault)[-1].first_segment
    [_, _, missing, *_] = sorted(name for name in stored if name >= first)
    with changed(vault, stored[missing], None):
        words = refused(small, "database", "--to", "latest", "--data-dir", tmp_path / "data")
    assert "gap" in words and "1 segments before" in words
    assert not list((tmp_path / "data").glob("*"))


def test_a_damaged_segment_of_the_log_is_refused(small: Backups, tmp_path: Path) -> None:
    vault = vault_of(small)
    key = stored_segments(vault)[good_backups(vault)[-1].first_segment]
    with changed(vault, key, flipped(vault.get(key))):
        words = refused(small, "database", "--to", "latest", "--data-dir", tmp_path / "data")
    assert "damaged" in words
    assert not list((tmp_path / "data").glob("*"))


def test_another_key_opens_nothing(small: Backups, tmp_path: Path) -> None:
    small.done("new-key", tmp_path / "other")
    other = {"GENESIS_BACKUP_IDENTITY_FILE": str(tmp_path / "other")}
    for what, options in (("database", ("--data-dir", tmp_path / "data")), ("bucket", ())):
        words = refused(small, what, "--to", "latest", *options, **other, GENESIS_STORAGE_URL=empty(small))
        assert "another key" in words, words


def test_without_a_key_the_variable_is_named(small: Backups, tmp_path: Path) -> None:
    for wrong in ("", str(tmp_path / "nowhere"), str(small.folder / "archive.log")):
        words = refused(
            small, "database", "--to", "latest", "--data-dir", tmp_path, GENESIS_BACKUP_IDENTITY_FILE=wrong
        )
        assert "GENESIS_BACKUP_IDENTITY_FILE" in words


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk")
def test_a_disk_that_is_too_small_is_refused_before_anything_is_written(
    small: Backups, tmp_path: Path
) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", tmp_path], check=True)
    try:
        words = refused(small, "database", "--to", "latest", "--data-dir", tmp_path / "data")
        assert "GB free" in words
        assert not list((tmp_path / "data").glob("*"))
    finally:
        subprocess.run(["umount", tmp_path], check=True)


def test_nothing_is_overwritten(small: Backups, tmp_path: Path) -> None:
    (tmp_path / "PG_VERSION").write_text("15")
    words = refused(small, "database", "--to", "latest", "--data-dir", tmp_path)
    assert "not empty" in words
    assert (tmp_path / "PG_VERSION").read_text() == "15"


@pytest.mark.parametrize(
    ("moment", "said"),
    [("2001-01-01T00:00:00Z", "old enough"), ("2101-01-01T00:00:00Z", "--to latest")],
    ids=["before the first backup", "in the future"],
)
def test_a_moment_that_no_backup_reaches_is_refused(
    small: Backups, tmp_path: Path, moment: str, said: str
) -> None:
    assert said in refused(small, "database", "--to", moment, "--data-dir", tmp_path / "data")


def test_a_moment_without_a_time_zone_is_refused(small: Backups, tmp_path: Path) -> None:
    assert "time zone" in refused(small, "bucket", "--to", "2026-11-22T23:00:00")


def empty(backups: Backups) -> str:
    """A bucket's address that nobody has used."""
    return backups._service.s3.url()


def test_files_come_back_into_an_empty_bucket(small: Backups) -> None:
    where = empty(small)
    assert "5 objects" in small.restore("bucket", "--to", "latest", GENESIS_STORAGE_URL=where)
    back = BackupSettings.model_validate(_fields(small) | {"storage_url": where}).files()
    assert {one.key: back.get(one.key) for one in back.list()} == {
        f"results/x/{number}": SECRET_WORDS * (number + 1) for number in range(5)
    }
    assert "0 objects" in small.restore("bucket", "--to", "latest", GENESIS_STORAGE_URL=where), (
        "all there already"
    )


def test_a_damaged_file_is_named_and_the_others_come_back(small: Backups) -> None:
    vault, where = vault_of(small), empty(small)
    snapshot = read_snapshot(vault, snapshots(vault)[-1][1])
    key = content_key(snapshot.entries[0].sha256)
    with changed(vault, key, flipped(vault.get(key))):
        words = refused(small, "bucket", "--to", "latest", GENESIS_STORAGE_URL=where)
    assert "1 of 5" in words and snapshot.entries[0].key in words
    back = BackupSettings.model_validate(_fields(small) | {"storage_url": where}).files()
    assert len(list(back.list())) == 4


def test_a_damaged_list_is_refused(small: Backups) -> None:
    vault = vault_of(small)
    key = snapshots(vault)[-1][1]
    with changed(vault, key, flipped(vault.get(key))):
        assert "damaged" in refused(small, "bucket", "--to", "latest", GENESIS_STORAGE_URL=empty(small))


def test_only_what_is_new_is_stored_again(small: Backups) -> None:
    vault = vault_of(small)
    before = {one.key: one.modified_at for one in vault.list("objects")}
    service_files(small).put_bytes("results/y/1", b"new")
    small.done("backup-bucket")
    after = {one.key: one.modified_at for one in vault.list("objects")}
    service_files(small).delete("results/y/1")
    assert len(after) == len(before) + 1
    assert {key: after[key] for key in before} == before


def test_what_lies_in_the_vault_can_be_read_by_nobody(small: Backups) -> None:
    vault = vault_of(small)
    for one in vault.list():
        assert SECRET_WORDS not in vault.get(one.key)
        if one.key.endswith(".age"):
            assert vault.get(one.key).startswith(b"age-encryption.org/v1")


def test_prometheus_learns_when_each_kind_last_succeeded(small: Backups) -> None:
    metrics = small.folder / "metrics"
    until((metrics / "genesis_backup_wal.prom").exists)
    for kind in ("database", "wal", "bucket"):
        text = (metrics / f"genesis_backup_{kind}.prom").read_text()
        [line] = re.findall(
            rf'^genesis_backup_last_success_timestamp_seconds{{kind="{kind}"}} (\S+)$', text, re.M
        )
        assert abs(float(line) - time.time()) < 600


def test_the_archiver_answers_prometheus_for_all_kinds(small: Backups) -> None:
    url = f"http://127.0.0.1:{small.environment['GENESIS_METRICS_PORT']}/metrics"
    kinds = ("bucket", "database", "wal")
    pattern = r'^genesis_backup_last_success_timestamp_seconds{kind="(\w+)"} '
    # It looks into the bucket once a minute.
    until(lambda: tuple(re.findall(pattern, fetch(url).decode(), re.M)) == kinds, 90)


def test_a_database_that_is_away_is_said_without_its_password(small: Backups) -> None:
    url = f"postgresql://backup:secret@127.0.0.1:{free_ports(1)[0]}/postgres"
    for command in ("backup-database", "archive-wal"):
        done = small.run(command, GENESIS_BACKUP_DATABASE_URL=url)
        assert done.returncode == 1
        assert "secret" not in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GENESIS_BACKUP_URL", ""),
        ("GENESIS_BACKUP_URL", "backups"),
        ("GENESIS_BACKUP_ACCES_KEY", "x"),
        ("GENESIS_SECRETS_DIR", "/nowhere"),
        ("GENESIS_BACKUP_RECIPIENT", "age1nobody"),
        ("GENESIS_BACKUP_DATABASE_URL", "the primary"),
        ("GENESIS_BACKUP_DAILY", "0"),
        ("GENESIS_BACKUP_SLOT", "x; DROP TABLE users"),
        ("GENESIS_BACKUP_ENCRYPTION", "rot13"),
    ],
)
def test_a_wrong_setting_is_named(small: Backups, name: str, value: str) -> None:
    done = small.run("backup-database", **{name: value})
    assert done.returncode == 2, done.stderr
    assert name in done.stderr and "Traceback" not in done.stderr


def test_backups_do_not_go_into_the_bucket_they_are_of(small: Backups) -> None:
    done = small.run("backup-bucket", GENESIS_BACKUP_URL=small._service.environment["GENESIS_STORAGE_URL"])
    assert done.returncode == 2 and "GENESIS_BACKUP_URL" in done.stderr

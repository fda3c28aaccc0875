"""Backups, as far as they can be tried without servers: what stays, what goes, what the image holds."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyrage
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.backup.bucket import backup_bucket, prune_bucket, snapshots
from deploy.backup.database import BASE, DATABASE, MANIFEST, STAMP, BaseBackup, good_backups, prune_database
from deploy.backup.errors import DamagedBackupError, WrongKeyError
from deploy.backup.retention import Keep, kept
from deploy.backup.sealing import opened, sealed
from deploy.backup.settings import BackupSettings
from deploy.backup.wal_names import following, number, segment_name
from genesis_music.service.platform.storage import ObjectStore
from tests.deploy.tools import DEPLOY, ROOT, checked

NOW = datetime(2026, 11, 22, 3, tzinfo=UTC)
KEEP = Keep(daily=14, weekly=8, monthly=3)
MOMENTS = st.lists(
    st.datetimes(datetime(2024, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC)),
    min_size=1,
    max_size=80,
)


@given(MOMENTS, st.builds(Keep, st.integers(1, 20), st.integers(0, 10), st.integers(0, 14)))
def test_the_newest_always_stays(moments: list[datetime], keep: Keep) -> None:
    assert max(moments) in kept(moments, keep) <= set(moments)


@given(MOMENTS)
def test_what_was_removed_is_not_missed_the_next_time(moments: list[datetime]) -> None:
    staying = kept(moments, KEEP)
    assert kept(staying, KEEP) == staying


def test_a_year_of_nights_leaves_two_weeks_two_months_and_a_quarter() -> None:
    staying = kept([NOW - timedelta(days=day) for day in range(365)], KEEP)
    ages = sorted((NOW - moment).days for moment in staying)
    assert ages[:14] == list(range(14))
    assert len(ages) <= 14 + 8 + 3
    assert 49 <= ages[-1] <= 92, "what a user deleted is in no backup after about a quarter"


@given(st.sets(st.integers(0, 24 * 40), min_size=1))
def test_of_several_in_a_day_the_last_one_stays(hours: set[int]) -> None:
    moments = [NOW - timedelta(hours=hour) for hour in hours]
    last_of_days = {
        max(one for one in moments if one.date() == day) for day in {one.date() for one in moments}
    }
    assert kept(moments, Keep(50, 0, 0)) == last_of_days


def test_while_no_backup_succeeds_nothing_expires() -> None:
    """What stays is counted by days that have a backup, not by the calendar."""
    old = [NOW - timedelta(days=400 + day) for day in range(10)]
    assert kept(old, KEEP) == set(old)


@pytest.fixture
def identity(tmp_path: Path) -> Path:
    path = tmp_path / "identity"
    path.write_text(str(pyrage.x25519.Identity.generate()))
    return path


@pytest.fixture
def settings(tmp_path: Path, identity: Path) -> BackupSettings:
    """A vault and a bucket that are folders."""
    key = pyrage.x25519.Identity.from_str(identity.read_text())
    return BackupSettings(
        backup_url=(tmp_path / "vault").as_uri(),
        backup_recipient=str(key.to_public()),
        backup_identity_file=identity,
        storage_url=(tmp_path / "files").as_uri(),
    )


def stored(vault: ObjectStore, age_days: float, *, whole: bool = True, described: bool = True) -> str:
    """A base backup of some age; its log begins at the segment of its day."""
    finished = NOW - timedelta(days=age_days)
    name = finished.strftime(STAMP)
    segment = segment_name(1, f"0/{(400 - int(age_days)) << 20:X}", 1 << 20)
    made = BaseBackup(
        name, finished.isoformat(), finished.isoformat(), 170011, "1", 1, segment, 1 << 20, 10, 4, "x"
    )
    vault.put_bytes(f"{DATABASE}/{name}/{BASE}", b"base" if whole else b"ba")
    if described:
        vault.put_bytes(f"{DATABASE}/{name}/{MANIFEST}", json.dumps(asdict(made)).encode())
    vault.put_bytes(f"wal/{segment}.gz.age", b"log")
    return name


def test_a_cut_off_or_undescribed_backup_is_none_and_displaces_no_good_one(settings: BackupSettings) -> None:
    vault = settings.vault()
    good = stored(vault, 5)
    stored(vault, 1, whole=False)
    stored(vault, 0, described=False)
    assert [made.name for made in good_backups(vault)] == [good]
    strict = settings.model_copy(update={"backup_daily": 1, "backup_weekly": 0, "backup_monthly": 0})
    prune_database(strict, NOW)
    assert [made.name for made in good_backups(vault)] == [good], "the last good one stays, however old"


def test_nothing_is_removed_when_there_is_no_good_backup(settings: BackupSettings) -> None:
    vault = settings.vault()
    stored(vault, 30, whole=False)
    assert prune_database(settings, NOW) == []
    assert len(list(vault.list(DATABASE))) == 2


def test_expired_backups_go_with_the_log_that_no_day_needs(settings: BackupSettings) -> None:
    vault = settings.vault()
    for day in range(60):
        stored(vault, day)
    prune_database(settings, NOW)
    left = good_backups(vault)
    assert len(left) <= 25
    oldest_day = left[-14]
    segments = sorted(one.key for one in vault.list("wal"))
    assert len(segments) == 14 and oldest_day.first_segment in segments[0]


def test_an_unfinished_backup_is_left_alone_for_two_days(settings: BackupSettings) -> None:
    vault = settings.vault()
    stored(vault, 4)
    young, old = stored(vault, 1, described=False), stored(vault, 3, described=False)
    assert prune_database(settings, NOW) == [old]
    assert any(young in one.key for one in vault.list(DATABASE))


def test_only_contents_that_no_list_names_are_removed(settings: BackupSettings) -> None:
    files, vault = settings.files(), settings.vault()
    files.put_bytes("results/a", b"first")
    backup_bucket(settings, NOW - timedelta(days=40))
    backup_bucket(settings, NOW - timedelta(days=39, hours=23))
    files.delete("results/a")
    files.put_bytes("results/b", b"second")
    backup_bucket(settings, NOW)
    assert len(list(vault.list("objects"))) == 2, "the list of last month still names it"
    strict = settings.model_copy(update={"backup_daily": 1, "backup_weekly": 0, "backup_monthly": 0})
    prune_bucket(strict, datetime.now(UTC) + timedelta(days=3))
    assert len(snapshots(vault)) == 1
    assert len(list(vault.list("objects"))) == 1


def test_a_damaged_list_neither_counts_nor_hides_the_good_ones(settings: BackupSettings) -> None:
    files, vault = settings.files(), settings.vault()
    files.put_bytes("results/a", b"first")
    backup_bucket(settings, NOW - timedelta(hours=2))
    vault.put_bytes(f"snapshots/{NOW.strftime(STAMP)}-0123456789abcdef.json.gz", b"damaged")
    backup_bucket(settings, NOW + timedelta(hours=1))
    assert len(list(vault.list("objects"))) == 1
    assert len(snapshots(vault)) == 3, "a person should look at the damaged one"


@given(st.lists(st.binary(min_size=1, max_size=5000), max_size=20))
def test_what_was_sealed_is_opened_by_its_key_alone(tmp_path_factory: pytest.TempPathFactory, pieces) -> None:
    folder = tmp_path_factory.mktemp("keys")
    keys = [pyrage.x25519.Identity.generate() for _ in range(2)]
    for number_, key in enumerate(keys):
        (folder / str(number_)).write_text(str(key))
    parcel = b"".join(sealed(pieces, str(keys[0].to_public())))
    assert b"".join(opened([parcel], folder / "0")) == b"".join(pieces)
    with pytest.raises(WrongKeyError, match="another key"):
        list(opened([parcel], folder / "1"))
    with pytest.raises(DamagedBackupError):
        list(opened([parcel[:-1]], folder / "0"))
    changed = parcel[:-5] + bytes([parcel[-5] ^ 1]) + parcel[-4:]
    with pytest.raises(DamagedBackupError):
        list(opened([changed], folder / "0"))


def test_who_makes_the_pieces_fails_as_itself(settings: BackupSettings) -> None:
    def failing():
        yield b"x"
        raise ValueError("the database went away")

    with pytest.raises(ValueError, match="went away"):
        list(sealed(failing(), settings.backup_recipient))


@given(st.integers(0, 2**37), st.sampled_from([1, 16, 64]))
def test_segments_are_counted_as_postgresql_does(count: int, megabytes: int) -> None:
    size = megabytes << 20
    position = count * size
    name = segment_name(3, f"{position >> 32:X}/{position & 0xFFFFFFFF:X}", size)
    assert number(name, size) == count
    assert number(following(name, size), size) == count + 1
    assert following(name, size) > name


def test_the_segment_of_a_known_position() -> None:
    assert segment_name(1, "0/2000028", 16 << 20) == "000000010000000000000002"
    assert following("0000000100000000000000FF", 16 << 20) == "000000010000000100000000"


def test_the_commands_say_what_they_do() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "deploy.backup", "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for command in ("archive-wal", "backup-database", "backup-bucket", "restore", "list", "new-key"):
        assert command in done.stdout


def test_a_private_key_is_never_overwritten_and_nobody_else_s_to_read(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "deploy.backup", "new-key", tmp_path / "key"]
    made = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    content = (tmp_path / "key").read_text()
    assert made.stdout.strip().partition("=")[2] in content
    assert (tmp_path / "key").stat().st_mode & 0o077 == 0
    again = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert again.returncode == 2 and (tmp_path / "key").read_text() == content


def test_the_image_needs_nothing_but_what_is_locked() -> None:
    """What the commands import is the standard library, this project, and the packages of the lock."""
    program = (
        "import sys, deploy.backup.command; "
        "print(*sorted({m.split('.')[0] for m in sys.modules} - set(sys.stdlib_module_names)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": "."},
        capture_output=True,
        text=True,
        check=True,
    )
    lock = (DEPLOY / "backup/requirements.lock").read_text().replace("-", "_")
    own = {"deploy", "genesis_music", "sitecustomize", "cython_runtime"}
    for name in done.stdout.split():
        known = {"dotenv": "python_dotenv"}.get(name, name)
        assert name in own or name.startswith("_") or f"{known}==" in lock, (
            f"{name} is not in requirements.lock"
        )


def test_hadolint_and_shellcheck_find_nothing() -> None:
    checked("hadolint", DEPLOY / "backup/backup.Dockerfile")
    checked("shellcheck", DEPLOY / "backup/genesis-backup")

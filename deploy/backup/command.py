"""The commands: parse, call, say what was done."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import click
import pyrage

from deploy.backup.bucket import backup_bucket, snapshots
from deploy.backup.database import backup_database, good_backups
from deploy.backup.restore import restore_bucket, restore_database
from deploy.backup.settings import load_backup_settings
from deploy.backup.wal import archive_wal
from genesis_music.errors import GenesisError, InputError

EXIT_FAILED, EXIT_USER_MISTAKE = 1, 2
LATEST = "latest"


class Moment(click.ParamType):  # type: ignore[type-arg]  # generic in newer versions only
    """A point in time with its time zone, or ``latest``."""

    name = "moment"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime | str:
        """Read ISO 8601; ``latest`` stays as it is (click knows ``None`` as "not given")."""
        if value == LATEST or isinstance(value, datetime):
            return value
        try:
            moment = datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r}: write {LATEST} or a moment such as 2026-11-22T23:30:00Z", param, ctx)
        if moment.tzinfo is None:
            self.fail(f"{value!r} needs a time zone, such as Z at its end", param, ctx)
        return moment.astimezone(UTC)


TO = click.option("--to", "moment", type=Moment(), required=True, help="A moment (ISO 8601), or latest.")


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def app() -> None:
    """Backups of Genesis Music. Settings: GENESIS_BACKUP_… in the environment, see docs/operations/backup.md."""


@app.command("backup-database")
def database() -> None:
    """Copy the running database into the backup bucket, and remove what has expired."""
    made = backup_database(load_backup_settings())
    click.echo(f"{made.name}: {made.plain_bytes / 1e6:.1f} MB, {made.stored_bytes / 1e6:.1f} MB stored.")


@app.command("backup-bucket")
def bucket() -> None:
    """Copy what is new in the service's bucket into the backup bucket, and remove what has expired."""
    made = backup_bucket(load_backup_settings())
    click.echo(f"{made.name}: {len(made.entries)} objects.")


@app.command("archive-wal")
def archive() -> None:
    """Send the database's write-ahead log to the backup bucket until stopped: must always run."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    archive_wal(load_backup_settings(), stop)


@app.group()
def restore() -> None:
    """Restore the database or the bucket to a moment; nothing is overwritten."""


@restore.command("database")
@TO
@click.option(
    "--data-dir", type=click.Path(path_type=Path), required=True, help="Empty folder of the cluster."
)
def restored_database(moment: datetime | str, data_dir: Path) -> None:
    """Fill an empty data folder; PostgreSQL recovers to the moment when it is started on it."""
    done = restore_database(load_backup_settings(), data_dir, _wanted(moment))
    click.echo(
        f"{data_dir} holds the base backup {done.base.name} and {done.segments} files of the log: start PostgreSQL "
        f"{done.base.server_version // 10000} on it, it recovers and is then an ordinary primary."
    )


@restore.command("bucket")
@TO
def restored_bucket(moment: datetime | str) -> None:
    """Put back into the service's bucket what is not there."""
    done = restore_bucket(load_backup_settings(), _wanted(moment))
    click.echo(
        f"{done.objects} objects ({done.size_bytes / 1e6:.1f} MB) are back, from {', '.join(done.lists)}."
    )


@app.command("list")
def listed() -> None:
    """Say which good backups there are."""
    vault = load_backup_settings().vault()
    for made in good_backups(vault):
        click.echo(f"database {made.finished_at} {made.name} {made.stored_bytes / 1e6:.1f} MB")
    for taken, key in snapshots(vault):
        click.echo(f"bucket   {taken.isoformat()} {key}")


@app.command("new-key")
@click.argument("identity_file", type=click.Path(path_type=Path))
def new_key(identity_file: Path) -> None:
    """Make a pair of keys: the private one goes into a new file, the public one is printed."""
    identity = pyrage.x25519.Identity.generate()
    try:
        descriptor = os.open(identity_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise InputError(f"{identity_file} cannot be made: {error.strerror}.") from error
    with os.fdopen(descriptor, "w") as file:
        file.write(f"# public key: {identity.to_public()}\n{identity}\n")
    click.echo(f"GENESIS_BACKUP_RECIPIENT={identity.to_public()}")


def _wanted(moment: datetime | str) -> datetime | None:
    return moment if isinstance(moment, datetime) else None


def main(run: Callable[[], object] = lambda: app(prog_name="genesis-backup")) -> None:
    """Run a command; every foreseen failure is one line and an exit code, 2 where the operator can mend it."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        run()
    except GenesisError as error:
        click.echo(f"genesis-backup: {error}", err=True)
        sys.exit(EXIT_USER_MISTAKE if isinstance(error, InputError) else EXIT_FAILED)

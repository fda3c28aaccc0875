"""Settings of the backup, from ``GENESIS_…`` variables or secret files, like those of the service."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal, Self

import pyrage
from pydantic import AfterValidator, Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from deploy.backup.retention import Keep
from genesis_music.service.config import faults_named, refuse_slips
from genesis_music.service.platform.storage import ObjectStore, S3Credentials
from genesis_music.service.platform.storage_backends import Encryption
from genesis_music.service.setting_forms import storage_address


class BackupSettings(BaseSettings):
    """``GENESIS_BACKUP_URL`` sets ``backup_url`` and so on; ``storage_…`` are the service's own."""

    model_config = SettingsConfigDict(env_prefix="GENESIS_", extra="ignore", frozen=True)

    backup_url: Annotated[str, AfterValidator(storage_address)] = ""
    """``s3://bucket/prefix?endpoint=…&region=…``: another bucket than the service's, with other keys."""
    backup_access_key: SecretStr = SecretStr("")
    backup_secret_key: SecretStr = SecretStr("")
    backup_encryption: Encryption = "AES256"
    """Server-side encryption; what is stored is sealed with age before that."""
    backup_recipient: str = ""
    """Public key (``age1…``) that backups are sealed for: who takes backups cannot read them."""
    backup_identity_file: Path | None = None
    """Private key, for restoring only: kept off the machines that take backups."""

    backup_database_url: SecretStr = SecretStr("")
    """``postgresql://backup:password@primary:5432/postgres``, a role with REPLICATION."""
    backup_slot: str = Field(default="genesis_backup", pattern=r"^[a-z0-9_]{1,63}$")
    backup_wal_dir: Path = Path("/var/lib/genesis-backup/wal")
    """Where the log is received; survives restarts of the container."""
    backup_wal_seconds: float = Field(default=5.0, gt=0)
    """How often what was received is sent to the bucket: about the loss at most."""
    backup_metrics_dir: Path | None = None
    """Folder of node_exporter's textfile collector, for commands that end."""
    metrics_port: int | None = Field(default=None, ge=1, le=65535)
    """Where ``archive-wal``, which does not end, answers ``/metrics`` for all kinds of backups."""

    backup_daily: int = Field(default=14, ge=1)
    backup_weekly: int = Field(default=8, ge=0)
    backup_monthly: int = Field(default=3, ge=0)

    storage_url: Annotated[str, AfterValidator(storage_address)] = ""
    storage_access_key: SecretStr = SecretStr("")
    storage_secret_key: SecretStr = SecretStr("")
    storage_encryption: Encryption | Literal[""] = "AES256"

    @field_validator("backup_recipient")
    @classmethod
    def _is_public_key(cls, text: str) -> str:
        if not text:
            return text
        try:
            pyrage.x25519.Recipient.from_str(text)
        except pyrage.RecipientError as error:
            raise ValueError("must be a public key of age (age1…): `new-key` makes a pair") from error
        return text

    @field_validator("metrics_port", "backup_metrics_dir", "backup_identity_file", mode="before")
    @classmethod
    def _unset(cls, value: object) -> object:
        return None if value == "" else value

    @model_validator(mode="after")
    def _complete(self) -> Self:
        needed = (
            ("GENESIS_BACKUP_URL", self.backup_url, "s3://bucket/prefix?endpoint=https://…&region=…"),
            ("GENESIS_BACKUP_RECIPIENT", self.backup_recipient, "age1…, `new-key` makes a pair"),
        )
        if missing := [f"{name} is not set: {looks}" for name, value, looks in needed if not value]:
            raise ValueError("; ".join(missing))
        if self.storage_url and _place(self.storage_url) == _place(self.backup_url):
            raise ValueError("GENESIS_BACKUP_URL must be another bucket than GENESIS_STORAGE_URL")
        return self

    @property
    def keep(self) -> Keep:
        """How many backups stay."""
        return Keep(self.backup_daily, self.backup_weekly, self.backup_monthly)

    def vault(self) -> ObjectStore:
        """Open the bucket of backups."""
        return _open(self.backup_url, self.backup_access_key, self.backup_secret_key, self.backup_encryption)

    def files(self) -> ObjectStore:
        """Open the service's bucket."""
        return _open(
            self.storage_url,
            self.storage_access_key,
            self.storage_secret_key,
            self.storage_encryption or None,
        )


def load_backup_settings() -> BackupSettings:
    """Read the environment and the folder of secrets.

    Raises:
        SettingsError: one line that says which setting is missing or wrong.
    """
    folder = os.environ.get("GENESIS_SECRETS_DIR")
    refuse_slips(*BackupSettings.model_fields)
    with faults_named():
        return BackupSettings(_secrets_dir=folder) if folder else BackupSettings()  # type: ignore[call-arg]


def _open(url: str, key: SecretStr, secret: SecretStr, encryption: Encryption | None) -> ObjectStore:
    if not url.startswith("s3:"):
        return ObjectStore.from_url(url)
    pair = (
        S3Credentials(key.get_secret_value(), secret.get_secret_value()) if key.get_secret_value() else None
    )
    return ObjectStore.from_url(url, credentials=pair, encryption=encryption)


def _place(url: str) -> str:
    return url.partition("?")[0].rstrip("/")

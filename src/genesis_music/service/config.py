"""Every setting of the service, from the environment (``GENESIS_…``) or from secret files, checked at start."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from genesis_music.audio.links import YOUTUBE
from genesis_music.errors import SettingsError
from genesis_music.service import setting_forms as forms

MEGABYTE = 1024**2


class Mode(StrEnum):
    """Where the service runs: on one person's laptop, or for many."""

    EMBEDDED = "embedded"
    PRODUCTION = "production"


class ServiceSettings(BaseSettings):
    """One object for all processes; ``GENESIS_DATABASE_URL`` sets ``database_url`` and so on.

    A secret may also come from a file of its name in the folder ``GENESIS_SECRETS_DIR`` (as Docker and Kubernetes
    mount them). Lists are comma-separated.

    Raises:
        pydantic.ValidationError: a value makes no sense, or production lacks something it needs.
    """

    model_config = SettingsConfigDict(env_prefix="GENESIS_", extra="ignore", frozen=True)

    mode: Mode = Mode.PRODUCTION
    public_url: Annotated[str, AfterValidator(forms.origin)] = "http://127.0.0.1:8000"
    """Where users reach the service: goes into links, e-mails and token issuers."""
    release: str = ""
    environment: str = "development"
    support_email: Annotated[str, AfterValidator(forms.email_address)] = ""
    """Shown when a job has failed for good: whom to ask."""

    database_url: Annotated[str, AfterValidator(forms.database_address)] = ""
    """``postgresql+psycopg://user:password@host:5432/genesis``."""
    database_replica_url: Annotated[str, AfterValidator(forms.database_address)] = ""
    """PostgreSQL's read replica; empty: reads go to the primary."""
    redis_url: Annotated[str, AfterValidator(forms.redis_address)] = ""
    """``redis://:password@host:6379/0``; ``rediss://`` for TLS."""
    storage_url: Annotated[str, AfterValidator(forms.storage_address)] = ""
    """``file:///folder`` or ``s3://bucket/prefix?endpoint=…&region=…``."""
    storage_access_key: SecretStr = SecretStr("")
    storage_secret_key: SecretStr = SecretStr("")
    storage_encryption: Literal["AES256", "aws:kms", ""] = "AES256"
    """Server-side encryption of S3: ``AES256``, ``aws:kms`` or empty for none."""

    secret_keys: Annotated[tuple[SecretStr, ...], NoDecode] = ()
    """Keys that sign tokens, newest first; the others are still accepted."""
    access_token_seconds: int = Field(default=15 * 60, gt=0)
    refresh_token_seconds: int = Field(default=30 * 24 * 3600, gt=0)
    admin_emails: Annotated[tuple[str, ...], NoDecode, AfterValidator(forms.email_addresses)] = ()
    """Accounts with these addresses become administrators when they sign up."""
    sign_up_open: bool = True

    cors_origins: Annotated[tuple[str, ...], NoDecode, AfterValidator(forms.origins)] = ()
    """Other sites whose pages may use the API."""
    trusted_proxies: Annotated[tuple[str, ...], NoDecode, AfterValidator(forms.networks)] = ("127.0.0.1",)
    """Addresses or networks whose ``X-Forwarded-For`` is believed."""
    allowed_url_hosts: Annotated[tuple[str, ...], NoDecode, AfterValidator(forms.hosts)] = (
        YOUTUBE.allowed_hosts
    )
    """Hosts (with their subdomains) that links of recordings may point to."""
    webhook_private_hosts: Annotated[tuple[str, ...], NoDecode, AfterValidator(forms.places)] = ()
    """Private hosts that webhooks may nevertheless reach, for installations inside one network."""
    rate_limit_per_minute: int = Field(default=600, gt=0)
    """Requests of one user or address to all routes together; costly routes have stricter limits of their own."""
    rate_limits_enabled: bool = True

    max_upload_bytes: int = Field(default=500 * MEGABYTE, gt=0)
    max_body_bytes: int = Field(default=MEGABYTE, gt=0)
    """Largest request that is not an upload."""
    max_duration_seconds: float = Field(default=2 * 3600.0, gt=0)
    max_channels: int = Field(default=8, gt=0)
    max_active_jobs: int = Field(default=50, gt=0)
    """How many unfinished jobs one user may have."""
    upload_lifetime_seconds: int = Field(default=24 * 3600, gt=0)

    worker_processes: int = Field(default=1, gt=0)
    worker_queues: Annotated[tuple[str, ...], NoDecode] = ("cpu",)
    gpu_available: bool = False
    """Send separation jobs to the queue ``gpu``."""
    max_attempts: int = Field(default=3, gt=0)
    attempt_seconds: float = Field(default=180.0, gt=0)
    """An attempt at a job may take this long and a multiple of the recording's length; then it is told to end."""
    kill_after_seconds: float = Field(default=60.0, gt=0)
    """An attempt that goes on for so long after it was told to end is killed with its process."""
    lease_seconds: int = Field(default=30, gt=5)
    """A running job whose worker has not been heard of for this long is taken over."""

    smtp_url: SecretStr = SecretStr("")
    """``smtp://user:password@host:587`` (STARTTLS) or ``smtps://…:465``; empty: no e-mail is sent."""
    email_from: Annotated[str, AfterValidator(forms.email_address)] = "Genesis Music <no-reply@localhost>"
    sentry_dsn: Annotated[SecretStr, AfterValidator(forms.sentry_address)] = SecretStr("")
    """Where errors are reported, as Sentry's project settings show it; empty: nowhere."""
    otlp_endpoint: Annotated[str, AfterValidator(forms.collector_address)] = ""
    """Where spans go by OTLP over HTTP, e.g. ``http://otel-collector:4318``; empty: none are made."""
    metrics_port: Annotated[int | None, Field(ge=1, le=65535)] = None
    """Where Prometheus asks this process and its children, never the public port; empty: nothing is counted."""

    web_dir: Path | None = None
    """The built web application; empty: the one that came with the package, if any."""
    web_sentry_dsn: Annotated[str, Field(pattern=r"^$|^https?://[^\s;,]+$")] = ""
    """Where pages report their errors. Everybody can read it: not the service's own."""
    analytics_id: Annotated[str, Field(pattern=r"^$|^G-[A-Z0-9]{4,20}$")] = ""
    """Google Analytics' measurement id; empty: pages do not know of it."""
    separation_available: bool | None = None
    """Whether the workers can take bands apart; empty: whether Demucs is installed here."""

    data_dir: Path = Path("genesis-data")
    """Where the embedded service keeps everything."""

    @field_validator(
        "secret_keys",
        "admin_emails",
        "cors_origins",
        "trusted_proxies",
        "allowed_url_hosts",
        "webhook_private_hosts",
        "worker_queues",
        mode="before",
    )
    @classmethod
    def _split(cls, value: object) -> object:
        return (
            tuple(part.strip() for part in value.split(",") if part.strip())
            if isinstance(value, str)
            else value
        )

    @field_validator("web_dir", "separation_available", "metrics_port", mode="before")
    @classmethod
    def _unset(cls, value: object) -> object:
        return None if value == "" else value

    @model_validator(mode="after")
    def _complete(self) -> Self:
        missing = [
            f"{name} is not set: {looks}"
            for name, value, looks in (
                (
                    "GENESIS_DATABASE_URL",
                    self.database_url,
                    "postgresql+psycopg://user:password@host:5432/genesis",
                ),
                ("GENESIS_REDIS_URL", self.redis_url, "redis://:password@host:6379/0"),
                ("GENESIS_STORAGE_URL", self.storage_url, "s3://bucket/prefix?region=…"),
            )
            if not value
        ]
        if not self.secret_keys or any(len(key.get_secret_value()) < 32 for key in self.secret_keys):
            missing.append(
                "set GENESIS_SECRET_KEYS: at least one key of 32 characters or more, `openssl rand -base64 48`"
            )
        if bool(self.storage_access_key.get_secret_value()) != bool(
            self.storage_secret_key.get_secret_value()
        ):
            missing.append("GENESIS_STORAGE_ACCESS_KEY and GENESIS_STORAGE_SECRET_KEY: set both or neither")
        if missing:
            raise ValueError("; ".join(missing))
        return self

    @cached_property
    def embedded(self) -> bool:
        """Whether one local user works without signing in."""
        return self.mode is Mode.EMBEDDED


def load_settings() -> ServiceSettings:
    """Read the environment and the secrets folder."""
    folder = os.environ.get("GENESIS_SECRETS_DIR")
    return ServiceSettings(_secrets_dir=folder) if folder else ServiceSettings()  # type: ignore[call-arg]  # pydantic's own argument


def checked_settings() -> ServiceSettings:
    """Read the settings from the environment.

    Raises:
        SettingsError: one line that says which setting is missing or wrong.
    """
    refuse_slips()
    with faults_named():
        return load_settings()


def refuse_slips(*others: str) -> None:
    """Refuse variables and secret files whose names are almost those of settings (or of ``others``).

    Raises:
        SettingsError: one line that says which are meant; a secret file or their folder cannot be read.
    """
    known = {name.upper() for name in (*ServiceSettings.model_fields, *others)}
    names = (*os.environ, *_secret_files())
    given = (name.removeprefix("GENESIS_") for name in names if name.startswith("GENESIS_"))
    if slips := forms.slips(given, known):
        raise SettingsError("; ".join(slips))


def _secret_files() -> list[str]:
    """Names of the files in the secrets folder, as variables; all of our own must be readable.

    Raises:
        SettingsError: there is no such folder, or a secret cannot be read.
    """
    folder = os.environ.get("GENESIS_SECRETS_DIR")
    if not folder:
        return []
    if not Path(folder).is_dir():
        raise SettingsError(f"GENESIS_SECRETS_DIR: there is no folder {folder}.")
    try:
        files = [path for path in Path(folder).iterdir() if path.name.lower().startswith("genesis_")]
    except OSError as error:
        raise SettingsError(f"GENESIS_SECRETS_DIR: {folder} cannot be read: {error.strerror}.") from error
    for path in files:
        try:
            path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is no text"
            raise SettingsError(f"{path.name.upper()}: the file {path} cannot be read: {reason}.") from error
    return [path.name.upper() for path in files]


@contextmanager
def faults_named() -> Iterator[None]:
    """Say which settings are wrong by the names of their variables; what they hold may be secret.

    Raises:
        SettingsError: one line for all of them.
    """
    try:
        yield
    except ValidationError as error:
        faults = []
        for fault in error.errors(include_input=False, include_url=False):
            name = "_".join(map(str, ("GENESIS", *fault["loc"]))).upper()
            said = fault["msg"].removeprefix("Value error, ")
            faults.append(f"{name}: {said}" if fault["loc"] else said)
        raise SettingsError("; ".join(faults)) from error

"""From a storage URL to the place behind it: a folder, memory (tests) or an S3 bucket."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from obstore.store import LocalStore, MemoryStore, S3Store

from genesis_music.errors import SettingsError
from genesis_music.service.platform.presign import S3Credentials, presign_get

if TYPE_CHECKING:
    from obstore.store import ClientConfig, S3Config

Encryption = Literal["AES256", "aws:kms"]
"""Server-side encryption of S3: with keys of S3 itself, or with a key of the key management service."""

DEFAULT_REGION = "us-east-1"
MEBIBYTE = 1024 * 1024

S3_TIMEOUTS: "ClientConfig" = {"connect_timeout": "3s", "timeout": "30s"}
"""Per request; a request moves at most one block or one part, so that a long recording on a slow line is no failure."""


@dataclass(frozen=True)
class Backend:
    """Where objects are kept and what differs between the places."""

    store: LocalStore | MemoryStore | S3Store
    root: Path | None
    """The folder of a local store; None elsewhere."""
    part_bytes: int
    """Size of one part of a streamed upload; S3 wants at least 5 MiB."""
    presign: Callable[[str, int, dict[str, str]], str] | None
    """(key, seconds, response parameters) to a link; None where the service must deliver the bytes itself."""


def open_backend(
    url: str,
    credentials: S3Credentials | None = None,
    encryption: Encryption | None = None,
    kms_key_id: str | None = None,
) -> Backend:
    """Return the place behind `file:///folder`, `memory://` or
    `s3://bucket/prefix?endpoint=…&region=…&public_endpoint=…`.

    `public_endpoint` is the address that browsers reach S3 at, where it is not the service's own (`endpoint`). Without
    `credentials` S3 takes them from the machine's role or the AWS environment variables.
    Raises SettingsError for another scheme, an unknown parameter, or S3 settings beside a local folder.
    """
    scheme = urlsplit(url).scheme
    if scheme != "s3" and (credentials or encryption or kms_key_id):
        raise SettingsError(
            f"Credentials and encryption belong to s3:// storage, not to {scheme}://: remove them."
        )
    match scheme:
        case "file":
            return _local(url)
        case "memory":
            return Backend(MemoryStore(), None, MEBIBYTE, None)
        case "s3":
            return _s3(url, credentials, encryption, kms_key_id)
        case _:
            raise SettingsError(f"Storage {url!r} is not known: use file:///folder or s3://bucket/prefix.")


def _local(url: str) -> Backend:
    parts = urlsplit(url)
    if parts.netloc or not parts.path.startswith("/") or parts.query:
        raise SettingsError(f"Storage {url!r} must be an absolute folder: file:///folder.")
    root = Path(unquote(parts.path))
    root.mkdir(parents=True, exist_ok=True)
    return Backend(LocalStore(root, automatic_cleanup=True), root, MEBIBYTE, None)


def _s3(
    url: str, credentials: S3Credentials | None, encryption: Encryption | None, kms_key_id: str | None
) -> Backend:
    bucket, prefix = urlsplit(url).netloc, urlsplit(url).path.strip("/")
    options = _s3_options(url)
    region = options.get("region", DEFAULT_REGION)
    endpoint = options.get("endpoint", f"https://s3.{region}.amazonaws.com")
    store = S3Store(
        bucket,
        prefix=prefix or None,
        config=_s3_config(endpoint, region, credentials, encryption, kms_key_id),
        client_options={**S3_TIMEOUTS, "allow_http": endpoint.startswith("http://")},
        retry_config={
            "max_retries": 3,
            "retry_timeout": timedelta(seconds=30),
            "backoff": {
                "init_backoff": timedelta(milliseconds=100),
                "max_backoff": timedelta(seconds=2),
                "base": 2,
            },
        },
    )
    base = "/".join(
        part for part in (options.get("public_endpoint", endpoint).rstrip("/"), bucket, prefix) if part
    )

    def presign(key: str, seconds: int, response_headers: dict[str, str]) -> str:
        assert credentials
        return presign_get(f"{base}/{quote(key)}", region, credentials, seconds, response_headers)

    return Backend(store, None, 5 * MEBIBYTE, presign if credentials else None)


def _s3_options(url: str) -> dict[str, str]:
    options = dict(parse_qsl(urlsplit(url).query))
    unknown = options.keys() - {"endpoint", "region", "public_endpoint"}
    if unknown or not urlsplit(url).netloc:
        raise SettingsError(
            f"Storage {url!r} must be s3://bucket/prefix?endpoint=…&region=…&public_endpoint=…."
        )
    return options


def _s3_config(
    endpoint: str,
    region: str,
    credentials: S3Credentials | None,
    encryption: Encryption | None,
    kms_key_id: str | None,
) -> "S3Config":
    config: S3Config = {"endpoint": endpoint, "region": region}
    if credentials:
        config["access_key_id"] = credentials.access_key_id
        config["secret_access_key"] = credentials.secret_access_key
    if credentials and credentials.session_token:
        config["session_token"] = credentials.session_token
    if encryption:
        config["server_side_encryption"] = encryption
    if kms_key_id:
        config["sse_kms_key_id"] = kms_key_id
    return config

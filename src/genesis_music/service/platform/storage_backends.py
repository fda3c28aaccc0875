"""From a storage URL to the place behind it: a folder, memory (tests) or an S3 bucket."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from obstore.store import LocalStore, MemoryStore, S3Store

from genesis_music.errors import SettingsError
from genesis_music.service.platform.presign import S3Credentials, presign_get

if TYPE_CHECKING:
    from obstore.store import RetryConfig, S3Config

Encryption = Literal["AES256", "aws:kms"]
"""Server-side encryption of S3: with keys of S3 itself, or with a key of the key management service."""

MEBIBYTE = 1024 * 1024
LOCAL_PART_BYTES = MEBIBYTE
S3_PART_BYTES = 5 * MEBIBYTE
"""S3 takes no smaller ones; it takes 10,000, so that an upload may have 48 GiB."""

CONNECT_SECONDS = 3.0
TIMEOUT_SECONDS = 20.0
"""Per request, which moves at most one block or one part; a request is sent again only within this time, so a caller
learns after about twice this at the latest that S3 hangs."""

Presign = Callable[[str, int, dict[str, str]], str]
"""(key, seconds, response parameters) to a link."""


@dataclass(frozen=True)
class Backend:
    """Where objects are kept and what differs between the places."""

    store: LocalStore | MemoryStore | S3Store
    root: Path | None
    """The folder of a local store; None elsewhere."""
    part_bytes: int
    """Size of one part of a streamed upload."""
    presign: Presign | None
    """None where the service must deliver the bytes itself."""


@dataclass(frozen=True)
class S3Place:
    """Where a bucket is, and the prefix that is the service's own."""

    bucket: str
    prefix: str
    region: str
    endpoint: str
    public_endpoint: str
    timeout: timedelta

    @classmethod
    def from_url(cls, url: str) -> "S3Place":
        """Read `s3://bucket/prefix?endpoint=…&region=…&public_endpoint=…&timeout=…`. Raises SettingsError."""
        parts = urlsplit(url)
        options = dict(parse_qsl(parts.query))
        region = options.pop("region", "us-east-1")
        endpoint = options.pop("endpoint", f"https://s3.{region}.amazonaws.com").rstrip("/")
        public_endpoint = options.pop("public_endpoint", endpoint).rstrip("/")
        seconds = options.pop("timeout", str(TIMEOUT_SECONDS))
        if options or not parts.netloc or "@" in parts.netloc or not seconds.replace(".", "", 1).isdecimal():
            shape = "s3://bucket/prefix?endpoint=…&region=…&public_endpoint=…&timeout=seconds"
            raise SettingsError(f"Storage must be {shape}, with credentials in settings of their own.")
        timeout = timedelta(seconds=float(seconds))
        return cls(parts.netloc, parts.path.strip("/"), region, endpoint, public_endpoint, timeout)


def open_backend(
    url: str,
    credentials: S3Credentials | None = None,
    encryption: Encryption | None = None,
    kms_key_id: str | None = None,
) -> Backend:
    """Return the place behind `file:///folder`, `memory://` or `s3://bucket/prefix?endpoint=…&region=…&…`.

    Of S3's parameters, `public_endpoint` is the address that browsers reach it at, where that is not the service's own
    (`endpoint`), and `timeout` the seconds that one request may take. Without `credentials` they come from the
    machine's role or the AWS environment variables.
    Raises SettingsError for another scheme, an unknown parameter, or S3 settings beside a local folder.
    """
    scheme = urlsplit(url).scheme
    if scheme != "s3" and (credentials or encryption or kms_key_id):
        raise SettingsError(
            f"Credentials and encryption belong to s3:// storage, not {scheme}://: remove them."
        )
    match scheme:
        case "file":
            return _local(url)
        case "memory":
            return Backend(MemoryStore(), None, LOCAL_PART_BYTES, None)
        case "s3":
            return _s3(S3Place.from_url(url), credentials, encryption, kms_key_id)
        case _:
            raise SettingsError(
                f"Storage {scheme}:// is not known: use file:///folder or s3://bucket/prefix."
            )


def _local(url: str) -> Backend:
    parts = urlsplit(url)
    if parts.netloc or not parts.path.startswith("/") or parts.query:
        raise SettingsError(f"Storage {url!r} must be an absolute folder: file:///folder.")
    root = Path(unquote(parts.path))
    root.mkdir(parents=True, exist_ok=True)
    return Backend(LocalStore(root, automatic_cleanup=True), root, LOCAL_PART_BYTES, None)


def _s3(
    place: S3Place, credentials: S3Credentials | None, encryption: Encryption | None, kms_key_id: str | None
) -> Backend:
    store = S3Store(
        place.bucket,
        prefix=place.prefix or None,
        config=_s3_config(place, credentials, encryption, kms_key_id),
        client_options={
            "connect_timeout": timedelta(seconds=CONNECT_SECONDS),
            "timeout": place.timeout,
            "allow_http": place.endpoint.startswith("http://"),
        },
        retry_config=_retries(place.timeout),
    )
    presign = _presigner(place, credentials) if credentials else None
    return Backend(store, None, S3_PART_BYTES, presign)


def _s3_config(
    place: S3Place, credentials: S3Credentials | None, encryption: Encryption | None, kms_key_id: str | None
) -> "S3Config":
    if encryption and encryption not in get_args(Encryption):
        raise SettingsError(
            f"Encryption {encryption!r} is not known: use {' or '.join(get_args(Encryption))}."
        )
    if kms_key_id and encryption != "aws:kms":
        raise SettingsError("A KMS key needs the encryption aws:kms.")
    config: S3Config = {"endpoint": place.endpoint, "region": place.region}
    if credentials:
        config["access_key_id"] = credentials.access_key_id
        config["secret_access_key"] = credentials.secret_access_key
        if credentials.session_token:
            config["session_token"] = credentials.session_token
    if encryption:
        config["server_side_encryption"] = encryption
    if kms_key_id:
        config["sse_kms_key_id"] = kms_key_id
    return config


def _retries(within: timedelta) -> "RetryConfig":
    first, longest = timedelta(seconds=0.1), timedelta(seconds=2)
    return {
        "max_retries": 3,
        "retry_timeout": within,
        "backoff": {"init_backoff": first, "max_backoff": longest, "base": 2},
    }


def _presigner(place: S3Place, credentials: S3Credentials) -> Presign:
    base = "/".join(part for part in (place.public_endpoint, place.bucket, place.prefix) if part)

    def presign(key: str, seconds: int, response_headers: dict[str, str]) -> str:
        return presign_get(f"{base}/{quote(key)}", place.region, credentials, seconds, response_headers)

    return presign

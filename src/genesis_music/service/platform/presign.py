"""Links to S3 objects that work without credentials for a while: AWS Signature Version 4 in the query string.

Follows "Authenticating Requests: Using Query Parameters (AWS Signature Version 4)", Amazon S3 API Reference.
obstore signs too, but cannot add the parameters that name the downloaded file, and these must be covered by
the signature.
"""

import hashlib
import hmac
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import quote, urlencode, urlsplit

ALGORITHM = "AWS4-HMAC-SHA256"
MAXIMUM_SECONDS = 7 * 24 * 3600
"""S3 refuses links that live longer than a week."""


@dataclass(frozen=True)
class S3Credentials:
    """A key pair; `session_token` belongs to temporary pairs only. Secrets stay out of `repr`."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)


def presign_get(
    object_url: str,
    region: str,
    credentials: S3Credentials,
    seconds: int,
    response_headers: dict[str, str],
    now: datetime | None = None,
) -> str:
    """Return `object_url` (without a query) as a link that may be fetched for `seconds` (1 to a week).

    `response_headers` are `response-…` parameters (for example `response-content-disposition`) that S3 answers with.
    """
    parts = urlsplit(object_url)
    stamp = (now or datetime.now(UTC)).strftime("%Y%m%dT%H%M%SZ")
    scope = f"{stamp[:8]}/{region}/s3/aws4_request"
    parameters = response_headers | {
        "X-Amz-Algorithm": ALGORITHM,
        "X-Amz-Credential": f"{credentials.access_key_id}/{scope}",
        "X-Amz-Date": stamp,
        "X-Amz-Expires": str(seconds),
        "X-Amz-SignedHeaders": "host",
    }
    if credentials.session_token:
        parameters["X-Amz-Security-Token"] = credentials.session_token
    query = urlencode(sorted(parameters.items()), quote_via=quote, safe="-_.~")
    request = "\n".join(
        ["GET", quote(parts.path), query, f"host:{parts.netloc}\n", "host", "UNSIGNED-PAYLOAD"]
    )
    to_sign = "\n".join([ALGORITHM, stamp, scope, hashlib.sha256(request.encode()).hexdigest()])
    signature = _hmac(_signing_key(credentials.secret_access_key, scope), to_sign).hex()
    return f"{object_url}?{query}&X-Amz-Signature={signature}"


def _signing_key(secret: str, scope: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = _hmac(key, part)
    return key


def _hmac(key: bytes, message: str) -> bytes:
    return hmac.new(key, message.encode(), hashlib.sha256).digest()


def content_disposition(filename: str) -> str:
    """Return the header value that makes a browser save a download as `filename` (RFC 6266), whatever it contains."""
    plain = re.sub(r"[^A-Za-z0-9 ._()-]", "_", filename)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(filename, safe='')}"

"""Requests to addresses that a user gave (webhooks, fetches), without reaching what only we can reach.

A URL is checked as text, its host is resolved once, every address it resolves to must be public, and the
connection goes to just those addresses (a second answer of the name server is never asked for). Redirects pass
the same checks hop by hop. Time and size of an answer are bounded as a whole.
"""

from __future__ import annotations

import ipaddress
import re
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import httpcore
import httpx

from genesis_music.audio.links import is_address, is_host_within, unambiguous_parts
from genesis_music.service.errors import InvalidRequestError

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolver = Callable[[str, int], Iterable[str]]
"""Host and port to the textual addresses of the host."""

MAX_REDIRECTS = 5
_USUAL_PORTS = {"http": 80, "https": 443}
_LONGEST_URL = 2048
_LONGEST_HOST = 253
_MOST_ADDRESSES = 4
_WRITE_BYTES = 16 * 1024
_HOST = re.compile(r"[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*")
_IPV6 = re.compile(r"[0-9a-f:.]*:[0-9a-f:.]*")

_PUBLIC_IPV6 = ipaddress.ip_network("2000::/3")
_SPECIAL_NETWORKS = tuple(
    ipaddress.ip_network(network)
    for network in (
        "168.63.129.16/32",  # Azure's host, public by its number only
        "192.0.0.0/24",  # protocol assignments, among them a cloud's metadata
        "192.88.99.0/24",  # relays from IPv6 to IPv4 (6to4)
        "2001::/23",  # protocol assignments, among them Teredo (holds an IPv4 address)
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4 (holds an IPv4 address)
        "3fff::/20",  # documentation
    )
)
"""Networks that ``ipaddress`` calls global, or did in one of its versions, and that lead elsewhere."""


class UnsafeUrlError(InvalidRequestError):
    """A URL that must not be contacted; the message says why, and tells nothing of our network."""

    code, title = "unsafe-url", "The link is not allowed"


@dataclass(frozen=True, slots=True)
class UrlPolicy:
    """What may be contacted.

    ``allowed_hosts``: these hosts and their subdomains only; empty means any public host. ``private_hosts``
    (``host`` or ``host:port``, matched exactly) may be private and may be contacted without TLS. ``ports`` may be
    contacted besides the scheme's own. ``seconds`` bounds each hop of a request as a whole, ``max_bytes`` the
    body of the answer.
    """

    allowed_hosts: tuple[str, ...] = ()
    private_hosts: tuple[str, ...] = ()
    schemes: frozenset[str] = frozenset({"https"})
    ports: frozenset[int] = frozenset()
    connect_seconds: float = 5.0
    seconds: float = 15.0
    max_bytes: int = 1024**2

    def may_be_private(self, host: str, port: int) -> bool:
        """Whether a host at a port is one that the operator trusts, wherever it is."""
        bracketed = f"[{host}]" if ":" in host else host
        return f"{bracketed}:{port}" in self.private_hosts or (
            bracketed in self.private_hosts and port in _USUAL_PORTS.values()
        )


PUBLIC_HTTPS = UrlPolicy()
"""Any public host, https at its usual port."""


@dataclass(frozen=True, slots=True)
class CheckedUrl:
    """A URL that is allowed as far as its text goes; ``host`` is ASCII and lower case."""

    text: str
    scheme: str
    host: str
    port: int


def check_url(url: str, policy: UrlPolicy = PUBLIC_HTTPS) -> CheckedUrl:
    """Check a URL as text, before anything is resolved or contacted.

    Raises:
        UnsafeUrlError: not an absolute web address, ambiguous, with a user name, to a port, a scheme or a host
            that is not allowed, or to a bare IP address that is not public.
    """
    parts = unambiguous_parts(url) if len(url) <= _LONGEST_URL else None
    if parts is None or parts.scheme not in _USUAL_PORTS or not parts.hostname:
        raise UnsafeUrlError("Give a link that starts with https://.")
    if "@" in parts.netloc:
        raise UnsafeUrlError("A link with a user name in it is not accepted: leave it out.")
    host = _ascii_host(parts.hostname)
    if ("[" in parts.netloc) != (":" in host):
        raise _malformed()
    port = _USUAL_PORTS[parts.scheme] if parts.port is None else parts.port
    if not policy.may_be_private(host, port):
        _check_public(parts.scheme, host, port, policy)
    netloc = f"[{host}]" if ":" in host else host
    if port != _USUAL_PORTS[parts.scheme]:
        netloc += f":{port}"
    text = parts._replace(netloc=netloc, fragment="").geturl()
    return CheckedUrl(text, parts.scheme, host, port)


def _ascii_host(host: str) -> str:
    """A host in the form that is looked up (IDNA 2008); notations that programs may read differently are refused."""
    import idna

    try:
        encoded = host if host.isascii() else idna.encode(host, strict=True).decode()
    except (idna.IDNAError, UnicodeError) as error:
        raise _malformed() from error
    encoded = encoded.removesuffix(".").lower()
    if len(encoded) > _LONGEST_HOST or not (_IPV6.fullmatch(encoded) or _HOST.fullmatch(encoded)):
        raise _malformed()
    return encoded


def _malformed() -> UnsafeUrlError:
    return UnsafeUrlError("The link's host is malformed: copy the link again.")


def _check_public(scheme: str, host: str, port: int, policy: UrlPolicy) -> None:
    if scheme not in policy.schemes:
        raise UnsafeUrlError(f"Links with {scheme}:// are not allowed: use https://.")
    if port != _USUAL_PORTS[scheme] and port not in policy.ports:
        raise UnsafeUrlError(f"Port {port} is not allowed: use the usual one.")
    if policy.allowed_hosts and not is_host_within(host, policy.allowed_hosts):
        raise UnsafeUrlError(f"Links to {host} are not allowed.")
    try:
        public = is_public(ipaddress.ip_address(host))
    except ValueError:
        public = "." in host and not is_address(host)
    if not public:
        raise _not_public()


def _not_public() -> UnsafeUrlError:
    return UnsafeUrlError("The link does not lead to a public address: use one that anybody can reach.")


def is_public(address: IpAddress) -> bool:
    """Whether an address belongs to a machine in the public Internet, and carries no other address inside."""
    if isinstance(address, ipaddress.IPv6Address) and address not in _PUBLIC_IPV6:
        return False  # loopback, link-local, unique local, multicast, IPv4-mapped, NAT64 …
    if any(address in network for network in _SPECIAL_NETWORKS if network.version == address.version):
        return False
    return address.is_global and not address.is_multicast


def resolve(host: str, port: int) -> Iterable[str]:
    """The addresses of a host, as the system's resolver gives them."""
    answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return dict.fromkeys(str(answer[4][0]) for answer in answers)


def public_addresses(
    host: str, port: int, policy: UrlPolicy = PUBLIC_HTTPS, resolver: Resolver = resolve
) -> tuple[str, ...]:
    """The addresses that may be connected to for a host.

    Raises:
        UnsafeUrlError: the host does not exist, or any of its addresses is not public.
    """
    try:
        texts = tuple(resolver(host, port))
    except (OSError, UnicodeError) as error:
        raise UnsafeUrlError(f"The host {host} does not exist: check the link.") from error
    if not texts:
        raise UnsafeUrlError(f"The host {host} does not exist: check the link.")
    if not policy.may_be_private(host, port) and not all(_is_public_text(text) for text in texts):
        raise _not_public()
    return texts


def _is_public_text(text: str) -> bool:
    try:
        return is_public(ipaddress.ip_address(text))
    except ValueError:  # with a zone (fe80::1%eth0) in it
        return False


def safe_client(policy: UrlPolicy = PUBLIC_HTTPS, *, resolver: Resolver = resolve) -> httpx.Client:
    """An HTTP client that contacts only what the policy allows; follows redirects only when asked to.

    No proxy, no cookies, no connection kept for another request; threads may share it. Closing it is the caller's.

    Raises (by its requests):
        UnsafeUrlError: the URL or one it was redirected to is not allowed.
        httpx.HTTPError: cannot be reached, too slow, too many redirects; httpx.ReadError: an answer too large.
    """
    return httpx.Client(
        transport=_SafeTransport(policy, resolver),
        timeout=httpx.Timeout(policy.seconds, connect=policy.connect_seconds),
        max_redirects=MAX_REDIRECTS,
        follow_redirects=False,
        trust_env=False,
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
        headers={"user-agent": "genesis-music"},
    )


class _SafeTransport(httpx.BaseTransport):
    """Checks every request, redirects included, and connects through the guarded backend."""

    def __init__(self, policy: UrlPolicy, resolver: Resolver) -> None:
        self._policy = policy
        self._pool = httpcore.ConnectionPool(
            ssl_context=httpx.create_ssl_context(trust_env=False),
            max_keepalive_connections=0,
            network_backend=_GuardedBackend(policy, resolver),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        checked = check_url(str(request.url), self._policy)
        request.headers["accept-encoding"] = "identity"
        assert isinstance(request.stream, httpx.SyncByteStream)
        raw = httpcore.Request(
            method=request.method,
            url=httpcore.URL(
                scheme=checked.scheme, host=checked.host, port=checked.port, target=request.url.raw_path
            ),
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        with _httpx_errors():
            response = self._pool.handle_request(raw)
        # A compressed answer could unpack to any size: left as it is.
        headers = [(name, value) for name, value in response.headers if name.lower() != b"content-encoding"]
        stream = _BoundedStream(response, self._policy.max_bytes)
        return httpx.Response(response.status, headers=headers, stream=stream, extensions=response.extensions)

    def close(self) -> None:
        self._pool.close()


class _BoundedStream(httpx.SyncByteStream):
    """The body of an answer, as far as the limit of its size allows."""

    def __init__(self, response: httpcore.Response, max_bytes: int) -> None:
        self._response = response
        self._max_bytes = max_bytes

    def __iter__(self) -> Iterator[bytes]:
        received = 0
        with _httpx_errors():
            for chunk in self._response.iter_stream():
                received += len(chunk)
                if received > self._max_bytes:
                    raise httpcore.ReadError(f"the answer is larger than {self._max_bytes} bytes")
                yield chunk

    def close(self) -> None:
        self._response.close()


@contextmanager
def _httpx_errors() -> Iterator[None]:
    """The errors of httpcore as those of the same name in httpx."""
    try:
        yield
    except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError) as error:
        raise getattr(httpx, type(error).__name__)(str(error)) from error


class _GuardedBackend(httpcore.NetworkBackend):
    """Connects to nothing but the addresses that were checked; each connection has one deadline."""

    def __init__(self, policy: UrlPolicy, resolver: Resolver) -> None:
        self._policy = policy
        self._resolver = resolver
        self._sockets = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        deadline = time.monotonic() + self._policy.seconds
        addresses = public_addresses(host, port, self._policy, self._resolver)
        failure: Exception = httpcore.ConnectError("no address")
        for address in addresses[:_MOST_ADDRESSES]:
            try:
                stream = self._sockets.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                return _DeadlineStream(stream, deadline)
        raise failure


class _DeadlineStream(httpcore.NetworkStream):
    """A connection that has to be done with by a point in time, however slowly the other side drips."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: float) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), _WRITE_BYTES):
            piece = buffer[start : start + _WRITE_BYTES]
            self._stream.write(piece, self._left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = self._left(timeout, httpcore.ConnectTimeout)
        return _DeadlineStream(self._stream.start_tls(ssl_context, server_hostname, left), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)

    def _left(self, timeout: float | None, late: type[httpcore.TimeoutException]) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise late("the answer takes too long")
        return left if timeout is None else min(timeout, left)

"""No URL, name server or redirect makes us contact what only we can reach."""

import gzip
import ipaddress
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from genesis_music.service.platform.urls import (
    UnsafeUrlError,
    UrlPolicy,
    check_url,
    is_public,
    public_addresses,
    safe_client,
)
from tests.service.servers import free_ports

WEB = UrlPolicy(schemes=frozenset({"http", "https"}))


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("https://example.com", "https://example.com"),
        ("https://example.com/a/b?c=d&e=%2F", "https://example.com/a/b?c=d&e=%2F"),
        ("HTTPS://Example.COM:443/#part", "https://example.com/"),
        ("https://example.com./", "https://example.com/"),
        ("https://bücher.example/x", "https://xn--bcher-kva.example/x"),
        ("https://xn--bcher-kva.example/", "https://xn--bcher-kva.example/"),
        ("https://1.1.1.1/", "https://1.1.1.1/"),
        ("https://[2606:4700::1111]/", "https://[2606:4700::1111]/"),
        ("https://7up.example/", "https://7up.example/"),
    ],
)
def test_a_usual_link_is_taken_in_one_spelling(url: str, text: str) -> None:
    assert check_url(url).text == text


_PRIVATE = """
127.0.0.1 127.1 127.0.1 127.255.255.254 0 0.0.0.0 2130706433 017700000001 0x7f000001 0x7f.0.0.1
0x7F.1 0177.0.0.1 0177.1 127.0.0.0x1 00000177.0.0.1 127.0.0.1. 4294967295 99999999999999999999 1
1.0x1 10.0.0.1 10.1 172.16.0.1 172.31.255.255 192.168.0.1 192.168.257 100.64.0.1 100.127.255.255
169.254.169.254 0251.0376.0251.0376 2852039166 0xa9fea9fe 192.0.0.192 168.63.129.16 100.100.100.200
198.18.0.1 192.0.2.1 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255
192.88.99.1 [::] [::1] [::127.0.0.1] [0:0:0:0:0:0:0:1] [::ffff:127.0.0.1] [::ffff:7f00:1]
[0:0:0:0:0:ffff:127.0.0.1] [::ffff:0:127.0.0.1] [64:ff9b::7f00:1] [64:ff9b::127.0.0.1]
[64:ff9b:1::a00:1] [2002:7f00:1::] [2002:a9fe:a9fe::] [2001:0:7f00:1::] [2001::1] [2001:db8::1]
[3fff::1] [fe80::1] [fe80::1%25eth0] [fe80::1%eth0] [fc00::1] [fd00:ec2::254] [fec0::1] [ff02::1]
[100::1] [5f00::1] [::ffff:0:0] [::ffff:1.1.1.1] [64:ff9b::1.1.1.1] localhost LOCALHOST localhost.
redis metadata postgres ip6-localhost １２７.0.0.1 127｡0｡0｡1 127。0。0。1 ①②⑦.⓪.⓪.① ⑯⑨。②⑤④。⑯⑨｡②⑤④
0ⓧ7f000001 ١٢٧.٠.٠.١ loc\U0001d400lhost ⓛocalhost ｌocalhost 127%2e0%2e0%2e1 %31%32%37.0.0.1
127.0.0.1%00.example.com 127.0.0.1%20 exa%6dple.com [127.0.0.1] [example.com] example..com
.example.com example.com.. - a_b..c . .. example.com:0 example.com:22 example.com:6379
example.com:65536 example.com:-1 example.com:+443 example.com:４４３ example.com:443:443
user@example.com user:password@example.com example.com@127.0.0.1 @example.com
example.com:443@127.0.0.1 127.0.0.1\\@example.com example.com\\.evil exam\xadple.com
exa\u200bmple.com exa\u2060mple.com ex℀mple.com a／b.com example.com․evil xn--a xn--․ example。com
\u202eexample.com
"""
PRIVATE_HOSTS = _PRIVATE.split()


@pytest.mark.parametrize("host", PRIVATE_HOSTS)
def test_a_host_that_is_private_or_odd_is_refused_in_every_notation(host: str) -> None:
    with pytest.raises(UnsafeUrlError):
        check_url(f"https://{host}/")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com",
        "//example.com/",
        "/path",
        "https:",
        "https://",
        "https:///",
        "https:example.com",
        "https:/example.com",
        "https:\\\\example.com",
        "http://example.com/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "gopher://example.com/_x",
        "dict://example.com/",
        "javascript://example.com/%0aalert(1)",
        "data:text/html,x",
        "jar:https://example.com!/",
        "unix:/var/run/docker.sock",
        "https+unix://example.com/",
        " https://example.com/",
        "https://example.com/ x",
        "https://exam\tple.com/",
        "https://example.com/\r\nHost: evil",
        "https://example.com\x00.evil/",
        "https://[::1",
        "https://::1/",
        "https://[v1.x]/",
        "https://example.com/" + "a" * 3000,
        "https://" + "a." * 200 + "com/",
        "https://" + "a" * 64 + ".com/",
        "https://\ud800.example/",
    ],
)
def test_what_is_no_plain_web_address_is_refused(url: str) -> None:
    with pytest.raises(UnsafeUrlError):
        check_url(url)


@given(st.text(max_size=60))
def test_any_text_is_taken_or_refused_and_nothing_else(text: str) -> None:
    for url in (text, f"https://{text}", f"https://{text}/x", f"https://example.com{text}"):
        try:
            checked = check_url(url)
        except UnsafeUrlError:
            continue
        assert check_url(checked.text) == checked, "a checked URL means the same when it is read again"
        assert httpx.URL(checked.text).host == checked.host


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_judged_alike_in_every_notation(address: ipaddress.IPv4Address) -> None:
    octets = address.packed
    mixed = f"{octets[0]:#x}.{octets[1]:#o}".replace("0o", "0") + f".{int.from_bytes(octets[2:])}"
    for notation in (
        str(int(address)),
        hex(int(address)),
        mixed,
        f"[::ffff:{address}]",
        f"[64:ff9b::{address}]",
    ):
        with pytest.raises(UnsafeUrlError):
            check_url(f"https://{notation}/")
    if not is_public(address):
        with pytest.raises(UnsafeUrlError):
            check_url(f"https://{address}/")
        with pytest.raises(UnsafeUrlError):
            public_addresses("evil.example", 443, resolver=lambda host, port: [str(address)])


@given(st.ip_addresses(v=6))
def test_a_public_ipv6_address_is_a_global_one_of_its_own(address: ipaddress.IPv6Address) -> None:
    if is_public(address):
        assert address.is_global
        assert not (address.ipv4_mapped or address.sixtofour or address.teredo or address.is_multicast)


def test_only_allowed_hosts_and_their_subdomains_are_taken() -> None:
    policy = UrlPolicy(allowed_hosts=("youtube.com", "youtu.be"))
    for url in (
        "https://youtube.com/x",
        "https://www.youtube.com/x",
        "https://youtu.be/x",
        "https://YOUTU.BE./x",
    ):
        check_url(url, policy)
    for host in (
        "evil.com",
        "notyoutube.com",
        "youtube.com.evil.com",
        "youtube.com:444",
        "com",
        "yоutube.com",
        "1.1.1.1",
    ):
        with pytest.raises(UnsafeUrlError):
            check_url(f"https://{host}/", policy)


def test_a_trusted_private_host_is_taken_at_its_port_only() -> None:
    policy = UrlPolicy(private_hosts=("10.0.0.7:8080", "intranet", "[::1]:9000"))
    for url in ("http://10.0.0.7:8080/hook", "https://intranet/", "http://intranet/", "http://[::1]:9000/"):
        check_url(url, policy)
    for url in (
        "http://10.0.0.7/",
        "http://10.0.0.7:6379/",
        "http://intranet:6379/",
        "http://x.intranet/",
        "http://[::1]/",
    ):
        with pytest.raises(UnsafeUrlError):
            check_url(url, policy)


@pytest.mark.parametrize(
    "answers", [["10.0.0.1"], ["1.1.1.1", "127.0.0.1"], ["::1"], ["fe80::1%eth0"], ["not an address"], []]
)
def test_a_name_that_leads_to_any_private_address_is_refused(answers: list[str]) -> None:
    with pytest.raises(UnsafeUrlError):
        public_addresses("evil.example", 443, resolver=lambda host, port: answers)
    with safe_client(resolver=lambda host, port: answers) as client, pytest.raises(UnsafeUrlError):
        client.get("https://evil.example/")


def test_a_name_that_does_not_exist_is_refused_with_that_reason() -> None:
    with pytest.raises(UnsafeUrlError, match="does not exist"):
        public_addresses("nothing.invalid", 443)


class Site(BaseHTTPRequestHandler):
    """A web site that misbehaves in the way its path says."""

    protocol_version = "HTTP/1.1"
    stop = threading.Event()
    seen: list[str]

    def do_GET(self) -> None:
        type(self).seen.append(f"{self.headers['host']}{self.path}")
        getattr(self, "answer_" + self.path.strip("/").split("/")[0])()

    do_POST = do_GET  # noqa: N815

    def answer_ok(self) -> None:
        self.answer(b"fine")

    def answer_to(self) -> None:
        """Redirect to what comes after ``/to/``."""
        self.send_response(302)
        self.send_header("Location", self.path.removeprefix("/to/"))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def answer_loop(self) -> None:
        self.path = f"/to//loop/{len(self.path)}x"
        self.answer_to()

    def answer_cookie(self) -> None:
        self.answer((self.headers["cookie"] or "none").encode(), ("Set-Cookie", "sid=1"))

    def answer_large(self) -> None:
        self.answer(bytes(3_000_000))

    def answer_bomb(self) -> None:
        self.answer(gzip.compress(bytes(50_000_000)), ("Content-Encoding", "gzip"))

    def answer_dripping(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000000")
        self.end_headers()
        self.drip(b"x")

    def answer_headers(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        self.drip(b"x-a: b\r\n")

    def answer_silent(self) -> None:
        self.stop.wait(10)

    def answer(self, body: bytes, *headers: tuple[str, str]) -> None:
        self.send_response(200)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def drip(self, piece: bytes) -> None:
        for _ in range(200):
            if self.stop.wait(0.05):
                return
            self.wfile.write(piece)

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@contextmanager
def running(context: ssl.SSLContext | None = None) -> Iterator[tuple[int, list[str]]]:
    """A site on a free port: the port, and what was asked of it."""
    handler = type("Handler", (Site,), {"stop": threading.Event(), "seen": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.server_port, handler.seen  # type: ignore[attr-defined]
    finally:
        handler.stop.set()  # type: ignore[attr-defined]
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def site() -> Iterator[tuple[int, list[str]]]:
    with running() as found:
        yield found


def client_for(port: int, **limits: float) -> httpx.Client:
    policy = UrlPolicy(private_hosts=(f"site.example:{port}",), **limits)  # type: ignore[arg-type]
    return safe_client(policy, resolver=lambda host, port: ["127.0.0.1"])


def test_the_connection_goes_to_the_address_that_was_checked(site: tuple[int, list[str]]) -> None:
    port, seen = site
    asked: list[str] = []

    def resolver(host: str, _: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    policy = UrlPolicy(private_hosts=(f"site.example:{port}",))
    with safe_client(policy, resolver=resolver) as client:
        assert client.post(f"http://site.example:{port}/ok", content=b"{}").text == "fine"
    assert asked == ["site.example"], "a name server is asked once, so it cannot change its mind"
    assert seen == [f"site.example:{port}/ok"], "the site still learns the name it is called by"


def test_the_environments_proxy_is_not_used(
    site: tuple[int, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    port, _ = site
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    with client_for(port) as client:
        assert client.get(f"http://site.example:{port}/ok").text == "fine"


def test_no_cookie_is_kept(site: tuple[int, list[str]]) -> None:
    port, _ = site
    with client_for(port) as client:
        assert [client.get(f"http://site.example:{port}/cookie").text for _ in range(2)] == ["none", "none"]


def test_redirects_are_not_followed_unless_asked_for(site: tuple[int, list[str]]) -> None:
    port, _ = site
    with client_for(port) as client:
        assert client.get(f"http://site.example:{port}/to//ok").status_code == 302
        assert client.get(f"http://site.example:{port}/to//ok", follow_redirects=True).text == "fine"


@pytest.mark.parametrize(
    "target",
    [
        "http://127.0.0.1:{port}/ok",
        "http://169.254.169.254/latest/meta-data",
        "http://2130706433:{port}/ok",
        "http://[::ffff:127.0.0.1]:{port}/ok",
        "http://site.example:6379/",
        "https://other.example/ok",
        "//127.0.0.1:{port}/ok",
        "file:///etc/passwd",
        "ftp://site.example/x",
    ],
)
def test_a_redirect_to_what_is_not_allowed_is_refused(target: str, site: tuple[int, list[str]]) -> None:
    port, seen = site
    with client_for(port) as client, pytest.raises(UnsafeUrlError):
        client.get(f"http://site.example:{port}/to/" + target.format(port=port), follow_redirects=True)
    assert len(seen) == 1


def test_after_five_redirects_it_is_enough(site: tuple[int, list[str]]) -> None:
    port, seen = site
    with client_for(port) as client, pytest.raises(httpx.TooManyRedirects):
        client.get(f"http://site.example:{port}/loop", follow_redirects=True)
    assert len(seen) == 6


def test_an_answer_that_is_too_large_is_cut_off(site: tuple[int, list[str]]) -> None:
    port, _ = site
    with client_for(port) as client, pytest.raises(httpx.ReadError, match="larger than"):
        client.get(f"http://site.example:{port}/large")


def test_a_compressed_answer_is_not_unpacked(site: tuple[int, list[str]]) -> None:
    port, _ = site
    with client_for(port) as client:
        assert len(client.get(f"http://site.example:{port}/bomb").content) < 100_000


@pytest.mark.parametrize("path", ["dripping", "headers", "silent"])
def test_an_answer_that_drips_is_given_up(path: str, site: tuple[int, list[str]]) -> None:
    port, _ = site
    with client_for(port, seconds=0.4) as client, pytest.raises(httpx.TimeoutException):
        client.get(f"http://site.example:{port}/{path}")


def test_an_address_nobody_listens_at_is_an_ordinary_failure() -> None:
    [port] = free_ports(1)
    with client_for(port) as client, pytest.raises(httpx.ConnectError):
        client.get(f"http://site.example:{port}/ok")


def self_signed(folder: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "site.example")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(
            name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(1)
        )
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("site.example")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    plain = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "site.pem").write_bytes(plain + certificate.public_bytes(pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "site.pem")
    return context


def test_certificates_are_checked_against_the_name_and_not_the_address(tmp_path: Path) -> None:
    context = self_signed(tmp_path)
    names: list[str | None] = []
    context.sni_callback = lambda socket, name, _: names.append(name)
    with (
        running(context) as (port, seen),
        client_for(port) as client,
        pytest.raises(httpx.ConnectError, match="certificate"),
    ):
        client.get(f"https://site.example:{port}/ok")
    assert names == ["site.example"]
    assert seen == []

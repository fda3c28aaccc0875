"""What users, attackers and Cloudflare meet: the running nginx before two API processes, PostgreSQL, Redis and S3."""

from __future__ import annotations

import http.client
import json
import re
import secrets
import shutil
import socket
import ssl
import struct
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
import requests
import socketio
from redis import Redis
from redis.exceptions import AuthenticationError, NoPermissionError

from genesis_music.errors import GenesisError
from genesis_music.service.platform.headers import FIXED_HEADERS, HSTS
from genesis_music.service.platform.storage import ObjectStore
from tests.deploy import test_cloudflare as cloudflare
from tests.live.compose_parts import BUCKET, ComposeRedis, ComposeS3, make_secrets
from tests.live.perimeter import (
    NOBODY,
    WEB,
    Perimeter,
    make_certificate,
    running_nginx,
    whole_perimeter,
)
from tests.service.conftest import PASSWORD
from tests.service.servers import (
    Postgres,
    ended_after,
    free_ports,
    postgres,
    scratch,
    until,
)
from tests.service.transcriptions.conftest import wav

__all__ = ["postgres"]

MEGABYTE = 1024**2
UPLOAD_BYTES = 110 * MEGABYTE
PATIENCE_SECONDS = 120.0


@pytest.fixture(scope="module")
def secret_files() -> Iterator[Path]:
    with scratch("secrets") as folder:
        yield make_secrets(folder / "secrets")


@pytest.fixture(scope="module")
def redis(secret_files: Path) -> Iterator[ComposeRedis]:
    with scratch("redis") as folder:
        yield from ended_after(ComposeRedis(folder, secret_files))


@pytest.fixture(scope="module")
def s3(secret_files: Path) -> Iterator[ComposeS3]:
    with scratch("s3") as folder:
        yield from ended_after(ComposeS3(folder, secret_files))


@pytest.fixture(scope="module")
def perimeter(postgres: Postgres, redis: ComposeRedis, s3: ComposeS3) -> Iterator[Perimeter]:
    with whole_perimeter(postgres, redis, s3) as whole:
        yield whole


def assert_problem(answer: httpx.Response, status: int) -> dict[str, Any]:
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = answer.json()
    assert document["status"] == status
    assert {"type", "title", "detail", "code", "request_id"} <= document.keys()
    assert answer.headers["x-request-id"] == document["request_id"]
    return document


# --- Load balancing ---


def test_requests_are_spread_over_both_servers(perimeter: Perimeter) -> None:
    before = len(perimeter.nginx.requests())
    with perimeter.client("203.0.113.10") as client:
        for _ in range(60):
            assert client.get("/api/v1/config").status_code == 200
    served = Counter(line["nginx.upstream.address"] for line in perimeter.nginx.requests()[before:])
    assert len(served) == 2
    assert min(served.values()) >= 20


def test_a_server_that_is_killed_is_not_missed(perimeter: Perimeter) -> None:
    victim = perimeter.world.apis[0]
    before = len(perimeter.nginx.requests())
    with perimeter.client("203.0.113.11") as client:
        victim.stop()
        try:
            for _ in range(50):
                assert client.get("/api/v1/transcribe").status_code == 200
            answer = client.post("/api/v1/transcribe", json={"url": "https://youtu.be/dQw4w9WgXcQ"})
            assert answer.status_code == 202, answer.text
        finally:
            victim.restart()
        until(victim.ready, PATIENCE_SECONDS)
    tried = [line["nginx.upstream.status"] for line in perimeter.nginx.requests()[before:]]
    assert any("502" in status for status in tried), "the dead server was never asked"


def test_when_no_server_is_left_that_is_said_and_when_to_come_back(perimeter: Perimeter) -> None:
    ports = free_ports(3)
    nowhere = f"127.0.0.1:{ports[2]}"
    with (
        running_nginx(ports[:2], {"API_SERVERS": nowhere, "SOCKET_SERVERS": nowhere}) as alone,
        alone.client() as client,
    ):
        answer = client.get("/api/v1/config")
        assert assert_problem(answer, 502)["code"] == "unavailable"
        assert int(answer.headers["retry-after"]) > 0
        assert client.get("/").status_code == 200, "the page itself needs no server"


# --- Live events ---


@pytest.mark.parametrize("transport", ["websocket", "polling"])
def test_progress_of_a_job_is_followed_live(perimeter: Perimeter, transport: str) -> None:
    session = requests.Session()
    session.trust_env, session.verify = False, str(perimeter.nginx.certificate.path)
    follower = socketio.Client(reconnection=False, http_session=session)
    heard: list[tuple[str, dict[str, Any]]] = []
    ended = threading.Event()

    def hear(event: str, data: dict[str, Any]) -> None:
        heard.append((event, data))
        if event in {"complete", "failed"}:
            ended.set()

    follower.on("*", hear)
    token = perimeter.person.signed_in.access.token
    follower.connect(perimeter.nginx.url, auth={"token": token}, transports=[transport], wait_timeout=20)
    try:
        with perimeter.client() as client:
            recording = {"file": ("scale.wav", wav(1.0, 330.0 if transport == "polling" else 440.0))}
            job = client.post("/api/v1/transcribe", files=recording).json()["job_id"]
        assert follower.call("subscribe", {"job_id": job}, timeout=20)["ok"]
        assert ended.wait(PATIENCE_SECONDS), heard
    finally:
        follower.disconnect()
    assert heard[-1][0] == "complete"
    percents = [data["percent"] for event, data in heard if event == "progress"]
    assert percents == sorted(percents) and len(set(percents)) > 2


# --- Uploads and downloads ---


def silence(size: int) -> Iterator[bytes]:
    """A WAV file of that size, in pieces of a megabyte: 16 bits, 44.1 kHz, stereo."""
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 2, 44_100, 176_400, 4, 16)
    yield struct.pack("<4sI4s", b"RIFF", size - 8, b"WAVE") + form + struct.pack("<4sI", b"data", size - 44)
    piece = b"".join(
        struct.pack("<hh", 900 * (n % 40 - 20), 500 * (n % 64 - 32)) for n in range(MEGABYTE // 4)
    )
    for start in range(44, size, len(piece)):
        yield piece[: size - start]


@contextmanager
def upload(perimeter: Perimeter, size: int) -> Iterator[tuple[http.client.HTTPSConnection, bytes]]:
    """A form with a file of that size: its head is sent; what ends it is the second value."""
    boundary = uuid4().hex
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="long.wav"\r\n\r\n'.encode()
    )
    tail = f"\r\n--{boundary}--\r\n".encode()
    nginx = perimeter.nginx
    connection = http.client.HTTPSConnection(
        "localhost", nginx.https_port, context=nginx.certificate.context(), timeout=PATIENCE_SECONDS
    )
    with closing(connection):
        connection.putrequest("POST", "/api/v1/transcribe")
        connection.putheader("Content-Type", f"multipart/form-data; boundary={boundary}")
        connection.putheader("Content-Length", str(len(head) + size + len(tail)))
        connection.putheader("X-Forwarded-For", "203.0.113.20")
        for name, value in perimeter.person.headers.items():
            connection.putheader(name, value)
        connection.endheaders(head)
        yield connection, tail


def received_bytes(perimeter: Perimeter) -> int:
    """What API processes have on their disks of recordings that are on their way."""
    files = [
        path
        for folder in perimeter.world.temporaries()
        for path in folder.glob("genesis-scratch-*/recording")
    ]
    return sum(path.stat().st_size for path in files)


def test_a_large_recording_streams_through_and_never_rests_at_the_perimeter(perimeter: Perimeter) -> None:
    sent = 0
    with upload(perimeter, UPLOAD_BYTES) as (connection, tail):
        for piece in silence(UPLOAD_BYTES):
            connection.send(piece)
            sent += len(piece)
            if 50 * MEGABYTE <= sent < 51 * MEGABYTE:
                until(lambda: received_bytes(perimeter) > 45 * MEGABYTE, PATIENCE_SECONDS)
            assert not perimeter.nginx.spilled()
        connection.send(tail)
        answer = connection.getresponse()
        body = answer.read()
    assert sent == UPLOAD_BYTES > 100_000_000
    assert answer.status == 202, body


def test_a_recording_that_is_too_large_is_refused_before_it_is_sent(perimeter: Perimeter) -> None:
    with upload(perimeter, 600 * MEGABYTE) as (connection, _):
        answer = connection.getresponse()
        document = json.loads(answer.read())
    assert (answer.status, document["code"]) == (413, "too-large")
    assert answer.headers["content-type"] == "application/problem+json"


def test_parts_of_a_recording_can_be_fetched(perimeter: Perimeter) -> None:
    content = wav(2.0, 523.0)
    with perimeter.client() as client:
        ids = client.post("/api/v1/transcribe", files={"file": ("part.wav", content)}).json()
        path = f"/api/v1/transcribe/{ids['transcription_id']}/audio"
        part = client.get(path, params={"redirect": "false"}, headers={"Range": "bytes=100-299"})
        assert (part.status_code, part.content) == (206, content[100:300])
        assert part.headers["content-range"] == f"bytes 100-299/{len(content)}"

        link = client.get(path).headers["location"]
    assert link.startswith(f"{perimeter.nginx.url}/{BUCKET}/"), "browsers are sent to the address they know"
    with perimeter.nginx.client() as browser:
        whole, part = browser.get(link), browser.get(link, headers={"Range": "bytes=0-3"})
        assert whole.content == content
        assert (part.status_code, part.content) == (206, b"RIFF")
        assert "default-src 'none'" in whole.headers["content-security-policy"]
        assert whole.headers["x-content-type-options"] == "nosniff"
        assert browser.get(link.partition("?")[0]).status_code == 403, "without the signature"
        assert browser.put(link, content=b"x").status_code == 403
        assert browser.get(f"/{BUCKET}/").status_code in {403, 404}, "nobody lists the bucket"


# --- Limits ---


def test_who_asks_too_often_is_told_to_wait_and_others_are_not(perimeter: Perimeter) -> None:
    with perimeter.client("198.51.100.7") as flood, perimeter.client("198.51.100.8") as other:
        answers = [flood.get("/api/v1/auth/options") for _ in range(80)]
        refused = [answer for answer in answers if answer.status_code == 429]
        assert refused and answers[0].status_code == 200
        assert assert_problem(refused[0], 429)["code"] == "too-many-requests"
        assert int(refused[0].headers["retry-after"]) > 0
        assert other.get("/api/v1/auth/options").status_code == 200


def test_neighbours_in_one_ipv6_network_count_as_one(perimeter: Perimeter) -> None:
    statuses = Counter()
    for number in range(60):
        with perimeter.client(f"2001:db8:1:2::{number:x}") as client:
            statuses[client.get("/api/v1/auth/options").status_code] += 1
    with perimeter.client("2001:db8:1:3::1") as client:
        assert client.get("/api/v1/auth/options").status_code == 200
    assert statuses[429] > 0


def test_a_body_that_is_too_large_is_refused(perimeter: Perimeter) -> None:
    with perimeter.client() as client:
        answer = client.post("/api/v1/webhooks", content=bytes(2 * MEGABYTE))
    assert assert_problem(answer, 413)["code"] == "too-large"


def test_what_is_damaged_or_not_there_gets_a_problem_document(perimeter: Perimeter) -> None:
    with perimeter.client() as client:
        assert_problem(client.get("/missing.js"), 404)
        assert_problem(client.get("/.env"), 404)
        assert_problem(client.post("/library"), 405)
        assert_problem(client.get("/", headers={"X-Padding": "x" * 40_000}), 400)
        assert_problem(client.get("/", headers={"Host": "evil.example"}), 421)


# --- Who it was ---


def test_the_service_sees_the_real_client_and_believes_no_other_story(perimeter: Perimeter) -> None:
    credentials = {"email": perimeter.person.email, "password": PASSWORD}
    with perimeter.nginx.client("6.6.6.6, 203.0.113.77") as client:
        lie = {"X-Real-IP": "6.6.6.6", "Forwarded": "for=6.6.6.6", "X-Forwarded-Host": "evil.example"}
        signed_in = client.post("/api/v1/auth/sign-in", json=credentials, headers=lie)
        assert signed_in.status_code == 200, signed_in.text
    with perimeter.client() as client:
        sessions = client.get("/api/v1/account/sessions").json()["items"]
    assert "203.0.113.77" in {session["address"] for session in sessions}
    assert "6.6.6.6" not in {session["address"] for session in sessions}


def test_the_log_follows_a_request_and_holds_no_secret(perimeter: Perimeter) -> None:
    trace, request_id = uuid4().hex, f"request-{uuid4().hex}"
    headers = {"X-Request-ID": request_id, "Traceparent": f"00-{trace}-00f067aa0ba902b7-01"}
    with perimeter.client("203.0.113.78") as client:
        answer = client.get("/api/v1/shared/s3cr3t-token/result?token=s3cr3t-query", headers=headers)
        assert answer.headers["x-request-id"] == request_id == answer.json()["request_id"]
        client.get("/reset-password?token=s3cr3t-reset", headers={"Referer": "https://x/?s3cr3t-referer"})
        client.get("/api/v1/config", headers={"X-Request-ID": 'no"good'})
    [line] = [line for line in perimeter.nginx.requests() if line["http.request.id"] == request_id]
    assert line["trace.id"] == trace
    assert line["client.ip"] == "203.0.113.0"
    assert line["url.path"] == "/api/v1/shared/[token]/result"
    assert line["http.response.status_code"] == 404
    assert line["tls.version"] == "TLSv1.3"
    assert "s3cr3t" not in perimeter.nginx.log.read_text()
    assert 'no"good' not in perimeter.nginx.log.read_text().replace("\\", "")


# --- TLS ---


def handshake(
    port: int, lowest: ssl.TLSVersion, highest: ssl.TLSVersion, name: str = "localhost"
) -> str | None:
    """The version that is agreed on, or none."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version, context.maximum_version = lowest, highest
    try:
        with (
            socket.create_connection(("127.0.0.1", port), timeout=10) as plain,
            context.wrap_socket(plain, server_hostname=name) as wrapped,
        ):
            return wrapped.version()
    except (ssl.SSLError, ConnectionError):
        return None


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_only_tls_1_3_is_spoken(perimeter: Perimeter) -> None:
    port, version = perimeter.nginx.https_port, ssl.TLSVersion
    assert handshake(port, version.TLSv1_2, version.TLSv1_3) == "TLSv1.3"
    for old in (version.TLSv1, version.TLSv1_1, version.TLSv1_2):
        assert handshake(port, old, old) is None, old


def test_a_name_that_is_not_ours_gets_no_certificate(perimeter: Perimeter) -> None:
    assert (
        handshake(perimeter.nginx.https_port, ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_3, "evil.example")
        is None
    )


def test_a_scan_finds_nothing_weak(perimeter: Perimeter, tmp_path: Path) -> None:
    if not shutil.which("testssl"):
        pytest.skip("testssl is not installed: apt-get install testssl.sh")
    found = tmp_path / "scan.json"
    options = ["--quiet", "--color", "0", "--protocols", "--server-defaults", "--headers", "--vulnerable"]
    command = ["testssl", *options, "--jsonfile", str(found), "--ip", "127.0.0.1", perimeter.nginx.url]
    subprocess.run(command, check=False, stdin=subprocess.DEVNULL, capture_output=True, timeout=550)
    findings = {one["id"]: one for one in json.loads(found.read_text())}
    offered = {
        name: findings[name]["finding"] for name in ("SSLv2", "SSLv3", "TLS1", "TLS1_1", "TLS1_2", "TLS1_3")
    }
    assert [name for name, finding in offered.items() if "not offered" not in finding] == ["TLS1_3"]
    # The certificate is our own and for two days: whoever judges it is right, and it is not what is tested.
    # BREACH needs a secret in a compressed page: ours has none, and answers with tokens are not compressed (below).
    of_certificate = re.compile(r"cert_|OCSP|intermediate|DNS_CAA|chain|overall|scanTime|service|BREACH")
    weak = {
        one["id"]: one["finding"]
        for one in findings.values()
        if one["severity"] in {"MEDIUM", "HIGH", "CRITICAL", "FATAL"} and not of_certificate.search(one["id"])
    }
    assert weak == {}


def test_answers_with_tokens_are_not_compressed(perimeter: Perimeter) -> None:
    """Their length would tell of what is in them (BREACH)."""
    long = {"email": f"{'a' * 3000}@example.com", "password": PASSWORD}
    with perimeter.client() as client:
        answer = client.post("/api/v1/auth/sign-in", json=long, headers={"Accept-Encoding": "gzip"})
        assert "content-encoding" not in answer.headers
        config = client.get("/api/v1/config", headers={"Accept-Encoding": "gzip"})
        assert config.headers["content-encoding"] == "gzip", "the others are"


def test_plain_http_sends_people_on(perimeter: Perimeter) -> None:
    answer = httpx.get(f"{perimeter.nginx.plain_url}/library?page=2")
    assert answer.status_code == 308
    assert answer.headers["location"] == f"{perimeter.nginx.url}/library?page=2"


def test_only_cloudflare_is_let_in_where_its_certificate_is_asked_for(perimeter: Perimeter) -> None:
    with scratch("authority", owner=NOBODY) as folder:
        authority = make_certificate(folder, "origin-pull.example")
        nowhere = {"API_SERVERS": "127.0.0.1:9", "SOCKET_SERVERS": "127.0.0.1:9"}
        with running_nginx(free_ports(2), nowhere | {"NGINX_CLIENT_CA": str(authority.path)}) as closed:
            with closed.client() as stranger:
                assert_problem(stranger.get("/"), 400)
            context = closed.certificate.context()
            context.load_cert_chain(authority.path, authority.key)
            with closed.client(verify=context) as edge:
                assert edge.get("/").status_code == 200


# --- Headers, and what Cloudflare needs of them ---


def test_every_answer_has_hsts_once(perimeter: Perimeter) -> None:
    name, value = HSTS[0].decode(), HSTS[1].decode()
    with perimeter.client() as client:
        for path in ("/", "/api/v1/config", "/health/live", "/missing.js", "/theme.js", "/api/v1/nothing"):
            assert client.get(path).headers.get_list(name) == [value], path


def build_files() -> list[str]:
    files = [path for path in WEB.rglob("*") if path.is_file() and path.suffix not in {".br", ".gz"}]
    return [path.relative_to(WEB).as_posix() for path in files if not path.name.startswith(".")]


def directives(policy: str) -> dict[str, set[str]]:
    parts = (part.split() for part in policy.split(";"))
    return {name: set(sources) for name, *sources in parts}


def test_pages_and_files_are_the_same_as_from_the_service_itself(perimeter: Perimeter) -> None:
    paths = ["", "t/7b0f", "library", *build_files()[::3], "200.html", "service-worker.js", "theme.js"]
    compared = ["content-type", "cache-control", *(name.decode() for name, _ in FIXED_HEADERS)]
    with perimeter.nginx.client() as browser, httpx.Client(base_url=perimeter.world.apis[1].url) as service:
        for path in paths:
            ours, theirs = browser.get(f"/{path}"), service.get(f"/{path}")
            assert ours.status_code == theirs.status_code == 200, path
            assert ours.content == theirs.content, path
            for name in compared:
                if name == "content-security-policy":
                    assert directives(ours.headers[name]) == directives(theirs.headers[name]), path
                else:
                    assert ours.headers[name] == theirs.headers[name], f"{path}: {name}"
    assert len(paths) > 20


def test_files_are_sent_compressed_and_only_once(perimeter: Perimeter) -> None:
    with perimeter.nginx.client() as browser:
        first = browser.get("/", headers={"Accept-Encoding": "gzip"})
        assert first.headers["content-encoding"] == "gzip"
        assert first.headers["vary"] == "Accept-Encoding"
        again = browser.get("/", headers={"Accept-Encoding": "gzip", "If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["content-security-policy"] == first.headers["content-security-policy"]


def test_the_origin_sends_what_cloudflares_cache_rules_rely_on(perimeter: Perimeter) -> None:
    cache_rules = cloudflare.rules("http_request_cache_settings")
    [immutable] = cloudflare.paths(cache_rules["immutable"]["expression"])
    asset = next(name for name in build_files() if f"/{name}".startswith(immutable))
    with perimeter.client() as client:
        kept = client.get(f"/{asset}")
        assert kept.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert "set-cookie" not in kept.headers
        gone = client.get(f"{immutable}gone.js")
        assert gone.headers["cache-control"] == "no-store", (
            "a file that comes a moment later must not stay missing"
        )
        for page in ("/", "/library", "/service-worker.js", "/_app/version.json", "/manifest.webmanifest"):
            answer = client.get(page)
            assert answer.headers["cache-control"] == "no-cache", page
            assert answer.headers["etag"]
        for prefix in cloudflare.paths(cache_rules["never"]["expression"]):
            answer = client.get(f"{prefix}nothing")
            assert "public" not in answer.headers.get("cache-control", ""), prefix
            assert "immutable" not in answer.headers.get("cache-control", ""), prefix


def test_a_page_may_do_only_what_its_policy_says(perimeter: Perimeter) -> None:
    with perimeter.nginx.client() as browser:
        page = browser.get("/")
    policy = directives(page.headers["content-security-policy"])
    assert policy["frame-ancestors"] == policy["object-src"] == {"'none'"}
    assert "'unsafe-inline'" not in policy["script-src"] and "'unsafe-eval'" not in policy["script-src"]
    assert any(source.startswith("'sha256-") for source in policy["script-src"])
    assert perimeter.nginx.url in policy["media-src"], "recordings come from the public address"
    assert "https://sentry.example.org" in policy["connect-src"]


# --- The parts behind it, as compose runs them ---


def test_redis_lets_in_the_service_and_lets_others_only_ask_whether_it_runs(redis: ComposeRedis) -> None:
    with Redis.from_url(redis.url) as service:
        assert service.info("memory")["maxmemory_policy"] == "noeviction"
        assert service.info("persistence")["aof_enabled"] == 1
        for command in (("CONFIG", "GET", "*"), ("ACL", "LIST"), ("SHUTDOWN",)):
            with pytest.raises(NoPermissionError):
                service.execute_command(*command)
    with Redis(port=redis.port) as stranger, pytest.raises(AuthenticationError):
        stranger.ping()
    with Redis(port=redis.port, username="health", password="any", driver_info=None) as health:
        assert health.ping()
        with pytest.raises(NoPermissionError):
            health.get("anything")


def test_recordings_lie_encrypted_on_the_disk_and_outlive_a_restart(s3: ComposeS3) -> None:
    content = secrets.token_bytes(200_000)
    store = ObjectStore.from_url(s3.url("restart"), credentials=s3.credentials, encryption="AES256")
    plain = ObjectStore.from_url(s3.url("restart"), credentials=s3.credentials)
    store.put_bytes("encrypted", content)
    assert not s3.holds(content)
    s3.restart()
    assert store.get("encrypted") == content
    plain.put_bytes("plain", content)
    assert s3.holds(content), "the same search finds it when it is there"


def test_the_services_keys_open_no_other_bucket(s3: ComposeS3) -> None:
    other = s3.url("x").replace(BUCKET, "genesis-backups")
    with pytest.raises(GenesisError):
        ObjectStore.from_url(other, credentials=s3.credentials).put_bytes("x", b"x")


def test_only_the_s3_gateway_can_be_reached_from_elsewhere(s3: ComposeS3) -> None:
    tables = [Path(f"/proc/net/{table}").read_text().splitlines()[1:] for table in ("tcp", "tcp6")]
    fields = [line.split() for table in tables for line in table]
    listening = [local.split(":") for _, local, _, state, *_ in fields if state == "0A"]
    addresses = {int(port, 16): address for address, port in listening}
    assert set(addresses[s3.ports[0]]) == {"0"}, "on all addresses"
    inner = [port for port in s3.ports[1:] if port in addresses]
    assert len(inner) > 4
    assert {addresses[port] for port in inner if port != s3.ports[1]} == {"0100007F"}

"""What only S3 has: signatures, links, encryption, and a network that fails."""

import secrets
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from genesis_music.service.platform.presign import S3Credentials, presign_get
from genesis_music.service.platform.storage import ObjectStore, StorageMissingError, StorageUnavailableError
from tests.service.proxy import CHUNK_BYTES, FaultyProxy, faulty_proxy
from tests.service.servers import S3Server, until

HTTP = httpx.Client(timeout=60)
MEBIBYTE = 1024 * 1024
RECORDING = bytes(12 * MEBIBYTE)
LIMIT_SECONDS = 5
"""Of one request through the proxy: time enough for a part on a busy machine."""


@pytest.fixture
def store(s3_server: S3Server) -> ObjectStore:
    return ObjectStore.from_url(s3_server.url(), credentials=s3_server.credentials)


@pytest.fixture
def proxy(s3_server: S3Server) -> Iterator[FaultyProxy]:
    with faulty_proxy(urlsplit(s3_server.endpoint).port or 0) as proxy:
        yield proxy


@pytest.fixture
def proxied(s3_server: S3Server, proxy: FaultyProxy) -> ObjectStore:
    prefix = secrets.token_hex(6)
    direct = ObjectStore.from_url(s3_server.url(prefix), credentials=s3_server.credentials)
    direct.put_bytes("a", RECORDING)
    url = s3_server.url(prefix, f"http://127.0.0.1:{proxy.port}") + f"&timeout={LIMIT_SECONDS}"
    return ObjectStore.from_url(url, credentials=s3_server.credentials)


def link(store: ObjectStore, key: str, seconds: int = 60, **shown: str) -> str:
    url = store.presigned_url(key, seconds, **shown)
    assert url is not None
    return url


def test_a_link_needs_no_credentials_and_names_the_file(store: ObjectStore):
    store.put_bytes("results/1/song.mid", b"MThd")
    url = link(store, "results/1/song.mid", filename='Lágrima "live"/1.mid', content_type="audio/midi")
    answer = HTTP.get(url)
    assert (answer.status_code, answer.content) == (200, b"MThd")
    assert answer.headers["content-type"] == "audio/midi"
    disposition = answer.headers["content-disposition"]
    assert disposition.startswith("attachment; ")
    assert "filename*=UTF-8''L%C3%A1grima%20%22live%22%2F1.mid" in disposition


def test_a_link_delivers_ranges_to_players(store: ObjectStore):
    store.put_bytes("song.wav", b"0123456789")
    answer = HTTP.get(link(store, "song.wav"), headers={"Range": "bytes=2-4"})
    assert (answer.status_code, answer.content) == (206, b"234")


def test_a_link_is_good_for_its_object_its_time_and_its_name_only(store: ObjectStore):
    for key in ("song.mid", "song.gp5"):
        store.put_bytes(key, b"MThd")
    url = link(store, "song.mid", filename="song.mid")
    forged = [
        url.split("?")[0],
        url.replace("song.mid?", "song.gp5?"),
        url.replace("X-Amz-Expires=60", "X-Amz-Expires=6000"),
        url.replace("song.mid%22", "virus.exe%22"),
        url[:-1] + ("0" if url[-1] != "0" else "1"),
    ]
    assert url not in forged
    assert HTTP.get(url).status_code == 200
    assert [HTTP.get(other).status_code for other in forged] == [403] * len(forged)
    assert HTTP.put(url, content=b"evil").status_code == 403
    assert HTTP.delete(url).status_code == 403


def test_a_link_expires(store: ObjectStore):
    store.put_bytes("song.mid", b"MThd")
    url = link(store, "song.mid", seconds=1)
    until(lambda: HTTP.get(url).status_code == 403)


def test_a_link_to_nothing_says_so(store: ObjectStore):
    store.put_bytes("song.mid", b"MThd")
    assert HTTP.get(link(store, "nothing")).status_code == 404


@pytest.mark.parametrize("seconds", [0, -1, 7 * 24 * 3600 + 1])
def test_a_link_lives_a_week_at_most(store: ObjectStore, seconds: int):
    with pytest.raises(ValueError, match="week"):
        store.presigned_url("a", seconds)


def test_a_link_leads_to_the_address_that_browsers_know(s3_server: S3Server):
    url = s3_server.url("prefix") + "&public_endpoint=https://files.example.org/"
    store = ObjectStore.from_url(url, credentials=s3_server.credentials)
    assert link(store, "song.mid").startswith("https://files.example.org/genesis/prefix/song.mid?")


def test_without_credentials_of_its_own_the_service_must_deliver_itself(s3_server: S3Server):
    assert ObjectStore.from_url(s3_server.url()).presigned_url("a", 60) is None


@pytest.mark.parametrize("wrong", [S3Credentials("genesis", "guessed"), S3Credentials("nobody", "guessed")])
def test_wrong_credentials_are_refused(s3_server: S3Server, store: ObjectStore, wrong: S3Credentials):
    store.put_bytes("a", b"1")
    intruder = ObjectStore.from_url(s3_server.url(), credentials=wrong)
    for act in (intruder.get, intruder.delete, intruder.head, lambda key: intruder.put_bytes(key, b"2")):
        with pytest.raises(StorageUnavailableError):
            act("a")


def test_what_is_stored_encrypted_is_not_on_the_disk_in_plain(s3_server: S3Server):
    secret = secrets.token_bytes(2000)  # SeaweedFS compresses what it can
    plain = ObjectStore.from_url(s3_server.url(), credentials=s3_server.credentials)
    encrypted = ObjectStore.from_url(s3_server.url(), credentials=s3_server.credentials, encryption="AES256")
    encrypted.put_bytes("small", secret)
    encrypted.put_stream("large", [secret, bytes(6 * MEBIBYTE)])
    assert encrypted.get("small") == secret
    assert encrypted.get_range("large", 0, len(secret)) == secret
    for key in ("small", "large"):
        assert HTTP.get(link(encrypted, key)).headers["x-amz-server-side-encryption"] == "AES256"
    assert not s3_server.holds(secret)
    plain.put_bytes("small", secret)
    assert s3_server.holds(secret)


def test_a_key_of_the_key_service_is_asked_for():
    seen: list[dict[str, str]] = []

    class Recorder(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            seen.append({name.lower(): value for name, value in self.headers.items()})
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("ETag", '"1"')
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Recorder) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        store = ObjectStore.from_url(
            f"s3://bucket?endpoint=http://127.0.0.1:{server.server_port}",
            credentials=S3Credentials("key", "secret"),
            encryption="aws:kms",
            kms_key_id="arn:aws:kms:eu:1:key/2",
        )
        store.put_bytes("a", b"1")
        server.shutdown()
    assert seen[0]["x-amz-server-side-encryption"] == "aws:kms"
    assert seen[0]["x-amz-server-side-encryption-aws-kms-key-id"] == "arn:aws:kms:eu:1:key/2"


def test_what_users_are_told_names_no_machine_and_no_folder(
    proxied: ObjectStore, proxy: FaultyProxy, caplog: pytest.LogCaptureFixture
):
    proxy.refuse()
    with pytest.raises(StorageUnavailableError) as failure:
        proxied.get("results/1/song.mid")
    with pytest.raises(StorageMissingError) as missing:
        ObjectStore.from_url("memory://").get("results/1/song.mid")
    for said in (str(failure.value), str(missing.value)):
        assert "127.0.0.1" not in said
        assert "results" not in said
    assert f"127.0.0.1:{proxy.port}" in caplog.text
    assert failure.value.headers == {"Retry-After": "5"}


def test_a_bucket_that_refuses_every_connection_is_unavailable_and_comes_back(
    proxied: ObjectStore, proxy: FaultyProxy
):
    proxy.refuse()
    for act in (proxied.get, proxied.stream, proxied.delete, lambda key: proxied.put_bytes(key, b"1")):
        with pytest.raises(StorageUnavailableError, match="Try again in a moment"):
            act("a")
    proxy.heal()
    assert proxied.size("a") == len(RECORDING)


def test_a_short_interruption_is_not_noticed(proxied: ObjectStore, proxy: FaultyProxy):
    proxy.refuse(connections=2)
    assert proxied.size("a") == len(RECORDING)


def test_a_silent_bucket_ends_in_an_error_and_never_hangs(proxied: ObjectStore, proxy: FaultyProxy):
    proxy.silence()
    with pytest.raises(StorageUnavailableError):
        proxied.head("a")


def test_a_slow_bucket_delivers_a_long_recording_nevertheless(proxied: ObjectStore, proxy: FaultyProxy):
    proxy.delay_seconds = 1.2 * LIMIT_SECONDS / (len(RECORDING) / CHUNK_BYTES)
    began = time.monotonic()
    assert sum(map(len, proxied.stream("a"))) == len(RECORDING)
    assert time.monotonic() - began > LIMIT_SECONDS


def test_an_upload_reads_no_faster_than_the_bucket_takes_it(proxied: ObjectStore, proxy: FaultyProxy):
    produced = 0

    def body() -> Iterator[bytes]:
        nonlocal produced
        for _ in range(100):
            produced += MEBIBYTE
            yield bytes(MEBIBYTE)

    proxy.silence()
    with pytest.raises(StorageUnavailableError):
        proxied.put_stream("long.wav", body())
    assert produced <= 20 * MEBIBYTE
    proxy.heal()
    with pytest.raises(StorageMissingError):
        proxied.head("long.wav")


def test_an_upload_that_broke_off_leaves_no_parts_in_the_bucket(s3_server: S3Server, store: ObjectStore):
    def parts_under_way() -> int:
        bucket = f"{s3_server.endpoint}/genesis"
        listing = presign_get(bucket, "us-east-1", s3_server.credentials, 60, {"uploads": ""})
        return HTTP.get(listing).raise_for_status().text.count("/broken-off.wav</Key>")

    seen = []

    def body() -> Iterator[bytes]:
        yield bytes(12 * MEBIBYTE)
        until(lambda: parts_under_way() == 1)
        seen.append(parts_under_way())
        raise InterruptedError

    with pytest.raises(InterruptedError):
        store.put_stream("broken-off.wav", body())
    assert seen == [1]
    until(lambda: parts_under_way() == 0)


def test_the_bucket_keeps_its_files_over_a_restart(s3_server: S3Server, store: ObjectStore, tmp_path: Path):
    store.put_bytes("a", b"1")
    s3_server.stop()
    s3_server.restart()
    store.download("a", tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == b"1"

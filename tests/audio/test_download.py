"""Links: what is refused unseen, what is fetched (from a real server), and what failures say."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis_music.audio.download import DownloadSettings, check_link, download_audio, is_link
from genesis_music.audio.download_failures import explained
from genesis_music.audio.links import may_contact
from genesis_music.audio.load import load_audio
from genesis_music.errors import (
    DownloadError,
    MissingExtraError,
    OutputError,
    SettingsError,
    TransientDownloadError,
)
from tests.sounds import sine, write_sound

HOSTILE = [
    "http://youtube.com/watch?v=x",
    "file:///etc/passwd",
    "ftp://youtube.com/x",
    "https://youtube.com@evil.example/x",
    "https://user:pw@youtube.com/",
    "https://evil.example/youtube.com",
    "https://evil.example/?https://youtube.com",
    "https://youtube.com.evil.example/",
    "https://notyoutube.com/",
    "https://127.0.0.1/",
    "https://127.1/",
    "https://0x7f000001/",
    "https://[::1]/",
    "https://youtube.com:8443/",
    "https://youtube.com:x/",
    "https://youtube.com\\@evil.example/",
    "https://[youtube.com/",
    "https://",
    "https:youtube.com",
    "-o/tmp/x",
    "ytsearch:blues",
    "https://youtube.com/\nx",
    "https://you\u200btube.com/",
]


@pytest.mark.parametrize("url", HOSTILE)
def test_a_link_that_is_not_plainly_to_an_allowed_host_is_refused(url: str) -> None:
    with pytest.raises(DownloadError) as caught:
        check_link(url)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["https://www.youtube.com/watch?v=a", "https://youtu.be/a", "https://YouTube.com:443/watch?v=a"]
)
def test_a_youtube_link_is_accepted(url: str) -> None:
    check_link(url)


@given(st.text(alphabet="abc.@:/\\[]#?%0x17 -", max_size=30))
def test_no_link_gets_past_the_check_to_another_host(rest: str) -> None:
    from urllib.request import Request

    url = f"https://{rest}"
    if may_contact(url, DownloadSettings(allowed_hosts=("a.b",), serving_hosts=())):
        assert Request(url).host.partition(":")[0].endswith("a.b")  # what urllib would contact


def test_private_addresses_need_their_own_permission() -> None:
    link = "http://127.0.0.1:8000/a.mp3"
    with pytest.raises(DownloadError):
        check_link(link, DownloadSettings(allowed_hosts=("127.0.0.1",)))
    check_link(link, DownloadSettings(allowed_hosts=("127.0.0.1",), allow_private=True))
    with pytest.raises(DownloadError, match="not allowed"):
        check_link(
            "http://10.0.0.1/a.mp3", DownloadSettings(allowed_hosts=("127.0.0.1",), allow_private=True)
        )


@pytest.mark.parametrize("limit", [{"max_bytes": 0}, {"max_duration_seconds": -1.0}, {"allowed_hosts": ()}])
def test_settings_that_make_no_sense_are_refused(limit: dict[str, object]) -> None:
    with pytest.raises(SettingsError):
        DownloadSettings(**limit)


def test_paths_are_not_links() -> None:
    assert is_link("https://youtu.be/a")
    assert not is_link("music/https.mp3")
    assert not is_link(r"C:\music\a.mp3")


# ---------------------------------------------------------------- a real server


class Site(BaseHTTPRequestHandler):
    """Serves files with ranges; ``/cut/…`` breaks off once in the middle, ``/to/…`` redirects."""

    def __init__(self, folder: Path, requests: list[tuple[str, str | None]], *arguments: object) -> None:
        self.folder = folder
        self.requests = requests
        super().__init__(*arguments)  # type: ignore[arg-type]

    def log_message(self, *arguments: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def _answer(self, *, with_body: bool) -> None:
        wanted = self.headers.get("Range")
        self.requests.append((self.path, wanted))
        if self.path.startswith("/to/"):
            self.send_response(302)
            self.send_header("Location", self.path.removeprefix("/to/"))
            self.end_headers()
            return
        file = self.folder / Path(unquote(self.path)).name
        if not file.is_file():
            self.send_error(404)
            return
        data = file.read_bytes()
        start = int(re.match(r"bytes=(\d+)-", wanted)[1]) if wanted else 0
        self.send_response(206 if wanted else 200)
        self.send_header("Content-Type", "text/html" if file.suffix == ".html" else "audio/x-wav")
        self.send_header("Content-Length", str(len(data) - start))
        self.send_header("Accept-Ranges", "bytes")
        if wanted:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        self.end_headers()
        if with_body:
            broken = self.path.startswith("/cut/") and start < len(data) // 2
            self.wfile.write(data[start : len(data) // 2] if broken else data[start:])


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[str, Path, list[tuple[str, str | None]]]]:
    pytest.importorskip("yt_dlp", reason="needs the extra youtube")
    folder = tmp_path / "site"
    folder.mkdir()
    requests: list[tuple[str, str | None]] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Site, folder, requests))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", folder, requests
    server.shutdown()
    server.server_close()


OWN = DownloadSettings(
    allowed_hosts=("127.0.0.1",), serving_hosts=(), allow_private=True, socket_timeout_seconds=60
)


def test_a_recording_is_fetched_whole_and_named_by_its_title(site, tmp_path: Path) -> None:
    address, folder, _ = site
    original = write_sound(folder / "My Song.wav", sine(440, 2, sample_rate_hz=44100))
    fractions: list[float] = []
    path = download_audio(f"{address}/My%20Song.wav", tmp_path / "50% cache", OWN, fractions.append)
    assert path.stem == "My Song"
    assert path.read_bytes() == original.read_bytes()
    assert fractions[-1] == 1.0
    with load_audio(path, sample_rate_hz=22050) as recording:
        assert recording.facts.duration_seconds == 2


def test_an_interrupted_download_is_continued(site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    address, folder, requests = site
    original = write_sound(folder / "a.wav", sine(440, 20, sample_rate_hz=44100))
    size = original.stat().st_size
    cache = tmp_path / "cache"
    with monkeypatch.context() as patched:
        patched.setattr("genesis_music.audio.download._RETRIES", 0)
        with pytest.raises(DownloadError, match="network"):
            download_audio(f"{address}/cut/a.wav", cache, OWN)
    assert [file.stat().st_size for file in cache.rglob("*.part")] == [size // 2]
    requests.clear()
    path = download_audio(f"{address}/cut/a.wav", cache, OWN)
    assert ("/cut/a.wav", f"bytes={size // 2}-") in requests
    assert path.read_bytes() == original.read_bytes()
    assert not list(cache.rglob("*.part"))


def test_what_was_downloaded_before_is_not_downloaded_again(site, tmp_path: Path) -> None:
    address, folder, _ = site
    write_sound(folder / "a.wav", sine(440, 1, sample_rate_hz=44100))
    first = download_audio(f"{address}/a.wav", tmp_path / "cache", OWN)
    written = first.stat().st_mtime_ns
    assert download_audio(f"{address}/a.wav", tmp_path / "cache", OWN) == first
    assert first.stat().st_mtime_ns == written


def test_a_file_larger_than_allowed_is_refused_and_removed(site, tmp_path: Path) -> None:
    address, folder, _ = site
    write_sound(folder / "a.wav", sine(440, 10, sample_rate_hz=44100))
    settings = DownloadSettings(
        allowed_hosts=("127.0.0.1",), serving_hosts=(), allow_private=True, max_bytes=100_000
    )
    with pytest.raises(DownloadError, match="larger than"):
        download_audio(f"{address}/a.wav", tmp_path / "cache", settings)
    assert not [file for file in (tmp_path / "cache").rglob("*") if file.is_file()]


def test_a_redirect_to_another_host_is_not_followed(site, tmp_path: Path) -> None:
    address, folder, requests = site
    write_sound(folder / "a.wav", sine(440, 1, sample_rate_hz=44100))
    elsewhere = address.replace("127.0.0.1", "localhost")
    with pytest.raises(DownloadError, match="leads to localhost"):
        download_audio(f"{address}/to/{elsewhere}/a.wav", tmp_path / "cache", OWN)
    assert not [path for path, _ in requests if not path.startswith("/to/")]
    moved = download_audio(f"{address}/to/{address}/a.wav", tmp_path / "cache", OWN)
    assert moved.stat().st_size > 0


def test_a_page_without_sound_says_so(site, tmp_path: Path) -> None:
    address, folder, _ = site
    (folder / "page.html").write_text("<html><title>Hello</title></html>")
    with pytest.raises(DownloadError, match="No sound was found"):
        download_audio(f"{address}/page.html", tmp_path / "cache", OWN)


def video_page(address: str, duration: str, **more: str) -> str:
    video = {
        "@context": "https://schema.org",
        "@type": "VideoObject",
        "name": "Long Song",
        "contentUrl": f"{address}/a.wav",
        "duration": duration,
        **more,
    }
    return f'<html><script type="application/ld+json">{json.dumps(video)}</script></html>'


def test_a_video_that_is_too_long_is_refused_before_it_is_downloaded(site, tmp_path: Path) -> None:
    address, folder, _ = site
    write_sound(folder / "a.wav", sine(440, 1, sample_rate_hz=44100))
    (folder / "long.html").write_text(video_page(address, "PT3H"))
    with pytest.raises(DownloadError, match="longer than the 120 minutes"):
        download_audio(f"{address}/long.html", tmp_path / "cache", OWN)
    assert not list((tmp_path / "cache").iterdir())
    (folder / "short.html").write_text(video_page(address, "PT3M"))
    assert download_audio(f"{address}/short.html", tmp_path / "cache", OWN).stem == "Long Song"


def test_a_page_with_several_recordings_is_not_one(site, tmp_path: Path) -> None:
    address, folder, _ = site
    links = "".join(f'<audio src="{address}/{name}.mp3"></audio>' for name in "ab")
    (folder / "list.html").write_text(f"<html><body>{links}</body></html>")
    with pytest.raises(DownloadError, match="one video"):
        download_audio(f"{address}/list.html", tmp_path / "cache", OWN)


@pytest.mark.parametrize("inside", ["http://localhost:1/a.wav", "http://169.254.169.254/latest/a.wav"])
def test_a_page_cannot_lead_to_an_address_inside_the_network(site, tmp_path: Path, inside: str) -> None:
    address, folder, _ = site
    (folder / "trap.html").write_text(video_page(address, "PT3M", contentUrl=inside))
    with pytest.raises(DownloadError, match="which is not allowed"):
        download_audio(f"{address}/trap.html", tmp_path / "cache", OWN)


@pytest.mark.parametrize("inside", ["file:///etc/hostname", "ftp://127.0.0.1/a.wav"])
def test_a_page_cannot_lead_to_a_file_or_another_protocol(site, tmp_path: Path, inside: str) -> None:
    address, folder, _ = site
    (folder / "trap.html").write_text(video_page(address, "PT3M", contentUrl=inside))
    with pytest.raises(DownloadError):
        download_audio(f"{address}/trap.html", tmp_path / "cache", OWN)


def test_a_missing_file_says_so(site, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match="does not exist"):
        download_audio(f"{site[0]}/nothing.mp3", tmp_path / "cache", OWN)


def test_no_network_says_so(tmp_path: Path) -> None:
    pytest.importorskip("yt_dlp", reason="needs the extra youtube")
    with pytest.raises(DownloadError, match="check the network"):
        download_audio("http://127.0.0.1:9/a.mp3", tmp_path, OWN)


def test_a_folder_that_cannot_be_made_says_so(site, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="choose another folder"):
        download_audio(f"{site[0]}/a.wav", tmp_path / "file" / "cache", OWN)


def test_without_the_extra_the_command_to_install_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("genesis_music.audio.download.find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match=r'pip install "genesis-music\[youtube\]"'):
        download_audio("https://youtu.be/a", tmp_path)


# ---------------------------------------------------------------- what yt-dlp says


SAID = [
    ("Sign in to confirm you’re not a bot. Use --cookies-from-browser", "robot"),
    ("Sign in to confirm your age. This video may be inappropriate for some users.", "age-restricted"),
    ("Private video. Sign in if you've been granted access to this video", "private"),
    ("Join this channel to get access to members-only content like this video", "members"),
    ("The uploader has not made this video available in your country", "your country"),
    ("Video unavailable. This video has been removed by the uploader", "does not exist"),
    (
        "Video unavailable. This video is no longer available because the account has been terminated",
        "removed",
    ),
    ("This live event will begin in 3 days.", "live stream"),
    ("This video is DRM protected", "DRM"),
    ("Unable to download API page: HTTP Error 429: Too Many Requests", "pause"),
    ("unable to download video data: HTTP Error 403: Forbidden", "upgrade"),
    (
        "No supported JavaScript runtime could be found.\nRequested format is not available",
        "JavaScript runtime",
    ),
    ("Requested format is not available. Use --list-formats", "No sound was found"),
    ("Unable to download webpage: <urlopen error [Errno -2] Name or service not known>", "check the network"),
    ("HTTP Error 503: Service Unavailable", "fault of its own"),
    ("\x1b[0;31mERROR:\x1b[0m Something new; please report this issue on  https://…", r"\(Something new\)"),
]


@pytest.mark.parametrize(("said", "meaning"), SAID)
def test_failures_are_told_in_one_line_that_says_what_to_do(said: str, meaning: str) -> None:
    utils = pytest.importorskip("yt_dlp.utils", reason="needs the extra youtube")
    error = explained([str(utils.DownloadError(said))])
    assert isinstance(error, DownloadError)
    assert re.search(meaning, str(error))
    assert re.search("wait|yourself", str(error))
    assert "\n" not in str(error)


@pytest.mark.parametrize(
    "said", ["not a bot", "HTTP Error 429", "Name or service not known", "HTTP Error 503"]
)
def test_troubles_of_the_network_and_the_site_may_pass(said: str) -> None:
    assert isinstance(explained([said]), TransientDownloadError)


@pytest.mark.parametrize("said", ["Private video", "members-only", "HTTP Error 403", "HTTP Error 404", "new"])
def test_troubles_of_the_link_stay(said: str) -> None:
    assert not isinstance(explained([said]), TransientDownloadError)


def test_geographic_restriction_is_recognised_by_yt_dlps_own_error() -> None:
    utils = pytest.importorskip("yt_dlp.utils", reason="needs the extra youtube")
    error = utils.GeoRestrictedError("This video is not available from your location", countries=["DE"])
    assert "your country" in str(explained([str(error)]))


def test_a_full_disk_is_not_the_links_fault() -> None:
    error = explained(["ERROR: unable to write data: [Errno 28] No space left on device"])
    assert isinstance(error, OutputError)

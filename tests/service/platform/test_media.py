"""Uploads are judged by their content, in a child process that costs bounded time and memory."""

import io
import os
import signal
import socket
import struct
import textwrap
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis_music.service.platform import media
from genesis_music.service.platform.fork_server import ForkServer
from genesis_music.service.platform.media import (
    MediaError,
    MediaLimitError,
    MediaLimits,
    NotAudioError,
    TooLongError,
    TooManyChannelsError,
    TooShortError,
    check_media,
)
from genesis_music.service.platform.media_probe import examine
from tests.service.servers import until
from tests.sounds import sine, write_sound

RATE = 48000
SOUND = sine(440, 3, sample_rate_hz=RATE)
Make = Callable[[Path], Path]


def encode(name: str, codec: str, samples: np.ndarray = SOUND) -> Make:
    return lambda folder: write_sound(folder / name, samples, sample_rate_hz=RATE, codec=codec)


def write(name: str, data: bytes) -> Make:
    def make(folder: Path) -> Path:
        (folder / name).write_bytes(data)
        return folder / name

    return make


def patched(make: Make, old: bytes, new: bytes) -> Make:
    def patch(folder: Path) -> Path:
        path = make(folder)
        data = path.read_bytes()
        assert old in data
        path.write_bytes(data.replace(old, new))
        return path

    return patch


@pytest.mark.parametrize(
    ("make", "container", "codec"),
    [
        (encode("a.wav", "pcm_s16le"), "wav", "pcm_s16le"),
        (encode("a.flac", "flac"), "flac", "flac"),
        (encode("a.mp3", "libmp3lame"), "mp3", "mp3float"),
        (encode("a.m4a", "aac"), "mov", "aac"),
        (encode("a.webm", "libopus"), "matroska", "opus"),
        (encode("a.opus", "libopus"), "ogg", "opus"),
        (encode("a.wma", "wmav2"), "asf", "wmav2"),
        (encode("a.aiff", "pcm_s16be"), "aiff", "pcm_s16be"),
        (encode("a.aac", "aac"), "aac", "aac"),
    ],
)
def test_every_usual_recording_is_measured(make: Make, container: str, codec: str, tmp_path: Path) -> None:
    facts = examine(make(tmp_path), MediaLimits())
    assert (facts.container, facts.codec, facts.channels, facts.streams) == (container, codec, 1, 1)
    assert facts.sample_rate_hz == RATE
    assert facts.duration_seconds == pytest.approx(3, abs=0.1)


def test_a_refusal_of_the_child_reaches_us_as_it_is(tmp_path: Path) -> None:
    with pytest.raises(NotAudioError, match=r"^The file is empty: export"):
        check_media(write("a.wav", b"")(tmp_path))


def test_the_name_does_not_matter(tmp_path: Path) -> None:
    path = encode("a.mp3", "libmp3lame")(tmp_path).rename(tmp_path / "malware.exe")
    assert check_media(path).codec == "mp3float"


def test_the_title_is_the_tag_and_never_the_name_in_storage(tmp_path: Path) -> None:
    assert check_media(write_sound(tmp_path / "0a1b2c.wav", SOUND)).title == ""
    tagged = write_sound(tmp_path / "b.flac", SOUND, codec="flac", title="Asturias")
    assert check_media(tagged).title == "Asturias"


def black() -> av.VideoFrame:
    return av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")


def picture(codec: str) -> bytes:
    context = av.CodecContext.create(codec, "w")
    context.width = context.height = 64
    context.pix_fmt = "rgb24" if codec == "png" else "yuvj420p"
    context.time_base = Fraction(1)
    packets = [*context.encode(black().reformat(format=context.pix_fmt)), *context.encode(None)]
    return b"".join(bytes(packet) for packet in packets)


def film(folder: Path) -> Path:
    with av.open(str(folder / "film.mp4"), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        for _ in range(20):
            container.mux(stream.encode(black()))
        container.mux(stream.encode(None))
    return folder / "film.mp4"


def zip_bomb() -> bytes:
    with zipfile.ZipFile(buffer := io.BytesIO(), "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("song.wav", bytes(20_000_000))
    return buffer.getvalue()


def wav_header(rate_hz: int, channels: int) -> bytes:
    bytes_per_second = rate_hz * 2 * channels % 2**32
    form = struct.pack("<IHHIIHH", 16, 1, channels, rate_hz, bytes_per_second, 2 * channels, 16)
    return b"RIFF\xff\xff\xff\xffWAVEfmt " + form + b"data\xff\xff\xff\xff"


XML_BOMB = b"<?xml version='1.0'?><!DOCTYPE x [<!ENTITY y SYSTEM 'file:///etc/passwd'>]><x>&y;</x>"

NOT_AUDIO: dict[str, Make] = {
    "nothing": write("a.wav", b""),
    "one byte": write("a.wav", b"R"),
    "text": write("a.mp3", b"Dear diary,\n" * 500),
    "subtitles": write("a.mp3", b"1\n00:00:01,000 --> 00:00:04,000\nHello\n\n" * 50),
    "markup": write("a.mp3", XML_BOMB),
    "a page": write("a.mp3", b"<html><script>alert(1)</script></html>" * 50),
    "zeros": write("a.mp3", bytes(200_000)),
    "noise": write("a.mp3", np.random.default_rng(1).bytes(200_000)),
    "a PNG": write("a.mp3", picture("png")),
    "a JPEG": write("a.m4a", picture("mjpeg")),
    "a zip bomb": write("a.wav", zip_bomb()),
    "a PDF": write("a.wav", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + b"1 0 obj<<>>endobj\n" * 99),
    "a program": write("a.wav", b"\x7fELF" + bytes(5000)),
    "a film without sound": film,
    "only a header": write("a.wav", wav_header(44100, 1)),
    "0 Hz": write("a.wav", wav_header(0, 1) + bytes(99_999)),
    "4 GHz": write("a.wav", wav_header(2**32 - 1, 1) + bytes(99_999)),
    "a format nobody records in": encode("a.nut", "pcm_s16le"),
    "a codec nobody records with": encode("a.wav", "adpcm_yamaha"),
    "half an MPEG-4 file": lambda folder: write(
        "half.m4a", encode("a.m4a", "aac")(folder).read_bytes()[:9000]
    )(folder),
    "FairPlay": patched(encode("a.m4a", "aac"), b"mp4a", b"drms"),
    "a device": lambda _: Path("/dev/zero"),
    "a folder": lambda folder: folder,
    "a missing file": lambda folder: folder / "no.wav",
}


@pytest.mark.parametrize("name", NOT_AUDIO)
def test_what_is_no_recording_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(NotAudioError) as refusal:
        examine(NOT_AUDIO[name](tmp_path), MediaLimits())
    assert str(tmp_path) not in str(refusal.value), "where we keep files is nobody's business"
    assert refusal.value.status == 415


PLAYLISTS = (
    "#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\n{}\n#EXT-X-ENDLIST\n",
    "ffconcat version 1.0\nfile {}\n",
    "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5000 RTP/AVP 0\na=control:{}\n",
    '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><BaseURL>{}</BaseURL></MPD>',
    "[playlist]\nFile1={}\n",
)


@pytest.mark.parametrize("playlist", PLAYLISTS, ids=["hls", "concat", "sdp", "dash", "pls"])
def test_no_file_makes_us_contact_or_open_another(playlist: str, tmp_path: Path) -> None:
    secret = encode("secret.mp3", "libmp3lame")(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        address = f"http://127.0.0.1:{server.getsockname()[1]}/a.mp3"
        for target in (address, f"file://{secret}", "secret.mp3", f"concat:{secret}"):
            path = tmp_path / "list.mp3"
            path.write_text(playlist.format(target))
            with pytest.raises(NotAudioError):
                examine(path, MediaLimits())
        with pytest.raises(BlockingIOError):
            server.accept()


def appearing_midway(folder: Path) -> Path:
    """A broadcast recording with another programme's track from its middle on."""
    path = encode("a.ts", "aac")(folder)
    options = {"mpegts_start_pid": "0x300", "mpegts_pmt_start_pid": "0x1200", "mpegts_service_id": "7"}
    other = write_sound(folder / "b.ts", SOUND, sample_rate_hz=RATE, codec="aac", options=options)
    path.write_bytes(path.read_bytes() * 4 + other.read_bytes())
    return path


def test_a_track_that_appears_midway_does_not_break_us(tmp_path: Path) -> None:
    assert check_media(appearing_midway(tmp_path)).duration_seconds == pytest.approx(12, abs=0.5)


SMALL = [
    ("a.wav", "pcm_s16le"),
    ("a.flac", "flac"),
    ("a.mp3", "libmp3lame"),
    ("a.m4a", "aac"),
    ("a.ogg", "libopus"),
]
SMALL += [
    ("a.webm", "libopus"),
    ("a.wma", "wmav2"),
    ("a.ts", "aac"),
    ("a.caf", "alac"),
    ("a.avi", "libmp3lame"),
]


@pytest.fixture(scope="module")
def small_files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("small")
    return [encode(name, codec, SOUND[: RATE // 2])(folder) for name, codec in SMALL]


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_a_damaged_file_is_measured_or_refused_and_nothing_else(
    small_files: list[Path], data: st.DataObject
) -> None:
    path = data.draw(st.sampled_from(small_files))
    damaged = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 20))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    changed = path.with_name("damaged.bin")
    changed.write_bytes(damaged[: data.draw(st.integers(1, len(damaged)))])
    try:
        assert 0 < examine(changed, MediaLimits()).duration_seconds <= MediaLimits().longest_seconds
    except MediaError as refusal:
        assert "damaged.bin" not in str(refusal)


def silence(seconds: int) -> Make:
    return encode("silence.flac", "flac", np.zeros(RATE * seconds, np.float32))


def test_a_few_kilobytes_that_unpack_to_hours_are_too_long(tmp_path: Path) -> None:
    path = silence(600)(tmp_path)
    assert path.stat().st_size < 600_000
    with pytest.raises(TooLongError, match="longer than 5 minutes"):
        check_media(path, MediaLimits(longest_seconds=300))
    assert check_media(path).duration_seconds == pytest.approx(600)


def test_a_header_that_plays_the_length_down_is_not_believed(tmp_path: Path) -> None:
    minute = np.tile(SOUND, 20)
    aac = with_short_samples(encode("a.m4a", "aac", minute)(tmp_path))
    with pytest.raises(TooLongError):
        check_media(aac, MediaLimits(longest_seconds=20))
    lossless = with_short_samples(encode("b.m4a", "alac", minute)(tmp_path))
    with pytest.raises(NotAudioError, match="more sound than it says"):
        check_media(lossless)


def with_short_samples(path: Path) -> Path:
    """An MPEG-4 file with every sample's stated duration one tick (table ``stts``)."""
    data = bytearray(path.read_bytes())
    at = data.index(b"stts")
    for entry in range(struct.unpack_from(">I", data, at + 8)[0]):
        struct.pack_into(">I", data, at + 16 + 8 * entry, 1)
    path.write_bytes(data)
    return path


def test_a_header_that_promises_hours_is_not_believed(tmp_path: Path) -> None:
    path = write("a.wav", wav_header(44100, 1) + bytes(2 * 44100 * 2))(tmp_path)
    assert check_media(path).duration_seconds == pytest.approx(2, abs=0.1)


def test_too_short_and_too_many_channels_say_so(tmp_path: Path) -> None:
    with pytest.raises(TooShortError, match=r"only 0\.20 s"):
        check_media(encode("a.wav", "pcm_s16le", SOUND[:9600])(tmp_path))
    path = write("b.wav", wav_header(44100, 12) + bytes(12 * 2 * 44100))(tmp_path)
    with pytest.raises(TooManyChannelsError, match="12 channels"):
        check_media(path)


@pytest.fixture
def child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Replaces the program that reads the file."""
    server = ForkServer("stand_in_probe", media._environment)

    def replace(program: str) -> None:
        main = "def main(_):\n" + textwrap.indent(program, "    ")
        (tmp_path / "stand_in_probe.py").write_text("import os, time\n" + main)
        monkeypatch.syspath_prepend(str(tmp_path))
        monkeypatch.setattr(media, "_prober", server)

    yield replace
    server.close()


PROGRAMS = {
    "hangs": "while True: time.sleep(1)",
    "hangs and says nothing more": "os.close(1)\nwhile True: time.sleep(1)",
    "leaves a child behind": "if not os.fork():\n    os.close(1)\n    while True: time.sleep(1)",
    "says too much": "while True: print('x' * 10_000)",
    "dies": "os.abort()",
    "fails": "raise SystemExit(3)",
    "says nothing": "pass",
    "says nonsense": "print('{')",
    "invents fields": 'print(\'{"code": "not-audio", "message": "x", "admin": true, "title": 7}\')',
    "lies about types": 'print(\'{"code": [1], "message": "x"}\')',
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_whatever_the_child_does_it_costs_only_the_upload(
    name: str, child: Callable[[str], None], tmp_path: Path
) -> None:
    group_file = tmp_path / "group"
    child(f"open({str(group_file)!r}, 'w').write(str(os.getpgid(0)))\n{PROGRAMS[name]}")
    with pytest.raises(MediaError):
        check_media(tmp_path / "any.wav", MediaLimits(wall_seconds=3 if "hangs" in name else 60))
    if group_file.exists() and (
        group := group_file.read_text()
    ):  # a busy machine may not even have started it
        until(lambda: not group_lives(int(group)))


def group_lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_loaded_process_that_was_killed_is_started_again(tmp_path: Path) -> None:
    path = encode("a.wav", "pcm_s16le")(tmp_path)
    for _ in range(2):
        assert check_media(path).container == "wav"
        os.kill(media._prober._process.pid, signal.SIGKILL)
        media._prober._process.wait()


def test_many_recordings_are_read_at_once_each_by_a_process_of_its_own(
    child: Callable[[str], None], tmp_path: Path
) -> None:
    child(f"open({str(tmp_path)!r} + '/' + str(os.getpid()) + '.pid', 'w')\nos.abort()")
    with ThreadPoolExecutor(8) as pool:
        tries = [pool.submit(check_media, tmp_path / "any.wav") for _ in range(16)]
    assert all(isinstance(one.exception(), MediaLimitError) for one in tries)
    assert len(list(tmp_path.glob("*.pid"))) == 16


def test_the_child_never_sees_our_secrets(
    child: Callable[[str], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GENESIS_SECRET_KEYS", "hush-hush")
    seen = tmp_path / "seen"
    child(
        f"memory = open('/proc/self/environ').read()\nopen({str(seen)!r}, 'w').write(memory + repr(dict(os.environ)))"
    )
    with pytest.raises(MediaLimitError):
        check_media(tmp_path / "any.wav")
    assert "hush-hush" not in seen.read_text()


@pytest.mark.parametrize("limits", [MediaLimits(memory_bytes=20 * 1024**2), MediaLimits(cpu_seconds=0)])
def test_memory_and_processor_time_are_limited(limits: MediaLimits, tmp_path: Path) -> None:
    with pytest.raises(MediaLimitError, match="reasonable time"):
        check_media(silence(600)(tmp_path), limits)

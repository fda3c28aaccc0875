"""Files that cannot be used, or only in part: one line that says what to do, or a result."""

import os
import resource
import struct
import wave
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest

from genesis_music.audio.load import LoadSettings, load_audio
from genesis_music.errors import AudioError, InputError, OutputError, SettingsError
from tests.sounds import sine, write_sound

RATE = 22050
SOUND = sine(440, 3, sample_rate_hz=44100)


def write(name: str, data: bytes) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        path = folder / name
        path.write_bytes(data)
        return path

    return make


def encode(name: str, codec: str, samples: np.ndarray = SOUND, **options: str) -> Callable[[Path], Path]:
    return lambda folder: write_sound(folder / name, samples, codec=codec, options=options)


def part_of(make: Callable[[Path], Path], share: float) -> Callable[[Path], Path]:
    def cut(folder: Path) -> Path:
        path = make(folder)
        path.write_bytes(path.read_bytes()[: round(path.stat().st_size * share)])
        return path

    return cut


def with_sample_entry(tag: bytes) -> Callable[[Path], Path]:
    def patch(folder: Path) -> Path:
        path = encode("song.m4p.m4a", "aac")(folder)
        path.write_bytes(path.read_bytes().replace(b"mp4a", tag))
        return path

    return patch


def silent_film(folder: Path) -> Path:
    path = folder / "film.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        picture = np.zeros((64, 64, 3), np.uint8)
        for _ in range(5):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    return path


def without_samples(folder: Path) -> Path:
    with wave.open(str(folder / "none.wav"), "wb") as file:
        file.setparams((1, 2, 44100, 0, "NONE", ""))
    return folder / "none.wav"


def wav_header(rate_hz: int, channels: int = 1) -> bytes:
    form = struct.pack("<IHHIIHH", 16, 1, channels, rate_hz, rate_hz * 2, 2 * channels, 16)
    return b"RIFF\xff\xff\xff\xffWAVEfmt " + form + b"data\xff\xff\xff\xff"


def with_one(value: float) -> np.ndarray:
    samples = SOUND.copy()
    samples[1000] = value
    return samples


def playlist(folder: Path) -> Path:
    write_sound(folder / "secret.mp3", SOUND, codec="libmp3lame")
    text = f"#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\nfile://{folder}/secret.mp3\n#EXT-X-ENDLIST\n"
    return write("list.mp3", text.encode())(folder)


def concatenation(folder: Path) -> Path:
    write_sound(folder / "secret.wav", SOUND)
    return write("list.wav", b"ffconcat version 1.0\nfile secret.wav\n")(folder)


def protected_wma(folder: Path) -> Path:
    path = encode("song.wma", "wmav2")(folder)
    data = bytearray(path.read_bytes()[:3000])
    data[30:46] = bytes.fromhex("fbb3112223bdd211b4b700a0c955fc6e")
    path.write_bytes(data)
    return path


def folder_itself(folder: Path) -> Path:
    return folder


def fifo(folder: Path) -> Path:
    os.mkfifo(folder / "pipe.wav")
    return folder / "pipe.wav"


REFUSED: list[tuple[str, Callable[[Path], Path], type[InputError], str]] = [
    ("empty", write("a.wav", b""), AudioError, "is empty"),
    ("text renamed to mp3", write("a.mp3", b"Dear diary,\n" * 500), AudioError, "not a sound file"),
    ("text renamed to wav", write("a.wav", b"Dear diary,\n" * 500), AudioError, "not a sound file"),
    (
        "noise renamed to mp3",
        write("a.mp3", np.random.default_rng(1).bytes(99999)),
        AudioError,
        "not a sound",
    ),
    ("zeros", write("a.mp3", bytes(99999)), AudioError, "not a sound file"),
    ("a film without sound", silent_film, AudioError, "no sound track"),
    ("FairPlay", with_sample_entry(b"drms"), AudioError, "protected"),
    ("Audible", with_sample_entry(b"aavd"), AudioError, "protected"),
    (
        "Common Encryption",
        encode(
            "a.m4a", "aac", encryption_scheme="cenc-aes-ctr", encryption_key="0" * 32, encryption_kid="1" * 32
        ),
        AudioError,
        "protected",
    ),
    ("protected WMA", protected_wma, AudioError, "protected"),
    ("an m4a that was cut off", part_of(encode("a.m4a", "aac"), 0.5), AudioError, "incomplete"),
    ("hardly anything left", part_of(encode("a.aiff", "pcm_s16be"), 0.01), AudioError, "cut off"),
    ("a header without samples", without_samples, AudioError, "holds no sound"),
    ("NaN", encode("a.wav", "pcm_f32le", with_one(np.nan)), AudioError, "no sound"),
    ("infinity", encode("a.wav", "pcm_f32le", with_one(np.inf)), AudioError, "no sound"),
    ("absurdly loud", encode("a.wav", "pcm_f32le", with_one(1e30)), AudioError, "no sound"),
    ("a rate of 0 Hz", write("a.wav", wav_header(0) + bytes(9999)), AudioError, "not a sound file"),
    ("a rate of 1 Hz", write("a.wav", wav_header(1) + bytes(9999)), AudioError, "not a sound file"),
    ("a rate of 2 GHz", write("a.wav", wav_header(2 * 10**9) + bytes(9999)), AudioError, "not a sound file"),
    (
        "a codec without a name",
        write("a.wav", wav_header(44100).replace(b"\x10\0\0\0\1\0", b"\x10\0\0\0\xff\0") + bytes(9999)),
        AudioError,
        "not a sound file",
    ),
    ("1000 channels", write("a.wav", wav_header(44100, 1000) + bytes(99999)), AudioError, "not a sound file"),
    ("a playlist that names another file", playlist, AudioError, "not a sound file"),
    ("a concatenation of other files", concatenation, AudioError, "not a sound file"),
    ("a folder", folder_itself, InputError, "is a folder"),
    ("a pipe", fifo, InputError, "not a regular file"),
    ("a device", lambda _: Path("/dev/zero"), InputError, "not a regular file"),
    ("a missing file", lambda folder: folder / "a.wav", InputError, "does not exist"),
    ("a name with a zero byte", lambda _: Path("a\0b.wav"), InputError, "cannot be opened"),
]


@pytest.mark.parametrize(
    ("make", "kind", "says"), [case[1:] for case in REFUSED], ids=[c[0] for c in REFUSED]
)
def test_what_cannot_be_used_gets_one_line_that_says_why(
    tmp_path: Path, make: Callable[[Path], Path], kind: type[InputError], says: str
) -> None:
    with pytest.raises(kind, match=says) as caught:
        load_audio(make(tmp_path), sample_rate_hz=RATE)
    message = str(caught.value)
    assert "\n" not in message
    assert ": " in message or ". " in message  # what is wrong, then what to do


USABLE: list[tuple[str, Callable[[Path], Path], float]] = [
    ("10 ms", encode("a.wav", "pcm_s16le", SOUND[:441]), 0.01),
    ("10 ms of mp3", encode("a.mp3", "libmp3lame", SOUND[:441]), 0.01),
    ("silence", encode("a.wav", "pcm_s16le", SOUND * 0), 3),
    ("5.1", lambda d: write_sound(d / "a.wav", np.stack([SOUND] * 6), layout="5.1"), 3),
    ("8 kHz", lambda d: write_sound(d / "a.wav", sine(440, 3, sample_rate_hz=8000), sample_rate_hz=8000), 3),
    (
        "192 kHz",
        lambda d: write_sound(d / "a.wav", sine(440, 3, sample_rate_hz=192000), sample_rate_hz=192000),
        3,
    ),
    ("a name in another script", encode("гитара ♪ ñ.wav", "pcm_s16le"), 3),
    ("a name like a protocol", encode("concat:http:a%03d|b.wav", "pcm_s16le"), 3),
    ("a name like an option", encode("-i.wav", "pcm_s16le"), 3),
    ("a header that promises hours", write("a.wav", wav_header(44100) + bytes(88200)), 1),
    ("a wrong ending", lambda d: encode("a.flac", "flac")(d).rename(d / "a.mp3"), 3),
]


@pytest.mark.parametrize(("make", "seconds"), [case[1:] for case in USABLE], ids=[case[0] for case in USABLE])
def test_unusual_files_are_read(tmp_path: Path, make: Callable[[Path], Path], seconds: float) -> None:
    with load_audio(make(tmp_path), sample_rate_hz=RATE) as recording:
        assert recording.facts.duration_seconds == pytest.approx(seconds, abs=0.001)
        assert recording.facts.warnings == ()
        assert np.isfinite(recording.read(0, recording.frames)).all()


@pytest.mark.parametrize("name, codec", [("a.wav", "pcm_s16le"), ("a.flac", "flac"), ("a.webm", "libopus")])
def test_a_file_that_was_cut_off_gives_what_is_there_and_a_warning(
    tmp_path: Path, name: str, codec: str
) -> None:
    rate = 48000
    whole = write_sound(tmp_path / name, sine(440, 6, sample_rate_hz=rate), sample_rate_hz=rate, codec=codec)
    whole.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    with load_audio(whole, sample_rate_hz=RATE) as recording:
        assert 1 < recording.facts.duration_seconds < 4
        assert "missing" in recording.facts.warnings[0]


def test_damage_inside_a_file_is_skipped_and_reported(tmp_path: Path) -> None:
    path = encode("a.flac", "flac", sine(440, 10, sample_rate_hz=44100))(tmp_path)
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 2000] = bytes(2000)
    path.write_bytes(data)
    with load_audio(path, sample_rate_hz=RATE) as recording:
        assert 8 < recording.facts.duration_seconds <= 10
        assert "missing" in recording.facts.warnings[0]


def test_two_recordings_of_different_rates_in_one_file_are_both_read(tmp_path: Path) -> None:
    first = encode("a.mp3", "libmp3lame")(tmp_path)
    low = sine(300, 3, sample_rate_hz=22050)
    second = write_sound(tmp_path / "b.mp3", low, sample_rate_hz=22050, codec="libmp3lame")
    first.write_bytes(first.read_bytes() + second.read_bytes())
    with load_audio(first, sample_rate_hz=RATE) as recording:
        assert recording.facts.duration_seconds == pytest.approx(6, abs=0.1)
        tail = np.abs(np.fft.rfft(recording.read(4 * RATE, RATE)))
    assert int(tail.argmax()) == pytest.approx(300, abs=1)


def test_a_file_that_may_not_be_read_is_named(tmp_path: Path) -> None:
    path = encode("a.wav", "pcm_s16le")(tmp_path)
    path.chmod(0)
    tmp_path.chmod(0o755)
    if os.geteuid() == 0:
        os.seteuid(65534)  # root may read everything
        try:
            with pytest.raises(InputError):
                load_audio(path, sample_rate_hz=RATE)
        finally:
            os.seteuid(0)
    else:
        with pytest.raises(InputError, match="may not be read"):
            load_audio(path, sample_rate_hz=RATE)


def test_a_full_disk_while_spooling_is_reported_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    path = encode("a.wav", "pcm_s16le")(tmp_path)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(OutputError, match="free disk space"):
            load_audio(path, sample_rate_hz=RATE, settings=LoadSettings(memory_bytes=1000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [file.name for file in tmp_path.iterdir()] == ["a.wav"]


@pytest.mark.parametrize(
    "bounds",
    [(-1.0, None), (float("nan"), None), (float("inf"), None), (2.0, 1.0), (2.0, 2.0), (0.0, float("nan"))],
)
def test_a_start_and_end_that_make_no_sense_are_refused(bounds: tuple[float, float | None]) -> None:
    with pytest.raises(SettingsError):
        LoadSettings(*bounds)


def test_a_recording_that_is_too_long_is_refused(tmp_path: Path) -> None:
    path = encode("a.wav", "pcm_s16le")(tmp_path)
    with pytest.raises(AudioError, match="longer than"):
        load_audio(path, sample_rate_hz=RATE, settings=LoadSettings(longest_seconds=2))
    with load_audio(path, sample_rate_hz=RATE, settings=LoadSettings(1, 2.5, longest_seconds=2)) as part:
        assert part.facts.duration_seconds == 1.5

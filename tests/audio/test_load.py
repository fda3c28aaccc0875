"""Loading a recording."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis_music.audio.load import LoadSettings, load_audio
from genesis_music.audio.loudness import measure_level
from genesis_music.errors import SettingsError
from tests.sounds import melody, sine, white_noise, write_sound

RATE = 22050

CODECS = [
    ("a.wav", "pcm_s16le", 44100),
    ("a.wav", "pcm_s24le", 96000),
    ("a.wav", "pcm_u8", 22050),
    ("a.aiff", "pcm_s16be", 44100),
    ("a.flac", "flac", 44100),
    ("a.mp3", "libmp3lame", 44100),
    ("a.m4a", "aac", 44100),
    ("a.m4a", "alac", 48000),
    ("a.mp4", "aac", 48000),
    ("a.opus", "libopus", 48000),
    ("a.ogg", "libopus", 48000),
    ("a.webm", "libopus", 48000),
    ("a.mka", "flac", 32000),
]


@pytest.mark.parametrize(("name", "codec", "rate"), CODECS)
def test_a_note_stays_where_it_was_in_every_format(tmp_path: Path, name: str, codec: str, rate: int) -> None:
    """Onsets are measured to milliseconds later, so an encoder's delay must not shift them."""
    sound = melody([(0.5, 1, 64), (1.25, 1, 60)], 3, sample_rate_hz=rate)
    path = write_sound(tmp_path / name, np.stack([sound, sound]), sample_rate_hz=rate, codec=codec)
    with load_audio(path, sample_rate_hz=RATE) as recording:
        samples = recording.read(0, recording.frames)
        assert recording.facts.source_sample_rate_hz == rate
        assert recording.facts.duration_seconds == pytest.approx(3, abs=0.06)
    expected = melody([(0.5, 1, 64), (1.25, 1, 60)], 3)
    lags = range(-1500, 1501)
    middle = expected[2000:60000]
    best = max(lags, key=lambda lag: float(np.dot(middle, samples[2000 + lag : 60000 + lag])))
    assert abs(best) / RATE < 0.002


@pytest.mark.parametrize(("name", "codec"), [("a.wma", "wmav2"), ("a.ac3", "ac3"), ("a.avi", "pcm_s16le")])
def test_less_common_formats_are_read(tmp_path: Path, name: str, codec: str) -> None:
    sound = sine(440, 3, sample_rate_hz=44100)
    with load_audio(write_sound(tmp_path / name, sound, codec=codec), sample_rate_hz=RATE) as recording:
        assert recording.facts.duration_seconds == pytest.approx(3, abs=0.06)
        spectrum = np.abs(np.fft.rfft(recording.read(RATE, RATE)))
    assert int(spectrum.argmax()) == 440


def test_the_facts_describe_the_file_and_what_was_loaded(tmp_path: Path) -> None:
    left = sine(440, 2, sample_rate_hz=44100)
    path = write_sound(tmp_path / "a.flac", np.stack([left, left * 0.5]), codec="flac", title="My\nSong\x07")
    with load_audio(path, sample_rate_hz=RATE) as recording:
        facts = recording.facts
        assert recording.frames == 2 * RATE
        assert facts.title == "My Song"
        assert (facts.source_channels, facts.source_sample_rate_hz, facts.codec) == (2, 44100, "flac")
        assert facts.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
        assert facts.peak == pytest.approx(0.375, abs=0.01)
        assert facts.level == measure_level(recording)
        assert facts.warnings == ()


def test_without_a_title_the_files_name_is_the_title(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "Blues in A.wav", sine(440, 1, sample_rate_hz=44100))
    with load_audio(path, sample_rate_hz=RATE) as recording:
        assert recording.facts.title == "Blues in A"


def test_channels_are_mixed_to_their_mean_and_resampled(tmp_path: Path) -> None:
    stereo = np.stack([sine(440, 2, sample_rate_hz=44100), sine(880, 2, sample_rate_hz=44100)])
    path = write_sound(tmp_path / "a.wav", stereo)
    with load_audio(path, sample_rate_hz=RATE) as recording:
        middle = recording.read(RATE // 2, RATE)
    expected = (sine(440, 2) + sine(880, 2))[RATE // 2 : RATE // 2 + RATE] / 2
    np.testing.assert_allclose(middle, expected, atol=1e-3)


@pytest.mark.parametrize("string", range(6))
def test_no_string_of_a_pickup_with_six_channels_is_lost(tmp_path: Path, string: int) -> None:
    """Programs that take six channels for surround sound drop the fourth."""
    strings = np.zeros((6, 2 * RATE), dtype=np.float32)
    strings[string] = sine(440, 2)
    path = write_sound(tmp_path / "hexaphonic.wav", strings, sample_rate_hz=RATE, layout="5.1")
    with load_audio(path, sample_rate_hz=RATE) as recording:
        np.testing.assert_allclose(recording.read(0, 2 * RATE), sine(440, 2) / 6, atol=1e-3)


def test_nothing_above_half_the_rate_is_folded_back(tmp_path: Path) -> None:
    high = sine(15000, 2, sample_rate_hz=48000)
    path = write_sound(tmp_path / "a.wav", high, sample_rate_hz=48000, codec="pcm_f32le")
    with load_audio(path, sample_rate_hz=RATE) as recording:
        assert np.abs(recording.read(RATE // 2, RATE)).max() < 1e-4


@pytest.fixture(scope="module")
def noise_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    noise = white_noise(3, sample_rate_hz=44100, amplitude=0.1)
    return write_sound(tmp_path_factory.mktemp("noise") / "a.wav", noise)


@given(st.floats(0, 2.9), st.floats(0.01, 4))
@settings(max_examples=12, deadline=None)
def test_start_and_end_choose_exactly_that_part(noise_file: Path, start: float, length: float) -> None:
    chosen = LoadSettings(start, start + length)
    with (
        load_audio(noise_file, sample_rate_hz=RATE) as whole,
        load_audio(noise_file, sample_rate_hz=RATE, settings=chosen) as part,
    ):
        first, end = round(start * RATE), min(round((start + length) * RATE), whole.frames)
        np.testing.assert_array_equal(part.read(0, 10 * RATE), whole.read(first, end - first))


def test_what_does_not_fit_in_memory_goes_to_a_file_and_reads_the_same(noise_file: Path) -> None:
    with (
        load_audio(noise_file, sample_rate_hz=RATE) as whole,
        load_audio(noise_file, sample_rate_hz=RATE, settings=LoadSettings(memory_bytes=1000)) as spooled,
    ):
        np.testing.assert_array_equal(whole.read(0, whole.frames), spooled.read(0, whole.frames))
        assert whole.facts == spooled.facts


def test_a_start_after_the_end_is_refused(noise_file: Path) -> None:
    with pytest.raises(SettingsError, match="choose an earlier one"):
        load_audio(noise_file, sample_rate_hz=RATE, settings=LoadSettings(start_seconds=5))


def test_progress_grows_to_one(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "a.mp3", sine(440, 20, sample_rate_hz=44100), codec="libmp3lame")
    fractions: list[float] = []
    load_audio(path, sample_rate_hz=RATE, on_fraction=fractions.append).close()
    assert len(fractions) > 5
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0

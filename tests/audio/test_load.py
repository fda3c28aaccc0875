"""Loading a recording."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
from tests.sounds import sine, write_sound

from genesis_music.audio.load import LoadSettings, load_audio
from genesis_music.errors import SettingsError

RATE = 22050


def test_a_wav_file_is_mixed_down_and_resampled(tmp_path: Path) -> None:
    stereo = np.stack([sine(440, 2, sample_rate_hz=44100), sine(440, 2, sample_rate_hz=44100)])
    path = write_sound(tmp_path / "a.wav", stereo, title="My\nSong")
    with load_audio(path, sample_rate_hz=RATE) as recording:
        assert recording.frames == 2 * RATE
        assert recording.facts.title == "My Song"
        assert recording.facts.source_channels == 2
        assert recording.facts.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
        middle = recording.read(RATE // 2, RATE)
    expected = sine(440, 2)[RATE // 2 : RATE // 2 + RATE]
    np.testing.assert_allclose(middle, expected, atol=2e-3)


def test_start_and_end_choose_a_part(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "a.wav", sine(440, 3, sample_rate_hz=44100))
    with (
        load_audio(path, sample_rate_hz=RATE) as whole,
        load_audio(path, sample_rate_hz=RATE, settings=LoadSettings(1.0, 2.5)) as part,
    ):
        np.testing.assert_array_equal(part.read(0, 10 * RATE), whole.read(RATE, round(1.5 * RATE)))


def test_a_start_after_the_end_is_refused(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "a.wav", sine(440, 1, sample_rate_hz=44100))
    with pytest.raises(SettingsError, match="choose an earlier one"):
        load_audio(path, sample_rate_hz=RATE, settings=LoadSettings(start_seconds=5))

"""Loudness after EBU R128, and bringing a recording to another one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis_music.audio.loudness import SILENCE_LUFS, Level, measure_level, normalise, normalising_gain
from genesis_music.audio.recording import ArrayAudio
from tests.sounds import melody, sine


@pytest.mark.parametrize("rate", [16000, 22050, 44100, 48000])
@pytest.mark.parametrize("level_db", [-23, -33])
def test_the_sine_of_ebu_tech_3341_measures_its_level(rate: int, level_db: int) -> None:
    """Cases 1 and 2: a 1 kHz sine at −23 (−33) dBFS from two speakers is −23.0 (−33.0) ±0.1 LUFS."""
    tone = sine(1000, 20, sample_rate_hz=rate, amplitude=10 ** (level_db / 20))
    assert measure_level(ArrayAudio(tone, rate)).loudness_lufs == pytest.approx(level_db, abs=0.1)


def test_quiet_passages_are_gated_as_in_ebu_tech_3341_case_3() -> None:
    """10 s at −36, 60 s at −23, 10 s at −36 dBFS: −23.0 ±0.1 LUFS."""
    levels = [(-36, 10), (-23, 60), (-36, 10)]
    tone = np.concatenate([sine(1000, s, amplitude=10 ** (db / 20)) for db, s in levels])
    assert measure_level(ArrayAudio(tone, 22050)).loudness_lufs == pytest.approx(-23, abs=0.1)


@pytest.mark.parametrize("samples", [np.zeros(22050, np.float32), np.empty(0, np.float32), sine(440, 0.1)])
def test_silence_and_very_short_sounds_have_no_loudness(samples: np.ndarray) -> None:
    audio = ArrayAudio(samples, 22050)
    level = measure_level(audio)
    assert level.loudness_lufs == SILENCE_LUFS
    np.testing.assert_array_equal(normalise(audio, level).read(0, 99999), samples)


def test_a_normalised_recording_has_the_target_loudness() -> None:
    audio = ArrayAudio(melody([(0, 2, 52), (1, 2, 59), (2, 2, 64)], 4) * np.float32(0.05), 22050)
    louder = normalise(audio, measure_level(audio), target_lufs=-30)
    assert measure_level(louder).loudness_lufs == pytest.approx(-30, abs=0.1)
    np.testing.assert_array_equal(louder.read(1000, 50), louder.read(0, 2000)[1000:1050])


@given(st.floats(-69, 10), st.floats(1e-4, 1e5), st.floats(-40, 0))
def test_normalising_never_clips_nor_amplifies_beyond_30_db(
    loudness: float, peak: float, target: float
) -> None:
    gain = normalising_gain(Level(loudness, peak), target)
    assert 0 < gain * peak <= 0.98 * (1 + 1e-9)
    assert gain <= 10**1.5 * (1 + 1e-9)
    assert gain <= 10 ** ((target - loudness) / 20) * (1 + 1e-9)

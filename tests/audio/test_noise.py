"""The noise floor and removing it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis_music.audio.denoise import DenoiseSettings, denoise, needs_denoising
from genesis_music.audio.noise import SILENCE_DB, NoiseMeter, NoiseProfile
from genesis_music.audio.recording import ArrayAudio
from genesis_music.errors import SettingsError
from tests.sounds import melody, white_noise

RATE = 22050
PITCHES = np.random.default_rng(0).integers(45, 76, 40)
MUSIC = melody([(0.25 * i, 1.5, float(pitch)) for i, pitch in enumerate(PITCHES)], 11) * np.float32(0.5)


def profile_of(samples: np.ndarray, block: int = 4000) -> NoiseProfile:
    meter = NoiseMeter(RATE)
    for start in range(0, len(samples), block):
        meter.add(samples[start : start + block])
    return meter.profile()


def signal_to_noise_db(samples: np.ndarray) -> float:
    return float(10 * np.log10((MUSIC**2).sum() / ((samples - MUSIC) ** 2).sum()))


@pytest.mark.parametrize("level_db", [-20, -40, -60, -80])
def test_the_floor_of_noise_is_its_level(level_db: int) -> None:
    noise = white_noise(10, amplitude=10 ** (level_db / 20))
    assert profile_of(noise).level_db == pytest.approx(level_db, abs=1)


@pytest.mark.parametrize("level_db", [-30, -45, -60])
def test_the_floor_is_found_beneath_music_that_never_stops(level_db: int) -> None:
    noisy = MUSIC + white_noise(11, amplitude=10 ** (level_db / 20))
    assert profile_of(noisy).level_db == pytest.approx(level_db, abs=5)


@given(st.integers(1, 30000))
@settings(max_examples=10, deadline=None)
def test_the_floor_does_not_depend_on_how_the_samples_arrive(block: int) -> None:
    noise = white_noise(1)
    np.testing.assert_array_equal(
        profile_of(noise, block).band_power, profile_of(noise, len(noise)).band_power
    )


@pytest.mark.parametrize("samples", [np.zeros(RATE, np.float32), np.empty(0, np.float32), MUSIC[:100]])
def test_silence_and_very_short_sounds_have_the_lowest_floor(samples: np.ndarray) -> None:
    profile = profile_of(samples)
    assert profile.level_db == SILENCE_DB
    assert not needs_denoising(profile)
    audio = ArrayAudio(samples, RATE)
    np.testing.assert_allclose(denoise(audio, profile).read(0, len(samples)), samples, atol=1e-6)


def test_digital_silence_between_notes_does_not_hide_the_noise() -> None:
    noise = np.concatenate([np.zeros(5 * RATE, np.float32), white_noise(2), np.zeros(5 * RATE, np.float32)])
    assert profile_of(noise).level_db == pytest.approx(-40, abs=1.5)


def test_only_noisy_recordings_need_denoising() -> None:
    assert needs_denoising(profile_of(MUSIC + white_noise(11, amplitude=0.02)))
    assert not needs_denoising(profile_of(MUSIC + white_noise(11, amplitude=0.0005)))
    assert not needs_denoising(profile_of(MUSIC))


@pytest.mark.parametrize(("level_db", "gain_db"), [(-30, 6), (-40, 5), (-60, 2)])
def test_denoising_brings_the_music_nearer_to_what_it_was(level_db: int, gain_db: float) -> None:
    noisy = MUSIC + white_noise(11, amplitude=10 ** (level_db / 20))
    clean = denoise(ArrayAudio(noisy, RATE), profile_of(noisy)).read(0, len(noisy))
    assert signal_to_noise_db(clean) > signal_to_noise_db(noisy) + gain_db


def test_a_pause_becomes_as_much_quieter_as_asked() -> None:
    noise = white_noise(5)
    quiet = denoise(ArrayAudio(noise, RATE), profile_of(noise), DenoiseSettings(6, 20)).read(0, len(noise))
    change_db = 20 * np.log10(quiet.std() / noise.std())
    assert -20.5 < change_db < -15


NOISY = ArrayAudio(MUSIC[: 2 * RATE] + white_noise(2), RATE)
DENOISED = denoise(NOISY, profile_of(NOISY.samples))
WHOLE = DENOISED.read(0, NOISY.frames)


@given(st.integers(0, NOISY.frames + 10), st.integers(0, NOISY.frames))
@settings(deadline=None)
def test_any_range_of_denoised_audio_is_the_same_however_it_is_cut(start: int, count: int) -> None:
    np.testing.assert_allclose(DENOISED.read(start, count), WHOLE[start : start + count], rtol=0, atol=1e-6)


def test_denoising_keeps_length_and_rate() -> None:
    assert (DENOISED.frames, DENOISED.sample_rate_hz) == (NOISY.frames, RATE)
    assert len(WHOLE) == NOISY.frames


def test_a_profile_of_another_rate_is_refused() -> None:
    with pytest.raises(ValueError, match="noise profile"):
        denoise(ArrayAudio(MUSIC, 44100), profile_of(MUSIC))


@pytest.mark.parametrize("values", [(-1.0, 10.0), (3.0, -1.0), (float("nan"), 1.0)])
def test_denoising_that_makes_no_sense_is_refused(values: tuple[float, float]) -> None:
    with pytest.raises(SettingsError):
        DenoiseSettings(*values)

import numpy as np
import pytest

from genesis_music.evaluation.phone import as_by_phone

RATE_HZ = 22050
TIME = np.arange(2 * RATE_HZ) / RATE_HZ


def level_at(samples, hz):
    """Amplitude of one frequency in the middle second."""
    middle = samples[RATE_HZ // 2 : 3 * RATE_HZ // 2]
    return 2 * abs(np.mean(middle * np.exp(-2j * np.pi * hz * TIME[: len(middle)])))


@pytest.mark.parametrize("lost_hz", [82, 8000])
def test_a_telephone_loses_what_lies_outside_its_band(lost_hz):
    tones = np.sin(2 * np.pi * lost_hz * TIME) + np.sin(2 * np.pi * 1000 * TIME)
    heard = as_by_phone(tones.astype(np.float32), RATE_HZ)
    assert level_at(heard, lost_hz) < 0.03 * level_at(heard, 1000)


def test_pauses_are_noisy_and_the_same_noise_every_time():
    tone = np.where(TIME < 0.5, np.sin(2 * np.pi * 440 * TIME), 0).astype(np.float32)
    heard = as_by_phone(tone, RATE_HZ)
    pause, played = heard[-RATE_HZ // 2 :], heard[: RATE_HZ // 2]
    assert 0.005 < np.std(pause) / np.std(played) < 0.05
    assert np.array_equal(heard, as_by_phone(tone, RATE_HZ))


def test_silence_stays_silent():
    assert not as_by_phone(np.zeros(RATE_HZ, dtype=np.float32), RATE_HZ).any()

import numpy as np
import pytest

from training.guitar.example import SAMPLE_RATE_HZ
from training.guitar.hexaphonic import cleaned, mixed_pickups
from training.guitar.recording import record_directly
from training.guitar.strokes import Phrase, Stroke
from training.guitar.voices import play

STANDARD = (64, 59, 55, 50, 45, 40)


def level_db(sound):
    return 10 * np.log10(np.mean(sound**2) + 1e-12)


@pytest.fixture
def strings():
    """A loud low E and its soft octave on the fourth string: every partial of the octave meets one of the E."""
    time = np.arange(SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
    sounds = np.zeros((6, len(time)), np.float32)
    for string, hz, level in ((6, 82.4, 0.5), (4, 164.8, 0.02)):
        sounds[string - 1] = level * sum(np.sin(2 * np.pi * n * hz * time) / n for n in range(1, 10))
    return sounds


@pytest.mark.parametrize("window", [512, 1024, 2048])
def test_masks_without_suspicion_change_nothing(strings, window):
    assert cleaned(strings, 0.0, window) == pytest.approx(strings, abs=1e-5)


def test_cleaning_takes_bleed_away_and_eats_soft_notes_under_loud_ones(strings):
    heard = strings.copy()
    heard[4] += 0.03 * strings[5]
    clean = cleaned(heard, 0.05, 1024)
    assert level_db(clean[4]) < level_db(heard[4]) - 20
    assert level_db(clean[3]) < level_db(heard[3]) - 6
    assert level_db(clean[5]) == pytest.approx(level_db(heard[5]), abs=0.5)


@pytest.mark.parametrize("seed", range(20))
def test_pickups_mixed_to_one_keep_every_moment_in_place(strings, seed):
    silent_until = SAMPLE_RATE_HZ // 2
    strings[:, :silent_until] = 0
    mixed = mixed_pickups(strings, np.random.default_rng(seed))
    assert mixed.shape == strings.shape[1:]
    assert mixed.dtype == np.float32
    assert not mixed[: silent_until - 2048].any()
    assert level_db(mixed[silent_until:]) > -40


def test_a_guitar_can_be_heard_by_a_pickup_for_every_string(bank):
    phrase = Phrase(STANDARD, (Stroke(0.2, 1.5, 6, 3), Stroke(0.2, 1.5, 1, 3, velocity=0.4)))
    together, apart = (
        play(phrase, bank, (0.0,) * 6, 2.0, np.random.default_rng(3), hexaphonic)
        for hexaphonic in (False, True)
    )
    assert together.notes == apart.notes
    assert not np.allclose(together.sound, apart.sound)


@pytest.mark.parametrize("seed", range(20))
def test_direct_recordings_are_finite_within_full_scale_and_the_same_again(strings, seed):
    one, again = (record_directly(strings[5], np.random.default_rng(seed)) for _ in range(2))
    assert one.shape == strings[5].shape
    assert one.dtype == np.float32
    assert 0 < np.abs(one).max() <= 1
    assert np.array_equal(one, again)

import numpy as np
import pytest

from training.guitar.example import SAMPLE_RATE_HZ
from training.guitar.strays import Hand, random_hand, with_strays
from training.guitar.strokes import Manner, Phrase, Stroke
from training.guitar.voices import play

STANDARD = (64, 59, 55, 50, 45, 40)
FRETTED, OPEN = Stroke(0.5, 1.0, 3, 4), Stroke(0.5, 1.0, 3, 0)
NEXT = Stroke(1.8, 2.0, 3, 5)


def strays(hand, *strokes, seed=0):
    heard = with_strays(Phrase(STANDARD, strokes), hand, np.random.default_rng(seed)).strokes
    assert tuple(stroke for stroke in heard if stroke.is_meant) == strokes
    return [stroke for stroke in heard if not stroke.is_meant]


@pytest.mark.parametrize("seed", range(20))
def test_a_finger_that_lets_go_lets_the_string_sound_open(seed):
    (stray,) = strays(Hand(leaving=1.0), FRETTED, seed=seed)
    assert (stray.string, stray.fret) == (3, 0)
    assert 1.0 <= stray.onset_seconds < 1.04
    assert stray.velocity < FRETTED.velocity - 0.2


@pytest.mark.parametrize("seed", range(20))
def test_a_finger_that_lands_is_heard_before_its_note(seed):
    (stray,) = strays(Hand(landing=1.0), FRETTED, seed=seed)
    assert (stray.string, stray.fret) == (3, 4)
    assert 0.35 < stray.onset_seconds < stray.end_seconds == FRETTED.onset_seconds


@pytest.mark.parametrize("seed", range(20))
def test_nothing_stray_sounds_while_its_string_is_played(seed):
    own = (FRETTED, Stroke(1.0, 1.6, 3, 7), NEXT)
    for stray in strays(Hand(1.0, 1.0), *own, seed=seed):
        assert all(stray.end_seconds <= s.onset_seconds or stray.onset_seconds >= s.end_seconds for s in own)


def test_open_strings_and_flageolets_need_no_finger():
    assert not strays(Hand(1.0, 1.0), OPEN)
    assert not strays(Hand(1.0, 1.0), Stroke(0.5, 1.0, 3, 12, manner=Manner.HARMONIC))


def test_what_nobody_meant_is_heard_but_not_labelled(bank):
    stray = Stroke(1.0, 2.0, 3, 0, 0.4, Manner.LEGATO, is_meant=False)
    clean, heard = (
        play(Phrase(STANDARD, strokes), bank, (0.0,) * 6, 3.0, np.random.default_rng(0))
        for strokes in ((FRETTED,), (FRETTED, stray))
    )
    assert [note.pitch_midi for note in heard.notes] == [note.pitch_midi for note in clean.notes] == [59]
    after = slice(round(1.5 * SAMPLE_RATE_HZ), round(1.8 * SAMPLE_RATE_HZ))
    assert np.std(heard.sound[after]) > 10 * np.std(clean.sound[after])


def test_two_of_three_hands_are_heard():
    hands = [random_hand(np.random.default_rng(seed)) for seed in range(500)]
    assert 0.6 < np.mean([hand.leaving > 0 for hand in hands]) < 0.7
    assert 0.25 < np.mean([hand.landing > 0 for hand in hands]) < 0.35

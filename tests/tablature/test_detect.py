import pytest

from genesis_music.errors import SettingsError
from genesis_music.score import Note
from genesis_music.tablature.detect import detect_tuning
from genesis_music.tablature.tunings import TUNINGS

OPEN_CHORDS = ((43, 47, 50, 55, 59, 67), (48, 52, 55, 60, 64), (50, 57, 62, 66), (40, 47, 52, 55, 59, 64))


def strummed(chords, up=0):
    return [Note(i * 0.5, 0.5, pitch + up) for i, chord in enumerate(chords * 4) for pitch in chord]


def riff(*pitches):
    return [Note(i * 0.2, 0.2, pitch) for i, pitch in enumerate(pitches * 8)]


def test_open_chords_are_in_standard_tuning_without_a_capo():
    best = detect_tuning(strummed(OPEN_CHORDS))[0]
    assert (best.tuning.name, best.capo) == ("standard", 0)


@pytest.mark.parametrize("fret", [2, 3, 4])
def test_open_chords_higher_up_mean_a_capo(fret):
    best = detect_tuning(strummed(OPEN_CHORDS, up=fret), tunings=[TUNINGS["standard"]])[0]
    assert best.capo == fret
    assert any("chords" in reason for reason in best.reasons)


def test_low_d_means_drop_d():
    power = [Note(i * 0.25, 0.2, p) for i in range(16) for p in (38, 45, 50)]
    best = detect_tuning(power + riff(38, 41, 43, 38, 45), capos=(0,))[0]
    assert best.tuning.name == "drop-d"


def test_open_chords_a_half_step_lower_mean_a_guitar_tuned_down():
    assert detect_tuning(strummed(OPEN_CHORDS, up=-1), capos=(0,))[0].tuning.name == "half-step-down"


def test_a_low_b_on_a_bass_means_five_strings():
    assert detect_tuning(riff(23, 28, 30, 35), instrument="bass", capos=(0,))[0].tuning.name == "bass-5"


def test_silence_gets_the_usual_tuning():
    assert detect_tuning([])[0].tuning.name == "standard"


def test_an_unknown_instrument_is_refused():
    with pytest.raises(SettingsError, match="banjo"):
        detect_tuning([], instrument="banjo")

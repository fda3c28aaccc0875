import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis_music.errors import SettingsError
from genesis_music.tablature.fretboard import Place, places
from genesis_music.tablature.tunings import STANDARD, TUNINGS


def test_the_high_open_e_can_be_played_on_five_strings():
    assert places(64, STANDARD, 0, 20) == (Place(1, 0), Place(2, 5), Place(3, 9), Place(4, 14), Place(5, 19))


def test_a_capo_takes_frets_away_from_both_ends():
    assert places(42, STANDARD, 3, 20) == ()
    assert places(43, STANDARD, 3, 20) == (Place(6, 0),)
    assert max(place.fret for place in places(64, STANDARD, 3, 20)) <= 17


@given(st.integers(0, 127), st.sampled_from(list(TUNINGS.values())), st.integers(0, 9))
def test_every_place_sounds_the_pitch(pitch, tuning, capo):
    assert all(place.pitch_midi(tuning, capo) == pitch for place in places(pitch, tuning, capo, 24))


@pytest.mark.parametrize("capo", [-1, 24, 30])
def test_a_capo_off_the_neck_is_refused(capo):
    with pytest.raises(SettingsError, match="Capo"):
        places(64, STANDARD, capo, 24)

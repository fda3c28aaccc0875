import pytest

from genesis_music.errors import SettingsError
from genesis_music.tablature.tunings import INSTRUMENTS, TUNINGS
from genesis_music.transcription.engines import ENGINES, choose_engine

USUALLY = {"guitar": "genesis", "ukulele": "genesis", "bass": "basic-pitch"}


@pytest.mark.parametrize("instrument", INSTRUMENTS)
def test_every_instrument_is_heard_by_the_engine_that_suits_it(instrument):
    lowest = min(INSTRUMENTS[instrument].tuning.pitches_midi)
    assert choose_engine("auto", lowest) == USUALLY[instrument]


def test_a_guitar_tuned_below_the_model_is_heard_by_the_other():
    assert choose_engine("auto", min(TUNINGS["7-string-drop-a"].pitches_midi)) == "genesis"
    assert choose_engine("auto", min(TUNINGS["8-string"].pitches_midi)) == "basic-pitch"


@pytest.mark.parametrize("name", ENGINES)
def test_an_engine_asked_for_by_name_listens_to_everything(name):
    assert {choose_engine(name, lowest) for lowest in (20, 40, 60)} == {name}


def test_an_unknown_engine_is_refused_with_those_there_are():
    with pytest.raises(SettingsError, match="auto, basic-pitch, genesis"):
        choose_engine("oracle", 40)

"""Golden activations: ``python -m tests.transcription.test_basic_pitch`` writes them anew."""

from pathlib import Path

import numpy as np
import pytest

from genesis_music.audio.recording import ArrayAudio
from genesis_music.errors import EngineError, SettingsError
from genesis_music.transcription.basic_pitch import HOP_SAMPLES, SAMPLE_RATE_HZ, BasicPitchEngine
from genesis_music.transcription.engines import ENGINES, get_engine
from tests.transcription.sounds import mixed, plucked

GOLDEN = Path(__file__).parent / "data" / "basic_pitch_golden.npz"
TOLERANCE = 2e-3
"""Other processors and onnxruntime versions add up in another order."""


def golden_audio():
    return mixed((0.3, plucked(52, 0.8)), (0.7, plucked(64, 0.6)), seconds=1.5)


def joined(engine, audio, part):
    return np.concatenate([getattr(block, part) for block in engine.activations(audio)])


@pytest.fixture(scope="module")
def long_audio():
    places = [(0.2 + 0.5 * index, plucked(45 + 3 * (index % 7), 0.4)) for index in range(22)]
    return mixed(*places, seconds=12.0)


@pytest.mark.parametrize("part", ["onset", "sounding", "contour"])
def test_the_network_says_what_it_always_said(part):
    found = joined(get_engine("basic-pitch"), golden_audio(), part)
    assert found == pytest.approx(np.load(GOLDEN)[part].astype(np.float32), abs=TOLERANCE)


def test_blocks_of_another_size_give_bit_by_bit_the_same_activations(long_audio):
    whole, pieces = BasicPitchEngine(batches_per_block=100), BasicPitchEngine(batches_per_block=1)
    assert len(list(whole.activations(long_audio))) == 1
    assert len(list(pieces.activations(long_audio))) == 3
    for part in ("onset", "sounding", "contour"):
        assert np.array_equal(joined(whole, long_audio, part), joined(pieces, long_audio, part))


def test_blocks_follow_each_other_and_cover_the_audio(long_audio):
    fractions = []
    blocks = list(BasicPitchEngine(batches_per_block=1).activations(long_audio, fractions.append))
    ends = [block.first_frame + len(block.onset) for block in blocks]
    assert [block.first_frame for block in blocks] == [0, *ends[:-1]]
    assert ends[-1] == -(-long_audio.frames // HOP_SAMPLES)
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1


@pytest.mark.parametrize("samples", [0, 1, 220])
def test_hardly_any_audio_gives_hardly_any_frames(samples):
    audio = ArrayAudio(np.zeros(samples, np.float32), SAMPLE_RATE_HZ)
    assert sum(len(block.onset) for block in get_engine("basic-pitch").activations(audio)) == min(samples, 1)


def test_another_sample_rate_is_refused():
    audio = ArrayAudio(np.zeros(1000, np.float32), 44100)
    with pytest.raises(SettingsError, match="22050"):
        next(get_engine("basic-pitch").activations(audio))


def test_a_missing_model_is_reported():
    engine = BasicPitchEngine(model_path=Path("nowhere.onnx"))
    with pytest.raises(EngineError, match="nowhere"):
        next(engine.activations(golden_audio()))


@pytest.mark.parametrize("arguments", [{"batches_per_block": 0}, {"threads": 0}])
def test_senseless_engine_options_are_refused(arguments):
    with pytest.raises(SettingsError):
        BasicPitchEngine(**arguments)


def test_an_unknown_engine_is_refused_with_the_names_there_are():
    with pytest.raises(SettingsError, match="basic-pitch"):
        get_engine("nonsense")


def test_every_engine_is_known_by_its_own_name():
    assert all(get_engine(name).name == name for name in ENGINES)


if __name__ == "__main__":
    GOLDEN.parent.mkdir(exist_ok=True)
    parts = {
        part: joined(get_engine("basic-pitch"), golden_audio(), part)
        for part in ("onset", "sounding", "contour")
    }
    np.savez_compressed(GOLDEN, **{name: values.astype(np.float16) for name, values in parts.items()})

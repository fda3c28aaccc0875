import numpy as np
import pytest

from genesis_music.audio.recording import ArrayAudio
from genesis_music.errors import SettingsError
from genesis_music.transcription.basic_pitch import SAMPLE_RATE_HZ, BasicPitchEngine
from genesis_music.transcription.decoder import DecoderSettings, decode_notes
from genesis_music.transcription.engines import get_engine


def plucked(pitch_midi, seconds, level=0.5):
    """Decaying harmonics, a little like a string."""
    time = np.arange(int(seconds * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    frequency = 440 * 2 ** ((pitch_midi - 69) / 12)
    partials = [np.sin(2 * np.pi * n * frequency * time) * np.exp(-n * 1.5 * time) / n for n in range(1, 9)]
    return level * np.sum(partials, axis=0)


def mix(*placed, seconds=4.0):
    out = np.zeros(int(seconds * SAMPLE_RATE_HZ))
    for onset, tone in placed:
        start = int(onset * SAMPLE_RATE_HZ)
        out[start : start + len(tone)] += tone[: len(out) - start]
    return ArrayAudio(out.astype(np.float32), SAMPLE_RATE_HZ)


@pytest.fixture(scope="module")
def engine():
    return get_engine("basic-pitch")


def transcribe(engine, audio, **settings):
    return decode_notes(engine.activations(audio), engine.format, DecoderSettings(**settings))


def test_a_single_note_has_the_right_time_and_pitch(engine):
    notes = transcribe(engine, mix((1.0, plucked(60, 1.0))))
    (note,) = [note for note in notes if note.pitch_midi == 60]
    assert note.onset_seconds == pytest.approx(1.0, abs=0.015)


def test_silence_has_no_notes(engine):
    assert transcribe(engine, ArrayAudio(np.zeros(50000, np.float32), SAMPLE_RATE_HZ)) == []


def test_blocks_of_another_size_give_the_same_activations():
    audio = mix((0.2, plucked(50, 2.0)), (5.1, plucked(64, 1.0)), seconds=8.0)
    whole = list(BasicPitchEngine(batches_per_block=100).activations(audio))
    pieces = list(BasicPitchEngine(batches_per_block=1).activations(audio))
    assert len(whole) == 1
    assert len(pieces) == 2
    assert np.array_equal(np.concatenate([p.onset for p in pieces]), whole[0].onset)


def test_an_unknown_engine_is_refused_with_the_names_there_are():
    with pytest.raises(SettingsError, match="basic-pitch"):
        get_engine("nonsense")

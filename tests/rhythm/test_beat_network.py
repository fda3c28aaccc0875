import numpy as np
import pytest

from genesis_music.errors import EngineError
from genesis_music.rhythm.beat_network import load_beat_network, read_beat_network
from genesis_music.rhythm.note_frames import FEATURES, note_frames
from genesis_music.rhythm.pulse import find_pulse
from genesis_music.score import Note

NOTES = [Note(0.25 * i, 0.3, 45 + 7 * (i % 4)) for i in range(80)]


def frames_of(notes: list[Note]) -> np.ndarray:
    onsets = np.array([note.onset_seconds for note in notes])
    pitches = np.array([float(note.pitch_midi) for note in notes])
    return note_frames(notes, find_pulse(onsets, pitches, 20.0))


def test_features_are_finite_and_one_row_per_frame():
    features = frames_of(NOTES)
    assert features.shape[1] == FEATURES
    assert np.isfinite(features).all()


def test_features_do_not_depend_on_the_order_of_notes():
    assert np.allclose(frames_of(NOTES), frames_of(NOTES[::-1]))


def test_features_of_harmony_do_not_depend_on_the_key():
    higher = [Note(n.onset_seconds, n.duration_seconds, n.pitch_midi + 5) for n in NOTES]
    registers = 8
    assert np.allclose(frames_of(NOTES)[:, registers:], frames_of(higher)[:, registers:], atol=1e-5)


def test_activations_have_one_value_per_frame():
    features = frames_of(NOTES)
    found = load_beat_network()(features)
    assert found.beat.shape == found.downbeat.shape == found.compound.shape == (len(features),)
    assert np.isfinite(found.beat).all()


def test_what_lies_far_away_changes_nothing():
    network = load_beat_network()
    features = np.tile(frames_of(NOTES), (8, 1))
    whole, part = network(features), network(features[: len(features) // 2])
    assert np.allclose(whole.beat[:300], part.beat[:300], atol=1e-4)


@pytest.mark.parametrize("content", [b"", b"no weights", b"PK\x03\x04broken"])
def test_damaged_weights_are_reported(tmp_path, content):
    path = tmp_path / "weights.npz"
    path.write_bytes(content)
    with pytest.raises(EngineError, match="beat network"):
        read_beat_network(path)

"""The decoder on what the guitar model may say, sense or nonsense, and on what it says of sounds that are no guitar."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis_music.audio.recording import ArrayAudio
from genesis_music.transcription.decoder import DecoderSettings, decode_notes
from genesis_music.transcription.engine import Activations
from genesis_music.transcription.guitar_engine import SAMPLE_RATE_HZ, GuitarEngine
from tests.transcription.sounds import mixed, plucked

FORMAT = GuitarEngine.format
MELODY = (52, 55, 59, 64, 62, 60, 57, 55)


def activations(onset, sounding):
    """Activations ``[frames, pitches]`` with flat strings and no bends."""
    frames, pitches = onset.shape
    return Activations(
        0,
        onset.astype(np.float32),
        sounding.astype(np.float32),
        contour=np.zeros((frames, pitches * FORMAT.bins_per_semitone), np.float32),
        string_evidence=np.full((frames, 6, pitches), -np.log(6), np.float32),
        offset=np.zeros((frames, pitches), np.float32),
        velocity=np.full((frames, pitches), 0.5, np.float32),
    )


def heard_in(samples):
    engine = GuitarEngine(threads=1)
    return decode_notes(engine.activations(ArrayAudio(samples.astype(np.float32), SAMPLE_RATE_HZ)), FORMAT)


@pytest.mark.parametrize("frames", [1, 2, 3000])
@pytest.mark.parametrize("level", [0.0, 0.5, 1.0])
def test_activations_that_never_change_begin_notes_at_the_start_only(frames, level):
    same = np.full((frames, FORMAT.pitches), level)
    notes = decode_notes([activations(same, same)], FORMAT)
    assert all(note.onset_seconds < 2 * FORMAT.frame_seconds for note in notes)
    assert level or not notes


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 80))
def test_nonsense_gives_notes_that_can_be_written_down(seed, frames):
    random = np.random.default_rng(seed)
    onset, sounding = random.random((2, frames, FORMAT.pitches))
    everything = DecoderSettings(minimum_confidence=0.0)
    end = frames * FORMAT.frame_seconds
    for note in decode_notes([activations(onset, sounding)], FORMAT, everything):
        assert 0 <= note.onset_seconds < note.end_seconds <= end + 1e-6
        assert 0 <= note.confidence <= 1
        assert 0 <= note.velocity <= 1
        assert len(note.string_evidence) == 6


def test_a_note_struck_in_the_last_moment_is_no_error():
    onset, sounding = np.zeros((2, 100, FORMAT.pitches))
    onset[-1, 20] = sounding[-1, 20] = 1.0
    assert len(decode_notes([activations(onset, sounding)], FORMAT)) <= 1


@pytest.fixture(scope="module")
def melody():
    return mixed(*((0.5 + 0.4 * i, plucked(p, 0.38)) for i, p in enumerate(MELODY)), seconds=4)


def test_a_melody_is_heard_with_strings_that_can_sound_it(melody):
    notes = heard_in(melody.samples)
    assert [note.pitch_midi for note in notes if note.confidence > 0.8] == list(MELODY)
    assert all(len(note.string_evidence) == 6 for note in notes)


@pytest.mark.parametrize("spoil", ["clipped", "offset", "upside down", "faint"])
def test_a_spoilt_recording_is_still_heard(melody, spoil):
    samples = melody.samples / np.abs(melody.samples).max()
    spoilt = {
        "clipped": np.clip(4 * samples, -1, 1),
        "offset": 0.5 * samples + 0.4,
        "upside down": -samples,
        "faint": 1e-3 * samples,
    }[spoil]
    pitches = [note.pitch_midi for note in heard_in(spoilt)]
    assert len(set(MELODY) & set(pitches)) >= len(set(MELODY)) - 1
    assert len(pitches) <= len(MELODY) + 4


@pytest.mark.parametrize("samples", [0, 1, 440, SAMPLE_RATE_HZ])
def test_silence_of_any_length_has_no_notes(samples):
    assert heard_in(np.zeros(samples)) == []


def test_noise_is_not_taken_for_a_guitar():
    noise = 0.1 * np.random.default_rng(1).standard_normal(10 * SAMPLE_RATE_HZ)
    assert len(heard_in(noise)) <= 5

from collections import Counter
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis_music.audio.recording import ArrayAudio
from genesis_music.errors import EngineError, SettingsError
from genesis_music.transcription.basic_pitch import SAMPLE_RATE_HZ, BasicPitchEngine
from genesis_music.transcription.decoder import DecoderSettings, decode_notes
from genesis_music.transcription.engine import Activations
from genesis_music.transcription.features import RESTRUCK_EDGES
from genesis_music.transcription.network import Network
from genesis_music.transcription.weights import load_weights
from tests.transcription.sounds import mixed, plucked

FORMAT = BasicPitchEngine.format
WEIGHTS = load_weights(FORMAT.decoder_weights)
MELODY = (52, 55, 59, 64, 62, 60, 57, 55, 52, 50, 52, 67)


def heard(audio):
    """All activations of a sound in one block."""
    blocks = list(BasicPitchEngine(threads=1).activations(audio))
    parts = (np.concatenate([getattr(b, n) for b in blocks]) for n in ("onset", "sounding", "contour"))
    return Activations(0, *parts)


def notes_of(activations, **options):
    weights = WEIGHTS if activations.string_evidence is None else hearing_strings(WEIGHTS)
    return decode_notes([activations], FORMAT, DecoderSettings(**options), weights)


def hearing_strings(weights):
    """The same weights for an engine that hears strings too, and make nothing of them."""
    (first, bias), *rest = weights.end.layers
    more = np.zeros((len(RESTRUCK_EDGES), first.shape[1]), dtype=np.float32)
    return replace(weights, end=Network(((np.concatenate([first, more]), bias), *rest)))


def cut(activations, places):
    """The same activations in blocks that end at the given frames."""
    edges = [0, *sorted(places), len(activations.onset)]
    names = ("onset", "sounding", "contour", "string_evidence")
    arrays = {name: getattr(activations, name) for name in names if getattr(activations, name) is not None}
    return [
        Activations(a, **{name: array[a:b] for name, array in arrays.items()}) for a, b in pairwise(edges)
    ]


@pytest.fixture(scope="module")
def melody():
    return heard(mixed(*((0.5 + 0.4 * i, plucked(p, 0.38)) for i, p in enumerate(MELODY)), seconds=6))


@pytest.fixture(scope="module")
def long_activations(melody):
    """More than one segment."""
    heard = string_of(melody, 2, frames=14)
    arrays = (heard.onset, heard.sounding, heard.contour, heard.string_evidence)
    return Activations(0, *(np.concatenate([array] * 5) for array in arrays))


def test_a_melody_comes_back_with_its_pitches_at_its_times(melody):
    notes = notes_of(melody)
    assert [note.pitch_midi for note in notes] == list(MELODY)
    late = [note.onset_seconds - (0.5 + 0.4 * i) for i, note in enumerate(notes)]
    assert np.abs(late).max() < 0.015
    assert abs(np.mean(late)) < 0.008


def test_notes_end_when_their_strings_are_damped(melody):
    errors = [abs(note.end_seconds - (0.88 + 0.4 * i)) for i, note in enumerate(notes_of(melody))]
    assert np.median(errors) < 0.1


def test_a_string_struck_again_gives_a_note_each_time():
    strikes = [0.5 + 0.25 * i for i in range(6)]
    sound = heard(mixed(*((t, plucked(57, 0.25)) for t in strikes), seconds=3))
    found = [note for note in notes_of(sound) if note.pitch_midi == 57]
    assert [note.onset_seconds for note in found] == pytest.approx(strikes, abs=0.02)
    assert all(a.end_seconds <= b.onset_seconds + 1e-6 for a, b in pairwise(found))


def test_strings_that_ring_on_are_not_heard_again_when_others_are_plucked():
    arpeggio = (48, 55, 60, 64, 67, 64 - 12)
    placed = [(0.3 + 0.4 * index, plucked(pitch, 3.0)) for index, pitch in enumerate(arpeggio)]
    notes = notes_of(heard(mixed(*placed, seconds=4.0)))
    assert [note.pitch_midi for note in notes] == list(arpeggio)


def test_a_true_octave_is_two_notes_and_a_single_note_is_one():
    both = heard(
        mixed((0.5, plucked(50, 0.8)), (0.5, plucked(62, 0.8)), (2.0, plucked(50, 0.8)), seconds=3.5)
    )
    pitches = Counter(note.pitch_midi for note in notes_of(both))
    assert pitches == {50: 2, 62: 1}


def test_a_bend_is_one_note_that_rises_and_the_next_note_is_unbent():
    def rise(time):
        return 2 * np.clip((time - 0.4) / 0.2, 0, 1)

    sound = heard(mixed((0.5, plucked(62, 1.2, bend=rise)), (2.0, plucked(62, 0.8)), seconds=3.5))
    bent, straight = [note for note in notes_of(sound) if note.confidence > 0.5]
    assert (bent.pitch_midi, straight.pitch_midi) == (62, 62)
    assert max(point.semitones for point in bent.bend) == pytest.approx(2, abs=0.35)
    assert abs(bent.bend[0].semitones) < 0.35
    assert bent.end_seconds == pytest.approx(1.7, abs=0.15)
    assert straight.bend == ()


def test_two_frets_hammered_on_are_two_notes():
    sound = heard(mixed((0.5, plucked(62, 0.5)), (1.0, plucked(64, 0.7)), seconds=2.5))
    assert [(note.pitch_midi, note.bend) for note in notes_of(sound)] == [(62, ()), (64, ())]


def string_of(melody, string, frames):
    """Evidence for one string in the first ``frames`` frames of every note, for another one after them."""
    evidence = np.full((len(melody.onset), 6, FORMAT.pitches), np.log(0.1), dtype=np.float32)
    evidence[:, -string] = np.log(0.5)
    for index in range(len(MELODY)):
        struck = round((0.5 + 0.4 * index) / FORMAT.frame_seconds)
        evidence[struck - 2 : struck + frames, -string] = np.log(0.1)
        evidence[struck - 2 : struck + frames, string - 1] = np.log(0.5)
    return Activations(0, melody.onset, melody.sounding, melody.contour, evidence)


def test_a_note_brings_what_is_heard_about_its_string_while_it_is_struck(melody):
    notes = notes_of(string_of(melody, 2, frames=14))
    assert [note.pitch_midi for note in notes] == list(MELODY)
    for note in notes:
        assert note.string_evidence == pytest.approx(np.log([0.1, 0.5, 0.1, 0.1, 0.1, 0.1]), abs=0.006)


def test_an_engine_that_hears_no_strings_says_nothing_about_them(melody):
    assert {note.string_evidence for note in notes_of(melody)} == {()}


def test_silence_has_no_notes():
    assert notes_of(heard(ArrayAudio(np.zeros(60000, np.float32), SAMPLE_RATE_HZ))) == []


@pytest.mark.parametrize("level", [1e-7, 1e-6, 1e-5, 4e-5])
def test_the_noise_of_a_converter_has_no_notes(level):
    noise = level * np.random.default_rng(1).standard_normal(4 * SAMPLE_RATE_HZ)
    assert notes_of(heard(ArrayAudio(noise.astype(np.float32), SAMPLE_RATE_HZ))) == []


def test_a_quiet_recording_is_heard_like_a_loud_one():
    loud, quiet = (mixed((0.5, plucked(52, 0.8)), seconds=1.5).samples * level for level in (1, 0.01))
    pitches = [
        [note.pitch_midi for note in notes_of(heard(ArrayAudio(samples, SAMPLE_RATE_HZ)))]
        for samples in (loud, quiet)
    ]
    assert pitches == [[52], [52]]


def test_no_audio_has_no_notes():
    assert decode_notes([], FORMAT) == []


def test_loud_noise_has_few_notes_and_none_that_are_sure():
    noise = 0.1 * np.random.default_rng(1).standard_normal(4 * SAMPLE_RATE_HZ)
    notes = notes_of(heard(ArrayAudio(noise.astype(np.float32), SAMPLE_RATE_HZ)))
    assert len(notes) <= 6
    assert all(note.confidence < 0.8 for note in notes)


@settings(max_examples=8, deadline=None)
@given(places=st.lists(st.integers(0, 2585), max_size=12))
def test_the_cut_into_blocks_changes_nothing(long_activations, places):
    found = decode_notes(cut(long_activations, places), FORMAT, weights=hearing_strings(WEIGHTS))
    assert found == notes_of(long_activations)


@settings(max_examples=5, deadline=None)
@given(shorter=st.floats(0, 0.5), longer=st.floats(0, 0.5))
def test_a_longer_minimum_length_leaves_no_shorter_notes(melody, shorter, longer):
    shorter, longer = sorted((shorter, longer))
    many, few = notes_of(melody, minimum_seconds=shorter), notes_of(melody, minimum_seconds=longer)
    assert set(few) <= set(many)
    assert all(note.duration_seconds >= longer for note in few)


@settings(max_examples=5, deadline=None)
@given(low=st.floats(0.05, 1), high=st.floats(0.05, 1))
def test_a_higher_confidence_leaves_fewer_notes(melody, low, high):
    low, high = sorted((low, high))
    many, few = notes_of(melody, minimum_confidence=low), notes_of(melody, minimum_confidence=high)
    assert len(few) <= len(many)
    assert all(note.confidence >= high for note in few)


def test_notes_outside_the_range_of_the_instrument_are_left_out(melody):
    notes = notes_of(melody, lowest_pitch_midi=55, highest_pitch_midi=60)
    assert [note.pitch_midi for note in notes] == [pitch for pitch in MELODY if 55 <= pitch <= 60]


def test_no_two_notes_of_a_pitch_overlap(long_activations):
    last_end = {}
    for note in notes_of(long_activations, minimum_confidence=0.1):
        assert note.onset_seconds >= last_end.get(note.pitch_midi, 0) - 1e-6
        last_end[note.pitch_midi] = note.end_seconds


def test_an_engine_without_contour_gives_the_notes_without_bends(melody):
    notes = notes_of(Activations(0, melody.onset, melody.sounding))
    assert notes
    assert all(note.bend == () for note in notes)


@pytest.mark.parametrize(
    "options",
    [
        {"minimum_confidence": 1.5},
        {"minimum_seconds": -1},
        {"end_probability": 1},
        {"lowest_pitch_midi": 70, "highest_pitch_midi": 60},
        {"highest_pitch_midi": 200},
    ],
)
def test_senseless_settings_are_refused(options):
    with pytest.raises(SettingsError):
        DecoderSettings(**options)


def test_missing_weights_are_reported():
    with pytest.raises(EngineError, match="nonsense"):
        load_weights("nonsense")

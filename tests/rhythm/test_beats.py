import numpy as np
import pytest

from genesis_music.errors import SettingsError
from genesis_music.rhythm.beats import RhythmSettings, track_beats
from genesis_music.score import Note, TempoMap, TimeSignature

OPEN_G = (43, 47, 50, 55, 59, 67)
OPEN_C = (48, 52, 55, 60, 64)


def chords_at(times: np.ndarray, chord: tuple[int, ...] = OPEN_G) -> list[Note]:
    return [Note(float(t), 0.4, pitch) for t in times for pitch in chord]


def bars_of(beats: int, tempo_bpm: float, count: int = 16) -> list[Note]:
    """Bass on one, chords on the other beats, a new harmony every bar."""
    period, notes = 60 / tempo_bpm, []
    for bar in range(count):
        chord = (OPEN_G, OPEN_C)[bar % 2]
        start = bar * beats * period
        notes.append(Note(start, 0.9 * beats * period, chord[0] - 3))
        notes += chords_at(start + period * np.arange(1, beats), chord[1:])
    return notes


def end_of(notes: list[Note]) -> float:
    return max(note.end_seconds for note in notes)


def covers(tempo_map: TempoMap, notes: list[Note]) -> bool:
    last = tempo_map.measures[-1]
    end = tempo_map.seconds_at(float(last.start_quarters + last.length_quarters))
    return (
        tempo_map.beats[0].onset_seconds <= min(n.onset_seconds for n in notes)
        and end >= end_of(notes) - 1e-6
    )


@pytest.mark.parametrize("tempo_bpm", [80, 100, 120, 140])
def test_steady_bars_have_their_tempo(tempo_bpm):
    notes = bars_of(4, tempo_bpm)
    tempo_map = track_beats(notes, duration_seconds=end_of(notes))
    assert tempo_map.tempo_bpm == pytest.approx(tempo_bpm, rel=0.04)
    assert covers(tempo_map, notes)


def test_the_order_of_the_notes_does_not_matter():
    notes = bars_of(4, 110)
    assert track_beats(notes[::-1], duration_seconds=40) == track_beats(notes, duration_seconds=40)


@pytest.mark.parametrize("notes", [[], [Note(3.0, 1.0, 60)]])
def test_without_rhythm_there_are_plain_measures_over_the_recording(notes):
    tempo_map = track_beats(notes, duration_seconds=9.9)
    assert tempo_map.tempo_bpm == pytest.approx(120)
    assert tempo_map.time_signature == TimeSignature(4, 4)
    assert len(tempo_map.measures) == 5


def test_hints_are_obeyed_without_notes():
    settings = RhythmSettings(90, TimeSignature(6, 8))
    tempo_map = track_beats([], duration_seconds=5, settings=settings)
    assert tempo_map.tempo_bpm == pytest.approx(90)
    assert tempo_map.time_signature == TimeSignature(6, 8)


@pytest.mark.parametrize("tempo_bpm", [0, -1, 1e9, float("nan")])
def test_an_impossible_tempo_hint_is_refused(tempo_bpm):
    with pytest.raises(SettingsError, match="tempo hint"):
        RhythmSettings(tempo_hint_bpm=tempo_bpm)


def test_an_impossible_time_signature_hint_is_refused():
    with pytest.raises(SettingsError, match="time signature"):
        RhythmSettings(time_signature_hint=TimeSignature(4, 3))

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from genesis_music.errors import SettingsError
from genesis_music.rhythm.beats import RhythmSettings, track_beats
from genesis_music.score import Note, TempoMap, TimeSignature

CHORDS = ((40, 47, 52, 56, 59, 64), (45, 52, 57, 61, 64), (42, 49, 54, 57, 61), (47, 54, 59, 63, 66))
WALTZ, COMMON, SIX_EIGHT = TimeSignature(3, 4), TimeSignature(4, 4), TimeSignature(6, 8)


def bars_of(beats: int, tempo_bpm: float, count: int = 16) -> list[Note]:
    """Bass on one, chords on the other beats, a new harmony every bar."""
    period, notes = 60 / tempo_bpm, []
    for bar in range(count):
        bass, *upper = CHORDS[bar % len(CHORDS)]
        start = bar * beats * period
        notes.append(Note(start, 0.9 * beats * period, bass))
        notes += [Note(start + b * period, 0.8 * period, p) for b in range(1, beats) for p in upper[-3:]]
    return notes


def arpeggios(tempo_bpm: float, per_beat: int, beats: int, count: int = 16, swing: float = 0.5) -> list[Note]:
    """Broken chords, ``per_beat`` notes a beat; bass and a new harmony every bar, in threes a bass every beat."""
    period, notes = 60 / tempo_bpm, []
    for bar in range(count):
        chord = CHORDS[bar % len(CHORDS)]
        for index in range(beats * per_beat):
            beat, part = divmod(index, per_beat)
            late = (swing if part == 1 and per_beat == 2 else part / per_beat) * period
            on_bass = part == 0 and (beat == 0 or per_beat == 3)
            pitch = chord[beat] if on_bass else chord[1 + index % 4]
            notes.append(Note((bar * beats + beat) * period + late, 0.9 * period / per_beat, pitch))
    return notes


def played_at(notes: list[Note], seconds_at) -> list[Note]:
    return [
        Note(float(seconds_at(n.onset_seconds)), n.duration_seconds, n.pitch_midi, n.velocity) for n in notes
    ]


def after(notes: list[Note], start: float) -> list[Note]:
    return [
        Note(n.onset_seconds - start, n.duration_seconds, n.pitch_midi)
        for n in notes
        if n.onset_seconds >= start
    ]


def end_of(notes: list[Note]) -> float:
    return max(note.end_seconds for note in notes)


def track(notes: list[Note], **hints) -> TempoMap:
    return track_beats(notes, duration_seconds=end_of(notes), settings=RhythmSettings(**hints))


def assert_whole(tempo_map: TempoMap, notes: list[Note]) -> None:
    """Beats in order, measures without gaps, everything covered."""
    last = tempo_map.measures[-1]
    end = tempo_map.seconds_at(float(last.start_quarters + last.length_quarters))
    assert tempo_map.beats[0].onset_seconds <= min(n.onset_seconds for n in notes) + 1e-9
    assert end >= end_of(notes) - 1e-6
    assert all(a.onset_seconds < b.onset_seconds for a, b in pairwise(tempo_map.beats))
    assert all(
        a.start_quarters + a.length_quarters == b.start_quarters for a, b in pairwise(tempo_map.measures)
    )
    assert [m.number for m in tempo_map.measures] == list(
        range(tempo_map.measures[0].number, tempo_map.measures[0].number + len(tempo_map.measures))
    )
    assert tempo_map.measures[0].number in (0, 1)
    assert tempo_map.measures[0].start_quarters == tempo_map.beats[0].quarters == 0
    assert {b.measure for b in tempo_map.beats if b.beat == 1} >= {m.number for m in tempo_map.measures[1:]}


@pytest.mark.parametrize("tempo_bpm", [78, 90, 105, 120, 140])
def test_steady_bars_have_their_tempo_and_metre(tempo_bpm):
    notes = bars_of(4, tempo_bpm)
    tempo_map = track(notes)
    assert tempo_map.tempo_bpm == pytest.approx(tempo_bpm, rel=0.04)
    assert tempo_map.time_signature == COMMON
    assert_whole(tempo_map, notes)


@pytest.mark.parametrize("tempo_bpm", [90, 120, 150])
def test_a_waltz_is_in_three(tempo_bpm):
    notes = bars_of(3, tempo_bpm)
    tempo_map = track(notes)
    assert tempo_map.time_signature == WALTZ
    assert tempo_map.tempo_bpm == pytest.approx(tempo_bpm, rel=0.04)


@pytest.mark.parametrize("tempo_bpm", [60, 72])
def test_a_tempo_hint_keeps_slow_music_from_being_heard_twice_as_fast(tempo_bpm):
    tempo_map = track(bars_of(4, tempo_bpm), tempo_hint_bpm=tempo_bpm)
    assert tempo_map.tempo_bpm == pytest.approx(tempo_bpm, rel=0.04)


@pytest.mark.parametrize("dotted_quarter_bpm", [55, 65, 75])
def test_broken_chords_hinted_to_be_in_six_eight_have_two_beats(dotted_quarter_bpm):
    notes = arpeggios(dotted_quarter_bpm, per_beat=3, beats=2)
    tempo_map = track(notes, tempo_hint_bpm=dotted_quarter_bpm * 1.5, time_signature_hint=SIX_EIGHT)
    assert tempo_map.time_signature == SIX_EIGHT
    assert tempo_map.tempo_bpm == pytest.approx(dotted_quarter_bpm * 1.5, rel=0.04)
    assert max(beat.beat for beat in tempo_map.beats) == 2


def test_downbeats_fall_on_the_bass():
    tempo_map = track(bars_of(4, 110))
    downbeats = [b.onset_seconds for b in tempo_map.beats if b.beat == 1]
    bar = 4 * 60 / 110
    assert all(abs(d / bar - round(d / bar)) * bar < 0.05 for d in downbeats)


@pytest.mark.parametrize("tempo_hint_bpm", [None, 110])
def test_swing_keeps_the_beat(tempo_hint_bpm):
    swung = arpeggios(110, per_beat=2, beats=4, swing=0.64)
    assert track(swung, tempo_hint_bpm=tempo_hint_bpm).tempo_bpm == pytest.approx(110, rel=0.03)


def test_beats_of_steady_music_are_steady():
    gaps = np.diff([beat.onset_seconds for beat in track(bars_of(4, 120)).beats])
    assert np.ptp(gaps) < 0.03


@pytest.mark.parametrize("final_share", [0.75, 1.3])
def test_the_beat_follows_an_accelerando_and_a_ritardando(final_share):
    steady = bars_of(4, 110, count=24)
    total = end_of(steady)
    grid = np.linspace(0, total, 500)
    played = np.cumsum(np.interp(grid, [0, total], [1, final_share])) * (grid[1] - grid[0])
    played -= played[0]
    tempo_map = track(played_at(steady, lambda t: np.interp(t, grid, played)))
    found = np.array([beat.onset_seconds for beat in tempo_map.beats])
    expected = np.interp(np.arange(0, total - 2, 60 / 110), grid, played)
    nearest = np.abs(found[None] - expected[:, None]).min(axis=1)
    assert np.mean(nearest < 0.07) > 0.95
    assert tempo_map.measures[-2].tempo_bpm == pytest.approx(110 / final_share, rel=0.06)


@pytest.mark.parametrize("cut_seconds", [0.3, 1.3, 2.9])
def test_cutting_the_start_moves_no_downbeat(cut_seconds):
    notes = bars_of(4, 100)
    tempo_map = track(after(notes, cut_seconds))
    bar = 4 * 60 / 100
    downbeats = np.array([b.onset_seconds for b in tempo_map.beats if b.beat == 1]) + cut_seconds
    assert tempo_map.time_signature == COMMON
    assert np.abs(downbeats / bar - np.rint(downbeats / bar)).max() * bar < 0.08


def test_a_piece_that_starts_before_the_downbeat_has_a_measure_0():
    notes = after(bars_of(4, 100), 3 * 0.6 - 0.01)
    first, second = track(notes).measures[:2]
    assert first.number == 0
    assert first.length_quarters == 1
    assert second.number == 1
    assert second.start_quarters == 1


def test_a_late_start_has_no_empty_measures():
    notes = played_at(bars_of(4, 100), lambda t: t + 20)
    assert track(notes).measures[0].onset_seconds > 17


@pytest.mark.parametrize("hint_bpm", [55, 110, 220])
def test_the_tempo_hint_is_obeyed(hint_bpm):
    assert track(bars_of(4, 110), tempo_hint_bpm=hint_bpm).tempo_bpm == pytest.approx(hint_bpm, rel=0.12)


@pytest.mark.parametrize("text", ["2/4", "3/4", "4/4", "5/4", "7/8", "6/8", "12/8", "2/2"])
def test_the_time_signature_hint_is_obeyed(text):
    signature = TimeSignature(*(int(part) for part in text.split("/")))
    notes = bars_of(4, 110, count=8)
    tempo_map = track(notes, time_signature_hint=signature)
    assert {measure.time_signature for measure in tempo_map.measures} == {signature}
    assert_whole(tempo_map, notes)


def test_the_order_of_the_notes_does_not_matter():
    notes = bars_of(4, 110)
    assert track(notes[::-1]) == track(notes)


@pytest.mark.parametrize("notes", [[], [Note(3.0, 1.0, 60)]])
def test_without_rhythm_there_are_plain_measures_over_the_recording(notes):
    tempo_map = track_beats(notes, duration_seconds=9.9)
    assert tempo_map.tempo_bpm == pytest.approx(120)
    assert tempo_map.time_signature == COMMON
    assert len(tempo_map.measures) == 5


def test_hints_are_obeyed_without_notes():
    hints = RhythmSettings(90, SIX_EIGHT)
    tempo_map = track_beats([], duration_seconds=5, settings=hints)
    assert tempo_map.tempo_bpm == pytest.approx(90)
    assert tempo_map.time_signature == SIX_EIGHT


@pytest.mark.parametrize(
    "notes",
    [
        [Note(0.0, 0.1, 60), Note(0.0, 0.1, 64)],
        [Note(1.0, 0.5, 60), Note(1.0001, 0.5, 64)],
        [Note(0.0, 1.0, 60), Note(45.0, 1.0, 64)],
        [Note(10.0 * i, 3.0, 50 + i) for i in range(6)],
        [Note(0.01 * i, 0.01, 40 + i % 30) for i in range(200)],
    ],
    ids=["one chord", "nearly one chord", "two far apart", "very sparse", "a cloud"],
)
def test_odd_material_still_gets_whole_measures(notes):
    assert_whole(track(notes), notes)


@settings(max_examples=15, deadline=None)
@given(
    st.lists(
        st.builds(
            Note,
            st.floats(0, 40, allow_subnormal=False),
            st.floats(0.01, 8),
            st.integers(28, 96),
        ),
        min_size=2,
        max_size=60,
    )
)
@example([Note(5.654144294237594, 0.01, 28), Note(0.0, 0.01, 28)])
def test_any_notes_get_whole_measures(notes):
    assert_whole(track(notes), notes)


@pytest.mark.parametrize("tempo_bpm", [0, -1, 1e9, float("nan")])
def test_an_impossible_tempo_hint_is_refused(tempo_bpm):
    with pytest.raises(SettingsError, match="tempo hint"):
        RhythmSettings(tempo_hint_bpm=tempo_bpm)


@pytest.mark.parametrize("signature", [TimeSignature(4, 3), TimeSignature(0, 4), TimeSignature(99, 4)])
def test_an_impossible_time_signature_hint_is_refused(signature):
    with pytest.raises(SettingsError, match="time signature"):
        RhythmSettings(time_signature_hint=signature)

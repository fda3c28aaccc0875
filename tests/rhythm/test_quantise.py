"""Quantisation: what was played becomes what a musician would write."""

from __future__ import annotations

from fractions import Fraction
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis_music.errors import SettingsError
from genesis_music.rhythm.quantise import QuantiseSettings, detect_swing, quantise
from genesis_music.score import Beat, Measure, Note, TempoMap, TimeSignature, WrittenTime

FOUR_FOUR = TimeSignature(4, 4)


def tempo_map(signatures, pickup=None, seconds_per_quarter=0.5):
    """Measures of the given signatures at a constant tempo, behind an optional pickup (quarters)."""
    spans = [
        (number, signature, signature.measure_quarters) for number, signature in enumerate(signatures, 1)
    ]
    if pickup is not None:
        spans.insert(0, (0, signatures[0], Fraction(pickup)))
    measures, beats, start = [], [], Fraction(0)
    for number, signature, length in spans:
        onset = 1 + float(start) * seconds_per_quarter
        measures.append(Measure(number, onset, signature, 60 / seconds_per_quarter, start, length))
        count = -(-length // signature.beat_quarters)
        places = [start + length - (count - beat) * signature.beat_quarters for beat in range(count)]
        beats += [
            Beat(1 + float(q) * seconds_per_quarter, number, i + 1, q) for i, q in enumerate(places) if q >= 0
        ]
        start += length
    beats.append(Beat(1 + float(start) * seconds_per_quarter, len(signatures) + 1, 1, start))
    return TempoMap(tuple(beats), tuple(measures))


def play(bars, *events, sigma=0.0, held=0.95, seed=1, swing=0.5):
    """Play ``(position from the start of the piece, length)`` in quarters with timing noise (seconds)."""
    rng = Random(seed)

    def when(quarters):
        quarters = Fraction(quarters)
        late = (
            Fraction(swing).limit_denominator(1000) - Fraction(1, 2) if quarters % 1 == Fraction(1, 2) else 0
        )
        return bars.seconds_at(float(quarters + late))

    notes = []
    for index, (start, length) in enumerate(events):
        onset = when(start) + rng.gauss(0, sigma)
        end = when(Fraction(start) + Fraction(length))
        notes.append(Note(onset, max(held * (end - onset), 0.02), 50 + index % 24))
    return notes


def places(written):
    return [(w.measure, w.position_quarters) for w in written]


def run_of(step, count, start=0):
    return [(Fraction(start) + i * Fraction(step), Fraction(step)) for i in range(count)]


def expected(bars, events):
    out = []
    for start, _ in events:
        measure = bars.measure_at(Fraction(start))
        out.append((measure.number, Fraction(start) - measure.start_quarters))
    return out


@pytest.mark.parametrize(
    ("step", "count"), [("1", 32), ("1/2", 64), ("1/4", 128), ("1/3", 96), ("1/6", 192), ("2/3", 48)]
)
def test_an_even_run_is_written_evenly_in_spite_of_timing_noise(step, count):
    bars = tempo_map([FOUR_FOUR] * 8, seconds_per_quarter=0.8)
    events = run_of(step, count)
    written = quantise(play(bars, *events, sigma=0.012), bars)
    assert places(written) == expected(bars, events)
    assert {w.length_quarters for w in written} == {Fraction(step)}


def test_one_triplet_among_eighths_is_written_as_a_triplet():
    bars = tempo_map([FOUR_FOUR] * 4)
    events = [*run_of("1/2", 12), *run_of("1/3", 3, 6), *run_of("1/2", 18, 7)]
    assert places(quantise(play(bars, *events, sigma=0.01), bars)) == expected(bars, events)


@pytest.mark.parametrize("ratio", [0.6, 0.64, 0.667])
def test_swung_eighths_are_found_and_written_straight(ratio):
    bars = tempo_map([FOUR_FOUR] * 8)
    events = run_of("1/2", 64)
    notes = play(bars, *events, sigma=0.012, swing=ratio)
    swing = detect_swing(notes, bars)
    assert swing is not None
    assert swing.ratio == pytest.approx(ratio, abs=0.02)
    assert swing.confidence > 0.8
    assert places(quantise(notes, bars)) == expected(bars, events)


def test_swing_may_be_refused_and_is_then_written_in_triplets():
    bars = tempo_map([FOUR_FOUR] * 8)
    notes = play(bars, *run_of("1/2", 64), sigma=0.01, swing=2 / 3)
    written = quantise(notes, bars, QuantiseSettings(swing=False))
    assert {w.position_quarters % 1 for w in written} == {Fraction(0), Fraction(2, 3)}


@pytest.mark.parametrize(
    "events", [run_of("1/2", 64), run_of("1/3", 96), run_of("1/4", 128), run_of("1", 32)]
)
def test_straight_music_and_full_triplets_are_not_taken_for_swing(events):
    bars = tempo_map([FOUR_FOUR] * 8)
    assert detect_swing(play(bars, *events, sigma=0.012), bars) is None


def test_playing_behind_the_beat_is_not_taken_for_swing():
    bars = tempo_map([FOUR_FOUR] * 8, seconds_per_quarter=0.4)
    events = run_of("1/2", 64)
    late = [
        Note(n.onset_seconds + 0.03, n.duration_seconds, n.pitch_midi)
        for n in play(bars, *events, sigma=0.01)
    ]
    assert detect_swing(late, bars) is None
    assert places(quantise(late, bars)) == expected(bars, events)


def test_a_strummed_chord_is_one_place_and_one_length():
    bars = tempo_map([FOUR_FOUR] * 2)
    onsets = [bars.seconds_at(beat) for beat in range(8)]
    strums = [Note(t + 0.014 * i - 0.02, 0.45 - 0.014 * i, 40 + 5 * i) for t in onsets for i in range(6)]
    written = quantise(strums, bars)
    assert places(written) == [(1 + b // 4, Fraction(b % 4)) for b in range(8) for _ in range(6)]
    assert {w.length_quarters for w in written} == {Fraction(1)}


def test_six_eight_is_written_in_eighths_of_the_dotted_beat():
    bars = tempo_map([TimeSignature(6, 8)] * 4)
    events = [
        (Fraction(3, 2) * beat + offset, Fraction(1, 2))
        for beat in range(8)
        for offset in (0, Fraction(1, 2), 1)
    ]
    assert places(quantise(play(bars, *events, sigma=0.012), bars)) == expected(bars, events)


@pytest.mark.parametrize("signature", [(2, 4), (3, 4), (9, 8), (12, 8), (5, 4), (7, 8), (2, 2)])
def test_every_signature_keeps_its_eighths(signature):
    bars = tempo_map([TimeSignature(*signature)] * 4)
    events = run_of("1/2", int(bars.measures[0].length_quarters * 2) * 4)
    assert places(quantise(play(bars, *events, sigma=0.012), bars)) == expected(bars, events)


def test_signature_and_tempo_may_change():
    bars = tempo_map([FOUR_FOUR, TimeSignature(6, 8), TimeSignature(3, 4)])
    slower = tuple(Beat(b.onset_seconds**1.3, b.measure, b.beat, b.quarters) for b in bars.beats)
    bars = TempoMap(slower, bars.measures)
    events = run_of("1/2", 20)
    assert places(quantise(play(bars, *events, sigma=0.008), bars)) == expected(bars, events)


@pytest.mark.parametrize("pickup", ["1", "1/2", "3/2", "2"])
def test_a_pickup_is_measure_nought(pickup):
    bars = tempo_map([FOUR_FOUR] * 2, pickup)
    events = run_of("1/2", 8)
    written = quantise(play(bars, *events, sigma=0.01), bars)
    assert places(written) == expected(bars, events)
    assert written[0] == WrittenTime(0, Fraction(0), Fraction(1, 2))


def test_a_note_let_go_a_little_early_is_written_in_full():
    bars = tempo_map([FOUR_FOUR] * 2)
    written = quantise(play(bars, *run_of("1", 8), held=0.8), bars)
    assert {w.length_quarters for w in written} == {Fraction(1)}


def test_a_real_silence_is_written_as_one():
    bars = tempo_map([FOUR_FOUR] * 2)
    written = quantise(play(bars, (0, 1), (2, "1/2"), (3, 1), held=0.93), bars)
    assert [w.length_quarters for w in written] == [Fraction(1), Fraction(1, 2), Fraction(1)]


def test_a_ringing_bass_keeps_its_length_under_the_melody():
    bars = tempo_map([FOUR_FOUR] * 2)
    written = quantise(play(bars, (0, 4), (0, 1), (1, 1), (2, 1), (3, 1), (4, 4)), bars)
    assert [w.length_quarters for w in written] == [4, 1, 1, 1, 1, 4]


def test_a_string_struck_again_ends_the_note_before():
    bars = tempo_map([FOUR_FOUR])
    notes = [Note(bars.seconds_at(q), 1.9, 40) for q in range(4)]
    assert {w.length_quarters for w in quantise(notes, bars)} == {Fraction(1)}


def test_a_fixed_grid_is_obeyed():
    bars = tempo_map([FOUR_FOUR] * 4)
    notes = play(bars, *run_of("1/4", 64), sigma=0.02)
    assert {w.position_quarters % Fraction(1, 2) for w in quantise(notes, bars, QuantiseSettings("1/8"))} == {
        0
    }
    assert {
        w.position_quarters % Fraction(1, 3) for w in quantise(notes, bars, QuantiseSettings("1/8T"))
    } == {0}


def test_no_notes_give_nothing():
    assert quantise([], tempo_map([FOUR_FOUR])) == ()
    assert detect_swing([], tempo_map([FOUR_FOUR])) is None


@pytest.mark.parametrize("options", [{"grid": "1/7"}, {"swing": "maybe"}, {"swing": 1}])
def test_unknown_options_are_refused(options):
    with pytest.raises(SettingsError, match="use"):
        QuantiseSettings(**options)


performances = st.lists(
    st.builds(
        Note,
        onset_seconds=st.floats(-2, 20),
        duration_seconds=st.floats(0.001, 12),
        pitch_midi=st.integers(40, 76),
    ),
    min_size=1,
    max_size=40,
)
signatures = st.lists(
    st.sampled_from([TimeSignature(*s) for s in [(4, 4), (3, 4), (6, 8), (7, 8), (2, 2), (12, 8)]]),
    min_size=1,
    max_size=4,
)


@settings(max_examples=60, deadline=None)
@given(performances, signatures, st.sampled_from([None, "1/2", "1", "1/4"]))
def test_nothing_is_lost_swapped_or_written_outside_the_piece(notes, metres, pickup):
    bars = tempo_map(metres, pickup)
    written = quantise(notes, bars)
    starts = {m.number: m.start_quarters for m in bars.measures}
    lengths = {m.number: m.length_quarters for m in bars.measures}
    end = bars.measures[-1].start_quarters + bars.measures[-1].length_quarters
    assert len(written) == len(notes)
    for w in written:
        assert 0 <= w.position_quarters < lengths[w.measure]
        assert w.length_quarters > 0
        assert starts[w.measure] + w.position_quarters + w.length_quarters <= end
    in_time = sorted(zip(notes, written, strict=True), key=lambda pair: pair[0].onset_seconds)
    positions = [starts[w.measure] + w.position_quarters for _, w in in_time]
    assert positions == sorted(positions)


@settings(max_examples=60, deadline=None)
@given(performances, st.randoms())
def test_the_order_in_which_notes_are_given_does_not_matter(notes, random):
    bars = tempo_map([FOUR_FOUR] * 4)
    by_note = dict(zip(notes, quantise(notes, bars), strict=True))
    shuffled = list(by_note)
    random.shuffle(shuffled)
    if len(shuffled) == len(notes):
        assert dict(zip(shuffled, quantise(shuffled, bars), strict=True)) == by_note

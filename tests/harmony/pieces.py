"""Constructed pieces for the harmony tests."""

from fractions import Fraction

from genesis_music.harmony.qualities import QUALITIES
from genesis_music.score import Beat, Measure, Note, TempoMap, TimeSignature

BEAT_SECONDS = 0.5


def steady_tempo_map(beats, numerator=4):
    signature = TimeSignature(numerator, 4)
    grid = tuple(
        Beat(i * BEAT_SECONDS, i // numerator + 1, i % numerator + 1, Fraction(i)) for i in range(beats)
    )
    measures = tuple(
        Measure(b.measure, b.onset_seconds, signature, 120.0, b.quarters, signature.measure_quarters)
        for b in grid
        if b.beat == 1
    )
    return TempoMap(grid, measures)


def strum(root, quality, first_beat, beats=4, bass=None):
    """Root (or bass) around E2..D#3 and every chord tone once or twice above, on every beat."""
    low = 40 + ((root if bass is None else bass) - 40) % 12
    upper = [52 + (root + i - 52) % 12 for i in QUALITIES[quality].intervals]
    pitches = [low, *sorted(upper)]
    return [
        Note((first_beat + b) * BEAT_SECONDS, BEAT_SECONDS * 0.95, pitch)
        for b in range(beats)
        for pitch in pitches
    ]


def piece(*chords):
    """Notes and tempo map of one measure per ``(root, quality)`` or ``(root, quality, bass)``."""
    notes = []
    for measure, chord in enumerate(chords):
        root, quality, *bass = chord
        notes += strum(root, quality, 4 * measure, bass=bass[0] if bass else None)
    return notes, steady_tempo_map(4 * len(chords))

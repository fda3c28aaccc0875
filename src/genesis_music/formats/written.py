"""The written page that the notation formats share, computed once for all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from genesis_music.rhythm.notation import WrittenBeat, WrittenMeasure, write_measures
from genesis_music.score import (
    PITCH_NAMES_SHARP,
    Chord,
    Key,
    Measure,
    Section,
    TabNote,
    Transcription,
    Tuning,
)
from genesis_music.tablature.tunings import pitch_name

CHORD_GRID_QUARTERS = Fraction(1, 2)
"""Chord names stand on quavers."""

TEMPO_MARK_CHANGE = 0.08
"""Players breathe by a few per cent without anybody writing it down."""


@dataclass(frozen=True)
class Page:
    """A transcription as it is written: note values, and where chord names and section marks stand."""

    transcription: Transcription

    @cached_property
    def measures(self) -> tuple[tuple[WrittenMeasure, ...], ...]:
        """The written measures of each track, one per measure of the tempo map."""
        return tuple(
            write_measures(track, self.transcription.tempo_map) for track in self.transcription.tracks
        )

    @cached_property
    def tied(self) -> frozenset[str]:
        """Ids of the notes written as two or more tied noteheads."""
        return frozenset(
            written.tab_note.id
            for track in self.measures
            for measure in track
            for beat in measure.beats
            for written in beat.notes
            if written.tie_to
        )

    @cached_property
    def chords(self) -> dict[int, dict[Fraction, Chord]]:
        """Chord changes by measure number and position in the measure; a repeated label is left out."""
        placed: dict[int, dict[Fraction, Chord]] = {}
        tempo_map, last = self.transcription.tempo_map, ""
        for chord in self.transcription.harmony.chords:
            if chord.label == last:
                continue
            exact = max(tempo_map.quarters_at(chord.onset_seconds), 0.0)
            quarters = round(exact / CHORD_GRID_QUARTERS) * CHORD_GRID_QUARTERS
            measure = tempo_map.measure_at(quarters)
            if quarters < measure.start_quarters + measure.length_quarters:
                placed.setdefault(measure.number, {})[quarters - measure.start_quarters] = chord
                last = chord.label
        return placed

    @cached_property
    def sections(self) -> dict[int, Section]:
        """Sections by the number of the measure they start in (the nearest bar line)."""
        tempo_map = self.transcription.tempo_map
        placed = {}
        for section in self.transcription.harmony.sections:
            quarters = tempo_map.quarters_at(section.onset_seconds)
            measure = tempo_map.measure_at(quarters)
            late = quarters - measure.start_quarters > measure.length_quarters / 2
            last = tempo_map.measures[-1].number
            placed[min(measure.number + late, last)] = section
        return placed

    @cached_property
    def tempo_marks(self) -> dict[int, float]:
        """Tempi worth printing by measure number: the first, then every clear change from the last one."""
        marks: dict[int, float] = {}
        printed = 0.0
        for measure in self.transcription.tempo_map.measures:
            if not marks or abs(measure.tempo_bpm / printed - 1) >= TEMPO_MARK_CHANGE:
                printed = marks[measure.number] = measure.tempo_bpm
        return marks

    def key_at(self, measure: Measure) -> Key:
        """The key of a measure: that of its middle."""
        middle = measure.start_quarters + measure.length_quarters / 2
        seconds = self.transcription.tempo_map.seconds_at(float(middle))
        harmony = self.transcription.harmony
        regions = (
            region for region in harmony.regions if region.onset_seconds <= seconds < region.end_seconds
        )
        return next((region.key for region in regions), harmony.key)


def fifths(key: Key) -> int:
    """Sharps (positive) or flats (negative) of a key signature, -5..6."""
    major_tonic = (key.tonic + (3 if key.mode == "minor" else 0)) % 12
    sharps = major_tonic * 7 % 12
    return sharps - 12 if key.uses_flats else sharps


def short_signature(measure: Measure) -> tuple[int, int]:
    """Signature whose full measure is as long as this one: the written one, or a shorter one for a pickup.

    A length that no signature fits keeps the written one.
    """
    signature, wholes = measure.time_signature, measure.length_quarters / 4
    power_of_two = wholes.denominator & (wholes.denominator - 1) == 0
    if measure.length_quarters == signature.measure_quarters or not power_of_two or wholes.denominator > 32:
        return signature.numerator, signature.denominator
    denominator = max(wholes.denominator, 4)
    return int(wholes * denominator), denominator


def page_pitch(tab_note: TabNote) -> int:
    """MIDI pitch of the note on the page: the sounding one, moved where the instrument lacks it."""
    return tab_note.note.pitch_midi + 12 * tab_note.octave_shift


def lost_names(beat: WrittenBeat, *, flats: bool) -> list[str]:
    """Names of the beat's notes that no string holds, for a text above it."""
    lost = (note.tab_note for note in beat.notes if note.tab_note.string is None)
    return [pitch_name(page_pitch(note), flats=flats) for note in lost]


def string_names(tuning: Tuning) -> tuple[str, ...]:
    """Names of the open strings, string 1 first: flats in tunings that hold an Eb or Bb, as players say."""
    flats = any(pitch % 12 in {3, 10} for pitch in tuning.pitches_midi)
    return tuple(pitch_name(pitch, flats=flats) for pitch in tuning.pitches_midi)


def one_line(text: str) -> str:
    """Text that cannot break a layout: every control character becomes a space."""
    return "".join(c if c.isprintable() else " " for c in text)


def chords_on_beats(chords: Mapping[Fraction, Chord], beats: Sequence[WrittenBeat]) -> list[list[Chord]]:
    """Give each chord of a measure to the beat that sounds when it starts."""
    placed: list[list[Chord]] = [[] for _ in beats]
    for position, chord in chords.items():
        index = max((i for i, beat in enumerate(beats) if beat.position_quarters <= position), default=0)
        placed[index].append(chord)
    return placed


def named_key(name: str) -> Key | None:
    """Return the key of a MIDI name such as ``"Ebm"`` or ``"F#"``; ``None`` for an unknown one."""
    mode = "minor" if name.endswith("m") else "major"
    letter, accidentals = name.removesuffix("m")[:1], name.removesuffix("m")[1:]
    if letter not in "CDEFGAB" or not letter or accidentals.strip("#b"):
        return None
    natural = PITCH_NAMES_SHARP.index(letter)
    return Key((natural + accidentals.count("#") - accidentals.count("b")) % 12, mode)


def key_of_fifths(sharps: int, mode: str) -> Key:
    """Return the key of a signature of sharps (negative: flats); ``mode`` is ``"major"`` or ``"minor"``."""
    tonic = sharps * 7 + (9 if mode == "minor" else 0)
    return Key(tonic % 12, mode)

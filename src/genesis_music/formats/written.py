"""What several formats need to know about the written page."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from genesis_music.score import Chord, Section, TabNote, TempoMap, Transcription, Tuning, WrittenTime, spell


def is_tied(written: WrittenTime, measure_lengths: dict[int, Fraction]) -> bool:
    """Whether a written length needs several tied noteheads: it crosses a bar line or is no single note value."""
    end = written.position_quarters + written.length_quarters
    return end > measure_lengths[written.measure]


def page_pitch(tab_note: TabNote) -> int:
    """MIDI pitch of the note as written on the page: the sounding one, moved where the instrument lacks it."""
    return tab_note.note.pitch_midi + 12 * tab_note.octave_shift


def fretted_pitch(tuning: Tuning, capo: int, string: int, fret: int) -> int:
    """MIDI pitch of a place on the fretboard; ``fret`` counts from the capo."""
    return tuning.pitches_midi[string - 1] + capo + fret


def pitch_name(pitch_midi: int, *, octave: bool = True, flats: bool = False) -> str:
    """Scientific name of a pitch, e.g. ``"E2"`` for 40 (or ``"E"``)."""
    name = spell(pitch_midi % 12, flats=flats)
    return f"{name}{pitch_midi // 12 - 1}" if octave else name


def chord_positions(transcription: Transcription) -> dict[int, dict[Fraction, Chord]]:
    """Chord changes by measure number and position in it, on the nearest quaver; a repeated label is left out."""
    return _placed(transcription.harmony.chords, transcription.tempo_map)


def section_positions(transcription: Transcription) -> dict[int, Section]:
    """Sections by the number of the measure they start in (the nearest bar line)."""
    placed: dict[int, Section] = {}
    for section in transcription.harmony.sections:
        measures = transcription.tempo_map.measures
        nearest = min(measures, key=lambda measure: abs(measure.onset_seconds - section.onset_seconds))
        placed[nearest.number] = section
    return placed


def _placed(chords: Sequence[Chord], tempo_map: TempoMap) -> dict[int, dict[Fraction, Chord]]:
    placed: dict[int, dict[Fraction, Chord]] = {}
    last = ""
    for chord in chords:
        if chord.label == last:
            continue
        quarters = max(Fraction(round(tempo_map.quarters_at(chord.onset_seconds) * 2), 2), Fraction(0))
        measure = tempo_map.measure_at(quarters)
        position = quarters - measure.start_quarters
        if position < measure.length_quarters:
            placed.setdefault(measure.number, {})[position] = chord
            last = chord.label
    return placed

"""Edits of what is said about the music: chords, sections, the title."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from genesis_music.editing.edits import AddChord, RemoveChord, RenameSection, SetChord, SetTitle
from genesis_music.errors import EditError
from genesis_music.harmony.labels import parse_chord
from genesis_music.harmony.progression import find_progression, measure_numerals, name_progression
from genesis_music.harmony.roman import roman_numeral
from genesis_music.score import Chord, Key, Transcription
from genesis_music.tablature.chord_shapes import with_shapes

_CHORD_GRID_QUARTERS = Fraction(1, 2)


def set_title(transcription: Transcription, edit: SetTitle) -> Transcription:
    """Give another title."""
    if not edit.title.strip():
        raise EditError("A title needs at least one visible character.")
    return replace(transcription, source=replace(transcription.source, title=edit.title.strip()))


def rename_section(transcription: Transcription, edit: RenameSection) -> Transcription:
    """Give the part that holds a time another name."""
    sections = transcription.harmony.sections
    index = _sounding([(one.onset_seconds, one.end_seconds) for one in sections], edit.at_seconds, "section")
    if not edit.label.strip():
        raise EditError("A section needs a name of at least one visible character.")
    named = replace(sections[index], label=edit.label.strip())
    harmony = replace(transcription.harmony, sections=(*sections[:index], named, *sections[index + 1 :]))
    return replace(transcription, harmony=harmony)


def set_chord(transcription: Transcription, edit: SetChord) -> Transcription:
    """Name the chord that sounds at a time anew."""
    chords = transcription.harmony.chords
    index = _chord_at(chords, edit.at_seconds)
    old = chords[index]
    new = _named(transcription, edit.label, old.onset_seconds, old.end_seconds)
    return with_chords(transcription, (*chords[:index], new, *chords[index + 1 :]))


def add_chord(transcription: Transcription, edit: AddChord) -> Transcription:
    """Let a chord begin at a time; it lasts until the next one."""
    chords = transcription.harmony.chords
    at = _on_grid(transcription, edit.at_seconds)
    if any(abs(chord.onset_seconds - at) < 1e-6 for chord in chords):
        return set_chord(transcription, SetChord(at, edit.label))
    before = tuple(
        replace(chord, end_seconds=min(chord.end_seconds, at)) for chord in chords if chord.onset_seconds < at
    )
    after = tuple(chord for chord in chords if chord.onset_seconds > at)
    end = after[0].onset_seconds if after else _piece_end(transcription)
    new = _named(transcription, edit.label, at, max(end, at))
    return with_chords(transcription, (*before, new, *after))


def remove_chord(transcription: Transcription, edit: RemoveChord) -> Transcription:
    """Take the chord that sounds at a time away; its neighbour lasts over its time."""
    chords = list(transcription.harmony.chords)
    index = _chord_at(chords, edit.at_seconds)
    gone = chords.pop(index)
    if index:
        chords[index - 1] = replace(chords[index - 1], end_seconds=gone.end_seconds)
    elif chords:
        chords[0] = replace(chords[0], onset_seconds=gone.onset_seconds)
    return with_chords(transcription, tuple(chords))


def with_chords(transcription: Transcription, chords: tuple[Chord, ...]) -> Transcription:
    """Other chords, and what follows from them: the progression."""
    loop = find_progression(measure_numerals(chords, transcription.tempo_map))
    harmony = replace(
        transcription.harmony, chords=chords, progression=loop, progression_name=name_progression(loop)
    )
    return replace(transcription, harmony=harmony)


def _named(transcription: Transcription, label: str, onset: float, end: float) -> Chord:
    """The chord of a label with its numeral in the key that holds there, and its shape on the first track."""
    chord = parse_chord(label, onset, end)
    chord = replace(chord, roman=roman_numeral(chord, _key_at(transcription, onset)))
    if not transcription.tracks:
        return chord
    track = transcription.tracks[0]
    return with_shapes((chord,), track.tuning, track.capo)[0]


def _key_at(transcription: Transcription, seconds: float) -> Key:
    harmony = transcription.harmony
    regions = (one.key for one in harmony.regions if one.onset_seconds <= seconds < one.end_seconds)
    return next(regions, harmony.key)


def _chord_at(chords: Sequence[Chord], seconds: float) -> int:
    return _sounding([(one.onset_seconds, one.end_seconds) for one in chords], seconds, "chord")


def _sounding(spans: Sequence[tuple[float, float]], seconds: float, what: str) -> int:
    for index, (onset, end) in enumerate(spans):
        if onset <= seconds < end:
            return index
    raise EditError(f"There is no {what} at {seconds:.2f} s.")


def _on_grid(transcription: Transcription, seconds: float) -> float:
    """The time of the nearest eighth, in the piece."""
    tempo_map = transcription.tempo_map
    eighths = round(tempo_map.quarters_at(seconds) / float(_CHORD_GRID_QUARTERS))
    at = tempo_map.seconds_at(max(eighths, 0) * float(_CHORD_GRID_QUARTERS))
    if at >= _piece_end(transcription):
        raise EditError(f"{seconds:.2f} s lies after the last bar.")
    return at


def _piece_end(transcription: Transcription) -> float:
    last = transcription.tempo_map.measures[-1]
    return transcription.tempo_map.seconds_at(float(last.start_quarters + last.length_quarters))

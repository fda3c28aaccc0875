"""alphaTex, alphaTab's text notation, with a sync point per bar so that the page follows the recording.

Syntax: https://alphatab.net/docs/alphatex (1.8). Every text is a quoted string with escapes, so no title or
label can break out of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from genesis_music.formats.articulation import bend_corners, followers, has, legato_into
from genesis_music.formats.instruments import voice_of
from genesis_music.formats.written import (
    Page,
    chords_on_beats,
    lost_names,
    one_line,
    string_names,
)
from genesis_music.rhythm.notation import NoteValue, WrittenBeat, WrittenNote
from genesis_music.score import Chord, Measure, TabNote, TechniqueKind

BEND_OFFSETS = 60
"""alphaTab counts bend points in sixtieths of the note."""


def write_alphatex(page: Page) -> bytes:
    """Turn a transcription into alphaTex, UTF-8."""
    lines = [*_head(page)]
    for index in range(len(page.transcription.tracks)):
        lines += _track(index, page)
    lines += _sync_points(page)
    return ("\n".join(lines) + "\n").encode("utf-8", "replace")


def _head(page: Page) -> Iterator[str]:
    yield f"\\title {_quoted(page.transcription.source.title)}"
    yield f"\\tempo {page.transcription.tempo_map.measures[0].tempo_bpm:.2f}"


def _quoted(text: str) -> str:
    escaped = one_line(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _sync_points(page: Page) -> Iterator[str]:
    """One point per bar line and one at the end: bar, first time played, milliseconds, place in the bar."""
    tempo_map, start = page.transcription.tempo_map, page.transcription.source.start_seconds
    yield "."
    for index, measure in enumerate(tempo_map.measures):
        yield f"\\sync {index} 0 {max(round((start + measure.onset_seconds) * 1000), 0)}"
    last = tempo_map.measures[-1]
    end = tempo_map.seconds_at(float(last.start_quarters + last.length_quarters))
    yield f"\\sync {len(tempo_map.measures) - 1} 0 {round((start + end) * 1000)} 1"


# ---------------------------------------------------------------- tracks and bars


def _track(index: int, page: Page) -> Iterator[str]:
    track = page.transcription.tracks[index]
    yield f"\\track {_quoted(track.name)}"
    yield "\\staff {score tabs}"
    yield f"\\tuning ({' '.join(string_names(track.tuning))})"
    yield f"\\capo {track.capo}"
    yield f"\\instrument {voice_of(track.instrument).gm_program}"
    shapes = _chord_shapes(page, track.tuning.strings)
    for label, frets in shapes.items():
        places = " ".join("x" if fret is None else str(fret) for fret in frets)
        yield f"\\chord ({_quoted(label)} {places})"
    writer = _BeatWriter(followers(track), frozenset(shapes), page.transcription.harmony.key.uses_flats)
    before: Measure | None = None
    for written in page.measures[index]:
        chords = chords_on_beats(page.chords.get(written.measure.number, {}), written.beats)
        marks = _bar_marks(written.measure, before, page, is_first_track=index == 0)
        yield " ".join([*marks, *map(writer.beat, written.beats, chords), "|"])
        before = written.measure


def _chord_shapes(page: Page, strings: int) -> dict[str, tuple[int | None, ...]]:
    """Diagrams by chord label, string 1 first, for an instrument of so many strings."""
    chords = page.transcription.harmony.chords
    return {chord.label: chord.frets for chord in chords if len(chord.frets) == strings}


def _bar_marks(
    measure: Measure, before: Measure | None, page: Page, *, is_first_track: bool
) -> Iterator[str]:
    """Yield what changes at the start of a bar; what the whole score shares stands in its first track."""
    signature, key = measure.time_signature, page.key_at(measure)
    if before is None or before.time_signature != signature:
        yield f"\\ts ({signature.numerator} {signature.denominator})"
    if before is None or page.key_at(before) != key:
        yield f"\\ks {key.tonic_name}{key.mode}"
    if is_first_track:
        yield from _score_marks(measure, before, page)


def _score_marks(measure: Measure, before: Measure | None, page: Page) -> Iterator[str]:
    """Yield pickup, swing, tempo (hidden where it only breathes) and section."""
    if measure.length_quarters < measure.time_signature.measure_quarters:
        yield "\\ac"
    if before is None and page.transcription.swing_ratio is not None:
        yield "\\tf triplet8th"
    if before is not None and round(before.tempo_bpm, 2) != round(measure.tempo_bpm, 2):
        hidden = "" if measure.number in page.tempo_marks else " hide"
        yield f"\\tempo ({measure.tempo_bpm:.2f}{hidden})"
    section = page.sections.get(measure.number)
    if section is not None:
        yield f"\\section {_quoted(section.label)}"


# ---------------------------------------------------------------- beats and notes


_SIMPLE_EFFECTS = {
    TechniqueKind.VIBRATO: "v",
    TechniqueKind.PALM_MUTE: "pm",
    TechniqueKind.LET_RING: "lr",
    TechniqueKind.DEAD_NOTE: "x",
}


@dataclass(frozen=True, slots=True)
class _BeatWriter:
    """Writes the beats of a track.

    ``links`` says which note follows each by a slide or slur, ``shapes`` which chords have a diagram, ``flats``
    how black keys are named.
    """

    links: Mapping[str, TabNote]
    shapes: frozenset[str]
    flats: bool

    def beat(self, beat: WrittenBeat, chords: Sequence[Chord]) -> str:
        """Turn a beat and the chords that start in it into alphaTex."""
        notes = [self._note(note) for note in beat.notes if note.tab_note.string is not None]
        lost = lost_names(beat, flats=self.flats)
        effects = [*_value_effects(beat.value), *self._text_effects(chords, lost)]
        head = f"({' '.join(notes)})" if notes else "r"
        return f"{head}.{beat.value.denominator}" + _braces(effects)

    def _text_effects(self, chords: Sequence[Chord], lost: Sequence[str]) -> Iterator[str]:
        if len(chords) == 1 and chords[0].label in self.shapes:
            yield f"ch {_quoted(chords[0].label)}"
            chords = ()
        texts = [*(chord.label for chord in chords), *lost]
        if texts:
            yield f"txt {_quoted(' '.join(texts))}"

    def _note(self, written: WrittenNote) -> str:
        note = written.tab_note
        return f"{note.fret}.{note.string}" + _braces(list(self._note_effects(written)))

    def _note_effects(self, written: WrittenNote) -> Iterator[str]:
        note = written.tab_note
        yield from ["t"] if written.tie_from else _first_notehead_effects(note)
        yield from (name for kind, name in _SIMPLE_EFFECTS.items() if has(note, kind))
        follower = self.links.get(note.id)
        if follower is not None and not written.tie_to:
            yield "sl" if legato_into(follower) is TechniqueKind.SLIDE else "h"


def _braces(effects: Sequence[str]) -> str:
    return f"{{{' '.join(effects)}}}" if effects else ""


def _value_effects(value: NoteValue) -> Iterator[str]:
    if value.dots:
        yield "d" * value.dots
    if value.tuplet:
        yield f"tu {value.tuplet[0]} {value.tuplet[1]}"


def _first_notehead_effects(note: TabNote) -> Iterator[str]:
    corners = bend_corners(note)
    if corners:
        points = " ".join(f"{int(c.position * BEND_OFFSETS)} {c.quarter_tones}" for c in corners)
        yield f"be ({points})"
    if has(note, TechniqueKind.HARMONIC):
        yield "nh"

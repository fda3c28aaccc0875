"""alphaTex, alphaTab's text notation, with a sync point per bar so that the page follows the original recording.

Syntax: https://alphatab.net/docs/alphatex (1.8). Every text is a quoted string with escapes, so no title or
label can break out of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from genesis_music.formats.articulation import bend_corners, followers, has, legato_into
from genesis_music.formats.instruments import voice_of
from genesis_music.formats.written import Page, chords_on_beats, one_line, page_pitch, pitch_name
from genesis_music.rhythm.notation import NoteValue, WrittenBeat, WrittenMeasure, WrittenNote
from genesis_music.score import Chord, Key, Measure, TabNote, TechniqueKind, Track

BEND_OFFSETS = 60
"""alphaTab counts bend points in sixtieths of the note."""


def write_alphatex(page: Page) -> bytes:
    """Turn a transcription into alphaTex, UTF-8."""
    lines = [*_head(page)]
    for index, track in enumerate(page.transcription.tracks):
        lines += _track(track, page.measures[index], page, is_first=index == 0)
    lines += _sync_points(page)
    return ("\n".join(lines) + "\n").encode("utf-8", "replace")


def _head(page: Page) -> Iterator[str]:
    yield f"\\title {_quoted(page.transcription.source.title)}"
    yield f"\\tempo {page.transcription.tempo_map.measures[0].tempo_bpm:.2f}"


def _quoted(text: str) -> str:
    escaped = one_line(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _sync_points(page: Page) -> Iterator[str]:
    """One point per bar line: bar index, first time played, milliseconds in the recording."""
    yield "."
    for index, measure in enumerate(page.transcription.tempo_map.measures):
        yield f"\\sync {index} 0 {max(round(measure.onset_seconds * 1000), 0)}"


# ---------------------------------------------------------------- tracks and bars


def _track(track: Track, measures: Sequence[WrittenMeasure], page: Page, *, is_first: bool) -> Iterator[str]:
    tuning = " ".join(pitch_name(pitch) for pitch in track.tuning.pitches_midi)
    yield f"\\track {_quoted(track.name)}"
    yield "\\staff {score tabs}"
    yield f"\\tuning ({tuning})"
    yield f"\\capo {track.capo}"
    yield f"\\instrument {voice_of(track.instrument).gm_program}"
    yield from _chord_shapes(page)
    links = followers(track)
    before: Measure | None = None
    for written in measures:
        yield _bar(written, before, page, links, is_first=is_first)
        before = written.measure


def _chord_shapes(page: Page) -> Iterator[str]:
    """Yield a diagram for each chord with a voicing, string 1 first."""
    shapes = {chord.label: chord.frets for chord in page.transcription.harmony.chords if chord.frets}
    for label, frets in shapes.items():
        strings = " ".join("x" if fret is None else str(fret) for fret in frets)
        yield f"\\chord ({_quoted(label)} {strings})"


def _bar(
    written: WrittenMeasure,
    before: Measure | None,
    page: Page,
    links: Mapping[str, TabNote],
    *,
    is_first: bool,
) -> str:
    chords = chords_on_beats(page.chords.get(written.measure.number, {}), written.beats)
    marks = _bar_marks(written.measure, before, page, is_first=is_first)
    beats = (_beat(beat, here, links) for beat, here in zip(written.beats, chords, strict=True))
    return " ".join([*marks, *beats, "|"])


def _bar_marks(measure: Measure, before: Measure | None, page: Page, *, is_first: bool) -> Iterator[str]:
    """Yield what stands at the start of a bar: signature, key, tempo, pickup, section; only what changes."""
    signature = measure.time_signature
    if before is None or before.time_signature != signature:
        yield f"\\ts ({signature.numerator} {signature.denominator})"
    if before is None or page.key_at(before) != page.key_at(measure):
        yield f"\\ks {_key(page.key_at(measure))}"
    if not is_first:
        return
    if measure.length_quarters < signature.measure_quarters:
        yield "\\ac"
    if before is not None and round(before.tempo_bpm, 2) != round(measure.tempo_bpm, 2):
        yield f"\\tempo {measure.tempo_bpm:.2f}"
    section = page.sections.get(measure.number)
    if section is not None:
        yield f"\\section {_quoted(section.label)}"


def _key(key: Key) -> str:
    return f"{key.tonic_name}{'minor' if key.mode == 'minor' else 'major'}"


# ---------------------------------------------------------------- beats and notes


def _beat(beat: WrittenBeat, chords: Sequence[Chord], links: Mapping[str, TabNote]) -> str:
    notes = [_note(note, links) for note in beat.notes if note.tab_note.string is not None]
    lost = [pitch_name(page_pitch(n.tab_note)) for n in beat.notes if n.tab_note.string is None]
    effects = [*_value_effects(beat.value), *_text_effects(chords, lost)]
    head = f"({' '.join(notes)})" if notes else "r"
    return f"{head}.{beat.value.denominator}" + (f"{{{' '.join(effects)}}}" if effects else "")


def _value_effects(value: NoteValue) -> Iterator[str]:
    if value.dots:
        yield "d" * value.dots
    if value.tuplet:
        yield f"tu {value.tuplet[0]} {value.tuplet[1]}"


def _text_effects(chords: Sequence[Chord], lost: Sequence[str]) -> Iterator[str]:
    if len(chords) == 1 and chords[0].frets:
        yield f"ch {_quoted(chords[0].label)}"
        chords = ()
    texts = [*(chord.label for chord in chords), *lost]
    if texts:
        yield f"txt {_quoted(' '.join(texts))}"


def _note(written: WrittenNote, links: Mapping[str, TabNote]) -> str:
    note = written.tab_note
    dead = has(note, TechniqueKind.DEAD_NOTE) and not written.tie_from
    effects = list(_note_effects(written, links.get(note.id)))
    return f"{'x' if dead else note.fret}.{note.string}" + (f"{{{' '.join(effects)}}}" if effects else "")


_SIMPLE_EFFECTS = {
    TechniqueKind.VIBRATO: "v",
    TechniqueKind.PALM_MUTE: "pm",
    TechniqueKind.LET_RING: "lr",
}


def _note_effects(written: WrittenNote, follower: TabNote | None) -> Iterator[str]:
    note = written.tab_note
    if written.tie_from:
        yield "t"
    else:
        corners = bend_corners(note)
        if corners:
            points = " ".join(f"{int(c.position * BEND_OFFSETS)} {c.quarter_tones}" for c in corners)
            yield f"be ({points})"
        if has(note, TechniqueKind.HARMONIC):
            yield "nh"
    yield from (name for kind, name in _SIMPLE_EFFECTS.items() if has(note, kind))
    if follower is not None and not written.tie_to:
        yield "sl" if legato_into(follower) is TechniqueKind.SLIDE else "h"

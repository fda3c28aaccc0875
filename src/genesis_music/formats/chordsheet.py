"""Chord sheet: the chords bar by bar, four bars to a line, under their section names."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from genesis_music.formats.written import Page, one_line
from genesis_music.score import Measure, Transcription

BARS_PER_LINE = 4


def write_chord_sheet(page: Page) -> bytes:
    """Turn a transcription into a chord sheet, UTF-8 text. A dot is a beat on which the chord goes on."""
    return "\n".join([*_head(page.transcription), *_lines(page), *_shapes(page), ""]).encode(
        "utf-8", "replace"
    )


def _head(transcription: Transcription) -> Iterator[str]:
    harmony, tempo_map = transcription.harmony, transcription.tempo_map
    yield one_line(transcription.source.title)
    yield f"Key: {harmony.key}   Tempo: {tempo_map.tempo_bpm:.0f}   Time: {tempo_map.time_signature}"
    if harmony.progression:
        name = f"  ({harmony.progression_name})" if harmony.progression_name else ""
        yield f"Progression: {' '.join(harmony.progression)}{name}"


def _lines(page: Page) -> Iterator[str]:
    row: list[str] = []
    for measure in page.transcription.tempo_map.measures:
        section = page.sections.get(measure.number)
        if row and (section is not None or len(row) == BARS_PER_LINE):
            yield _row(row)
            row = []
        if section is not None:
            yield f"\n[{one_line(section.label)}]"
        row.append(_bar(measure, page))
    yield _row(row)


def _row(bars: list[str]) -> str:
    return f"| {' | '.join(bar.ljust(16) for bar in bars)} |"


def _bar(measure: Measure, page: Page) -> str:
    """One token per felt beat: the chord that starts in it, or a dot."""
    chords = page.chords.get(measure.number, {})
    beat = measure.time_signature.beat_quarters
    tokens, position = [], Fraction(0)
    while position < measure.length_quarters:
        starting = [one_line(chord.label) for at, chord in chords.items() if position <= at < position + beat]
        tokens.append(",".join(starting) or ".")
        position += beat
    return " ".join(tokens)


def _shapes(page: Page) -> Iterator[str]:
    """Each chord once with a way to play it, lowest string first, ``x`` for a string not played."""
    shapes = {chord.label: chord.frets for chord in page.transcription.harmony.chords if chord.frets}
    if shapes:
        yield ""
    for label, frets in shapes.items():
        strings = " ".join("x" if fret is None else str(fret) for fret in reversed(frets))
        yield f"{one_line(label):<10} {strings}"

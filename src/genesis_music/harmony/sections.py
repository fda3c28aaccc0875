"""Chords to the parts of the form: equal letters for equal chord sequences."""

from __future__ import annotations

from collections.abc import Sequence

from genesis_music.harmony.progression import measure_numerals
from genesis_music.score import Chord, Section, TempoMap

BLOCK_MEASURES = 4
"""Phrases are compared in blocks of four measures, the commonest phrase length."""
MIN_SAME_MEASURES = 3
"""Measures of a block that must agree for it to be the same material."""


def find_sections(chords: Sequence[Chord], tempo_map: TempoMap) -> tuple[Section, ...]:
    """Label the piece's phrases ``"A"``, ``"B"``, …; neighbouring phrases of the same material are one section.

    Fewer than two blocks of measures make one section ``"A"``; no chords make none.
    """
    sounding = [chord for chord in chords if chord.root is not None]
    if not sounding:
        return ()
    numerals = measure_numerals(chords, tempo_map)
    labels = _block_labels(numerals)
    starts = [tempo_map.measures[i * BLOCK_MEASURES].onset_seconds for i in range(len(labels))]
    starts[0] = min(starts[0], sounding[0].onset_seconds)
    bounds = [*starts, max(sounding[-1].end_seconds, starts[-1])]
    sections: list[Section] = []
    for index, label in enumerate(labels):
        if sections and sections[-1].label == label:
            sections[-1] = Section(sections[-1].onset_seconds, bounds[index + 1], label)
        else:
            sections.append(Section(bounds[index], bounds[index + 1], label))
    return tuple(sections)


def _block_labels(numerals: Sequence[str]) -> list[str]:
    whole = max(len(numerals) // BLOCK_MEASURES, 1)
    known: list[Sequence[str]] = []
    labels = []
    for block in range(whole):
        content = numerals[block * BLOCK_MEASURES : (block + 1) * BLOCK_MEASURES]
        matches = (i for i, other in enumerate(known) if _same(content, other))
        index = next(matches, len(known))
        if index == len(known):
            known.append(content)
        labels.append(_letters(index))
    return labels


def _same(block: Sequence[str], other: Sequence[str]) -> bool:
    agreeing = sum(a == b for a, b in zip(block, other, strict=False))
    return agreeing >= min(MIN_SAME_MEASURES, len(block))


def _letters(index: int) -> str:
    """A … Z, AA, AB … for any number of sections."""
    letter = chr(ord("A") + index % 26)
    return letter if index < 26 else _letters(index // 26 - 1) + letter

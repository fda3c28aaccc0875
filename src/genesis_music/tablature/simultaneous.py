"""Notes that one stroke of the hand plays together, found from their onsets."""

from __future__ import annotations

from collections.abc import Sequence

from genesis_music.score import Note

CHORD_SECONDS = 0.035
STRUM_SECONDS = 0.080
STRUM_GAP_SECONDS = 0.030


def group_simultaneous(notes: Sequence[Note], strings: int) -> tuple[tuple[int, ...], ...]:
    """Group notes into strokes: indices into ``notes``, strokes in time order, low to high within one.

    Notes within :data:`CHORD_SECONDS` of the first belong together. A strum runs on up to
    :data:`STRUM_SECONDS` while the gaps stay below :data:`STRUM_GAP_SECONDS`, the pitches keep moving the
    same way, and there are strings left.
    """
    order = sorted(range(len(notes)), key=lambda i: (notes[i].onset_seconds, notes[i].pitch_midi, i))
    strokes: list[list[int]] = []
    for index in order:
        if strokes and _joins(notes, strokes[-1], index, strings):
            strokes[-1].append(index)
        else:
            strokes.append([index])
    return tuple(tuple(sorted(stroke, key=lambda i: (notes[i].pitch_midi, i))) for stroke in strokes)


def _joins(notes: Sequence[Note], stroke: Sequence[int], index: int, strings: int) -> bool:
    onset = notes[index].onset_seconds
    since_first = onset - notes[stroke[0]].onset_seconds
    if since_first <= CHORD_SECONDS:
        return True
    gap = onset - notes[stroke[-1]].onset_seconds
    if since_first > STRUM_SECONDS or gap > STRUM_GAP_SECONDS or len(stroke) >= strings:
        return False
    pitches = [notes[i].pitch_midi for i in (*stroke, index)]
    return pitches in (sorted(set(pitches)), sorted(set(pitches), reverse=True))

"""Difficulty in plain words: which demand, how much of it, and in which bars."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from genesis_music.tablature.demands import MeasureDemands

BARS_NAMED = 3
CHORDS_NAMED = 3
SHIFT_WORTH_NAMING = 300.0
"""Millimetres per second: a hand's breadth in a quarter of a second."""
STRETCH_WORTH_NAMING = 90.0
"""Millimetres: wider than the first three frets."""


def explain(demand: str, judged: Sequence[MeasureDemands]) -> str:
    """Say what a demand (a rubric's name) consists of in this piece, in a short phrase."""
    return _EXPLANATIONS[demand](judged)


def bar_words(numbers: Iterable[int]) -> str:
    """Name bars, neighbours joined: ``"bars 3–5 and 9"``."""
    spans: list[list[int]] = []
    for number in sorted(set(numbers)):
        if spans and number == spans[-1][1] + 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    words = [str(a) if a == b else f"{a}–{b}" for a, b in spans]
    listed = ", ".join(words[:-1]) + " and " + words[-1] if len(words) > 1 else words[0]
    return f"bar {listed}" if len(spans) == 1 and spans[0][0] == spans[0][1] else f"bars {listed}"


def _hardest(judged: Sequence[MeasureDemands], demand: str) -> list[MeasureDemands]:
    return sorted(judged, key=lambda m: (-getattr(m.demands, demand), m.number))[:BARS_NAMED]


def _bars(measures: Sequence[MeasureDemands]) -> str:
    return bar_words(measure.number for measure in measures)


def _chords(judged: Sequence[MeasureDemands]) -> str:
    hardest = _hardest(judged, "uncommon_chords")
    labels = list(dict.fromkeys(label for measure in hardest for label in measure.rare_chords))[:CHORDS_NAMED]
    if labels:
        return f"chords outside the open ones ({', '.join(labels)}) in {_bars(hardest)}"
    return f"played high up the neck in {_bars(hardest)}"


def _positioning(judged: Sequence[MeasureDemands]) -> str:
    hardest = _hardest(judged, "finger_positioning")
    shift = max(measure.shift_mm_per_second for measure in hardest)
    stretch = max(measure.stretch_mm for measure in hardest)
    parts = []
    if shift >= SHIFT_WORTH_NAMING:
        parts.append("fast position shifts")
    if stretch >= STRETCH_WORTH_NAMING:
        parts.append(f"stretches of {stretch / 10:.0f} cm")
    if any(measure.has_barre for measure in hardest):
        parts.append("barrés")
    return f"{' and '.join(parts) or 'a moving left hand'} in {_bars(hardest)}"


def _fingering(judged: Sequence[MeasureDemands]) -> str:
    return f"busy fretting fingers in {_bars(_hardest(judged, 'fingering_difficulty'))}"


def _variety(judged: Sequence[MeasureDemands]) -> str:
    return f"little repeats, most in {_bars(_hardest(judged, 'repetitiveness'))}"


def _right_hand(judged: Sequence[MeasureDemands]) -> str:
    hardest = _hardest(judged, "right_hand")
    picks = max(measure.picks_per_second for measure in hardest)
    return f"up to {picks:.0f} strokes a second in {_bars(hardest)}"


def _change(judged: Sequence[MeasureDemands]) -> str:
    return f"quick changes of grip in {_bars(_hardest(judged, 'speed_of_change'))}"


_EXPLANATIONS = {
    "uncommon_chords": _chords,
    "finger_positioning": _positioning,
    "fingering_difficulty": _fingering,
    "repetitiveness": _variety,
    "right_hand": _right_hand,
    "speed_of_change": _change,
}

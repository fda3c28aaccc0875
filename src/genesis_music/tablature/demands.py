"""What each measure of a tab asks of the player: the rubric's six sub-scores, 0 (nothing) to 1 (the utmost).

Everything is taken from the page (written positions, at the tempo of the tempo map), so the same page is
never judged easier at a faster tempo, and a sloppy performance does not make a piece harder. Each sub-score
rises with the counts it is made of and never falls:

* uncommon chords: rarity of the chords sounding (by time; less where a line is played), height on the neck;
* finger positioning: widest stretch (mm), share of barré grips, fastest position shift (mm/s);
* fingering difficulty: fingers held, share of bent notes, fingers put down per second;
* repetitiveness: mean surprise of what is fretted (bits, from its frequency in the piece; over the piece this
  is the entropy), so higher means less repetition;
* right hand: strokes per second (slurs cost none, strums less), string skips, strings plucked apart;
* speed of change: fingers put down per second.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from math import ceil, log2

from genesis_music.score import Chord, TempoMap, Track
from genesis_music.tablature.chord_familiarity import chord_rarity, rarity_between
from genesis_music.tablature.hand import Grip, Place, fret_mm, grip_of, shift_frets
from genesis_music.tablature.page_events import Event, held_grips, page_events

# Where each count starts to be felt and where it is the utmost, in its own unit.
STRETCH_MM = (70.0, 150.0)
"""From the first three frets (an open C) to five frets in first position."""
SHIFT_MM_PER_SECOND = (50.0, 1000.0)
PLACEMENTS_PER_SECOND = (1.0, 12.0)
"""Fretting fingers put down: one a second for slow chord changes, twelve for sixteenths at 180."""
BUSY_PLACEMENTS_PER_SECOND = (3.0, 14.0)
PICKS_PER_SECOND = (2.0, 14.0)
GRIP_FINGERS = (1.5, 7.0)
"""Fingers of a held grip, one more for a barré."""
NECK_FRETS = (4.0, 16.0)
SURPRISE_BITS = (2.0, 9.0)
"""From four grips in turn (2 bits) to five hundred different ones (9 bits)."""

BARRE_BURDEN = 0.45
STRETCH_BURDEN = 0.5
SHIFT_BURDEN = 0.8
NECK_BURDEN = 0.6
BEND_BURDEN = 0.4
PLACEMENT_BURDEN = 0.9
SKIP_BURDEN = 0.3
INDEPENDENCE_BURDEN = 0.25
"""How hard each alone can make its sub-score (0..1)."""

STRUM_STRINGS = 3
STRUM_EFFORT = 0.6
"""Strumming costs the right hand this share of what picking single strings as fast does."""
SHORTEST_STEP_SECONDS = 0.04
"""Grace notes closer than this are one movement."""
FEWEST_ACTIONS = 4
"""A rate is not judged from fewer actions than this, if there are so many: two quick notes are no run."""


@dataclass(frozen=True, slots=True)
class Demands:
    """The six sub-scores of the rubric, each 0..1, higher is harder."""

    uncommon_chords: float
    finger_positioning: float
    fingering_difficulty: float
    repetitiveness: float
    right_hand: float
    speed_of_change: float


@dataclass(frozen=True, slots=True)
class MeasureDemands:
    """One measure: its sub-scores and the counts behind them, in plain units."""

    number: int
    events: int
    demands: Demands
    has_barre: bool
    stretch_mm: float
    shift_mm_per_second: float
    picks_per_second: float
    rare_chords: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Move:
    """What leads to one event.

    ``step_seconds`` since the event before, ``hold_seconds`` since fingers last moved; ``surprise_bits`` is
    how unusual the event is in this piece.
    """

    event: Event
    step_seconds: float
    hold_seconds: float
    shift_mm: float
    fingers_placed: int
    strings_crossed: int
    surprise_bits: float


def ramp(value: float, span: tuple[float, float]) -> float:
    """0 up to where the span begins, 1 from where it ends, straight in between."""
    zero_at, one_at = span
    return min(max((value - zero_at) / (one_at - zero_at), 0.0), 1.0)


def rate_ramp(per_second: float, span: tuple[float, float]) -> float:
    """The same on a logarithmic scale: each doubling of a rate is one step harder."""
    return ramp(log2(max(per_second, 1e-6)), (log2(span[0]), log2(span[1])))


def either(*scores: float) -> float:
    """Independent burdens together: at least the largest, never above 1."""
    ease = 1.0
    for score in scores:
        ease *= 1.0 - score
    return 1.0 - ease


def measure_demands(track: Track, tempo_map: TempoMap, chords: Sequence[Chord]) -> list[MeasureDemands]:
    """Judge every measure in which the track plays, in order."""
    moves = _moves(page_events(track, tempo_map), track.capo)
    rarities = [(chord, chord_rarity(chord, track.tuning, track.capo)) for chord in chords]
    ends = {
        m.number: tempo_map.seconds_at(float(m.start_quarters + m.length_quarters))
        for m in tempo_map.measures
    }
    judged, first_chord = [], 0
    for number, group in groupby(moves, key=lambda move: move.event.measure):
        own = list(group)
        start, end = own[0].event.onset_seconds, ends[number]
        while first_chord < len(rarities) and rarities[first_chord][0].end_seconds <= start:
            first_chord += 1
        stop = bisect_left(rarities, end, first_chord, key=lambda pair: pair[0].onset_seconds)
        rarity, rare = rarity_between(rarities[first_chord:stop], start, end)
        judged.append(_judge(number, own, track.capo, rarity, rare))
    return judged


def _moves(events: Sequence[Event], capo: int) -> list[_Move]:
    counts = Counter(event.places for event in events)
    moves: list[_Move] = []
    position: int | None = None
    held: dict[int, int] = {}
    previous: Event | None = None
    placing: Event | None = None
    for event in events:
        shift = shift_frets(position, event.places)
        target = _position(position, shift, event.places)
        moved = tuple(place for place in event.places if held.get(place[0]) != place[1])
        placed = grip_of(moved, capo).fingers
        moves.append(
            _Move(
                event=event,
                step_seconds=_step(previous, event),
                hold_seconds=_step(placing, event),
                shift_mm=_travel_mm(position, shift, capo),
                fingers_placed=placed,
                strings_crossed=_strings_crossed(previous, event),
                surprise_bits=log2(len(events) / counts[event.places]),
            )
        )
        held.update(event.places)
        position, previous = target, event
        placing = event if placed else placing
    return moves


def _position(position: int | None, shift: int, places: Sequence[Place]) -> int | None:
    if position is None:
        return min((fret for _, fret in places if fret > 0), default=None)
    return position + shift


def _travel_mm(position: int | None, shift: int, capo: int) -> float:
    """Millimetres the hand moves; one fret more is a finger's reach, not a shift."""
    if position is None or abs(shift) <= 1:
        return 0.0
    reached = position + shift - (1 if shift > 0 else -1)
    return abs(fret_mm(reached, capo) - fret_mm(position, capo))


def _step(previous: Event | None, event: Event) -> float:
    if previous is None:
        return float("inf")
    return max(event.onset_seconds - previous.onset_seconds, SHORTEST_STEP_SECONDS)


def _strings_crossed(previous: Event | None, event: Event) -> int:
    """Strings between two single notes; chords are strummed or plucked with several fingers."""
    if previous is None or len(previous.places) != 1 or len(event.places) != 1:
        return 0
    return abs(event.places[0][0] - previous.places[0][0])


def _judge(
    number: int, moves: Sequence[_Move], capo: int, rarity: float, rare: tuple[str, ...]
) -> MeasureDemands:
    events = [move.event for move in moves]
    grips = [grip_of(places, capo) for _, places in held_grips(events)]
    melodic = _melodic_share(moves)
    shift = max((move.shift_mm / move.step_seconds for move in moves), default=0.0)
    stretch = max(grip.stretch_mm for grip in grips)
    picks = _busy_rate([move.step_seconds for move in moves if move.event.plucked])
    placements = _busy_rate([m.hold_seconds / m.fingers_placed for m in moves if m.fingers_placed])
    demands = Demands(
        uncommon_chords=either((1 - melodic) * rarity, NECK_BURDEN * _neck_score(events)),
        finger_positioning=either(
            STRETCH_BURDEN * ramp(stretch, STRETCH_MM),
            BARRE_BURDEN * _barre_share(grips),
            SHIFT_BURDEN * rate_ramp(shift, SHIFT_MM_PER_SECOND),
        ),
        fingering_difficulty=_fingering_score(grips, events, placements),
        repetitiveness=ramp(sum(move.surprise_bits for move in moves) / len(moves), SURPRISE_BITS),
        right_hand=_right_hand_score(moves, picks),
        speed_of_change=rate_ramp(placements, PLACEMENTS_PER_SECOND),
    )
    return MeasureDemands(
        number, len(events), demands, any(g.barre for g in grips), stretch, shift, picks, rare
    )


def _barre_share(grips: Sequence[Grip]) -> float:
    return sum(grip.barre for grip in grips) / len(grips)


def _busy_rate(steps_seconds: Sequence[float]) -> float:
    """Actions per second in the busier half: a run in half a bar is as fast as a full bar of it."""
    steps = sorted(steps_seconds)[: max(FEWEST_ACTIONS, ceil(len(steps_seconds) / 2))]
    total = sum(steps)
    return len(steps) / total if steps and total > 0 else 0.0


def _melodic_share(moves: Sequence[_Move]) -> float:
    """0 for chords and arpeggios, 1 for lines: how often a string is stopped at a new fret."""
    changes = sum(
        dict(a.event.places).get(string, fret) != fret
        for a, b in pairwise(moves)
        for string, fret in b.event.places
    )
    singles = sum(len(move.event.places) == 1 for move in moves)
    return min(1.0, 2.5 * changes / max(len(moves), 1)) * singles / len(moves)


def _neck_score(events: Sequence[Event]) -> float:
    """How far from the open position it is played: 0 within four frets, 1 on average above the 16th."""
    frets = [fret for event in events for _, fret in event.places if fret > 0]
    return ramp(sum(frets) / len(frets), NECK_FRETS) if frets else 0.0


def _fingering_score(grips: Sequence[Grip], events: Sequence[Event], placements_per_second: float) -> float:
    held = sum(ramp(grip.fingers + grip.barre, GRIP_FINGERS) for grip in grips) / len(grips)
    bent = sum(event.bent > 0 for event in events) / len(events)
    busy = rate_ramp(placements_per_second, BUSY_PLACEMENTS_PER_SECOND)
    return either(held, BEND_BURDEN * bent, PLACEMENT_BURDEN * busy)


def _right_hand_score(moves: Sequence[_Move], picks_per_second: float) -> float:
    strummed = sum(len(move.event.places) >= STRUM_STRINGS for move in moves) / len(moves)
    speed = rate_ramp(picks_per_second, PICKS_PER_SECOND) * (1 - (1 - STRUM_EFFORT) * strummed)
    skips = sum(move.strings_crossed > 1 for move in moves) / len(moves)
    return either(speed, SKIP_BURDEN * skips, INDEPENDENCE_BURDEN * _independence(moves))


def _independence(moves: Sequence[_Move]) -> float:
    """Share of events that pluck strings with a gap between them: thumb and fingers at once."""
    split = 0
    for move in moves:
        strings = [string for string, _ in move.event.places]
        split += any(high - low > 1 for low, high in pairwise(strings))
    return split / len(moves)

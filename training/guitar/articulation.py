"""Play strokes with expression: slurs, slides, bends, vibrato, palm mutes, dead notes, flageolets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.random import Generator

from genesis_music.score import BendPoint
from training.guitar.strings import Floats
from training.guitar.strokes import Manner, Phrase, Stroke, one_at_a_time

POINT_SECONDS = 0.02
HARMONICS_BY_FRET = {12: 2, 7: 3, 5: 4}
SOUNDING_FRET = {2: 12, 3: 19, 4: 24}
SLUR_GAP_SECONDS, SLUR_SECONDS, SLUR_SEMITONES = 0.06, 0.7, 4
BEND_SECONDS = 0.18
CHOKED_SECONDS = 0.16


@dataclass(frozen=True, slots=True)
class Expression:
    """How often each technique comes, 0..1 of the strokes that allow it; drawn once per phrase.

    Only short notes are choked: struck while the hand is already letting go, darker and weaker, but of a pitch.
    """

    slur: float
    slide: float
    bend: float
    vibrato: float
    palm_mute: float
    choke: float
    dead: float
    harmonic: float
    tremolo_arm: bool


def random_expression(random: Generator) -> Expression:
    """Most phrases use one or two techniques, a third none but slurs."""

    def rate(share: float, most: float) -> float:
        return float(random.uniform(0.05, most)) if random.random() < share else 0.0

    return Expression(
        slur=rate(0.7, 0.8),
        slide=rate(0.15, 0.4),
        bend=rate(0.2, 0.5),
        vibrato=rate(0.25, 0.7),
        palm_mute=1.0 if random.random() < 0.04 else rate(0.1, 0.9),
        choke=rate(0.3, 0.8),
        dead=rate(0.18, 0.2),
        harmonic=rate(0.06, 0.6),
        tremolo_arm=bool(random.random() < 0.015),
    )


def articulate(phrase: Phrase, random: Generator) -> Phrase:
    """The same phrase with the techniques of a random expression."""
    expression = random_expression(random)
    strokes = [
        stroke
        for string in range(1, 7)
        for stroke in _slurred([s for s in phrase.strokes if s.string == string], expression, random)
    ]
    arm = _vibrato(random) if expression.tremolo_arm else None
    played = [_coloured(stroke, expression, arm, random) for stroke in strokes]
    return replace(phrase, strokes=tuple(one_at_a_time(played)))


def _slurred(own: list[Stroke], expression: Expression, random: Generator) -> list[Stroke]:
    """Hammer-ons, pull-offs and slides from each note of one string to the next."""
    strokes = list(own)
    for index in range(1, len(strokes)):
        before, stroke = strokes[index - 1], strokes[index]
        if not _can_slur(before, stroke):
            continue
        if before.fret and stroke.fret and random.random() < expression.slide:
            strokes[index - 1] = replace(before, bend=_slide(before, stroke, random))
            strokes[index] = replace(stroke, manner=Manner.LEGATO)
        elif random.random() < expression.slur:
            strokes[index] = replace(stroke, manner=Manner.LEGATO)
    return strokes


def _can_slur(before: Stroke, stroke: Stroke) -> bool:
    return (
        stroke.onset_seconds - before.end_seconds < SLUR_GAP_SECONDS
        and stroke.onset_seconds - before.onset_seconds < SLUR_SECONDS
        and 0 < abs(stroke.fret - before.fret) <= SLUR_SEMITONES
    )


def _slide(before: Stroke, stroke: Stroke, random: Generator) -> tuple[BendPoint, ...]:
    """The finger glides over the frets until the next note is reached."""
    arrival = stroke.onset_seconds - before.onset_seconds
    glide = min(random.uniform(0.04, 0.18), 0.7 * arrival)
    interval = float(stroke.fret - before.fret)
    return (BendPoint(0.0, 0.0), BendPoint(arrival - glide, 0.0), BendPoint(arrival, interval))


def _coloured(
    stroke: Stroke, expression: Expression, arm: Callable[[Floats], Floats] | None, random: Generator
) -> Stroke:
    """One technique for one stroke at most."""
    seconds = stroke.end_seconds - stroke.onset_seconds
    if random.random() < expression.dead:
        return replace(
            stroke, manner=Manner.DEAD, bend=(), end_seconds=stroke.onset_seconds + random.uniform(0.04, 0.1)
        )
    if stroke.manner is Manner.PLUCKED and random.random() < expression.harmonic:
        harmonic = HARMONICS_BY_FRET.get(stroke.fret, int(random.choice((2, 2, 3, 4))))
        return replace(stroke, manner=Manner.HARMONIC, fret=SOUNDING_FRET[harmonic], bend=())
    if stroke.manner is Manner.PLUCKED and random.random() < expression.palm_mute:
        return replace(stroke, manner=Manner.PALM_MUTED, bend=())
    if stroke.manner is Manner.PLUCKED and seconds < CHOKED_SECONDS and random.random() < expression.choke:
        return replace(stroke, manner=Manner.CHOKED, bend=(), velocity=0.8 * stroke.velocity)
    if stroke.bend or seconds < BEND_SECONDS:
        return stroke
    if arm is not None:
        return replace(stroke, bend=_points(arm, seconds))
    if stroke.fret >= 2 and stroke.string <= 4 and random.random() < expression.bend:
        return replace(stroke, bend=_points(_bend(seconds, random), seconds))
    if stroke.fret and random.random() < expression.vibrato:
        return replace(stroke, bend=_points(_vibrato(random), seconds))
    return stroke


def _bend(seconds: float, random: Generator) -> Callable[[Floats], Floats]:
    """Up, up and down again, from above down, or a slow curl."""
    semitones = float(random.choice([0.3, 0.5, 1.0, 1.0, 1.5, 2.0, 2.0, 3.0]))
    start = random.uniform(0, 0.3) * seconds
    rise = min(random.uniform(0.05, 0.3), seconds / 3)
    kind = random.random()
    shake = _vibrato(random) if random.random() < 0.3 else np.zeros_like
    back = min(seconds, start + rise + random.uniform(0.1, 0.5) * seconds)

    def curve(time: Floats) -> Floats:
        up = np.clip((time - start) / rise, 0, 1)
        down = np.clip((time - back) / rise, 0, 1)
        if kind < 0.55:
            return semitones * up + shake(time) * (up == 1)
        if kind < 0.85:
            return semitones * (up - down)
        return semitones * (1 - down)

    return curve


def _vibrato(random: Generator) -> Callable[[Floats], Floats]:
    """A slow waver that begins after the onset; fingers only sharpen, arms go both ways."""
    depth, rate_hz = random.uniform(0.08, 0.5), random.uniform(3.5, 7.5)
    onset, one_sided = random.uniform(0.02, 0.35), random.random() < 0.6

    def curve(time: Floats) -> Floats:
        wave = np.sin(2 * np.pi * rate_hz * time)
        shape: Floats = depth * ((1 - np.cos(2 * np.pi * rate_hz * time)) / 2 if one_sided else wave)
        return shape * np.clip(time / onset, 0, 1)

    return curve


def _points(curve: Callable[[Floats], Floats], seconds: float) -> tuple[BendPoint, ...]:
    time = np.linspace(0, seconds, max(3, round(seconds / POINT_SECONDS) + 1))
    return tuple(BendPoint(float(t), float(s)) for t, s in zip(time, curve(time), strict=True))

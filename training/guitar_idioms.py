"""Generated guitar parts with their natural fingering, from what guitarists commonly play.

They widen the training of the fingering beyond the recorded players: open chords, arpeggios on held shapes,
power chords, riffs on open strings, lead lines in boxes, two voices over open basses. Times are beats.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from training.guitar_shapes import (
    MOVABLE_SHAPES,
    OPEN_SHAPES,
    POWER_SHAPES,
    PROGRESSIONS,
    SCALES,
    STANDARD_LOW_TO_HIGH,
    frets,
)

Random = np.random.Generator
Shape = dict[int, int]
BAR = 4.0
ROCK_TONICS = (4, 9, 2, 7, 0, 11, 6, 4, 9, 2)  # E and A most; anything now and then


@dataclass(frozen=True, slots=True)
class Played:
    """A note as played: onset and length in beats, string (1 = highest), fret."""

    onset: float
    length: float
    string: int
    fret: int

    @property
    def pitch_midi(self) -> int:
        """Sounding pitch in standard tuning."""
        return STANDARD_LOW_TO_HIGH[6 - self.string] + self.fret


def generate_part(random: Random) -> list[Played]:
    """Make one part of one to three sections, cleaned of collisions on a string."""
    sections = 1 + int(random.integers(3))
    part: list[Played] = []
    start = 0.0
    for _ in range(sections):
        idiom = IDIOMS[random.choice(len(IDIOMS), p=_WEIGHTS)]
        section = idiom(random)
        part += [replace(note, onset=note.onset + start) for note in section]
        start = max((note.onset + note.length for note in part), default=0.0)
    return _one_note_per_string(part)


def _one_note_per_string(part: Sequence[Played]) -> list[Played]:
    """Cut a note where the next one on its string starts."""
    ordered = sorted(part, key=lambda note: (note.onset, note.pitch_midi))
    cut: list[Played] = []
    next_onset: dict[int, float] = {}
    for note in reversed(ordered):
        limit = next_onset.get(note.string, np.inf)
        if note.onset < limit:
            cut.append(replace(note, length=min(note.length, limit - note.onset)))
            next_onset[note.string] = note.onset
    return cut[::-1]


def _pick(random: Random, options: Sequence[str]) -> str:
    return options[int(random.integers(len(options)))]


def _progression(random: Random) -> list[Shape]:
    """Four chords, mostly open shapes; some songs in barré shapes only."""
    names = PROGRESSIONS[int(random.integers(len(PROGRESSIONS)))]
    if random.random() < 0.8:
        return [frets(_pick(random, OPEN_SHAPES[name])) for name in names]
    root = int(random.integers(1, 9))
    steps = random.choice((0, 2, 3, 4, 5, 7, -2), 4)
    return [frets(_pick(random, MOVABLE_SHAPES), max(1, root + int(step))) for step in steps]


def _loops(random: Random) -> Iterator[tuple[float, Shape]]:
    shapes = _progression(random)
    bars = int(random.choice((1, 1, 2)))
    for index in range(4 * int(random.integers(1, 4))):
        yield index * bars * BAR, shapes[index % 4]


def strummed_chords(random: Random) -> list[Played]:
    """Strums of whole shapes, some of only the lower or higher strings, some led by the bass."""
    rhythm = sorted(random.choice(8, int(random.integers(1, 7)), replace=False) / 2.0)
    bass_first = random.random() < 0.3
    part = []
    for start, shape in _loops(random):
        for position in rhythm:
            strings = sorted(shape, reverse=True)
            if bass_first and position == rhythm[0]:
                strings = strings[:1]
            elif random.random() < 0.3:
                cut = int(random.integers(1, len(strings)))
                strings = strings[cut:] if random.random() < 0.7 else strings[:-cut]
            part += [Played(start + position, 0.5, string, shape[string]) for string in strings]
    return part


def picked_arpeggio(random: Random) -> list[Played]:
    """A held shape, one string after the other, often with the thumb on the bass; a finger may leave it."""
    steps = int(random.choice((6, 8, 8, 8, 12, 16)))
    order = random.integers(0, 6, steps)
    pinched = random.random(steps) < 0.15
    ringing = random.random() < 0.5
    part = []
    for start, shape in _loops(random):
        strings = sorted(shape, reverse=True)
        bass, rest = strings[0], strings[1:]
        for step in range(steps):
            onset = start + step * BAR / steps
            length = BAR - step * BAR / steps if ringing else BAR / steps
            chosen = {bass if step == 0 else rest[order[step] % len(rest)]}
            if pinched[step] or (step == steps // 2 and random.random() < 0.4):
                chosen.add(strings[order[step] % 2])
            part += [Played(onset, length, s, _embellish(random, shape, s)) for s in chosen]
    return part


def _embellish(random: Random, shape: Shape, string: int) -> int:
    """Now and then another fret on a treble string, within reach of the held shape."""
    if string > 3 or random.random() > 0.06:
        return shape[string]
    lowest = min((fret for fret in shape.values() if fret), default=1)
    return int(random.choice((0, lowest, lowest + 1, lowest + 2)))


def travis_picking(random: Random) -> list[Played]:
    """Alternating bass under a syncopated treble."""
    treble = random.integers(1, 4, 8)
    sounding = random.random(8) < 0.7
    part = []
    for start, shape in _loops(random):
        basses = sorted((s for s in shape if s >= 3), reverse=True)
        for beat in range(4):
            bass = basses[0] if beat % 2 == 0 else basses[min(1 + beat // 2, len(basses) - 1)]
            part.append(Played(start + beat, 1.0, bass, shape[bass]))
        for eighth in range(8):
            string = int(treble[eighth])
            if sounding[eighth] and string in shape and string < basses[-1]:
                part.append(Played(start + eighth / 2, 0.5, string, _embellish(random, shape, string)))
    return part


def power_chords(random: Random) -> list[Played]:
    """Fifths on the low strings, with a pedal on the open string between them."""
    count, step = int(random.integers(2, 6)), float(random.choice((0.5, 0.5, 1.0, 0.25)))
    chords = [_power_chord(random) for _ in range(count)]
    pedal = int(random.choice((0, 0, 5, 6, 6)))
    pattern = random.integers(0, count, 16)
    muted = random.random(16) < random.uniform(0, 0.7)
    part = []
    for index in range(16 * int(random.integers(1, 5))):
        onset = index * step
        if muted[index % 16] and pedal:
            part.append(Played(onset, step, pedal, 0))
        else:
            chord = chords[pattern[index % 16]]
            part += [Played(onset, step, string, fret) for string, fret in chord.items()]
    return part


def _power_chord(random: Random) -> Shape:
    shape = _pick(random, POWER_SHAPES[:2] if random.random() < 0.5 else POWER_SHAPES[2:])
    return frets(shape, int(random.choice((0, 0, 1, 2, 2, 3, 3, 4, 5, 5, 7, 7, 8, 9, 10, 12))))


def low_riff(random: Random) -> list[Played]:
    """A repeated figure on the three low strings in open position, open strings as pedal notes."""
    box = _box(random, position=0, strings=(6, 5, 4), tonic=int(random.choice((4, 9, 4, 9, 11, 2, 7, 6))))
    return _figures(random, box, leap=2)


def open_position_melody(random: Random) -> list[Played]:
    """A tune in open position, any string."""
    low = int(random.integers(3, 7))
    tonic = int(random.choice((0, 2, 4, 7, 9, 5, 11)))
    return _figures(random, _box(random, 0, tuple(range(low, 0, -1)), tonic), leap=2)


def lead_line(random: Random) -> list[Played]:
    """Phrases in a box on the neck that slides to a neighbouring one between phrases."""
    tonic = int(random.choice(ROCK_TONICS)) if random.random() < 0.6 else int(random.integers(12))
    at_tonic = (tonic - 4) % 12
    position = at_tonic if at_tonic >= 3 or random.random() < 0.3 else at_tonic + 12
    if random.random() < 0.4:
        position = int(random.integers(2, 17))
    low = int(random.choice((3, 3, 4, 4, 5, 6)))
    scale = _pick(random, tuple(SCALES))
    part: list[Played] = []
    start = 0.0
    for _ in range(int(random.integers(2, 6))):
        box = _box(random, max(1, position), tuple(range(low, 0, -1)), tonic, scale)
        phrase = _figures(random, box, leap=2)
        part += [replace(note, onset=note.onset + start) for note in phrase]
        start += 2 * BAR * np.ceil(max(n.onset for n in phrase) / (2 * BAR) + 0.01)
        position = int(np.clip(position + random.choice((0, 0, -2, 2, 3, -3, 5, 12, -12)), 1, 17))
    return part


def _box(
    random: Random, position: int, strings: tuple[int, ...], tonic: int, scale: str | None = None
) -> list[tuple[int, int]]:
    """Scale places under one hand position from low to high, each pitch once.

    In open position (0) a string is left where the next one can sound open.
    """
    degrees = SCALES[scale or _pick(random, tuple(SCALES))]
    reach = 4 if position == 0 or len(degrees) > 6 else 3
    box, highest = [], 0
    for string in strings:
        opened = STANDARD_LOW_TO_HIGH[6 - string]
        end = position + reach + 1
        if position == 0 and string > 1:
            end = min(end, STANDARD_LOW_TO_HIGH[7 - string] - opened)
        for fret in range(position, end):
            if opened + fret > highest and (opened + fret - tonic) % 12 in degrees:
                highest = opened + fret
                box.append((string, fret))
    return box


def _figures(random: Random, box: Sequence[tuple[int, int]], leap: int) -> list[Played]:
    """A few random figures over a box, repeated in turn as riffs are."""
    step = float(random.choice((0.25, 0.5, 0.5, 1 / 3, 1.0)))
    figures = [_walk(random, len(box), int(random.integers(4, 17)), leap) for _ in range(3)]
    part, onset = [], 0.0
    for index in random.integers(0, 3, int(random.integers(3, 8))):
        for place in figures[index]:
            string, fret = box[place]
            length = step * float(random.choice((1, 1, 1, 2)))
            part.append(Played(onset, length, string, fret))
            onset += length
    return part


def _walk(random: Random, size: int, length: int, leap: int) -> list[int]:
    places = [int(random.integers(size))]
    direction = int(random.choice((-1, 1)))
    for _ in range(length - 1):
        direction = -direction if random.random() < 0.25 else direction
        jump = 0 if random.random() < 0.15 else int(random.integers(1, leap + 1))
        places.append(int(np.clip(places[-1] + direction * jump, 0, size - 1)))
    return places


def two_voices(random: Random) -> list[Played]:
    """A melody on the high strings over basses that are open strings wherever they can be."""
    tonic = int(random.choice((4, 9, 2, 7, 0, 4, 9)))
    scale = SCALES[_pick(random, ("major", "minor", "harmonic minor"))]
    position = int(random.choice((0, 0, 0, 0, 2, 3, 5, 7, 9)))
    step = float(random.choice((0.5, 0.5, 0.25, 1 / 3)))
    part = []
    for bar in range(int(random.integers(4, 12))):
        if bar % 2 == 0 and random.random() < 0.3:
            position = int(random.choice((0, 0, 2, 3, 5, 7, 9)))
        shape = _voicing(random, tonic, scale, position)
        strings = sorted(shape, reverse=True)
        bass, upper = strings[0], strings[1:] or strings
        for index in range(round(BAR / step)):
            onset = bar * BAR + index * step
            if index == 0 or (random.random() < 0.1):
                part.append(Played(onset, BAR / 2, bass, shape[bass]))
            chosen = {upper[int(random.integers(len(upper)))]}
            if random.random() < 0.25:
                chosen.add(upper[0])
            part += [Played(onset, step, string, shape[string]) for string in chosen if string != bass]
    return part


def _voicing(random: Random, tonic: int, scale: Sequence[int], position: int) -> Shape:
    """A diatonic triad or seventh under one hand position; open strings where they belong to the chord."""
    degree = int(random.choice((0, 0, 3, 4, 5, 1, 2)))
    tones = {(tonic + scale[(degree + third) % 7]) % 12 for third in (0, 2, 4, 6)[: random.choice((3, 3, 4))]}
    shape: Shape = {}
    for string in range(6, 0, -1):
        open_pitch = STANDARD_LOW_TO_HIGH[6 - string]
        near = [f for f in range(max(1, position), position + 4) if (open_pitch + f) % 12 in tones]
        if open_pitch % 12 in tones and (string >= 4 or position < 3 or random.random() < 0.3):
            near = [0]
        if near and random.random() < 0.8:
            shape[string] = int(random.choice(near))
    return shape or {6: 0, 1: 0}


def double_stops(random: Random) -> list[Played]:
    """Thirds, sixths or octaves moving along two strings."""
    high, low, offset = ((1, 2, 0), (2, 3, 1), (1, 3, 1), (2, 4, 2), (3, 5, -2), (4, 6, -2))[
        int(random.integers(6))
    ]
    scale, tonic = SCALES["major"], int(random.integers(12))
    ladder = [f for f in range(2, 15) if (STANDARD_LOW_TO_HIGH[6 - high] + f - tonic) % 12 in scale]
    part = []
    step = float(random.choice((0.5, 1.0, 0.5)))
    for index, place in enumerate(_walk(random, len(ladder), int(random.integers(8, 32)), 2)):
        fret = ladder[place]
        below = fret + offset + (0 if offset == -2 else int(random.integers(0, 2)))
        part += [Played(index * step, step, high, fret), Played(index * step, step, low, max(0, below))]
    return part


Idiom = Callable[[Random], list[Played]]
_WEIGHTED: tuple[tuple[Idiom, float], ...] = (
    (strummed_chords, 0.16),
    (picked_arpeggio, 0.2),
    (travis_picking, 0.08),
    (power_chords, 0.14),
    (low_riff, 0.1),
    (open_position_melody, 0.08),
    (lead_line, 0.12),
    (two_voices, 0.1),
    (double_stops, 0.02),
)
IDIOMS = tuple(idiom for idiom, _ in _WEIGHTED)
_WEIGHTS = np.array([weight for _, weight in _WEIGHTED]) / sum(weight for _, weight in _WEIGHTED)

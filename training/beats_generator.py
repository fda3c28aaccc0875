"""Generated guitar music in many idioms and metres, with its beats: what GuitarSet (4/4 only) lacks.

A piece is a chord loop and a few rhythm patterns drawn once and repeated with variations, laid out on
tatums (half or third or quarter beats), swung, with accompaniment idioms (strums, boom-chick, waltz,
arpeggios, travis picking, bossa, shuffle, riffs, comping) and melodies with motifs, phrases and pickups.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from training.beats_corpus import Piece

_MAJOR = (0, 2, 4, 5, 7, 9, 11)
_MINOR = (0, 2, 3, 5, 7, 8, 10)


@dataclass(frozen=True)
class _Metre:
    """Felt beats per bar and tatums per beat."""

    beats: int
    tatums: int
    compound: bool

    @property
    def bar(self) -> int:
        return self.beats * self.tatums


@dataclass(frozen=True)
class _Hit:
    """Something struck at a tatum of the bar; ``voices`` count the chord's notes from the bass."""

    tatum: float
    voices: tuple[int, ...]
    tatums_long: float


Pattern = list[_Hit]
Idiom = Callable[[_Metre, Generator], Pattern]
_ALL = (0, 1, 2, 3, 4, 5)
_UPPER = (2, 3, 4, 5)


def generated_piece(rng: Generator, seconds: float = 45.0) -> Piece:
    """One random piece of about ``seconds``."""
    metre = _metre(rng)
    tempo = _tempo(metre, rng)
    bars = int(np.ceil(seconds * tempo / 60 / metre.beats)) + 1
    hits = _arrangement(metre, bars, rng)
    return _performed(metre, tempo, bars, hits, rng)


def _metre(rng: Generator) -> _Metre:
    beats, tatums, compound = _METRES[int(rng.choice(len(_METRES), p=_METRE_SHARES))]
    return _Metre(beats, tatums, compound)


_METRES = (
    (4, 2, False), (4, 4, False), (4, 3, False),
    (3, 2, False), (3, 4, False), (3, 3, False),
    (2, 2, False), (2, 4, False),
    (2, 3, True), (4, 3, True),
)  # fmt: skip
_METRE_SHARES = (0.16, 0.12, 0.06, 0.18, 0.05, 0.04, 0.09, 0.07, 0.17, 0.06)


def _tempo(metre: _Metre, rng: Generator) -> float:
    """Felt beats per minute."""
    centre = {True: 65.0, False: 115.0}[metre.compound]
    if metre.tatums == 4:
        centre = 90.0
    return float(np.clip(np.exp(rng.normal(np.log(centre), 0.28)), 42, 210))


# ---------------------------------------------------------------- chords


def _chord_loop(bars: int, metre: _Metre, rng: Generator) -> list[tuple[int, list[int], bool]]:
    """Per bar and half bar: (degree's bass pitch, chord pitches from the bass up, is it a change)."""
    scale = _MAJOR if rng.random() < 0.6 else _MINOR
    tonic = int(rng.integers(40, 52))
    period = int(rng.choice([1, 2, 4, 4, 8, 12]))
    slots = metre.beats if metre.beats % 2 == 0 else 1
    halves = 2 if slots > 1 and rng.random() < 0.35 else 1
    degrees = rng.choice(7, period * halves, p=[0.3, 0.12, 0.06, 0.18, 0.18, 0.12, 0.04])
    degrees[0] = 0 if rng.random() < 0.7 else degrees[0]
    if halves == 1 and rng.random() < 0.4:
        degrees[1::2] = degrees[::2][: len(degrees[1::2])]
    sounds = {int(d): _voicing(int(d), scale, tonic, rng) for d in set(degrees.tolist())}
    loop = []
    for half in range(2 * bars):
        index = (half * halves // 2) % len(degrees)
        loop.append((*sounds[int(degrees[index])], False))
    return loop


def _voicing(degree: int, scale: tuple[int, ...], tonic: int, rng: Generator) -> tuple[int, list[int]]:
    """Bass pitch and six chord pitches: a triad (at times a seventh) spread as on a guitar."""
    steps = [0, 4, 7, 9, 11, 14] if rng.random() < 0.5 else [0, 2, 4, 7, 9, 11]
    if rng.random() < 0.3:
        steps = [0, 4, 6, 9, 11, 13]
    pitches = [tonic + scale[(degree + s) % 7] + 12 * ((degree + s) // 7) for s in steps]
    if pitches[0] > 52:
        pitches = [p - 12 for p in pitches]
    return pitches[0], pitches


# ---------------------------------------------------------------- accompaniment idioms


def _strum(metre: _Metre, rng: Generator) -> Pattern:
    """Drawn by metrical weight: beats likely, off-beats less, downbeat nearly always."""
    syncopation = rng.uniform(0.1, 0.9)
    hits = []
    for tatum in range(metre.bar):
        on_beat = tatum % metre.tatums == 0
        chance = 0.85 if on_beat else syncopation
        chance = 0.93 if tatum == 0 else chance
        if rng.random() < chance:
            voices = _ALL if on_beat or rng.random() < 0.4 else _UPPER
            hits.append(_Hit(tatum, voices, rng.uniform(0.6, 1.5)))
    return hits


def _boom_chick(metre: _Metre, rng: Generator) -> Pattern:
    """Bass and chord in turn; in 2/4 also bass on the beat and chord off the beat (polka)."""
    polka = metre.beats == 2 and metre.tatums % 2 == 0 and rng.random() < 0.7
    unit = metre.tatums / 2 if polka else metre.tatums
    hits = []
    for index in range(int(metre.bar / unit)):
        bass = index % 2 == 0
        alternate = 1 if index % 4 == 2 and rng.random() < 0.8 else 0
        hits.append(_Hit(index * unit, (alternate,) if bass else _UPPER, unit * rng.uniform(0.5, 1)))
        if not bass and rng.random() < 0.3 and not polka:
            hits.append(_Hit(index * unit + unit - 1, _UPPER, 1))
    return hits


def _waltz(metre: _Metre, rng: Generator) -> Pattern:
    """Bass on one, chords on the other beats."""
    hits = [_Hit(0, (0,), metre.bar * rng.uniform(0.3, 1))]
    hits += [_Hit(b * metre.tatums, _UPPER, metre.tatums * 0.8) for b in range(1, metre.beats)]
    if rng.random() < 0.4:
        hits.append(_Hit(metre.bar - metre.tatums / 2 if metre.tatums % 2 == 0 else metre.bar - 1, (3,), 1))
    return hits


def _arpeggio(metre: _Metre, rng: Generator) -> Pattern:
    """One string after another on every tatum or every half beat, bass at the bar's (half) start."""
    step = 1 if metre.tatums <= 3 or rng.random() < 0.5 else 2
    shape = [int(v) for v in rng.permutation([2, 3, 4, 5])]
    shape = [[2, 3, 4, 5, 4, 3], [2, 3, 4, 3], shape, shape + shape[::-1]][int(rng.integers(4))]
    count = metre.bar // step
    group = count if rng.random() < 0.5 or metre.beats % 2 else count // 2
    hits = []
    for index in range(count):
        if index % group == 0:
            hits.append(_Hit(index * step, (0,), group * step))
            if rng.random() < 0.6:
                continue
        hits.append(_Hit(index * step, (shape[index % group % len(shape)],), rng.uniform(1, 4) * step))
    return hits


def _travis(metre: _Metre, rng: Generator) -> Pattern:
    """Alternating bass on every beat, treble between and sometimes on the beats."""
    hits = [
        _Hit(b * metre.tatums, ((0, 1, 0, 1)[b % 4] if b % 2 else 0,), metre.tatums)
        for b in range(metre.beats)
    ]
    for tatum in range(metre.bar):
        chance = 0.3 if tatum % metre.tatums == 0 else 0.6
        if rng.random() < chance:
            hits.append(_Hit(tatum, (int(rng.choice(_UPPER)),), rng.uniform(1, 3)))
    return hits


def _bossa(metre: _Metre, rng: Generator) -> Pattern:
    """Bass on the strong beats, syncopated chords above."""
    hits = [_Hit(b * metre.tatums, (b // 2 % 2,), 2 * metre.tatums) for b in range(0, metre.beats, 2)]
    chosen = [(0, 3, 6, 10, 13), (0, 3, 6, 8, 11, 14), (2, 5, 8, 11, 14), (0, 4, 7, 10, 14)][
        int(rng.integers(4))
    ]
    scale = metre.bar / 16
    hits += [_Hit(np.floor(h * scale), _UPPER, metre.tatums / 2) for h in chosen]
    return hits


def _shuffle(metre: _Metre, rng: Generator) -> Pattern:
    """Low dyads on every half beat (swung when the beat has three tatums)."""
    offsets = (0, metre.tatums * 2 / 3) if metre.tatums == 3 else (0, metre.tatums / 2)
    hits = []
    for beat in range(metre.beats):
        upper = 1 if beat % 2 == 0 else 2
        hits += [_Hit(beat * metre.tatums + o, (0, upper), metre.tatums / 3) for o in offsets]
    if rng.random() < 0.5:
        hits = [h for h in hits if rng.random() < 0.85 or h.tatum == 0]
    return hits


def _riff(metre: _Metre, rng: Generator) -> Pattern:
    """Low single notes or power chords in a syncopated figure that starts on one."""
    density = rng.uniform(0.3, 0.9)
    hits = [_Hit(0, (0, 1) if rng.random() < 0.5 else (0,), 1)]
    for tatum in range(1, metre.bar):
        if rng.random() < density * (1.2 if tatum % metre.tatums == 0 else 0.8):
            voice = int(rng.choice([0, 0, 0, 1, 2, 3]))
            hits.append(_Hit(tatum, (voice,), rng.uniform(0.5, 1.2)))
    return hits


def _comping(metre: _Metre, rng: Generator) -> Pattern:
    """Short chords at a few places of the bar: charleston and its shifts, or every beat."""
    if rng.random() < 0.35:
        return [_Hit(b * metre.tatums, _ALL, metre.tatums * 0.7) for b in range(metre.beats)]
    weights = np.array([1.0 if t % metre.tatums == 0 else 0.8 for t in range(metre.bar)])
    weights[0] = 2.5
    count = min(metre.bar, int(rng.integers(1, 5)))
    chosen = rng.choice(metre.bar, count, replace=False, p=weights / weights.sum())
    return [_Hit(float(t), _UPPER, rng.uniform(0.5, metre.tatums)) for t in sorted(chosen)]


def _off_beats(metre: _Metre, rng: Generator) -> Pattern:
    """Reggae and ska: bass on one, chords off the beat."""
    half = metre.tatums / 2 if metre.tatums % 2 == 0 else metre.tatums * 2 / 3
    hits = [_Hit(b * metre.tatums + half, _UPPER, 0.6) for b in range(metre.beats)]
    hits.append(_Hit(0, (0,), metre.tatums))
    if metre.beats > 2 and rng.random() < 0.6:
        hits.append(_Hit(2 * metre.tatums, (1,), metre.tatums))
    return hits


def _held(metre: _Metre, rng: Generator) -> Pattern:
    """A chord per bar (or half bar), arpeggiated a little."""
    hits = [_Hit(0, _ALL, metre.bar)]
    if metre.beats % 2 == 0 and rng.random() < 0.5:
        hits.append(_Hit(metre.bar / 2, _UPPER, metre.bar / 2))
    return hits


def _bass_line(metre: _Metre, rng: Generator) -> Pattern:
    """One bass note a beat (walking) or a bar."""
    if rng.random() < 0.5:
        return [
            _Hit(b * metre.tatums, (0 if b == 0 else int(rng.integers(0, 3)),), metre.tatums)
            for b in range(metre.beats)
        ]
    return [_Hit(0, (0,), metre.bar)]


_IDIOMS: tuple[tuple[Idiom, float], ...] = (
    (_strum, 5), (_boom_chick, 3), (_waltz, 1), (_arpeggio, 4), (_travis, 2), (_bossa, 1.5),
    (_shuffle, 1), (_riff, 3), (_comping, 3), (_off_beats, 0.7), (_held, 1), (_bass_line, 1),
)  # fmt: skip


def _idiom(metre: _Metre, rng: Generator) -> Idiom:
    weights = np.array([weight for _, weight in _IDIOMS])
    if metre.beats == 3:
        weights[2] = 8
    if metre.compound:
        weights[3] = 10
    if metre.beats != 4:
        weights[5] = 0
    return _IDIOMS[int(rng.choice(len(_IDIOMS), p=weights / weights.sum()))][0]


# ---------------------------------------------------------------- melody


def _melody_rhythm(metre: _Metre, rng: Generator) -> Pattern:
    """A bar of melody: spans split in two (or three) again and again, some tied over the beat."""
    spans: list[tuple[float, float]] = [(b * metre.tatums, metre.tatums) for b in range(metre.beats)]
    if rng.random() < 0.4 and metre.beats > 1:
        join = int(rng.integers(metre.beats - 1))
        first, second = spans[join], spans[join + 1]
        spans[join : join + 2] = [(first[0], first[1] + second[1])]
    hits = []
    split = rng.uniform(0.1, 0.9)
    for start, length in spans:
        hits += _split(start, length, metre, split, rng)
    return [h for h in hits if rng.random() > 0.12 or h.tatum == 0]


def _split(start: float, length: float, metre: _Metre, chance: float, rng: Generator) -> Pattern:
    if length <= 1 or rng.random() > chance:
        return [_Hit(start, (), length)]
    cuts = {4.0: (2, 3, 1), 3.0: (1, 2, 2), 2.0: (1, 1, 1), 6.0: (3, 2, 4), 8.0: (4, 6, 3)}
    first = float(cuts.get(float(length), (length / 2,) * 3)[int(rng.integers(3))])
    if metre.tatums == 3 and not metre.compound and length == 3:
        first = 2.0 if rng.random() < 0.7 else 1.0
    halves = _split(start, first, metre, chance, rng)
    return halves + _split(start + first, length - first, metre, chance, rng)


# ---------------------------------------------------------------- arrangement


@dataclass(frozen=True)
class _Struck:
    """A note in tatums from the start."""

    tatum: float
    tatums_long: float
    pitch: int


def _arrangement(metre: _Metre, bars: int, rng: Generator) -> list[_Struck]:
    chords = _chord_loop(bars, metre, rng)
    kind = rng.random()
    struck: list[_Struck] = []
    if kind < 0.8:
        struck += _accompaniment(metre, bars, chords, rng)
    if kind > 0.65:
        struck += _melody(metre, bars, chords, rng, pickup=kind > 0.8)
    if kind > 0.8 and rng.random() < 0.4:
        struck += _line(metre, bars, chords, _bass_line(metre, rng))
    return struck


def _accompaniment(
    metre: _Metre, bars: int, chords: list[tuple[int, list[int], bool]], rng: Generator
) -> list[_Struck]:
    """Patterns of one or two bars, repeated, with variations, fills and anticipated chord changes."""
    idiom = _idiom(metre, rng)
    phrase = [idiom(metre, rng) for _ in range(int(rng.choice([1, 1, 2, 4])))]
    variation, push = rng.choice([0, 0.1, 0.35]), rng.choice([0, 0, 0.5, 0.9])
    pushable = metre.tatums in (2, 4) and not metre.compound
    struck: list[_Struck] = []
    for bar in range(bars):
        pattern = phrase[bar % len(phrase)]
        if rng.random() < variation or (bar % 4 == 3 and rng.random() < 0.3):
            pattern = idiom(metre, rng)
        pushed = pushable and bar > 0 and rng.random() < push
        for hit in pattern:
            early = metre.tatums / 2 if pushed and hit.tatum == 0 else 0
            struck += _chord_hit(metre, bar, hit, chords, early)
    return struck


def _line(
    metre: _Metre, bars: int, chords: list[tuple[int, list[int], bool]], pattern: Pattern
) -> list[_Struck]:
    return [n for bar in range(bars) for hit in pattern for n in _chord_hit(metre, bar, hit, chords, 0)]


def _chord_hit(
    metre: _Metre, bar: int, hit: _Hit, chords: list[tuple[int, list[int], bool]], early: float
) -> list[_Struck]:
    half = 2 * bar + (1 if hit.tatum >= metre.bar / 2 and metre.beats % 2 == 0 else 0)
    pitches = chords[min(half, len(chords) - 1)][1]
    start = bar * metre.bar + hit.tatum - early
    return [_Struck(start, hit.tatums_long, pitches[min(v, len(pitches) - 1)]) for v in hit.voices]


def _melody(
    metre: _Metre, bars: int, chords: list[tuple[int, list[int], bool]], rng: Generator, *, pickup: bool
) -> list[_Struck]:
    """Two to four bar motifs repeated in phrases of four bars that end on a long note."""
    motif = [_melody_rhythm(metre, rng) for _ in range(int(rng.choice([1, 2, 4])))]
    fresh = rng.choice([0, 0.3, 0.8])
    pitch, struck = int(rng.integers(60, 72)), []
    lead = rng.random() < 0.4 and pickup
    for bar in range(bars):
        rhythm = _melody_rhythm(metre, rng) if rng.random() < fresh else motif[bar % len(motif)]
        last = bar % 4 == 3
        if last and rng.random() < 0.7:
            rhythm = [_Hit(0, (), metre.bar * rng.uniform(0.5, 0.9))]
            if lead:
                rhythm.append(_Hit(metre.bar - metre.tatums / 2, (), metre.tatums / 2))
        for hit in rhythm:
            chord = chords[2 * bar][1]
            pitch = _next_pitch(pitch, chord, strong=hit.tatum % metre.tatums == 0, rng=rng)
            struck.append(_Struck(bar * metre.bar + hit.tatum, hit.tatums_long, pitch))
    return struck


def _next_pitch(pitch: int, chord: list[int], *, strong: bool, rng: Generator) -> int:
    """A step or a small leap; chord tones on strong beats."""
    target = pitch + int(rng.choice([-4, -3, -2, -1, 1, 2, 3, 4]))
    if strong:
        classes = {c % 12 for c in chord}
        target = min(range(target - 4, target + 5), key=lambda p: (p % 12 not in classes, abs(p - target)))
    return int(np.clip(target, 55, 84))


# ---------------------------------------------------------------- performance


def _performed(metre: _Metre, tempo: float, bars: int, struck: list[_Struck], rng: Generator) -> Piece:
    """Swing, human timing and rolled chords; tempo changes are the augmentation's work."""
    seconds = 60 / tempo / metre.tatums
    swing = rng.uniform(0.5, 0.68) if metre.tatums in (2, 4) and rng.random() < 0.3 else 0.5
    tatum = np.array([s.tatum for s in struck])
    swung = _swing(tatum, metre, swing)
    roll = rng.uniform(0, 0.012)
    pitch = np.array([s.pitch for s in struck])
    onsets = swung * seconds + rng.normal(0, rng.uniform(0.002, 0.015), len(struck))
    onsets += roll * np.clip((pitch - 45) / 8, 0, 4) * (metre.tatums / metre.tatums)
    lengths = np.maximum(0.06, np.array([s.tatums_long for s in struck]) * seconds * rng.uniform(0.7, 1.1))
    beats = np.arange(bars * metre.beats) * metre.tatums * seconds
    start = -min(0.0, float(onsets.min()))
    numbers = np.arange(bars * metre.beats) % metre.beats + 1
    return Piece(
        "generated", onsets + start, onsets + start + lengths, pitch, beats + start, numbers, metre.compound
    )


def _swing(tatums: np.ndarray, metre: _Metre, share: float) -> np.ndarray:
    """Delay every second half beat (or every second quarter beat) so that the first takes ``share``."""
    pair = 2.0
    whole, rest = np.divmod(tatums, pair)
    half = pair / 2
    bent = np.where(rest < half, rest * 2 * share, 2 * share * half + (rest - half) * 2 * (1 - share))
    return whole * pair + bent if metre.tatums in (2, 4) else tatums

"""Labelled synthetic guitar performances, as a note detector would report them.

Nobody has published a recording set with every technique marked, so techniques are tuned and measured on
these: short pieces in six manners (lead, picked line, strumming, arpeggio, riff, fingerpicking), each with a
true list of techniques, then blurred like a detector blurs: onsets jittered, velocities compressed and noisy,
ends cut or late, contours noisy, coarse or missing. Nothing is taken from a recording or a published tab.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np

from genesis_music.score import (
    Beat,
    BendPoint,
    Measure,
    Note,
    TabNote,
    TechniqueKind,
    TempoMap,
    TimeSignature,
    Tuning,
    WrittenTime,
)

STANDARD = Tuning("standard", (64, 59, 55, 50, 45, 40))
FRAME_SECONDS = 256 / 22050
MEASURES = 8
Contour = Callable[[np.ndarray], np.ndarray]

CHORD_SHAPES = (
    (0, 0, 0, 2, 2, 0),
    (3, 0, 0, 0, 2, 3),
    (0, 1, 0, 2, 3, None),
    (2, 3, 2, 0, None, None),
    (0, 1, 2, 2, 0, None),
    (2, 2, 2, 4, 4, 2),
    (2, 3, 4, 4, 2, None),
    (3, 3, 4, 5, 5, 3),
)
BOX_FRETS = ((0, 3), (0, 3), (0, 2), (0, 2), (0, 2), (0, 3))
SCALE_FRETS = ((0, 2, 3), (0, 2, 3), (-1, 0, 2), (-1, 0, 2), (0, 2, 3), (0, 2, 3))


@dataclass(frozen=True)
class Played:
    """What the player did: place, written time (quarters), loudness, sounding time, techniques."""

    string: int
    fret: int
    at: Fraction
    length: Fraction
    amplitude: float
    sounding: float
    """Seconds."""
    kinds: frozenset[TechniqueKind] = frozenset()
    bend_semitones: float = 0.0
    contour: Contour | None = None


@dataclass(frozen=True)
class Performance:
    """Notes as detected (no techniques marked) and, note by note, the techniques that were played."""

    notes: tuple[TabNote, ...]
    truth: tuple[frozenset[TechniqueKind], ...]
    bend_semitones: tuple[float, ...]
    tempo_map: TempoMap


@dataclass(frozen=True)
class Detector:
    """How one detector blurs what was played."""

    onset_seconds: float = 0.010
    velocity_octaves: float = 0.2
    velocity_compression: float = 0.7
    cut_seconds: float = 0.03
    contour_semitones: float = 0.12
    contour_bins_per_semitone: float = 3.0
    contour_share: float = 0.8
    lost_share: float = 0.1
    tuned_semitones: float = 0.0


@dataclass
class Player:
    """Draws one performance; all chance comes from ``rng``."""

    rng: np.random.Generator
    bpm: float
    played: list[Played] = field(default_factory=list)

    @property
    def quarter(self) -> float:
        """Seconds per quarter note."""
        return 60.0 / self.bpm

    def loudness(self, accent: float = 1.0) -> float:
        """Amplitude of a pluck, with a human's unevenness."""
        return float(0.55 * accent * 2.0 ** self.rng.normal(0.0, 0.18))

    def pluck(self, string: int, fret: int, at: Fraction, length: Fraction, **changes: object) -> None:
        """Add one note; plucked evenly and held for its written length unless told otherwise."""
        values: dict[str, object] = {
            "amplitude": self.loudness(),
            "sounding": float(length) * self.quarter * self.rng.uniform(0.9, 1.02),
        }
        values.update(changes)
        self.played.append(Played(string, fret, at, length, **values))  # type: ignore[arg-type]


def perform(seed: int) -> Performance:
    """One labelled performance of eight measures, the same for the same seed."""
    rng = np.random.default_rng(seed)
    player = Player(rng, bpm=float(rng.uniform(70, 165)))
    manners = (lead, picked_line, strumming, arpeggio, riff, fingerpicking)
    manners[seed % len(manners)](player)
    return detected(player, random_detector(rng))


def random_detector(rng: np.random.Generator) -> Detector:
    return Detector(
        velocity_octaves=float(rng.uniform(0.08, 0.3)),
        velocity_compression=float(rng.uniform(0.5, 1.0)),
        cut_seconds=float(rng.uniform(0.01, 0.06)),
        contour_semitones=float(rng.uniform(0.05, 0.2)),
        contour_bins_per_semitone=float(rng.choice([3.0, 20.0])),
        contour_share=float(rng.uniform(0.6, 1.0)),
        tuned_semitones=float(rng.choice([0.0, 0.0, rng.uniform(-0.3, 0.35)])),
    )


# ---------------------------------------------------------------- manners


def lead(player: Player) -> None:
    """A solo in a box with slurs, slides, bends and vibrato."""
    rng, position = player.rng, int(player.rng.integers(2, 12))
    at, string, index = Fraction(0), int(rng.integers(1, 6)), 0
    while at < 4 * MEASURES:
        length = Fraction(rng.choice([1, 1, 2, 2, 4, 8])) / 4
        fret = position + BOX_FRETS[string - 1][index]
        roll = rng.random()
        if length >= 1 and roll < 0.5:
            expressive_note(player, string, fret, at, length)
        elif length >= Fraction(1, 2) and roll < 0.75:
            at = slur(player, string, fret, at, length / 2)
            continue
        else:
            player.pluck(string, fret, at, length)
        at += length
        string = int(np.clip(string + rng.integers(-1, 2), 1, 6))
        index = int(rng.integers(0, 2))


def expressive_note(player: Player, string: int, fret: int, at: Fraction, length: Fraction) -> None:
    rng, seconds = player.rng, float(length) * player.quarter
    roll = rng.random()
    if roll < 0.4:
        height = float(rng.choice([1.0, 2.0, 2.0, 3.0]))
        kinds, shape = {TechniqueKind.BEND}, bend_contour(rng, height, seconds)
        if seconds > 1.2 and rng.random() < 0.4:
            kinds.add(TechniqueKind.VIBRATO)
            shape = added(
                bend_contour(rng, height, seconds, release=False), vibrato_contour(rng, seconds, 0.5)
            )
        player.pluck(string, fret, at, length, kinds=frozenset(kinds), bend_semitones=height, contour=shape)
    elif roll < 0.75 and seconds > 0.55:
        shape = vibrato_contour(rng, seconds, rng.uniform(0.0, 0.3))
        player.pluck(string, fret, at, length, kinds=frozenset({TechniqueKind.VIBRATO}), contour=shape)
    else:
        player.pluck(string, fret, at, length)


def slur(player: Player, string: int, fret: int, at: Fraction, step: Fraction) -> Fraction:
    """Pluck a note and slur one to three more from it; returns when they end."""
    rng = player.rng
    player.pluck(string, fret, at, step, amplitude=player.loudness(1.1))
    for _ in range(int(rng.choice([1, 1, 2, 3]))):
        at += step
        if rng.random() < 0.3 and fret > 0:
            target = slide_target(rng, fret)
            glide(player, target - fret, step)
            kind, weakness = TechniqueKind.SLIDE, 0.45
        else:
            target = hammer_target(rng, fret)
            rises = target > fret
            kind = TechniqueKind.HAMMER_ON if rises else TechniqueKind.PULL_OFF
            weakness = 0.55 if rises else 0.62
        amplitude = player.loudness(weakness) * 2.0 ** rng.normal(0, 0.2)
        player.pluck(string, target, at, step, amplitude=amplitude, kinds=frozenset({kind}))
        fret = target
    return at + step


def hammer_target(rng: np.random.Generator, fret: int) -> int:
    distance = int(rng.choice([1, 2, 2, 2, 3, 3, 4]))
    return fret + distance if fret - distance < 0 or rng.random() < 0.5 else fret - distance


def slide_target(rng: np.random.Generator, fret: int) -> int:
    distance = int(rng.choice([1, 2, 2, 2, 3, 4, 5, 5, 7, 9]))
    return fret + distance if fret - distance < 1 or (rng.random() < 0.6 and fret < 12) else fret - distance


def glide(player: Player, semitones: int, step: Fraction) -> None:
    """Let the last note's contour travel towards the next one, when the detector follows it at all."""
    rng, last = player.rng, player.played[-1]
    if rng.random() < 0.3:
        return
    seconds = float(step) * player.quarter
    duration, share = min(rng.uniform(0.06, 0.16), 0.6 * seconds), rng.uniform(0.4, 1.0)

    def contour(times: np.ndarray) -> np.ndarray:
        return semitones * share * np.clip((times - seconds + duration) / duration, 0, 1)

    player.played[-1] = Played(**{**vars(last), "contour": contour})


def picked_line(player: Player) -> None:
    """Every note picked, many of them neighbours on one string: nothing to mark.

    Some pieces are detached, and now and then the hand jumps along a string between two picked notes.
    """
    rng, position = player.rng, int(player.rng.integers(2, 10))
    step = Fraction(1, int(rng.choice([2, 3, 4])))
    ladder = [(s, position + f) for s in range(6, 0, -1) for f in SCALE_FRETS[s - 1]]
    index, direction, at = int(rng.integers(len(ladder))), 1, Fraction(0)
    held = rng.choice([0.6, 0.8, 1.0, 1.0])
    while at < 4 * MEASURES:
        accent = 1.15 if at.denominator == 1 else 0.95
        sounding = float(step) * player.quarter * held * rng.uniform(0.9, 1.02)
        jump = int(rng.integers(-7, 8)) if rng.random() < 0.05 else 0
        string, fret = ladder[index]
        player.pluck(
            string, max(0, fret + jump), at, step, amplitude=player.loudness(accent), sounding=sounding
        )
        direction = (
            -direction if rng.random() < 0.15 or not 0 <= index + direction < len(ladder) else direction
        )
        index = int(np.clip(index + direction, 0, len(ladder) - 1))
        at += step


def strumming(player: Player) -> None:
    """Chords strummed down and up, at times clipped short as in funk: nothing to mark."""
    rng = player.rng
    clipped = rng.random() < 0.4
    for eighth in range(8 * MEASURES):
        if rng.random() < 0.25:
            continue
        shape = CHORD_SHAPES[(eighth // 8) % 4 + int(clipped) * 4]
        lowest = 3 if clipped else 6
        accent = player.loudness(1.0 if eighth % 2 == 0 else 0.8)
        length = Fraction(1, 2)
        for string, fret in enumerate(shape, start=1):
            if fret is None or (rng.random() < 0.15) or (clipped and string > lowest + 1):
                continue
            share = rng.uniform(0.3, 0.6) if clipped else rng.uniform(0.8, 1.05)
            player.pluck(
                string, fret, Fraction(eighth, 2), length,
                amplitude=accent * 2.0 ** rng.normal(0, 0.15), sounding=share * 0.5 * player.quarter,
            )  # fmt: skip


def arpeggio(player: Player) -> None:
    """Broken chords: half of the pieces let ring, the others damped note by note."""
    rng = player.rng
    rings = rng.random() < 0.6
    step = Fraction(1, int(rng.choice([2, 2, 3])))
    per_measure = int(4 / step)
    for measure in range(MEASURES):
        shape = CHORD_SHAPES[int(rng.integers(len(CHORD_SHAPES)))]
        strings = [s for s in range(6, 0, -1) if shape[s - 1] is not None]
        pattern = [strings[0], *(int(s) for s in rng.choice(strings[1:], per_measure - 1))]
        for i, string in enumerate(pattern):
            again = next((j for j in range(i + 1, per_measure) if pattern[j] == string), per_measure)
            ring = float((again - i) * step) * player.quarter
            held = min(ring, rng.uniform(1.2, 3.0)) if rings else float(step) * player.quarter
            lets = rings and again - i > 2
            player.pluck(
                string, shape[string - 1] or 0, 4 * measure + i * step, step,
                sounding=held * rng.uniform(0.85, 1.0),
                kinds=frozenset({TechniqueKind.LET_RING}) if lets else frozenset(),
            )  # fmt: skip


def riff(player: Player) -> None:
    """Low-string chugging with open power chords; in some pieces nothing is muted."""
    rng = player.rng
    muting = rng.random() < 0.75
    step = Fraction(1, int(rng.choice([2, 2, 4])))
    root = int(rng.choice([0, 2, 3, 5]))
    muted = muting
    for i in range(int(4 * MEASURES / step)):
        if rng.random() < 0.2:
            muted = muting and rng.random() < 0.75
            root = int(rng.choice([0, 2, 3, 5]))
        seconds = float(step) * player.quarter
        share = rng.uniform(0.3, 0.6) if muted else rng.uniform(0.85, 1.02)
        sounding = min(share * seconds, rng.uniform(0.08, 0.2)) if muted else share * seconds
        kinds = frozenset({TechniqueKind.PALM_MUTE}) if muted else frozenset()
        strings = ((6, root),) if muted and rng.random() < 0.7 else ((6, root), (5, root + 2), (4, root + 2))
        for string, fret in strings:
            player.pluck(string, fret, i * step, step, sounding=sounding, kinds=kinds)


def fingerpicking(player: Player) -> None:
    """Thumb and fingers over held chords, with a hammer-on here and there."""
    rng, half = player.rng, Fraction(1, 2)
    slurred = False
    for eighth in range(8 * MEASURES):
        at, shape = eighth * half, CHORD_SHAPES[(eighth // 8) % 5]
        strings = [s for s in range(1, 7) if shape[s - 1] is not None]
        if eighth % 2 == 0:
            bass = strings[-1 - (eighth // 2) % 2]
            player.pluck(bass, shape[bass - 1] or 0, at, half)
        melody = int(rng.choice(strings[:3]))
        fret = shape[melody - 1] or 0
        if slurred:
            slurred = False
        elif rng.random() < 0.2 and eighth % 8 < 7:
            step = Fraction(rng.choice([1, 2])) / 4
            slurred = step == half
            fingerpicked_slur(player, melody, fret, at, step)
        else:
            player.pluck(melody, fret, at, half, amplitude=player.loudness(0.9))


def fingerpicked_slur(player: Player, string: int, fret: int, at: Fraction, step: Fraction) -> None:
    """Hammer on from a chord note, or pull off to it; the second note may meet a bass note of the thumb."""
    other = fret + int(player.rng.choice([1, 2, 2]))
    rises = player.rng.random() < 0.6
    player.pluck(string, fret if rises else other, at, step)
    kind = TechniqueKind.HAMMER_ON if rises else TechniqueKind.PULL_OFF
    weak = player.loudness(0.55) * 2.0 ** player.rng.normal(0, 0.2)
    player.pluck(string, other if rises else fret, at + step, step, amplitude=weak, kinds=frozenset({kind}))


# ---------------------------------------------------------------- contours


def bend_contour(
    rng: np.random.Generator, height: float, seconds: float, release: bool | None = None
) -> Contour:
    """Up; up and back; or bent before the pluck and released."""
    rise = rng.uniform(0.06, 0.2)
    wait = rng.uniform(0.02, 0.25 * seconds)
    back = (rng.random() < 0.3) if release is None else release
    down_at = rng.uniform(0.55, 0.75) * seconds if back else 10.0
    pre = back and rng.random() < 0.4

    def contour(times: np.ndarray) -> np.ndarray:
        up = np.ones_like(times) if pre else np.clip((times - wait) / rise, 0, 1)
        return height * np.minimum(up, 1 - np.clip((times - down_at) / rise, 0, 1))

    return contour


def vibrato_contour(rng: np.random.Generator, seconds: float, delay_share: float) -> Contour:
    """A finger vibrato: 4 to 8 Hz, above the pitch, beginning after a while."""
    hz, width, delay = rng.uniform(4.2, 7.5), rng.uniform(0.15, 0.5), delay_share * seconds

    def contour(times: np.ndarray) -> np.ndarray:
        return np.where(times < delay, 0.0, width * (1 - np.cos(2 * np.pi * hz * (times - delay))))

    return contour


def added(first: Contour, second: Contour) -> Contour:
    return lambda times: first(times) + second(times)


# ---------------------------------------------------------------- detection


def detected(player: Player, detector: Detector) -> Performance:
    """What a note detector reports of what was played."""
    played = sorted(player.played, key=lambda p: (p.at, -p.string))
    notes = tuple(_detect(i, p, player, detector) for i, p in enumerate(played))
    return Performance(
        notes, tuple(p.kinds for p in played), tuple(p.bend_semitones for p in played), _tempo(player.bpm)
    )


def _detect(index: int, played: Played, player: Player, detector: Detector) -> TabNote:
    rng = player.rng
    onset = max(0.0, float(played.at) * player.quarter + rng.normal(0, detector.onset_seconds))
    duration = max(0.04, played.sounding + rng.normal(0, 0.01) - rng.exponential(detector.cut_seconds))
    velocity = played.amplitude**detector.velocity_compression * 2.0 ** rng.normal(
        0, detector.velocity_octaves
    )
    pitch = STANDARD.pitches_midi[played.string - 1] + played.fret
    bend = _blurred(played, duration, detector, rng)
    note = Note(onset, duration, pitch, float(np.clip(velocity, 0.02, 1.0)), 0.8, bend)
    written = WrittenTime(int(played.at // 4) + 1, played.at % 4, played.length)
    return TabNote(f"n{index}", note, written, played.string, played.fret)


def _blurred(
    played: Played, duration: float, detector: Detector, rng: np.random.Generator
) -> tuple[BendPoint, ...]:
    if played.contour is None and rng.random() > detector.contour_share:
        return ()
    times = np.arange(0.0, duration, FRAME_SECONDS)
    clean = played.contour(times) if played.contour else np.zeros_like(times)
    sharp = rng.uniform(0.0, 0.35) * np.exp(-times / 0.04)
    rough = rng.normal(0, detector.contour_semitones, len(times) + 2)
    noise = (rough[:-2] + rough[1:-1] + rough[2:]) / np.sqrt(3)
    bins = detector.contour_bins_per_semitone
    tuned = detector.tuned_semitones
    semitones = np.round((clean + sharp + noise + tuned + _lost(times, detector, rng)) * bins) / bins
    return tuple(BendPoint(float(t), float(s)) for t, s in zip(times, semitones, strict=True))


def _lost(times: np.ndarray, detector: Detector, rng: np.random.Generator) -> np.ndarray:
    """Stretches where the contour jumps to another note that sounds, as real detectors' contours do."""
    away = np.zeros_like(times)
    if rng.random() < detector.lost_share:
        for _ in range(int(rng.integers(1, 4))):
            first = int(rng.integers(0, len(times)))
            away[first : first + int(rng.integers(3, 12))] = rng.choice([-1.6, -1.3, 1.3])
    return away


def _tempo(bpm: float) -> TempoMap:
    beat = 60.0 / bpm
    beats = tuple(Beat(i * beat, 1 + i // 4, 1 + i % 4, Fraction(i)) for i in range(4 * MEASURES + 5))
    measures = tuple(
        Measure(m + 1, 4 * m * beat, TimeSignature(4, 4), bpm, Fraction(4 * m), Fraction(4))
        for m in range(MEASURES + 1)
    )
    return TempoMap(beats, measures)

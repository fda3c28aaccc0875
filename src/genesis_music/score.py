"""The types that all stages share: what was played, how it is written, where it is fretted.

Conventions, stated once and converted only in ``formats/``:

* Times (``…_seconds``) are as performed, from the start of what was transcribed.
* Written positions and lengths are exact fractions of a quarter note (``…_quarters``).
* Pitch is a MIDI note number (60 = middle C, sounding pitch); bends are semitones relative to it.
* **String 1 is the highest string** (the thin e of a guitar); a tuning lists string 1 first.
* **Fret 0 is the open string, counted from the capo**: sounding pitch = open string + capo + fret.
* Measures are numbered from 1; a pickup measure is number 0. Beats count from 1 in each measure.
* Confidence and velocity lie in 0..1.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction

PITCH_NAMES_SHARP = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
PITCH_NAMES_FLAT = ("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B")


# ---------------------------------------------------------------- what was played


@dataclass(frozen=True, slots=True)
class BendPoint:
    """One point of a pitch contour: ``offset_seconds`` after the onset, ``semitones`` away from the pitch."""

    offset_seconds: float
    semitones: float


@dataclass(frozen=True, slots=True)
class Inharmonicity:
    """How stiff the string of a note was found to be.

    ``coefficient`` is B in ``f_n = n f_0 sqrt((1 + B n^2) / (1 + B))``, some 1e-5 to 1e-3 on a guitar; where it is
    small against ``deviation``, its standard deviation, it may be below 0.
    """

    coefficient: float
    deviation: float


@dataclass(frozen=True, slots=True)
class Note:
    """One sounding note as performed.

    ``bend`` is the pitch contour where it leaves the pitch, in time order; empty for a steady note. A contour
    never outlasts its note, so the next note always starts unbent. ``string_evidence`` is what its sound says about
    the string of a six-string guitar it was played on: a log-probability for each, string 1 (the highest) first;
    empty where nothing was heard about it. ``inharmonicity`` says the same by physics, whatever the tuning; ``None``
    where it could not be measured.
    """

    onset_seconds: float
    duration_seconds: float
    pitch_midi: int
    velocity: float = 0.7
    confidence: float = 1.0
    bend: tuple[BendPoint, ...] = ()
    string_evidence: tuple[float, ...] = ()
    inharmonicity: Inharmonicity | None = None

    @property
    def end_seconds(self) -> float:
        """When the note stops sounding."""
        return self.onset_seconds + self.duration_seconds


# ---------------------------------------------------------------- time


@dataclass(frozen=True, slots=True)
class TimeSignature:
    """Beats per measure and the note value of a written beat, e.g. 6/8."""

    numerator: int
    denominator: int

    @property
    def measure_quarters(self) -> Fraction:
        """Length of a full measure in quarter notes."""
        return Fraction(4 * self.numerator, self.denominator)

    @property
    def is_compound(self) -> bool:
        """Whether the felt beat is a dotted note (6/8, 9/8, 12/8)."""
        return self.denominator >= 8 and self.numerator % 3 == 0 and self.numerator > 3

    @property
    def beat_quarters(self) -> Fraction:
        """Length of one *felt* beat in quarter notes (3/2 in 6/8)."""
        return Fraction(12 if self.is_compound else 4, self.denominator)

    @property
    def beats_per_measure(self) -> int:
        """Number of felt beats in a full measure (2 in 6/8)."""
        return int(self.measure_quarters / self.beat_quarters)

    def __str__(self) -> str:
        return f"{self.numerator}/{self.denominator}"


@dataclass(frozen=True, slots=True)
class Beat:
    """One felt beat: performed time, place in its measure, absolute written position."""

    onset_seconds: float
    measure: int
    beat: int
    quarters: Fraction


@dataclass(frozen=True, slots=True)
class Measure:
    """One written measure. ``length_quarters`` is shorter than the signature only for a pickup (number 0)."""

    number: int
    onset_seconds: float
    time_signature: TimeSignature
    tempo_bpm: float
    """Quarter notes per minute, averaged over the measure."""
    start_quarters: Fraction
    """Absolute written position of the first beat; 0 for the first measure of the piece (pickup or not)."""
    length_quarters: Fraction


@dataclass(frozen=True)
class TempoMap:
    """Ties performed seconds to written quarter notes: piecewise linear between beats, extrapolated outside.

    ``beats`` holds at least two beats in time order; ``measures`` covers them without gaps.
    """

    beats: tuple[Beat, ...]
    measures: tuple[Measure, ...]
    confidence: float = 1.0
    _seconds: tuple[float, ...] = field(init=False, repr=False, compare=False)
    _quarters: tuple[float, ...] = field(init=False, repr=False, compare=False)
    _measure_starts: tuple[Fraction, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        starts = tuple(measure.start_quarters for measure in self.measures)
        object.__setattr__(self, "_measure_starts", starts)
        object.__setattr__(self, "_seconds", tuple(beat.onset_seconds for beat in self.beats))
        object.__setattr__(self, "_quarters", tuple(float(beat.quarters) for beat in self.beats))

    @property
    def tempo_bpm(self) -> float:
        """Median tempo in quarter notes per minute."""
        tempi = sorted(measure.tempo_bpm for measure in self.measures)
        return tempi[len(tempi) // 2]

    @property
    def time_signature(self) -> TimeSignature:
        """The signature of most measures."""
        signatures = [measure.time_signature for measure in self.measures]
        return max(set(signatures), key=signatures.count)

    def quarters_at(self, seconds: float) -> float:
        """Written position (quarter notes from the start of the first measure) at a performed time."""
        return _interpolate(seconds, self._seconds, self._quarters)

    def seconds_at(self, quarters: float) -> float:
        """Performed time of a written position (the inverse of :meth:`quarters_at`)."""
        return _interpolate(float(quarters), self._quarters, self._seconds)

    def measure_at(self, quarters: Fraction | float) -> Measure:
        """Return the measure that holds a written position; the first or last one outside the piece."""
        index = bisect_right(self._measure_starts, quarters) - 1
        return self.measures[min(max(index, 0), len(self.measures) - 1)]


def _interpolate(x: float, xs: tuple[float, ...], ys: tuple[float, ...]) -> float:
    """Piecewise linear interpolation with linear extrapolation; ``xs`` strictly increasing, len >= 2."""
    index = min(max(bisect_right(xs, x) - 1, 0), len(xs) - 2)
    slope = (ys[index + 1] - ys[index]) / (xs[index + 1] - xs[index])
    return ys[index] + (x - xs[index]) * slope


@dataclass(frozen=True, slots=True)
class WrittenTime:
    """Where a note stands on the page.

    ``position_quarters`` counts from the start of its measure; ``length_quarters`` is the whole written
    length, ties included, and may cross bar lines (``formats/`` splits it into tied noteheads).
    """

    measure: int
    position_quarters: Fraction
    length_quarters: Fraction


# ---------------------------------------------------------------- harmony


@dataclass(frozen=True, slots=True)
class Key:
    """A key: tonic pitch class 0..11 (0 = C), mode ``"major"`` or ``"minor"``, confidence 0..1."""

    tonic: int
    mode: str
    confidence: float = 1.0

    @property
    def uses_flats(self) -> bool:
        """Whether the key signature is written with flats."""
        return (self.tonic + (3 if self.mode == "minor" else 0)) % 12 in {5, 10, 3, 8, 1}

    @property
    def tonic_name(self) -> str:
        """The tonic as written, e.g. ``"Eb"``."""
        return spell(self.tonic, flats=self.uses_flats)

    def __str__(self) -> str:
        return f"{self.tonic_name} {self.mode}"


def spell(pitch_class: int, *, flats: bool) -> str:
    """Name a pitch class 0..11 with sharps or flats."""
    return (PITCH_NAMES_FLAT if flats else PITCH_NAMES_SHARP)[pitch_class % 12]


@dataclass(frozen=True, slots=True)
class KeyRegion:
    """A stretch of the piece in one key."""

    onset_seconds: float
    end_seconds: float
    key: Key


@dataclass(frozen=True, slots=True)
class Chord:
    """A chord over a stretch of time.

    ``root`` and ``bass`` are pitch classes 0..11 (``None``: no chord, label ``"N.C."``); ``quality`` is a
    name from ``harmony.chords.QUALITIES``; ``label`` is what a lead sheet prints (``"F#m7b5"``, ``"C/G"``);
    ``roman`` its numeral in the key; ``frets`` a playable voicing, string 1 first, ``None`` = not played.
    """

    onset_seconds: float
    end_seconds: float
    root: int | None
    quality: str
    bass: int | None
    label: str
    roman: str = ""
    confidence: float = 1.0
    frets: tuple[int | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the form; equal labels mean the same material."""

    onset_seconds: float
    end_seconds: float
    label: str


# ---------------------------------------------------------------- tab


@dataclass(frozen=True, slots=True)
class Tuning:
    """Open strings as MIDI pitches, string 1 (highest) first, before any capo."""

    name: str
    pitches_midi: tuple[int, ...]

    @property
    def strings(self) -> int:
        """Number of strings."""
        return len(self.pitches_midi)


class TechniqueKind(StrEnum):
    """Playing techniques, by the name every format and the page use."""

    BEND = "bend"
    SLIDE = "slide"
    HAMMER_ON = "hammer-on"
    PULL_OFF = "pull-off"
    VIBRATO = "vibrato"
    PALM_MUTE = "palm-mute"
    HARMONIC = "harmonic"
    DEAD_NOTE = "dead-note"
    LET_RING = "let-ring"


@dataclass(frozen=True, slots=True)
class Technique:
    """A technique on one note, with how sure we are.

    Hammer-on, pull-off and slide are marked on the note they **arrive at**. ``semitones`` is the height of a
    bend (positive up), else ``None``.
    """

    kind: TechniqueKind
    confidence: float
    semitones: float | None = None


@dataclass(frozen=True, slots=True)
class TabNote:
    """A sounding note with its place on the page and on the fretboard.

    ``string`` and ``fret`` are ``None`` only for a note that the instrument cannot play; ``octave_shift``
    says how many octaves the written place lies above (+) or below (-) the sounding pitch when the note was
    moved to fit. ``alternatives`` lists other places ``(string, fret)``, best first.
    """

    id: str
    note: Note
    written: WrittenTime
    string: int | None
    fret: int | None
    octave_shift: int = 0
    techniques: tuple[Technique, ...] = ()
    alternatives: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Track:
    """One instrument's part; notes in time order, low strings first within a chord."""

    name: str
    instrument: str
    tuning: Tuning
    capo: int
    notes: tuple[TabNote, ...]


# ---------------------------------------------------------------- analysis


@dataclass(frozen=True, slots=True)
class Reasoned:
    """A judgement in words with its confidence and the reasons for it, most important first."""

    label: str
    confidence: float
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Difficulty:
    """Difficulty 1 (first week) to 10 (virtuoso), its sub-scores 0..1 and its hardest bars."""

    level: float
    subscores: dict[str, float]
    hardest_measures: tuple[int, ...]
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Harmony:
    """Everything the harmony stage says."""

    key: Key
    regions: tuple[KeyRegion, ...]
    chords: tuple[Chord, ...]
    scale: str
    progression: tuple[str, ...]
    """Roman numerals of the main loop, e.g. ``("I", "V", "vi", "IV")``; empty when there is none."""
    progression_name: str | None
    sections: tuple[Section, ...]


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """What was transcribed; all times count from ``start_seconds`` into the recording."""

    title: str
    duration_seconds: float
    sample_rate_hz: int
    sha256: str
    start_seconds: float = 0.0


@dataclass(frozen=True)
class Transcription:
    """The finished result: every format is written from this and nothing else."""

    source: SourceInfo
    engine: str
    tempo_map: TempoMap
    harmony: Harmony
    tracks: tuple[Track, ...]
    style: Reasoned
    difficulty: Difficulty
    warnings: tuple[str, ...] = ()
    """What a user should know: notes moved by an octave, out of range, low confidence …"""
    stage_seconds: dict[str, float] = field(default_factory=dict, compare=False)
    swing_ratio: float | None = None
    """Where in the beat off-beats written straight are played (2/3: triplets); ``None``: straight."""

    def _repr_html_(self) -> str:
        """Show the tab in a notebook."""
        from genesis_music.formats.html import render_html

        return render_html(self)

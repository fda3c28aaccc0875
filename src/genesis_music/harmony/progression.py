"""Progressions musicians know by name, and the one a piece repeats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from genesis_music.score import Chord, TempoMap

_DEGREES = {"I": 0, "II": 2, "III": 4, "IV": 5, "V": 7, "VI": 9, "VII": 11}
_MINOR_DEGREES = _DEGREES | {"III": 3, "VI": 8, "VII": 10}


@dataclass(frozen=True, slots=True)
class Progression:
    """A named chord sequence, one numeral per measure; ``colour`` is ``"major"``, ``"minor"`` or ``"blues"``."""

    name: str
    colour: str
    numerals: tuple[str, ...]

    @property
    def mode(self) -> str:
        """The mode of its key."""
        return "minor" if self.numerals_are_minor else "major"

    @property
    def numerals_are_minor(self) -> bool:
        """Whether its numerals count from a minor tonic."""
        return self.colour == "minor"


def _named(name: str, colour: str, numerals: str) -> Progression:
    return Progression(name, colour, tuple(numerals.split()))


PROGRESSIONS = (
    _named("12-bar blues", "blues", "I I I I IV IV I I V IV I I"),
    _named("12-bar blues", "blues", "I I I I IV IV I I V IV I V"),
    _named("12-bar blues", "blues", "I IV I I IV IV I I V IV I V"),
    _named("12-bar blues", "blues", "I IV I I IV IV I I V V I I"),
    _named("12-bar blues", "blues", "I I I I IV IV I I V V I I"),
    _named("8-bar blues", "blues", "I V IV IV I V I V"),
    _named("minor blues", "minor", "i i i i iv iv i i VI V i i"),
    _named("minor blues", "minor", "i i i i iv iv i i v iv i i"),
    _named("circle of fifths", "minor", "iv VII III VI ii° V i i"),
    _named("circle of fifths", "minor", "i iv VII III VI ii° V i"),
    _named("circle of fifths", "major", "I IV vii° iii vi ii V I"),
    _named("Pachelbel's canon", "major", "I V vi iii IV I IV V"),
    _named("I–V–vi–IV", "major", "I V vi IV"),
    _named("50s progression", "major", "I vi IV V"),
    _named("rhythm changes", "major", "I vi ii V"),
    _named("ii–V–I", "major", "ii V I I"),
    _named("ii–V–I", "minor", "ii° V i i"),
    _named("Andalusian cadence", "minor", "i VII VI V"),
    _named("minor i–VI–III–VII", "minor", "i VI III VII"),
    _named("Aeolian vamp", "minor", "i VII VI VII"),
    _named("minor i–iv–V", "minor", "i iv V i"),
    _named("royal road", "major", "IV V iii vi"),
    _named("I–IV–V", "major", "I IV V V"),
    _named("I–IV–V", "major", "I IV V I"),
    _named("I–IV–V", "major", "I IV V IV"),
    _named("I–IV–I–V", "major", "I IV I V"),
    _named("Mixolydian vamp", "major", "I bVII IV I"),
    _named("folía", "minor", "i V i VII III VII i V"),
    _named("passamezzo", "minor", "i VII i V III VII i V"),
)
"""Every one also matches from any of its chords onwards (a loop may be entered anywhere)."""


def numeral_class(numeral: str, mode: str) -> tuple[int, str]:
    """Semitones above the tonic and triad (``"major"``, ``"minor"``, ``"dim"``) of a plain numeral."""
    flats = len(numeral) - len(numeral.lstrip("b"))
    letters = numeral.lstrip("b").rstrip("°ø+").rstrip("0123456789")
    degrees = _MINOR_DEGREES if mode == "minor" else _DEGREES
    triad = "dim" if numeral[-1] in "°ø" else "minor" if letters.islower() else "major"
    return (degrees[letters.upper()] - flats) % 12, triad


MIN_LOOP_MEASURES = 2
MAX_LOOP_MEASURES = 16
MIN_AGREEMENT = 0.8
"""Share of measures that must equal the measure one loop earlier."""


def measure_numerals(chords: Sequence[Chord], tempo_map: TempoMap) -> tuple[str, ...]:
    """The plain numeral (no sevenths) of the chord that sounds longest in each measure; ``""`` for none."""
    ends = [measure.onset_seconds for measure in tempo_map.measures[1:]] + [_end(chords, tempo_map)]
    numerals, index = [], 0
    for measure, end in zip(tempo_map.measures, ends, strict=True):
        while index + 1 < len(chords) and chords[index].end_seconds <= measure.onset_seconds:
            index += 1
        seconds: dict[str, float] = {}
        for chord in chords[index:]:
            if chord.onset_seconds >= end:
                break
            shared = min(chord.end_seconds, end) - max(chord.onset_seconds, measure.onset_seconds)
            name = plain_numeral(chord.roman)
            seconds[name] = seconds.get(name, 0.0) + max(shared, 0.0)
        numerals.append(max(seconds, key=lambda name: seconds[name], default=""))
    return tuple(numerals)


def _end(chords: Sequence[Chord], tempo_map: TempoMap) -> float:
    last = tempo_map.measures[-1].onset_seconds
    return max(chords[-1].end_seconds if chords else last, last)


def plain_numeral(numeral: str) -> str:
    """Strip sevenths and colours: ``"V7"`` to ``"V"``, ``"iiø7"`` to ``"ii°"``; secondary dominants stay."""
    head, slash, target = numeral.partition("/")
    letters = head.lstrip("b#")
    stop = next((i for i, letter in enumerate(letters) if letter not in "ivIV"), len(letters))
    diminished = "°" if letters[stop : stop + 1] in {"°", "ø"} else ""
    return head[: len(head) - len(letters)] + letters[:stop] + diminished + slash + target


def find_progression(numerals: Sequence[str]) -> tuple[str, ...]:
    """The shortest loop that the measures repeat, as its commonest numerals; empty when nothing repeats.

    A piece of up to sixteen measures that is one of the named progressions counts as a loop played once.
    """
    played = _trimmed(numerals)
    if not any(played):
        return ()
    for length in range(MIN_LOOP_MEASURES, min(MAX_LOOP_MEASURES, len(played) // 2) + 1):
        same = [a == b for a, b in zip(played, played[length:], strict=False)]
        loop = tuple(_commonest(played[place::length]) for place in range(length))
        if sum(same) >= MIN_AGREEMENT * len(same) and len(set(loop)) > 1:
            return loop
    return tuple(played) if name_progression(played) else ()


def _trimmed(numerals: Sequence[str]) -> list[str]:
    sounding = [index for index, numeral in enumerate(numerals) if numeral]
    return list(numerals[sounding[0] : sounding[-1] + 1]) if sounding else []


def _commonest(numerals: Sequence[str]) -> str:
    return max(numerals, key=lambda numeral: (numerals.count(numeral), -numerals.index(numeral)))


def name_progression(numerals: Sequence[str]) -> str | None:
    """The common name of a loop of numerals, entered anywhere, or ``None``; sevenths do not matter."""
    plain = tuple(plain_numeral(numeral) for numeral in numerals)
    readings = (plain, _halved(plain))
    matches = (p.name for p in PROGRESSIONS if any(_is_rotation(r, p.numerals) for r in readings))
    return next(matches, None)


def _is_rotation(loop: tuple[str, ...], known: tuple[str, ...]) -> bool:
    return len(loop) == len(known) and any(loop[i:] + loop[:i] == known for i in range(len(loop)))


def _halved(loop: tuple[str, ...]) -> tuple[str, ...]:
    """A loop whose every chord lasts two measures, at one measure each."""
    pairs = (
        len(loop) % 2 == 0
        and len(loop) >= 8
        and all(a == b for a, b in zip(loop[::2], loop[1::2], strict=True))
    )
    return loop[::2] if pairs else loop

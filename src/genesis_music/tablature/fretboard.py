"""Where a pitch lies on the neck."""

from __future__ import annotations

from dataclasses import dataclass

from genesis_music.errors import SettingsError
from genesis_music.score import Tuning


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A place on the fretboard: string 1 is the highest, fret 0 the open string, counted from the capo."""

    string: int
    fret: int

    def pitch_midi(self, tuning: Tuning, capo: int = 0) -> int:
        """Return the pitch that sounds here."""
        return tuning.pitches_midi[self.string - 1] + capo + self.fret


@dataclass(frozen=True, slots=True)
class Neck:
    """A neck as it is set up: open strings, fret of the capo (0 for none), frets counted from the nut.

    Raises:
        SettingsError: the capo is negative or at or above the last fret.
    """

    tuning: Tuning
    capo: int
    frets: int

    def __post_init__(self) -> None:
        if not 0 <= self.capo < self.frets:
            raise SettingsError(f"Capo {self.capo} is not on the neck: choose 0 (none) to {self.frets - 1}.")

    @property
    def strings(self) -> int:
        """Number of strings."""
        return self.tuning.strings

    def places(self, pitch_midi: int) -> tuple[Place, ...]:
        """Every place where a pitch can be played, string 1 first; empty when it is out of range."""
        open_pitches = enumerate(self.tuning.pitches_midi, start=1)
        reachable = ((string, pitch_midi - open_ - self.capo) for string, open_ in open_pitches)
        return tuple(Place(string, fret) for string, fret in reachable if 0 <= fret <= self.frets - self.capo)


def places(pitch_midi: int, tuning: Tuning, capo: int, frets: int) -> tuple[Place, ...]:
    """Every place of a pitch on the neck described (see :class:`Neck`).

    Raises:
        SettingsError: the capo is not on the neck.
    """
    return Neck(tuning, capo, frets).places(pitch_midi)

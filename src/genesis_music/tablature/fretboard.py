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


def places(pitch_midi: int, tuning: Tuning, capo: int, frets: int) -> tuple[Place, ...]:
    """Every place where a pitch can be played, string 1 first; empty when it is out of range.

    Args:
        pitch_midi: sounding pitch.
        tuning: open strings.
        capo: fret of the capo, 0 for none.
        frets: number of frets on the neck, counted from the nut, so the highest fret from the capo is
            ``frets - capo``.
    """
    reachable = ((string, pitch_midi - open_ - capo) for string, open_ in enumerate(tuning.pitches_midi, 1))
    return tuple(Place(string, fret) for string, fret in reachable if 0 <= fret <= frets - capo)


def check_capo(capo: int, frets: int) -> None:
    """Refuse a capo that leaves no neck.

    Raises:
        SettingsError: the capo is negative or at or above the last fret.
    """
    if not 0 <= capo < frets:
        raise SettingsError(f"Capo {capo} is not on the neck: choose 0 (none) to {frets - 1}.")

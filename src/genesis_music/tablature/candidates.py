"""The places open to each note, in another octave where the instrument does not reach its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from genesis_music.errors import SettingsError
from genesis_music.score import Note
from genesis_music.tablature.fretboard import Neck, Place
from genesis_music.tablature.tunings import pitch_name

OCTAVES = (0, 1, -1, 2, -2, 3, -3, 4, -4, 5, -5, 6, -6, 7, -7, 8, -8)
"""Octave shifts in the order they are tried."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A note with the octave it will be played in and the places that has.

    ``index`` is its number among the notes; ``pitch_midi`` already includes ``octave_shift``.
    """

    index: int
    pitch_midi: int
    confidence: float
    octave_shift: int
    places: tuple[Place, ...]
    pinned: bool = False

    def moved(self, octaves: int, neck: Neck) -> Candidate:
        """Return the same note some octaves away."""
        pitch = self.pitch_midi + 12 * octaves
        shift = self.octave_shift + octaves
        return replace(self, pitch_midi=pitch, octave_shift=shift, places=neck.places(pitch))


def find_candidates(
    notes: Sequence[Note],
    neck: Neck,
    pinned: Sequence[tuple[int, Place]],
    limited: Sequence[tuple[int, tuple[Place, ...]]] = (),
) -> list[Candidate]:
    """List the places of every note; those of pinned notes are their pins, those of limited ones as given.

    Raises:
        SettingsError: a pin is for no note, or its place does not sound its note in any octave.
    """
    pins, limits = dict(pinned), dict(limited)
    if any(not 0 <= index < len(notes) for index in (*pins, *limits)):
        raise SettingsError(f"A place is pinned for a note that does not exist (there are {len(notes)}).")
    return [
        _pinned(index, note, pins[index], neck)
        if index in pins
        else Candidate(index, note.pitch_midi, note.confidence, 0, limits[index])
        if index in limits
        else _nearest(index, note, neck)
        for index, note in enumerate(notes)
    ]


def _pinned(index: int, note: Note, place: Place, neck: Neck) -> Candidate:
    on_neck = 1 <= place.string <= neck.strings and 0 <= place.fret <= neck.frets - neck.capo
    if not on_neck or (place.pitch_midi(neck.tuning, neck.capo) - note.pitch_midi) % 12:
        raise SettingsError(
            f"String {place.string} fret {place.fret} cannot sound {pitch_name(note.pitch_midi)}: "
            "pin the note at a place of its own pitch."
        )
    pitch = place.pitch_midi(neck.tuning, neck.capo)
    return Candidate(index, pitch, note.confidence, (pitch - note.pitch_midi) // 12, (place,), pinned=True)


def _nearest(index: int, note: Note, neck: Neck) -> Candidate:
    own = Candidate(index, note.pitch_midi, note.confidence, 0, ())
    octaves = (own.moved(octave, neck) for octave in OCTAVES)
    return next((candidate for candidate in octaves if candidate.places), own)

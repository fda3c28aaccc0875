"""Other places for a note, in the order a player would try them, each with a reason in a few words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from genesis_music.editing.page import find_notes, neck_of
from genesis_music.errors import EditError
from genesis_music.score import TabNote, Track, Transcription
from genesis_music.tablature.fingering import DEFAULT_SETTINGS
from genesis_music.tablature.fretboard import Place
from genesis_music.tablature.heard_strings import heard_places
from genesis_music.tablature.place_costs import PlacedNote, place_costs
from genesis_music.tablature.simultaneous import CHORD_SECONDS
from genesis_music.tablature.voicings import HAND_FRETS

CONTEXT_SECONDS = 2.0
CONTEXT_NOTES = 16
"""How much around the note is weighed, at most."""


@dataclass(frozen=True, slots=True)
class Alternative:
    """A place for a note: ``cost`` (nats) is what the fingering search pays for it beyond the best one."""

    string: int
    fret: int
    reason: str
    cost: float
    current: bool = False


def alternatives(transcription: Transcription, note_id: str) -> tuple[Alternative, ...]:
    """Every place where a note can be played with its neighbours as they are, best first, its present one too.

    Raises:
        EditError: there is no such note, or it has no place on this instrument.
    """
    track, tab = find_notes(transcription, (note_id,))[0]
    if tab.string is None or tab.fret is None:
        raise EditError("This note has no place on the instrument: choose another tuning, or delete it.")
    around = _context(track, tab)
    index = next(number for number, one in enumerate(around) if one.id == tab.id)
    placed = [_placed(one) for one in around]
    neck = neck_of(track)
    heard = heard_places([one.note for one in track.notes], neck)[track.notes.index(tab)]
    placed[index] = replace(placed[index], evidence=heard)
    costs = place_costs(placed, index, neck, DEFAULT_SETTINGS.max_span_frets)
    present, best = Place(tab.string, tab.fret), costs[0][1]
    return tuple(
        Alternative(
            place.string,
            place.fret,
            _reason(place, index, placed),
            round(cost - best, 3),
            current=place == present,
        )
        for place, cost in costs
    )


def _context(track: Track, tab: TabNote) -> list[TabNote]:
    """The note and what is played around it."""
    own = next(index for index, one in enumerate(track.notes) if one is tab)
    around = track.notes[max(0, own - CONTEXT_NOTES) : own + CONTEXT_NOTES + 1]
    onset = tab.note.onset_seconds
    return [
        one
        for one in around
        if one is tab or (one.string is not None and abs(one.note.onset_seconds - onset) <= CONTEXT_SECONDS)
    ]


def _placed(tab: TabNote) -> PlacedNote:
    pitch = tab.note.pitch_midi + 12 * tab.octave_shift
    return PlacedNote(replace(tab.note, pitch_midi=pitch), Place(tab.string or 1, tab.fret or 0))


def _reason(place: Place, index: int, placed: Sequence[PlacedNote]) -> str:
    """What tells this place from the others, in a few words."""
    if place.fret == 0:
        return "open string"
    onset = placed[index].note.onset_seconds
    others = [one for number, one in enumerate(placed) if number != index and one.place.fret > 0]
    together = [one.place.fret for one in others if abs(one.note.onset_seconds - onset) <= CHORD_SECONDS]
    span = max((*together, place.fret)) - min((*together, place.fret))
    if span > HAND_FRETS:
        return f"stretch of {span + 1} frets"
    nearest = min(others, key=lambda one: abs(one.note.onset_seconds - onset), default=None)
    away = place.fret - nearest.place.fret if nearest else 0
    if abs(away) <= HAND_FRETS:
        return "same position"
    return f"{abs(away)} frets {'up' if away > 0 else 'down'} the neck"

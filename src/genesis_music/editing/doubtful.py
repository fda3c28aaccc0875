"""A transcription without the notes that nobody is sure of."""

from __future__ import annotations

from dataclasses import replace

from genesis_music.editing.apply import finished
from genesis_music.errors import SettingsError
from genesis_music.score import Transcription


def without_doubtful(transcription: Transcription, minimum_confidence: float) -> Transcription:
    """Leave out notes that are less sure than ``minimum_confidence`` (0..1).

    Rests stand where nothing else sounds, for the page is written from the notes that are left; what arrived from a
    hidden note is plucked, and the difficulty is that of what is left.

    Raises:
        SettingsError: the confidence lies outside 0..1.
    """
    if not 0.0 <= minimum_confidence <= 1.0:
        raise SettingsError(f"minimum confidence {minimum_confidence:g}: choose 0 to 1")
    tracks = tuple(
        replace(track, notes=tuple(tab for tab in track.notes if tab.note.confidence >= minimum_confidence))
        for track in transcription.tracks
    )
    if all(len(a.notes) == len(b.notes) for a, b in zip(tracks, transcription.tracks, strict=True)):
        return transcription
    return finished(transcription, replace(transcription, tracks=tracks))

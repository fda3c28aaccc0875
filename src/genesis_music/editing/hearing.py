"""What was heard about the strings of notes, given back to a transcription that was read from a file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from genesis_music.score import Note, TabNote, Transcription


def with_evidence(transcription: Transcription, heard: Iterable[Note]) -> Transcription:
    """Let notes know again what their sound said about their string: tab files do not carry it.

    Args:
        transcription: as it was read.
        heard: notes as they were heard; they are told by their onset and pitch, so that a note whose pitch was
            corrected or that was moved or added stays without evidence.
    """
    known = {
        (note.onset_seconds, note.pitch_midi): note
        for note in heard
        if note.string_evidence or note.inharmonicity
    }

    def informed(tab: TabNote) -> TabNote:
        own = known.get((tab.note.onset_seconds, tab.note.pitch_midi))
        if own is None:
            return tab
        note = replace(tab.note, string_evidence=own.string_evidence, inharmonicity=own.inharmonicity)
        return replace(tab, note=note)

    tracks = tuple(
        replace(track, notes=tuple(informed(tab) for tab in track.notes)) for track in transcription.tracks
    )
    return replace(transcription, tracks=tracks)

"""Score files → the same parts that are heard in recordings, with what the score already says."""

from __future__ import annotations

from pathlib import Path

from genesis_music.audio.load import file_sha256
from genesis_music.errors import ScoreError
from genesis_music.formats import readers
from genesis_music.pipeline.heard import Heard, Part, ScoreFacts
from genesis_music.score import SourceInfo, TempoMap, Track
from genesis_music.settings import Settings
from genesis_music.tablature.tunings import INSTRUMENTS

_MIDI_SUFFIXES = (".mid", ".midi")
NO_ENGINE = "none"
"""The engine's name in results that no engine made."""


def read_score(path: Path, settings: Settings) -> tuple[Heard, TempoMap]:
    """Read a score file by its suffix; tracks without notes are left out.

    Raises:
        ScoreError: unknown suffix, unreadable, damaged, or without notes.
    """
    score = readers.read_score(path)
    end = max((tab.note.end_seconds for track in score.tracks for tab in track.notes), default=0.0)
    source = SourceInfo(score.title, end, sample_rate_hz=0, sha256=file_sha256(path))
    keeps_rhythm = path.suffix.lower() not in _MIDI_SUFFIXES
    parts = tuple(_part(track, settings, keeps_rhythm=keeps_rhythm) for track in score.tracks if track.notes)
    if not parts:
        raise ScoreError(f"{path.name} holds no notes: give a score with at least one.")
    return Heard(source, NO_ENGINE, parts), score.tempo_map


def _part(track: Track, settings: Settings, *, keeps_rhythm: bool) -> Part:
    """Play any part on the chosen instrument, but leave basses basses."""
    instrument = "bass" if "bass" in track.instrument else settings.instrument
    fits = track.tuning.strings and instrument in INSTRUMENTS
    places = [
        (tab.string, tab.fret) if tab.string is not None and tab.fret is not None else None
        for tab in track.notes
    ]
    facts = ScoreFacts(
        written=tuple(tab.written for tab in track.notes) if keeps_rhythm else None,
        tuning=track.tuning if fits else None,
        capo=track.capo,
        places=tuple(places),
    )
    return Part(track.name, instrument, tuple(tab.note for tab in track.notes), facts)

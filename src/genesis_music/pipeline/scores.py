"""Score files → the same parts that are heard in recordings, with what the score already says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from genesis_music.errors import ScoreError
from genesis_music.formats.reading import ImportedScore
from genesis_music.pipeline.hear import file_sha256
from genesis_music.pipeline.heard import Heard, Part, ScoreFacts
from genesis_music.score import SourceInfo, TempoMap, Track
from genesis_music.settings import Settings
from genesis_music.tablature.tunings import INSTRUMENTS

NO_ENGINE = "none"
"""The engine's name in results that no engine made."""


def read_score(path: Path, settings: Settings) -> tuple[Heard, TempoMap]:
    """Read a score file by its suffix; tracks without notes are left out.

    Raises:
        ScoreError: unknown suffix, unreadable or damaged.
    """
    suffix = path.suffix.lower()
    if suffix not in _READERS:
        raise ScoreError(f"{path.name}: give a file ending in {', '.join(_READERS)}.")
    digest = file_sha256(path)
    score = _READERS[suffix](path)
    end = max((tab.note.end_seconds for track in score.tracks for tab in track.notes), default=0.0)
    source = SourceInfo(score.title, end, sample_rate_hz=0, sha256=digest)
    keeps_rhythm = suffix not in _MIDI_SUFFIXES
    parts = tuple(_part(track, settings, keeps_rhythm=keeps_rhythm) for track in score.tracks if track.notes)
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


def _read_midi(path: Path) -> ImportedScore:
    from genesis_music.formats.midi_reader import read_midi

    return read_midi(path)


def _read_musicxml(path: Path) -> ImportedScore:
    from genesis_music.formats.musicxml_reader import read_musicxml

    return read_musicxml(path)


def _read_guitar_pro(path: Path) -> ImportedScore:
    from genesis_music.formats.guitarpro_reader import read_guitar_pro

    return read_guitar_pro(path)


def _read_tab_json(path: Path) -> ImportedScore:
    from genesis_music.formats.tabjson_reader import read_tab_json

    whole = read_tab_json(path)
    return ImportedScore(whole.source.title, whole.tempo_map, whole.tracks, whole.harmony.key)


_MIDI_SUFFIXES = (".mid", ".midi")
_READERS: Mapping[str, Callable[[Path], ImportedScore]] = (
    dict.fromkeys(_MIDI_SUFFIXES, _read_midi)
    | dict.fromkeys((".musicxml", ".mxl", ".xml"), _read_musicxml)
    | dict.fromkeys((".gp3", ".gp4", ".gp5"), _read_guitar_pro)
    | {".json": _read_tab_json}
)

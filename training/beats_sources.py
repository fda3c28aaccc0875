"""More played music with beats for the beat tracker: jazz solos and pop songs.

The Weimar Jazz Database (Pfleiderer et al., 2017; Open Database License) as ``csv_melody/*.csv`` and
``csv_beats/*.csv``, one pair per solo, and POP909 (Wang et al., ISMIR 2020; MIT) as its folder of songs.
Both were played by people, beats marked by hand or checked.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import mido
import numpy as np

from training.beats_corpus import Piece

BASS_PITCHES = (28, 67)


def jazz_pieces(folder: Path) -> list[Piece]:
    """Each solo, and its walking bass as another part of the same piece."""
    pieces = []
    for number, path in enumerate(sorted((folder / "csv_melody").glob("*.csv"))):
        beat_rows = _rows(folder / "csv_beats" / path.name)
        beats = [(float(row["onset"]), int(row["beat"])) for row in beat_rows]
        solo = [
            (float(row["onset"]), float(row["onset"]) + float(row["duration"]), round(float(row["pitch"])))
            for row in _rows(path)
        ]
        pieces.append(_piece(f"wj_{number:03d}_solo", solo, beats))
        bass = _bass(beat_rows)
        if len(bass) > len(beats) / 2:
            pieces.append(_piece(f"wj_{number:03d}_bass", bass, beats))
    return pieces


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def _bass(rows: Sequence[dict[str, str]]) -> list[tuple[float, float, int]]:
    """One note per beat, held to the next, in a register a guitar has."""
    times = [float(row["onset"]) for row in rows]
    notes = []
    for row, start, end in zip(rows, times, [*times[1:], times[-1] + 0.4], strict=True):
        pitch = int(float(row["bass_pitch"] or 0))
        if BASS_PITCHES[0] <= pitch <= BASS_PITCHES[1]:
            notes.append((start, max(end, start + 0.05), pitch + 12))
    return notes


def pop_pieces(folder: Path) -> list[Piece]:
    """Each song's melody and its accompaniment, as two parts of the same piece."""
    pieces = []
    for song in sorted(path for path in folder.iterdir() if path.is_dir()):
        beats = _pop_beats(song / "beat_midi.txt")
        tracks = _tracks(mido.MidiFile(song / f"{song.name}.mid"))
        for kind, part in (("MELODY", "melody"), ("PIANO", "piano")):
            notes = tracks.get(kind, [])
            if len(notes) > 50 and _regular(beats):
                pieces.append(_piece(f"po_{song.name}_{part}", notes, beats))
    return pieces


def _pop_beats(path: Path) -> list[tuple[float, int]]:
    """Seconds, beat, downbeat on every line → numbered beats; what comes before the first bar is left out."""
    beats: list[tuple[float, int]] = []
    for line in path.read_text().splitlines():
        seconds, _, downbeat = map(float, re.split(r"\s+", line.strip()))
        if downbeat or beats:
            beats.append((seconds, 1 if downbeat else beats[-1][1] + 1))
    return beats


def _regular(beats: Sequence[tuple[float, int]]) -> bool:
    """Whether nearly all bars have as many beats: elsewhere the marks went wrong."""
    numbers = np.array([number for _, number in beats])
    lengths = numbers[:-1][numbers[1:] == 1]
    return len(lengths) > 8 and bool(np.mean(lengths == np.median(lengths)) > 0.95)


def _tracks(file: mido.MidiFile) -> dict[str, list[tuple[float, float, int]]]:
    tempi = _tempo_changes(file)
    return {track.name: sorted(_notes(track, tempi, file.ticks_per_beat)) for track in file.tracks}


def _tempo_changes(file: mido.MidiFile) -> list[tuple[int, float, int]]:
    """(tick, seconds, microseconds per quarter note) of every tempo."""
    changes, tick, seconds, tempo = [(0, 0.0, 500_000)], 0, 0.0, 500_000
    for message in mido.merge_tracks(file.tracks):
        seconds += mido.tick2second(message.time, file.ticks_per_beat, tempo)
        tick += message.time
        if message.type == "set_tempo":
            tempo = message.tempo
            changes.append((tick, seconds, tempo))
    return changes


def _notes(
    track: mido.MidiTrack, tempi: Sequence[tuple[int, float, int]], ticks_per_beat: int
) -> Iterable[tuple[float, float, int]]:
    starts = np.array([tick for tick, _, _ in tempi])
    tick, sounding = 0, {}
    for message in track:
        tick += message.time
        if message.type not in {"note_on", "note_off"}:
            continue
        at = max(0, int(np.searchsorted(starts, tick, "right")) - 1)
        seconds = tempi[at][1] + mido.tick2second(tick - tempi[at][0], ticks_per_beat, tempi[at][2])
        if message.note in sounding:
            start = sounding.pop(message.note)
            yield start, max(seconds, start + 0.03), message.note
        if message.type == "note_on" and message.velocity > 0:
            sounding[message.note] = seconds


def _piece(name: str, notes: Sequence[tuple[float, float, int]], beats: Sequence[tuple[float, int]]) -> Piece:
    """Moved so that nothing begins before 0."""
    first = min(notes[0][0], beats[0][0])
    onsets, ends, pitches = map(np.array, zip(*notes, strict=True))
    seconds, numbers = map(np.array, zip(*beats, strict=True))
    return Piece(
        name, onsets - first, ends - first, pitches.astype(np.int64), seconds - first, numbers, False
    )

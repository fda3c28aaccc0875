"""From the example recording, whose score we know, to a tab: what a guitarist would check first."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from examples.piece import BARS, LEAD_IN_QUARTERS, OPEN_PITCHES, TEMPO_BPM
from examples.piece import piece as score
from genesis_music import Settings, Stage, Transcription, transcribe
from genesis_music.cache import FolderCache
from genesis_music.progress import Progress
from genesis_music.score import Note

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples/morning-porch.ogg"
LEAD_IN_SECONDS = LEAD_IN_QUARTERS * 60 / TEMPO_BPM


@pytest.fixture(scope="module")
def piece() -> list[tuple[float, int, int, int]]:
    """What was really played: (onset in seconds, MIDI pitch, string, fret)."""
    return [
        (
            pluck.quarters * 60 / TEMPO_BPM + LEAD_IN_SECONDS,
            OPEN_PITCHES[pluck.string - 1] + pluck.fret,
            pluck.string,
            pluck.fret,
        )
        for pluck in score()
    ]


@pytest.fixture(scope="module")
def events() -> list[Progress]:
    return []


@pytest.fixture(scope="module")
def example(events: list[Progress]) -> Transcription:
    return transcribe(EXAMPLE, progress=events.append)


def matches(piece: list[tuple[float, int, int, int]], note: Note) -> list[tuple[float, int, int, int]]:
    return [p for p in piece if abs(p[0] - note.onset_seconds) <= 0.05 and p[1] == note.pitch_midi]


def test_most_notes_are_right(example: Transcription, piece: list[tuple[float, int, int, int]]) -> None:
    found = {p for tab in example.tracks[0].notes for p in matches(piece, tab.note)[:1]}
    precision = len(found) / len(example.tracks[0].notes)
    recall = len(found) / len(piece)
    assert 2 * precision * recall / (precision + recall) >= 0.88


def test_the_frets_are_those_of_the_open_chords(
    example: Transcription, piece: list[tuple[float, int, int, int]]
) -> None:
    pairs = [(tab, p) for tab in example.tracks[0].notes for p in matches(piece, tab.note)[:1]]
    right = sum((tab.string, tab.fret) == (p[2], p[3]) for tab, p in pairs)
    assert right / len(pairs) >= 0.85


def test_the_tempo_and_time_signature_are_right(example: Transcription) -> None:
    assert example.tempo_map.tempo_bpm == pytest.approx(96, rel=0.04)
    assert str(example.tempo_map.time_signature) == "4/4"


def test_the_bar_lines_fall_on_the_downbeats(example: Transcription) -> None:
    bars = [4 * index * 60 / 96 + LEAD_IN_SECONDS for index in range(12)]
    starts = [measure.onset_seconds for measure in example.tempo_map.measures]
    hits = [any(abs(start - bar) < 0.07 for start in starts) for bar in bars]
    assert sum(hits) >= 11


def test_the_key_and_the_chords_are_named(example: Transcription) -> None:
    assert str(example.harmony.key) == "C major"
    right = 0
    for index, name in enumerate(BARS):
        middle = (4 * index + 2) * 60 / 96 + LEAD_IN_SECONDS
        chord = next(c for c in example.harmony.chords if c.onset_seconds <= middle < c.end_seconds)
        right += chord.label.startswith(name) and chord.label[len(name) : len(name) + 1] not in {"#", "b"}
    assert right >= 10


def test_progress_tells_every_stage_in_order(example: Transcription, events: list[Progress]) -> None:
    stages = list(dict.fromkeys(event.stage for event in events))
    assert stages == [Stage.LOADING, Stage.LISTENING, Stage.BEAT, Stage.CHORDS, Stage.FRETS]
    assert all(0 <= event.fraction <= 1 for event in events)


def test_stage_times_are_reported(example: Transcription) -> None:
    assert set(example.stage_seconds) == {str(s) for s in Stage} - {Stage.SEPARATING, Stage.WRITING}


def test_a_notebook_shows_the_tab(example: Transcription) -> None:
    html = example._repr_html_()
    assert "<pre" in html
    assert "C major" in html


def heard_in(transcription: Transcription) -> list[tuple[float, int, float]]:
    """What does not depend on where a note is played; its end does, because the next note on its string ends it."""
    notes = [tab.note for tab in transcription.tracks[0].notes]
    return [(note.onset_seconds, note.pitch_midi, note.confidence) for note in notes]


def test_another_capo_is_chosen_without_listening_again(tmp_path: Path) -> None:
    cache = FolderCache(tmp_path)
    first = transcribe(EXAMPLE, Settings(end_seconds=8), cache=cache)
    again = transcribe(EXAMPLE, Settings(end_seconds=8, capo=3), cache=cache)
    assert Stage.LISTENING not in again.stage_seconds
    assert heard_in(first) == heard_in(again)
    assert again.tracks[0].capo == 3


def test_a_damaged_cache_is_only_a_loss_of_time(tmp_path: Path) -> None:
    cache = FolderCache(tmp_path)
    first = transcribe(EXAMPLE, Settings(end_seconds=4), cache=cache)
    for path in tmp_path.iterdir():
        path.write_bytes(b"damaged")
    assert transcribe(EXAMPLE, Settings(end_seconds=4), cache=cache) == first


def test_doubtful_notes_can_be_left_out() -> None:
    everything = transcribe(EXAMPLE, Settings(end_seconds=8))
    sure = transcribe(EXAMPLE, Settings(end_seconds=8, minimum_confidence=0.8))
    kept = [t for t in everything.tracks[0].notes if t.note.confidence >= 0.8]
    assert len(sure.tracks[0].notes) == len(kept) < len(everything.tracks[0].notes)


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = (
        "import sys, genesis_music; print(sorted({'numpy', 'onnxruntime', 'av', 'lxml'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

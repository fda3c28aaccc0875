"""Notes as performed → the finished transcription: beats, chords, frets, techniques, style, difficulty.

No audio and no neural network for notes here: changing the tuning, the capo or the grid runs only this.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from genesis_music.harmony import analyse_harmony
from genesis_music.pipeline.heard import Heard, Part
from genesis_music.progress import Progress, ProgressCallback, Stage, ignore_progress
from genesis_music.rhythm.beats import RhythmSettings, track_beats
from genesis_music.rhythm.quantise import QuantiseSettings, quantise
from genesis_music.score import Chord, Difficulty, Harmony, TabNote, TempoMap, Track, Transcription, Tuning
from genesis_music.settings import AUTO, Settings
from genesis_music.style.detect import detect_style
from genesis_music.tablature.chord_shapes import chord_voicing
from genesis_music.tablature.detect import detect_tuning
from genesis_music.tablature.difficulty import assess_difficulty
from genesis_music.tablature.fingering import FingeringSettings, assign_fingering
from genesis_music.tablature.techniques import detect_techniques
from genesis_music.tablature.tunings import INSTRUMENTS, parse_tuning


@dataclass
class Clock:
    """Reports progress and keeps how long each stage took."""

    progress: ProgressCallback = ignore_progress
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, stage: Stage) -> Iterator[None]:
        """Time one stage."""
        self.progress(Progress(stage, 0.0))
        started = time.perf_counter()
        yield
        self.seconds[str(stage)] = self.seconds.get(str(stage), 0.0) + time.perf_counter() - started
        self.progress(Progress(stage, 1.0))

"""What a person sees in the terminal: a progress bar with the stage and time left, and a short summary."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

from genesis_music.progress import Progress, ProgressCallback, Stage, ignore_progress, overall_fraction
from genesis_music.score import Transcription


@contextmanager
def progress_bar(*, separating: bool) -> Iterator[ProgressCallback]:
    """Show a bar on stderr while the block runs, if stderr is a terminal; else stay silent."""
    if not sys.stderr.isatty():
        yield ignore_progress
        return
    from rich.console import Console
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description:17}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(Stage.LOADING, total=1.0)

        def show(progress: Progress) -> None:
            done = overall_fraction(progress, separating=separating)
            bar.update(task, description=str(progress.stage), completed=done)

        yield show


class Reporter(Protocol):
    """How a command tells what happened: for a person, or for a program."""

    def progress(self, *, separating: bool) -> AbstractContextManager[ProgressCallback]:
        """Return a context that yields a progress callback."""

    def complete(self, transcription: Transcription, files: Sequence[Path], *, show: bool) -> None:
        """Tell the result."""

    def failed(self, message: str) -> None:
        """Tell why there is none."""


class HumanReporter:
    """Bar and errors on stderr; the summary (and the tab, when asked for) on stdout."""

    def progress(self, *, separating: bool) -> AbstractContextManager[ProgressCallback]:
        """Show a bar."""
        return progress_bar(separating=separating)

    def complete(self, transcription: Transcription, files: Sequence[Path], *, show: bool) -> None:
        """Print the tab when asked for, the summary and where the files are."""
        if show:
            from genesis_music.formats.ascii import render_ascii

            print(render_ascii(transcription))
        print(summary(transcription))
        for warning in transcription.warnings:
            print(f"note: {warning}", file=sys.stderr)
        if files:
            print("Files:", *(f"  {path}" for path in files), sep="\n")

    def failed(self, message: str) -> None:
        """Print one line."""
        print(f"genesis: {message}", file=sys.stderr)


class JsonReporter:
    """One JSON object per line on stdout: progress, then complete or failed."""

    @contextmanager
    def progress(self, *, separating: bool) -> Iterator[ProgressCallback]:
        """Yield a callback that prints every progress event."""

        def emit(progress: Progress) -> None:
            percent = round(100 * overall_fraction(progress, separating=separating), 1)
            self._print(event="progress", stage=str(progress.stage), percent=percent)

        yield emit

    def complete(
        self,
        transcription: Transcription,
        files: Sequence[Path],
        *,
        show: bool,  # noqa: ARG002 (the tab is in the files)
    ) -> None:
        """Print what was found and where the files are."""
        harmony, tempo_map = transcription.harmony, transcription.tempo_map
        self._print(
            event="complete",
            files=[str(path) for path in files],
            notes=sum(len(track.notes) for track in transcription.tracks),
            key=str(harmony.key),
            tempo_bpm=round(tempo_map.tempo_bpm, 2),
            time_signature=str(tempo_map.time_signature),
            difficulty=transcription.difficulty.level,
            style=transcription.style.label,
            warnings=list(transcription.warnings),
            stage_seconds={k: round(v, 3) for k, v in transcription.stage_seconds.items()},
        )

    def failed(self, message: str) -> None:
        """Print the reason."""
        self._print(event="failed", error=message)

    @staticmethod
    def _print(**fields: object) -> None:
        print(json.dumps(fields, ensure_ascii=False), flush=True)


def summary(transcription: Transcription) -> str:
    """One line of what was found: key, tempo, time, chords, style, difficulty."""
    harmony, tempo_map = transcription.harmony, transcription.tempo_map
    notes = sum(len(track.notes) for track in transcription.tracks)
    if not notes:
        return "No notes found: the recording is silent, or nothing in it sounds like a pitched instrument."
    progression = "–".join(harmony.progression)
    parts = [
        f"{notes} notes",
        str(harmony.key),
        f"{tempo_map.tempo_bpm:.0f} bpm",
        str(tempo_map.time_signature),
        f"{progression} ({harmony.progression_name})" if harmony.progression_name else progression,
        transcription.style.label,
        f"difficulty {transcription.difficulty.level:.1f}/10",
    ]
    return " · ".join(part for part in parts if part)

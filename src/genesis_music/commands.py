"""What the commands do, once their options are parsed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from threading import Thread

from genesis_music.cache import DEFAULT_MAX_BYTES, FolderCache, NoCache, StageCache, user_cache_folder
from genesis_music.formats.registry import Format, choose_formats, write_formats
from genesis_music.pipeline import Clock, tab, transcribe
from genesis_music.progress import Progress, ProgressCallback, Stage
from genesis_music.score import Transcription
from genesis_music.settings import Settings
from genesis_music.terminal import Reporter


def transcribe_to_files(
    source: str,
    settings: Settings,
    folder: Path,
    formats: Sequence[str] | None,
    reporter: Reporter,
    *,
    hosts: Sequence[str],
    cached: bool,
    show: bool,
) -> None:
    """Transcribe a file or link, write the files, report."""
    chosen = choose_formats(formats)  # a mistyped name is told before the work, not after it
    cache: StageCache = (
        FolderCache(user_cache_folder() / "stages", DEFAULT_MAX_BYTES) if cached else NoCache()
    )
    with reporter.progress(separating=settings.separate is not None) as progress:
        transcription = transcribe(
            source, settings, progress=_preloading(chosen, progress), cache=cache, extra_hosts=tuple(hosts)
        )
        files = _write(
            transcription, folder, Path(source).stem, formats, Clock(progress, transcription.stage_seconds)
        )
    reporter.complete(transcription, files, show=show)


def tab_to_files(
    source: Path,
    settings: Settings,
    folder: Path,
    formats: Sequence[str] | None,
    reporter: Reporter,
    *,
    show: bool,
) -> None:
    """Make tab from a score file, write the files, report."""
    choose_formats(formats)
    with reporter.progress(separating=False) as progress:
        transcription = tab(source, settings, progress=progress)
        clock = Clock(progress, transcription.stage_seconds)
        files = _write(transcription, folder, _stem(source), formats, clock)
    reporter.complete(transcription, files, show=show)


def _preloading(formats: Sequence[Format], progress: ProgressCallback) -> ProgressCallback:
    """Import the writers while the network listens and leaves Python idle."""

    def preload() -> None:
        for chosen in formats:
            chosen.preload()

    thread = Thread(target=preload, daemon=True)

    def on_progress(event: Progress) -> None:
        if event.stage == Stage.LISTENING and thread.ident is None:
            thread.start()
        progress(event)

    return on_progress


def _stem(source: Path) -> str:
    return source.name.removesuffix(".tab.json") if source.name.endswith(".tab.json") else source.stem


def _write(
    transcription: Transcription, folder: Path, stem: str, formats: Sequence[str] | None, clock: Clock
) -> tuple[Path, ...]:
    with clock.stage(Stage.WRITING):
        return write_formats(transcription, folder, stem, formats)

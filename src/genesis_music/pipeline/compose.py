"""The two ways in: from a recording, and from a score file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from genesis_music.audio.download import DownloadSettings, download_audio, is_link
from genesis_music.cache import NoCache, StageCache, sweep, user_cache_folder
from genesis_music.pipeline.arrange import arrange, check_names
from genesis_music.pipeline.clock import Clock
from genesis_music.pipeline.hear import engine_for, hear
from genesis_music.pipeline.scores import read_score
from genesis_music.progress import ProgressCallback, Stage, ignore_progress
from genesis_music.score import Transcription
from genesis_music.settings import Settings

MAX_KEPT_BYTES = 2 * 1024**3
"""Downloads are kept up to this size, so that a second try goes on where the first one stopped."""


def transcribe(
    source: str | Path,
    settings: Settings = Settings(),
    *,
    progress: ProgressCallback = ignore_progress,
    cache: StageCache = NoCache(),
    extra_hosts: tuple[str, ...] = (),
) -> Transcription:
    """Turn a recording into a transcription.

    Args:
        source: path of any file FFmpeg decodes, or an ``http(s)`` link (needs the extra ``youtube``).
        settings: what to listen for and how to write it.
        progress: called with :class:`~genesis_music.progress.Progress` events, in the order of the stages.
        cache: where what was heard is kept, so that another tuning, capo or grid does not listen again.
        extra_hosts: hosts that links may point to, besides the usual ones.

    Returns:
        Notes with times in seconds and written positions in quarter notes, strings (1 = highest) and frets
        (from the capo), chords, key, tempo map, style and difficulty. Its ``_repr_html_`` shows the tab.

    Raises:
        InputError: the recording or a setting cannot be used; the message says what to do.
        EngineError: a model file is missing or damaged.
    """
    check_names(settings)
    engine_for(settings.instrument, settings)
    clock = Clock(progress)
    if is_link(str(source)):
        with clock.stage(Stage.LOADING) as on_fraction:
            path = _download(str(source), extra_hosts, on_fraction)
    else:
        path = Path(source)
    heard = hear(path, settings, cache, clock, stems_folder=user_cache_folder() / "stems")
    return arrange(heard, settings, clock)


def _download(url: str, extra_hosts: tuple[str, ...], on_fraction: Callable[[float], None]) -> Path:
    usual = DownloadSettings()
    settings = replace(usual, allowed_hosts=(*usual.allowed_hosts, *extra_hosts))
    folder = user_cache_folder() / "downloads"
    if folder.exists():
        sweep(folder, MAX_KEPT_BYTES)
    return download_audio(url, folder, settings, on_fraction)


def tab(
    path: Path, settings: Settings = Settings(), *, progress: ProgressCallback = ignore_progress
) -> Transcription:
    """Turn a score file into tab: MIDI, MusicXML, Guitar Pro 3–5 or tab JSON.

    Strings and frets that the file has are kept unless the settings ask for another tuning or capo; MIDI is
    quantised, other files keep their rhythm unless the settings ask for a grid.

    Raises:
        ScoreError: the file cannot be read.
        SettingsError: a name in the settings is unknown.
    """
    check_names(settings)
    clock = Clock(progress)
    with clock.stage(Stage.LOADING):
        heard, tempo_map = read_score(path, settings)
    return arrange(heard, settings, clock, tempo_map=tempo_map)

"""Genesis Music: from a recording to guitar tab worth playing.

>>> from genesis_music import transcribe
>>> transcription = transcribe("song.mp3")  # doctest: +SKIP
>>> transcription  # in a notebook: shows the tab  # doctest: +SKIP

The names below are loaded on first use, so that importing the package costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from genesis_music.errors import GenesisError
    from genesis_music.formats.registry import write_formats
    from genesis_music.pipeline import transcribe
    from genesis_music.progress import Progress, Stage
    from genesis_music.score import Transcription
    from genesis_music.settings import Settings

_HOMES = {
    "GenesisError": "errors",
    "Progress": "progress",
    "Settings": "settings",
    "Stage": "progress",
    "Transcription": "score",
    "transcribe": "pipeline",
    "write_formats": "formats.registry",
}

__all__ = [
    "GenesisError",
    "Progress",
    "Settings",
    "Stage",
    "Transcription",
    "transcribe",
    "write_formats",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'genesis_music' has no attribute {name!r}")
    return getattr(import_module(f"genesis_music.{_HOMES[name]}"), name)

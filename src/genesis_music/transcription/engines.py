"""The note detectors there are, by the name used on the command line and in results."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from genesis_music.errors import SettingsError
from genesis_music.transcription.basic_pitch import BasicPitchEngine
from genesis_music.transcription.engine import Engine
from genesis_music.transcription.guitar_engine import GuitarEngine

ENGINES: Mapping[str, Callable[[], Engine]] = MappingProxyType(
    {BasicPitchEngine.name: BasicPitchEngine, GuitarEngine.name: GuitarEngine}
)
"""Engine makers by name. Making one is cheap: a model is loaded when it is first used."""

DEFAULT_ENGINE = BasicPitchEngine.name


def get_engine(name: str = DEFAULT_ENGINE) -> Engine:
    """Make the engine of that name.

    Raises:
        SettingsError: there is no such engine; the message lists those there are.
    """
    if name not in ENGINES:
        raise SettingsError(f"There is no engine {name!r}; choose one of: {', '.join(sorted(ENGINES))}.")
    return ENGINES[name]()


def models_fingerprint() -> str:
    """Hash of all model files (hexadecimal): what was heard with other weights is not the same."""
    digest = hashlib.sha256()
    for path in sorted((Path(__file__).parent / "models").iterdir()):
        digest.update(path.read_bytes())
    return digest.hexdigest()

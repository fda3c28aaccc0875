"""The note detectors there are, by the name used on the command line and in results."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from genesis_music.errors import SettingsError
from genesis_music.settings import AUTO
from genesis_music.transcription.basic_pitch import BasicPitchEngine
from genesis_music.transcription.engine import Engine
from genesis_music.transcription.guitar_engine import GuitarEngine

ENGINES: Mapping[str, Callable[[], Engine]] = MappingProxyType(
    {BasicPitchEngine.name: BasicPitchEngine, GuitarEngine.name: GuitarEngine}
)
"""Engine makers by name. Making one is cheap: a model is loaded when it is first used."""

DEFAULT_ENGINE = GuitarEngine.name


def choose_engine(name: str, lowest_pitch_midi: int) -> str:
    """The name itself, or for ``"auto"`` the engine that suits an instrument.

    The guitar model hears guitars better, but nothing below its lowest pitch: basses and guitars tuned so low are left
    to Basic Pitch.

    Raises:
        SettingsError: there is no such engine.
    """
    if name != AUTO:
        return get_engine(name).name
    reaches = GuitarEngine.format.lowest_pitch_midi <= lowest_pitch_midi
    return GuitarEngine.name if reaches else BasicPitchEngine.name


def get_engine(name: str = DEFAULT_ENGINE) -> Engine:
    """Make the engine of that name.

    Raises:
        SettingsError: there is no such engine; the message lists those there are.
    """
    if name not in ENGINES:
        raise SettingsError(
            f"There is no engine {name!r}; choose one of: {', '.join([AUTO, *sorted(ENGINES)])}."
        )
    return ENGINES[name]()


def models_fingerprint() -> str:
    """Hash of all model files (hexadecimal): what was heard with other weights is not the same."""
    digest = hashlib.sha256()
    for path in sorted((Path(__file__).parent / "models").iterdir()):
        digest.update(path.read_bytes())
    return digest.hexdigest()

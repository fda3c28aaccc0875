"""Read any score file this project knows, by the ending of its name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import MappingProxyType

from genesis_music.errors import ScoreError
from genesis_music.formats.reading import ImportedScore


@dataclass(frozen=True, slots=True)
class _Reader:
    module: str
    function: str

    def read(self, path: Path) -> ImportedScore:
        """Read a file. Imports the format's library on first use."""
        module = import_module(f"genesis_music.formats.{self.module}")
        function: Callable[[Path], ImportedScore] = getattr(module, self.function)
        return function(path)


_MIDI = _Reader("midi_reader", "read_midi")
_MUSICXML = _Reader("musicxml_reader", "read_musicxml")
_GUITAR_PRO = _Reader("guitarpro_reader", "read_guitar_pro")
_TAB_JSON = _Reader("tabjson_reader", "read_tab_json_score")

READERS: Mapping[str, _Reader] = MappingProxyType(
    {
        ".mid": _MIDI,
        ".midi": _MIDI,
        ".musicxml": _MUSICXML,
        ".xml": _MUSICXML,
        ".mxl": _MUSICXML,
        ".gp3": _GUITAR_PRO,
        ".gp4": _GUITAR_PRO,
        ".gp5": _GUITAR_PRO,
        ".json": _TAB_JSON,
    }
)


def read_score(path: Path) -> ImportedScore:
    """Read a MIDI, MusicXML, Guitar Pro or tab JSON file.

    Raises:
        ScoreError: another kind of file, or one that cannot be used.
    """
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise ScoreError(f"{path.name} is no score file; known endings: {', '.join(READERS)}.")
    return reader.read(path)

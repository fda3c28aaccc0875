"""All formats by name, and writing them to disk: each file is there completely or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import MappingProxyType

from genesis_music.errors import OutputError, SettingsError
from genesis_music.formats.written import Page
from genesis_music.score import Transcription


@dataclass(frozen=True, slots=True)
class Format:
    """A file format: its name, which is how its files end, what it is, and the function that writes it."""

    name: str
    description: str
    module: str
    function: str

    @property
    def suffix(self) -> str:
        """How the names of its files end."""
        return f".{self.name}"

    def writer(self, transcription: Transcription) -> bytes:
        """Turn a transcription into the file's bytes."""
        return self.write_page(Page(transcription))

    def write_page(self, page: Page) -> bytes:
        """Like :meth:`writer`, for several formats of one page. Imports the format's library on first use."""
        module = import_module(f"genesis_music.formats.{self.module}")
        function: Callable[[Page], bytes] = getattr(module, self.function)
        return function(page)


FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        known.name: known
        for known in (
            Format("tab.json", "everything, for programs", "tabjson", "write_tab_json"),
            Format("mid", "as played, with pitch bends", "midi", "write_performed_midi"),
            Format("score.mid", "as written, quantised", "midi", "write_score_midi"),
            Format("gp5", "Guitar Pro 5 and programs that open it", "guitarpro", "write_gp5"),
            Format("musicxml", "notation and tab, for score editors", "musicxml", "write_musicxml"),
            Format("alphatex", "notation as text, tied to the recording", "alphatex", "write_alphatex"),
            Format("txt", "text tab", "ascii", "write_ascii"),
            Format("analysis.json", "key, chords, form, difficulty", "analysis", "write_analysis"),
            Format("jams", "annotations for music research", "jams", "write_jams"),
            Format("chords.txt", "chord sheet", "chordsheet", "write_chord_sheet"),
        )
    }
)

_SHORT_NAMES = {
    "json": "tab.json",
    "midi": "mid",
    "ascii": "txt",
    "analysis": "analysis.json",
    "chords": "chords.txt",
}
"""What people call formats whose files end otherwise."""


def write_formats(
    transcription: Transcription, folder: Path, stem: str, names: Sequence[str] | None = None
) -> tuple[Path, ...]:
    """Write a transcription as ``folder/<stem><suffix>`` in the named formats (all when ``None``).

    Args:
        transcription: what to write.
        folder: made when it does not exist.
        stem: start of every file name; characters that file systems forbid become ``_``.
        names: keys of :data:`FORMATS` or short names such as ``"midi"``; each format is written once.

    Returns:
        The files written, in the order of ``names``.

    Raises:
        SettingsError: an unknown format name.
        OutputError: the folder or a file cannot be written. Files finished before stay; nothing partial does.
    """
    formats = dict.fromkeys(_format(name) for name in (FORMATS if names is None else names))
    page, safe = Page(transcription), safe_stem(stem)
    _make_folder(folder)
    return tuple(
        _write_atomically(folder / f"{safe}{chosen.suffix}", chosen.write_page(page)) for chosen in formats
    )


def safe_stem(stem: str) -> str:
    """Make a file stem of any title: no separators, control characters or leading dots, at most 150 bytes."""
    forbidden = '<>:"/\\|?*'
    cleaned = "".join("_" if c in forbidden or not c.isprintable() else c for c in stem).strip(" .")
    return cleaned.encode("utf-8", "ignore")[:150].decode("utf-8", "ignore").rstrip(" .") or "transcription"


def _format(name: str) -> Format:
    try:
        return FORMATS[_SHORT_NAMES.get(name, name)]
    except KeyError:
        raise SettingsError(f"Unknown format {name!r}; choose from: {', '.join(FORMATS)}.") from None


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _output_error(folder, error) from error


def _write_atomically(path: Path, content: bytes) -> Path:
    """Write beside the target and rename, so that readers see the old file or the whole new one."""
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".genesis-", suffix=".tmp")
    except OSError as error:
        raise _output_error(path, error) from error
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    except OSError as error:
        raise _output_error(path, error) from error
    finally:
        temporary.unlink(missing_ok=True)
    return path


def _umask() -> int:
    """Return the process's umask, which can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _output_error(path: Path, error: OSError) -> OutputError:
    reason = error.strerror or str(error)
    return OutputError(
        f"Cannot write {path}: {reason}. Choose another folder with --out, or free some space."
    )

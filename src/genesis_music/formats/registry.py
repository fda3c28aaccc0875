"""All formats by name, and writing them to disk: all files are there completely, or none."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import MappingProxyType

from genesis_music.errors import SettingsError
from genesis_music.formats.files import write_together
from genesis_music.formats.written import Page
from genesis_music.score import Transcription

JSON, MIDI, TEXT = "application/json", "audio/midi", "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Format:
    """A file format: its name, which is how its files end, what it is for, and the function that writes it.

    ``media_type`` is what servers call such files.
    """

    name: str
    description: str
    module: str
    function: str
    media_type: str

    def preload(self) -> None:
        """Import what writing needs, so that it costs nothing later."""
        import_module(f"genesis_music.formats.{self.module}")

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
            Format("tab.json", "everything, for programs", "tabjson", "write_tab_json", JSON),
            Format("mid", "as played, with pitch bends", "midi", "write_performed_midi", MIDI),
            Format("score.mid", "as written, quantised", "midi", "write_score_midi", MIDI),
            Format(
                "gp5",
                "Guitar Pro 5 and programs that open it",
                "guitarpro",
                "write_gp5",
                "application/x-guitar-pro",
            ),
            Format(
                "musicxml",
                "notation and tab, for score editors",
                "musicxml",
                "write_musicxml",
                "application/vnd.recordare.musicxml+xml",
            ),
            Format("alphatex", "alphaTab, synchronised to the recording", "alphatex", "write_alphatex", TEXT),
            Format("txt", "text tab", "ascii", "write_ascii", TEXT),
            Format("analysis.json", "key, chords, form, difficulty", "analysis", "write_analysis", JSON),
            Format("jams", "annotations for music research", "jams", "write_jams", JSON),
            Format("chords.txt", "chord sheet", "chordsheet", "write_chord_sheet", TEXT),
        )
    }
)


def choose_formats(names: Sequence[str] | None) -> tuple[Format, ...]:
    """Return the named formats, each once; all of them for ``None``.

    Raises:
        SettingsError: an unknown format name.
    """
    chosen = tuple(dict.fromkeys(FORMATS if names is None else names))
    for name in chosen:
        if name not in FORMATS:
            raise SettingsError(f"Unknown format {name!r}; choose from: {', '.join(FORMATS)}.")
    return tuple(FORMATS[name] for name in chosen)


def write_formats(
    transcription: Transcription, folder: Path | str, stem: str, names: Sequence[str] | None = None
) -> tuple[Path, ...]:
    """Write a transcription as ``folder/<stem>.<name>`` in the named formats (all when ``None``).

    Args:
        transcription: what to write.
        folder: made when it does not exist.
        stem: start of every file name; characters that file systems forbid become ``_``.
        names: keys of :data:`FORMATS`.

    Returns:
        The files written, in the order of ``names``.

    Raises:
        SettingsError: an unknown format name.
        OutputError: the folder or a file cannot be written; then no file is.
    """
    page, safe = Page(transcription), safe_stem(stem)
    formats = choose_formats(names)
    return write_together(Path(folder), {f"{safe}.{one.name}": one.write_page(page) for one in formats})


def safe_stem(stem: str) -> str:
    """Make a file stem of any title: no separators, control characters or leading dots, at most 150 bytes."""
    forbidden = '<>:"/\\|?*'
    cleaned = "".join("_" if c in forbidden or not c.isprintable() else c for c in stem).strip(" .")
    return cleaned.encode("utf-8", "ignore")[:150].decode("utf-8", "ignore").rstrip(" .") or "transcription"

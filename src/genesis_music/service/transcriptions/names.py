"""What users call their recordings, made harmless; it never becomes a path or a key."""

from __future__ import annotations

import unicodedata
from pathlib import PurePosixPath

LONGEST_FILENAME = 255
LONGEST_TITLE = 300
UNTITLED = "Recording"


def clean_line(text: str, longest: int) -> str:
    """One printable line of at most ``longest`` characters, composed (NFC); empty when nothing is left."""
    line = "".join(c if c.isprintable() else " " for c in unicodedata.normalize("NFC", text[: 4 * longest]))
    return " ".join(line.split())[:longest].rstrip()


def clean_filename(text: str) -> str:
    """The last part of any path, as one printable line; empty when nothing is left."""
    return clean_line(text[-4 * LONGEST_FILENAME :].replace("\\", "/").rpartition("/")[2], LONGEST_FILENAME)


def title_of(filename: str) -> str:
    """A title from a clean file name: without its suffix."""
    return clean_line(PurePosixPath(filename).stem, LONGEST_TITLE) or UNTITLED

"""What was heard in a recording: the costly half of a transcription, and how it is kept in the cache."""

from __future__ import annotations

import json
import zlib
from dataclasses import asdict, dataclass
from typing import Any

from genesis_music.score import BendPoint, Inharmonicity, Note, SourceInfo, Tuning, WrittenTime


@dataclass(frozen=True, slots=True)
class ScoreFacts:
    """What a score file already says of a part: nothing of it is decided again unless the user asks.

    ``written`` and ``places`` (string, fret; ``None`` where the file has none) are one per note.
    """

    written: tuple[WrittenTime, ...] | None
    tuning: Tuning | None
    capo: int
    places: tuple[tuple[int, int] | None, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """One instrument's notes as performed, in time order; ``score`` only when they come from a score file."""

    name: str
    instrument: str
    notes: tuple[Note, ...]
    score: ScoreFacts | None = None


@dataclass(frozen=True, slots=True)
class Heard:
    """All parts of one recording, before anything is decided about beats, chords or frets."""

    source: SourceInfo
    engine: str
    parts: tuple[Part, ...]
    warnings: tuple[str, ...] = ()
    stems: str | None = None
    """What the stems of the recording are kept under, where it was taken apart."""

    @property
    def notes(self) -> tuple[Note, ...]:
        """The notes of all parts together, in time order."""
        notes = [note for part in self.parts for note in part.notes]
        return tuple(sorted(notes, key=lambda note: (note.onset_seconds, note.pitch_midi)))


def to_bytes(heard: Heard) -> bytes:
    """Pack for the cache."""
    return zlib.compress(json.dumps(asdict(heard)).encode(), level=1)


def from_bytes(data: bytes) -> Heard | None:
    """Unpack what :func:`to_bytes` packed; ``None`` when it is damaged."""
    try:
        document = json.loads(zlib.decompress(data))
        return Heard(
            source=SourceInfo(**document["source"]),
            engine=document["engine"],
            parts=tuple(_part(part) for part in document["parts"]),
            warnings=tuple(document["warnings"]),
            stems=document.get("stems"),
        )
    except (zlib.error, ValueError, KeyError, TypeError):
        return None


def _part(part: dict[str, Any]) -> Part:
    notes = tuple(
        Note(
            **note
            | {
                "bend": tuple(BendPoint(**point) for point in note["bend"]),
                "string_evidence": tuple(note["string_evidence"]),
                "inharmonicity": Inharmonicity(**found) if (found := note["inharmonicity"]) else None,
            }
        )
        for note in part["notes"]
    )
    return Part(part["name"], part["instrument"], notes)

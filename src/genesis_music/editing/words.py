"""Edits in a few words, for a list of what was changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from genesis_music.editing import edits
from genesis_music.editing.edits import Edit
from genesis_music.score import TechniqueKind

LONGEST = 200
_TECHNIQUES: Mapping[TechniqueKind, str] = MappingProxyType(
    {
        TechniqueKind.PALM_MUTE: "palm mute",
        TechniqueKind.DEAD_NOTE: "dead note",
        TechniqueKind.LET_RING: "let ring",
    }
)
"""Names that differ from those in files."""
_Words = Callable[[Any], str]


def _notes(count: int) -> str:
    return "1 note" if count == 1 else f"{count} notes"


def _refret(edit: edits.Refret) -> str:
    tuning = f"tuned to {edit.tuning.name}" if edit.tuning else ""
    capo = "" if edit.capo is None else f"capo {edit.capo}" if edit.capo else "no capo"
    return ", ".join(filter(None, (tuning, capo)))


_SAID: Mapping[type, _Words] = MappingProxyType(
    {
        edits.MovePassage: lambda edit: f"moved a passage to fret {edit.around_fret}",
        edits.SetChord: lambda edit: f"chord {edit.label}",
        edits.AddChord: lambda edit: f"added chord {edit.label}",
        edits.RemoveChord: lambda _: "removed a chord",
        edits.SetTitle: lambda edit: f"title “{edit.title}”",
        edits.RenameSection: lambda edit: f"section “{edit.label}”",
        edits.ScaleTempo: lambda edit: f"{edit.change} tempo",
        edits.ShiftDownbeat: lambda edit: (
            f"bar lines {abs(edit.by_beats)} "
            f"beat{'s' if abs(edit.by_beats) > 1 else ''} {'later' if edit.by_beats > 0 else 'earlier'}"
        ),
        edits.SetMetre: lambda edit: f"{edit.time_signature} time",
        edits.Refret: _refret,
    }
)
_COUNTED: Mapping[type, str] = MappingProxyType(
    {
        edits.PlaceNote: "placed",
        edits.SetLength: "set the length of",
        edits.SetPosition: "moved",
        edits.ShiftNotes: "moved",
        edits.DeleteNotes: "deleted",
        edits.AddNote: "added",
        edits.AcceptNotes: "accepted",
    }
)


def describe(wanted: Sequence[Edit]) -> str:
    """Say what edits do: ``"Placed 2 notes, chord Am7"``. At most :data:`LONGEST` characters."""
    counts: Counter[tuple[str, bool]] = Counter()
    for edit in wanted:
        counts[_said(edit)] += len(getattr(edit, "notes", ())) or 1
    text = ", ".join(
        f"{phrase} {_notes(count)}" if counted else phrase for (phrase, counted), count in counts.items()
    )
    text = text if len(text) <= LONGEST else text[: LONGEST - 1].rstrip() + "…"
    return text[:1].upper() + text[1:]


def _said(edit: Edit) -> tuple[str, bool]:
    """What an edit does, and whether notes are counted behind it."""
    if isinstance(edit, edits.SetTechnique):
        name = _TECHNIQUES.get(edit.kind, str(edit.kind))
        return f"{name} on" if edit.on else f"no {name} on", True
    if type(edit) in _COUNTED:
        return _COUNTED[type(edit)], True
    return _SAID[type(edit)](edit), False

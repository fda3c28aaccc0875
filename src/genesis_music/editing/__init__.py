"""A finished transcription corrected by hand: edits, other places for a note, doubtful notes left out."""

from genesis_music.editing.alternatives import Alternative, alternatives
from genesis_music.editing.apply import apply_edits
from genesis_music.editing.doubtful import without_doubtful
from genesis_music.editing.edits import Edit
from genesis_music.editing.hearing import with_evidence

__all__ = ["Alternative", "Edit", "alternatives", "apply_edits", "with_evidence", "without_doubtful"]

"""What goes over the wire about revisions."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from genesis_music.service.transcriptions.revision_tables import RevisionKind


class RevisionView(BaseModel):
    """One state of a transcription. Number 0 is what the machine made; ``user_id`` is who made it, ``null`` for the
    machine.
    """

    model_config = ConfigDict(from_attributes=True)

    number: int
    kind: RevisionKind
    summary: Annotated[str, Field(examples=["Placed 2 notes, chord Am7"])]
    user_id: UUID | None
    created_at: datetime


class RevisionPage(BaseModel):
    """Revisions, newest first; ``next_before`` asks for those before them, ``null`` at the end."""

    items: list[RevisionView]
    latest: int
    next_before: int | None


class Revised(BaseModel):
    """The revision that was made, its tab (``genesis.tab/1``), and the ids of the notes that were added, in order;
    ``alphatex`` is what alphaTab draws, where that was asked for.
    """

    revision: RevisionView
    added: Annotated[list[str], Field(examples=[["t1e1"]])]
    tab: Annotated[dict[str, Any], Field(examples=[{"schema": "genesis.tab/1", "tracks": []}])]
    alphatex: Annotated[str | None, Field(examples=['\\title "Morning Porch"'])] = None


class AlternativeView(BaseModel):
    """A place for a note. ``cost`` is what it costs the hand beyond the best one; ``current`` where the note is now."""

    model_config = ConfigDict(from_attributes=True)

    string: int
    fret: int
    reason: Annotated[str, Field(examples=["open string", "same position", "stretch of 5 frets"])]
    cost: float
    current: bool


class Alternatives(BaseModel):
    """Every place where a note can be played with its neighbours as they are, best first."""

    revision: int
    note: str
    places: list[AlternativeView]

"""What jobs and the things they work on know of each other: jobs never import what they are about."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy.orm import Session

from genesis_music.progress import ProgressCallback
from genesis_music.service.jobs.tables import Job, JobKind


@dataclass(frozen=True, slots=True)
class Work:
    """One attempt at a job, as the worker sees it. ``attempt`` counts from 1.

    ``request_id`` and ``trace_parent`` (W3C) are those of the request that asked for it.
    """

    job_id: UUID
    transcription_id: UUID
    user_id: UUID
    kind: JobKind
    options: dict[str, Any]
    attempt: int
    request_id: str = ""
    trace_parent: str = ""


class JobHandler(Protocol):
    """Does the work of jobs and keeps what they are about in step with them."""

    def run(self, work: Work, progress: ProgressCallback) -> Callable[[Session], None]:
        """Do the work; return what stores the result.

        The returned function runs in the same transaction that marks the job complete, so that there is exactly one
        result. Running twice must do no harm. Raises a ``GenesisError``: ``InputError`` is the user's to mend and
        final, everything else is tried again.
        """

    def changed(self, session: Session, job: Job) -> None:
        """Follow a job's status, stage and progress, in the transaction that changed them."""

    def clean_up(self, work: Work) -> None:
        """Delete what an unfinished attempt has left behind (partial files)."""

    def ended(self, session: Session, job: Job) -> None:
        """React to the end of a job (complete, failed for good, cancelled): queue webhooks and e-mail."""

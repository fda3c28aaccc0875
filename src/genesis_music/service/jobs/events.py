"""What those who follow a job are told, from its row alone: so the last event can always be told again."""

from __future__ import annotations

from typing import Any

from genesis_music.service.jobs.states import Failure
from genesis_music.service.jobs.tables import Job, JobStatus
from genesis_music.service.platform.events import JobEvent

WAITING = "Waiting"
"""Stage of a job that no worker has begun."""

_EVENTS = {
    JobStatus.QUEUED: JobEvent.PROGRESS,
    JobStatus.RUNNING: JobEvent.PROGRESS,
    JobStatus.COMPLETE: JobEvent.COMPLETE,
    JobStatus.FAILED: JobEvent.FAILED,
    JobStatus.CANCELLED: JobEvent.CANCELLED,
}


def event_of(job: Job, *, support_email: str = "") -> tuple[JobEvent, dict[str, Any]]:
    """Build the event that says where the job is: ``progress``, ``complete``, ``failed`` or ``cancelled``."""
    event = _EVENTS[job.status]
    data: dict[str, Any] = {
        "job_id": str(job.id),
        "transcription_id": str(job.transcription_id),
        "status": str(job.status),
        "attempt": job.attempts,
        "percent": job.progress,
    }
    if event is JobEvent.PROGRESS:
        data |= {"stage": job.stage or WAITING, "message": _message(job)}
    if event is JobEvent.FAILED:
        failure = Failure(job.error_code, job.error_message, job.retryable)
        data |= {
            "error": {"code": failure.code, "message": failure.message},
            "retryable": failure.retryable,
            "options": options_after(support_email),
        }
    return event, data


def options_after(support_email: str) -> list[dict[str, str]]:
    """What a user can do after a job has failed for good."""
    support = {"action": "contact-support", "label": "Contact support"}
    return [
        {"action": "retry", "label": "Retry with different settings"},
        support | ({"email": support_email} if support_email else {}),
        {"action": "different-audio", "label": "Try different audio"},
    ]


def _message(job: Job) -> str:
    if job.status is JobStatus.RUNNING:
        return job.stage or "Starting"
    if job.error_message:
        return f"Trying again soon: {job.error_message}"
    return "Waiting for its turn"

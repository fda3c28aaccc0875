"""What administrators see and do about jobs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from redis.exceptions import RedisError

from genesis_music.service.accounts.audit import Action, audit
from genesis_music.service.accounts.client import RequestInfoOf
from genesis_music.service.accounts.dependencies import AdminUser
from genesis_music.service.dependencies import PlatformOf
from genesis_music.service.errors import InvalidRequestError
from genesis_music.service.jobs.dependencies import JobsOf
from genesis_music.service.jobs.queue import QUEUES, JobQueue
from genesis_music.service.jobs.repository import JobRepository, QueueState
from genesis_music.service.jobs.schemas import AdminJob, AdminJobs, QueueView
from genesis_music.service.jobs.tables import Job
from genesis_music.service.openapi import problem_responses
from genesis_music.service.platform.database import utc_now

router = APIRouter(prefix="/admin/jobs", tags=["administration"], responses=problem_responses(401, 403))


@router.get("")
def list_failed_jobs(
    _: AdminUser,
    platform: PlatformOf,
    jobs: JobsOf,
    cursor: Annotated[str, Query(max_length=100, description="`next_cursor` of the last page.")] = "",
    limit: Annotated[int, Query(ge=1, le=200, description="How many dead letters at most.")] = 50,
) -> AdminJobs:
    """Show the queues and the jobs that failed for good by our fault, newest first."""
    before = _decode(cursor) if cursor else None
    with platform.database.writing() as session:
        repository = JobRepository(session)
        found = repository.dead_letters(limit=limit + 1, before=before)
        states = repository.queue_states()
    page = found[:limit]
    return AdminJobs(
        queues=_queues(jobs.queue, states),
        dead_letters=[AdminJob.model_validate(job) for job in page],
        next_cursor=_encode(page[-1]) if len(found) > limit else None,
    )


@router.post("/{job_id}/replay", status_code=202, responses=problem_responses(404, 409))
def replay_job(
    job_id: UUID, admin: AdminUser, request: RequestInfoOf, platform: PlatformOf, jobs: JobsOf
) -> AdminJob:
    """Start a failed job anew, with all its attempts, whoever's it is."""
    with platform.database.writing(admin.user_id) as session:
        job = jobs.replay(session, job_id)
        audit(session, admin, Action.JOB_REPLAYED, job_id, request)
    return AdminJob.model_validate(job)


def _queues(queue: JobQueue, states: Mapping[str, QueueState]) -> list[QueueView]:
    try:
        messages: Mapping[str, int] = queue.lengths()
    except RedisError:
        messages = {}
    return [_queue(name, messages.get(name), states.get(name, QueueState())) for name in QUEUES]


def _queue(name: str, messages: int | None, state: QueueState) -> QueueView:
    age = (utc_now() - state.oldest_at).total_seconds() if state.oldest_at else None
    return QueueView(
        name=name, messages=messages, queued=state.queued, running=state.running, oldest_seconds=age
    )


def _encode(job: Job) -> str:
    ended = job.completed_at or job.created_at
    return f"{ended.strftime('%Y%m%dT%H%M%S.%fZ')}_{job.id.hex}"


def _decode(cursor: str) -> tuple[datetime, UUID]:
    moment, _, id_ = cursor.partition("_")
    try:
        return datetime.strptime(moment, "%Y%m%dT%H%M%S.%f%z"), UUID(hex=id_)
    except ValueError as error:
        raise InvalidRequestError("The cursor is not one of this list: begin again without it.") from error

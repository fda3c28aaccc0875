"""What routes ask for to work with jobs."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from genesis_music.service.jobs.service import JobService


def _jobs(request: Request) -> JobService:
    jobs: JobService = request.app.state.jobs
    return jobs


JobsOf = Annotated[JobService, Depends(_jobs)]
"""Accepts, cancels and retries work."""

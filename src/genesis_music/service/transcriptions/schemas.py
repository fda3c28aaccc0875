"""What goes over the wire about transcriptions."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    field_validator,
)

from genesis_music.formats.registry import FORMATS
from genesis_music.service.jobs.events import WAITING, options_after
from genesis_music.service.jobs.tables import Job, JobKind, JobStatus
from genesis_music.service.platform.moments import Moment
from genesis_music.service.transcriptions.names import LONGEST_TITLE, clean_line
from genesis_music.service.transcriptions.notifications import WebhookEvent
from genesis_music.service.transcriptions.options import PageOptions, TranscriptionOptions, stored_options
from genesis_music.service.transcriptions.tables import SourceType, Transcription

LONGEST_URL = 2048
_ID = "018f3f2e-7d3b-4c43-9f55-0a4f9f2b7c11"


class LinkRequest(TranscriptionOptions):
    """A recording behind a link, and how to transcribe it."""

    model_config = ConfigDict(
        strict=True,
        json_schema_extra={"examples": [{"url": "https://www.youtube.com/watch?v=dQw4w9WgXcQ", "capo": 2}]},
    )

    url: Annotated[str, Field(min_length=1, max_length=LONGEST_URL)]

    def options(self) -> TranscriptionOptions:
        """Everything but the link; what was not given stays not given."""
        return TranscriptionOptions(**self.model_dump(exclude={"url"}, exclude_unset=True))


class RetryRequest(TranscriptionOptions):
    """Options to change before listening again; the others stay as they were."""

    model_config = ConfigDict(strict=True, json_schema_extra={"examples": [{"denoise": "on", "tempo": 92}]})


class RetabRequest(PageOptions):
    """Options to change before writing anew; the others stay as they were."""

    model_config = ConfigDict(strict=True, json_schema_extra={"examples": [{"tuning": "dadgad", "capo": 2}]})


class Accepted(BaseModel):
    """Work that was accepted and will not be lost."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"job_id": _ID, "transcription_id": _ID}]})

    job_id: UUID
    transcription_id: UUID


class NextStep(BaseModel):
    """Something a user can do after a failure."""

    model_config = ConfigDict(extra="allow")

    action: str
    label: str


class JobFailure(BaseModel):
    """Why there is no result, and what can be done. ``reference`` is what support asks for."""

    code: str
    message: str
    retryable: bool
    reference: UUID
    options: list[NextStep]


class JobView(BaseModel):
    """The newest piece of work on a transcription."""

    id: UUID
    kind: JobKind
    status: JobStatus
    stage: str
    percent: Annotated[int, Field(ge=0, le=100)]
    attempt: int
    created_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    error: JobFailure | None

    @classmethod
    def of(cls, job: Job, support_email: str) -> Self:
        """Show a job."""
        failure = None
        if job.status is JobStatus.FAILED:
            failure = JobFailure(
                code=job.error_code,
                message=job.error_message,
                retryable=job.retryable,
                reference=job.id,
                options=[NextStep(**step) for step in options_after(support_email)],
            )
        return cls(
            id=job.id,
            kind=job.kind,
            status=job.status,
            stage=job.stage or (WAITING if job.status is JobStatus.QUEUED else ""),
            percent=job.progress,
            attempt=job.attempts,
            created_at=job.created_at,
            started_at=job.started_at,
            completed_at=job.completed_at,
            error=failure,
        )


class TranscriptionView(BaseModel):
    """A recording and what is known of it. ``revision`` is the number of its latest revision, ``null`` before the
    first result.
    """

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    title: str
    source_type: SourceType
    source_url: str | None
    source_filename: str | None
    status: JobStatus
    progress: Annotated[int, Field(ge=0, le=100)]
    revision: int | None
    duration_seconds: int | None
    tempo: int | None
    key_signature: Annotated[str | None, Field(examples=["E minor"])]
    time_signature: Annotated[str | None, Field(examples=["4/4"])]
    created_at: datetime
    completed_at: datetime | None


class TranscriptionDetail(TranscriptionView):
    """A transcription with its options, its newest job, and the names of its files."""

    options: TranscriptionOptions
    job: JobView | None
    files: Annotated[list[str], Field(examples=[list(FORMATS)])]

    @classmethod
    def of(cls, row: Transcription, job: Job | None, support_email: str) -> Self:
        """Show a row with its newest job."""
        return cls(
            **TranscriptionView.model_validate(row).model_dump(),
            options=stored_options(row.options),
            job=JobView.of(job, support_email) if job is not None else None,
            files=list(FORMATS) if row.result_prefix else [],
        )


class TranscriptionPage(BaseModel):
    """Part of a list; ``next_cursor`` asks for the part after it, ``null`` at the end."""

    items: list[TranscriptionView]
    next_cursor: str | None


class TitleRequest(BaseModel):
    """Another title."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"title": "Morning Porch"}]})

    title: Annotated[str, Field(min_length=1, max_length=LONGEST_TITLE)]

    @field_validator("title")
    @classmethod
    def _one_line(cls, title: str) -> str:
        cleaned = clean_line(title, LONGEST_TITLE)
        if not cleaned:
            raise ValueError("a title needs at least one visible character")
        return cleaned


class Result(BaseModel):
    """What was made of the recording: the tab (``genesis.tab/1``) and the analysis (``genesis.analysis/1``)."""

    transcription_id: UUID
    revision: int
    tab: Annotated[dict[str, Any], Field(examples=[{"schema": "genesis.tab/1", "tracks": []}])]
    analysis: Annotated[dict[str, Any], Field(examples=[{"schema": "genesis.analysis/1", "chords": []}])]


class StemView(BaseModel):
    """One instrument of a recording that was taken apart; ``url`` is where its sound is, in parts if one likes."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "guitar",
                    "url": f"/api/v1/transcribe/{_ID}/stems/guitar",
                    "media_type": "audio/wav",
                    "size_bytes": 15876058,
                }
            ]
        }
    )

    name: str
    url: str
    media_type: str
    size_bytes: int


class ShareRequest(BaseModel):
    """How long a link works; for ever when ``expires_at`` is not given."""

    model_config = ConfigDict(extra="forbid")

    expires_at: Annotated[Moment | None, Field(examples=["2030-01-01T00:00:00Z"])] = None


class ShareView(BaseModel):
    """A link that shows a transcription to whoever has it; the link itself is told only when it is made."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


class NewShare(ShareView):
    """A link just made: keep it, it is not shown again."""

    token: str
    url: Annotated[str, Field(examples=["https://genesis.example/shared/gm_share_4f…"])]


class SharedTranscription(BaseModel):
    """What a link shows; nothing about its owner."""

    model_config = ConfigDict(from_attributes=True)

    title: str
    revision: int | None
    duration_seconds: int | None
    tempo: int | None
    key_signature: str | None
    time_signature: str | None
    created_at: datetime
    completed_at: datetime | None
    files: list[str] = []


class WebhookEventName(StrEnum):
    """What a webhook can be told of."""

    COMPLETE = WebhookEvent.COMPLETE
    FAILED = WebhookEvent.FAILED


def _repetitions_are_harmless(schema: dict[str, Any]) -> None:
    """A set is read from any list: the document may not promise to refuse repetitions."""
    schema.pop("uniqueItems", None)


WebhookEvents = Annotated[
    frozenset[WebhookEventName], Field(min_length=1, json_schema_extra=_repetitions_are_harmless)
]


class WebhookRequest(BaseModel):
    """Whom to tell of what."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"url": "https://example.com/hooks/genesis", "events": ["transcription.complete"]}]
        },
    )

    url: Annotated[str, Field(min_length=1, max_length=LONGEST_URL)]
    events: WebhookEvents = frozenset(WebhookEventName)


class WebhookChange(BaseModel):
    """What to change; ``enabled: true`` starts a webhook again that was disabled."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"enabled": True}]})

    url: Annotated[str, Field(min_length=1, max_length=LONGEST_URL)] | None = None
    events: WebhookEvents | None = None
    enabled: StrictBool | None = None


class WebhookView(BaseModel):
    """A webhook; ``disabled_at`` is set when its address failed for days, or by its owner."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    url: str
    events: list[str]
    created_at: datetime
    disabled_at: datetime | None


class NewWebhook(WebhookView):
    """A webhook just made, with the secret its messages are signed with (Standard Webhooks): keep it."""

    secret: Annotated[str, Field(examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])]


class DeliveryView(BaseModel):
    """One message to a webhook and how its delivery goes; ``next_at`` is when it is tried again."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    event: str
    attempts: int
    last_status: int | None
    created_at: datetime
    next_at: datetime | None
    delivered_at: datetime | None

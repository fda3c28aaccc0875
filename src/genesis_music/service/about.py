"""What a page or program needs to know of this installation before anybody has signed in."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Annotated, Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from genesis_music.formats.registry import FORMATS
from genesis_music.service.accounts.auth_routes import auth_options
from genesis_music.service.accounts.schemas import AuthOptions
from genesis_music.service.config import ServiceSettings
from genesis_music.service.dependencies import PlatformOf
from genesis_music.service.platform.media import MediaLimits
from genesis_music.settings import AUTO
from genesis_music.tablature.tunings import INSTRUMENTS, TUNINGS
from genesis_music.transcription.engines import ENGINES
from genesis_music.version import __version__

router = APIRouter(tags=["service"])


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)


class RecordingLimits(_Part):
    """What a recording may be; checked by its content when it arrives."""

    max_upload_bytes: Annotated[int, Field(examples=[524_288_000])]
    min_duration_seconds: Annotated[float, Field(examples=[0.5])]
    max_duration_seconds: Annotated[float, Field(examples=[7200.0])]
    max_channels: Annotated[int, Field(examples=[8])]
    max_active_jobs: Annotated[int, Field(examples=[50])]
    """Recordings of one user that may wait or be worked on."""
    upload_lifetime_seconds: Annotated[int, Field(examples=[86_400])]
    """How long an upload that was broken off can be resumed."""


class TuningChoice(_Part):
    """A named tuning."""

    name: Annotated[str, Field(examples=["drop-d"])]
    pitches_midi: Annotated[list[int], Field(examples=[[64, 59, 55, 50, 45, 38]])]
    """Open strings, string 1 (the highest) first."""


class InstrumentChoice(_Part):
    """An instrument and its usual tuning."""

    name: Annotated[str, Field(examples=["guitar"])]
    tuning: Annotated[str, Field(examples=["standard"])]
    frets: Annotated[int, Field(examples=[24])]


class FormatChoice(_Part):
    """A file format of results; ``name`` is how its files end."""

    name: Annotated[str, Field(examples=["gp5"])]
    description: Annotated[str, Field(examples=["Guitar Pro 5 and programs that open it"])]
    media_type: Annotated[str, Field(examples=["application/x-guitar-pro"])]


class Configuration(_Part):
    """How this installation is set up."""

    version: Annotated[str, Field(examples=[__version__])]
    mode: Literal["embedded", "production"]
    """``embedded``: for one person on one machine, without accounts."""
    accounts: AuthOptions
    limits: RecordingLimits
    link_hosts: Annotated[list[str], Field(examples=[["youtube.com", "youtu.be"]])]
    """Hosts, with their subdomains, that links may point to."""
    instruments: list[InstrumentChoice]
    tunings: list[TuningChoice]
    engines: Annotated[list[str], Field(examples=[[AUTO, *ENGINES]])]
    formats: list[FormatChoice]
    separation: bool
    """Whether a band can be taken apart (the option ``separate``)."""
    support_email: Annotated[str | None, Field(examples=["help@tabs.example.org"])]
    sentry_dsn: Annotated[str | None, Field(examples=[None])]
    """Where a page reports its errors; null: nowhere."""
    analytics_id: Annotated[str | None, Field(examples=["G-AB12CD34EF"])]
    """Google Analytics' measurement id, to be used after consent; null: no analytics."""
    environment: Annotated[str, Field(examples=["production"])]
    release: Annotated[str, Field(examples=[__version__])]
    """For error reports."""


@router.get("/config")
def get_config(platform: PlatformOf, response: Response) -> Configuration:
    """Say how this installation is set up: limits, choices, and what is switched on. Needs no sign-in."""
    settings = platform.settings
    response.headers["Cache-Control"] = "no-cache"
    return Configuration(
        version=__version__,
        mode=settings.mode.value,
        accounts=auth_options(platform),
        limits=_limits(settings),
        link_hosts=list(settings.allowed_url_hosts),
        instruments=[
            InstrumentChoice(name=one.name, tuning=one.tuning.name, frets=one.frets)
            for one in INSTRUMENTS.values()
        ],
        tunings=[
            TuningChoice(name=one.name, pitches_midi=list(one.pitches_midi)) for one in TUNINGS.values()
        ],
        engines=[AUTO, *ENGINES],
        formats=[
            FormatChoice(name=one.name, description=one.description, media_type=one.media_type)
            for one in FORMATS.values()
        ],
        separation=_can_separate(settings),
        support_email=settings.support_email or None,
        sentry_dsn=settings.web_sentry_dsn or None,
        analytics_id=settings.analytics_id or None,
        environment=settings.environment,
        release=settings.release or __version__,
    )


def _limits(settings: ServiceSettings) -> RecordingLimits:
    return RecordingLimits(
        max_upload_bytes=settings.max_upload_bytes,
        min_duration_seconds=MediaLimits().shortest_seconds,
        max_duration_seconds=settings.max_duration_seconds,
        max_channels=settings.max_channels,
        max_active_jobs=settings.max_active_jobs,
        upload_lifetime_seconds=settings.upload_lifetime_seconds,
    )


def _can_separate(settings: ServiceSettings) -> bool:
    if settings.separation_available is not None:
        return settings.separation_available
    return find_spec("demucs") is not None

"""What may be chosen for a transcription, as it comes over the wire and as the pipeline takes it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from genesis_music.errors import SettingsError
from genesis_music.pipeline.arrange import check_names
from genesis_music.settings import AUTO, Settings, parse_time_signature
from genesis_music.transcription.engines import choose_engine

SEPARATION_MODEL = "htdemucs_6s"
"""The one Demucs model that knows guitars; a model's name or folder is never taken from a request."""

Choice = Literal["auto", "on", "off"]
Seconds = Annotated[float, Field(ge=0, le=1e6, allow_inf_nan=False)]


def _accepted(check: Callable[[], object]) -> None:
    """Let pydantic name the field that the pipeline refuses."""
    try:
        check()
    except SettingsError as error:
        raise ValueError(str(error)) from error


class PageOptions(BaseModel):
    """What decides how the music is written: changing it never listens again."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    tuning: Annotated[str, Field(max_length=100, examples=["standard", "drop-d", "D A D G A D", AUTO])] = ""
    """A tuning's name, open strings from low to high, ``auto``; empty: the instrument's usual one."""
    capo: Annotated[int, Field(ge=0, le=12)] | Literal["auto"] = 0
    """Fret of the capo; ``auto`` finds it."""
    quantise: Annotated[str, Field(max_length=20, examples=[AUTO, "1/16", "1/8T"])] = AUTO
    """Finest written value; ``auto`` chooses per beat."""
    swing: Choice = "auto"
    tempo: Annotated[float, Field(ge=20, le=400, allow_inf_nan=False)] | None = None
    """A hint: quarter notes per minute."""
    time_signature: Annotated[str, Field(max_length=10, examples=["4/4", "6/8"])] | None = None
    """A hint."""
    min_confidence: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] = 0.0
    """Leave out notes that are less sure than this."""

    @field_validator("tuning")
    @classmethod
    def _known_tuning(cls, tuning: str) -> str:
        _accepted(lambda: check_names(Settings(tuning=tuning)))
        return tuning

    @field_validator("quantise")
    @classmethod
    def _known_grid(cls, grid: str) -> str:
        _accepted(lambda: check_names(Settings(grid=grid)))
        return grid

    @field_validator("time_signature")
    @classmethod
    def _known_time_signature(cls, text: str | None) -> str | None:
        if text:
            _accepted(lambda: parse_time_signature(text))
        return text or None


class TranscriptionOptions(PageOptions):
    """Everything that may be chosen; the defaults suit a solo guitar recording."""

    instrument: Annotated[str, Field(max_length=40, examples=["guitar", "bass", "ukulele"])] = "guitar"
    separate: bool = False
    """Take a band apart first and write down its guitar and bass."""
    start: Seconds = 0.0
    end: Seconds | None = None
    engine: Annotated[str, Field(max_length=40, examples=[AUTO])] = AUTO
    denoise: Choice = "auto"

    @field_validator("instrument")
    @classmethod
    def _known_instrument(cls, instrument: str) -> str:
        _accepted(lambda: check_names(Settings(instrument=instrument)))
        return instrument

    @field_validator("engine")
    @classmethod
    def _known_engine(cls, engine: str) -> str:
        _accepted(lambda: choose_engine(engine, lowest_pitch_midi=0))
        return engine

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        _accepted(self.settings)
        return self

    def settings(self) -> Settings:
        """As the pipeline takes them.

        Raises:
            SettingsError: the end lies before the start.
        """
        return Settings(
            engine=self.engine,
            instrument=self.instrument,
            tuning=self.tuning,
            capo=None if self.capo == "auto" else self.capo,
            tempo_bpm=self.tempo,
            time_signature=parse_time_signature(self.time_signature) if self.time_signature else None,
            start_seconds=self.start,
            end_seconds=self.end,
            separate=SEPARATION_MODEL if self.separate else None,
            denoise=self.denoise,
            grid=self.quantise,
            swing=self.swing,
            minimum_confidence=self.min_confidence,
        )

    def changed_by(self, request: PageOptions) -> TranscriptionOptions:
        """These options with what a request names replaced."""
        return TranscriptionOptions(**(self.model_dump() | request.model_dump(exclude_unset=True)))


def stored_options(options: dict[str, Any]) -> TranscriptionOptions:
    """Read options back from a row; what a later version no longer knows is left out."""
    known = {name: value for name, value in options.items() if name in TranscriptionOptions.model_fields}
    return TranscriptionOptions(**known)

"""What a user may choose, as one frozen object: the same names on the command line and in Python."""

from __future__ import annotations

import math
from dataclasses import dataclass

from genesis_music.errors import SettingsError
from genesis_music.score import TimeSignature

AUTO = "auto"
DENOISE_CHOICES = (AUTO, "on", "off")
SWING_CHOICES = (AUTO, "on", "off")


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of one transcription; the defaults suit a solo guitar recording.

    Raises:
        SettingsError: a value makes no sense on its own. Names (engine, tuning, instrument, grid) are checked
            by the stage that knows them, before anything slow starts.
    """

    engine: str = AUTO
    """An engine's name; ``"auto"`` takes the one that suits the instrument."""
    instrument: str = "guitar"
    tuning: str = ""
    """A tuning's name, open strings low to high (``"D A D G A D"``), ``"auto"``, or empty for standard."""
    capo: int | None = 0
    """Fret of the capo; ``None`` finds one from the notes."""
    tempo_bpm: float | None = None
    """A hint in quarter notes per minute."""
    time_signature: TimeSignature | None = None
    """A hint."""
    start_seconds: float = 0.0
    end_seconds: float | None = None
    separate: str | None = None
    """Name or folder of a Demucs model that takes a band apart; ``None``: the recording as it is."""
    denoise: str = AUTO
    grid: str = AUTO
    swing: str = AUTO
    minimum_confidence: float = 0.0
    """Notes we are less sure of than this are left out (0..1)."""

    def __post_init__(self) -> None:
        if self.capo is not None and not 0 <= self.capo <= 12:
            raise SettingsError(f"capo {self.capo}: choose a fret from 0 to 12, or auto")
        if self.tempo_bpm is not None and not 20 <= self.tempo_bpm <= 400:
            raise SettingsError(f"tempo {self.tempo_bpm:g}: choose 20 to 400 quarter notes per minute")
        if not (math.isfinite(self.start_seconds) and self.start_seconds >= 0):
            raise SettingsError(f"start {self.start_seconds:g}: choose 0 seconds or later")
        if self.end_seconds is not None and not self.end_seconds > self.start_seconds:
            raise SettingsError(f"end {self.end_seconds:g}: choose a time after the start")
        if self.denoise not in DENOISE_CHOICES:
            raise SettingsError(f"denoise {self.denoise!r}: choose one of {', '.join(DENOISE_CHOICES)}")
        if self.swing not in SWING_CHOICES:
            raise SettingsError(f"swing {self.swing!r}: choose one of {', '.join(SWING_CHOICES)}")
        if not 0 <= self.minimum_confidence <= 1:
            raise SettingsError(f"minimum confidence {self.minimum_confidence:g}: choose 0 to 1")


def parse_time_signature(text: str) -> TimeSignature:
    """Read ``"6/8"``.

    Raises:
        SettingsError: not ``n/d`` with n from 1 to 16 and d a power of two from 2 to 16.
    """
    numerator, _, denominator = text.partition("/")
    if not (numerator.isdecimal() and denominator.isdecimal()):
        raise SettingsError(f"time signature {text!r}: write it like 3/4 or 6/8")
    if not (1 <= int(numerator) <= 16 and int(denominator) in {2, 4, 8, 16}):
        raise SettingsError(f"time signature {text!r}: choose 1–16 beats of value 2, 4, 8 or 16")
    return TimeSignature(int(numerator), int(denominator))

"""The bundled example as the machine transcribes it."""

from __future__ import annotations

from pathlib import Path

import pytest

from genesis_music import Transcription, transcribe

EXAMPLE = Path(__file__).parents[2] / "examples" / "morning-porch.ogg"


@pytest.fixture(scope="session")
def example() -> Transcription:
    return transcribe(EXAMPLE)

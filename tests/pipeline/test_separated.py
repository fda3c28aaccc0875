"""A band through the whole pipeline, with a tiny real Demucs model."""

from __future__ import annotations

from pathlib import Path

import pytest

from genesis_music import Settings, Stage, transcribe
from genesis_music.pipeline import compose

pytest.importorskip("demucs", reason="needs the extra separate")

from tests.separation.test_demucs import FOUR, SIX, save_model

EXAMPLE = Path(__file__).parents[2] / "examples/morning-porch.ogg"


@pytest.mark.parametrize(
    ("sources", "names"), [(FOUR, {"Guitar", "Bass"}), (SIX, {"Guitar", "Bass", "Other"})]
)
def test_a_band_becomes_a_track_per_instrument(
    sources: list[str], names: set[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compose, "user_cache_folder", lambda: tmp_path / "cache")
    model = save_model(tmp_path, sources)
    band = transcribe(EXAMPLE, Settings(separate=str(model), end_seconds=5))
    assert {track.name for track in band.tracks} <= names
    assert band.tracks
    assert Stage.SEPARATING in band.stage_seconds
    assert all(track.tuning.strings == 4 for track in band.tracks if track.instrument == "bass")

"""Separation where the extra is not installed."""

from pathlib import Path

import pytest

from genesis_music.errors import MissingExtraError
from genesis_music.separation.demucs import DemucsSeparator


def test_without_the_extra_the_command_to_install_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("genesis_music.separation.demucs.find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match=r'pip install "genesis-music\[separate\]"'):
        DemucsSeparator("htdemucs").separate(tmp_path / "a.wav", sample_rate_hz=22050)

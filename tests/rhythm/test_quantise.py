"""Quantisation: what was played becomes what a musician would write."""

from __future__ import annotations

import pytest

from genesis_music.errors import SettingsError
from genesis_music.rhythm.quantise import QuantiseSettings


@pytest.mark.parametrize("options", [{"grid": "1/7"}, {"swing": "maybe"}])
def test_unknown_options_are_refused(options):
    with pytest.raises(SettingsError):
        QuantiseSettings(**options)

"""Audio as every stage sees it: arrays, spools and ranges."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis_music.audio.recording import ArrayAudio, Audio, blocks, duration_seconds
from genesis_music.audio.spool import Spool
from tests.sounds import white_noise

NOISE = white_noise(0.1, amplitude=0.2)
FRAMES = len(NOISE)


def spooled(memory_bytes: int, folder: Path | None = None) -> Spool:
    spool = Spool(22050, memory_bytes=memory_bytes, folder=folder)
    for start in range(0, FRAMES, 500):
        spool.append(NOISE[start : start + 500])
    return spool


@given(
    st.integers(0, FRAMES + 100), st.integers(0, FRAMES + 100), st.sampled_from(["array", "memory", "file"])
)
def test_any_range_gives_the_samples_that_lie_in_it(start: int, count: int, kind: str) -> None:
    audio: Audio = (
        ArrayAudio(NOISE, 22050) if kind == "array" else spooled(10**6 if kind == "memory" else 1000)
    )
    samples = audio.read(start, count)
    assert samples.dtype == np.float32
    np.testing.assert_array_equal(samples, NOISE[start : start + count])


@pytest.mark.parametrize("bounds", [(-1, 10), (0, -1)])
def test_a_negative_range_is_refused(bounds: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="0 or more"):
        ArrayAudio(NOISE, 22050).read(*bounds)


@pytest.mark.parametrize(
    "samples", [NOISE.astype(np.float64), NOISE[np.newaxis], (NOISE * 100).astype(np.int16)]
)
def test_only_mono_float32_is_audio(samples: np.ndarray) -> None:
    with pytest.raises(ValueError, match="float32"):
        ArrayAudio(samples, 22050)


def test_a_rate_must_be_positive() -> None:
    with pytest.raises(ValueError, match="positive"):
        ArrayAudio(NOISE, 0)


def test_blocks_follow_each_other_without_gap() -> None:
    audio = ArrayAudio(NOISE, 22050)
    np.testing.assert_array_equal(np.concatenate(list(blocks(audio, 700))), NOISE)
    assert duration_seconds(audio) == pytest.approx(0.1, abs=1e-4)


def test_what_was_read_can_be_changed_without_changing_the_recording() -> None:
    spool = spooled(10**6)
    spool.read(0, 10)[:] = 9
    np.testing.assert_array_equal(spool.read(0, 10), NOISE[:10])


def test_the_temporary_file_is_gone_after_closing(tmp_path: Path) -> None:
    spool = spooled(1000, tmp_path)
    np.testing.assert_array_equal(spool.read(0, FRAMES), NOISE)
    spool.close()
    assert list(tmp_path.iterdir()) == []

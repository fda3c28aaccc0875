"""Cutting long audio into chunks."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis_music.audio.chunks import chunk_ranges, chunks
from genesis_music.audio.recording import ArrayAudio
from tests.sounds import white_noise

SIZES = st.tuples(st.integers(0, 5000), st.integers(1, 2000), st.integers(0, 3000))


@given(SIZES)
def test_cores_tile_the_audio_exactly(sizes: tuple[int, int, int]) -> None:
    frames, chunk, overlap = sizes
    position = 0
    for cut in chunk_ranges(frames, chunk, overlap):
        assert cut.core_start == position
        assert cut.core_start < cut.core_end <= min(cut.core_start + chunk, frames)
        position = cut.core_end
    assert position == frames


@given(SIZES)
def test_every_core_is_read_with_its_overlap_as_far_as_there_is_audio(sizes: tuple[int, int, int]) -> None:
    frames, chunk, overlap = sizes
    for cut in chunk_ranges(frames, chunk, overlap):
        assert cut.read_start == max(cut.core_start - overlap, 0)
        assert cut.read_end == min(cut.core_end + overlap, frames)


def test_a_local_computation_in_chunks_equals_the_whole() -> None:
    noise = white_noise(5)
    kernel = np.hanning(2001)
    whole = np.convolve(noise, kernel, mode="same")
    parts = []
    for chunk in chunks(ArrayAudio(noise, 22050), chunk_seconds=1, overlap_seconds=1000 / 22050):
        smooth = np.convolve(chunk.samples, kernel, mode="same")
        cut = chunk.range
        parts.append(smooth[cut.core_start - cut.read_start : cut.core_end - cut.read_start])
    np.testing.assert_allclose(np.concatenate(parts), whole, atol=1e-9)


@pytest.mark.parametrize("sizes", [(10, 0, 0), (10, 5, -1), (-1, 5, 0)])
def test_sizes_that_make_no_sense_are_refused(sizes: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="cannot cut"):
        list(chunk_ranges(*sizes))

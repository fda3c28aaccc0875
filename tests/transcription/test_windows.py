import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis_music.transcription.windows import Windows


@settings(max_examples=30, deadline=None)
@given(frames=st.integers(2, 300), margin=st.integers(0, 3), data=st.data())
def test_means_are_those_of_the_frames_between_the_edges(frames, margin, data):
    values = np.random.default_rng(frames).random((frames, 4), dtype=np.float32)
    first = data.draw(st.integers(0, frames - 1))
    end = data.draw(st.integers(first + 1, frames))
    column = data.draw(st.integers(-margin, 3 + margin))
    expected = values[first:end, column].mean() if 0 <= column < 4 else 0
    windows = Windows(values, margin)
    zero, place = np.array([0]), np.array([column])
    assert windows.mean(zero, place, first, end) == pytest.approx(expected, abs=1e-4)
    assert windows.means(zero, place, (first, end))[0] == pytest.approx(expected, abs=1e-4)

"""Separation with Demucs, on tiny real models made here."""

import hashlib
import io
from pathlib import Path

import numpy as np
import pytest
from tests.sounds import melody, white_noise, write_sound

from genesis_music.separation.demucs import DemucsSeparator

pytest.importorskip("demucs", reason="needs the extra separate")

FOUR = ["drums", "bass", "other", "vocals"]
SIX = [*FOUR, "guitar", "piano"]


def save_model(folder: Path, sources: list[str]) -> Path:
    """A tiny hybrid transformer Demucs with random weights, saved as published models are."""
    import torch
    from demucs.htdemucs import HTDemucs

    torch.manual_seed(0)
    size = {"channels": 8, "depth": 4, "bottom_channels": 16, "t_layers": 1, "t_heads": 2, "segment": 2}
    model = HTDemucs(sources, **size)
    package = {
        "klass": HTDemucs,
        "args": (sources,),
        "kwargs": size,
        "state": model.state_dict(),
        "training_args": {},
    }
    buffer = io.BytesIO()
    torch.save(package, buffer)
    path = folder / f"tiny{len(sources)}-{hashlib.sha256(buffer.getvalue()).hexdigest()[:8]}.th"
    path.write_bytes(buffer.getvalue())
    return path


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    sound = melody([(0.2, 2, 52), (1.5, 2, 59), (3, 2, 64)], 5.3, sample_rate_hz=44100)
    stereo = np.stack([sound, sound * 0.5 + white_noise(5.3, sample_rate_hz=44100)])
    return write_sound(tmp_path_factory.mktemp("song") / "song.wav", stereo, title="Song")


@pytest.mark.parametrize("sources", [FOUR, SIX])
def test_every_source_becomes_a_stem_of_the_recordings_length(
    tmp_path: Path, recording: Path, sources: list[str]
) -> None:
    separator = DemucsSeparator(save_model(tmp_path, sources))
    fractions: list[float] = []
    with separator.separate(recording, sample_rate_hz=22050, on_fraction=fractions.append) as stems:
        assert sorted(stems) == sorted(sources)
        for stem in stems.values():
            assert stem.sample_rate_hz == 22050
            assert stem.frames == pytest.approx(5.3 * 22050, abs=1)
            assert stem.facts.title == "Song"
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0


def test_streaming_gives_what_demucs_gives_in_one_piece(tmp_path: Path, recording: Path) -> None:
    import torch
    from demucs.apply import apply_model

    from genesis_music.audio.decode import open_sound
    from genesis_music.audio.load import decoded
    from genesis_music.separation.demucs import load_model

    path = save_model(tmp_path, FOUR)
    with open_sound(recording) as sound:
        blocks = list(decoded(sound, sample_rate_hz=44100, channels=2))
    mix = torch.from_numpy(np.concatenate(blocks, axis=1))
    mono = mix.mean(0)
    mean, deviation = mono.mean(), mono.std(correction=0) + 1e-8
    expected = apply_model(load_model(path), ((mix - mean) / deviation)[None], shifts=0, split=True)[0]
    expected = (expected * deviation + mean).mean(1).numpy()
    with DemucsSeparator(path).separate(recording, sample_rate_hz=44100) as stems:
        whole_segments = 3 * 44100  # Demucs pads the segments at the very end differently
        for name, reference in zip(FOUR, expected, strict=True):
            ours = stems[name].read(0, whole_segments)
            np.testing.assert_allclose(ours, reference[:whole_segments], atol=1e-4)

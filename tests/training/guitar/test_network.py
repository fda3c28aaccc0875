import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs PyTorch")
onnx = pytest.importorskip("onnx", reason="exporting needs onnx")

from genesis_music.transcription import guitar_engine  # noqa: E402
from training.guitar.example import SAMPLE_RATE_HZ  # noqa: E402
from training.guitar.export import LARGEST_DIFFERENCE, export  # noqa: E402
from training.guitar.network import (  # noqa: E402
    BINS,
    BINS_PER_SEMITONE,
    HOP_SAMPLES,
    LOWEST_BIN_MIDI,
    Design,
    FrontEnd,
    GuitarNetwork,
    parameters,
)

SMALL = Design(width=8, hidden=8, dilations=((1, 1), (4, 12)))


def sine(pitch_midi, seconds=2.0, level=0.5):
    time = torch.arange(int(seconds * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    return level * torch.sin(2 * np.pi * 440 * 2 ** ((pitch_midi - 69) / 12) * time)[None]


@pytest.fixture(scope="module")
def front_end():
    return FrontEnd()


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(1)
    return GuitarNetwork(SMALL).eval()


@pytest.mark.parametrize("pitch", [33, 47.333, 60, 79, 85.667, 95, 110])
def test_a_sine_is_strongest_in_the_bin_of_its_pitch(front_end, pitch):
    spectrum = front_end(sine(pitch))[0, :, 50]
    assert LOWEST_BIN_MIDI + spectrum[0].argmax().item() / BINS_PER_SEMITONE == pytest.approx(pitch, abs=0.01)
    if pitch > 50:  # shorter windows do not tell the lowest bins apart
        heard = LOWEST_BIN_MIDI + spectrum[1].argmax().item() / BINS_PER_SEMITONE
        assert heard == pytest.approx(pitch, abs=0.34)


def test_a_constant_voltage_changes_nothing(front_end):
    music = sine(50)
    middle = slice(40, 60)
    assert torch.allclose(front_end(music)[:, :, middle], front_end(music + 0.3)[:, :, middle], atol=0.02)


def test_loudness_changes_nothing(front_end):
    assert torch.allclose(front_end(sine(60)), front_end(sine(60, level=0.01)), atol=0.01)


@pytest.mark.parametrize("samples", [1, HOP_SAMPLES, HOP_SAMPLES + 1, 22050])
def test_there_is_a_frame_for_every_hop_begun(network, samples):
    heard = network(torch.zeros(1, samples))
    assert heard.onset.shape[1] == -(-samples // HOP_SAMPLES)


def test_what_is_far_away_changes_nothing(network):
    """The engine's windows overlap by as much as the largest network may see."""
    torch.manual_seed(0)
    edge = guitar_engine.EDGE_FRAMES
    widest = GuitarNetwork(Design(8, 8)).eval()
    audio = 0.1 * torch.randn(1, 3 * edge * HOP_SAMPLES)
    cut = audio.clone()
    cut[:, : edge * HOP_SAMPLES] = 0
    with torch.no_grad():
        whole, part = widest(audio).onset, widest(cut).onset
    assert torch.allclose(whole[:, 2 * edge :], part[:, 2 * edge :], atol=1e-5)
    assert not torch.allclose(whole[:, edge : edge + 20], part[:, edge : edge + 20], atol=1e-5)


def test_the_exported_graph_says_what_the_network_says(network, tmp_path):
    assert export(network, tmp_path / "small.onnx") <= LARGEST_DIFFERENCE


def test_the_network_is_small():
    assert parameters(GuitarNetwork()) <= 300_000
    assert BINS < 400

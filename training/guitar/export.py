r"""Write a trained network as ONNX: what the package ships.

    python -m training.guitar.export --checkpoint build/guitar/checkpoint.pt \\
        --out src/genesis_music/transcription/models/guitar.onnx

The front end's windowed sinusoids are kept in half precision, to which the network rounds them anyway: the file is
half as large and says exactly the same.
"""

from __future__ import annotations

import argparse
import tempfile
import warnings
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import helper, numpy_helper
from torch import Tensor, nn

from genesis_music.transcription.guitar_engine import INPUT, OUTPUTS
from training.guitar.network import HOP_SAMPLES, GuitarNetwork
from training.guitar.train import load_trained

LARGEST_BYTES = 3_000_000
LARGEST_DIFFERENCE = 1e-4
CONSTANT_SIZE = 10_000
OPSET = 17


class Probabilities(nn.Module):
    """The network as it is exported: probabilities in the order of :data:`OUTPUTS`."""

    def __init__(self, network: GuitarNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, audio: Tensor) -> tuple[Tensor, ...]:
        """From audio ``[batch, samples]`` to the outputs."""
        heard = self.network(audio)
        likely = (torch.sigmoid(x) for x in (heard.onset, heard.sounding, heard.offset, heard.contour))
        onset, sounding, offset, contour = likely
        return onset, sounding, contour, heard.string, offset, heard.velocity


def export(network: GuitarNetwork, path: Path) -> float:
    """Write the network; the largest difference between what both say about the same noise.

    Raises:
        ValueError: the file is too large, or it says something else than the network.
    """
    module = Probabilities(network.to(memory_format=torch.contiguous_format)).eval()
    audio = 0.1 * torch.randn(1, 300 * HOP_SAMPLES, generator=torch.Generator().manual_seed(0))
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's own deprecation
        whole = Path(folder) / "whole.onnx"
        torch.onnx.export(
            module,
            (audio,),
            whole,
            dynamo=False,
            opset_version=OPSET,
            input_names=[INPUT],
            output_names=list(OUTPUTS),
            dynamic_axes={INPUT: {0: "batch", 1: "samples"}},
        )
        model = onnx.load(whole)
    _halve_constants(model)
    onnx.save(model, path)
    return _verify(module, path, audio)


def _halve_constants(model: onnx.ModelProto) -> None:
    """Keep large constants that half precision holds exactly in half precision, cast when the file is loaded."""
    nodes = []
    for node in model.graph.node:
        values = numpy_helper.to_array(node.attribute[0].t) if node.op_type == "Constant" else np.empty(0)
        half = values.clip(-1, 1).astype(np.float16)
        if values.size >= CONSTANT_SIZE and np.array_equal(values, half):
            name = f"{node.output[0]}.half"
            model.graph.initializer.append(numpy_helper.from_array(half, name))
            nodes.append(helper.make_node("Cast", [name], node.output, to=onnx.TensorProto.FLOAT))
        else:
            nodes.append(node)
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    onnx.checker.check_model(model)


def _verify(module: nn.Module, path: Path, audio: Tensor) -> float:
    size = path.stat().st_size
    if size > LARGEST_BYTES:
        raise ValueError(f"{path.name} has {size} bytes, more than {LARGEST_BYTES}.")
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    with torch.no_grad():
        wanted = module(audio)
    found = session.run(list(OUTPUTS), {INPUT: audio.numpy()})
    difference = max(float(np.abs(w.numpy() - f).max()) for w, f in zip(wanted, found, strict=True))
    if difference > LARGEST_DIFFERENCE:
        raise ValueError(f"{path.name} differs from the network by {difference:.2g}.")
    return difference


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    difference = export(load_trained(options.checkpoint), options.out)
    print(f"{options.out}: {options.out.stat().st_size} bytes, differs by at most {difference:.1e}")


if __name__ == "__main__":
    main()

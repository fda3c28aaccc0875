"""Print the notes that Basic Pitch's own program finds, as JSON; run by a Python that has ``basic-pitch``.

PEER_PYTHON benchmarks/accuracy/peer_basic_pitch.py AUDIO...
"""

import contextlib
import json
import sys

with contextlib.redirect_stdout(sys.stderr):
    from basic_pitch import ICASSP_2022_MODEL_PATH
    from basic_pitch.inference import Model, predict

    model = Model(ICASSP_2022_MODEL_PATH)
    notes = {
        path: [[float(start), float(end), int(pitch)] for start, end, pitch, *_ in predict(path, model)[2]]
        for path in sys.argv[1:]
    }
json.dump(notes, sys.stdout)

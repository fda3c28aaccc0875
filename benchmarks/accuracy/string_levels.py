"""How loud each string is in the evaluation's recordings, and how many of its notes are found.

    python -m benchmarks.accuracy.string_levels

Written after ``00_BN1-147-Gb_comp`` stayed at a recall of 0.62 with every engine. Its MP3 looks like a fold-down of the
six pickups as if they were 5.1 surround sound: E and B on the left, A and high e on the right, D on both, and the
fourth channel, the G string, dropped like any low-frequency effects. What is not in a recording cannot be found in it.
A note's level is that of its fundamental in the first tenth of a second (the loudest within half a semitone), beside
the root mean square of the mono mix; left and right as well. Needs the evaluation material beside the checkout.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.accuracy.notes import ROOT, guitar_recordings, transcribe
from genesis_music.audio.decode import open_sound
from genesis_music.audio.stream import decoded
from genesis_music.evaluation.guitarset import LabelledNote
from genesis_music.evaluation.notes import match_notes, note_accuracy
from genesis_music.transcription.engines import ENGINES

RESULTS = ROOT / "benchmarks" / "results" / "accuracy-string-levels.json"
RATE_HZ = 22050
AFTER_ONSET_SECONDS, LOOKED_AT_SECONDS = 0.03, 0.1
WITHIN_SEMITONES = np.linspace(-0.5, 0.5, 11)
ABSENT_DB = -30.0
"""A string whose fundamentals are fainter than this in the median is not in the recording."""


def stereo(path: Path) -> NDArray[np.float32]:
    """Left and right ``[2, samples]``; of a mono file the same twice."""
    with open_sound(path) as sound:
        return np.concatenate(list(decoded(sound, sample_rate_hz=RATE_HZ, channels=2)), axis=1)


def levels_db(sound: NDArray[np.float32], labelled: Sequence[LabelledNote]) -> NDArray[np.float64]:
    """Level of each note's fundamental in dB, full scale 0, in each channel ``[notes, channels]``."""
    count = round(LOOKED_AT_SECONDS * RATE_HZ)
    window = np.hanning(count) * 2 / np.hanning(count).sum()
    seconds = np.arange(count) / RATE_HZ
    padded = np.pad(sound, ((0, 0), (0, 2 * count)))

    def level_db(one: LabelledNote) -> NDArray[np.float64]:
        start = round((one.note.onset_seconds + AFTER_ONSET_SECONDS) * RATE_HZ)
        hertz = 440 * 2 ** ((one.note.pitch_midi + WITHIN_SEMITONES - 69) / 12)
        turns = np.exp(-2j * np.pi * np.outer(hertz, seconds))
        amplitude = np.abs(turns @ (window * padded[:, start : start + count]).T).max(axis=0)
        return 20 * np.log10(amplitude + 1e-6)

    return np.array([level_db(one) for one in labelled])


def row(path: Path, labelled: Sequence[LabelledNote], engine: str) -> dict[str, Any]:
    """Every string of a recording, and the onset F1 (0..1) among the notes of strings that are in it."""
    reference, found = [one.note for one in labelled], transcribe(path, engine)
    string = np.array([one.string for one in labelled])
    channels = stereo(path)
    mix = channels.mean(axis=0, keepdims=True)
    level = levels_db(np.concatenate([mix, channels]), labelled) - 10 * np.log10(np.mean(mix**2))
    right = np.isin(np.arange(len(labelled)), [one for one, _ in match_notes(reference, found)])
    strings = [
        {
            "string": int(number),
            "notes": int((string == number).sum()),
            "median_level_db": np.median(level[string == number], axis=0).round(1).tolist(),
            "recall": round(float(right[string == number].mean()), 3),
        }
        for number in np.unique(string)
    ]
    absent = [item["string"] for item in strings if item["median_level_db"][0] < ABSENT_DB]
    present = [note for note, at in zip(reference, string, strict=True) if at not in absent]
    return {
        "recording": path.name,
        "strings": strings,
        "absent_strings": absent,
        "onset_f1": round(note_accuracy(reference, found).onset_f1, 3),
        "onset_f1_of_what_is_there": round(note_accuracy(present, found).onset_f1, 3),
    }


def engine_rows(engine: str) -> dict[str, Any]:
    """All recordings as one engine hears them, and the means over the six."""
    rows = [row(recording.path, recording.labelled, engine) for recording in guitar_recordings()]
    means = {
        name: round(float(np.mean([item[name] for item in rows])), 3)
        for name in ("onset_f1", "onset_f1_of_what_is_there")
    }
    for item in rows:
        print(json.dumps(item))
    print(engine, means)
    return {**means, "recordings": rows}


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    document = {
        "command": "python -m benchmarks.accuracy.string_levels",
        "median_level_db": ["mono mix", "left", "right"],
        "engines": {name: engine_rows(name) for name in sorted(ENGINES)},
    }
    RESULTS.write_text(json.dumps(document, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()

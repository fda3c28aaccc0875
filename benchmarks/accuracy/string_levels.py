"""How loud each string is in the evaluation's recordings, and how many of its notes are found.

    python -m benchmarks.accuracy.string_levels [--engine NAME]

Written after ``00_BN1-147-Gb_comp`` stayed at a recall of 0.62 with every engine. Its MP3 is a fold-down of the six
pickups as if they were 5.1 surround sound: E and B on the left, A and high e on the right, D in the middle, and the
fourth channel, the G string, dropped like any low-frequency effects. What is not in a recording cannot be found in it.
A note's level is that of its fundamental in the first tenth of a second (the loudest within half a
semitone), beside the mean power of the recording. Needs the evaluation material beside the checkout.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.accuracy.notes import ROOT, GuitarRecording, guitar_recordings, transcribe
from genesis_music.audio.load import load_audio
from genesis_music.evaluation.guitarset import LabelledNote
from genesis_music.evaluation.notes import match_notes, note_accuracy
from genesis_music.transcription.engines import ENGINES

RESULTS = ROOT / "benchmarks" / "results" / "accuracy-string-levels.json"
RATE_HZ = 22050
AFTER_ONSET_SECONDS, LOOKED_AT_SECONDS = 0.03, 0.1
WITHIN_SEMITONES = np.linspace(-0.5, 0.5, 11)
ABSENT_DB = -30.0
"""A string whose fundamentals are fainter than this in the median is not in the recording."""


def levels_db(path: Path, labelled: Sequence[LabelledNote]) -> NDArray[np.float64]:
    """Level of each note's fundamental in dB beside the recording's root mean square ``[notes]``."""
    with load_audio(path, sample_rate_hz=RATE_HZ) as audio:
        sound = audio.read(0, audio.frames)
    count = round(LOOKED_AT_SECONDS * RATE_HZ)
    window = np.hanning(count) * 2 / np.hanning(count).sum()
    seconds = np.arange(count) / RATE_HZ
    padded = np.pad(sound, (0, 2 * count))
    power = float(np.mean(sound**2))

    def level_db(one: LabelledNote) -> float:
        start = round((one.note.onset_seconds + AFTER_ONSET_SECONDS) * RATE_HZ)
        hertz = 440 * 2 ** ((one.note.pitch_midi + WITHIN_SEMITONES - 69) / 12)
        turns = np.exp(-2j * np.pi * np.outer(hertz, seconds))
        amplitude = np.abs(turns @ (window * padded[start : start + count])).max()
        return float(10 * np.log10(amplitude**2 / power + 1e-12))

    return np.array([level_db(one) for one in labelled])


def row(recording: GuitarRecording, engine: str) -> dict[str, object]:
    """Every string of a recording, and the onset F1 (0..1) among the notes of strings that are in it."""
    labelled = recording.labelled
    reference, found = [one.note for one in labelled], transcribe(recording.path, engine)
    string = np.array([one.string for one in labelled])
    level = levels_db(recording.path, labelled)
    right = np.isin(np.arange(len(labelled)), [one for one, _ in match_notes(reference, found)])
    strings = [
        {
            "string": int(number),
            "notes": int((string == number).sum()),
            "median_level_db": round(float(np.median(level[string == number])), 1),
            "recall": round(float(right[string == number].mean()), 3),
        }
        for number in np.unique(string)
    ]
    absent = [item["string"] for item in strings if item["median_level_db"] < ABSENT_DB]
    present = [note for note, at in zip(reference, string, strict=True) if at not in absent]
    return {
        "recording": recording.path.name,
        "strings": strings,
        "absent_strings": absent,
        "onset_f1": round(note_accuracy(reference, found).onset_f1, 3),
        "onset_f1_of_what_is_there": round(note_accuracy(present, found).onset_f1, 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", default="genesis", choices=sorted(ENGINES))
    engine = parser.parse_args().engine
    rows = [row(recording, engine) for recording in guitar_recordings()]
    for item in rows:
        print(json.dumps(item))
    means = {
        name: round(float(np.mean([item[name] for item in rows])), 3)
        for name in ("onset_f1", "onset_f1_of_what_is_there")
    }
    print(means)
    document = {"command": "python -m benchmarks.accuracy.string_levels", "engine": engine, **means}
    RESULTS.write_text(json.dumps(document | {"recordings": rows}, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()

"""What noise costs in notes, and how many of them denoising brings back.

    python -m benchmarks.accuracy.denoise

White and pink noise is added to the GuitarSet recordings of the evaluation material, so many dB below their
mean power. Hypothesis: with the threshold taken from the own floor, denoising finds more notes in noise
and loses none without.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

from benchmarks.accuracy.notes import EVALUATION, recordings
from genesis_music.audio.denoise import denoise, needs_denoising
from genesis_music.audio.load import load_audio
from genesis_music.audio.noise import NoiseMeter
from genesis_music.audio.recording import ArrayAudio, Audio, Samples
from genesis_music.evaluation.notes import note_accuracy
from genesis_music.transcription.decoder import decode_notes
from genesis_music.transcription.engines import get_engine

RESULTS = Path(__file__).parents[1] / "results" / "accuracy-denoise.json"
RATIOS_DB = (20, 10)


def noise_like(samples: Samples, ratio_db: float, colour: str) -> Samples:
    white = np.random.default_rng(0).standard_normal(len(samples))
    spectrum = np.fft.rfft(white)
    if colour == "pink":
        spectrum /= np.sqrt(np.arange(1, len(spectrum) + 1))
    noise = np.fft.irfft(spectrum, len(samples))
    power = (samples**2).mean() / 10 ** (ratio_db / 10)
    return (noise * np.sqrt(power / (noise**2).mean())).astype(np.float32)


def measure(colour: str, ratio_db: float | None) -> dict[str, object]:
    engine = get_engine()
    raw, denoised, needed = [], [], []
    for item in recordings():
        if item.corpus != "guitarset":
            continue
        with load_audio(item.path, sample_rate_hz=engine.sample_rate_hz) as recording:
            samples = recording.read(0, recording.frames)
        if ratio_db is not None:
            samples = samples + noise_like(samples, ratio_db, colour)
        meter = NoiseMeter(engine.sample_rate_hz)
        meter.add(samples)
        profile = meter.profile()
        audio = ArrayAudio(samples, engine.sample_rate_hz)
        views: list[tuple[Audio, list[float]]] = [(audio, raw), (denoise(audio, profile), denoised)]
        for view, scores in views:
            notes = decode_notes(engine.activations(view), engine.format)
            scores.append(note_accuracy(item.notes, notes).onset_f1)
        needed.append(needs_denoising(profile))
    return {
        "noise": colour if ratio_db is not None else "none added",
        "ratio_db": ratio_db,
        "onset_f1": round(float(np.mean(raw)), 4),
        "onset_f1_denoised": round(float(np.mean(denoised)), 4),
        "denoised_by_default": f"{sum(needed)} of {len(needed)}",
    }


def main() -> None:
    if not EVALUATION.exists():
        sys.exit(f"The evaluation material is not at {EVALUATION}.")
    cases = [("white", None), *((colour, db) for colour in ("white", "pink") for db in RATIOS_DB)]
    rows = []
    for colour, ratio_db in cases:
        rows.append(measure(colour, ratio_db))
        print(*(f"{name}: {value}" for name, value in rows[-1].items()), sep="   ")
    result = {"command": "python -m benchmarks.accuracy.denoise", "rows": rows}
    RESULTS.write_text(json.dumps(result, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()

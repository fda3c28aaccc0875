"""Which engine hears more in a band that is not taken apart.

    python -m benchmarks.accuracy.mixes [--engine NAME ...]

There is no band recording with true notes in the evaluation material, so mixes are made, the same every time: the four
Slakh stems of one song (three guitars and a bass) with made-up drums in its tempo, and each GuitarSet recording with
the bass and the drums of that song. Notes are compared with those of the guitars, and with those of guitars and bass.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.accuracy.notes import EVALUATION, Recording, mean, recordings
from genesis_music.audio.load import load_audio
from genesis_music.audio.loudness import Level, LoudnessMeter, normalise
from genesis_music.audio.recording import ArrayAudio, Samples
from genesis_music.evaluation.notes import note_accuracy
from genesis_music.score import Note
from genesis_music.transcription.decoder import decode_notes
from genesis_music.transcription.engines import ENGINES, get_engine

RESULTS = Path(__file__).parents[1] / "results" / "accuracy-mixes.json"
BEAT_SECONDS = 0.749906
"""Of the Slakh song."""
BASS_DB, DRUMS_DB = 0.0, 0.0
"""Mean level of bass and drums against the guitars together."""


@dataclass(frozen=True, eq=False)
class Mix:
    """A made-up band: its sound, and the true notes of the guitars and of the bass."""

    name: str
    audio: Samples
    guitars: tuple[Note, ...]
    bass: tuple[Note, ...]


def drums(count: int, rate_hz: int) -> NDArray[np.float64]:
    """Kick on one and three, snare on two and four, hi-hat in eighths."""
    random = np.random.default_rng(0)
    time = np.arange(rate_hz // 2) / rate_hz
    noise = random.standard_normal(len(time))
    kick = np.sin(2 * np.pi * (45 * time + 3.0 * (1 - np.exp(-25 * time)))) * np.exp(-14 * time)
    snare = 0.5 * noise * np.exp(-22 * time) + 0.5 * np.sin(2 * np.pi * 185 * time) * np.exp(-30 * time)
    hat = 0.3 * np.diff(noise, prepend=0.0) * np.exp(-60 * time)
    track = np.zeros(count + len(time))
    for eighth in range(int(count / rate_hz / BEAT_SECONDS * 2)):
        start = round(eighth * BEAT_SECONDS / 2 * rate_hz)
        beat = [kick, None, snare, None][eighth % 4]
        for sound in (hat, beat):
            if sound is not None:
                track[start : start + len(time)] += sound
    return track[:count]


def mixes(rate_hz: int) -> Iterator[Mix]:
    """The Slakh song, then the GuitarSet recordings with its bass and drums."""
    items = list(recordings())
    stems = [item for item in items if item.corpus == "slakh"]
    (bass,) = (item for item in stems if "Bass" in item.path.stem)
    guitars = [item for item in stems if item is not bass]
    bass_sound = samples(bass, rate_hz)
    song = np.sum([samples(item, rate_hz) for item in guitars], axis=0)
    notes = tuple(sorted((n for item in guitars for n in item.notes), key=lambda n: n.onset_seconds))
    yield Mix("Slakh song", mixed(song, bass_sound, rate_hz), notes, bass.notes)
    for item in items:
        if item.corpus == "guitarset":
            guitar = samples(item, rate_hz)
            below = tuple(note for note in bass.notes if note.onset_seconds < len(guitar) / rate_hz)
            yield Mix(item.path.stem, mixed(guitar, bass_sound[: len(guitar)], rate_hz), item.notes, below)


def samples(item: Recording, rate_hz: int) -> Samples:
    with load_audio(item.path, sample_rate_hz=rate_hz) as audio:
        return audio.read(0, audio.frames)


def mixed(guitars: Samples, bass: Samples, rate_hz: int) -> Samples:
    """Sum, the others at their level against the guitars, peak 0.9."""

    def at(part: NDArray[np.float64], level_db: float) -> NDArray[np.float64]:
        return part * (np.std(guitars) / np.std(part) * 10 ** (level_db / 20))

    band = guitars + at(bass.astype(np.float64), BASS_DB) + at(drums(len(guitars), rate_hz), DRUMS_DB)
    return (0.9 * band / np.abs(band).max()).astype(np.float32)


def found_in(mix: Mix, engine_name: str, rate_hz: int) -> list[Note]:
    """As the command does: bring to the usual loudness, listen, decode."""
    engine = get_engine(engine_name)
    meter = LoudnessMeter(rate_hz)
    meter.add(mix.audio)
    audio = normalise(ArrayAudio(mix.audio, rate_hz), Level(meter.finish(), float(np.abs(mix.audio).max())))
    return decode_notes(engine.activations(audio), engine.format)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--engine", action="append", choices=sorted(ENGINES), help="all by default")
    arguments = parser.parse_args()
    if not EVALUATION.exists():
        sys.exit(f"The evaluation material is not at {EVALUATION}.")
    rows, means = [], {}
    for name in arguments.engine or sorted(ENGINES):
        rate_hz, chosen = get_engine(name).sample_rate_hz, []
        for mix in mixes(rate_hz):
            found = found_in(mix, name, rate_hz)
            guitars = note_accuracy(mix.guitars, found)
            everything = note_accuracy([*mix.guitars, *mix.bass], found)
            chosen.append((guitars.onset_f1, everything.onset_f1))
            print(
                f"{name:12} {mix.name[:40]:40} guitars {chosen[-1][0]:.3f}  all {chosen[-1][1]:.3f}",
                flush=True,
            )
            rows.append(
                {"engine": name, "mix": mix.name, "guitars": asdict(guitars), "all": asdict(everything)}
            )
        means[name] = {
            "guitars_onset_f1": round(mean([guitars for guitars, _ in chosen]), 4),
            "all_onset_f1": round(mean([everything for _, everything in chosen]), 4),
        }
        print(name, means[name])
    result = {"command": "python -m benchmarks.accuracy.mixes", "mean": means, "rows": rows}
    RESULTS.write_text(json.dumps(result, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()

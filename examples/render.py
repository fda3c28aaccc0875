"""Render the example recording: our own little piece, played by the samples of a real guitar.

    python -m examples.render --libraries DIR

"Morning Porch": 12 bars of finger-picking over C, G, Am, F at 96 bpm, with a hammer-on in each C bar and a
closing strum. Piece: Apache-2.0 like the project. Sound: the acoustic notes of Shinyguitar by Karoryfer (CC0);
``DIR`` as in ``training/guitar/README.md``. Timing and room come from a fixed seed.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import soundfile

from examples.piece import BARS, LEAD_IN_QUARTERS, OPEN_PITCHES, TEMPO_BPM, Pluck, piece
from genesis_music.score import Note
from training.rendering import SAMPLE_RATE_HZ, PlayedNote, load_samples, render, reverberate

HERE = Path(__file__).parent
LENGTH_SECONDS = 33
LEGATO_VELOCITY = 70
"""Softer notes are hammered on, not plucked."""
SEED = 7


def performance(plucks: list[Pluck]) -> list[PlayedNote]:
    """Humanised timing; a string sounds until its next note, or until the hand leaves the chord."""
    generator = random.Random(SEED)
    played = []
    for string in range(1, 7):
        own = [p for p in plucks if p.string == string]
        following = [p.quarters for p in own[1:]] + [4.0 * len(BARS) + 4]
        for pluck, after in zip(own, following, strict=True):
            last_bar = pluck.quarters >= 4 * (len(BARS) - 1)
            end = after if last_bar else min(after, (pluck.quarters // 4 + 1) * 4)
            onset = (pluck.quarters + LEAD_IN_QUARTERS) * 60 / TEMPO_BPM + generator.gauss(0, 0.006)
            pitch = OPEN_PITCHES[string - 1] + pluck.fret
            note = Note(onset, (end - pluck.quarters) * 60 / TEMPO_BPM - 0.02, pitch, pluck.velocity / 127)
            played.append(PlayedNote(note, string, float(pitch), legato=pluck.velocity < LEGATO_VELOCITY))
    return sorted(played, key=lambda p: p.note.onset_seconds)


def main() -> None:
    """Write ``morning-porch.ogg`` beside this script."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--libraries", type=Path, required=True)
    samples = load_samples(parser.parse_args().libraries, "shiny-acoustic")
    generator = np.random.default_rng(SEED)
    dry = render(performance(piece()), samples, LENGTH_SECONDS, generator)
    wet = reverberate(dry, generator)
    with tempfile.TemporaryDirectory() as temporary:
        wav = Path(temporary, "piece.wav")
        soundfile.write(wav, 0.7 * wet / np.abs(wet).max(), SAMPLE_RATE_HZ)
        effects = f"trim 0 {LENGTH_SECONDS} fade 0 {LENGTH_SECONDS} 2".split()
        subprocess.run(["sox", wav, "-C", "5", HERE / "morning-porch.ogg", *effects], check=True)


if __name__ == "__main__":
    main()

"""Render the example recording: our own little piece, played by the samples of a real guitar.

    python -m examples.render --libraries DIR

"Morning Porch": 12 bars of finger-picking over C, G, Am, F at 96 bpm, with a hammer-on in each C bar and a
closing strum. Piece: Apache-2.0 like the project. Sound: the acoustic notes of Shinyguitar by Karoryfer (CC0), each
brought to the string that it is played on (``training/guitar/sampled.py``); ``DIR`` as in
``training/guitar/README.md``. Timing and room come from a fixed seed: it sounds the same every time.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import soundfile
from numpy.random import Generator

from examples.piece import BARS, LEAD_IN_QUARTERS, OPEN_PITCHES, TEMPO_BPM, Pluck, piece
from training.guitar.bank import Bank, Waveform
from training.guitar.banks import load_banks
from training.guitar.example import SAMPLE_RATE_HZ
from training.guitar.rooms import apply, fft_size, room
from training.guitar.strokes import Manner, Phrase, Stroke, one_at_a_time
from training.guitar.voices import play

HERE = Path(__file__).parent
GUITAR = "shiny-acoustic"
LENGTH_SECONDS = 33
LEGATO_VELOCITY = 70
"""Softer notes are hammered on, not plucked."""
HUMAN_SECONDS = 0.006
IN_TUNE = (0.0,) * 6
SEED = 1


def performance(plucks: list[Pluck], random: Generator) -> Phrase:
    """Humanised timing; a string sounds until its next note, or until the hand leaves the chord."""
    strokes = [_stroke(pluck, random) for pluck in plucks]
    return Phrase(OPEN_PITCHES, tuple(one_at_a_time(strokes)))


def _stroke(pluck: Pluck, random: Generator) -> Stroke:
    in_last_bar = pluck.quarters >= 4 * (len(BARS) - 1)
    end = 4 * len(BARS) + 4 if in_last_bar else (pluck.quarters // 4 + 1) * 4
    onset, end = ((quarters + LEAD_IN_QUARTERS) * 60 / TEMPO_BPM for quarters in (pluck.quarters, end))
    manner = Manner.LEGATO if pluck.velocity < LEGATO_VELOCITY else Manner.PLUCKED
    late = random.normal(0, HUMAN_SECONDS)
    return Stroke(onset + late, end, pluck.string, pluck.fret, pluck.velocity / 127, manner)


def recording(bank: Bank) -> Waveform:
    """The piece in a room, peak 0.7; the same every time."""
    random = np.random.default_rng(SEED)
    dry = play(performance(piece(), random), bank, IN_TUNE, LENGTH_SECONDS, random).sound
    size = fft_size(len(dry))
    wet = apply(dry, room(size, random), size)
    return np.float32(0.7 / np.abs(wet).max()) * wet


def main() -> None:
    """Write ``morning-porch.ogg`` beside this script."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--libraries", type=Path, required=True)
    banks = load_banks(parser.parse_args().libraries)
    bank = next(bank for bank in banks if bank.name == GUITAR)
    with tempfile.TemporaryDirectory() as temporary:
        wav = Path(temporary, "piece.wav")
        soundfile.write(wav, recording(bank), SAMPLE_RATE_HZ)
        effects = f"trim 0 {LENGTH_SECONDS} fade 0 {LENGTH_SECONDS} 2".split()
        subprocess.run(["sox", "-D", wav, "-C", "5", HERE / "morning-porch.ogg", *effects], check=True)


if __name__ == "__main__":
    main()

"""Render the example recording: our own little piece, played by a public SoundFont.

    apt install fluidsynth fluid-soundfont-gm && python examples/render.py

"Morning Porch": 12 bars of finger-picking over C, G, Am, F at 96 bpm, with a hammer-on in each C bar and a
closing strum. Piece: Apache-2.0 like the project. Sound: FluidR3 GM (MIT), steel-string guitar. The timing is
humanised from a fixed seed, so the result is the same every time up to the synthesiser's version.
"""

from __future__ import annotations

import random
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import mido

HERE = Path(__file__).parent
SOUNDFONT = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")
TEMPO_BPM = 96
OPEN_PITCHES = (64, 59, 55, 50, 45, 40)
STEEL_GUITAR_PROGRAM = 25
TICKS = 480

# Frets per chord, string 1 (high e) first; None = not played.
SHAPES: dict[str, tuple[int | None, ...]] = {
    "C": (0, 1, 0, 2, 3, None),
    "G": (3, 0, 0, 0, 2, 3),
    "Am": (0, 1, 2, 2, 0, None),
    "F": (1, 1, 2, 3, 3, 1),
}
BASS_STRINGS = {"C": (5, 4), "G": (6, 4), "Am": (5, 4), "F": (6, 4)}
BARS = ("C", "G", "Am", "F", "C", "G", "F", "C", "Am", "F", "G", "C")
TREBLE_PATTERN = ((0.0, 1), (0.5, 3), (1.5, 2), (2.5, 1), (3.0, 3), (3.5, 2))


@dataclass(frozen=True)
class Pluck:
    """One pluck: place in quarter notes, string, fret, loudness 0..127."""

    quarters: float
    string: int
    fret: int
    velocity: int


def piece() -> list[Pluck]:
    """The whole piece as plucks in time order."""
    plucks = [p for index, name in enumerate(BARS[:-1]) for p in picked_bar(4 * index, name)]
    strum = [
        Pluck(4 * (len(BARS) - 1) + 0.02 * (6 - s), s, fret, 96)
        for s, fret in enumerate(SHAPES[BARS[-1]], 1)
        if fret is not None
    ]
    return sorted(plucks + strum, key=lambda p: p.quarters)


def picked_bar(start: float, name: str) -> list[Pluck]:
    """Alternating bass on the beats, treble strings between them."""
    shape = SHAPES[name]
    low, high = BASS_STRINGS[name]
    bass = [(float(beat), low if beat % 2 == 0 else high) for beat in range(4)]
    plucks = [
        Pluck(start + at, string, fret, 98 if (at, string) in bass else 84)
        for at, string in [*bass, *TREBLE_PATTERN]
        if (fret := shape[string - 1]) is not None
    ]
    if name == "C":  # hammer-on: open D string to fret 2 on the second half of beat two
        plucks = [p for p in plucks if not (p.string == 4 and p.quarters == start + 1)]
        plucks += [Pluck(start + 1, 4, 0, 92), Pluck(start + 1.25, 4, 2, 58)]
    return plucks


def to_midi(plucks: list[Pluck], path: Path) -> None:
    """One channel per string, so that a string's new note stops the old one."""
    generator = random.Random(7)
    events: list[tuple[int, int, mido.Message]] = []
    for string in range(1, 7):
        own = [p for p in plucks if p.string == string]
        ends = [p.quarters for p in own[1:]] + [4.0 * len(BARS) + 3]
        for pluck, end in zip(own, ends, strict=True):
            on = round((pluck.quarters + generator.gauss(0, 0.008) + 0.5) * TICKS)
            off = round((min(end, (pluck.quarters // 4 + 1) * 4 + (3 if end > 47 else 0)) + 0.49) * TICKS)
            pitch = OPEN_PITCHES[string - 1] + pluck.fret
            velocity = pluck.velocity + generator.randint(-6, 6)
            channel = string - 1
            events.append((on, 1, mido.Message("note_on", note=pitch, velocity=velocity, channel=channel)))
            events.append((off, 0, mido.Message("note_off", note=pitch, channel=channel)))
    file, track = mido.MidiFile(ticks_per_beat=TICKS), mido.MidiTrack()
    track.append(mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(TEMPO_BPM)))
    track.extend(mido.Message("program_change", program=STEEL_GUITAR_PROGRAM, channel=c) for c in range(6))
    now = 0
    for at, _, message in sorted(events, key=lambda e: (e[0], e[1])):
        track.append(message.copy(time=at - now))
        now = at
    file.tracks.append(track)
    file.save(path)


def main() -> None:
    """Write ``morning-porch.ogg`` beside this script."""
    with tempfile.TemporaryDirectory() as folder:
        midi, wav = Path(folder, "piece.mid"), Path(folder, "piece.wav")
        to_midi(piece(), midi)
        subprocess.run(
            ["fluidsynth", *"-ni -C no -g 0.7 -r 44100 -F".split(), wav, SOUNDFONT, midi], check=True
        )
        subprocess.run(
            [
                "sox",
                wav,
                "-c",
                "1",
                "-C",
                "5",
                HERE / "morning-porch.ogg",
                "trim",
                "0",
                "33",
                "fade",
                "0",
                "33",
                "2",
            ],
            check=True,
        )


if __name__ == "__main__":
    main()

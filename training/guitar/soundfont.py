"""Single notes of a General MIDI sound set."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

import mido
import numpy as np
import soundfile

from genesis_music.errors import InputError
from training.guitar.bank import Waveform
from training.guitar.example import SAMPLE_RATE_HZ

HELD = 0.8
_DRUM_CHANNEL = 9
_TICKS_PER_SECOND = 960


def render_notes(
    soundfont: Path,
    program: int,
    pitches: tuple[int, ...],
    velocity: int,
    seconds: float,
    drums: bool = False,
) -> list[Waveform]:
    """Each note alone, with FluidSynth, ``seconds`` long, held for most of them.

    Raises:
        InputError: there is no such SoundFont, or FluidSynth is not installed or cannot read it.
    """
    if not soundfont.is_file():
        raise InputError(f"{soundfont} does not exist: name a SoundFont (.sf2), or leave it out")
    channel = _DRUM_CHANNEL if drums else 0
    track = mido.MidiTrack([mido.Message("program_change", channel=channel, program=program)])
    held = round(HELD * seconds * _TICKS_PER_SECOND)
    rest = round((1 - HELD) * seconds * _TICKS_PER_SECOND)
    for index, pitch in enumerate(pitches):
        on = {"channel": channel, "note": pitch}
        track.append(mido.Message("note_on", velocity=velocity, time=rest if index else 0, **on))
        track.append(mido.Message("note_off", time=held, **on))
    file = mido.MidiFile(ticks_per_beat=_TICKS_PER_SECOND // 2)
    file.tracks.append(track)
    with tempfile.TemporaryDirectory() as folder:
        midi, wave = Path(folder, "notes.mid"), Path(folder, "notes.wav")
        file.save(midi)
        command = ["fluidsynth", "-ni", "-q", "-R", "0", "-C", "0", "-g", "0.6", "-r", str(SAMPLE_RATE_HZ)]
        try:
            subprocess.run([*command, "-F", wave, soundfont, midi], check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise InputError(
                f"FluidSynth could not play {soundfont.name}: install it, or leave it out"
            ) from error
        data, _ = soundfile.read(wave, dtype="float32", always_2d=True)
    count = round(seconds * SAMPLE_RATE_HZ)
    mono = np.pad(data.mean(axis=1), (0, count))
    return [mono[round(i * seconds * SAMPLE_RATE_HZ) :][:count] for i in range(len(pitches))]

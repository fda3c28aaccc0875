r"""Render guitar parts, let an engine listen, and keep its activations with the true notes.

    python -m training.decoder_data --annotations ../shared/eval/guitarset/annotation \\
        --libraries DIR --soundfont /usr/share/sounds/sf2/FluidR3_GM.sf2 --out DIR --passes 2

The parts are GuitarSet's annotations, never of held-out excerpts, or with ``--picking`` finger-picked parts
that ``training/picking.py`` makes up. ``DIR`` of the libraries is described in ``training/guitar/README.md``.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import mido
import numpy as np
import soundfile
from numpy.random import Generator

from genesis_music.audio.recording import ArrayAudio
from genesis_music.evaluation.guitarset import HELD_OUT, Excerpt, LabelledNote, read_excerpt
from genesis_music.score import BendPoint
from genesis_music.transcription.basic_pitch import BasicPitchEngine
from genesis_music.transcription.engine import Engine
from genesis_music.transcription.engines import get_engine
from training.picking import pick
from training.rendering import (
    INSTRUMENTS,
    SAMPLE_RATE_HZ,
    PlayedNote,
    Waveform,
    in_a_room,
    load_samples,
    render,
)

SOUNDFONT_PROGRAMS = {"gm-nylon": 24, "gm-steel": 25, "gm-jazz": 26, "gm-clean": 27}
BASS_PROGRAMS = {"bass-acoustic": 32, "bass-finger": 33, "bass-pick": 34, "bass-fretless": 35}
BASS_TRANSPOSITION = -14
BASS_STRINGS = (3, 4, 5, 6)
BEND_RANGE_SEMITONES = 2
MAXIMUM_SECONDS = 40.0
QUIETEST_NOISE_DB = 110


def play(excerpt: Excerpt, random: Generator) -> list[PlayedNote]:
    """Vary an excerpt as another player in another key and tempo would."""
    transpose = int(random.integers(-4, 6))
    stretch = random.uniform(0.8, 1.25)
    detune = random.normal(0, 0.06)
    level, spread = random.uniform(0.5, 0.9), random.uniform(0.05, 0.2)
    legato_rate, bend_rate = random.uniform(0, 0.5), random.uniform(0, 0.15)
    played: list[PlayedNote] = []
    last_on_string: dict[int, LabelledNote] = {}
    for labelled in excerpt.notes:
        previous = last_on_string.get(labelled.string)
        last_on_string[labelled.string] = labelled
        note = replace(
            labelled.note,
            onset_seconds=labelled.note.onset_seconds * stretch,
            duration_seconds=labelled.note.duration_seconds * stretch,
            pitch_midi=labelled.note.pitch_midi + transpose,
            velocity=float(np.clip(random.normal(level, spread), 0.1, 1.0)),
        )
        if note.duration_seconds > 0.25 and random.random() < bend_rate:
            note = replace(note, bend=_bend(note.duration_seconds, random))
        legato = previous is not None and _is_slurred(previous, labelled) and random.random() < legato_rate
        played.append(
            PlayedNote(note, labelled.string, note.pitch_midi + detune + random.normal(0, 0.04), legato)
        )
    return [note for note in played if note.note.onset_seconds < MAXIMUM_SECONDS]


def as_bass(played: Sequence[PlayedNote]) -> list[PlayedNote]:
    """Play the low strings of a guitar part on a bass."""
    return [
        replace(
            item,
            note=replace(item.note, pitch_midi=item.note.pitch_midi + BASS_TRANSPOSITION),
            pitch_exact=item.pitch_exact + BASS_TRANSPOSITION,
        )
        for item in played
        if item.string in BASS_STRINGS
    ]


def noise_and_hum(random: Generator) -> Waveform:
    """What a microphone hears while nobody plays: noise that falls with frequency, perhaps mains hum.

    At any level, because engines even out levels: quiet noise looks to them like loud noise.
    """
    seconds = 15
    spectrum = np.fft.rfft(random.standard_normal(seconds * SAMPLE_RATE_HZ))
    frequencies = np.maximum(np.fft.rfftfreq(seconds * SAMPLE_RATE_HZ, 1 / SAMPLE_RATE_HZ), 30)
    noise = np.fft.irfft(spectrum * frequencies ** random.uniform(-1, 0))
    noise /= np.std(noise)
    if random.random() < 0.3:
        time = np.arange(len(noise)) / SAMPLE_RATE_HZ
        mains_hz = random.choice([50, 60])
        noise += sum(random.uniform(0, 1) * np.sin(2 * np.pi * n * mains_hz * time) for n in (1, 2, 3, 5))
    level: float = 10 ** (-random.uniform(0, QUIETEST_NOISE_DB) / 20)
    return level * in_a_room(noise.astype(np.float32), random)


def _is_slurred(previous: LabelledNote, current: LabelledNote) -> bool:
    gap_seconds = current.note.onset_seconds - previous.note.end_seconds
    return gap_seconds < 0.03 and 0 < abs(current.note.pitch_midi - previous.note.pitch_midi) <= 4


def _bend(duration_seconds: float, random: Generator) -> tuple[BendPoint, ...]:
    """Vibrato, or a bend of a half or whole tone, perhaps released."""
    time = np.linspace(0, duration_seconds, max(4, int(duration_seconds / 0.01)))
    if random.random() < 0.5:
        depth, rate_hz = random.uniform(0.1, 0.4), random.uniform(4, 7)
        curve = depth * np.sin(2 * np.pi * rate_hz * time) * np.minimum(1, time / 0.3)
    else:
        start, rise = random.uniform(0, 0.3 * duration_seconds), random.uniform(0.06, 0.25)
        curve = random.choice([1.0, 2.0]) * np.clip((time - start) / rise, 0, 1)
    return tuple(BendPoint(float(t), float(c)) for t, c in zip(time, curve, strict=True))


def render_soundfont(played: Sequence[PlayedNote], soundfont: Path, program: int, seconds: float) -> Waveform:
    """Render with FluidSynth, one channel per string."""
    messages = [
        (0.0, mido.Message("program_change", channel=channel, program=program)) for channel in range(6)
    ]
    for item in played:
        note, channel = item.note, item.string - 1
        cents = [BendPoint(0.0, 0.0), *note.bend]
        for point in cents:
            semitones = item.pitch_exact - note.pitch_midi + point.semitones
            value = int(np.clip(semitones / BEND_RANGE_SEMITONES, -1, 1) * 8191)
            at = note.onset_seconds + point.offset_seconds
            messages.append((at, mido.Message("pitchwheel", channel=channel, pitch=value)))
        on = {"channel": channel, "note": note.pitch_midi}
        velocity = round(30 + 97 * note.velocity)
        messages.append((note.onset_seconds, mido.Message("note_on", velocity=velocity, **on)))
        messages.append((note.end_seconds - 0.002, mido.Message("note_off", **on)))
    with tempfile.TemporaryDirectory() as folder:
        midi, wave = Path(folder) / "part.mid", Path(folder) / "part.wav"
        _write_midi(messages, midi)
        command = ["fluidsynth", "-ni", "-q", "-R", "0", "-C", "0", "-g", "0.5", "-r", str(SAMPLE_RATE_HZ)]
        subprocess.run([*command, "-F", wave, soundfont, midi], check=True, capture_output=True)
        data, _ = soundfile.read(wave, dtype="float32", always_2d=True)
    length = round(seconds * SAMPLE_RATE_HZ)
    return np.pad(data.mean(axis=1)[:length], (0, max(0, length - len(data))))


def _write_midi(messages: list[tuple[float, mido.Message]], path: Path) -> None:
    ticks_per_second = 2000
    file, track = mido.MidiFile(ticks_per_beat=1000), mido.MidiTrack()
    now = 0
    for seconds, message in sorted(messages, key=lambda pair: pair[0]):
        tick = max(now, round(seconds * ticks_per_second))
        track.append(message.copy(time=tick - now))
        now = tick
    file.tracks.append(track)
    file.save(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--annotations", type=Path, help="GuitarSet's, played once in each of the passes")
    parser.add_argument("--picking", type=int, default=0, help="how many finger-picked parts to add")
    parser.add_argument("--libraries", type=Path, required=True)
    parser.add_argument("--soundfont", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--engine", default=BasicPitchEngine.name)
    parser.add_argument("--passes", type=int, default=2)
    parser.add_argument("--parts", type=int, help="how many parts of the passes to render; all by default")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--noise", type=int, default=0, help="how many parts of noise alone to add")
    parser.add_argument("--bass", action="store_true", help="render bass parts: the low strings, lower still")
    arguments = parser.parse_args()
    random = np.random.default_rng(arguments.seed)
    programs = BASS_PROGRAMS if arguments.bass else SOUNDFONT_PROGRAMS
    recorded = () if arguments.bass else INSTRUMENTS
    libraries = {name: load_samples(arguments.libraries, name) for name in recorded}
    instruments = [*libraries, *libraries, *programs]
    engine = get_engine(arguments.engine)
    arguments.out.mkdir(parents=True, exist_ok=True)
    for index in range(arguments.noise):
        audio = ArrayAudio(noise_and_hum(random), SAMPLE_RATE_HZ)
        _save(arguments.out / f"{index:04d}_noise.npz", audio, [], engine)
    paths = _annotations(arguments.annotations)
    parts = _parts(arguments.picking, arguments.bass, (paths * arguments.passes)[: arguments.parts], random)
    for index, (name, played) in enumerate(parts):
        seconds = max(note.note.end_seconds for note in played) + 0.5
        done_passes = index // len(paths) if paths else 0
        instrument = instruments[(index * 7 + done_passes) % len(instruments)]
        if instrument in libraries:
            dry = render(played, libraries[instrument], seconds, random)
        else:
            dry = render_soundfont(played, arguments.soundfont, programs[instrument], seconds)
        audio = ArrayAudio(in_a_room(dry, random), SAMPLE_RATE_HZ)
        _save(arguments.out / f"{index:04d}_{instrument}_{name}.npz", audio, played, engine)


def _annotations(folder: Path | None) -> list[Path]:
    """The annotations that may be learned from."""
    return [path for path in sorted(folder.glob("*.jams")) if path.stem not in HELD_OUT] if folder else []


def _parts(
    picking: int, bass: bool, paths: Sequence[Path], random: Generator
) -> Iterator[tuple[str, list[PlayedNote]]]:
    """Names and notes of the parts to render, each made when it is asked for."""
    for _ in range(picking):
        yield "picking", pick(random)
    for path in paths:
        played = play(read_excerpt(path), random)
        yield path.stem, as_bass(played) if bass else played


def _save(path: Path, audio: ArrayAudio, played: Sequence[PlayedNote], engine: Engine) -> None:
    blocks = list(engine.activations(audio))
    half = np.float16
    np.savez(
        path,
        onset=np.concatenate([block.onset for block in blocks]).astype(half),
        sounding=np.concatenate([block.sounding for block in blocks]).astype(half),
        contour=np.concatenate([block.contour for block in blocks]).astype(half),
        notes=np.array(
            [
                (
                    n.note.onset_seconds,
                    n.note.end_seconds,
                    n.note.pitch_midi,
                    n.note.velocity,
                    n.string,
                    n.legato,
                    max((abs(b.semitones) for b in n.note.bend), default=0.0),
                )
                for n in played
            ]
        ).reshape(len(played), 7),
    )


if __name__ == "__main__":
    main()

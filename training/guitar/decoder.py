r"""Train the note decoder of the guitar model on rendered examples that the model listens to.

    python -m training.guitar.decoder --libraries DIR --annotations ../shared/eval/guitarset/annotation \\
        --soundfont /usr/share/sounds/sf2/FluidR3_GM.sf2 --out src/genesis_music/transcription/models/guitar_decoder.npz

Takes minutes: examples are rendered, heard and learned from one by one. Where notes end is settled, and everything
measured, on examples that were not learned from (other seeds). Needs PyTorch; ``DIR`` is described in the README of
this folder.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from dataclasses import fields, replace
from itertools import chain
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from genesis_music.audio.recording import ArrayAudio
from genesis_music.evaluation.guitarset import STANDARD_OPEN_PITCHES
from genesis_music.transcription.engine import Activations, Engine
from genesis_music.transcription.engines import get_engine
from genesis_music.transcription.weights import save_weights
from training.decoder import Part, Restraint, best_end_probability, fit, leaning, measure
from training.decoder_data import noise_and_hum
from training.guitar.example import SAMPLE_RATE_HZ, Example
from training.guitar.examples import Material, example, open_material
from training.guitar.recording import record
from training.guitar.strays import random_hand, with_strays
from training.guitar.strokes import Manner, Phrase, Stroke, one_at_a_time
from training.guitar.voices import play
from training.picking import PART_SECONDS, pick

SECONDS, PICKED_SECONDS = 12.0, PART_SECONDS
SEED, VALIDATION_SEED = 1, 2
ENGINE = "genesis"
RESTRAINT = Restraint(input_noise=0.4, dropout=0.3, weight_decay=0.1)
"""The model's onsets are so good that less than this makes the judge worse on other examples than one threshold."""


def heard(samples: NDArray[np.float32], engine: Engine) -> Activations:
    """All activations of a sound in one piece."""
    blocks = list(engine.activations(ArrayAudio(samples, SAMPLE_RATE_HZ)))
    names = [field.name for field in fields(Activations) if field.name != "first_frame"]
    arrays = {name: [getattr(block, name) for block in blocks] for name in names}
    return Activations(0, **{n: np.concatenate(parts) for n, parts in arrays.items() if parts[0] is not None})


def part_of(rendered: Example, engine: Engine) -> Part:
    """What the engine hears in an example, and the notes that begin in it and have a pitch."""
    rows = [
        (note.onset_seconds, note.offset_seconds, note.pitch_midi, note.velocity, note.string)
        for note in rendered.notes
        if note.pitched and note.onset_seconds >= 0
    ]
    notes = np.array(rows, dtype=np.float64).reshape(len(rows), 5)
    return Part("rendered", heard(rendered.audio, engine), notes, engine.format)


def rendered_parts(seed: int, count: int, material: Material, engine: Engine) -> Iterator[Part]:
    """Parts of ``SECONDS`` that the seed determines."""
    for one in np.random.default_rng(seed).integers(2**62, size=count):
        yield part_of(example(int(one), material, SECONDS), engine)


def picked_parts(seed: int, count: int, material: Material, engine: Engine) -> Iterator[Part]:
    """Finger-picking whose strings ring on: a ringing string seems struck anew whenever another one is."""
    random = np.random.default_rng(seed)
    for _ in range(count):
        phrase = picked_phrase(random)
        bank = material.banks[random.integers(len(material.banks))]
        performed = with_strays(phrase, random_hand(random), random)
        played = play(performed, bank, tuple(random.normal(0, 0.05, 6)), PICKED_SECONDS, random)
        audio = record(played.sound, bank.family == "electric", None, material.noises, random)
        yield part_of(Example(audio, played.notes, phrase.open_pitches_midi, seed), engine)


def picked_phrase(random: np.random.Generator) -> Phrase:
    """A part made up by ``training/picking.py``, the capo as high as its notes allow."""
    picked = pick(random)
    capo = min(n.note.pitch_midi - STANDARD_OPEN_PITCHES[n.string - 1] for n in picked)
    open_pitches = tuple(pitch + capo for pitch in STANDARD_OPEN_PITCHES)
    strokes = [
        Stroke(
            n.note.onset_seconds,
            n.note.end_seconds,
            n.string,
            n.note.pitch_midi - open_pitches[n.string - 1],
            n.note.velocity,
            Manner.LEGATO if n.legato else Manner.PLUCKED,
        )
        for n in picked
    ]
    return Phrase(open_pitches, tuple(one_at_a_time(strokes)))


def noise_parts(seed: int, count: int, engine: Engine) -> Iterator[Part]:
    """Parts in which nobody plays."""
    random = np.random.default_rng(seed)
    for _ in range(count):
        yield Part("noise", heard(noise_and_hum(random), engine), np.zeros((0, 5)), engine.format)


def learned_from(count: int, material: Material, engine: Engine) -> Iterable[Part]:
    """Rendered parts, a third as many finger-picked ones, and a tenth as many of noise."""
    return chain(
        rendered_parts(SEED, count, material, engine),
        picked_parts(SEED, count // 3, material, engine),
        noise_parts(SEED, count // 10, engine),
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--libraries", type=Path, required=True)
    parser.add_argument("--annotations", type=Path, required=True)
    parser.add_argument("--soundfont", type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--engine", default=ENGINE)
    parser.add_argument("--examples", type=int, default=400)
    parser.add_argument("--validation", type=int, default=60)
    parser.add_argument("--steps", type=int, default=1500)
    arguments = parser.parse_args()
    torch.manual_seed(0)
    engine = get_engine(arguments.engine)
    material = open_material(arguments.libraries, arguments.annotations, arguments.soundfont)
    random = np.random.default_rng(SEED)
    weights = fit(learned_from(arguments.examples, material, engine), random, arguments.steps, RESTRAINT)
    others = list(rendered_parts(VALIDATION_SEED, arguments.validation, material, engine))
    probability = best_end_probability(others, weights)
    print(f"notes end best where they have ended with probability {probability}")
    weights = replace(weights, end=leaning(weights.end, probability))
    measure(others, weights)
    print("finger-picked:")
    measure(list(picked_parts(VALIDATION_SEED, arguments.validation // 4, material, engine)), weights)
    if arguments.out:
        save_weights(arguments.out, weights)


if __name__ == "__main__":
    main()

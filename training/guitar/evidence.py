r"""How much to believe what is heard about strings: the weights of the evidence in the fingering search.

    python -m training.guitar.evidence --libraries DIR --annotations ../shared/eval/guitarset/annotation --folds FOLDER

GuitarSet's annotations, never of held-out excerpts, are played on computed guitars that the model has not learned
from; their true notes are fingered with the strings it hears and with the stiffness of the strings as measured.
``FOLDER`` holds one fret model per player, ``<player>.npz``, made by ``training.fingering --leave-out``, so that no
player is known. Prints the share of notes on the true string for several weights: those of ``SearchWeights`` and of
``heard_strings`` are chosen by it.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

import numpy as np
from numpy.random import Generator

from genesis_music.audio.recording import ArrayAudio
from genesis_music.evaluation.guitarset import (
    HELD_OUT,
    STANDARD_OPEN_PITCHES,
    Excerpt,
    LabelledNote,
    read_excerpt,
)
from genesis_music.evaluation.tablature import StringAgreement, total
from genesis_music.score import Note
from genesis_music.tablature.fingering import FingeringSettings, assign_fingering
from genesis_music.tablature.fret_model import FretModel, read_fret_model
from genesis_music.tablature.fretboard import Neck
from genesis_music.tablature.hand_search import DEFAULT_WEIGHTS
from genesis_music.tablature.heard_strings import heard_places
from genesis_music.tablature.tunings import INSTRUMENTS, STANDARD
from genesis_music.transcription.engine import ActivationFormat, Activations
from genesis_music.transcription.engines import get_engine
from genesis_music.transcription.features import STRING_SECONDS
from genesis_music.transcription.stiffness import with_inharmonicity
from training.guitar.articulation import articulate
from training.guitar.bank import Bank, read_bank, write_bank
from training.guitar.banks import modal_notes
from training.guitar.decoder import ENGINE, heard
from training.guitar.example import SAMPLE_RATE_HZ
from training.guitar.examples import open_material
from training.guitar.noises import RecordedNoises
from training.guitar.recording import record
from training.guitar.strings import Family
from training.guitar.strokes import Phrase, Stroke, one_at_a_time
from training.guitar.voices import play

UNKNOWN_GUITARS: tuple[tuple[Family, int], ...] = (
    ("steel", 901),
    ("electric", 902),
    ("nylon", 903),
    ("steel", 904),
)
"""Kinds and seeds; those learned from have seeds below 100."""
EXCERPTS_PER_PLAYER = 8
SECONDS = 20.0
EVIDENCE_WEIGHTS = (0.0, 0.5, 1.0, 1.5, 2.0)
STIFFNESS_WEIGHTS = (0.0, 1.0, 1.5, 2.0, 3.0)


@dataclass(frozen=True, slots=True)
class Case:
    """An excerpt as the engine hears it: true notes with evidence, and their strings."""

    player: str
    notes: tuple[Note, ...]
    strings: tuple[int, ...]


def unknown_guitars(folder: Path) -> list[Bank]:
    for family, seed in UNKNOWN_GUITARS:
        write_bank(folder, f"{family}{seed}", family, modal_notes(family, seed))
    return [read_bank(folder, f"{family}{seed}") for family, seed in UNKNOWN_GUITARS]


def cases(
    excerpts: Sequence[Excerpt], banks: Sequence[Bank], noises: RecordedNoises, random: Generator
) -> Iterator[Case]:
    engine = get_engine(ENGINE)
    for index, excerpt in enumerate(excerpts):
        labelled = [n for n in excerpt.notes if n.note.onset_seconds < SECONDS - 0.5]
        phrase = Phrase(STANDARD_OPEN_PITCHES, tuple(one_at_a_time([_stroke(n, random) for n in labelled])))
        detuned = tuple(random.normal(0, 0.06) + random.normal(0, 0.03, 6))
        bank = banks[index % len(banks)]
        played = play(articulate(phrase, random), bank, detuned, SECONDS, random)
        sound = record(played.sound, bank.family == "electric", None, noises, random)
        activations = heard(sound, engine)
        notes = tuple(with_evidence(n.note, activations, engine.format) for n in labelled)
        measured = with_inharmonicity(notes, ArrayAudio(sound, SAMPLE_RATE_HZ))
        yield Case(excerpt.player, tuple(measured), tuple(n.string for n in labelled))


def _stroke(labelled: LabelledNote, random: Generator) -> Stroke:
    velocity = float(np.clip(random.normal(0.6, 0.15), 0.05, 1))
    note = labelled.note
    return Stroke(note.onset_seconds, note.end_seconds, labelled.string, labelled.fret, velocity)


def with_evidence(note: Note, activations: Activations, format: ActivationFormat) -> Note:
    """The note with what is heard about its string where it begins."""
    first, pitch = (
        round(note.onset_seconds / format.frame_seconds),
        note.pitch_midi - format.lowest_pitch_midi,
    )
    evidence = activations.string_evidence
    if evidence is None or not 0 <= pitch < format.pitches:
        return note
    beginning = evidence[first : first + format.frames(STRING_SECONDS), :, pitch]
    return replace(note, string_evidence=tuple(beginning.mean(axis=0).tolist()))


def agreement(
    case: Case, model: FretModel, evidence_weight: float, stiffness_weight: float
) -> StringAgreement:
    weights = replace(DEFAULT_WEIGHTS, evidence=evidence_weight)
    neck = Neck(STANDARD, 0, INSTRUMENTS["guitar"].frets)
    fingering = assign_fingering(
        case.notes,
        STANDARD,
        settings=FingeringSettings(weights=weights),
        evidence=heard_places(case.notes, neck, stiffness_weight=stiffness_weight),
        model=model,
    )
    pairs = zip(fingering.notes, case.strings, strict=True)
    agreed = sum(f.place is not None and f.place.string == string for f, string in pairs)
    return StringAgreement(agreed, len(case.notes))


def likeliest(case: Case) -> StringAgreement:
    """Of the strings that can sound each note, the likeliest by the evidence alone."""
    neck = Neck(STANDARD, 0, INSTRUMENTS["guitar"].frets)
    agreed = 0
    for note, string in zip(case.notes, case.strings, strict=True):
        places = neck.places(note.pitch_midi)
        if note.string_evidence:
            agreed += max(places, key=lambda p: note.string_evidence[p.string - 1]).string == string
    return StringAgreement(agreed, len(case.notes))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--annotations", type=Path, required=True)
    parser.add_argument("--folds", type=Path, required=True)
    parser.add_argument("--libraries", type=Path, required=True)
    arguments = parser.parse_args()
    material = open_material(arguments.libraries, arguments.annotations)
    paths = [path for path in sorted(arguments.annotations.glob("*.jams")) if path.stem not in HELD_OUT]
    random = np.random.default_rng(5)
    random.shuffle(paths)
    players = sorted({path.stem[:2] for path in paths})
    excerpts = [
        read_excerpt(path)
        for player in players
        for path in [path for path in paths if path.stem[:2] == player][:EXCERPTS_PER_PLAYER]
    ]
    models = {}
    for player in players:
        with (arguments.folds / f"{player}.npz").open("rb") as file:
            models[player] = read_fret_model(file)
    with tempfile.TemporaryDirectory() as folder:
        found = list(cases(excerpts, unknown_guitars(Path(folder)), material.noises, random))
    print(f"evidence alone: {total([likeliest(case) for case in found]).ratio:.3f}")
    for evidence_weight, stiffness_weight in product(EVIDENCE_WEIGHTS, STIFFNESS_WEIGHTS):
        agreements = [
            agreement(case, models[case.player], evidence_weight, stiffness_weight) for case in found
        ]
        ratio = total(agreements).ratio
        print(f"evidence {evidence_weight}, stiffness {stiffness_weight}: {ratio:.4f}", flush=True)


if __name__ == "__main__":
    main()

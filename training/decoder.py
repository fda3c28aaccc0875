"""Train the two small networks of the note decoder: which candidates are notes, and when notes end.

    python -m training.decoder --data DIR --out src/genesis_music/transcription/models/basic_pitch_decoder.npz
    python -m training.decoder --data DIR --leave-out acoustic --validation OTHER_DIR

``DIR`` was made by ``training.decoder_data``. With ``--leave-out``, instruments whose names begin so are
measured instead of learned from, and nothing is written. Parts in the directory of ``--validation`` are never
learned from; they are measured too, of those instruments if some are left out. Needs PyTorch. The decoder of the
guitar model is trained by ``training.guitar.decoder``, with what is here.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, pairwise
from pathlib import Path
from statistics import fmean

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, smooth_l1_loss

from genesis_music.evaluation.notes import note_accuracy
from genesis_music.score import Note
from genesis_music.transcription.basic_pitch import BasicPitchEngine
from genesis_music.transcription.decoder import DEFAULT_SETTINGS, DecoderSettings, decode_notes
from genesis_music.transcription.engine import ActivationFormat, Activations
from genesis_music.transcription.features import (
    Moments,
    SegmentWindows,
    candidate_features,
    end_features,
    string_probabilities,
)
from genesis_music.transcription.network import Network
from genesis_music.transcription.offsets import FIRST_SECONDS
from genesis_music.transcription.onsets import Candidates, onset_candidates
from genesis_music.transcription.segments import CONTEXT_FRAMES, Segment, segments
from genesis_music.transcription.weights import DecoderWeights, save_weights

TOLERANCE_SECONDS = 0.05
USUAL_LATENESS_SECONDS = 0.004
MOMENTS_PER_NOTE = 8
AFTER_END_SECONDS = 0.93
FADING_SECONDS = 0.06
"""Rendered notes fade with a time constant of 15 to 90 ms once damped; people mark the end of a note where it
has become faint, 12 dB down on average. The next note on the string ends them at once."""
SOFTER, FAINTER = (0.7, 1.1), (-0.8, 0.3)
"""Real recordings give less certain activations than rendered ones: ranges of the scale and shift of log-odds."""
TEMPERATURE = 1.5
"""Divides the log-odds, because unknown instruments are judged too surely: left out of training, the classical guitar
asks for 1.7 where it plays excerpts and 1.2 where it is picked, the acoustic one for 1.2 and 1.1. Real recordings are
nearly as strange as the strangest."""
END_PROBABILITIES = (0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6, 0.7)
TIMING_WEIGHT, VELOCITY_WEIGHT = 0.05, 0.2

Array = NDArray[np.float32]
ONSET, END, PITCH, VELOCITY, STRING = range(5)


@dataclass(frozen=True, slots=True)
class Restraint:
    """What keeps a network from learning the examples by heart.

    ``input_noise``: standard deviations of noise on the inputs, so that no sharp edge of the rendered sound is learned;
    ``dropout``: share of hidden units left out of each step; ``weight_decay``: that of AdamW.
    """

    input_noise: float = 0.1
    dropout: float = 0.1
    weight_decay: float = 1e-3


USUAL_RESTRAINT = Restraint()


@dataclass(frozen=True, eq=False)
class Part:
    """One rendered part: its activations and true notes ``[n, (onset, end, pitch, velocity, string, …)]``."""

    instrument: str
    activations: Activations
    notes: NDArray[np.float64]
    format: ActivationFormat = BasicPitchEngine.format

    @property
    def heard_ends(self) -> NDArray[np.float64]:
        """When each note has ended for a listener, in seconds ``[n]``."""
        notes = self.notes
        later = (notes[:, ONSET] > notes[:, ONSET, np.newaxis]) & (
            notes[:, STRING] == notes[:, STRING, np.newaxis]
        )
        restruck = np.where(later, notes[:, ONSET], np.inf).min(axis=1, initial=np.inf)
        return np.minimum(notes[:, END] + FADING_SECONDS, np.maximum(restruck, notes[:, ONSET] + 0.01))


def read_parts(folder: Path) -> Iterator[Part]:
    for path in sorted(folder.rglob("*.npz")):
        arrays = np.load(path)
        names = ("onset", "sounding", "contour")
        activations = Activations(0, *(arrays[name].astype(np.float32) for name in names))
        yield Part(path.stem.split("_")[1], activations, arrays["notes"])


def examples(part: Part, random: np.random.Generator) -> tuple[list[Array], ...]:
    """Onset features and targets, then end features and targets, of one part, segment by segment."""
    rows: tuple[list[Array], ...] = ([], [], [], [])
    for segment in segments([soften(part.activations, random)]):
        windows = SegmentWindows(segment, part.format)
        candidates = onset_candidates(segment, part.format)
        rows[0].append(candidate_features(windows, candidates))
        rows[1].append(match(segment, candidates, part))
        for features, ended in end_examples(segment, windows, part, random):
            rows[2].append(features)
            rows[3].append(ended)
    return rows


def soften(activations: Activations, random: np.random.Generator) -> Activations:
    """Make activations as (un)certain as those of another recording may be."""

    def warped(values: Array) -> Array:
        odds = np.clip(values, 1e-4, 1 - 1e-4)
        log_odds = np.log(odds / (1 - odds)) * random.uniform(*SOFTER) + random.uniform(*FAINTER)
        return (1 / (1 + np.exp(-log_odds))).astype(np.float32)

    certain = ("onset", "sounding", "contour", "offset")
    arrays = {name: getattr(activations, name) for name in certain}
    softened = {name: warped(array) for name, array in arrays.items() if array is not None}
    return replace(activations, **softened)


def match(segment: Segment, candidates: Candidates, part: Part) -> Array:
    """``[candidates, (is a note, frames late, velocity)]``: every true note claims its nearest candidate."""
    targets = np.zeros((len(candidates.frame), 3), dtype=np.float32)
    frames = segment.first_frame - CONTEXT_FRAMES + candidates.frame + candidates.offset_frames
    seconds = frames * part.format.frame_seconds
    pitch_midi = candidates.pitch + part.format.lowest_pitch_midi
    for note in part.notes:
        late = seconds - note[ONSET]
        distance = np.abs(late - USUAL_LATENESS_SECONDS)
        distance[(pitch_midi != note[PITCH]) | (targets[:, 0] > 0)] = np.inf
        nearest = int(np.argmin(distance)) if len(distance) else 0
        if len(distance) and distance[nearest] < TOLERANCE_SECONDS:
            targets[nearest] = (1, late[nearest] / part.format.frame_seconds, note[VELOCITY])
    return targets


def end_examples(
    segment: Segment, windows: SegmentWindows, part: Part, random: np.random.Generator
) -> Iterator[tuple[Array, Array]]:
    """Random moments of the true notes that begin in the segment, and whether each lies past the end."""
    first, format = segment.first_frame - CONTEXT_FRAMES, part.format
    onset = np.rint(part.notes[:, ONSET] / format.frame_seconds).astype(np.intp) - first
    pitch = part.notes[:, PITCH].astype(np.intp) - format.lowest_pitch_midi
    end = part.heard_ends / format.frame_seconds - first
    last = len(segment.onset) - CONTEXT_FRAMES
    in_range = (pitch >= 0) & (pitch < format.pitches)
    begins_here = np.flatnonzero((onset >= CONTEXT_FRAMES) & (onset < last - 4) & in_range)
    if not len(begins_here):
        return
    soonest, after = format.frames(FIRST_SECONDS), format.frames(AFTER_END_SECONDS)
    frames = []
    for note in begins_here:
        later = onset[(pitch == pitch[note]) & (onset > onset[note] + soonest)]
        limit = min(int(end[note]) + after, later.min(initial=last))
        begin = onset[note] + soonest
        frames.append(random.integers(begin, max(limit, begin + 1), MOMENTS_PER_NOTE))
    frame, of = np.concatenate(frames), np.repeat(begins_here, MOMENTS_PER_NOTE)
    strings = string_probabilities(windows.string_evidence(onset, pitch.clip(0, format.pitches - 1)).tolist())
    moments = Moments(frame, pitch[of], onset[of].astype(np.float32), strings[of])
    yield end_features(windows, moments), (frame >= end[of]).astype(np.float32)[:, np.newaxis]


def onset_loss(outputs: Tensor, targets: Tensor) -> Tensor:
    is_note = targets[:, 0]
    hit = binary_cross_entropy_with_logits(outputs[:, 0], is_note)
    timing = (is_note * smooth_l1_loss(outputs[:, 1], targets[:, 1], reduction="none")).mean()
    velocity = (is_note * (outputs[:, 2] - targets[:, 2]) ** 2).mean()
    return hit + TIMING_WEIGHT * timing + VELOCITY_WEIGHT * velocity


def end_loss(outputs: Tensor, targets: Tensor) -> Tensor:
    return binary_cross_entropy_with_logits(outputs, targets)


def train(
    inputs: Array,
    targets: Array,
    hidden: Sequence[int],
    loss: Callable[[Tensor, Tensor], Tensor],
    steps: int,
    restraint: Restraint = USUAL_RESTRAINT,
    batch: int = 512,
) -> Network:
    """Fit a network with AdamW, and fold the scaling of the inputs into its first layer."""
    mean, deviation = inputs.mean(axis=0), inputs.std(axis=0) + 1e-3
    scaled, wanted = torch.tensor((inputs - mean) / deviation), torch.tensor(targets)
    sizes = [inputs.shape[1], *hidden, targets.shape[1]]
    linear = [nn.Linear(a, b) for a, b in pairwise(sizes)]
    net = nn.Sequential(*(m for layer in linear for m in (layer, nn.ReLU(), nn.Dropout(restraint.dropout))))[
        :-2
    ]
    optimiser = torch.optim.AdamW(net.parameters(), lr=1e-3, weight_decay=restraint.weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 4e-3, total_steps=steps)
    for _ in range(steps):
        chosen = torch.randint(len(scaled), (batch,))
        noisy = scaled[chosen] + restraint.input_noise * torch.randn(batch, sizes[0])
        optimiser.zero_grad()
        loss(net(noisy), wanted[chosen]).backward()
        optimiser.step()
        schedule.step()
    layers = [(m.weight.detach().numpy().T.copy(), m.bias.detach().numpy().copy()) for m in linear]
    weights, bias = layers[0]
    layers[0] = (weights / deviation[:, np.newaxis], bias - (mean / deviation) @ weights)
    return Network(tuple((w.astype(np.float32), b.astype(np.float32)) for w, b in layers))


def fit(
    parts: Iterable[Part],
    random: np.random.Generator,
    steps: int,
    restraint: Restraint = USUAL_RESTRAINT,
) -> DecoderWeights:
    """Learn both networks from parts; ``restraint`` is that of the judge of onsets."""
    columns = zip(*(examples(part, random) for part in parts), strict=True)
    onset_in, onset_out, end_in, end_out = (np.concatenate(list(chain(*column))) for column in columns)
    print(f"{len(onset_in)} candidates, {onset_out[:, 0].mean():.3f} are notes; {len(end_in)} moments")
    onset = train(onset_in, onset_out, (64, 32), onset_loss, steps, restraint)
    end = train(end_in, end_out, (24, 16), end_loss, steps)
    return DecoderWeights(cooled(onset, TEMPERATURE), end)


def cooled(network: Network, temperature: float) -> Network:
    """The onset network with its log-odds divided by a temperature, its other outputs unchanged."""
    *layers, (weights, bias) = network.layers
    divisor = np.array([temperature, 1, 1], dtype=np.float32)
    return Network((*layers, (weights / divisor, bias / divisor)))


def best_temperature(parts: Sequence[Part], network: Network, random: np.random.Generator) -> float:
    """The temperature at which the confidences of candidates on unknown instruments are likeliest."""
    rows = [examples(part, random) for part in parts]
    log_odds = network(np.concatenate(list(chain(*(row[0] for row in rows)))))[:, 0].astype(np.float64)
    is_note = np.concatenate(list(chain(*(row[1] for row in rows))))[:, 0] > 0.5
    temperatures = np.linspace(0.8, 4, 33)
    sign = np.where(is_note, -1.0, 1.0)
    losses = [np.logaddexp(0, sign * log_odds / temperature).mean() for temperature in temperatures]
    return float(temperatures[int(np.argmin(losses))])


def leaning(network: Network, probability: float) -> Network:
    """The end network shifted so that ends lie where it gave ``probability``, under the default settings."""
    usual = DEFAULT_SETTINGS.end_probability
    shift = np.log(usual / (1 - usual)) - np.log(probability / (1 - probability))
    *layers, (weights, bias) = network.layers
    return Network((*layers, (weights, (bias + shift).astype(np.float32))))


def best_end_probability(parts: Sequence[Part], weights: DecoderWeights) -> float:
    """The threshold at which most notes of the parts have the right end too."""

    def offset_f1(probability: float) -> float:
        settings = DecoderSettings(end_probability=probability)
        return fmean(
            note_accuracy(
                true_notes(part), decode_notes([part.activations], part.format, settings, weights)
            ).offset_f1
            for part in parts
        )

    return max(END_PROBABILITIES, key=offset_f1)


def measure(parts: Sequence[Part], weights: DecoderWeights) -> None:
    """Print mean accuracy on parts for a few confidence thresholds, and how true the confidences are."""
    for threshold in (0.3, 0.4, 0.5, 0.6):
        results = [
            note_accuracy(
                true_notes(part),
                decode_notes(
                    [part.activations], part.format, DecoderSettings(minimum_confidence=threshold), weights
                ),
            )
            for part in parts
        ]
        onset, offset = (np.mean([getattr(r, name) for r in results]) for name in ("onset_f1", "offset_f1"))
        print(f"confidence >= {threshold}: onset F1 {onset:.3f}, with offset {offset:.3f}")


def true_notes(part: Part) -> list[Note]:
    ends = zip(part.notes, part.heard_ends, strict=True)
    return [Note(note[ONSET], end - note[ONSET], int(note[PITCH])) for note, end in ends]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--leave-out")
    parser.add_argument("--validation", type=Path)
    parser.add_argument("--steps", type=int, default=4000)
    arguments = parser.parse_args()
    torch.manual_seed(0)
    random = np.random.default_rng(0)
    parts = list(read_parts(arguments.data))
    left_out = [p for p in parts if arguments.leave_out and p.instrument.startswith(arguments.leave_out)]
    weights = fit((p for p in parts if p not in left_out), random, arguments.steps)
    if left_out:
        print(f"best temperature {best_temperature(left_out, weights.onset, random):.1f}")
        measure(left_out, weights)
    if arguments.validation:
        kept_aside = read_parts(arguments.validation)
        measure([p for p in kept_aside if p.instrument.startswith(arguments.leave_out or "")], weights)
    if arguments.out and not left_out:
        save_weights(arguments.out, weights)


if __name__ == "__main__":
    main()

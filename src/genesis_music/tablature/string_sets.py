"""Tell strings by their stiffness, whatever the guitar is strung with.

Where its partials lie tells the inharmonicity B of a note. At one pitch B differs by a factor of 2 to 5 from string to
string; along a string it doubles every six frets, and with the tension it falls. The gauges of the guitar are unknown:
from each usual set, the strings of all notes and the B of all strings are found together (expectation maximisation, as
a mixture of Gaussians with one component per string), and the sets are believed as far as they explain the notes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from genesis_music.score import Note
from genesis_music.tablature.fretboard import Neck
from genesis_music.tablature.tunings import STANDARD

Floats = NDArray[np.float64]

USUAL_SETS = 1e-5 * np.array(
    [
        (1.09, 2.91, 9.76, 3.69, 8.43, 13.4),
        (1.35, 4.06, 11.0, 4.45, 7.73, 14.5),
        (1.63, 4.71, 12.4, 5.28, 9.14, 16.3),
        (1.94, 6.15, 2.91, 5.46, 9.70, 18.1),
        (1.35, 4.71, 2.21, 3.31, 6.48, 10.5),
        (1.63, 5.40, 2.41, 4.00, 7.37, 11.1),
        (1.94, 6.15, 2.86, 4.00, 7.37, 13.7),
        (2.28, 6.94, 2.45, 4.50, 8.31, 15.4),
        (1.82, 4.31, 10.7, 1.16, 1.62, 2.47),
        (1.95, 4.58, 11.4, 1.35, 1.72, 2.66),
    ]
)
"""B of the open strings, string 1 first, of sets on sale for electric, steel-string and nylon-string guitars, in
standard tuning: by the formula and the gauges of ``training/guitar/strings.py``."""
NEPERS_PER_FRET = np.log(2) / 6
"""B doubles every six frets, and every six semitones that the same string is tuned down."""
LIKE_SET = 0.25
"""How far strings are from the usual ones of their set: standard deviation of the logarithm of B."""
LIKE_STRING = 0.06
"""How far notes are from the law of their string, likewise."""
DEVIATION_SCALE = 1.5
"""How much less is known than the measurement believes."""
STRAY = 0.1
"""Share of notes whose measurement says nothing: other notes were taken for their partials."""
STRAY_WIDTH = 4.0
"""Over how many times itself such a measurement may lie."""
FRET_COST = 0.1
"""What is known of the hand while strings are told: it plays low on the neck, other things equal."""
INDEPENDENT_NOTES = 15.0
"""A recording speaks for a set of strings with at most so many notes: what misleads one misleads others."""
ROUNDS = 6
"""Of expectation and maximisation."""
MOST_NOTES = 2000
"""So many notes, the most certain ones, tell the strings of a guitar."""


def stiffness_evidence(notes: Sequence[Note], neck: Neck, heard: Floats) -> Floats:
    """The log-probability of each string for each note, from its stiffness.

    Args:
        notes: with their inharmonicity, where it was measured.
        neck: of six strings.
        heard: ``[notes, 6]``, what else is known about the strings, as log-probabilities: it helps to tell the
            strings of the guitar and is not in the result.

    Returns:
        ``[notes, 6]``, string 1 (the highest) first, 0 for the likeliest: 0 for all strings where nothing was
        measured, and for strings that do not have the pitch.
    """
    evidence = np.zeros((len(notes), neck.strings))
    pitch = np.array([note.pitch_midi for note in notes])[:, None]
    fret = pitch - np.array(neck.tuning.pitches_midi) - neck.capo
    playable = (fret >= 0) & (fret <= neck.frets - neck.capo)
    measured = [i for i, note in enumerate(notes) if note.inharmonicity is not None and playable[i].any()]
    if not measured:
        return evidence
    seen = _Seen.of([notes[i] for i in measured], fret[measured] + neck.capo)
    prior = np.where(playable, heard - FRET_COST * fret, -np.inf)[measured]
    opens, sets = _fit(_usual_sets(neck), seen, prior)
    likelihood = _log_sum(_log_likelihoods(opens, seen) + sets[:, None, None], 0)
    best = np.where(playable[measured], likelihood, -np.inf).max(axis=1, keepdims=True)
    evidence[measured] = np.where(playable[measured], likelihood - best, 0.0)
    return evidence


@dataclass(frozen=True, eq=False)
class _Seen:
    """B of notes and its standard deviation ``[notes]``, and how much each string's rises to there ``[notes, 6]``."""

    b: Floats
    deviation: Floats
    rise: Floats

    @classmethod
    def of(cls, notes: Sequence[Note], fret: NDArray[np.int64]) -> _Seen:
        found = [note.inharmonicity for note in notes if note.inharmonicity]
        deviation = DEVIATION_SCALE * np.array([each.deviation for each in found])
        return cls(np.array([each.coefficient for each in found]), deviation, fret * NEPERS_PER_FRET)

    def surest(self) -> NDArray[np.int64]:
        doubt = self.deviation / np.maximum(np.abs(self.b), 1e-6)
        return np.argsort(doubt, kind="stable")[:MOST_NOTES]


def _usual_sets(neck: Neck) -> Floats:
    """Logarithm of B ``[sets, 6]`` at the tuning's tension."""
    lowered = np.array(STANDARD.pitches_midi) - np.array(neck.tuning.pitches_midi)
    usual: Floats = np.log(USUAL_SETS) + lowered * NEPERS_PER_FRET
    return usual


def _fit(usual: Floats, all_seen: _Seen, prior: Floats) -> tuple[Floats, Floats]:
    """The strings ``[sets, 6]`` that each set becomes (logarithm of B), and the log-probability of each set."""
    told = all_seen.surest()
    seen = _Seen(all_seen.b[told], all_seen.deviation[told], all_seen.rise[told])
    prior = prior[told] - _log_sum(prior[told], 1)[:, None]
    size = np.maximum(np.abs(seen.b), seen.deviation)
    certainty = (seen.b > seen.deviation) / ((seen.deviation / size) ** 2 + LIKE_STRING**2)
    at_nut = np.log(size)[:, None] - seen.rise
    opens = usual
    for _ in range(ROUNDS):
        own = prior + np.log(1 - STRAY) + _log_gauss(opens, seen)
        total = np.logaddexp(_log_sum(own, 2), _log_stray(seen))
        share = np.exp(own - total[:, :, None]) * certainty[:, None]
        pull = usual / LIKE_SET**2 + (share * at_nut).sum(axis=1)
        opens = pull / (1 / LIKE_SET**2 + share.sum(axis=1))
    score = min(1.0, INDEPENDENT_NOTES / len(told)) * total.sum(axis=1) - 0.5 * (
        ((opens - usual) / LIKE_SET) ** 2
    ).sum(axis=1)
    normalised: Floats = score - _log_sum(score, 0)
    return opens, normalised


def _log_likelihoods(opens: Floats, seen: _Seen) -> Floats:
    """``[sets, notes, 6]``: of what was measured, given the string, or that the measurement says nothing."""
    own = np.log(1 - STRAY) + _log_gauss(opens, seen)
    either: Floats = np.logaddexp(own, _log_stray(seen)[:, None])
    return either


def _log_gauss(opens: Floats, seen: _Seen) -> Floats:
    expected = np.exp(opens[:, None, :] + seen.rise)
    spread = np.hypot(seen.deviation[:, None], LIKE_STRING * expected)
    density: Floats = -0.5 * ((seen.b[:, None] - expected) / spread) ** 2 - np.log(
        spread * np.sqrt(2 * np.pi)
    )
    return density


def _log_stray(seen: _Seen) -> Floats:
    density: Floats = np.log(STRAY / STRAY_WIDTH / np.hypot(seen.b, seen.deviation))
    return density


def _log_sum(values: Floats, axis: int) -> Floats:
    """Logarithm of the sum of exponentials."""
    top = values.max(axis=axis, keepdims=True)
    total: Floats = np.log(np.exp(values - top).sum(axis=axis)) + top.squeeze(axis)
    return total

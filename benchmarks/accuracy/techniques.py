"""Precision, recall and honesty of technique detection on labelled synthetic performances.

    python -m benchmarks.accuracy.techniques

Hypothesis: from contour and context, bends, vibrato, palm mute and let ring are found with precision and
recall of at least 0.8; slurs, whose only mark is a weak attack, with a precision of at least 0.6 and
confidences that say so. No seed here was used for fitting (``training.techniques`` uses those below 1200).
"""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

from genesis_music.evaluation.techniques import Tally, calibration, tally_techniques
from genesis_music.score import Technique, TechniqueKind
from genesis_music.tablature.techniques import detect_techniques
from training.technique_performances import STANDARD, perform

FIRST_SEED, PERFORMANCES = 100_000, 600
RESULTS = Path(__file__).parents[1] / "results" / "accuracy-techniques.json"
MEASURED = (
    TechniqueKind.BEND,
    TechniqueKind.VIBRATO,
    TechniqueKind.SLIDE,
    TechniqueKind.HAMMER_ON,
    TechniqueKind.PULL_OFF,
    TechniqueKind.PALM_MUTE,
    TechniqueKind.LET_RING,
)
"""Harmonics and dead notes are left out: the generator does not play them."""


def measure() -> tuple[dict[TechniqueKind, Tally], dict[TechniqueKind, list[tuple[Technique, bool]]]]:
    tallies = dict.fromkeys(TechniqueKind, Tally())
    judged: dict[TechniqueKind, list[tuple[Technique, bool]]] = defaultdict(list)
    for seed in range(FIRST_SEED, FIRST_SEED + PERFORMANCES):
        performance = perform(seed)
        found = detect_techniques(performance.notes, STANDARD, performance.tempo_map)
        for kind, tally in tally_techniques(found, performance.truth).items():
            tallies[kind] += tally
        for note, truth in zip(found, performance.truth, strict=True):
            for technique in note.techniques:
                judged[technique.kind].append((technique, technique.kind in truth))
    return tallies, judged


def main() -> None:
    tallies, judged = measure()
    rows = {}
    print(f"{'technique':12} precision recall played   confidence: said → right")
    for kind in MEASURED:
        tally, bins = tallies[kind], calibration(judged[kind])
        said = "  ".join(f"{b.mean_confidence:.2f}→{b.share_right:.2f}" for b in bins)
        print(f"{kind:12} {tally.precision:9.3f} {tally.recall:6.3f} {tally.hits + tally.misses:6}   {said}")
        rows[str(kind)] = {
            "precision": round(tally.precision, 4),
            "recall": round(tally.recall, 4),
            "played": tally.hits + tally.misses,
            "calibration": [
                {
                    "count": b.count,
                    "confidence": round(b.mean_confidence, 3),
                    "right": round(b.share_right, 3),
                }
                for b in bins
            ],
        }
    document = {
        "command": "python -m benchmarks.accuracy.techniques",
        "performances": PERFORMANCES,
        "techniques": rows,
    }
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

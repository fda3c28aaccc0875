"""How well written rhythm is recovered.

``python -m benchmarks.accuracy.quantise`` measures three things and writes them to
``benchmarks/results/accuracy-quantise.json``:

* generated pieces, whose written rhythm is known, performed with human timing;
* the human-made tabs beside the checkout, performed the same way (measured only, never tuned on);
* GuitarSet's true notes and beats: closeness, readability, chords kept together (no written truth exists).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from itertools import chain
from pathlib import Path
from random import Random
from statistics import fmean

import guitarpro

from benchmarks.accuracy.human_player import Human, Performance, WrittenEvent, perform
from benchmarks.accuracy.rhythm_generator import STYLES, generate
from genesis_music.evaluation.guitarset import Excerpt, read_excerpt
from genesis_music.evaluation.rhythm import chords_kept, closeness, readability, written_accuracy
from genesis_music.rhythm.notation import write_measures
from genesis_music.rhythm.quantise import QuantiseSettings, detect_swing, quantise
from genesis_music.score import Beat, Measure, TabNote, TempoMap, TimeSignature, Track, Tuning

REPOSITORY = Path(__file__).parents[2]
EVALUATION = REPOSITORY.parent / "shared" / "eval"
RESULT = REPOSITORY / "benchmarks" / "results" / "accuracy-quantise.json"
SIGMAS_MS = (10.0, 15.0, 25.0)
SEEDS = range(500, 520)
_GUITAR_PRO_QUARTER = 960
_DEFAULTS = QuantiseSettings()
_NO_SWING = QuantiseSettings(swing=False)
"""One tab writes its shuffle in triplets, which with swing found is written in eighths: both are right."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; shares 0..1."""

    material: str
    sigma_ms: float
    notes: int
    position: float
    position_and_length: float


def main() -> None:
    rows = [_generated(style, sigma) for sigma in SIGMAS_MS for style in STYLES]
    tabs = sorted((EVALUATION / "tabs").glob("*.gp[345]"))
    rows += [_row(f"tab: {path.stem[:40]}", 15.0, _play_tab(path, 15.0)) for path in tabs]
    rows += [_row("tabs, swing off", 15.0, chain.from_iterable(_play_tab(p, 15.0) for p in tabs), _NO_SWING)]
    rows += [_row("tabs", 15.0, chain.from_iterable(_play_tab(p, 15.0) for p in tabs))]
    for row in rows:
        print(
            f"{row.material:48s} {row.sigma_ms:4.0f} ms {row.notes:6d} notes  "
            f"position {row.position:.3f}  with length {row.position_and_length:.3f}"
        )
    guitarset = _guitarset(sorted((EVALUATION / "guitarset" / "annotation").glob("*.jams")))
    print("GuitarSet", json.dumps(guitarset))
    result = {
        "command": "python -m benchmarks.accuracy.quantise",
        "performed": [asdict(row) for row in rows],
        "guitarset": guitarset,
    }
    RESULT.write_text(json.dumps(result, indent=1) + "\n", "utf-8")


def _row(
    material: str,
    sigma_ms: float,
    performances: Iterable[Performance],
    settings: QuantiseSettings = _DEFAULTS,
) -> Row:
    counts, positions, lengths = [], [], []
    for performance in performances:
        written = quantise(performance.notes, performance.tempo_map, settings)
        accuracy = written_accuracy(performance.written, written)
        counts.append(len(written))
        positions.append(accuracy.position * len(written))
        lengths.append(accuracy.position_and_length * len(written))
    total = sum(counts)
    return Row(material, sigma_ms, total, round(sum(positions) / total, 4), round(sum(lengths) / total, 4))


def _generated(style: str, sigma_ms: float) -> Row:
    return _row(f"generated: {style}", sigma_ms, (generate(style, s, Human(sigma_ms)) for s in SEEDS))


def _play_tab(path: Path, sigma_ms: float) -> Iterable[Performance]:
    song = guitarpro.parse(str(path))
    signatures = [
        TimeSignature(header.timeSignature.numerator, header.timeSignature.denominator.value)
        for header in song.measureHeaders
    ]
    for track in song.tracks:
        events = [] if track.isPercussionTrack else _tab_events(track)
        if events:
            yield perform(events, signatures, song.tempo, Human(sigma_ms), Random(path.stem))


def _tab_events(track: guitarpro.Track) -> list[WrittenEvent]:
    """Sounding notes of a track, tied noteheads joined, grouped by start and length."""
    sounding: dict[int, list[Fraction]] = {}
    chords: dict[tuple[Fraction, int], list[Fraction]] = {}
    for measure in track.measures:
        for voice in measure.voices:
            for beat in voice.beats:
                start = Fraction(beat.start - _GUITAR_PRO_QUARTER, _GUITAR_PRO_QUARTER).limit_denominator(48)
                length = Fraction(beat.duration.time, _GUITAR_PRO_QUARTER).limit_denominator(48)
                for note in beat.notes:
                    if note.type is guitarpro.NoteType.tie and note.string in sounding:
                        sounding[note.string][0] += length
                    elif note.type is not guitarpro.NoteType.rest:
                        sounding[note.string] = [length]
                        chords[start, note.realValue] = sounding[note.string]
    groups: dict[tuple[Fraction, Fraction], list[int]] = {}
    for (start, pitch), (length,) in chords.items():
        groups.setdefault((start, length), []).append(pitch)
    return [WrittenEvent(start, length, tuple(sorted(p))) for (start, length), p in sorted(groups.items())]


def _guitarset(paths: Sequence[Path]) -> dict[str, float]:
    """Means over all annotated excerpts, from the true notes and beats."""
    figures: list[dict[str, float]] = []
    for path in paths:
        excerpt = read_excerpt(path)
        if excerpt.notes:
            figures.append(_excerpt_figures(excerpt))
    return {name: round(fmean(f[name] for f in figures), 4) for name in figures[0]} if figures else {}


def _excerpt_figures(excerpt: Excerpt) -> dict[str, float]:
    notes = [labelled.note for labelled in excerpt.notes]
    tempo_map = tempo_map_of(excerpt)
    written = quantise(notes, tempo_map)
    tab_notes = tuple(
        TabNote(str(i), labelled.note, w, labelled.string, labelled.fret)
        for i, (labelled, w) in enumerate(zip(excerpt.notes, written, strict=True))
    )
    track = Track("Guitar", "guitar", Tuning("standard", (64, 59, 55, 50, 45, 40)), 0, tab_notes)
    near = closeness(notes, written, tempo_map)
    page = readability(write_measures(track, tempo_map))
    swung = detect_swing(notes, tempo_map) is not None
    return {**asdict(near), **asdict(page), "chords_kept": chords_kept(notes, written), "swung": float(swung)}


def tempo_map_of(excerpt: Excerpt) -> TempoMap:
    """The annotated beats, continued at the last tempo to the end of the last full measure."""
    signature = excerpt.time_signature
    seconds = [time for time, _ in excerpt.beats]
    per_measure = signature.beats_per_measure
    while len(seconds) % per_measure != 1:
        seconds.append(2 * seconds[-1] - seconds[-2])
    beats = tuple(
        Beat(t, i // per_measure + 1, i % per_measure + 1, i * signature.beat_quarters)
        for i, t in enumerate(seconds)
    )
    firsts = beats[::per_measure]
    length = signature.measure_quarters
    measures = tuple(
        Measure(a.measure, a.onset_seconds, signature, excerpt.tempo_bpm, a.quarters, length)
        for a in firsts[:-1]
    )
    return TempoMap(beats, measures)


if __name__ == "__main__":
    main()

"""Speed of corrections in a long tab: what a page waits for after a click.

    python -m benchmarks.edit_speed

Hypothesis: an edit of a few notes of a tab of 3,000 notes takes at most 50 ms of processor time, its dependent
analysis included; so do the places offered for a note. Edits of the whole piece (tempo, metre, tuning) may take longer.
The tab is that of the example recording, repeated.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction

from benchmarks.speed import ROOT
from genesis_music import Transcription, transcribe
from genesis_music.editing import alternatives, apply_edits, edits, without_doubtful
from genesis_music.formats.tabjson import write_tab_json
from genesis_music.formats.tabjson_reader import parse_tab_json
from genesis_music.formats.written import Page
from genesis_music.score import TabNote, TechniqueKind, TempoMap, TimeSignature
from genesis_music.tablature.tunings import TUNINGS

RESULTS = ROOT / "benchmarks/results/edit-speed.json"
RECORDING = ROOT / "examples/morning-porch.ogg"
NOTES = 3000
TRIES = 7
BAR_MS = 50.0


@dataclass(frozen=True)
class Measured:
    """Processor time of the fastest of some tries; ``few`` says whether it is about a few notes."""

    what: str
    milliseconds: float
    few: bool


def repeated(piece: Transcription, count: int) -> Transcription:
    """The piece again and again, until it has so many notes."""
    track, tempo_map = piece.tracks[0], piece.tempo_map
    times = -(-count // len(track.notes))
    last = tempo_map.measures[-1]
    quarters = last.start_quarters + last.length_quarters
    seconds = tempo_map.seconds_at(float(quarters)) - tempo_map.measures[0].onset_seconds
    bars = len(tempo_map.measures)
    notes = [_later(tab, time, seconds, bars) for time in range(times) for tab in track.notes][:count]
    beats = [
        replace(
            beat,
            onset_seconds=beat.onset_seconds + time * seconds,
            measure=beat.measure + time * bars,
            quarters=beat.quarters + time * quarters,
        )
        for time in range(times)
        for beat in tempo_map.beats
    ]
    measures = [
        replace(
            measure,
            number=measure.number + time * bars,
            onset_seconds=measure.onset_seconds + time * seconds,
            start_quarters=measure.start_quarters + time * quarters,
        )
        for time in range(times)
        for measure in tempo_map.measures
    ]
    return replace(
        piece,
        tempo_map=TempoMap(tuple(beats), tuple(measures), tempo_map.confidence),
        tracks=(replace(track, notes=tuple(notes)),),
    )


def _later(tab: TabNote, time: int, seconds: float, bars: int) -> TabNote:
    return replace(
        tab,
        id=f"{tab.id}r{time}",
        note=replace(tab.note, onset_seconds=tab.note.onset_seconds + time * seconds),
        written=replace(tab.written, measure=tab.written.measure + time * bars),
    )


def fastest_ms(work: Callable[[], object]) -> float:
    spent = []
    for _ in range(TRIES):
        started = time.process_time()
        work()
        spent.append(time.process_time() - started)
    return 1000 * min(spent)


def wanted(piece: Transcription) -> dict[str, tuple[edits.Edit, bool]]:
    notes = piece.tracks[0].notes
    tab = next(one for one in notes[len(notes) // 2 :] if one.alternatives)
    chord = piece.harmony.chords[len(piece.harmony.chords) // 2]
    bar = tab.written.measure
    ids = tuple(one.id for one in notes if one.written.measure == bar)
    return {
        "place": (edits.PlaceNote(tab.id, *tab.alternatives[0]), True),
        "length": (edits.SetLength((tab.id,), Fraction(1, 4)), True),
        "shift": (edits.ShiftNotes((ids[-1],), Fraction(1, 8)), True),
        "delete a bar": (edits.DeleteNotes(ids), True),
        "add": (edits.AddNote(1, bar, Fraction(1, 8), Fraction(1, 8), 6, 1), True),
        "technique": (edits.SetTechnique(ids, TechniqueKind.VIBRATO), True),
        "accept all": (edits.AcceptNotes(tuple(one.id for one in notes)), False),
        "passage of a bar": (edits.MovePassage(2, measures=(bar, bar)), True),
        "chord": (edits.SetChord(chord.onset_seconds, "Am7"), True),
        "title": (edits.SetTitle("Porch"), True),
        "double tempo": (edits.ScaleTempo(edits.TempoChange.DOUBLE), False),
        "downbeat": (edits.ShiftDownbeat(1), False),
        "metre": (edits.SetMetre(TimeSignature(3, 4)), False),
        "refret": (edits.Refret(TUNINGS["drop-d"]), False),
    }


def measured(piece: Transcription) -> list[Measured]:
    document = write_tab_json(Page(piece))
    note = next(one.id for one in piece.tracks[0].notes[NOTES // 2 :] if one.alternatives)
    rows = [
        Measured(name, fastest_ms(lambda edit=edit: apply_edits(piece, [edit])), few)
        for name, (edit, few) in wanted(piece).items()
    ]
    return [
        *rows,
        Measured("alternatives", fastest_ms(lambda: alternatives(piece, note)), True),
        Measured("without doubtful notes", fastest_ms(lambda: without_doubtful(piece, 0.9)), True),
        Measured("read tab JSON", fastest_ms(lambda: parse_tab_json(document, "tab.json")), False),
        Measured("write tab JSON", fastest_ms(lambda: write_tab_json(Page(piece))), False),
    ]


def main() -> None:
    piece = repeated(transcribe(RECORDING), NOTES)
    rows = measured(piece)
    for row in rows:
        over = "" if row.milliseconds <= BAR_MS or not row.few else f"  over {BAR_MS:g}"
        print(f"{row.what:24} {row.milliseconds:7.1f} ms{over}")
    document = {
        "command": "python -m benchmarks.edit_speed",
        "notes": NOTES,
        "bar_ms": BAR_MS,
        "rows": [
            {"what": row.what, "processor_ms": round(row.milliseconds, 1), "few_notes": row.few}
            for row in rows
        ],
    }
    RESULTS.write_text(json.dumps(document, indent=2) + "\n")


if __name__ == "__main__":
    main()

"""Notes as performed → the finished transcription: beats, chords, frets, techniques, style, difficulty.

No audio and no note network here: changing the tuning, the capo or the grid runs only this.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from genesis_music.errors import SettingsError
from genesis_music.harmony import analyse_harmony
from genesis_music.pipeline.clock import Clock
from genesis_music.pipeline.heard import Heard, Part
from genesis_music.progress import Stage
from genesis_music.rhythm.beats import RhythmSettings, track_beats
from genesis_music.rhythm.doubles import merge_doubles
from genesis_music.rhythm.quantise import TRIPLET_SWING_RATIO, QuantiseSettings, detect_swing, quantise
from genesis_music.score import (
    Harmony,
    Note,
    TabNote,
    TempoMap,
    Track,
    Transcription,
    Tuning,
    WrittenTime,
)
from genesis_music.settings import AUTO, Settings
from genesis_music.style import detect_style
from genesis_music.tablature.chord_shapes import with_shapes
from genesis_music.tablature.damping import damped
from genesis_music.tablature.detect import CAPOS, detect_tuning
from genesis_music.tablature.difficulty import assess_piece
from genesis_music.tablature.fingering import Fingered, FingeringSettings, assign_fingering
from genesis_music.tablature.fretboard import Neck, Place
from genesis_music.tablature.heard_strings import heard_places
from genesis_music.tablature.techniques import detect_techniques
from genesis_music.tablature.tunings import INSTRUMENTS, parse_tuning


@dataclass(frozen=True, slots=True)
class _Arranged:
    """One finished track and what the user should know about it."""

    track: Track
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Setup:
    """How an instrument is strung for a piece."""

    tuning: Tuning
    capo: int
    reason: str = ""
    """Why, when it was found from the notes."""


def check_names(settings: Settings) -> None:
    """Refuse unknown names before anything slow starts.

    Raises:
        SettingsError: unknown instrument, tuning or grid.
    """
    if settings.instrument not in INSTRUMENTS:
        raise SettingsError(f"instrument {settings.instrument!r}: choose one of {', '.join(INSTRUMENTS)}")
    if settings.tuning not in {"", AUTO}:
        parse_tuning(settings.tuning)
    _grid(settings)


def _grid(settings: Settings) -> QuantiseSettings:
    return QuantiseSettings(grid=settings.grid, swing={"on": True, "off": False}.get(settings.swing, AUTO))


def arrange(
    heard: Heard, settings: Settings, clock: Clock, *, tempo_map: TempoMap | None = None
) -> Transcription:
    """Make the transcription of what was heard.

    A given ``tempo_map`` (from a score file) is kept; else the beats are found.

    Raises:
        SettingsError: a tuning, instrument or grid is unknown.
    """
    parts = tuple(_confident(part, settings.minimum_confidence) for part in heard.parts)
    notes = replace(heard, parts=parts).notes
    with clock.stage(Stage.BEAT):
        if tempo_map is None:
            hints = RhythmSettings(settings.tempo_bpm, settings.time_signature)
            tempo_map = track_beats(notes, duration_seconds=heard.source.duration_seconds, settings=hints)
        parts, written = zip(*(_written(part, tempo_map, settings) for part in parts), strict=True)
        tempo_map = _without_empty_end(tempo_map, written)
        swing_ratio = _swing_ratio(notes, tempo_map, settings)
    with clock.stage(Stage.CHORDS):
        harmony = analyse_harmony(notes, tempo_map)
    with clock.stage(Stage.FRETS):
        arranged = [
            _arrange_part(part, times, index, settings, tempo_map)
            for index, (part, times) in enumerate(zip(parts, written, strict=True), 1)
        ]
        tracks = tuple(one.track for one in arranged)
        harmony = _with_shapes(harmony, tracks)
        difficulty = assess_piece(tracks, tempo_map, harmony.chords)
        style = detect_style(tracks, tempo_map, harmony)
    return Transcription(
        source=heard.source,
        engine=heard.engine,
        tempo_map=tempo_map,
        harmony=harmony,
        tracks=tracks,
        style=style,
        difficulty=difficulty,
        swing_ratio=swing_ratio,
        warnings=(*heard.warnings, *(warning for one in arranged for warning in one.warnings)),
        stage_seconds=clock.seconds,
    )


def _confident(part: Part, minimum_confidence: float) -> Part:
    if not minimum_confidence:
        return part
    return replace(part, notes=tuple(n for n in part.notes if n.confidence >= minimum_confidence))


def _written(part: Part, tempo_map: TempoMap, settings: Settings) -> tuple[Part, tuple[WrittenTime, ...]]:
    """Put a part on the page; keep what a score says, unless the user asks for another grid."""
    if part.score and part.score.written and settings.grid == AUTO:
        return part, part.score.written
    written = quantise(part.notes, tempo_map, _grid(settings))
    if part.score:
        return part, written
    notes, written = merge_doubles(part.notes, written)
    return replace(part, notes=notes), written


def _without_empty_end(tempo_map: TempoMap, written: Sequence[Sequence[WrittenTime]]) -> TempoMap:
    """Leave out the measures after the last written note: the page ends where the music does."""
    starts = {measure.number: measure.start_quarters for measure in tempo_map.measures}
    ends = [
        starts[time.measure] + time.position_quarters + time.length_quarters
        for part in written
        for time in part
    ]
    end = max(ends, default=None)
    if end is None:
        return tempo_map
    measures = tuple(measure for measure in tempo_map.measures if measure.start_quarters < end)
    beats = tuple(beat for beat in tempo_map.beats if beat.measure <= measures[-1].number)
    return replace(tempo_map, beats=beats, measures=measures) if len(beats) > 1 else tempo_map


def _swing_ratio(notes: Sequence[Note], tempo_map: TempoMap, settings: Settings) -> float | None:
    if settings.swing == "off":
        return None
    found = detect_swing(notes, tempo_map)
    return found.ratio if found else TRIPLET_SWING_RATIO if settings.swing == "on" else None


def _arrange_part(
    part: Part, times: Sequence[WrittenTime], index: int, settings: Settings, tempo_map: TempoMap
) -> _Arranged:
    setup = _setup(part, settings)
    instrument = INSTRUMENTS[part.instrument]
    search = FingeringSettings(max_fret=instrument.frets, pinned=_pinned(part, setup))
    heard = heard_places(part.notes, Neck(setup.tuning, setup.capo, instrument.frets))
    fingering = assign_fingering(part.notes, setup.tuning, capo=setup.capo, settings=search, evidence=heard)
    sounding = part.notes if part.score else damped(part.notes, fingering.notes)
    notes = tuple(
        _tab_note(f"t{index}n{number}", note, time, fingered)
        for number, (note, time, fingered) in enumerate(zip(sounding, times, fingering.notes, strict=True), 1)
    )
    notes = detect_techniques(notes, setup.tuning, tempo_map)
    track = Track(part.name, part.instrument, setup.tuning, setup.capo, notes)
    return _Arranged(track, (*filter(None, [setup.reason]), *fingering.warnings))


def _setup(part: Part, settings: Settings) -> _Setup:
    """What the user chose for the chosen instrument, else what the score says, else the usual tuning."""
    own = part.score.tuning if part.score else None
    usual = _Setup(own or INSTRUMENTS[part.instrument].tuning, part.score.capo if part.score else 0)
    if part.instrument != settings.instrument:
        return usual
    if AUTO in {settings.tuning, _capo_word(settings)}:
        return _detected(part, settings, usual)
    tuning = parse_tuning(settings.tuning) if settings.tuning else usual.tuning
    return _Setup(tuning, settings.capo or usual.capo)


def _capo_word(settings: Settings) -> str:
    return AUTO if settings.capo is None else str(settings.capo)


def _detected(part: Part, settings: Settings, usual: _Setup) -> _Setup:
    """Find out from the notes what was asked to be found out; keep the rest as chosen."""
    chosen = parse_tuning(settings.tuning) if settings.tuning not in {"", AUTO} else usual.tuning
    best = detect_tuning(
        part.notes,
        instrument=part.instrument,
        tunings=None if settings.tuning == AUTO else (chosen,),
        capos=CAPOS if settings.capo is None else (settings.capo,),
    )[0]
    where = f", capo {best.capo}" if best.capo else ""
    return _Setup(
        best.tuning, best.capo, f"{part.name}: {best.tuning.name}{where}: {', '.join(best.reasons)}"
    )


def _pinned(part: Part, setup: _Setup) -> tuple[tuple[int, Place], ...]:
    """Keep a score's own strings and frets, as long as its tuning and capo are kept."""
    score = part.score
    if score is None or score.tuning is None:
        return ()
    if score.tuning.pitches_midi != setup.tuning.pitches_midi or score.capo != setup.capo:
        return ()
    return tuple((index, Place(*place)) for index, place in enumerate(score.places) if place)


def _tab_note(note_id: str, note: Note, time: WrittenTime, fingered: Fingered) -> TabNote:
    place = fingered.place
    return TabNote(
        id=note_id,
        note=note,
        written=time,
        string=place.string if place else None,
        fret=place.fret if place else None,
        octave_shift=fingered.octave_shift,
        alternatives=tuple((other.string, other.fret) for other in fingered.alternatives),
    )


def _with_shapes(harmony: Harmony, tracks: Sequence[Track]) -> Harmony:
    """Give every chord a shape on the first track."""
    if not tracks:
        return harmony
    return replace(harmony, chords=with_shapes(harmony.chords, tracks[0].tuning, tracks[0].capo))

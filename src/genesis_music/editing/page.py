"""Where notes stand: written places on the page and in time, strings and frets on the neck."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from fractions import Fraction

from genesis_music.errors import EditError
from genesis_music.score import Beat, Measure, Note, TabNote, TempoMap, Track, Transcription, WrittenTime
from genesis_music.tablature.fretboard import Neck, Place
from genesis_music.tablature.tunings import INSTRUMENTS

SHORTEST_QUARTERS = Fraction(1, 16)
"""A 64th note."""
MOST_NEW_MEASURES = 8
"""So many measures at most are added behind the last one for a note."""
_GRIDS = (48, 80, 112)
"""64ths, alone or with tuplets of 3, 5 or 7: places that notation can express."""
_SWUNG = Fraction(1, 2)


def start_quarters(written: WrittenTime, tempo_map: TempoMap) -> Fraction:
    """Where a note starts, from the start of the piece.

    Raises:
        EditError: there is no such measure.
    """
    return _measure_start(written.measure, tempo_map) + written.position_quarters


def _measure_start(number: int, tempo_map: TempoMap) -> Fraction:
    first = tempo_map.measures[0].number
    index = number - first
    if not 0 <= index < len(tempo_map.measures):
        raise EditError(f"There is no bar {number}: choose {first} to {tempo_map.measures[-1].number}.")
    return tempo_map.measures[index].start_quarters


def end_quarters(tempo_map: TempoMap) -> Fraction:
    """Where the last measure ends."""
    return tempo_map.measures[-1].start_quarters + tempo_map.measures[-1].length_quarters


def with_room_for(transcription: Transcription, written: WrittenTime) -> Transcription:
    """Let the piece go on, with measures like its last one, until a written time fits in.

    Raises:
        EditError: that would take more than :data:`MOST_NEW_MEASURES`.
    """
    tempo_map = transcription.tempo_map
    most = tempo_map.measures[-1].number + MOST_NEW_MEASURES
    while not _holds(tempo_map, written):
        if tempo_map.measures[-1].number == most:
            raise EditError(f"Bar {written.measure} is too far behind the last one: go on up to bar {most}.")
        tempo_map = _with_measure(tempo_map)
    return replace(transcription, tempo_map=tempo_map)


def _holds(tempo_map: TempoMap, written: WrittenTime) -> bool:
    if written.measure > tempo_map.measures[-1].number:
        return False
    end = start_quarters(written, tempo_map) + written.length_quarters
    return end <= end_quarters(tempo_map)


def _with_measure(tempo_map: TempoMap) -> TempoMap:
    """One measure more; the pulse goes on as it ended."""
    last = tempo_map.measures[-1]
    signature, start, number = last.time_signature, end_quarters(tempo_map), last.number + 1
    places = [start + beat * signature.beat_quarters for beat in range(signature.beats_per_measure + 1)]
    *onsets, end = [tempo_map.seconds_at(float(place)) for place in places]
    tempo = 60 * float(signature.measure_quarters) / (end - onsets[0])
    measure = Measure(number, onsets[0], signature, tempo, start, signature.measure_quarters)
    timed = enumerate(zip(onsets, places, strict=False), 1)
    beats = tuple(Beat(onset, number, beat, place) for beat, (onset, place) in timed)
    return TempoMap((*tempo_map.beats, *beats), (*tempo_map.measures, measure), tempo_map.confidence)


def written_at(start: Fraction, length: Fraction, tempo_map: TempoMap) -> WrittenTime:
    """The written time of a place counted from the start of the piece.

    Raises:
        EditError: it lies outside the piece, or nothing can be written with such values.
    """
    if not 0 <= start < start + length <= end_quarters(tempo_map):
        raise EditError("The note would stand before the first bar or after the last one.")
    if length < SHORTEST_QUARTERS:
        raise EditError(f"A length of {length} quarters is too short: choose a 64th (1/16) or longer.")
    measure = tempo_map.measure_at(start)
    for value in (start - measure.start_quarters, length):
        if not is_writable(value):
            raise EditError(
                f"{value} quarters cannot be written: choose multiples of 1/16, or of tuplets of 3, 5 or 7."
            )
    return WrittenTime(measure.number, start - measure.start_quarters, length)


def is_writable(quarters: Fraction) -> bool:
    """Whether notation can express a place or a length."""
    return any(grid % quarters.denominator == 0 for grid in _GRIDS)


def played(transcription: Transcription, note: Note, written: WrittenTime) -> Note:
    """The note as it is played when it is written there: its onset and end follow the tempo map and the swing."""
    tempo_map = transcription.tempo_map
    start = start_quarters(written, tempo_map)
    onset = _seconds(transcription, start)
    end = _seconds(transcription, start + written.length_quarters)
    return lasting(replace(note, onset_seconds=onset), end - onset)


def _seconds(transcription: Transcription, quarters: Fraction) -> float:
    """Performed time of a written place; off-beats that are written straight swing."""
    tempo_map, ratio = transcription.tempo_map, transcription.swing_ratio
    if ratio is not None and quarters % 1 == _SWUNG:
        return tempo_map.seconds_at(float(quarters - _SWUNG) + ratio)
    return tempo_map.seconds_at(float(quarters))


def lasting(note: Note, duration_seconds: float) -> Note:
    """The note with another duration; a contour never outlasts its note."""
    bend = tuple(point for point in note.bend if point.offset_seconds <= duration_seconds)
    return replace(note, duration_seconds=duration_seconds, bend=bend)


# ---------------------------------------------------------------- tracks and notes


def track_of(transcription: Transcription, number: int) -> Track:
    """The track of a number that counts from 1.

    Raises:
        EditError: there is none.
    """
    if not 1 <= number <= len(transcription.tracks):
        raise EditError(f"There is no track {number}: choose 1 to {len(transcription.tracks)}.")
    return transcription.tracks[number - 1]


def find_notes(transcription: Transcription, ids: Iterable[str]) -> list[tuple[Track, TabNote]]:
    """The notes with these ids, each with its track.

    Raises:
        EditError: there is no such note, or none is named.
    """
    wanted = list(dict.fromkeys(ids))
    if not wanted:
        raise EditError("No note is named: choose at least one.")
    looked_for = set(wanted)
    found = {
        note.id: (track, note)
        for track in transcription.tracks
        for note in track.notes
        if note.id in looked_for
    }
    missing = [id_ for id_ in wanted if id_ not in found]
    if missing:
        raise EditError(f"There is no note {missing[0]}: it may have been deleted.")
    return [found[id_] for id_ in wanted]


def with_track(transcription: Transcription, old: Track, new: Track) -> Transcription:
    """Put a track in the place of another one."""
    tracks = tuple(new if track is old else track for track in transcription.tracks)
    return replace(transcription, tracks=tracks)


def with_notes(transcription: Transcription, changes: Mapping[str, TabNote | None]) -> Transcription:
    """Put notes in the place of those with the same ids; ``None`` takes one away."""
    tracks = tuple(
        replace(track, notes=_changed(track, changes))
        if any(note.id in changes for note in track.notes)
        else track
        for track in transcription.tracks
    )
    return replace(transcription, tracks=tracks)


def _changed(track: Track, changes: Mapping[str, TabNote | None]) -> tuple[TabNote, ...]:
    notes = (changes.get(note.id, note) for note in track.notes)
    return in_order(note for note in notes if note is not None)


def in_order(notes: Iterable[TabNote]) -> tuple[TabNote, ...]:
    """In time order, low notes first within a chord."""
    return tuple(sorted(notes, key=lambda tab: (tab.note.onset_seconds, tab.note.pitch_midi)))


# ---------------------------------------------------------------- the neck


def neck_of(track: Track) -> Neck:
    """The neck that a track is played on; an instrument that is not known by name has a guitar's."""
    name = "bass" if "bass" in track.instrument else track.instrument
    frets = INSTRUMENTS.get(name, INSTRUMENTS["guitar"]).frets
    highest = max((note.fret for note in track.notes if note.fret is not None), default=0)
    return Neck(track.tuning, track.capo, max(frets, track.capo + highest))


def check_place(place: Place, neck: Neck) -> None:
    """Refuse a place off the neck (EditError)."""
    if not 1 <= place.string <= neck.strings:
        raise EditError(f"There is no string {place.string}: choose 1 (the highest) to {neck.strings}.")
    if not 0 <= place.fret <= neck.frets - neck.capo:
        raise EditError(f"There is no fret {place.fret}: choose 0 (open) to {neck.frets - neck.capo}.")


def others(
    place: Place, pitch_midi: int, neck: Neck, known: Iterable[tuple[int, int]] = ()
) -> tuple[tuple[int, int], ...]:
    """Other places of a pitch, those ``known`` to be best first."""
    possible = [(one.string, one.fret) for one in neck.places(pitch_midi) if one != place]
    ranked = [one for one in known if one in possible]
    return (*ranked, *(one for one in possible if one not in ranked))


def bar_of(tab_note: TabNote) -> str:
    """Where a note stands, for messages: ``"bar 3"``."""
    return f"bar {tab_note.written.measure}"

"""The notes of one MusicXML measure, on the notation staff and on the tab staff."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from itertools import pairwise

from lxml import etree

from genesis_music.formats.articulation import BendCorner, bend_corners, followers, has, legato_into
from genesis_music.formats.spelling import spell_pitch
from genesis_music.formats.written import page_pitch
from genesis_music.rhythm.notation import NoteValue, WrittenBeat, WrittenMeasure, WrittenNote
from genesis_music.score import TabNote, TechniqueKind, Track

DIVISIONS = 1680
"""Units per quarter note: 64th notes and tuplets of 3, 5 and 7 are whole numbers of them."""

NOTATION, TAB = 1, 2
"""Numbers of the two staves."""

_VOICES = {NOTATION: "1", TAB: "5"}
"""Four voices belong to the first staff, so the tab's is the fifth."""

_TYPES = {1: "whole", 2: "half", 4: "quarter", 8: "eighth", 16: "16th", 32: "32nd", 64: "64th"}

_RUN_WORDS = {TechniqueKind.PALM_MUTE: "P.M.", TechniqueKind.LET_RING: "let ring"}


def add(parent: etree._Element, tag: str, text: str = "", /, **attributes: str) -> etree._Element:
    """Append a child element and return it; underscores in attribute names stand for hyphens."""
    element = etree.SubElement(parent, tag)
    for name, value in attributes.items():
        element.set(name.replace("_", "-"), value)
    if text:
        element.text = text
    return element


def duration_text(quarters: Fraction) -> str:
    """Write a length in divisions."""
    return str(round(quarters * DIVISIONS))


@cache
def _value_duration(value: NoteValue) -> str:
    return duration_text(value.length_quarters)


class StaffWriter:
    """Appends the notes of one track, measure after measure, to one staff.

    It remembers which notes lead into which and which run of palm mutes or ringing notes is going on.
    """

    def __init__(self, track: Track, staff: int) -> None:
        self._staff = staff
        self._followers = followers(track)
        self._arrivals = {note.id: legato_into(note) for note in self._followers.values()}
        self._running: frozenset[TechniqueKind] = frozenset()

    def append(self, measure: etree._Element, written: WrittenMeasure, sharps: int) -> None:
        """Append the measure's notes; ``sharps`` is the key signature they are spelled in."""
        for beat in written.beats:
            notes = [n for n in beat.notes if self._staff == NOTATION or n.tab_note.string is not None]
            self._append_run_words(measure, notes)
            for index, note in enumerate(notes):
                self._append_note(measure, beat, note, sharps, in_chord=index > 0)
            if not notes:
                self._append_rest(measure, beat, written)

    def _append_run_words(self, measure: etree._Element, notes: list[WrittenNote]) -> None:
        """Print ``P.M.`` and ``let ring`` above the tab where a run of them starts."""
        if self._staff != TAB or not notes:
            return
        kinds = frozenset(kind for kind in _RUN_WORDS if any(has(note.tab_note, kind) for note in notes))
        for kind in sorted(kinds - self._running):
            direction = add(measure, "direction", placement="above")
            add(add(direction, "direction-type"), "words", _RUN_WORDS[kind], font_style="italic")
            add(direction, "voice", _VOICES[TAB])
            add(direction, "staff", str(TAB))
        self._running = kinds

    def _append_rest(self, measure: etree._Element, beat: WrittenBeat, written: WrittenMeasure) -> None:
        note = add(measure, "note")
        if self._staff == TAB:
            note.set("print-object", "no")
        whole = beat.value.length_quarters == written.measure.length_quarters
        rest = add(note, "rest")
        if whole:
            rest.set("measure", "yes")
        add(note, "duration", _value_duration(beat.value))
        add(note, "voice", _VOICES[self._staff])
        if not whole:
            _append_value(note, beat.value)
        add(note, "staff", str(self._staff))
        notations = add(note, "notations")
        self._append_tuplet_marks(notations, beat)
        _drop_if_empty(note, notations)

    def _append_note(
        self, measure: etree._Element, beat: WrittenBeat, written: WrittenNote, sharps: int, *, in_chord: bool
    ) -> None:
        note = add(measure, "note")
        if in_chord:
            add(note, "chord")
        _append_pitch(note, page_pitch(written.tab_note), sharps)
        add(note, "duration", _value_duration(beat.value))
        for kind in _tie_types(written):
            add(note, "tie", type=kind)
        add(note, "voice", _VOICES[self._staff])
        _append_value(note, beat.value)
        if self._staff == TAB:
            add(note, "stem", "none")
        if has(written.tab_note, TechniqueKind.DEAD_NOTE):
            add(note, "notehead", "x")
        add(note, "staff", str(self._staff))
        self._append_notations(note, beat, written, in_chord=in_chord)
        if has(written.tab_note, TechniqueKind.PALM_MUTE):
            add(add(note, "play"), "mute", "palm")

    def _append_notations(
        self, note: etree._Element, beat: WrittenBeat, written: WrittenNote, *, in_chord: bool
    ) -> None:
        """Append everything drawn on or between noteheads; an empty ``notations`` is taken out again."""
        notations = add(note, "notations")
        for kind in _tie_types(written):
            add(notations, "tied", type=kind)
        if has(written.tab_note, TechniqueKind.LET_RING) and not written.tie_to:
            add(notations, "tied", type="let-ring")
        if not in_chord:
            self._append_tuplet_marks(notations, beat)
        self._append_links(notations, written)
        if has(written.tab_note, TechniqueKind.VIBRATO) and not written.tie_from:
            ornaments = add(notations, "ornaments")
            for end in ("start", "stop"):  # on one note, so that no reader makes it last longer
                add(ornaments, "wavy-line", type=end, number="1", placement="above")
        if self._staff == TAB:
            self._append_technical(notations, written)
        _drop_if_empty(note, notations)

    def _append_tuplet_marks(self, notations: etree._Element, beat: WrittenBeat) -> None:
        """Mark where tuplets begin and end; the tab staff, which has no rhythm, hides them."""
        hidden = {"bracket": "no", "show_number": "none"} if self._staff == TAB else {}
        if beat.tuplet_start:
            add(notations, "tuplet", type="start", number="1", **hidden)
        if beat.tuplet_stop:
            add(notations, "tuplet", type="stop", number="1")

    def _append_links(self, notations: etree._Element, written: WrittenNote) -> None:
        """Append slurs and slides, from the last notehead of a note to the first of its follower."""
        note = written.tab_note
        arriving = None if written.tie_from else self._arrivals.get(note.id)
        if arriving is not None:
            _append_link(notations, arriving, "stop", note)
        follower = self._followers.get(note.id)
        if follower is not None and not written.tie_to:
            _append_link(notations, legato_into(follower), "start", note)

    def _append_technical(self, notations: etree._Element, written: WrittenNote) -> None:
        note = written.tab_note
        technical = add(notations, "technical")
        if has(note, TechniqueKind.HARMONIC):
            add(add(technical, "harmonic"), "natural")
        add(technical, "string", str(note.string))
        add(technical, "fret", str(note.fret))
        arriving = None if written.tie_from else self._arrivals.get(note.id)
        if arriving is not None:
            _append_hand(technical, arriving, "stop", note)
        follower = self._followers.get(note.id)
        if follower is not None and not written.tie_to:
            _append_hand(technical, legato_into(follower), "start", note)
        if not written.tie_from:
            _append_bends(technical, bend_corners(note))


def _append_value(note: etree._Element, value: NoteValue) -> None:
    add(note, "type", _TYPES[value.denominator])
    for _ in range(value.dots):
        add(note, "dot")
    if value.tuplet:
        modification = add(note, "time-modification")
        add(modification, "actual-notes", str(value.tuplet[0]))
        add(modification, "normal-notes", str(value.tuplet[1]))


def _append_pitch(note: etree._Element, pitch_midi: int, sharps: int) -> None:
    spelling = spell_pitch(pitch_midi, sharps)
    pitch = add(note, "pitch")
    add(pitch, "step", spelling.step)
    if spelling.alter:
        add(pitch, "alter", str(spelling.alter))
    add(pitch, "octave", str(spelling.octave))


def _tie_types(written: WrittenNote) -> Iterator[str]:
    if written.tie_from:
        yield "stop"
    if written.tie_to:
        yield "start"


def _drop_if_empty(note: etree._Element, notations: etree._Element) -> None:
    if len(notations) == 0:
        note.remove(notations)


def _link_number(note: TabNote) -> str:
    """Number that tells links of different strings apart (MusicXML knows 1 to 6)."""
    return str(((note.string or 1) - 1) % 6 + 1)


def _append_link(notations: etree._Element, kind: TechniqueKind | None, end: str, note: TabNote) -> None:
    if kind is TechniqueKind.SLIDE:
        add(notations, "slide", type=end, number=_link_number(note), line_type="solid")
    else:
        add(notations, "slur", type=end, number=_link_number(note))


_HANDS = {TechniqueKind.HAMMER_ON: ("hammer-on", "H"), TechniqueKind.PULL_OFF: ("pull-off", "P")}


def _append_hand(technical: etree._Element, kind: TechniqueKind | None, end: str, note: TabNote) -> None:
    if kind in _HANDS:
        tag, letter = _HANDS[kind]
        add(technical, tag, letter if end == "start" else "", type=end, number=_link_number(note))


def _append_bends(technical: etree._Element, corners: tuple[BendCorner, ...]) -> None:
    """Append one ``bend`` per rise or fall of the contour; falls are releases."""
    turning = _turning_points([corner.quarter_tones for corner in corners])
    for before, after in pairwise(turning):
        bend = add(technical, "bend")
        add(bend, "bend-alter", f"{(after - before) / 2:g}")
        if after < before:
            add(bend, "release")


def _turning_points(heights: list[int]) -> list[int]:
    """Keep the first height and those where the contour turns or ends."""
    moves = [height for index, height in enumerate(heights) if index == 0 or height != heights[index - 1]]
    return [
        height
        for index, height in enumerate(moves)
        if index in (0, len(moves) - 1) or (height > moves[index - 1]) != (moves[index + 1] > height)
    ]

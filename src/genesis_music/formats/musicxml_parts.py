"""One part of a MusicXML score, read measure by measure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction

from lxml import etree

from genesis_music.formats.instruments import STEEL_GUITAR, instrument_of
from genesis_music.formats.reading import MAX_MEASURES, MAX_NOTES, Bar, ReadNote, TempoChange, named_tuning
from genesis_music.score import PITCH_NAMES_SHARP, Technique, TechniqueKind, TimeSignature, Tuning

_MAX_DIVISIONS = 1_000_000
_BEAT_UNIT_QUARTERS = {"whole": 4.0, "half": 2.0, "quarter": 1.0, "eighth": 0.5, "16th": 0.25}


@dataclass(frozen=True, slots=True)
class Part:
    """What a part says; ``key`` is (fifths, mode) of its first signature."""

    name: str
    instrument: str
    tuning: Tuning
    capo: int
    notes: tuple[ReadNote, ...]
    bars: tuple[Bar, ...]
    tempi: tuple[TempoChange, ...]
    key: tuple[int, str] | None


@dataclass(slots=True)
class _State:
    """Where the reading of a part stands: units, signature, transposition, staves, and what was found."""

    divisions: int = 1
    signature: TimeSignature = field(default_factory=lambda: TimeSignature(4, 4))
    transpose: int = 0
    tab_staff: str | None = None
    tuning: tuple[int, ...] = ()
    capo: int = 0
    key: tuple[int, str] | None = None
    start: Fraction = Fraction(0)
    cursor: Fraction = Fraction(0)
    chord_start: Fraction = Fraction(0)
    reached: Fraction = Fraction(0)
    notes: list[_StaffNote] = field(default_factory=list)
    tied: dict[tuple[str, int], int] = field(default_factory=dict)
    bars: list[Bar] = field(default_factory=list)
    tempi: list[TempoChange] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _StaffNote:
    staff: str
    note: ReadNote


def read_part(element: etree._Element, name: str, midi_program: str | None) -> Part:
    """Read a ``<part>``; ``midi_program`` counts from 1 as in the file.

    Raises:
        ValueError: numbers that make no sense.
    """
    state = _State()
    for measure in element.findall("measure"):
        _read_measure(state, measure)
        if len(state.bars) > MAX_MEASURES or len(state.notes) > MAX_NOTES:
            raise ValueError("it is longer than any piece of music")
    program = int(midi_program) - 1 if midi_program else STEEL_GUITAR.gm_program
    return Part(
        name,
        instrument_of(program),
        named_tuning(state.tuning) if state.tuning else Tuning("", ()),
        state.capo,
        tuple(_merged(state)),
        tuple(state.bars),
        tuple(state.tempi),
        state.key,
    )


def _merged(state: _State) -> Iterator[ReadNote]:
    """Yield the tab staff's notes, then what the other staves have more than it."""
    tabbed: Counter[tuple[Fraction, int]] = Counter()
    for placed in state.notes:
        if placed.staff == state.tab_staff:
            tabbed[placed.note.start_quarters, placed.note.pitch_midi] += 1
            yield placed.note
    for placed in state.notes:
        place = (placed.note.start_quarters, placed.note.pitch_midi)
        if placed.staff == state.tab_staff:
            continue
        if tabbed[place] > 0:
            tabbed[place] -= 1
        else:
            yield placed.note


# ---------------------------------------------------------------- measures


def _read_measure(state: _State, measure: etree._Element) -> None:
    state.cursor = state.reached = Fraction(0)
    for element in measure:
        if element.tag == "attributes":
            _read_attributes(state, element)
        elif element.tag == "note":
            _read_note(state, element)
        elif element.tag in ("backup", "forward"):
            _move(state, element)
        elif element.tag in ("direction", "sound"):
            _read_tempo(state, element)
    full = state.signature.measure_quarters
    pickup = not state.bars and 0 < state.reached < full
    length = state.reached if state.reached > full or pickup or _is_partial(state, measure) else full
    state.bars.append(Bar(state.signature, length))
    state.start += length


def _is_partial(state: _State, measure: etree._Element) -> bool:
    return measure.get("implicit") == "yes" and state.reached > 0


def _move(state: _State, element: etree._Element) -> None:
    step = _duration(state, element)
    state.cursor = max(state.cursor + (step if element.tag == "forward" else -step), Fraction(0))
    state.reached = max(state.reached, state.cursor)


def _duration(state: _State, element: etree._Element) -> Fraction:
    quarters = Fraction(element.findtext("duration") or "0") / state.divisions
    if not 0 <= quarters <= 1000:
        raise ValueError(f"a duration of {float(quarters):g} quarter notes")
    return quarters


def _read_attributes(state: _State, attributes: etree._Element) -> None:
    divisions = attributes.findtext("divisions")
    if divisions is not None:
        state.divisions = int(divisions)
        if not 0 < state.divisions <= _MAX_DIVISIONS:
            raise ValueError(f"{divisions} divisions")
    if state.key is None and attributes.find("key/fifths") is not None:
        mode = attributes.findtext("key/mode")
        fifths = int(attributes.findtext("key/fifths") or "0")
        state.key = (max(min(fifths, 7), -7), "minor" if mode == "minor" else "major")
    if attributes.find("time/beats") is not None:
        state.signature = _signature(attributes)
    transpose = attributes.find("transpose")
    if transpose is not None:
        chromatic = int(float(transpose.findtext("chromatic") or "0"))
        state.transpose = chromatic + 12 * int(transpose.findtext("octave-change") or "0")
    for clef in attributes.findall("clef"):
        if clef.findtext("sign") == "TAB":
            state.tab_staff = clef.get("number", "1")
    for details in attributes.findall("staff-details"):
        _read_staff(state, details)


def _signature(attributes: etree._Element) -> TimeSignature:
    beats = (attributes.findtext("time/beats") or "4").split("+")
    signature = TimeSignature(
        sum(int(beat) for beat in beats), int(attributes.findtext("time/beat-type") or "4")
    )
    if signature.numerator <= 0 or signature.denominator <= 0:
        raise ValueError(f"time signature {signature}")
    return signature


def _read_staff(state: _State, details: etree._Element) -> None:
    """Read open strings, which the file lists from the bottom line up, and the capo."""
    tunings = sorted(
        details.findall("staff-tuning"), key=lambda tuning: int(tuning.get("line", "1")), reverse=True
    )
    if tunings:
        state.tuning = tuple(_pitch(tuning, "tuning-") for tuning in tunings)
    state.capo = int(details.findtext("capo") or state.capo)


def _pitch(element: etree._Element, prefix: str) -> int:
    step, octave = element.findtext(f"{prefix}step") or "", element.findtext(f"{prefix}octave") or ""
    alter = round(float(element.findtext(f"{prefix}alter") or "0"))
    return PITCH_NAMES_SHARP.index(step.strip()) + alter + 12 * (int(octave) + 1)


def _read_tempo(state: _State, element: etree._Element) -> None:
    sound = element if element.tag == "sound" else element.find("sound")
    tempo = sound.get("tempo") if sound is not None else None
    per_minute = element.findtext(".//metronome/per-minute")
    if tempo is not None:
        bpm = float(tempo)
    elif per_minute is not None and per_minute.strip().replace(".", "", 1).isdigit():
        unit = _BEAT_UNIT_QUARTERS.get(element.findtext(".//metronome/beat-unit") or "", 1.0)
        dotted = element.find(".//metronome/beat-unit-dot") is not None
        bpm = float(per_minute) * unit * (1.5 if dotted else 1)
    else:
        return
    if bpm > 0:
        state.tempi.append(TempoChange(state.start + state.cursor, bpm))


# ---------------------------------------------------------------- notes


def _read_note(state: _State, element: etree._Element) -> None:
    if element.find("grace") is not None or element.find("cue") is not None:
        return
    duration = _duration(state, element)
    if element.find("chord") is None:
        state.chord_start = state.cursor
        state.cursor += duration
        state.reached = max(state.reached, state.cursor)
    pitch = element.find("pitch")
    if pitch is not None and duration > 0:
        _add_note(state, element, _pitch(pitch, "") + state.transpose, duration)


def _add_note(state: _State, element: etree._Element, pitch: int, duration: Fraction) -> None:
    staff = (element.findtext("staff") or "1").strip()
    start = state.start + state.chord_start
    ties = {tie.get("type") for tie in element.findall("tie")}
    key = (staff, pitch)
    if "stop" in ties and key in state.tied:
        index = state.tied.pop(key)
        before = state.notes[index].note
        later = tuple(
            t for t in _techniques(element) if all(t.kind is not known.kind for known in before.techniques)
        )
        joined = replace(
            before,
            length_quarters=start + duration - before.start_quarters,
            techniques=before.techniques + later,
        )
        state.notes[index] = _StaffNote(staff, joined)
    else:
        index = len(state.notes)
        state.notes.append(_StaffNote(staff, _note(element, start, duration, pitch)))
    if "start" in ties:
        state.tied[key] = index


def _note(element: etree._Element, start: Fraction, duration: Fraction, pitch: int) -> ReadNote:
    string, fret = element.findtext(".//technical/string"), element.findtext(".//technical/fret")
    placed = string is not None and fret is not None
    return ReadNote(
        start,
        duration,
        pitch,
        string=int(string) if placed and string else None,
        fret=int(fret) if placed and fret else None,
        techniques=tuple(_techniques(element)),
    )


def _techniques(element: etree._Element) -> Iterator[Technique]:
    bends = [float(alter.text or "0") for alter in element.findall(".//technical/bend/bend-alter")]
    if bends:
        heights = [sum(bends[: index + 1]) for index in range(len(bends))]
        yield Technique(TechniqueKind.BEND, 1.0, max(heights))
    marks = (
        (TechniqueKind.HAMMER_ON, ".//technical/hammer-on[@type='stop']"),
        (TechniqueKind.PULL_OFF, ".//technical/pull-off[@type='stop']"),
        (TechniqueKind.SLIDE, ".//slide[@type='stop']"),
        (TechniqueKind.VIBRATO, ".//ornaments/wavy-line[@type='start']"),
        (TechniqueKind.HARMONIC, ".//technical/harmonic"),
        (TechniqueKind.LET_RING, ".//tied[@type='let-ring']"),
    )
    yield from (Technique(kind, 1.0) for kind, place in marks if element.find(place) is not None)
    if element.findtext("play/mute") == "palm":
        yield Technique(TechniqueKind.PALM_MUTE, 1.0)
    if element.findtext("notehead") == "x":
        yield Technique(TechniqueKind.DEAD_NOTE, 1.0)

"""MusicXML 4.0 (partwise): for each track one part of two staves, standard notation above tab.

Notes on both staves are the same; the tab staff has no stems and hides its rests. Guitars are written an
octave above their sound through the clef, frets count from the capo, ``staff-tuning`` lists the open strings
from the bottom line up and without the capo. Measures are written one by one, so memory does not grow with
the piece.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from io import BytesIO

from lxml import etree

from genesis_music.formats.instruments import voice_of
from genesis_music.formats.musicxml_notes import DIVISIONS, NOTATION, TAB, StaffWriter, add, duration_text
from genesis_music.formats.spelling import spell_pitch
from genesis_music.formats.written import Page, fifths, one_line
from genesis_music.harmony.qualities import QUALITIES
from genesis_music.rhythm.notation import WrittenMeasure
from genesis_music.score import Chord, Key, Measure, TimeSignature, Track


def write_musicxml(page: Page) -> bytes:
    """Turn a transcription into an uncompressed MusicXML document."""
    buffer = BytesIO()
    with etree.xmlfile(buffer, encoding="UTF-8") as file:
        file.write_declaration()
        file.write_doctype(
            '<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN" '
            '"http://www.musicxml.org/dtds/partwise.dtd">'
        )
        with file.element("score-partwise", version="4.0"):
            for element in _head(page):
                file.write(element)
            for index, track in enumerate(page.transcription.tracks):
                with file.element("part", id=f"P{index + 1}"):
                    for measure in _measures(page, track, index):
                        file.write(measure)
    return buffer.getvalue()


def _head(page: Page) -> Iterator[etree._Element]:
    work = etree.Element("work")
    add(work, "work-title", one_line(page.transcription.source.title))
    yield work
    identification = etree.Element("identification")
    encoding = add(identification, "encoding")
    add(encoding, "software", "Genesis Music")
    add(encoding, "supports", element="beam", type="no")
    yield identification
    parts = etree.Element("part-list")
    for index, track in enumerate(page.transcription.tracks):
        _score_part(parts, index, track)
    yield parts


def _score_part(parts: etree._Element, index: int, track: Track) -> None:
    part = add(parts, "score-part", id=f"P{index + 1}")
    add(part, "part-name", one_line(track.name))
    instrument = add(part, "score-instrument", id=f"P{index + 1}-I1")
    add(instrument, "instrument-name", one_line(track.instrument))
    midi = add(part, "midi-instrument", id=f"P{index + 1}-I1")
    add(midi, "midi-channel", str(index % 9 + 1))
    add(midi, "midi-program", str(voice_of(track.instrument).gm_program + 1))


# ---------------------------------------------------------------- measures


def _measures(page: Page, track: Track, index: int) -> Iterator[etree._Element]:
    staves = StaffWriter(track, NOTATION), StaffWriter(track, TAB)
    before: Measure | None = None
    for written in page.measures[index]:
        measure = written.measure
        element = etree.Element("measure", number=str(measure.number))
        if measure.length_quarters < measure.time_signature.measure_quarters:
            element.set("implicit", "yes")
        _attributes(element, page, track, measure, before)
        if before is None:
            _capo(element, track)
        if index == 0:
            _above_system(element, page, measure)
        _staves(element, staves, written, fifths(page.key_at(measure)))
        yield element
        before = measure


def _above_system(element: etree._Element, page: Page, measure: Measure) -> None:
    """What a score prints once, above its first part: swing, tempo, section, chord names."""
    _swing(element, page, measure)
    _tempo(element, page, measure)
    _section(element, page, measure)
    for position, chord in page.chords.get(measure.number, {}).items():
        _harmony(element, chord, position, fifths(page.key_at(measure)))


def _staves(
    element: etree._Element, staves: tuple[StaffWriter, StaffWriter], written: WrittenMeasure, sharps: int
) -> None:
    notation, tab = staves
    notation.append(element, written, sharps)
    add(add(element, "backup"), "duration", duration_text(written.measure.length_quarters))
    tab.append(element, written, sharps)


def _attributes(
    element: etree._Element, page: Page, track: Track, measure: Measure, before: Measure | None
) -> None:
    """What stands before the notes: everything in the first measure, later only what changes."""
    key, signature = page.key_at(measure), measure.time_signature
    new_key = before is None or page.key_at(before) != key
    new_time = before is None or before.time_signature != signature
    if not new_key and not new_time:
        return
    attributes = add(element, "attributes")
    if before is None:
        add(attributes, "divisions", str(DIVISIONS))
    if new_key:
        _key(attributes, key)
    if new_time:
        _time(attributes, signature)
    if before is None:
        add(attributes, "staves", "2")
        _clefs(attributes, track)
        _tab_staff(attributes, track)


def _key(attributes: etree._Element, key: Key) -> None:
    element = add(attributes, "key")
    add(element, "fifths", str(fifths(key)))
    add(element, "mode", key.mode)


def _time(attributes: etree._Element, signature: TimeSignature) -> None:
    element = add(attributes, "time")
    add(element, "beats", str(signature.numerator))
    add(element, "beat-type", str(signature.denominator))


def _clefs(attributes: etree._Element, track: Track) -> None:
    voice = voice_of(track.instrument)
    notation = add(attributes, "clef", number="1")
    add(notation, "sign", voice.clef)
    add(notation, "line", "2" if voice.clef == "G" else "4")
    if voice.octaves_below_clef:
        add(notation, "clef-octave-change", str(-voice.octaves_below_clef))
    tab = add(attributes, "clef", number="2")
    add(tab, "sign", "TAB")
    add(tab, "line", "5")


def _tab_staff(attributes: etree._Element, track: Track) -> None:
    details = add(attributes, "staff-details", number="2")
    add(details, "staff-lines", str(track.tuning.strings))
    for line, pitch in enumerate(reversed(track.tuning.pitches_midi), start=1):
        spelling = spell_pitch(pitch, 0)
        tuning = add(details, "staff-tuning", line=str(line))
        add(tuning, "tuning-step", spelling.step)
        if spelling.alter:
            add(tuning, "tuning-alter", str(spelling.alter))
        add(tuning, "tuning-octave", str(spelling.octave))
    if track.capo:
        add(details, "capo", str(track.capo))


# ---------------------------------------------------------------- directions


def _tempo(element: etree._Element, page: Page, measure: Measure) -> None:
    """Print a metronome mark for a clear change of tempo."""
    tempo = page.tempo_marks.get(measure.number)
    if tempo is None:
        return
    compound = measure.time_signature.is_compound
    direction = add(element, "direction", placement="above")
    metronome = add(add(direction, "direction-type"), "metronome")
    add(metronome, "beat-unit", "quarter")
    if compound:
        add(metronome, "beat-unit-dot")
    add(metronome, "per-minute", f"{tempo / 1.5 if compound else tempo:.0f}")
    add(direction, "staff", "1")
    add(direction, "sound", tempo=f"{tempo:.2f}")


def _swing(element: etree._Element, page: Page, measure: Measure) -> None:
    if page.transcription.swing_ratio is not None and measure == page.transcription.tempo_map.measures[0]:
        direction = _words(element, "Swing")
        swing = add(add(direction, "sound"), "swing")
        add(swing, "first", "2")
        add(swing, "second", "1")
        add(swing, "swing-type", "eighth")


def _capo(element: etree._Element, track: Track) -> None:
    if track.capo:
        _words(element, f"Capo {track.capo}")


def _words(element: etree._Element, text: str, position: Fraction = Fraction(0)) -> etree._Element:
    direction = add(element, "direction", placement="above")
    add(add(direction, "direction-type"), "words", text)
    if position:
        add(direction, "offset", duration_text(position))
    add(direction, "staff", "1")
    return direction


def _section(element: etree._Element, page: Page, measure: Measure) -> None:
    section = page.sections.get(measure.number)
    if section is not None:
        direction = add(element, "direction", placement="above")
        add(add(direction, "direction-type"), "rehearsal", one_line(section.label))
        add(direction, "staff", "1")


_KINDS = {
    "major": ("major", None),
    "minor": ("minor", None),
    "7": ("dominant", None),
    "maj7": ("major-seventh", None),
    "m7": ("minor-seventh", None),
    "m7b5": ("half-diminished", None),
    "dim": ("diminished", None),
    "dim7": ("diminished-seventh", None),
    "aug": ("augmented", None),
    "sus2": ("suspended-second", None),
    "sus4": ("suspended-fourth", None),
    "7sus4": ("suspended-fourth", (7, -1)),
    "6": ("major-sixth", None),
    "m6": ("minor-sixth", None),
    "9": ("dominant-ninth", None),
    "maj9": ("major-ninth", None),
    "m9": ("minor-ninth", None),
    "add9": ("major", (9, 0)),
    "m(maj7)": ("major-minor", None),
    "5": ("power", None),
}
"""MusicXML's ``kind`` of each chord quality, and the degree it adds, as (number, alteration)."""


def _harmony(element: etree._Element, chord: Chord, position: Fraction, sharps: int) -> None:
    if chord.root is None:  # as words: a harmony without a root shows as C in some programs
        _words(element, one_line(chord.label), position)
        return
    harmony = add(element, "harmony", placement="above")
    kind, degree = _KINDS.get(chord.quality, ("other", None))
    _harmony_pitch(harmony, "root", chord.root, sharps)
    add(harmony, "kind", kind, text=_suffix(chord))
    if chord.bass is not None and chord.bass != chord.root:
        _harmony_pitch(harmony, "bass", chord.bass, sharps)
    if degree is not None:
        added = add(harmony, "degree", print_object="no")
        add(added, "degree-value", str(degree[0]))
        add(added, "degree-alter", str(degree[1]))
        add(added, "degree-type", "add")
    if position:
        add(harmony, "offset", duration_text(position))
    add(harmony, "staff", "1")


def _harmony_pitch(harmony: etree._Element, name: str, pitch_class: int, sharps: int) -> None:
    spelling = spell_pitch(pitch_class, sharps)
    element = add(harmony, name)
    add(element, f"{name}-step", spelling.step)
    if spelling.alter:
        add(element, f"{name}-alter", str(spelling.alter))


def _suffix(chord: Chord) -> str:
    """Print what a lead sheet prints after the root, without the bass."""
    quality = QUALITIES.get(chord.quality)
    return quality.suffix if quality is not None else one_line(chord.quality)

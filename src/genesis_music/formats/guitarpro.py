"""Guitar Pro 5 files, which Guitar Pro, TuxGuitar, MuseScore and alphaTab open.

What the format cannot say is bent as little as possible: it knows whole beats per minute, seven strings and
one-byte text (other characters become ``?``). Notes that no string holds are named as text above their beat.
"""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

import guitarpro as gp

from genesis_music.formats.articulation import BEND_STEPS, bend_corners, followers, has, legato_into
from genesis_music.formats.instruments import voice_of
from genesis_music.formats.written import (
    Page,
    chords_on_beats,
    fifths,
    lost_names,
    one_line,
    short_signature,
)
from genesis_music.rhythm.notation import NoteValue, WrittenBeat, WrittenNote
from genesis_music.score import Chord, Key, Measure, TabNote, TechniqueKind, Track, Tuning

MAX_STRINGS = 7
MAX_TITLE_CHARACTERS = 120
MAX_TRACK_NAME_CHARACTERS = 40

CHANNELS = tuple(channel for channel in range(64) if channel % 16 != 9)
"""MIDI channels of the four ports, without the drums'; a track has one, and a second one for its effects."""


def write_gp5(page: Page) -> bytes:
    """Turn a transcription into a Guitar Pro 5.1 file."""
    transcription = page.transcription
    song = gp.Song(
        title=_text(transcription.source.title, MAX_TITLE_CHARACTERS),
        tempo=_tempo(transcription.tempo_map.measures[0].tempo_bpm),
        measureHeaders=_headers(page),
        tracks=[],
    )
    song.tracks = [_track(song, index, page) for index in range(len(transcription.tracks))]
    if not song.tracks:
        song.tracks = [gp.Track(song, name="Guitar")]
    buffer = BytesIO()
    gp.write(song, buffer, version=(5, 1, 0))
    return buffer.getvalue()


def _text(text: str, length: int) -> str:
    return one_line(text).encode("cp1252", "replace").decode("cp1252")[:length]


def _tempo(tempo_bpm: float) -> int:
    return min(max(round(tempo_bpm), 1), 999)


# ---------------------------------------------------------------- measures


def _headers(page: Page) -> list[gp.MeasureHeader]:
    headers, start = [], gp.Duration.quarterTime
    feel = gp.TripletFeel.none if page.transcription.swing_ratio is None else gp.TripletFeel.eighth
    for index, measure in enumerate(page.transcription.tempo_map.measures):
        numerator, denominator = short_signature(measure)
        header = gp.MeasureHeader(
            number=index + 1,
            start=start,
            timeSignature=gp.TimeSignature(numerator, gp.Duration(denominator)),
            keySignature=_key_signature(page.key_at(measure)),
            tripletFeel=feel,
        )
        section = page.sections.get(measure.number)
        if section is not None:
            header.marker = gp.Marker(_text(section.label, MAX_TITLE_CHARACTERS))
        headers.append(header)
        start += header.length
    return headers


def _key_signature(key: Key) -> gp.KeySignature:
    return gp.KeySignature((fifths(key), 1 if key.mode == "minor" else 0))


def _tempo_change(page: Page, measure: Measure) -> gp.MixTableChange | None:
    tempo = page.tempo_marks.get(measure.number)
    if tempo is None or measure == page.transcription.tempo_map.measures[0]:
        return None
    return gp.MixTableChange(tempo=gp.MixTableItem(_tempo(tempo), 0, allTracks=True), hideTempo=False)


# ---------------------------------------------------------------- tracks


def _track(song: gp.Song, index: int, page: Page) -> gp.Track:
    track = page.transcription.tracks[index]
    program = voice_of(track.instrument).gm_program
    first, second = (CHANNELS[(2 * index + offset) % len(CHANNELS)] for offset in (0, 1))
    channel = gp.MidiChannel(channel=first, effectChannel=second, instrument=program)
    made = gp.Track(
        song,
        number=index + 1,
        name=_text(track.name, MAX_TRACK_NAME_CHARACTERS),
        offset=track.capo,
        strings=[
            gp.GuitarString(i + 1, pitch) for i, pitch in enumerate(track.tuning.pitches_midi[:MAX_STRINGS])
        ],
        channel=channel,
        indicateTuning=True,
    )
    _fill(made, page, index)
    return made


def _fill(made: gp.Track, page: Page, index: int) -> None:
    maker = _NoteMaker(page.transcription.tracks[index], flats=page.transcription.harmony.key.uses_flats)
    for measure, written in zip(made.measures, page.measures[index], strict=True):
        chords = chords_on_beats(page.chords.get(written.measure.number, {}), written.beats)
        voice = measure.voices[0]
        for beat, chord in zip(written.beats, chords, strict=True):
            voice.beats.append(_beat(voice, beat, chord, maker))
        if index == 0 and voice.beats:
            voice.beats[0].effect.mixTableChange = _tempo_change(page, written.measure)


def _beat(voice: gp.Voice, beat: WrittenBeat, chords: Sequence[Chord], maker: _NoteMaker) -> gp.Beat:
    made = gp.Beat(voice, duration=_duration(beat.value))
    playable = [note for note in beat.notes if note.tab_note.string is not None]
    made.notes = [maker.note(made, note) for note in playable]
    made.status = gp.BeatStatus.normal if made.notes else gp.BeatStatus.rest
    lost = lost_names(beat, flats=maker.flats)
    if len(chords) == 1 and len(chords[0].frets) == len(voice.measure.track.strings):
        made.effect.chord = _diagram(chords[0])
    elif chords:
        lost = [chord.label for chord in chords] + lost
    if lost:
        made.text = _text(" ".join(lost), MAX_TITLE_CHARACTERS)
    return made


def _duration(value: NoteValue) -> gp.Duration:
    tuplet = gp.Tuplet(*value.tuplet) if value.tuplet else gp.Tuplet()
    return gp.Duration(value.denominator, isDotted=value.dots > 0, tuplet=tuplet)


def _diagram(chord: Chord) -> gp.Chord:
    frets = [-1 if fret is None else fret for fret in chord.frets[:MAX_STRINGS]]
    pressed = [fret for fret in frets if fret > 0]
    first = 1 if max(pressed, default=0) <= 4 else min(pressed)
    return gp.Chord(
        length=len(frets),
        sharp=True,
        add=False,
        name=_text(chord.label, 20),
        firstFret=first,
        strings=frets,
        show=True,
        newFormat=True,
    )


class _NoteMaker:
    """Makes the noteheads of one track; knows which notes lead into which, and how black keys are named."""

    def __init__(self, track: Track, *, flats: bool) -> None:
        self.flats = flats
        self._tuning = track.tuning
        self._followers = followers(track)

    def note(self, beat: gp.Beat, written: WrittenNote) -> gp.Note:
        """Turn one notehead into Guitar Pro's."""
        tab_note = written.tab_note
        string, fret = _seven_strings(tab_note, self._tuning)
        note = gp.Note(beat, value=fret, string=string, velocity=_velocity(tab_note), type=_type(written))
        note.effect = self._effect(written)
        return note

    def _effect(self, written: WrittenNote) -> gp.NoteEffect:
        note = written.tab_note
        effect = gp.NoteEffect(
            vibrato=has(note, TechniqueKind.VIBRATO),
            palmMute=has(note, TechniqueKind.PALM_MUTE),
            letRing=has(note, TechniqueKind.LET_RING),
        )
        if not written.tie_from:
            effect.bend = _bend(note)
            effect.harmonic = gp.NaturalHarmonic() if has(note, TechniqueKind.HARMONIC) else None
        follower = self._followers.get(note.id)
        if follower is not None and not written.tie_to:
            slides = legato_into(follower) is TechniqueKind.SLIDE
            effect.slides = [gp.SlideType.legatoSlideTo] if slides else []
            effect.hammer = not slides
        return effect


def _seven_strings(note: TabNote, tuning: Tuning) -> tuple[int, int]:
    """Return string and fret as the format can hold them: lower strings move onto the seventh, octaves up."""
    string, fret = note.string or 1, note.fret or 0
    if string <= MAX_STRINGS:
        return string, fret
    fret += tuning.pitches_midi[string - 1] - tuning.pitches_midi[MAX_STRINGS - 1]
    return MAX_STRINGS, fret if fret >= 0 else fret % 12


def _velocity(note: TabNote) -> int:
    """Nearest of Guitar Pro's eight dynamics."""
    lowest, increment = int(gp.Velocities.minVelocity), int(gp.Velocities.velocityIncrement)
    step = round(note.note.velocity * 127 / increment)
    return lowest + increment * min(max(step - 1, 0), 7)


def _type(written: WrittenNote) -> gp.NoteType:
    if written.tie_from:
        return gp.NoteType.tie
    return gp.NoteType.dead if has(written.tab_note, TechniqueKind.DEAD_NOTE) else gp.NoteType.normal


def _bend(note: TabNote) -> gp.BendEffect | None:
    corners = bend_corners(note)
    if not corners:
        return None
    points = [gp.BendPoint(int(corner.position * BEND_STEPS), corner.quarter_tones) for corner in corners]
    highest = max(corner.quarter_tones for corner in corners)
    kind = gp.BendType.bend if corners[-1].quarter_tones == highest else gp.BendType.bendRelease
    return gp.BendEffect(kind, value=highest * 25, points=points)

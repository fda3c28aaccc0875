import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis_music.errors import SettingsError
from genesis_music.score import Note
from genesis_music.tablature.fingering import FingeringSettings, assign_fingering
from genesis_music.tablature.fretboard import Place
from genesis_music.tablature.tunings import INSTRUMENTS, STANDARD, TUNINGS


def chord(*pitches, onset=0.0):
    return [Note(onset, 1.0, pitch) for pitch in pitches]


def frets_high_to_low(fingering, strings=6):
    by_string = {f.place.string: f.place.fret for f in fingering.notes}
    return "".join(str(by_string.get(string, "x")) for string in range(strings, 0, -1))


@pytest.mark.parametrize(
    ("pitches", "shape"),
    [
        ((48, 52, 55, 60, 64), "x32010"),
        ((43, 47, 50, 55, 59, 67), "320003"),
        ((50, 57, 62, 66), "xx0232"),
        ((40, 47, 52, 55, 59, 64), "022000"),
        ((45, 52, 57, 60, 64), "x02210"),
        ((41, 48, 53, 57, 60, 65), "133211"),
    ],
)
def test_open_chords_come_out_as_the_shapes_everybody_knows(pitches, shape):
    assert frets_high_to_low(assign_fingering(chord(*pitches), STANDARD)) == shape


def test_a_drop_d_power_chord_takes_one_finger():
    assert frets_high_to_low(assign_fingering(chord(41, 48, 53), TUNINGS["drop-d"])) == "333xxx"


def test_a_capo_shifts_the_frets():
    open_c = [48, 52, 55, 60, 64]
    plain = assign_fingering(chord(*open_c), STANDARD)
    with_capo = assign_fingering(chord(*(p + 3 for p in open_c)), STANDARD, capo=3)
    assert [f.place for f in with_capo.notes] == [f.place for f in plain.notes]


def test_a_note_below_the_instrument_moves_up_an_octave_and_is_reported():
    fingering = assign_fingering([Note(0, 1, 38)], STANDARD)
    assert fingering.notes[0].octave_shift == 1
    assert fingering.notes[0].place.pitch_midi(STANDARD) == 50
    assert "D2" in fingering.warnings[0]


def test_more_notes_than_strings_are_reported_not_dropped():
    fingering = assign_fingering(chord(40, 45, 50, 55, 59, 64, 69), STANDARD)
    assert len(fingering.notes) == 7
    assert sum(f.place is None for f in fingering.notes) == 1
    assert "1 note" in fingering.warnings[0]


def test_a_pinned_place_is_kept():
    notes = [Note(i * 0.25, 0.25, 64) for i in range(3)]
    pinned = FingeringSettings(pinned=((1, Place(3, 9)),))
    assert assign_fingering(notes, STANDARD, settings=pinned).notes[1].place == Place(3, 9)


def test_pinning_a_note_where_it_cannot_sound_is_refused():
    with pytest.raises(SettingsError, match="cannot sound"):
        assign_fingering([Note(0, 1, 64)], STANDARD, settings=FingeringSettings(pinned=((0, Place(1, 1)),)))


@pytest.mark.parametrize("instrument", INSTRUMENTS.values(), ids=lambda i: i.name)
def test_a_scale_is_playable_on_every_instrument(instrument):
    low = min(instrument.tuning.pitches_midi)
    notes = [Note(i * 0.3, 0.3, low + step) for i, step in enumerate((0, 2, 4, 5, 7, 9, 11, 12))]
    fingering = assign_fingering(notes, instrument.tuning)
    for note, fingered in zip(notes, fingering.notes, strict=True):
        assert fingered.place.pitch_midi(instrument.tuning) == note.pitch_midi


pieces = st.lists(
    st.builds(
        Note,
        onset_seconds=st.integers(0, 40).map(lambda i: i * 0.1),
        duration_seconds=st.floats(0.05, 1.5),
        pitch_midi=st.integers(20, 110),
    ),
    max_size=30,
)


@settings(max_examples=60, deadline=None)
@given(notes=pieces, tuning=st.sampled_from(list(TUNINGS.values())), capo=st.integers(0, 7))
def test_every_place_sounds_its_note_and_a_chord_uses_each_string_once(notes, tuning, capo):
    fingering = assign_fingering(notes, tuning, capo=capo)
    assert len(fingering.notes) == len(notes)
    taken = {}
    for note, fingered in zip(notes, fingering.notes, strict=True):
        if fingered.place is not None:
            assert fingered.place.pitch_midi(tuning, capo) == note.pitch_midi + 12 * fingered.octave_shift
            assert taken.setdefault((note.onset_seconds, fingered.place.string), note) is note
    assert fingering == assign_fingering(notes, tuning, capo=capo)

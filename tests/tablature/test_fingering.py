import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis_music.errors import SettingsError
from genesis_music.score import Note
from genesis_music.tablature.fingering import FingeringSettings, assign_fingering
from genesis_music.tablature.fretboard import Place, places
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
        ((50, 57, 62, 65), "xx0231"),
        ((40, 47, 52, 55, 59, 64), "022000"),
        ((45, 52, 57, 61, 64), "x02220"),
        ((40, 47, 52, 56, 59, 64), "022100"),
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


def test_evidence_that_is_sure_wins():
    notes = [Note(i * 0.3, 0.3, pitch) for i, pitch in enumerate((52, 55, 57, 59))]
    usual = assign_fingering(notes, STANDARD)
    heard = []
    for note in notes:
        evidence = np.full((6, 25), -30.0, dtype=np.float32)
        evidence[5, note.pitch_midi - 40] = 0.0
        heard.append(evidence)
    assert {f.place.string for f in assign_fingering(notes, STANDARD, evidence=heard).notes} == {6}
    assert {f.place.string for f in usual.notes} != {6}


def test_notes_without_evidence_are_fingered_as_before():
    notes = [Note(i * 0.3, 0.3, 60 + i) for i in range(5)]
    assert assign_fingering(notes, STANDARD, evidence=[None] * 5) == assign_fingering(notes, STANDARD)


def test_evidence_for_other_notes_is_refused():
    with pytest.raises(SettingsError, match="Evidence"):
        assign_fingering([Note(0, 1, 60)], STANDARD, evidence=[None, None])


def test_a_wished_position_is_kept_where_the_neck_allows_it():
    notes = [Note(i * 0.3, 0.3, pitch) for i, pitch in enumerate((60, 62, 64, 65, 67, 69))]
    fingering = assign_fingering(notes, STANDARD, settings=FingeringSettings(position=7))
    assert min(f.place.fret for f in fingering.notes) >= 7


def test_notes_around_a_pin_come_to_its_position():
    notes = [Note(i * 0.2, 0.2, pitch) for i, pitch in enumerate((64, 67, 69, 67, 64))]
    high = FingeringSettings(pinned=((0, Place(4, 14)), (2, Place(3, 14)), (4, Place(4, 14))))
    fingering = assign_fingering(notes, STANDARD, settings=high)
    assert all(f.place.fret >= 11 for f in fingering.notes)


def test_two_notes_that_share_their_only_string_are_told_apart_by_an_octave():
    fingering = assign_fingering(chord(41, 42), STANDARD)
    assert all(f.place is not None for f in fingering.notes)
    assert sorted(f.octave_shift for f in fingering.notes) == [0, 1]
    assert "octave" in fingering.warnings[0]


def test_a_note_no_octave_of_which_fits_is_reported_with_no_place():
    one_fret = FingeringSettings(max_fret=1)
    fingering = assign_fingering([Note(0, 1, 42), Note(1, 1, 40)], STANDARD, settings=one_fret)
    assert fingering.notes[0].place is None
    assert "F#2" in fingering.warnings[0]


def test_an_arpeggio_that_rings_is_held_as_a_chord():
    c_major = [(0.0, 48), (0.25, 52), (0.5, 55), (0.75, 60), (1.0, 64), (1.25, 60), (1.5, 55)]
    ringing = [Note(onset, 2.0 - onset, pitch) for onset, pitch in c_major if onset < 1.25]
    strings = [f.place.string for f in assign_fingering(ringing, STANDARD).notes]
    assert len(set(strings)) == len(strings)


def test_a_ringing_note_is_struck_again_on_its_own_string():
    pattern = [Note(i * 0.25, 1.0, pitch) for i, pitch in enumerate((40, 55, 59, 64, 59, 55) * 4)]
    fingering = assign_fingering(pattern, STANDARD)
    assert {(f.place.string, f.place.fret) for f in fingering.notes} == {(6, 0), (3, 0), (2, 0), (1, 0)}


def test_alternatives_are_the_other_places_of_the_same_pitch():
    fingered = assign_fingering([Note(0, 1, 64)], STANDARD).notes[0]
    assert {*fingered.alternatives, fingered.place} == set(places(64, STANDARD, 0, 24))
    assert fingered.place not in fingered.alternatives


def test_a_ukulele_chord_uses_its_high_g_string():
    c_major = assign_fingering(chord(67, 60, 64, 72), TUNINGS["ukulele"])
    assert frets_high_to_low(c_major, strings=4) == "0003"


def test_no_notes_give_no_fingering():
    assert assign_fingering([], STANDARD).notes == ()


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

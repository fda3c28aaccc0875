from genesis_music.score import Note
from genesis_music.tablature.simultaneous import group_simultaneous


def played(*onsets_and_pitches):
    return [Note(onset, 0.5, pitch) for onset, pitch in onsets_and_pitches]


def test_notes_within_a_few_hundredths_are_one_chord():
    assert group_simultaneous(played((0.0, 52), (0.02, 40), (0.03, 47), (0.5, 50)), 6) == ((1, 2, 0), (3,))


def test_a_strum_takes_longer_while_it_keeps_its_direction():
    down = played((0.0, 40), (0.015, 47), (0.03, 52), (0.045, 55), (0.06, 59), (0.075, 64))
    assert len(group_simultaneous(down, 6)) == 1


def test_a_fast_run_back_and_forth_is_no_strum():
    run = played((0.0, 60), (0.028, 62), (0.056, 60), (0.07, 62))
    assert len(group_simultaneous(run, 6)) > 1


def test_the_order_of_the_notes_does_not_matter():
    notes = played((0.5, 50), (0.0, 52))
    assert group_simultaneous(notes, 6) == ((1,), (0,))

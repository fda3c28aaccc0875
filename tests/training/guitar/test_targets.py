import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs PyTorch")

from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from genesis_music.score import BendPoint  # noqa: E402
from training.guitar.batches import collate  # noqa: E402
from training.guitar.example import SAMPLE_RATE_HZ, Example, RenderedNote  # noqa: E402
from training.guitar.network import FRAME_SECONDS, LOWEST_PITCH_MIDI, Heard  # noqa: E402
from training.guitar.score import read_notes  # noqa: E402
from training.guitar.targets import NO_STRING, STRING_FRAMES, LossWeights, losses, targets, total_loss  # noqa: E402

FRAMES = 200


def note(onset=1.0, offset=2.0, pitch=52, string=4, **more):
    return RenderedNote(onset, offset, pitch, 0.8, string, 2, **more)


def centroid(column):
    return (column * np.arange(len(column))).sum() / column.sum() * FRAME_SECONDS


@given(onset=st.floats(0.2, 3.0), seconds=st.floats(0.1, 0.8), pitch=st.integers(33, 88))
@settings(deadline=None, max_examples=50)
def test_a_note_is_wanted_at_its_time_pitch_and_string(onset, seconds, pitch):
    wanted = targets([note(onset, onset + seconds, pitch)], FRAMES)
    column = pitch - LOWEST_PITCH_MIDI
    assert centroid(wanted.onset[:, column]) == pytest.approx(onset, abs=0.003)
    assert centroid(wanted.offset[:, column]) == pytest.approx(onset + seconds, abs=0.003)
    assert wanted.onset.sum() == pytest.approx(wanted.onset[:, column].sum())
    assert wanted.sounding.sum() * FRAME_SECONDS == pytest.approx(seconds, abs=0.021)
    assert set(np.unique(wanted.string)) == {NO_STRING, 3}
    assert (wanted.string == 3).sum() <= STRING_FRAMES
    assert wanted.velocity.max() == pytest.approx(0.8)


def test_what_began_before_the_example_sounds_but_does_not_begin():
    wanted = targets([note(-0.5, 0.4)], FRAMES)
    assert wanted.onset.max() == 0
    assert wanted.velocity.max() < 0
    assert (wanted.string == NO_STRING).all()
    assert wanted.sounding[:20].sum() == 20
    assert wanted.offset[20].max() == pytest.approx(1)


def test_what_ends_after_the_example_sounds_to_its_end():
    wanted = targets([note(3.5, 9.0)], FRAMES)
    assert wanted.sounding[-1].sum() == 1
    assert wanted.offset.max() == 0


def test_dead_notes_and_pitches_out_of_range_are_not_wanted():
    wanted = targets([note(pitched=False), note(pitch=20), note(pitch=100)], FRAMES)
    assert wanted.onset.max() == wanted.sounding.max() == wanted.contour.max() == 0


def test_the_contour_follows_a_bend():
    bend = (BendPoint(0.0, 0.0), BendPoint(0.5, 2.0))
    contour = targets([note(bend=bend)], FRAMES).contour
    pitch = LOWEST_PITCH_MIDI + (contour.argmax(axis=1) - 1) / 3
    assert pitch[50] == pytest.approx(52)
    assert pitch[62] == pytest.approx(53, abs=0.2)
    assert pitch[80] == pytest.approx(54)


def test_a_note_struck_again_at_once_is_two_onsets():
    wanted = targets([note(1.0, 1.2), note(1.2, 1.5)], FRAMES)
    column = wanted.onset[:, 52 - LOWEST_PITCH_MIDI]
    assert column[50] > 0.9
    assert column[60] > 0.9
    assert column[55] < 0.1


def test_notes_read_off_the_targets_are_those_that_were_played():
    played = [note(0.5, 1.0), note(1.013, 1.6), note(0.7, 1.9, pitch=64, string=1)]
    wanted = targets(played, FRAMES)
    found = read_notes(wanted.onset, wanted.sounding, threshold=0.5)
    assert found.pitch.tolist() == [52, 52, 64]
    assert found.onset == pytest.approx([0.5, 1.013, 0.7], abs=0.006)
    assert found.end == pytest.approx([1.0, 1.6, 1.9], abs=0.021)


def perfect(wanted):
    """What a network would say that knows everything."""
    string = torch.full((1, FRAMES, 6, wanted.onset.shape[2]), -20.0)
    string.scatter_(2, wanted.string.long().clamp(min=0)[:, :, None], 0.0)
    logits = (torch.logit(x, 1e-6) for x in (wanted.onset, wanted.sounding, wanted.offset))
    return Heard(*logits, wanted.velocity.clamp(min=0), torch.logit(wanted.contour, 1e-6), string)


def test_knowing_everything_costs_less_than_any_mistake():
    example = Example(np.zeros(4 * SAMPLE_RATE_HZ, np.float32), (note(),), (), 0)
    wanted = collate([example]).targets
    best = losses(perfect(wanted), wanted)
    wrong = collate([Example(example.audio, (note(pitch=53, string=2),), (), 0)]).targets
    worse = losses(perfect(wrong), wanted)
    assert all(best[name] <= worse[name] for name in best)
    assert total_loss(best, LossWeights()) < total_loss(worse, LossWeights())


def test_the_string_of_notes_nobody_played_does_not_count():
    wanted = collate([Example(np.zeros(4 * SAMPLE_RATE_HZ, np.float32), (), (), 0)]).targets
    assert losses(perfect(wanted), wanted)["string"] == 0

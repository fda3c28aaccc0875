from itertools import islice, pairwise
from pathlib import Path

import numpy as np
import pytest

from genesis_music.errors import InputError
from genesis_music.evaluation.guitarset import HELD_OUT
from genesis_music.score import BendPoint
from training.guitar import annotated, banks
from training.guitar.annotated import annotated_phrase, read_annotations
from training.guitar.articulation import articulate
from training.guitar.example import SAMPLE_RATE_HZ
from training.guitar.examples import example, examples
from training.guitar.generated import generated_phrase
from training.guitar.inharmonicity import measure
from training.guitar.soundfont import render_notes
from training.guitar.strings import midi_to_hz
from training.guitar.strokes import Manner, Phrase, Stroke
from training.guitar.voices import play

ANNOTATIONS = Path(__file__).parents[4] / "shared/eval/guitarset/annotation"
STANDARD = (64, 59, 55, 50, 45, 40)
IN_TUNE = (0.0,) * 6


def sounded(bank, *strokes, tuning=STANDARD, detune=IN_TUNE, seconds=2.0):
    return play(Phrase(tuning, strokes), bank, detune, seconds, np.random.default_rng(0))


def level_db(sound, start_seconds, end_seconds):
    part = sound[round(start_seconds * SAMPLE_RATE_HZ) : round(end_seconds * SAMPLE_RATE_HZ)]
    return 10 * np.log10(np.mean(part**2) + 1e-12)


def cents(hz, reference_hz):
    return 1200 * np.log2(hz / reference_hz)


def test_the_same_seed_makes_the_same_example(material):
    one, other, another = example(5, material), example(5, material), example(6, material)
    assert np.array_equal(one.audio, other.audio)
    assert one.notes == other.notes
    assert not np.array_equal(one.audio, another.audio)


@pytest.mark.parametrize("seed", range(60))
def test_every_example_is_sound_and_playable(material, seed):
    made = example(seed, material, seconds=2.0)
    assert made.audio.dtype == np.float32
    assert made.audio.shape == (2 * SAMPLE_RATE_HZ,)
    assert np.isfinite(made.audio).all()
    assert np.abs(made.audio).max() <= 1
    free_from = {}
    for note in made.notes:
        assert 1 <= note.string <= 6
        assert 0 <= note.fret <= 24
        assert note.pitch_midi == made.open_pitches_midi[note.string - 1] + note.fret
        assert 0 < note.velocity <= 1
        assert note.onset_seconds < 2.0
        assert note.offset_seconds > max(0.0, note.onset_seconds)
        assert note.onset_seconds >= free_from.get(note.string, -np.inf) - 1e-6
        free_from[note.string] = note.offset_seconds


def test_the_endless_set_needs_no_library_and_is_the_same_again(monkeypatch, tmp_path):
    if not ANNOTATIONS.exists():
        pytest.skip("the GuitarSet annotations are not beside the checkout")
    monkeypatch.setattr(banks, "COMPUTED", ("nylon",))
    monkeypatch.setattr(banks, "LAYERS", (0.5,))
    small = tmp_path / "annotations"
    small.mkdir()
    for path in sorted(ANNOTATIONS.glob("*.jams"))[10:12]:
        (small / path.name).symlink_to(path)
    first, again = (list(islice(examples(1, tmp_path, small, seconds=1.0), 3)) for _ in range(2))
    for one, other in zip(first, again, strict=True):
        assert one.seed == other.seed
        assert np.array_equal(one.audio, other.audio)


def test_held_out_excerpts_are_never_read(monkeypatch, tmp_path):
    for name in (*HELD_OUT, "00_Rock1-90-C#_comp"):
        (tmp_path / f"{name}.jams").touch()
    read = []
    monkeypatch.setattr(annotated, "_rows", lambda path: read.append(path.stem) or np.ones((1, 4)))
    read_annotations(tmp_path, tmp_path)
    assert read == ["00_Rock1-90-C#_comp"]


def test_a_folder_without_annotations_is_refused(tmp_path):
    with pytest.raises(InputError, match="GuitarSet"):
        read_annotations(tmp_path, tmp_path)


def test_a_missing_soundfont_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"nothing\.sf2"):
        render_notes(tmp_path / "nothing.sf2", 24, (60,), 90, seconds=1.0)


def test_a_note_begins_where_its_label_says(bank):
    for onset in (0.2, 0.5137, 1.0):
        played = sounded(bank, Stroke(onset, 1.8, 3, 5))
        (note,) = played.notes
        assert note.onset_seconds == onset
        assert level_db(played.sound, onset - 0.02, onset - 0.002) < -80
        assert level_db(played.sound, onset, onset + 0.01) > -45


@pytest.mark.parametrize(("string", "fret"), [(1, 0), (1, 12), (2, 5), (3, 7), (4, 2), (5, 3), (6, 1)])
def test_a_note_has_the_pitch_its_label_says(bank, string, fret):
    played = sounded(bank, Stroke(0.1, 1.9, string, fret))
    wanted_hz = midi_to_hz(played.notes[0].pitch_midi)
    found = measure(played.sound[round(0.1 * SAMPLE_RATE_HZ) :], wanted_hz)
    assert abs(cents(found.frequency_hz, wanted_hz)) < 10


@pytest.mark.parametrize("capo", [-4, 3, 7])
def test_tuning_and_detuning_are_heard_at_the_right_time(bank, capo):
    tuning = tuple(pitch + capo for pitch in STANDARD)
    played = sounded(bank, Stroke(1.0, 1.9, 2, 3), tuning=tuning, detune=(0.3,) * 6)
    (note,) = played.notes
    assert note.pitch_midi == 59 + capo + 3
    wanted_hz = midi_to_hz(note.pitch_midi + 0.3)
    found = measure(played.sound[SAMPLE_RATE_HZ:], wanted_hz)
    assert abs(cents(found.frequency_hz, wanted_hz)) < 10
    assert level_db(played.sound, 0.97, 0.995) < -70 < -40 < level_db(played.sound, 1.0, 1.02)


def test_a_string_is_silenced_by_its_next_note(bank):
    low, high = Stroke(0.1, 1.0, 6, 0), Stroke(1.0, 1.9, 6, 12)
    both, only_next = sounded(bank, low, high), sounded(bank, high)
    rest = both.sound - only_next.sound
    assert both.notes[0].offset_seconds == 1.0
    assert level_db(rest, 1.06, 1.5) < level_db(rest, 0.8, 0.95) - 40


def test_another_string_rings_on(bank):
    low, other = Stroke(0.1, 1.9, 6, 0), Stroke(1.0, 1.9, 5, 0)
    rest = sounded(bank, low, other).sound - sounded(bank, other).sound
    assert level_db(rest, 1.06, 1.5) > level_db(rest, 0.8, 0.95) - 20


def test_a_note_that_began_before_the_window_sounds_on(bank):
    whole = sounded(bank, Stroke(1.0, 3.0, 4, 3), seconds=3.0).sound[-SAMPLE_RATE_HZ:]
    late = sounded(bank, Stroke(-1.0, 1.0, 4, 3), seconds=1.0)
    assert late.notes[0].onset_seconds == -1.0
    assert np.corrcoef(whole, late.sound)[0, 1] > 0.99


@pytest.mark.parametrize("semitones", [0.5, 1.0, 2.0])
def test_a_bend_sounds_as_high_as_its_label_says(bank, semitones):
    bend = (BendPoint(0.0, 0.0), BendPoint(0.3, 0.0), BendPoint(0.5, semitones), BendPoint(1.7, semitones))
    played = sounded(bank, Stroke(0.1, 1.8, 2, 7, bend=bend))
    base_hz = midi_to_hz(66)
    before = measure(played.sound[round(0.1 * SAMPLE_RATE_HZ) : round(0.4 * SAMPLE_RATE_HZ)], base_hz)
    after = measure(played.sound[round(0.62 * SAMPLE_RATE_HZ) :], base_hz * 2 ** (semitones / 12))
    assert abs(cents(before.frequency_hz, base_hz)) < 10
    assert abs(cents(after.frequency_hz, base_hz) - 100 * semitones) < 10


def test_a_slide_arrives_at_the_next_note(bank):
    strokes = [Stroke(0.1, 0.6, 3, 5), Stroke(0.6, 1.2, 3, 7)]
    phrases = [
        articulate(Phrase(STANDARD, tuple(strokes)), np.random.default_rng(seed)) for seed in range(300)
    ]
    firsts = [stroke for phrase in phrases for stroke in phrase.strokes if stroke.onset_seconds == 0.1]
    slides = [stroke for stroke in firsts if len(stroke.bend) == 3]
    assert slides
    for slide in slides:
        assert slide.bend[-1] == BendPoint(0.5, 2.0)


def test_the_same_pitch_sounds_different_on_each_string(bank):
    found = {}
    for string, fret in ((2, 0), (3, 4), (4, 9), (5, 14)):
        sound = sounded(bank, Stroke(0.0, 1.9, string, fret)).sound
        found[string] = measure(sound, midi_to_hz(59)).inharmonicity
    assert found[5] > 1.3 * found[4] > 1.3 * 1.3 * found[3]
    assert max(found.values()) > 4 * min(found.values())


def test_inharmonicity_doubles_every_six_frets(bank):
    stiffness = [
        measure(sounded(bank, Stroke(0.0, 1.9, 4, fret)).sound, midi_to_hz(50 + fret)).inharmonicity
        for fret in (0, 6, 12)
    ]
    assert stiffness[1] / stiffness[0] == pytest.approx(2, rel=0.1)
    assert stiffness[2] / stiffness[1] == pytest.approx(2, rel=0.1)


def test_muted_and_dead_notes_die_at_once(bank):
    def fall_db(manner):
        sound = sounded(bank, Stroke(0.1, 1.5, 5, 3, manner=manner)).sound
        return level_db(sound, 0.1, 0.13) - level_db(sound, 0.5, 0.6)

    assert fall_db(Manner.PLUCKED) < 20 < fall_db(Manner.PALM_MUTED)
    assert fall_db(Manner.DEAD) > 60


def test_a_muted_note_is_over_when_it_is_no_longer_heard(bank):
    played = sounded(bank, Stroke(0.1, 1.9, 5, 3, manner=Manner.PALM_MUTED))
    (note,) = played.notes
    assert note.offset_seconds < 1.5
    end = note.offset_seconds
    assert level_db(played.sound, end, end + 0.1) < level_db(played.sound, 0.1, 0.13) - 40


def test_a_dead_note_is_labelled_as_having_no_pitch(bank):
    assert not sounded(bank, Stroke(0.1, 0.2, 5, 3, manner=Manner.DEAD)).notes[0].pitched


def test_a_slurred_note_has_a_softer_attack(bank):
    def attack_db(manner):
        sound = np.diff(sounded(bank, Stroke(0.5, 1.5, 2, 5, manner=manner)).sound)
        return level_db(sound, 0.5, 0.504)

    assert attack_db(Manner.LEGATO) < attack_db(Manner.PLUCKED) - 3


def test_a_flageolet_sounds_an_octave_above_the_open_string_with_its_even_partials(bank):
    played = sounded(bank, Stroke(0.1, 1.9, 4, 12, manner=Manner.HARMONIC))
    assert played.notes[0].pitch_midi == 62
    part = played.sound[round(0.2 * SAMPLE_RATE_HZ) :]
    magnitude = np.abs(np.fft.rfft(part * np.hanning(len(part)), 1 << 17))

    def at(hz):
        centre = round(hz / SAMPLE_RATE_HZ * (1 << 17))
        return magnitude[centre - 40 : centre + 40].max()

    assert at(midi_to_hz(62)) > 30 * max(at(midi_to_hz(50)), at(3 * midi_to_hz(50)))


@pytest.mark.parametrize("seed", range(40))
def test_phrases_hold_one_note_per_string_at_a_time(material, seed):
    random = np.random.default_rng(seed)
    for phrase in (generated_phrase(4.0, random), annotated_phrase(material.annotations, 4.0, random)):
        for string in range(1, 7):
            own = [stroke for stroke in articulate(phrase, random).strokes if stroke.string == string]
            for stroke, after in pairwise(own):
                assert stroke.end_seconds <= after.onset_seconds + 1e-9


def test_strums_spread_over_5_to_100_milliseconds():
    spreads = []
    for seed in range(80):
        phrase = generated_phrase(4.0, np.random.default_rng(seed))
        onsets = sorted(stroke.onset_seconds for stroke in phrase.strokes)
        groups = np.split(onsets, np.flatnonzero(np.diff(onsets) > 0.05) + 1)
        spreads += [group[-1] - group[0] for group in groups if len(group) >= 5]
    assert len(spreads) > 50
    assert 0.003 < np.percentile(spreads, 10) < np.percentile(spreads, 90) < 0.1


def test_some_examples_hold_nothing_and_claim_nothing(material):
    made = [example(seed, material, seconds=0.2) for seed in range(150)]
    empty = [one for one in made if not one.notes]
    assert 0.03 < len(empty) / len(made) < 0.3
    assert any(np.abs(one.audio).max() > 0.02 for one in empty)


def test_a_choked_note_is_darker_and_over_sooner_but_has_a_pitch(bank):
    def sound(manner):
        return sounded(bank, Stroke(0.1, 0.25, 4, 5, manner=manner))

    plucked, choked = sound(Manner.PLUCKED), sound(Manner.CHOKED)
    assert choked.notes[0].pitched
    assert level_db(choked.sound, 0.2, 0.25) < level_db(plucked.sound, 0.2, 0.25) - 3
    assert level_db(np.diff(choked.sound), 0.1, 0.15) < level_db(np.diff(plucked.sound), 0.1, 0.15) - 3


def test_only_short_notes_are_choked():
    strokes = (Stroke(0.1, 0.2, 3, 5), Stroke(0.5, 1.5, 3, 5))
    played = [
        stroke
        for seed in range(300)
        for stroke in articulate(Phrase(STANDARD, strokes), np.random.default_rng(seed)).strokes
        if stroke.manner is Manner.CHOKED
    ]
    assert played
    assert {stroke.onset_seconds for stroke in played} == {0.1}

import numpy as np
import pytest

from genesis_music.tablature.string_sets import USUAL_SETS
from training.guitar.example import SAMPLE_RATE_HZ
from training.guitar.inharmonicity import measure
from training.guitar.libraries import LIBRARIES, Sample, from_onset, read_samples
from training.guitar.modal import pluck, random_body
from training.guitar.sampled import TYPICAL_SCALE_M, infer_strings, sampled_notes
from training.guitar.shaping import flageolet, restring
from training.guitar.strings import ELECTRIC_SETS, SETS, midi_to_hz, random_guitar, stiffness

SCALE_M = 0.648
OPEN = (64, 59, 55, 50, 45, 40)
# B of the open strings of a Stratocaster with a .010-.046 set, measured at 22 frets of each (see the README).
MEASURED_B = (1.5e-5, 4.1e-5, 1.1e-4, 5.3e-5, 6.7e-5, 1.3e-4)


@pytest.fixture(scope="module")
def guitar():
    return random_guitar("steel", np.random.default_rng(4))


def plucked(guitar, string, fret, seed=0):
    random = np.random.default_rng(seed)
    return pluck(guitar, random_body("steel", random), string, fret, 0.6, 2.0, random)


@pytest.mark.parametrize("string", range(1, 7))
def test_the_formula_gives_what_was_measured_on_a_real_guitar(string):
    b = stiffness(ELECTRIC_SETS[1][string - 1], "electric", midi_to_hz(OPEN[string - 1]), SCALE_M)
    assert b == pytest.approx(MEASURED_B[string - 1], rel=0.2)


@pytest.mark.parametrize(("string", "fret"), [(1, 0), (2, 7), (3, 3), (4, 12), (5, 5), (6, 0), (6, 17)])
def test_inharmonicity_and_pitch_are_measured_right(guitar, string, fret):
    spec = guitar.strings[string - 1]
    found = measure(plucked(guitar, string, fret), spec.frequency_hz(fret) * 1.005)
    assert found.frequency_hz == pytest.approx(spec.frequency_hz(fret), rel=5e-4)
    assert found.inharmonicity == pytest.approx(spec.inharmonicity(fret), rel=0.06)


def test_the_sets_that_strings_are_told_by_are_those_of_the_formula():
    sets = [(family, gauges) for family in ("electric", "steel", "nylon") for gauges in SETS[family]]
    for (family, gauges), usual in zip(sets, USUAL_SETS, strict=True):
        b = [
            stiffness(gauge, family, midi_to_hz(pitch), TYPICAL_SCALE_M)
            for gauge, pitch in zip(gauges, OPEN, strict=True)
        ]
        assert b == pytest.approx(usual, rel=0.01)


def test_noise_has_no_partials():
    noise = np.random.default_rng(0).standard_normal(SAMPLE_RATE_HZ).astype(np.float32)
    assert measure(noise, 110.0).partials < 6


def test_the_string_of_every_note_is_told_from_its_inharmonicity_alone(guitar):
    places = [(string, fret) for string in range(1, 7) for fret in range(0, 15, 3)]
    samples = [Sample(OPEN[s - 1] + f, 0.5, 0, np.zeros(1, np.float32)) for s, f in places]
    b = [guitar.strings[s - 1].inharmonicity(f) * (1 + 0.03 * (-1) ** f) for s, f in places]
    inferred = infer_strings(samples, b, "steel")
    assert np.mean([found == s for found, (s, _) in zip(inferred.of_samples, places, strict=True)]) > 0.9


def test_what_is_known_of_a_string_is_not_doubted(guitar):
    samples = [Sample(59, 0.5, 4, np.zeros(1, np.float32))]
    assert infer_strings(samples, [guitar.strings[1].inharmonicity(0)], "steel").of_samples == (4,)


@pytest.mark.parametrize(("string", "other", "fret"), [(2, 3, 4), (3, 5, 14), (5, 6, 5), (4, 1, -14)])
def test_a_note_moved_to_another_string_has_that_strings_inharmonicity_and_the_same_pitch(
    guitar, string, other, fret
):
    was, becomes = guitar.strings[string - 1], guitar.strings[other - 1]
    hz = becomes.frequency_hz(max(fret, 0))
    old_fret = 12 * np.log2(hz / was.frequency_hz(0))
    sound = plucked(guitar, string, round(old_fret))
    moved = restring(sound, hz, was, was.inharmonicity(old_fret), becomes, 0.15)
    found = measure(moved, hz)
    assert found.frequency_hz == pytest.approx(hz, rel=5e-4)
    assert found.inharmonicity == pytest.approx(becomes.inharmonicity(max(fret, 0)), rel=0.08)


def test_moving_a_note_leaves_its_attack_in_place(guitar):
    was, becomes = guitar.strings[1], guitar.strings[4]
    late = np.concatenate([np.zeros(4410, np.float32), plucked(guitar, 2, 5)])
    moved = restring(late, was.frequency_hz(5), was, was.inharmonicity(5), becomes, 0.15)
    before, after = np.abs(moved[:4200]).max(), np.abs(moved[4410:4510]).max()
    assert after > 5 * before


def test_a_flageolet_keeps_every_third_partial(guitar):
    spec = guitar.strings[3]
    sound = flageolet(plucked(guitar, 4, 0), spec, 3)
    assert measure(sound, 3 * spec.frequency_hz(0)).frequency_hz == pytest.approx(
        3 * spec.frequency_hz(0), rel=2e-3
    )


def test_a_recorded_library_becomes_every_string_and_fret(tmp_path, guitar):
    import soundfile

    spanish = next(library for library in LIBRARIES if library.name == "spanish")
    folder = tmp_path / spanish.folder
    folder.mkdir(parents=True)
    names = {"E2": (6, 0), "A2": (5, 0), "D3": (4, 0), "G3": (3, 0), "B3": (2, 0), "E4": (1, 0), "A4": (1, 5)}
    for name, (string, fret) in names.items():
        sound = np.concatenate([np.zeros(2205), plucked(guitar, string, fret)])
        soundfile.write(folder / f"{name}.flac", 0.5 * sound / np.abs(sound).max(), SAMPLE_RATE_HZ)
    (folder / "readme.txt").touch()
    samples = read_samples(tmp_path, spanish)
    assert sorted(sample.pitch_midi for sample in samples) == [40, 45, 50, 55, 59, 64, 69]
    notes = list(sampled_notes(samples, "steel"))
    assert {(n.string, n.fret) for n in notes} == {(s, f) for s in range(1, 7) for f in range(23)}
    for note in [n for n in notes if n.harmonic == 1][:: len(notes) // 12]:
        hz = midi_to_hz(OPEN[note.string - 1] + note.fret)
        assert 1200 * abs(np.log2(measure(note.waveform, hz).frequency_hz / hz)) < 5


def test_silence_before_a_recorded_note_is_cut():
    note = np.exp(-np.arange(4410) / 2000).astype(np.float32)
    cut = from_onset(np.concatenate([np.zeros(1000, np.float32), note]))
    assert np.argmax(cut > 0.5) == 22

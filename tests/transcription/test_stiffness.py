"""How stiff strings are is measured from the sound, and not where it cannot be."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis_music.audio.recording import ArrayAudio
from genesis_music.evaluation.phone import as_by_phone
from genesis_music.score import Note
from genesis_music.transcription.stiffness import with_inharmonicity

RATE_HZ = 22050
OPEN = (64, 59, 55, 50, 45, 40)
OPEN_B = (1.4e-5, 4.5e-5, 1.1e-4, 4.8e-5, 7.5e-5, 1.3e-4)


def b_of(string: int, pitch: int) -> float:
    return float(OPEN_B[string - 1] * 2 ** ((pitch - OPEN[string - 1]) / 6))


def hz_of(pitch: float) -> float:
    return float(440 * 2 ** ((pitch - 69) / 12))


def tone(pitch: float, b: float, seconds: float = 0.6) -> np.ndarray:
    """A string that was plucked at a fifth of its length."""
    time = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    n = np.arange(1, 1 + int(9000 / hz_of(pitch)))
    partials_hz = n * hz_of(pitch) * np.sqrt((1 + b * n**2) / (1 + b))
    level = np.abs(np.sin(np.pi * n / 5.3)) / n
    phase = np.random.default_rng(0).uniform(0, 2 * np.pi, len(n))
    waves = np.sin(2 * np.pi * partials_hz[:, None] * time + phase[:, None])
    damped = np.exp(-time * (1 + 0.8 * partials_hz[:, None] / 1000))
    return (0.2 * level[:, None] * damped * waves).sum(axis=0).astype(np.float32)


def measured(sound: np.ndarray, pitches: list[int], noise: float = 1e-5) -> list[Note]:
    """Notes that begin together after a tenth of a second and last as long as the sound."""
    seconds = len(sound) / RATE_HZ
    sound = np.concatenate([np.zeros(RATE_HZ // 10, np.float32), sound])
    sound = sound + noise * np.random.default_rng(1).standard_normal(len(sound)).astype(np.float32)
    return with_inharmonicity([Note(0.1, seconds, pitch) for pitch in pitches], ArrayAudio(sound, RATE_HZ))


@pytest.mark.parametrize(
    ("string", "fret"), [(1, 0), (1, 12), (2, 5), (3, 9), (4, 2), (5, 0), (6, 0), (6, 12)]
)
def test_a_stiff_string_is_measured(string: int, fret: int) -> None:
    pitch = OPEN[string - 1] + fret
    (note,) = measured(tone(pitch, b_of(string, pitch)), [pitch])
    assert note.inharmonicity is not None
    assert note.inharmonicity.coefficient == pytest.approx(b_of(string, pitch), rel=0.1)
    assert note.inharmonicity.deviation < 0.2 * b_of(string, pitch)


@settings(max_examples=20, deadline=None)
@given(cents=st.floats(-30, 30), seconds=st.floats(0.1, 0.6))
def test_a_guitar_out_of_tune_is_as_stiff(cents: float, seconds: float) -> None:
    b = b_of(5, 50)
    (note,) = measured(tone(50 + cents / 100, b, seconds), [50])
    assert note.inharmonicity is not None
    assert note.inharmonicity.coefficient == pytest.approx(b, abs=0.1 * b + 3 * note.inharmonicity.deviation)


def test_an_organ_has_no_stiffness() -> None:
    (note,) = measured(tone(52, 0.0), [52])
    assert note.inharmonicity is not None
    assert abs(note.inharmonicity.coefficient) < 2e-6


def test_of_a_sine_nothing_is_measured() -> None:
    sine = 0.2 * np.sin(2 * np.pi * hz_of(57) * np.arange(RATE_HZ) / RATE_HZ).astype(np.float32)
    (note,) = measured(sine, [57])
    assert note.inharmonicity is None


@pytest.mark.parametrize("seed", range(4))
def test_noise_and_silence_say_nothing_for_sure(seed: int) -> None:
    noise = 0.1 * np.random.default_rng(seed).standard_normal(RATE_HZ).astype(np.float32)
    for sound in (noise, np.zeros(RATE_HZ, np.float32)):
        for note in measured(sound, [40, 52, 64]):
            found = note.inharmonicity
            assert found is None or found.deviation > 0.3 * abs(found.coefficient)


CHORDS = (
    ((6, 40), (5, 47), (4, 52), (3, 56), (2, 59), (1, 64)),
    ((5, 45), (4, 52), (3, 57), (2, 61), (1, 64)),
    ((6, 43), (5, 50)),
    ((4, 50), (2, 62)),
)


@pytest.mark.parametrize("chord", CHORDS)
def test_a_chord_is_measured_right_or_not_at_all(chord: tuple[tuple[int, int], ...]) -> None:
    """Octaves and fifths share partials."""
    sound = sum(tone(pitch, b_of(string, pitch)) for string, pitch in chord)
    notes = measured(np.asarray(sound, np.float32), [pitch for _, pitch in chord])
    for (string, pitch), note in zip(chord, notes, strict=True):
        if (found := note.inharmonicity) is not None:
            b = b_of(string, pitch)
            assert found.coefficient == pytest.approx(b, abs=0.15 * b + 3 * found.deviation)


def test_a_telephone_does_not_make_strings_stiffer() -> None:
    pitches = [40, 47, 52, 57, 62]
    strings = [6, 5, 4, 3, 2]
    for pitch, string in zip(pitches, strings, strict=True):
        sound = as_by_phone(tone(pitch, b_of(string, pitch)), RATE_HZ)
        (note,) = measured(sound, [pitch])
        if (found := note.inharmonicity) is not None:
            b = b_of(string, pitch)
            assert found.coefficient == pytest.approx(b, abs=0.2 * b + 3 * found.deviation)


def test_notes_are_measured_alike_wherever_they_lie_in_a_long_recording() -> None:
    sound = tone(47, b_of(5, 47))
    gap = np.zeros(RATE_HZ - len(sound), np.float32)
    audio = ArrayAudio(np.tile(np.concatenate([sound, gap]), 25), RATE_HZ)
    notes = with_inharmonicity([Note(float(second), 0.5, 47) for second in range(25)], audio)
    assert len({note.inharmonicity for note in notes}) == 1


def test_everything_else_about_the_notes_stays() -> None:
    notes = [Note(0.0, 0.5, 47), Note(30.0, 0.5, 52, string_evidence=(-1.0,) * 6)]
    found = with_inharmonicity(notes, ArrayAudio(np.zeros(100, np.float32), RATE_HZ))
    assert [replace(note, inharmonicity=None) for note in found] == notes
    assert with_inharmonicity([], ArrayAudio(np.zeros(100, np.float32), RATE_HZ)) == []

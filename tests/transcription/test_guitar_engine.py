from pathlib import Path

import numpy as np
import pytest

from genesis_music.audio.recording import ArrayAudio
from genesis_music.errors import EngineError, SettingsError
from genesis_music.transcription.decoder import DecoderSettings, decode_notes
from genesis_music.transcription.engines import get_engine
from genesis_music.transcription.guitar_engine import (
    ADVANCE_FRAMES,
    HOP_SAMPLES,
    LOWEST_PITCH_MIDI,
    MODEL_PATH,
    PITCHES,
    SAMPLE_RATE_HZ,
    GuitarEngine,
)
from tests.transcription.sounds import mixed, plucked

PARTS = ("onset", "sounding", "contour", "string_evidence", "offset", "velocity")


def heard(audio, **options):
    """All parts of the activations, by name, over the whole audio."""
    blocks = list(GuitarEngine(**options).activations(audio))
    return {part: np.concatenate([getattr(block, part) for block in blocks]) for part in PARTS}


def joined(audio, part):
    return heard(audio)[part]


def loudest_onset(samples):
    """The highest onset of any pitch."""
    return float(joined(ArrayAudio(samples.astype(np.float32), SAMPLE_RATE_HZ), "onset").max())


@pytest.fixture(scope="module")
def long_audio():
    places = [(0.2 + 0.5 * index, plucked(45 + 3 * (index % 7), 0.4)) for index in range(62)]
    return mixed(*places, seconds=31.03)


@pytest.mark.parametrize("pitch", [36, 40, 52, 64, 76, 86])
def test_a_plucked_note_is_heard_at_its_time_and_pitch(pitch):
    onset = joined(mixed((0.7, plucked(pitch, 0.8)), seconds=2.0), "onset")
    frame, column = np.unravel_index(onset.argmax(), onset.shape)
    assert column + LOWEST_PITCH_MIDI == pitch
    assert frame * GuitarEngine.format.frame_seconds == pytest.approx(0.7, abs=0.03)
    assert onset.max() > 0.5


def test_a_note_sounds_while_it_rings_and_no_longer():
    sounding = joined(mixed((0.5, plucked(55, 1.0)), seconds=3.0), "sounding")[:, 55 - LOWEST_PITCH_MIDI]
    assert sounding[30:70].min() > 0.5
    assert max(sounding[:20].max(), sounding[90:].max()) < 0.3


def test_the_contour_is_highest_at_the_pitch_that_sounds():
    contour = joined(mixed((0.5, plucked(55, 1.0)), seconds=2.0), "contour")[50]
    form = GuitarEngine.format
    pitch = form.contour_lowest_midi + contour.argmax() / form.bins_per_semitone
    assert pitch == pytest.approx(55, abs=0.34)


def test_the_same_music_is_heard_loud_and_quiet():
    loud = mixed((0.5, plucked(50, 1.0)), seconds=2.0).samples
    onsets = [joined(ArrayAudio(loud * np.float32(gain), SAMPLE_RATE_HZ), "onset") for gain in (1, 0.02)]
    assert onsets[1] == pytest.approx(onsets[0], abs=0.05)


def test_blocks_of_another_size_give_bit_by_bit_the_same_activations(long_audio):
    assert len(list(GuitarEngine(windows_per_block=1).activations(long_audio))) == 3
    whole, pieces = heard(long_audio, windows_per_block=50, threads=2), heard(long_audio, windows_per_block=1)
    assert all(np.array_equal(whole[part], pieces[part]) for part in PARTS)


def test_music_is_heard_the_same_wherever_windows_meet(long_audio):
    """Half a window later, the same sound falls on other places of the windows."""
    shift = ADVANCE_FRAMES // 2
    later = ArrayAudio(np.pad(long_audio.samples, (shift * HOP_SAMPLES, 0)), SAMPLE_RATE_HZ)
    found, wanted = heard(later), heard(long_audio)
    assert all(found[part][shift:] == pytest.approx(wanted[part], rel=1e-3, abs=1e-3) for part in PARTS)


def test_blocks_follow_each_other_and_cover_the_audio(long_audio):
    fractions = []
    blocks = list(GuitarEngine(windows_per_block=1).activations(long_audio, fractions.append))
    ends = [block.first_frame + len(block.onset) for block in blocks]
    assert [block.first_frame for block in blocks] == [0, *ends[:-1]]
    assert ends[-1] == -(-long_audio.frames // HOP_SAMPLES)
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1


def test_activations_have_the_shapes_and_ranges_that_the_format_promises(long_audio):
    block = next(GuitarEngine().activations(long_audio))
    frames = len(block.onset)
    for part in ("onset", "sounding", "offset", "velocity"):
        values = getattr(block, part)
        assert values.shape == (frames, PITCHES)
        assert 0 <= values.min() <= values.max() <= 1
    assert block.contour.shape == (frames, 3 * PITCHES)
    assert block.string_evidence.shape == (frames, 6, PITCHES)
    assert np.exp(block.string_evidence).sum(axis=1) == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("samples", [0, 1, 220])
def test_hardly_any_audio_gives_hardly_any_frames(samples):
    audio = ArrayAudio(np.zeros(samples, np.float32), SAMPLE_RATE_HZ)
    assert sum(len(block.onset) for block in GuitarEngine().activations(audio)) == min(samples, 1)


@pytest.mark.parametrize("level", [0.0, 0.5])
def test_silence_and_a_constant_voltage_have_no_notes(level):
    assert loudest_onset(np.full(3 * SAMPLE_RATE_HZ, level)) < 0.1


@pytest.mark.parametrize("level", [1e-5, 1e-3, 0.1])
def test_noise_has_no_notes(level):
    assert loudest_onset(level * np.random.default_rng(1).standard_normal(4 * SAMPLE_RATE_HZ)) < 0.1


def test_clipping_and_a_constant_voltage_do_not_hide_a_note():
    samples = mixed((0.5, plucked(52, 1.0)), seconds=2.0).samples
    for spoiled in (np.clip(6 * samples, -0.5, 0.5), samples + np.float32(0.2)):
        onset = joined(ArrayAudio(spoiled.astype(np.float32), SAMPLE_RATE_HZ), "onset")
        assert onset[20:30, 52 - LOWEST_PITCH_MIDI].max() > 0.5


def test_another_instrument_is_heard_with_little_confidence():
    """A snare drum, and a siren that glides over three octaves: nothing a guitar would do."""
    random = np.random.default_rng(3)
    time = np.arange(2 * SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
    snare = 0.3 * random.standard_normal(len(time)) * np.exp(-20 * (time % 0.5))
    siren = 0.3 * np.sin(2 * np.pi * np.cumsum(150 * 8 ** (time / 2)) / SAMPLE_RATE_HZ)
    for sound in (snare, siren):
        activations = GuitarEngine().activations(ArrayAudio(sound.astype(np.float32), SAMPLE_RATE_HZ))
        notes = decode_notes(activations, GuitarEngine.format, DecoderSettings(minimum_confidence=0.0))
        assert max((note.confidence for note in notes), default=0) < 0.3


def test_another_sample_rate_is_refused():
    audio = ArrayAudio(np.zeros(1000, np.float32), 44100)
    with pytest.raises(SettingsError, match="22050"):
        next(GuitarEngine().activations(audio))


def test_a_missing_or_damaged_model_is_reported(tmp_path):
    damaged = tmp_path / "damaged.onnx"
    damaged.write_bytes(MODEL_PATH.read_bytes()[:1000])
    for path in (damaged, Path("nowhere.onnx")):
        with pytest.raises(EngineError, match=path.stem):
            next(GuitarEngine(model_path=path).activations(mixed(seconds=0.5)))


@pytest.mark.parametrize("arguments", [{"windows_per_block": 0}, {"threads": 0}])
def test_senseless_engine_options_are_refused(arguments):
    with pytest.raises(SettingsError):
        GuitarEngine(**arguments)


def test_the_engine_has_a_name_and_a_small_model():
    assert get_engine("genesis").name == "genesis"
    assert MODEL_PATH.stat().st_size <= 3_000_000

import numpy as np
import pytest
import soundfile

from training.guitar import rooms
from training.guitar.amplifier import DRIVE_DB, amplify, chorus, compress, loudspeaker
from training.guitar.codecs import compress_really, compress_roughly
from training.guitar.example import SAMPLE_RATE_HZ
from training.guitar.noises import RecordedNoises, add_knocks, coloured_noise, hum, read_noises
from training.guitar.recording import carry, record

ONSET_SECONDS = 0.5


@pytest.fixture
def note():
    time = np.arange(2 * SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ - ONSET_SECONDS
    tone = sum(np.sin(2 * np.pi * 220 * n * time) / n for n in range(1, 12))
    return (0.3 * np.where(time >= 0, tone * np.exp(-2 * np.maximum(time, 0)), 0)).astype(np.float32)


def energy_rises_at(sound):
    """The middle of the steepest rise of energy within 10 ms."""
    step = SAMPLE_RATE_HZ // 200
    energy = np.square(sound[: len(sound) // step * step], dtype=np.float64).reshape(-1, step).sum(axis=1)
    rise = np.log(energy[2:] + 1e-3 * energy.max()) - np.log(energy[:-2] + 1e-3 * energy.max())
    return (np.argmax(rise) + 1.5) * step / SAMPLE_RATE_HZ


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("electric", [True, False])
def test_a_recording_keeps_the_onset_in_place(note, electric, seed):
    random = np.random.default_rng(seed)
    size = rooms.fft_size(len(note))
    sound = amplify(note, ("clean", "crunch", "high gain")[seed % 3], random) if electric else note
    colour = loudspeaker(random) if electric else rooms.smooth_eq(random) * rooms.telephone(random)
    colour = colour * rooms.distance(random) * rooms.wooden_body(random)
    response = rooms.minimum_phase(colour, size) * rooms.echo(size, random) * rooms.room(size, random)
    sound = chorus(compress(rooms.apply(sound, response, size), random), random)
    assert energy_rises_at(sound) == pytest.approx(ONSET_SECONDS, abs=0.01)


@pytest.mark.parametrize("seed", range(10))
def test_colour_rings_after_the_sound_only_and_has_its_magnitude(seed):
    colour = rooms.telephone(np.random.default_rng(seed))
    response = rooms.minimum_phase(colour, 1 << 16)
    impulse = np.fft.irfft(response)
    assert np.sum(impulse[-4096:] ** 2) < 1e-6 * np.sum(impulse**2)
    audible = colour > 0.01 * colour.max()
    assert np.abs(response[:: (1 << 16) // 8192])[audible] == pytest.approx(colour[audible], rel=0.05)


@pytest.mark.parametrize("seed", range(6))
def test_real_codecs_keep_length_and_onset(note, seed):
    coded = compress_really(note, np.random.default_rng(seed))
    assert coded.shape == note.shape
    assert energy_rises_at(coded) == pytest.approx(ONSET_SECONDS, abs=0.01)
    assert not np.array_equal(coded, note)


def test_the_quick_codec_loses_what_is_faint_and_keeps_what_is_loud(note):
    coded = compress_roughly(note, np.random.default_rng(0))
    loss_db = 10 * np.log10(np.mean((coded - note) ** 2) / np.mean(note**2))
    assert -40 < loss_db < -6


@pytest.mark.parametrize("channel", DRIVE_DB)
def test_amplifiers_do_not_alias(channel):
    """A 2 kHz tone bent hard may only bring its harmonics."""
    time = np.arange(SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
    bent = amplify(np.sin(2 * np.pi * 2000 * time).astype(np.float32), channel, np.random.default_rng(0))
    magnitude = np.abs(np.fft.rfft(bent[4000:20384] * np.hanning(16384)))
    frequency = np.fft.rfftfreq(16384, 1 / SAMPLE_RATE_HZ)
    harmonic = np.abs(frequency - 2000 * np.round(frequency / 2000)) < 60
    alias_db = 20 * np.log10(magnitude[~harmonic].max() / magnitude.max())
    assert alias_db < -35


def test_high_gain_evens_out_the_level(note):
    bent = amplify(note, "high gain", np.random.default_rng(1))

    def fall_db(sound):
        early, late = (np.mean(sound[round(t * SAMPLE_RATE_HZ) :][:4410] ** 2) for t in (0.6, 1.3))
        return 10 * np.log10(early / late)

    assert fall_db(bent) < fall_db(note) / 2


@pytest.mark.parametrize("seed", range(30))
def test_recordings_are_finite_within_full_scale_and_the_same_again(note, seed):
    one, again = (
        record(note, seed % 2 == 0, None, RecordedNoises(), np.random.default_rng(seed)) for _ in range(2)
    )
    assert one.shape == note.shape
    assert one.dtype == np.float32
    assert np.abs(one).max() <= 1
    assert np.array_equal(one, again)


@pytest.mark.parametrize("seed", range(20))
def test_silence_is_recorded_without_complaint(seed):
    silence = np.zeros(SAMPLE_RATE_HZ, np.float32)
    random = np.random.default_rng(seed)
    assert np.isfinite(record(silence, True, None, RecordedNoises(), random)).all()
    assert np.isfinite(carry(silence, random)).all()


def test_a_phone_passes_only_its_band():
    frequency = rooms.FREQUENCIES_HZ
    for seed in range(20):
        response = rooms.telephone(np.random.default_rng(seed))
        inside = np.median(response[(frequency > 500) & (frequency < 2500)])
        assert response[frequency < 15].max() < 0.2 * inside
        assert response[frequency > 10900].max() < 0.5 * inside


def test_noise_and_hum_have_their_levels():
    random = np.random.default_rng(0)
    assert coloured_noise(30000, random).std() == pytest.approx(1, rel=1e-3)
    assert np.abs(hum(30000, random)).max() == pytest.approx(1, rel=1e-3)


def test_recorded_noises_are_used_where_they_are(tmp_path):
    folder = tmp_path / "karoryfer.emilyguitar/noises"
    folder.mkdir(parents=True)
    click = np.zeros(4000)
    click[500] = 0.25
    soundfile.write(folder / "muted1_rr1.wav", click, SAMPLE_RATE_HZ)
    for _ in range(2):
        noises = read_noises(tmp_path, tmp_path / "cache")
        assert len(noises.knocks) == 1
        assert noises.squeaks == ()
        assert np.abs(noises.knocks[0]).max() == pytest.approx(1, rel=1e-3)
    sound = np.zeros(SAMPLE_RATE_HZ, np.float32)
    add_knocks(sound, 0.5, noises, np.random.default_rng(0))
    assert 0.01 < np.abs(sound).max() < 2

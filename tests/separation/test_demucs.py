"""Separation with Demucs, on tiny real models made here."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from genesis_music.audio.load import LoadSettings
from genesis_music.errors import AudioError, SettingsError
from genesis_music.separation.demucs import DemucsSeparator, usual_device
from tests.separation.models import FOUR, SIX, save, save_model
from tests.sounds import melody, white_noise, write_sound

pytest.importorskip("demucs", reason="needs the extra separate")


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    sound = melody([(0.2, 2, 52), (1.5, 2, 59), (3, 2, 64)], 4.3, sample_rate_hz=44100)
    stereo = np.stack([sound, sound * 0.5 + white_noise(4.3, sample_rate_hz=44100)])
    return write_sound(tmp_path_factory.mktemp("song") / "song.wav", stereo, title="Song")


@pytest.mark.parametrize("sources", [FOUR, SIX])
def test_every_source_becomes_a_stem_of_the_recordings_length(
    tmp_path: Path, recording: Path, sources: list[str]
) -> None:
    separator = DemucsSeparator(save_model(tmp_path, sources))
    fractions: list[float] = []
    with separator.separate(recording, sample_rate_hz=22050, on_fraction=fractions.append) as stems:
        assert sorted(stems) == sorted(sources)
        for stem in stems.values():
            assert stem.sample_rate_hz == 22050
            assert stem.frames == pytest.approx(4.3 * 22050, abs=1)
            assert stem.facts.title == "Song"
            assert stem.facts.source_sample_rate_hz == 44100
            assert stem.facts.sha256 == hashlib.sha256(recording.read_bytes()).hexdigest()
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0


def test_the_same_recording_gives_the_same_stems(tmp_path: Path, recording: Path) -> None:
    separator = DemucsSeparator(save_model(tmp_path, FOUR))
    with (
        separator.separate(recording, sample_rate_hz=22050) as first,
        separator.separate(recording, sample_rate_hz=22050) as second,
    ):
        for name in FOUR:
            np.testing.assert_array_equal(first[name].read(0, 10**6), second[name].read(0, 10**6))


def test_cached_stems_are_used_again_and_nothing_half_done_is_left(
    tmp_path: Path, recording: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "cache"
    separator = DemucsSeparator(save_model(tmp_path, FOUR), cache_folder=cache)
    with separator.separate(recording, sample_rate_hz=22050) as stems:
        before = {name: stem.read(0, 10**6) for name, stem in stems.items()}
    (folder,) = cache.iterdir()
    assert sorted(file.name for file in folder.iterdir()) == sorted(
        ["source.json", *(f"{name}.wav" for name in FOUR)]
    )
    monkeypatch.setattr("genesis_music.separation.demucs.load_model", lambda *_: pytest.fail("not cached"))
    with separator.separate(recording, sample_rate_hz=22050) as stems:
        for name, samples in before.items():
            np.testing.assert_array_equal(stems[name].read(0, 10**6), samples)


def test_another_part_rate_or_model_has_stems_of_its_own(tmp_path: Path, recording: Path) -> None:
    cache = tmp_path / "cache"
    model = save_model(tmp_path, FOUR)
    part = LoadSettings(end_seconds=2)
    DemucsSeparator(model, cache_folder=cache).separate(
        recording, sample_rate_hz=16000, settings=part
    ).close()
    DemucsSeparator(model, cache_folder=cache).separate(recording, sample_rate_hz=8000, settings=part).close()
    DemucsSeparator(save_model(tmp_path, SIX), cache_folder=cache).separate(
        recording, sample_rate_hz=8000, settings=part
    ).close()
    assert len(list(cache.iterdir())) == 3


def test_an_interrupted_separation_leaves_nothing(tmp_path: Path, recording: Path) -> None:
    cache = tmp_path / "cache"
    separator = DemucsSeparator(save_model(tmp_path, FOUR), cache_folder=cache)

    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        separator.separate(recording, sample_rate_hz=22050, on_fraction=interrupt)
    assert list(cache.iterdir()) == []


def test_the_older_demucs_works_too_and_mono_is_enough(tmp_path: Path) -> None:
    from demucs.demucs import Demucs

    model = Demucs(FOUR, channels=4, depth=2, lstm_layers=0, segment=1)
    path = save(tmp_path, "old", model, (FOUR,), {"channels": 4, "depth": 2, "lstm_layers": 0, "segment": 1})
    mono = write_sound(
        tmp_path / "a.mp3", melody([(0, 2, 52)], 2.5), sample_rate_hz=22050, codec="libmp3lame"
    )
    with DemucsSeparator(path).separate(mono, sample_rate_hz=22050) as stems:
        assert stems["bass"].facts.duration_seconds == pytest.approx(2.5, abs=0.01)


def test_a_bag_of_models_gives_their_mean(tmp_path: Path) -> None:
    first, second = save_model(tmp_path, FOUR, seed=1), save_model(tmp_path, FOUR, seed=2)
    names = [path.stem.split("-")[0] for path in (first, second)]
    (tmp_path / "bag.yaml").write_text(f"models: {names}\n")
    song = write_sound(tmp_path / "a.wav", melody([(0, 1, 52)], 1.5, sample_rate_hz=44100))
    stems = [
        DemucsSeparator(path).separate(song, sample_rate_hz=44100)["bass"].read(0, 10**6)
        for path in (first, second, tmp_path / "bag.yaml")
    ]
    np.testing.assert_allclose(stems[2], (stems[0] + stems[1]) / 2, atol=1e-5)


@pytest.mark.parametrize(
    ("content", "says"),
    [(None, "does not exist"), (b"not a model", "cannot be loaded"), (b"", "cannot be loaded")],
)
def test_a_model_that_cannot_be_used_is_named(
    tmp_path: Path, recording: Path, content: bytes | None, says: str
) -> None:
    path = tmp_path / "broken.th"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SettingsError, match=says) as caught:
        DemucsSeparator(path).separate(recording, sample_rate_hz=22050)
    assert "\n" not in str(caught.value)


def test_a_model_is_found_by_the_text_of_its_path_or_its_folder(tmp_path: Path, recording: Path) -> None:
    path = save_model(tmp_path, FOUR)
    part = LoadSettings(end_seconds=1)
    for model in (str(path), str(tmp_path), tmp_path):
        with DemucsSeparator(model).separate(recording, sample_rate_hz=8000, settings=part) as stems:
            assert len(stems) == 4
    save_model(tmp_path, SIX)
    with pytest.raises(SettingsError, match="name the file"):
        DemucsSeparator(tmp_path)


def test_damage_of_the_recording_is_still_known_when_stems_come_from_the_cache(
    tmp_path: Path, recording: Path
) -> None:
    broken = tmp_path / "broken.wav"
    broken.write_bytes(recording.read_bytes()[:400_000])
    separator = DemucsSeparator(save_model(tmp_path, FOUR), cache_folder=tmp_path / "cache")
    for _ in range(2):
        with separator.separate(broken, sample_rate_hz=8000) as stems:
            assert "missing" in stems["bass"].facts.warnings[0]


def test_a_model_whose_checksum_is_wrong_is_refused(tmp_path: Path, recording: Path) -> None:
    path = save_model(tmp_path, FOUR)
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(SettingsError, match="checksum"):
        DemucsSeparator(path).separate(recording, sample_rate_hz=22050)


def test_a_file_that_is_no_sound_is_refused_before_the_model_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"text" * 1000)
    with pytest.raises(AudioError):
        DemucsSeparator(tmp_path / "missing.th").separate(tmp_path / "a.wav", sample_rate_hz=22050)


def test_streaming_gives_what_demucs_gives_in_one_piece(tmp_path: Path, recording: Path) -> None:
    import torch
    from demucs.apply import apply_model

    from genesis_music.audio.decode import open_sound
    from genesis_music.audio.stream import decoded
    from genesis_music.separation.demucs import load_model

    path = save_model(tmp_path, FOUR)
    with open_sound(recording) as sound:
        blocks = list(decoded(sound, sample_rate_hz=44100, channels=2))
    mix = torch.from_numpy(np.concatenate(blocks, axis=1))
    mono = mix.mean(0)
    mean, deviation = mono.mean(), mono.std(correction=0) + 1e-8
    expected = apply_model(load_model(path), ((mix - mean) / deviation)[None], shifts=0, split=True)[0]
    expected = (expected * deviation + mean).mean(1).numpy()
    with DemucsSeparator(path).separate(recording, sample_rate_hz=44100) as stems:
        whole_segments = 3 * 44100  # Demucs pads the segments at the very end differently
        for name, reference in zip(FOUR, expected, strict=True):
            ours = stems[name].read(0, whole_segments)
            np.testing.assert_allclose(ours, reference[:whole_segments], atol=1e-4)


def test_a_start_after_the_end_is_refused(tmp_path: Path, recording: Path) -> None:
    with pytest.raises(SettingsError, match="after the end"):
        DemucsSeparator(save_model(tmp_path, FOUR)).separate(
            recording, sample_rate_hz=22050, settings=LoadSettings(start_seconds=60)
        )


@pytest.mark.parametrize(("has_gpu", "device"), [(True, "cuda"), (False, "cpu")])
def test_a_graphics_processor_is_used_where_there_is_one(
    monkeypatch: pytest.MonkeyPatch, has_gpu: bool, device: str
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: has_gpu)
    assert usual_device() == device

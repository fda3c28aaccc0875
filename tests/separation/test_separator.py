"""Choosing what goes on as a track."""

from pathlib import Path

from genesis_music.separation.separator import MIX, NoSeparator, tracks_of
from tests.sounds import sine, write_sound


def test_without_separation_the_recording_stays_whole(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "a.wav", sine(440, 1, sample_rate_hz=44100))
    with NoSeparator().separate(path, sample_rate_hz=22050) as stems:
        assert list(stems) == [MIX]
        assert stems[MIX].frames == 22050


def test_the_other_stem_of_a_four_stem_model_is_the_guitar() -> None:
    tracks = tracks_of(["drums", "bass", "other", "vocals"])
    assert [(t.stem, t.instrument, t.title) for t in tracks] == [
        ("other", "guitar", "Guitar"),
        ("bass", "bass", "Bass"),
    ]


def test_a_six_stem_model_gives_guitar_bass_and_other() -> None:
    tracks = tracks_of(["drums", "bass", "other", "vocals", "guitar", "piano"])
    assert [t.title for t in tracks] == ["Guitar", "Bass", "Other"]

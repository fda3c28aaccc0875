from pathlib import Path

import pytest

from genesis_music.errors import ScoreError
from genesis_music.formats.readers import READERS, read_score
from genesis_music.formats.registry import write_formats
from tests.transcriptions import rich_transcription


@pytest.mark.parametrize("name", ["tab.json", "mid", "score.mid", "gp5", "musicxml"])
def test_what_we_write_we_read(name: str, tmp_path: Path) -> None:
    (path,) = write_formats(rich_transcription(), tmp_path, "song", [name])
    score = read_score(path)
    guitar = rich_transcription().tracks[0]
    lost = sum(note.string is None for note in guitar.notes) if name == "gp5" else 0
    assert len(score.tracks[0].notes) == len(guitar.notes) - lost


def test_an_upper_case_ending_is_the_same_kind_of_file(tmp_path: Path) -> None:
    (path,) = write_formats(rich_transcription(), tmp_path, "song", ["mid"])
    assert read_score(path.rename(tmp_path / "SONG.MID")).tracks


@pytest.mark.parametrize("name", ["song.pdf", "song", "song.gpx"])
def test_another_kind_of_file_names_the_known_ones(name: str, tmp_path: Path) -> None:
    with pytest.raises(ScoreError, match=r"\.musicxml"):
        read_score(tmp_path / name)


@pytest.mark.parametrize("suffix", list(READERS))
def test_text_with_a_wrong_ending_is_a_score_error(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"note{suffix}"
    path.write_text("just some text\nin two lines")
    with pytest.raises(ScoreError) as caught:
        read_score(path)
    assert path.name in str(caught.value)
    assert "\n" not in str(caught.value)

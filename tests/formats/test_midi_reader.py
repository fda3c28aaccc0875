from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis_music.errors import ScoreError
from genesis_music.formats.midi import write_performed_midi, write_score_midi
from genesis_music.formats.midi_reader import read_midi
from genesis_music.formats.written import Page
from tests.transcriptions import rich_transcription


def read_back(content: bytes, folder: Path):
    path = folder / "back.mid"
    path.write_bytes(content)
    return read_midi(path)


def test_the_score_comes_back_at_its_written_places(tmp_path: Path) -> None:
    transcription = rich_transcription()
    score = read_back(write_score_midi(Page(transcription)), tmp_path)
    assert score.title == transcription.source.title
    assert str(score.key) == "D major"
    for track, read in zip(transcription.tracks[:2], score.tracks, strict=True):
        assert read.name == track.name
        written = [(n.written, n.note.pitch_midi) for n in track.notes]
        assert sorted(map(repr, written)) == sorted(repr((n.written, n.note.pitch_midi)) for n in read.notes)
    measures = [(m.number, m.time_signature, m.start_quarters) for m in transcription.tempo_map.measures[1:]]
    assert [(m.number, m.time_signature, m.start_quarters) for m in score.tempo_map.measures[1:]] == measures


def test_the_performance_comes_back_with_its_times_and_bends(tmp_path: Path) -> None:
    transcription = rich_transcription()
    score = read_back(write_performed_midi(Page(transcription)), tmp_path)
    guitar = transcription.tracks[0]
    times = sorted((n.note.pitch_midi, n.note.onset_seconds, n.note.duration_seconds) for n in guitar.notes)
    read = sorted(
        (n.note.pitch_midi, n.note.onset_seconds, n.note.duration_seconds) for n in score.tracks[0].notes
    )
    for wanted, got in zip(times, read, strict=True):
        assert got == pytest.approx(wanted, abs=0.001)
    highest = max(point.semitones for n in score.tracks[0].notes for point in n.note.bend)
    assert highest == pytest.approx(2.0, abs=0.01)


def test_instruments_are_recognised_by_their_program(tmp_path: Path) -> None:
    score = read_back(write_score_midi(Page(rich_transcription())), tmp_path)
    assert [track.instrument for track in score.tracks] == ["acoustic guitar", "bass"]


@pytest.mark.parametrize(
    "content", [b"", b"MThd", b"hello, this is text", b"MThd\x00\x00\x00\x06\x00\x02\x00\x01\x00\x60"]
)
def test_what_is_no_midi_file_is_a_score_error(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "bad.mid"
    path.write_bytes(content)
    with pytest.raises(ScoreError, match=r"bad\.mid"):
        read_midi(path)


def test_a_missing_file_or_a_folder_is_a_score_error(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.mid"):
        with pytest.raises(ScoreError):
            read_midi(path)


@settings(deadline=None, max_examples=50)
@given(st.data())
def test_a_damaged_file_is_a_score_error_or_a_usable_score(tmp_path_factory, data: st.DataObject) -> None:
    content = bytearray(write_performed_midi(Page(rich_transcription())))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(content)))
    path = tmp_path_factory.getbasetemp() / "fuzz.mid"
    path.write_bytes(bytes(content[: cut if data.draw(st.booleans()) else None]))
    try:
        read_back(path.read_bytes(), path.parent)
    except ScoreError as error:
        assert "\n" not in str(error)

from io import BytesIO
from pathlib import Path

import guitarpro
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis_music.errors import ScoreError
from genesis_music.formats.guitarpro import write_gp5
from genesis_music.formats.guitarpro_reader import read_guitar_pro
from genesis_music.formats.written import Page
from genesis_music.score import Tuning
from tests.transcriptions import (
    STANDARD,
    Fretted,
    make_track,
    plain_transcription,
    rich_transcription,
    silent_transcription,
)

TABS = Path(__file__).resolve().parents[3] / "shared" / "eval" / "tabs"


def read_back(content: bytes, folder: Path):
    path = folder / "back.gp5"
    path.write_bytes(content)
    return read_guitar_pro(path)


def test_notes_strings_frets_and_techniques_come_back(tmp_path: Path) -> None:
    transcription = rich_transcription()
    score = read_back(write_gp5(Page(transcription)), tmp_path)
    for track, read in zip(transcription.tracks, score.tracks, strict=True):
        playable = [n for n in track.notes if n.string is not None]
        written = [(n.written, n.string, n.fret, {t.kind for t in n.techniques}) for n in playable]
        back = [(n.written, n.string, n.fret, {t.kind for t in n.techniques}) for n in read.notes]
        assert sorted(map(repr, back)) == sorted(map(repr, written))
        assert read.tuning.pitches_midi == track.tuning.pitches_midi
        assert read.capo == track.capo


def test_bars_and_tempo_come_back(tmp_path: Path) -> None:
    transcription = rich_transcription()
    score = read_back(write_gp5(Page(transcription)), tmp_path)
    wanted = transcription.tempo_map.measures
    assert [m.number for m in score.tempo_map.measures] == [m.number for m in wanted]
    assert [m.start_quarters for m in score.tempo_map.measures] == [m.start_quarters for m in wanted]
    assert score.tempo_map.measures[0].tempo_bpm == pytest.approx(120)
    assert score.tempo_map.measures[-1].tempo_bpm == pytest.approx(132.5, abs=0.6)


def test_guitar_pro_shows_chords_sections_and_lost_notes() -> None:
    song = guitarpro.parse(BytesIO(write_gp5(Page(rich_transcription()))))
    measures = song.tracks[0].measures
    assert [measure.marker.title for measure in measures if measure.marker] == ["A", "B"]
    beats = [beat for measure in measures for beat in measure.voices[0].beats]
    assert [beat.effect.chord.name for beat in beats if beat.effect.chord] == ["D", "Bm7", "G/B", "F#m7b5"]
    assert [beat.text for beat in beats if beat.text] == ["F#1", "N.C."]


def test_a_bend_reaches_its_height() -> None:
    song = guitarpro.parse(BytesIO(write_gp5(Page(rich_transcription()))))
    notes = [n for m in song.tracks[0].measures for b in m.voices[0].beats for n in b.notes if n.effect.bend]
    assert [max(point.value for point in note.effect.bend.points) for note in notes] == [4], "4 quarter tones"


def test_an_eight_string_guitar_keeps_its_notes(tmp_path: Path) -> None:
    tuning = Tuning("8", (64, 59, 55, 50, 45, 40, 35, 30))
    transcription = plain_transcription(())
    notes = [Fretted(1, 0, 1, 8, 7), Fretted(1, 1, 1, 8, 0)]
    track = make_track("Eight", tuning, 0, transcription.tempo_map, notes, instrument="electric guitar")
    score = read_back(write_gp5(Page(plain_transcription((), tracks=(track,)))), tmp_path)
    assert [(n.string, n.fret, n.note.pitch_midi) for n in score.tracks[0].notes] == [(7, 2, 37), (7, 7, 42)]


def test_no_track_of_a_large_band_becomes_drums(tmp_path: Path) -> None:
    tempo_map = plain_transcription(()).tempo_map
    notes = [Fretted(1, 0, 1, 1, 0)]
    tracks = tuple(
        make_track(f"{number}", STANDARD, 0, tempo_map, notes, instrument="guitar") for number in range(40)
    )
    score = read_back(write_gp5(Page(plain_transcription((), tracks=tracks))), tmp_path)
    assert len(score.tracks) == 40


def test_silence_is_a_valid_file(tmp_path: Path) -> None:
    assert read_back(write_gp5(Page(silent_transcription())), tmp_path).tracks[0].notes == ()


@pytest.mark.parametrize("content", [b"", b"x" * 500, b"PK\x03\x04 a newer file"])
def test_what_is_no_guitar_pro_file_is_a_score_error(content: bytes, tmp_path: Path) -> None:
    with pytest.raises(ScoreError, match=r"back\.gp5"):
        read_back(content, tmp_path)


@settings(deadline=None, max_examples=50)
@given(st.data())
def test_a_damaged_file_is_a_score_error_or_a_usable_score(tmp_path_factory, data: st.DataObject) -> None:
    content = bytearray(write_gp5(Page(rich_transcription())))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(content)))
    try:
        read_back(bytes(content[: cut if data.draw(st.booleans()) else None]), tmp_path_factory.getbasetemp())
    except ScoreError as error:
        assert "\n" not in str(error)


@pytest.mark.skipif(not TABS.is_dir(), reason="the evaluation tabs are not beside this checkout")
def test_human_made_files_are_read() -> None:
    files = [path for path in sorted(TABS.rglob("*")) if path.suffix in {".gp3", ".gp4", ".gp5"}]
    assert files
    for path in files[:4]:
        assert sum(len(track.notes) for track in read_guitar_pro(path).tracks) > 100

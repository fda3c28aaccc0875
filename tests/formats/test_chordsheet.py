from genesis_music.formats.chordsheet import write_chord_sheet
from genesis_music.formats.written import Page
from tests.transcriptions import rich_transcription, silent_transcription


def test_chords_stand_bar_by_bar_under_their_sections() -> None:
    lines = write_chord_sheet(Page(rich_transcription())).decode().splitlines()
    assert "[A]" in lines
    bars = lines[lines.index("[A]") + 1].split("|")
    assert bars[1].split() == ["D", ".", ".", "."]
    assert bars[2].split() == ["Bm7", ".", "G/B", "."]


def test_each_chord_comes_with_a_shape_lowest_string_first() -> None:
    assert "D          x x 0 2 3 2" in write_chord_sheet(Page(rich_transcription())).decode()


def test_silence_is_bars_of_dots() -> None:
    assert ". . . ." in write_chord_sheet(Page(silent_transcription())).decode()

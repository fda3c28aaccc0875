from dataclasses import replace

import pytest

from genesis_music.formats.ascii import render_ascii
from genesis_music.score import BendPoint, SourceInfo, TechniqueKind, Tuning
from tests.transcriptions import (
    Bar,
    Fretted,
    make_tempo_map,
    make_track,
    plain_transcription,
    rich_transcription,
    silent_transcription,
    technique,
)


def strings_of(text: str) -> list[str]:
    return [line for line in text.splitlines() if "|" in line]


def test_high_string_is_on_top_and_low_at_the_bottom() -> None:
    lines = strings_of(
        render_ascii(plain_transcription([Fretted(1, 0, 1, 1, 3), Fretted(1, 1, 1, 6, 1)], (Bar(),)))
    )
    assert [line[0] for line in lines] == ["e", "B", "G", "D", "A", "E"]
    assert lines[0] == "e|-3---------------|"
    assert lines[5] == "E|-----1-----------|"


def test_the_whole_tab_as_players_write_it() -> None:
    text = render_ascii(rich_transcription())
    assert "Tuning: D2 A2 D3 G3 B3 E4 (drop D)   Capo: fret 2" in text
    guitar = "\n".join(text.split("\n\n")[2].splitlines())
    assert guitar == (
        "   0      1 [A]                 2                     3 [B]\n"
        "          D                     Bm7       G/B         F#m7b5\n"
        "                                          PM-\n"
        "e|------|-2-------------------|-10~---/12-----------|-----------12*-|\n"
        "B|------|-3-------5-p3---8b10-|-------------------3-|---------------|\n"
        "G|-0-h2-|-2------------2------|---------------------|---------------|\n"
        "D|------|-0-------------------|---------------------|---------------|\n"
        "A|------|---------------------|---------------x-----|---------------|\n"
        "D|------|---------------------|-----------0-0-------|-----0---------|\n"
        "   1      1   2   3      4      1   2     3     4     1   2   3"
    )
    assert "Not playable on this instrument: F#1 in bar 4" in text
    assert "h hammer-on" in text


def test_a_bend_that_comes_back_shows_its_release() -> None:
    contour = (BendPoint(0, 0), BendPoint(0.1, 1), BendPoint(0.4, 0))
    note = Fretted(1, 0, 1, 2, 8, technique(TechniqueKind.BEND, 1.0), contour)
    assert "8b9r8" in render_ascii(plain_transcription([note]))


def test_a_slide_down_leans_the_other_way() -> None:
    notes = [Fretted(1, 0, 1, 3, 9), Fretted(1, 1, 1, 3, 5, technique(TechniqueKind.SLIDE))]
    assert "9---\\5" in render_ascii(plain_transcription(notes))


@pytest.mark.parametrize("width", [40, 80, 120])
def test_lines_are_wrapped_at_the_width(width: int) -> None:
    notes = [Fretted(bar, i / 4, 0.25, 1 + i % 6, (i * 7) % 13) for bar in (1, 2, 3, 4) for i in range(16)]
    text = render_ascii(plain_transcription(notes), width_columns=width)
    assert max(len(line) for line in strings_of(text)) <= width
    assert max(len(line) for line in strings_of(text)) > width / 2


def test_all_string_lines_of_a_system_are_equally_long() -> None:
    for block in render_ascii(rich_transcription()).split("\n\n"):
        assert len({len(line) for line in strings_of(block) if line[1] == "|"}) <= 1


def test_every_note_is_in_the_tab() -> None:
    notes = [Fretted(1, i / 4, 0.25, 1 + i % 6, 10 + i) for i in range(14)]
    text = "\n".join(strings_of(render_ascii(plain_transcription(notes))))
    assert all(str(10 + i) in text for i in range(14))


def test_silence_is_bars_of_dashes() -> None:
    lines = strings_of(render_ascii(silent_transcription()))
    assert len(lines) == 6
    assert set(lines[0]) == {"e", "|", "-"}


def test_control_characters_in_names_cannot_break_the_layout() -> None:
    transcription = replace(silent_transcription(), source=SourceInfo("a\nb\x1b[31m\tc", 1.0, 44100, ""))
    assert render_ascii(transcription).splitlines()[0] == "a b [31m c"


def test_several_tracks_follow_each_other() -> None:
    tempo_map = make_tempo_map((Bar(),) * 4)
    tracks = [
        make_track(name, plain_transcription(()).tracks[0].tuning, 0, tempo_map, (), instrument="guitar")
        for name in ("One", "Two")
    ]
    text = render_ascii(plain_transcription((), tracks=tuple(tracks)))
    assert text.index("One") < text.index("Two")


def test_a_guitar_tuned_half_a_step_down_is_named_in_flats() -> None:
    tuning = Tuning("half step down", (63, 58, 54, 49, 44, 39))
    transcription = plain_transcription(())
    track = make_track("Flat", tuning, 0, transcription.tempo_map, (), instrument="guitar")
    text = render_ascii(plain_transcription((), tracks=(track,)))
    assert "Tuning: Eb2 Ab2 Db3 Gb3 Bb3 Eb4 (half step down)" in text
    assert [line.split("|")[0] for line in strings_of(text)] == ["eb", "Bb", "Gb", "Db", "Ab", "Eb"]

import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis_music.errors import ScoreError
from genesis_music.formats.musicxml import write_musicxml
from genesis_music.formats.musicxml_reader import read_musicxml
from genesis_music.formats.written import Page
from genesis_music.score import TechniqueKind
from tests.transcriptions import rich_transcription, silent_transcription

CONTAINER = '<container><rootfiles><rootfile full-path="score.xml"/></rootfiles></container>'


def read_back(content: bytes, folder: Path, name: str = "back.musicxml"):
    path = folder / name
    path.write_bytes(content)
    return read_musicxml(path)


def zipped(folder: Path, members: dict[str, bytes]) -> Path:
    path = folder / "score.mxl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def test_notes_strings_frets_and_techniques_come_back(tmp_path: Path) -> None:
    transcription = rich_transcription()
    score = read_back(write_musicxml(Page(transcription)), tmp_path)
    for track, read in zip(transcription.tracks[:2], score.tracks, strict=True):
        written = [
            (
                n.written,
                n.note.pitch_midi + 12 * n.octave_shift,
                n.string,
                n.fret,
                {t.kind for t in n.techniques},
            )
            for n in track.notes
        ]
        back = [
            (n.written, n.note.pitch_midi, n.string, n.fret, {t.kind for t in n.techniques})
            for n in read.notes
        ]
        assert sorted(map(repr, back)) == sorted(map(repr, written))
        assert read.tuning.pitches_midi == track.tuning.pitches_midi
        assert read.capo == track.capo
        assert read.name == track.name


def test_bars_title_and_key_come_back(tmp_path: Path) -> None:
    transcription = rich_transcription()
    score = read_back(write_musicxml(Page(transcription)), tmp_path)
    assert score.title == transcription.source.title
    assert str(score.key) == "D major"
    measures = [(m.number, m.time_signature, m.length_quarters) for m in transcription.tempo_map.measures]
    assert [(m.number, m.time_signature, m.length_quarters) for m in score.tempo_map.measures] == measures


def test_a_bend_keeps_its_height(tmp_path: Path) -> None:
    score = read_back(write_musicxml(Page(rich_transcription())), tmp_path)
    heights = [
        t.semitones for n in score.tracks[0].notes for t in n.techniques if t.kind is TechniqueKind.BEND
    ]
    assert heights == [2.0]


def test_a_silent_score_comes_back(tmp_path: Path) -> None:
    assert read_back(write_musicxml(Page(silent_transcription())), tmp_path).tracks[0].notes == ()


def test_a_compressed_score_is_read(tmp_path: Path) -> None:
    content = write_musicxml(Page(rich_transcription()))
    path = zipped(tmp_path, {"META-INF/container.xml": CONTAINER.encode(), "score.xml": content})
    assert read_musicxml(path).title == rich_transcription().source.title


def test_an_archive_that_unpacks_to_gigabytes_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path, {"META-INF/container.xml": CONTAINER.encode(), "score.xml": b" " * (65 * 2**20)})
    with pytest.raises(ScoreError, match="unpacks to more than"):
        read_musicxml(path)


def test_entities_are_neither_expanded_nor_read_from_disk(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("the secret")
    doctype = f'<!DOCTYPE score-partwise [<!ENTITY x SYSTEM "file://{secret}">]>'
    body = (
        "<score-partwise><work><work-title>&x;</work-title></work>"
        "<part id='P1'><measure/></part></score-partwise>"
    )
    assert "secret" not in read_back((doctype + body).encode(), tmp_path).title
    bomb = '<!DOCTYPE z [<!ENTITY a "aaaaaaaaaa">' + "".join(
        f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefghij", "bcdefghijk", strict=True)
    )
    with pytest.raises(ScoreError, match="amplification"):
        read_back((bomb + "]>" + body.replace("&x;", "&k;")).encode(), tmp_path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello",
        b"PK\x03\x04 broken",
        b"<score-timewise/>",
        b"<score-partwise/>",
        b"<score-partwise><part><measure><attributes><divisions>0</divisions></attributes></measure></part></score-partwise>",
        b"<score-partwise><part><measure><note><pitch><step>H</step><octave>4</octave></pitch><duration>1</duration></note></measure></part></score-partwise>",
        b"<score-partwise><part><measure><note><pitch><step>C</step><octave>99</octave></pitch><duration>1</duration></note></measure></part></score-partwise>",
    ],
)
def test_what_is_no_score_is_a_score_error(content: bytes, tmp_path: Path) -> None:
    with pytest.raises(ScoreError, match=r"back\.musicxml"):
        read_back(content, tmp_path)


@settings(deadline=None, max_examples=100)
@given(st.data())
def test_a_damaged_file_is_a_score_error_or_a_usable_score(tmp_path_factory, data: st.DataObject) -> None:
    content = bytearray(write_musicxml(Page(rich_transcription())))
    for _ in range(data.draw(st.integers(1, 4))):
        position = data.draw(st.integers(0, len(content) - 1))
        content[position] = data.draw(st.sampled_from(b"0123456789-./<>a "))
    cut = data.draw(st.integers(0, len(content)))
    try:
        read_back(bytes(content[: cut if data.draw(st.booleans()) else None]), tmp_path_factory.getbasetemp())
    except ScoreError as error:
        assert "\n" not in str(error)

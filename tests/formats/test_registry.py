import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from genesis_music.errors import OutputError, SettingsError
from genesis_music.formats.registry import FORMATS, safe_stem, write_formats
from genesis_music.score import TechniqueKind
from tests.transcriptions import (
    BASS,
    COMMON,
    SIX_EIGHT,
    STANDARD,
    WALTZ,
    Bar,
    Fretted,
    make_track,
    plain_transcription,
    rich_transcription,
    silent_transcription,
    technique,
)


def test_every_promised_file_is_written(tmp_path: Path) -> None:
    paths = write_formats(rich_transcription(), tmp_path / "new" / "folder", "song")
    assert {path.name for path in paths} == {
        "song.tab.json",
        "song.mid",
        "song.score.mid",
        "song.gp5",
        "song.musicxml",
        "song.alphatex",
        "song.txt",
        "song.analysis.json",
        "song.jams",
        "song.chords.txt",
    }
    assert all(path.stat().st_size > 50 for path in paths)
    assert set(paths[0].parent.iterdir()) == set(paths), "nothing else may be left behind"


def test_only_the_chosen_formats_are_written_each_once(tmp_path: Path) -> None:
    paths = write_formats(silent_transcription(), tmp_path, "a", ["txt", "mid", "txt"])
    assert [path.name for path in paths] == ["a.txt", "a.mid"]


def test_an_unknown_format_names_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="musicxml"):
        write_formats(silent_transcription(), tmp_path, "a", ["pdf"])
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_place_of_the_folder_is_an_output_error(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(OutputError, match="out"):
        write_formats(silent_transcription(), tmp_path / "out", "a")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_forbidden_folder_is_an_output_error(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="Permission"):
        write_formats(silent_transcription(), tmp_path, "a")


def test_a_full_disk_is_an_output_error_and_leaves_the_old_file(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "a.txt").write_text("old")

    def full(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OutputError, match="No space left"):
        write_formats(silent_transcription(), tmp_path, "a", ["txt"])
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]
    assert (tmp_path / "a.txt").read_text() == "old"


def test_writing_again_replaces_the_old_file_with_the_usual_permissions(tmp_path: Path) -> None:
    (path,) = write_formats(silent_transcription(), tmp_path, "a", ["txt"])
    first = path.read_text()
    (path,) = write_formats(rich_transcription(), tmp_path, "a", ["txt"])
    assert path.read_text() != first
    plain = tmp_path / "plain"
    plain.touch()
    assert path.stat().st_mode == plain.stat().st_mode


@settings(deadline=None, max_examples=50)
@given(st.text(max_size=300))
def test_any_title_makes_a_safe_file_name(title: str) -> None:
    stem = safe_stem(title)
    assert stem
    assert not set(stem) & set('/\\:*?"<>|\0')
    assert stem not in {".", ".."}
    assert len((stem + ".analysis.json").encode()) <= 255


def test_a_hostile_stem_stays_in_the_folder(tmp_path: Path) -> None:
    (path,) = write_formats(silent_transcription(), tmp_path, "../../etc/passwd", ["txt"])
    assert path.parent == tmp_path


def test_importing_the_registry_imports_no_format_library() -> None:
    code = "import sys, genesis_music.formats.registry; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"lxml", "mido", "guitarpro", "numpy"} & set(run.stdout.split())


TECHNIQUES = st.one_of(
    st.just(()), st.sampled_from(TechniqueKind).map(technique), st.just(technique(TechniqueKind.BEND, 1.0))
)


@st.composite
def transcriptions(draw: st.DrawFn):
    bars = [
        Bar(draw(st.sampled_from([COMMON, WALTZ, SIX_EIGHT])), draw(st.floats(30, 300))) for _ in range(3)
    ]
    grid = draw(st.sampled_from([1, 2, 3, 4, 5, 6, 7, 8, 12, 16]))
    tuning = draw(st.sampled_from([STANDARD, BASS]))
    notes = draw(
        st.lists(
            st.builds(
                Fretted,
                st.integers(1, 3),
                st.integers(0, 2 * grid).map(lambda n: n * COMMON.beat_quarters / grid),
                st.integers(1, 4 * grid).map(lambda n: n * COMMON.beat_quarters / grid),
                st.integers(1, tuning.strings),
                st.integers(0, 24),
                TECHNIQUES,
            ),
            max_size=12,
            unique_by=lambda n: (n.measure, n.position, n.string),
        )
    )
    transcription = plain_transcription((), bars)
    track = make_track(
        draw(st.text(max_size=60)),
        tuning,
        draw(st.integers(0, 7)),
        transcription.tempo_map,
        notes,
        instrument=draw(st.sampled_from(["acoustic guitar", "bass", "theremin", ""])),
    )
    return plain_transcription((), bars, tracks=(track,))


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(transcriptions())
def test_any_valid_transcription_can_be_written_in_every_format(transcription) -> None:
    for known in FORMATS.values():
        assert known.writer(transcription), known.name


def test_no_tracks_at_all_is_written_too() -> None:
    for known in FORMATS.values():
        assert known.writer(plain_transcription((), tracks=())), known.name


def test_json_files_are_json(tmp_path: Path) -> None:
    for path in write_formats(rich_transcription(), tmp_path, "a", ["tab.json", "analysis.json", "jams"]):
        assert json.loads(path.read_text("utf-8"))

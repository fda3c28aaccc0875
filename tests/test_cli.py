"""The command line as a user meets it: whole processes, real files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import wave
from pathlib import Path

import pytest

GENESIS = Path(sys.executable).with_name("genesis")
EXAMPLE = Path(__file__).parents[1] / "examples/morning-porch.ogg"
ALL_SUFFIXES = {
    ".tab.json",
    ".mid",
    ".score.mid",
    ".gp5",
    ".musicxml",
    ".alphatex",
    ".txt",
    ".analysis.json",
    ".jams",
    ".chords.txt",
}


def genesis(*arguments: object, cache: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = os.environ | ({"XDG_CACHE_HOME": str(cache)} if cache else {})
    return subprocess.run(
        [GENESIS, *map(str, arguments)],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
        timeout=120,
    )


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example transcribed once, with every file."""
    folder = tmp_path_factory.mktemp("example")
    done = genesis("transcribe", EXAMPLE, "--out", folder, "--no-cache")
    assert done.returncode == 0, done.stderr
    return folder


def test_one_command_writes_every_file(example: Path) -> None:
    assert {path.name.removeprefix("morning-porch") for path in example.iterdir()} == ALL_SUFFIXES


def test_the_text_tab_has_six_lines_with_the_high_e_on_top(example: Path) -> None:
    lines = (example / "morning-porch.txt").read_text("utf-8").splitlines()
    first = next(index for index, line in enumerate(lines) if line.lower().startswith("e|"))
    assert [line[0].lower() for line in lines[first : first + 6]] == list("ebgdae")


def test_help_loads_nothing_that_it_does_not_need() -> None:
    """What keeps the answer under 0.3 s (measured in benchmarks/speed.py)."""
    code = "import sys, genesis_music.cli; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"numpy", "onnxruntime", "av", "lxml", "rich", "mido", "guitarpro", "platformdirs", "torch"}
    assert not heavy & set(done.stdout.split())
    assert "transcribe" in genesis("--help").stdout


def test_json_mode_prints_progress_and_the_result_for_programs(tmp_path: Path) -> None:
    done = genesis(
        "transcribe", EXAMPLE, "--out", tmp_path, "--end", 8, "--json", "--formats", "mid,txt", "--no-cache"
    )
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert {event["event"] for event in events} == {"progress", "complete"}
    percents = [event["percent"] for event in events if event["event"] == "progress"]
    assert percents == sorted(percents)
    assert percents[-1] == 100
    assert len(events[-1]["files"]) == 2
    assert all(Path(file).exists() for file in events[-1]["files"])


def test_only_the_chosen_formats_are_written(tmp_path: Path) -> None:
    done = genesis("transcribe", EXAMPLE, "--out", tmp_path, "--end", 5, "--formats", "gp5", "--no-cache")
    assert done.returncode == 0, done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["morning-porch.gp5"]


def test_changing_the_tuning_does_not_listen_again(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    first = genesis("transcribe", EXAMPLE, "--out", tmp_path, "--json", "--formats", "txt", cache=cache)
    again = genesis(
        "transcribe",
        EXAMPLE,
        "--out",
        tmp_path,
        "--json",
        "--formats",
        "txt",
        "--tuning",
        "drop-d",
        cache=cache,
    )
    assert "Listening" in json.loads(first.stdout.splitlines()[-1])["stage_seconds"]
    assert "Listening" not in json.loads(again.stdout.splitlines()[-1])["stage_seconds"]


def test_notes_from_a_midi_file_become_tab(example: Path, tmp_path: Path) -> None:
    done = genesis("tab", example / "morning-porch.score.mid", "--out", tmp_path, "--formats", "txt,gp5")
    assert done.returncode == 0, done.stderr
    assert {path.name for path in tmp_path.iterdir()} == {
        "morning-porch.score.txt",
        "morning-porch.score.gp5",
    }


def test_doctor_says_what_is_there(tmp_path: Path) -> None:
    done = genesis("doctor", cache=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "onnxruntime" in done.stdout


MISTAKES = {
    "an unknown tuning": ("--tuning", "banana"),
    "an unknown format": ("--formats", "pdf"),
    "an unknown engine": ("--engine", "oracle"),
    "an unknown instrument": ("--instrument", "kazoo"),
    "a capo beyond the neck": ("--capo", "40"),
    "a capo that is no number": ("--capo", "two"),
    "an impossible time signature": ("--time", "4/5"),
    "an end before the start": ("--start", "9", "--end", "3"),
    "a start after the end of the recording": ("--start", "999"),
    "an impossible tempo": ("--tempo", "0"),
    "an unknown grid": ("--grid", "1/7"),
    "a model that is not there": ("--separate", "./no-such-model"),
}


@pytest.mark.parametrize("arguments", MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistaken_option_is_explained_in_one_line(arguments: tuple[str, ...], tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = genesis("transcribe", EXAMPLE, "--out", out, "--no-cache", *arguments)
    assert_explained(done, out)


def assert_explained(done: subprocess.CompletedProcess[str], out: Path) -> None:
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith("genesis: ")
    assert len(done.stderr.strip().splitlines()) == 1
    assert not out.exists() or not list(out.iterdir())


def bad_file(folder: Path, kind: str) -> Path:
    path = folder / f"{kind}.mp3"
    if kind == "empty":
        path.touch()
    elif kind == "text":
        path.write_text("this is not music\n" * 100)
    elif kind == "folder":
        path.mkdir()
    elif kind == "truncated":
        path.write_bytes(EXAMPLE.read_bytes()[:200])
    return path


def test_a_device_is_refused_instead_of_being_read_for_ever(tmp_path: Path) -> None:
    assert_explained(genesis("transcribe", "/dev/zero", "--out", tmp_path / "out"), tmp_path / "out")


@pytest.mark.parametrize("kind", ["empty", "text", "folder", "truncated", "missing"])
def test_a_file_that_is_no_recording_is_explained_in_one_line(kind: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert_explained(genesis("transcribe", bad_file(tmp_path, kind), "--out", out), out)


def test_silence_gives_a_valid_empty_tab(tmp_path: Path) -> None:
    silent = tmp_path / "silence.wav"
    with wave.open(str(silent), "wb") as file:
        file.setparams((1, 2, 22050, 0, "NONE", ""))
        file.writeframes(bytes(2 * 22050 * 3))
    done = genesis("transcribe", silent, "--out", tmp_path / "out", "--no-cache")
    assert done.returncode == 0, done.stderr
    document = json.loads((tmp_path / "out/silence.tab.json").read_text("utf-8"))
    assert document["tracks"][0]["notes"] == []


def test_a_file_name_in_any_language_works(tmp_path: Path) -> None:
    song = tmp_path / "Pčela – 蜂 🎸.ogg"
    song.write_bytes(EXAMPLE.read_bytes())
    done = genesis(
        "transcribe", song, "--out", tmp_path / "out", "--end", 4, "--formats", "txt", "--no-cache"
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "Pčela – 蜂 🎸.txt").exists()


def test_a_full_disk_is_explained_and_leaves_nothing_behind(tmp_path: Path) -> None:
    """A tiny file system stands in for the full disk; only root can make one."""
    if os.geteuid() != 0:
        pytest.skip("needs root to mount a small file system")
    full = tmp_path / "full"
    full.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=20k", "tmpfs", full], check=False)
    if mounted.returncode != 0:
        pytest.skip("this machine does not allow mounting a small file system")
    try:
        done = genesis("transcribe", EXAMPLE, "--out", full, "--no-cache")
        assert_explained(done, full)
    finally:
        subprocess.run(["umount", full], check=True)

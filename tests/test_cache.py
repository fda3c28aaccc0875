"""The stage cache: bounded, atomic, and never a reason to fail."""

from __future__ import annotations

import os
from pathlib import Path

from genesis_music.cache import FolderCache, cache_key, sweep


def test_what_was_put_is_found_again(tmp_path: Path) -> None:
    cache = FolderCache(tmp_path / "new")
    cache.put("a", b"one")
    assert cache.get("a") == b"one"
    assert cache.get("b") is None


def test_the_least_recently_used_goes_first(tmp_path: Path) -> None:
    cache = FolderCache(tmp_path, max_bytes=250)
    for age, name in enumerate("ab"):
        cache.put(name, bytes(100))
        os.utime(tmp_path / name, (1000 + age, 1000 + age))
    assert cache.get("a")  # used now, so "b" is the older one
    cache.put("c", bytes(100))
    assert {path.name for path in tmp_path.iterdir()} == {"a", "c"}


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    cache = FolderCache(blocked / "cache")
    cache.put("a", b"one")
    assert cache.get("a") is None


def test_different_settings_have_different_keys() -> None:
    assert cache_key("x", 1) != cache_key("x", 2) != cache_key("x1", "")


def test_whole_folders_of_a_cache_go_too(tmp_path: Path) -> None:
    for age, name in enumerate(["old", "new"]):
        (tmp_path / name).mkdir()
        (tmp_path / name / "stem.wav").write_bytes(bytes(100))
        os.utime(tmp_path / name, (1000 + age, 1000 + age))
    sweep(tmp_path, max_bytes=150)
    assert [path.name for path in tmp_path.iterdir()] == ["new"]

"""Editing a result over HTTP: revisions, undo, conflicts, files that follow the edits."""

from __future__ import annotations

import io
from typing import Any

import guitarpro
import pytest
from httpx import Response

from tests.service.transcriptions.conftest import SQLITE_ONLY, Api, Workbench


@pytest.fixture
def path(api: Api, quick: Workbench, tone: bytes) -> str:
    """A finished transcription."""
    path = f"/transcribe/{api.accepted(tone)}"
    quick.work()
    return path


def edited(api: Api, path: str, base: int, *edits: dict[str, Any], **what: Any) -> Response:
    return api("POST", f"{path}/revisions", json={"base": base, "edits": list(edits)}, **what)


def notes(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {note["id"]: note for track in document["tracks"] for note in track["notes"]}


def tab(api: Api, path: str, **parameters: object) -> dict[str, Any]:
    answer = api("GET", f"{path}/result", params=parameters)
    assert answer.status_code == 200, answer.text
    return answer.json()["tab"]


def test_an_edit_makes_a_revision_that_results_and_files_follow(api: Api, path: str) -> None:
    before = notes(tab(api, path))
    gone, changed, *_ = before
    note = before[changed]
    answer = edited(
        api,
        path,
        0,
        {"op": "place", "note": changed, "string": note["string"], "fret": note["fret"] + 1},
        {"op": "delete", "notes": [gone]},
    )
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert made["revision"]["number"] == 1
    assert made["revision"]["summary"] == "Placed 1 note, deleted 1 note"
    assert notes(made["tab"])[changed]["pitch"] == note["pitch"] + 1
    assert tab(api, path) == made["tab"]
    assert notes(tab(api, path, revision=0)) == before

    file = api("GET", f"{path}/files/gp5", params={"redirect": False})
    song = guitarpro.parse(io.BytesIO(file.content))
    written = [n for m in song.tracks[0].measures for v in m.voices for b in v.beats for n in b.notes]
    assert len([n for n in written if n.type is not guitarpro.NoteType.tie]) == len(before) - 1
    original = api("GET", f"{path}/files/gp5", params={"redirect": False, "revision": 0})
    assert original.content != file.content
    assert api("GET", path).json()["revision"] == 1


def test_an_edit_of_what_was_changed_elsewhere_is_refused_and_nothing_is_lost(api: Api, path: str) -> None:
    first, second, *_ = notes(tab(api, path))
    assert edited(api, path, 0, {"op": "accept", "notes": [first]}).status_code == 201
    late = edited(api, path, 0, {"op": "delete", "notes": [second]})
    assert (late.status_code, late.json()["code"]) == (409, "revision-conflict")
    assert (late.json()["latest"]["number"], late.json()["latest"]["summary"]) == (1, "Accepted 1 note")
    assert second in notes(tab(api, path))
    assert edited(api, path, 1, {"op": "delete", "notes": [second]}).status_code == 201


def test_undo_and_redo_go_back_and_forth_between_revisions(api: Api, path: str) -> None:
    original = tab(api, path)
    first, *_ = notes(original)
    changed = edited(api, path, 0, {"op": "delete", "notes": [first]}).json()["tab"]
    undone = edited(api, path, 1, {"op": "restore", "revision": 0})
    assert (undone.status_code, undone.json()["tab"]) == (201, original)
    redone = edited(api, path, 2, {"op": "restore", "revision": 1}).json()
    assert (redone["tab"], redone["revision"]["number"]) == (changed, 3)
    listed = api("GET", f"{path}/revisions").json()
    assert [one["kind"] for one in listed["items"]] == ["restore", "restore", "edit", "machine"]
    assert edited(api, path, 3, {"op": "restore", "revision": 9}).status_code == 404


@SQLITE_ONLY
def test_alternatives_of_a_note_are_offered_best_first(api: Api, path: str) -> None:
    id_, note = next(iter(notes(tab(api, path)).items()))
    places = api("GET", f"{path}/notes/{id_}/alternatives").json()["places"]
    assert [one["cost"] for one in places] == sorted(one["cost"] for one in places)
    current = next(one for one in places if one["current"])
    assert (current["string"], current["fret"]) == (note["string"], note["fret"])
    assert all(one["reason"] for one in places)
    assert api("GET", f"{path}/notes/t9n9/alternatives").status_code == 404


@SQLITE_ONLY
def test_an_impossible_edit_says_which_one_and_changes_nothing(api: Api, path: str) -> None:
    first, *_ = notes(tab(api, path))
    answer = edited(
        api,
        path,
        0,
        {"op": "accept", "notes": [first]},
        {"op": "place", "note": first, "string": 1, "fret": 48},
    )
    assert (answer.status_code, answer.json()["code"], answer.json()["edit"]) == (422, "edit-refused", 1)
    assert api("GET", path).json()["revision"] == 0


@SQLITE_ONLY
def test_a_repeated_edit_is_made_once(api: Api, path: str) -> None:
    first, *_ = notes(tab(api, path))
    once = {"headers": {"Idempotency-Key": "k"}}
    one = edited(api, path, 0, {"op": "delete", "notes": [first]}, **once)
    two = edited(api, path, 0, {"op": "delete", "notes": [first]}, **once)
    assert (one.status_code, two.status_code) == (201, 201)
    assert one.json() == two.json()
    assert api("GET", path).json()["revision"] == 1


@SQLITE_ONLY
def test_a_new_title_is_in_every_file(api: Api, path: str) -> None:
    assert api("PATCH", path, json={"title": "Blues"}).json()["title"] == "Blues"
    assert tab(api, path)["source"]["title"] == "Blues"
    assert b"Blues" in api("GET", f"{path}/files/musicxml").content

"""Editing a result over HTTP: revisions, undo, conflicts, files that follow the edits."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import guitarpro
import pytest
from httpx import Response

from genesis_music.service.transcriptions import keys
from genesis_music.service.transcriptions.observer import TranscriptionsOfAccounts
from genesis_music.service.transcriptions.sweep import sweep
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
def test_what_alphatab_draws_comes_with_the_answer_if_one_likes(api: Api, path: str) -> None:
    first, second, *_ = notes(tab(api, path))
    drawn = {"params": {"alphatex": True}, "headers": {"Idempotency-Key": "once"}}
    deleted = {"op": "delete", "notes": [first]}
    steps = [deleted, {"op": "accept", "notes": [second]}, {"op": "restore", "revision": 0}]
    for base, edit in enumerate(steps):
        answer = edited(api, path, base, edit, params={"alphatex": True}).json()
        file = api("GET", f"{path}/files/alphatex", params={"redirect": False})
        assert answer["alphatex"] == file.text
    answers = [edited(api, path, 3, deleted, **drawn).json() for _ in range(2)]
    assert answers[0] == answers[1] and answers[0]["alphatex"]
    assert edited(api, path, 4, {"op": "delete", "notes": [second]}).json()["alphatex"] is None


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


EVERY_EDIT: tuple[dict[str, Any], ...] = (
    {"op": "place", "note": "t1n2", "string": 4, "fret": 5},
    {"op": "length", "notes": ["t1n3"], "length": [1, 4]},
    {"op": "position", "note": "t1n3", "measure": 1, "position": [9, 4]},
    {"op": "shift", "notes": ["t1n3"], "by": [-1, 4]},
    {"op": "delete", "notes": ["t1n1"]},
    {"op": "add", "measure": 1, "position": [0, 1], "length": [1, 2], "string": 6, "fret": 3},
    {"op": "technique", "notes": ["t1n4"], "technique": "bend", "semitones": 1},
    {"op": "technique", "notes": ["t1n4"], "technique": "bend", "on": False},
    {"op": "accept", "notes": ["t1n4", "t1n5"]},
    {"op": "passage", "measures": [1, 1], "fret": 3},
    {"op": "passage", "notes": ["t1n4"], "fret": 2},
    {"op": "add-chord", "at": 2.0, "label": "C/G"},
    {"op": "chord", "at": 2.1, "label": "Am7"},
    {"op": "remove-chord", "at": 2.1},
    {"op": "title", "title": "Porch"},
    {"op": "section", "at": 2.0, "label": "Verse"},
    {"op": "tempo", "change": "double"},
    {"op": "tempo", "change": "half"},
    {"op": "downbeat", "by": 1},
    {"op": "metre", "time_signature": "3/4"},
    {"op": "refret", "tuning": "drop-d", "capo": 1},
)


@SQLITE_ONLY
def test_every_kind_of_edit_is_made_over_http(api: Api, path: str) -> None:
    for base, edit in enumerate(EVERY_EDIT):
        answer = edited(api, path, base, edit)
        assert answer.status_code == 201, (edit, answer.text)
        assert answer.json()["revision"]["summary"]
    assert {edit["op"] for edit in EVERY_EDIT} | {"restore"} == operations(api)
    detail = api("GET", path).json()
    assert (detail["title"], detail["time_signature"]) == ("Porch", "3/4")
    assert (detail["options"]["tuning"], detail["options"]["capo"]) == ("drop-d", 1)
    assert edited(api, path, len(EVERY_EDIT), *EVERY_EDIT[:1]).json()["added"] == []


def operations(api: Api) -> set[str]:
    document = api.client.get("/api/v1/openapi.json").json()
    union = document["components"]["schemas"]["EditRequest"]["properties"]["edits"]["items"]
    return set(union["discriminator"]["mapping"])


@SQLITE_ONLY
def test_examples_of_the_document_are_well_formed(api: Api, path: str) -> None:
    document = api.client.get("/api/v1/openapi.json").json()
    for example in document["components"]["schemas"]["EditRequest"]["examples"]:
        answer = api("POST", f"{path}/revisions", json=example | {"base": 99})
        assert (answer.status_code, answer.json()["code"]) == (409, "revision-conflict"), answer.text


@SQLITE_ONLY
@pytest.mark.parametrize(
    "body",
    [
        {"base": 0, "edits": []},
        {"base": 0, "edits": [{"op": "explode"}]},
        {"base": -1, "edits": [{"op": "delete", "notes": ["t1n1"]}]},
        {"base": 0, "edits": [{"op": "delete", "notes": ["t1n1"], "why": "x"}]},
        {"base": 0, "edits": [{"op": "length", "notes": ["t1n1"], "length": [1, 0]}]},
        {"base": 0, "edits": [{"op": "chord", "at": 1, "label": "H#"}]},
        {"base": 0, "edits": [{"op": "refret", "tuning": "banjo"}]},
        {"base": 0, "edits": [{"op": "restore", "revision": 0}, {"op": "delete", "notes": ["t1n1"]}]},
        {"base": 0, "edits": [{"op": "accept", "notes": ["t1n1"]}] * 201},
    ],
)
def test_what_is_no_edit_is_refused(api: Api, path: str, body: dict[str, Any]) -> None:
    answer = api("POST", f"{path}/revisions", json=body)
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"]


@SQLITE_ONLY
def test_there_is_nothing_to_edit_before_the_end(api: Api, tone: bytes) -> None:
    path = f"/transcribe/{api.accepted(tone)}"
    assert api("GET", path).json()["revision"] is None
    for answer in (
        api("GET", f"{path}/revisions"),
        edited(api, path, 0, {"op": "delete", "notes": ["t1n1"]}),
        api("GET", f"{path}/notes/t1n1/alternatives"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "no-result")
    assert api("PATCH", path, json={"title": "Soon"}).json()["title"] == "Soon"


def test_doubtful_notes_are_left_out_of_results_and_files(api: Api, path: str) -> None:
    first, *others = notes(tab(api, path))
    edited(api, path, 0, {"op": "accept", "notes": [first]})
    sure = tab(api, path, min_confidence=0.95)
    assert list(notes(sure)) == [first]
    text = api("GET", f"{path}/files/txt", params={"min_confidence": 0.95, "redirect": False})
    assert text.content != api("GET", f"{path}/files/txt", params={"redirect": False}).content
    assert len(notes(tab(api, path, min_confidence=0.5))) == 1 + len(others)
    tags = {
        api("GET", f"{path}/result", params=parameters).headers["etag"]
        for parameters in ({}, {"min_confidence": 0.95}, {"revision": 0})
    }
    assert len(tags) == 3


@SQLITE_ONLY
def test_a_link_shows_the_latest_revision(api: Api, path: str) -> None:
    token = api("POST", f"{path}/shares").json()["token"]
    first, *_ = notes(tab(api, path))
    edited(api, path, 0, {"op": "delete", "notes": [first]}, {"op": "title", "title": "Shared"})
    shared = f"/api/v1/shared/{token}"
    assert api.client.get(shared).json()["title"] == "Shared"
    assert first not in notes(api.client.get(f"{shared}/result").json()["tab"])
    assert b"Shared" in api.client.get(f"{shared}/files/musicxml").content


def test_writing_anew_is_one_more_revision_and_the_edits_can_be_had_back(
    api: Api, quick: Workbench, path: str
) -> None:
    first, *_ = notes(tab(api, path))
    corrected = edited(api, path, 0, {"op": "delete", "notes": [first]}).json()["tab"]
    api("POST", f"{path}/retab", json={"quantise": "1/8"})
    quick.work()
    assert api("GET", path).json()["revision"] == 2
    assert first in notes(tab(api, path))
    assert tab(api, path, revision=1) == corrected
    assert edited(api, path, 2, {"op": "restore", "revision": 1}).json()["tab"] == corrected
    listed = api("GET", f"{path}/revisions", params={"limit": 2}).json()
    assert [one["number"] for one in listed["items"]] == [3, 2]
    rest = api("GET", f"{path}/revisions", params={"before": listed["next_before"]}).json()
    assert [(one["number"], one["kind"], one["user_id"]) for one in rest["items"]] == [
        (1, "edit", str(api.person.id)),
        (0, "machine", None),
    ]
    assert rest["next_before"] is None
    assert api("GET", f"{path}/files/gp5", params={"revision": 0, "redirect": False}).status_code == 200


def test_of_two_edits_at_the_same_moment_one_is_made(api: Api, path: str) -> None:
    first, second, *_ = notes(tab(api, path))
    edits = [{"op": "delete", "notes": [id_]} for id_ in (first, second)]
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda edit: edited(api, path, 0, edit), edits))
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    assert api("GET", path).json()["revision"] == 1


@SQLITE_ONLY
def test_edits_go_with_the_transcription_and_are_in_the_export(api: Api, quick: Workbench, path: str) -> None:
    first, *_ = notes(tab(api, path))
    edited(api, path, 0, {"op": "delete", "notes": [first]})
    api("GET", f"{path}/files/gp5")
    observer = TranscriptionsOfAccounts(quick.platform, quick.jobs)
    with quick.platform.database.writing() as session:
        (exported,) = observer.export(session, api.person.id)["transcriptions"]
    assert first not in notes(exported["tab"])
    assert [one["number"] for one in exported["revisions"]] == [0, 1]
    api("DELETE", path)
    assert list(quick.platform.storage.list()) == []


@SQLITE_ONLY
def test_the_sweep_spares_what_revisions_need(api: Api, quick: Workbench, path: str) -> None:
    first, *_ = notes(tab(api, path))
    corrected = edited(api, path, 0, {"op": "delete", "notes": [first]}).json()["tab"]
    api("POST", f"{path}/retab", json={"quantise": "1/8"})
    quick.work()
    orphan = f"{keys.EDITS}/{path.rpartition('/')[2]}/{'ab' * 32}"
    quick.platform.storage.put_bytes(orphan, b"x")
    assert sweep(quick.platform, grace=timedelta(seconds=-5)).edits == 1
    assert tab(api, path, revision=1) == corrected
    assert first in notes(tab(api, path, revision=0))
    assert api("GET", f"{path}/files/gp5", params={"revision": 0}).status_code == 200


@SQLITE_ONLY
def test_only_edits_of_long_ago_are_forgotten(api: Api, path: str, monkeypatch) -> None:
    monkeypatch.setattr("genesis_music.service.transcriptions.revision_repository.EDITS_KEPT", 3)
    for base in range(6):
        edited(api, path, base, {"op": "title", "title": f"Title {base}"})
    listed = api("GET", f"{path}/revisions").json()
    assert [one["number"] for one in listed["items"]] == [6, 5, 4, 0]
    assert edited(api, path, 6, {"op": "restore", "revision": 2}).status_code == 404
    assert edited(api, path, 6, {"op": "restore", "revision": 0}).status_code == 201

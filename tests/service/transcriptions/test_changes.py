"""Renaming, retrying, writing anew, cancelling, deleting; and that nobody reaches what is another's."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from genesis_music.errors import AudioError
from genesis_music.service.jobs.tables import JobStatus
from genesis_music.service.platform.container import Platform
from genesis_music.service.transcriptions import keys
from genesis_music.service.transcriptions.observer import TranscriptionsOfAccounts
from tests.service.transcriptions.conftest import SQLITE_ONLY, Api, Workbench


def files(platform: Platform) -> list[str]:
    return [
        found.key
        for prefix in (keys.AUDIO, keys.RESULTS, keys.UPLOADS)
        for found in platform.storage.list(prefix)
    ]


def refuse(*_: object, **__: object) -> None:
    raise AudioError("The recording is silent: turn the guitar up.")


def test_a_failure_says_why_and_what_can_be_done_and_a_retry_takes_other_options(
    api: Api, quick: Workbench, tone: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"/transcribe/{api.accepted(tone, capo='3')}"
    with monkeypatch.context() as patched:
        patched.setattr("genesis_music.service.transcriptions.handler.arrange", refuse)
        quick.work()
    failed = api("GET", path).json()
    assert failed["status"] == "failed"
    error = failed["job"]["error"]
    assert error["message"] == "The recording is silent: turn the guitar up."
    assert [step["action"] for step in error["options"]] == ["retry", "contact-support", "different-audio"]
    assert error["reference"] == failed["job"]["id"]
    assert [key for key in files(quick.platform) if key.startswith(keys.RESULTS)] == []

    assert api("POST", f"{path}/retry", json={"denoise": "on"}).status_code == 202
    quick.work()
    complete = api("GET", path).json()
    assert complete["status"] == "complete"
    assert (complete["options"]["denoise"], complete["options"]["capo"]) == ("on", 3)


@pytest.mark.parametrize("way", ["retab", "retry"])
def test_a_failed_change_leaves_the_result_that_was_there(
    api: Api, quick: Workbench, tone: bytes, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    path = f"/transcribe/{api.accepted(tone)}"
    quick.work()
    before = api("GET", f"{path}/result").json()
    assert api("POST", f"{path}/{way}", json={"capo": 2}).status_code == 202
    with monkeypatch.context() as patched:
        patched.setattr("genesis_music.service.transcriptions.handler.arrange", refuse)
        quick.work()
    shown = api("GET", path).json()
    assert (shown["status"], shown["progress"], shown["revision"]) == ("complete", 100, 0)
    assert shown["options"]["capo"] == 0
    assert shown["job"]["status"] == "failed"
    assert shown["job"]["error"]["message"] == "The recording is silent: turn the guitar up."
    assert api("GET", f"{path}/result").json() == before
    assert api("GET", f"{path}/files/gp5").status_code in {200, 307}
    [listed] = api("GET", "/transcribe", params={"status": "complete"}).json()["items"]
    assert listed["status"] == "complete"

    assert api("POST", f"{path}/{way}", json={"capo": 3}).status_code == 202
    quick.work()
    assert api("GET", path).json()["revision"] == 1


@SQLITE_ONLY
def test_a_cancelled_change_leaves_the_result_that_was_there(api: Api, quick: Workbench, tone: bytes) -> None:
    path = f"/transcribe/{api.accepted(tone)}"
    quick.work()
    api("POST", f"{path}/retab", json={"capo": 2})
    assert api("GET", path).json()["status"] == "queued"
    cancelled = api("POST", f"{path}/cancel").json()
    assert (cancelled["status"], cancelled["job"]["status"]) == ("complete", "cancelled")


@SQLITE_ONLY
def test_a_finished_recording_can_be_listened_to_again(api: Api, quick: Workbench, tone: bytes) -> None:
    path = f"/transcribe/{api.accepted(tone)}"
    quick.work()
    assert api("POST", f"{path}/retry").status_code == 202
    busy = api("POST", f"{path}/retry", json={"tempo": 90})
    assert (busy.status_code, busy.json()["code"]) == (409, "busy")
    assert api("POST", f"{path}/retab", json={"capo": 1}).status_code == 409
    quick.work()
    assert api("GET", path).json()["revision"] == 1
    assert api("POST", f"{path}/retry", json={"end": -4}).status_code == 422
    assert api("POST", f"{path}/retry", json={"start": 5, "end": 4}).status_code == 422


@SQLITE_ONLY
def test_a_repeated_retry_is_done_once(api: Api, quick: Workbench, tone: bytes) -> None:
    path = f"/transcribe/{api.accepted(tone)}"
    quick.work()
    once = {"headers": {"Idempotency-Key": "k"}, "json": {"capo": 1}}
    first, second = api("POST", f"{path}/retab", **once), api("POST", f"{path}/retab", **once)
    assert first.json() == second.json()


@SQLITE_ONLY
def test_nothing_can_be_written_anew_before_something_was_heard(
    api: Api, bench: Workbench, tone: bytes
) -> None:
    path = f"/transcribe/{api.accepted(tone)}"
    assert api("POST", f"{path}/cancel").status_code == 200
    answer = api("POST", f"{path}/retab", json={"capo": 1})
    assert answer.status_code == 409


@SQLITE_ONLY
def test_cancelled_work_is_not_done(api: Api, quick: Workbench, tone: bytes) -> None:
    path = f"/transcribe/{api.accepted(tone)}"
    cancelled = api("POST", f"{path}/cancel").json()
    assert (cancelled["status"], cancelled["job"]["status"]) == ("cancelled", "cancelled")
    assert quick.work() == []
    assert api("POST", f"{path}/cancel").status_code == 409


@SQLITE_ONLY
def test_a_title_is_one_line(api: Api, tone: bytes) -> None:
    path = f"/transcribe/{api.accepted(tone)}"
    assert api("PATCH", path, json={"title": "  Morning\n Porch "}).json()["title"] == "Morning Porch"
    for title in ("", " \n", "x" * 301, None, 3):
        assert api("PATCH", path, json={"title": title}).status_code == 422
    assert api("PATCH", path, json={"title": "x", "status": "complete"}).status_code == 422


def test_what_is_deleted_while_it_is_worked_on_leaves_nothing(
    api: Api, quick: Workbench, tone: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = api.accepted(tone)
    write = quick.handler._write

    def delete_meanwhile(*arguments: object) -> object:
        stored = write(*arguments)
        assert api("DELETE", f"/transcribe/{id_}").status_code == 204
        return stored

    monkeypatch.setattr(quick.handler, "_write", delete_meanwhile)
    quick.work()
    assert api("GET", f"/transcribe/{id_}").status_code == 404
    assert files(quick.platform) == []


@SQLITE_ONLY
def test_an_attempt_whose_files_were_cleaned_up_does_not_count(
    api: Api, quick: Workbench, tone: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = api.accepted(tone)
    write = quick.handler._write

    def clean_up_meanwhile(music, heard, work, clock) -> object:
        stored = write(music, heard, work, clock)
        quick.handler.clean_up(work)
        return stored

    monkeypatch.setattr(quick.handler, "_write", clean_up_meanwhile)
    quick.work()
    detail = api("GET", f"/transcribe/{id_}").json()
    assert (detail["status"], detail["revision"]) == (JobStatus.QUEUED, None)


@SQLITE_ONLY
def test_cleaning_up_late_spares_the_result(api: Api, quick: Workbench, tone: bytes, monkeypatch) -> None:
    id_ = api.accepted(tone)
    works = []
    run = quick.handler.run
    monkeypatch.setattr(
        quick.handler, "run", lambda work, progress: (works.append(work), run(work, progress))[1]
    )
    quick.work()
    quick.handler.clean_up(works[0])
    assert api("GET", f"/transcribe/{id_}/files/gp5").status_code == 200


ROUTES = [
    ("GET", "/transcribe/{}"),
    ("PATCH", "/transcribe/{}"),
    ("DELETE", "/transcribe/{}"),
    ("POST", "/transcribe/{}/retry"),
    ("POST", "/transcribe/{}/retab"),
    ("POST", "/transcribe/{}/cancel"),
    ("GET", "/transcribe/{}/result"),
    ("GET", "/transcribe/{}/files/gp5"),
    ("GET", "/transcribe/{}/audio"),
    ("HEAD", "/transcribe/{}/audio"),
    ("POST", "/transcribe/{}/shares"),
    ("GET", "/transcribe/{}/shares"),
    ("DELETE", "/transcribe/{}/shares/" + str(uuid4())),
]
BODIES = {"PATCH": {"title": "mine now"}, "POST": {}}


@SQLITE_ONLY
def test_anothers_and_deleted_transcriptions_look_as_if_they_were_not_there(
    api: Api, other_api: Api, quick: Workbench, tone: bytes
) -> None:
    id_ = api.accepted(tone)
    quick.work()
    missing = other_api("GET", f"/transcribe/{uuid4()}").json()
    for method, path in ROUTES:
        answer = other_api(method, path.format(id_), json=BODIES.get(method))
        assert answer.status_code == 404, (method, path)
        if method != "HEAD":
            assert {"detail", "code"} <= answer.json().keys()
        unsigned = api.client.request(method, f"/api/v1{path.format(id_)}", json=BODIES.get(method))
        assert unsigned.status_code == 401, (method, path)
    assert other_api("GET", f"/transcribe/{id_}").json()["detail"] == missing["detail"]
    assert api("GET", f"/transcribe/{id_}").json()["title"] != "mine now"
    api("DELETE", f"/transcribe/{id_}")
    for method, path in ROUTES:
        assert api(method, path.format(id_), json=BODIES.get(method)).status_code == 404, (method, path)


@SQLITE_ONLY
def test_an_id_that_is_none_is_refused(api: Api) -> None:
    for id_ in ["1", "../../x", "%00", "'; --", "x" * 3000, "🎸"]:
        assert api("GET", f"/transcribe/{id_}").status_code in {404, 422}


def test_an_account_takes_its_files_along_and_leaves_those_that_others_have(
    api: Api, other_api: Api, quick: Workbench, tone: bytes, porch: bytes
) -> None:
    api.accepted(tone)
    api.accepted(porch, end="2")
    theirs = other_api.accepted(tone)
    quick.work()
    api.accepted(tone)
    observer = TranscriptionsOfAccounts(quick.platform, quick.jobs)
    with quick.platform.database.writing() as session:
        exported = observer.export(session, api.person.id)
    assert len(exported["transcriptions"]) == 3
    assert exported["transcriptions"][0]["tab"]["schema"] == "genesis.tab/1"

    from genesis_music.service.accounts.tables import User

    with quick.platform.database.writing() as session:
        observer.account_deleted(session, api.person.id)
        session.delete(session.get_one(User, api.person.id))
    left = files(quick.platform)
    assert [key for key in left if key.startswith(keys.AUDIO)] == [keys.audio_key(keys_sha(tone), "wav")]
    assert all(theirs in key for key in left if key.startswith(keys.RESULTS))
    assert UUID(theirs)


def keys_sha(content: bytes) -> str:
    import hashlib

    return hashlib.sha256(content).hexdigest()

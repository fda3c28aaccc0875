"""Links that show a transcription to anybody."""

from __future__ import annotations

from datetime import timedelta

from genesis_music.service.platform.database import utc_now
from genesis_music.service.platform.tokens import SecretKind, new_secret
from genesis_music.service.transcriptions.repository import ShareRepository
from tests.service.transcriptions.conftest import SQLITE_ONLY, Api, Workbench


def test_a_link_shows_one_transcription_to_anybody_until_it_is_revoked(
    api: Api, quick: Workbench, tone: bytes
) -> None:
    id_ = api.accepted(tone)
    quick.work()
    made = api("POST", f"/transcribe/{id_}/shares").json()
    assert made["url"].endswith(f"/shared/{made['token']}")
    shared = f"/api/v1/shared/{made['token']}"
    anybody = api.client
    shown = anybody.get(shared).json()
    assert shown["title"]
    assert "gp5" in shown["files"]
    assert id_ not in anybody.get(shared).text
    assert anybody.get(f"{shared}/result").json()["tab"]["tracks"]
    assert anybody.get(f"{shared}/files/txt", params={"redirect": False}).status_code == 200
    part = anybody.get(f"{shared}/audio", params={"redirect": False}, headers={"Range": "bytes=0-3"})
    assert (part.status_code, part.content) == (206, b"RIFF")
    assert anybody.head(f"{shared}/audio").status_code == 200

    listed = api("GET", f"/transcribe/{id_}/shares").json()
    assert [one["id"] for one in listed] == [made["id"]]
    assert made["token"] not in str(listed)
    assert api("DELETE", f"/transcribe/{id_}/shares/{made['id']}").status_code == 204
    for path in ("", "/result", "/files/txt", "/audio"):
        assert anybody.get(shared + path).status_code == 410
    other = api("POST", f"/transcribe/{id_}/shares", json={}).json()["token"]
    api("DELETE", f"/transcribe/{id_}")
    assert anybody.get(f"/api/v1/shared/{other}").status_code == 404


@SQLITE_ONLY
def test_a_link_ends_when_it_should(api: Api, quick: Workbench, tone: bytes) -> None:
    id_ = api.accepted(tone)
    path = f"/transcribe/{id_}/shares"
    soon = (utc_now() + timedelta(hours=1)).isoformat()
    token = api("POST", path, json={"expires_at": soon}).json()["token"]
    assert api.client.get(f"/api/v1/shared/{token}").status_code == 200
    assert api.client.get(f"/api/v1/shared/{token}/result").status_code == 409
    with quick.platform.database.writing() as session:
        shares = ShareRepository(session)
        shares.update(shares.find_all()[0], expires_at=utc_now() - timedelta(seconds=1))
    assert api.client.get(f"/api/v1/shared/{token}").status_code == 410
    past = (utc_now() - timedelta(hours=1)).isoformat()
    for wrong in (past, "2030-01-01T00:00:00", "9999-12-31T23:59:59-14:00", "soon", 5e40):
        assert api("POST", path, json={"expires_at": wrong}).status_code == 422


@SQLITE_ONLY
def test_tokens_that_were_never_given_show_nothing(api: Api) -> None:
    for token in (new_secret(SecretKind.SHARE).token, "x", "%00", "x" * 199, "../transcribe"):
        assert api.client.get(f"/api/v1/shared/{token}").status_code in {401, 404}
    assert api.client.get(f"/api/v1/shared/{'x' * 300}").status_code == 422

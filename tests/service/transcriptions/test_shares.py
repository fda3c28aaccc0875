"""Links that show a transcription to anybody."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from genesis_music.service.accounts.tables import AuditEvent
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
def test_links_webhooks_and_deletions_are_in_the_audit_log(api: Api, quick: Workbench, tone: bytes) -> None:
    path = f"/transcribe/{api.accepted(tone)}"
    share = api("POST", f"{path}/shares").json()["id"]
    api("DELETE", f"{path}/shares/{share}")
    api("DELETE", f"{path}/shares/{share}")
    webhook = api("POST", "/webhooks", json={"url": "https://example.com/"}).json()["id"]
    api("DELETE", f"/webhooks/{webhook}")
    api("DELETE", path)
    with quick.platform.database.writing() as session:
        logged = session.scalars(select(AuditEvent).order_by(AuditEvent.id)).all()
    logged = [event for event in logged if not event.action.startswith("account.")]
    assert [event.action for event in logged] == [
        "share.created",
        "share.revoked",
        "webhook.created",
        "webhook.deleted",
        "transcription.deleted",
    ]
    assert {event.actor_id for event in logged} == {api.person.id}


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

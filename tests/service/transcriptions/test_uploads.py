"""What is taken, what is refused, and that each recording is kept once."""

from __future__ import annotations

import zlib

from genesis_music.service.platform.container import Platform
from genesis_music.service.transcriptions import keys
from genesis_music.service.transcriptions.multipart import LONGEST_FIELD_BYTES
from tests.service.conftest import Person, client_of, with_settings
from tests.service.transcriptions.conftest import SQLITE_ONLY, Api, wav

BOUNDARY = "xyz"
FORM = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}


def part(disposition: str, content: bytes) -> bytes:
    return f"--{BOUNDARY}\r\nContent-Disposition: {disposition}\r\n\r\n".encode() + content + b"\r\n"


def recordings(platform: Platform) -> list[str]:
    return [found.key for found in platform.storage.list(keys.AUDIO)]


def test_the_same_recording_of_two_people_is_kept_once_until_both_deleted_it(
    api: Api, other_api: Api, platform: Platform, tone: bytes
) -> None:
    mine = api.accepted(tone)
    again = api.accepted(tone)
    theirs = other_api.accepted(tone)
    assert len(recordings(platform)) == 1
    assert api("DELETE", f"/transcribe/{mine}").status_code == 204
    assert api("DELETE", f"/transcribe/{again}").status_code == 204
    audio = other_api("GET", f"/transcribe/{theirs}/audio", params={"redirect": False})
    assert audio.content == tone
    assert other_api("DELETE", f"/transcribe/{theirs}").status_code == 204
    assert recordings(platform) == []


def test_a_repeated_request_is_accepted_once(api: Api, tone: bytes) -> None:
    sent = {"headers": {"Idempotency-Key": "once"}, "files": {"file": ("a.wav", tone)}}
    first, second = api("POST", "/transcribe", **sent), api("POST", "/transcribe", **sent)
    assert first.json() == second.json()
    assert second.headers["location"] == first.headers["location"]
    assert len(api("GET", "/transcribe").json()["items"]) == 1
    other = {"headers": {"Idempotency-Key": "once"}, "files": {"file": ("a.wav", wav(1.5))}}
    assert api("POST", "/transcribe", **other).status_code == 422


@SQLITE_ONLY
def test_what_is_no_recording_is_refused_and_nothing_of_it_is_kept(api: Api, platform: Platform) -> None:
    for content, status in [
        (b"%PDF-1.7 not a recording", 415),
        (b"RIFF\xff\xff\xff\xffWAVEfmt ", 415),
        (zlib.compress(b"\0" * 5_000_000), 415),
        (b"<html><body>no</body></html>", 415),
        (b"#EXTM3U\n#EXTINF:1,\nhttp://169.254.169.254/latest\n", 415),
        (wav(0.1), 422),
        (b"", 422),
    ]:
        answer = api.upload(content, "song.mp3")
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        assert recordings(platform) == []
        assert api("GET", "/transcribe").json()["items"] == []


@SQLITE_ONLY
def test_a_recording_beyond_the_limits_is_refused(platform: Platform, user: Person, tone: bytes) -> None:
    with client_of(with_settings(platform, max_upload_bytes=len(tone) - 1)) as client:
        answer = Api(client, user).upload(tone)
        assert (answer.status_code, answer.json()["code"]) == (413, "too-large")
    with client_of(with_settings(platform, max_duration_seconds=0.9)) as client:
        assert Api(client, user).upload(tone).status_code == 413
    with client_of(with_settings(platform, max_active_jobs=1)) as client:
        api = Api(client, user)
        assert api.upload(tone).status_code == 202
        assert api.upload(wav(2.0)).status_code == 429
    assert len(recordings(platform)) == 1


@SQLITE_ONLY
def test_hostile_file_names_do_no_harm(api: Api, tone: bytes) -> None:
    for name in [
        "../../../etc/passwd",
        'a"\r\nX-Evil: 1.wav',
        "x" * 10_000 + ".wav",
        "тест 🎸.wav",
        "\x00.wav",
        "",
        ".wav",
    ]:
        disposition = (
            'form-data; name="file"; filename="' + name.replace('"', "%22").replace("\r\n", "%0D%0A") + '"'
        )
        body = part(disposition, tone) + f"--{BOUNDARY}--\r\n".encode()
        answer = api("POST", "/transcribe", content=body, headers=FORM)
        if len(name) > 4000:
            assert answer.status_code in {202, 400}  # the header is longer than headers may be
            continue
        assert answer.status_code == 202, answer.text
        id_ = answer.json()["transcription_id"]
        detail = api("GET", f"/transcribe/{id_}").json()
        assert detail["title"]
        assert "/" not in (detail["source_filename"] or "")
        disposition = api("GET", f"/transcribe/{id_}/audio").headers["content-disposition"]
        assert "\r" not in disposition
        assert disposition.isascii()


FILE = 'form-data; name="file"; filename="a.wav"'


@SQLITE_ONLY
def test_a_broken_form_is_refused_with_the_reason(api: Api) -> None:
    for body, status in [
        (b"", 400),
        (b"no multipart at all", 400),
        (part(FILE, b"RIFF"), 400),
        (f"--{BOUNDARY}\r\nContent-Dispo".encode(), 400),
        (part("form-data", b"1") + f"--{BOUNDARY}--".encode(), 400),
        (f"--{BOUNDARY}--\r\n".encode(), 422),
        (part('form-data; name="capo"', b"2") + f"--{BOUNDARY}--\r\n".encode(), 422),
        (part('form-data; name="song"; filename="a.wav"', b"x") + f"--{BOUNDARY}--\r\n".encode(), 422),
        (part('form-data; name="file"', b"x") + f"--{BOUNDARY}--\r\n".encode(), 422),
        (2 * part(FILE, b"x") + f"--{BOUNDARY}--\r\n".encode(), 422),
        (2 * part('form-data; name="capo"', b"2") + f"--{BOUNDARY}--\r\n".encode(), 422),
        (part('form-data; name="tuning"', b"x" * (LONGEST_FIELD_BYTES + 1)), 422),
        (b"".join(part(f'form-data; name="f{i}"', b"x") for i in range(100)), 422),
        (b"".join(f"--{BOUNDARY}\r\nX-{i}: y\r\n".encode() for i in range(50)), 400),
    ]:
        answer = api("POST", "/transcribe", content=body, headers=FORM)
        assert answer.status_code == status, answer.text
        assert answer.json()["detail"]


@SQLITE_ONLY
def test_a_form_without_a_usable_boundary_is_refused(api: Api) -> None:
    for content_type in ["multipart/form-data", "multipart/form-data; boundary=" + "b" * 500]:
        answer = api("POST", "/transcribe", content=b"--x--", headers={"content-type": content_type})
        assert answer.status_code == 400


@SQLITE_ONLY
def test_an_option_that_makes_no_sense_is_named_before_anything_is_kept(
    api: Api, platform: Platform, tone: bytes
) -> None:
    answer = api.upload(tone, tuning="klingon", capo="99")
    assert answer.status_code == 422
    assert {fault["field"].split(".")[1] for fault in answer.json()["errors"]} == {"tuning", "capo"}
    assert recordings(platform) == []


@SQLITE_ONLY
def test_a_link_to_anywhere_but_allowed_hosts_is_refused_before_anything_is_contacted(api: Api) -> None:
    for url in [
        "http://127.0.0.1/x",
        "https://127.0.0.1/x",
        "https://[::1]/x",
        "https://2130706433/x",
        "https://0x7f.1/x",
        "https://169.254.169.254/latest/meta-data",
        "https://youtube.com@evil.example/x",
        "https://youtube.com.evil.example/x",
        "https://evil.example/?youtube.com",
        "file:///etc/passwd",
        "https://youtube.com:22/x",
        "ftp://youtube.com/x",
        "javascript:alert(1)",
        "https://youtube.com\\@evil.example",
        " ",
        "x" * 3000,
    ]:
        answer = api("POST", "/transcribe", json={"url": url})
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == "body.url"
        assert api("GET", "/transcribe").json()["items"] == []


@SQLITE_ONLY
def test_a_link_is_accepted_and_waits_for_a_worker(api: Api) -> None:
    url = "https://www.youtube.com/watch?v=dQw4w9WgXcQ"
    answer = api("POST", "/transcribe", json={"url": url, "capo": 2, "tuning": "drop-d"})
    assert answer.status_code == 202
    detail = api("GET", f"/transcribe/{answer.json()['transcription_id']}").json()
    assert (detail["source_type"], detail["source_url"], detail["options"]["capo"]) == ("url", url, 2)
    audio = api("GET", f"/transcribe/{detail['id']}/audio")
    assert audio.status_code == 409


@SQLITE_ONLY
def test_another_body_is_refused(api: Api) -> None:
    for body, content_type, status in [
        (b"{", "application/json", 400),
        (b"[]", "application/json", 422),
        (b'{"url": 3}', "application/json", 422),
        (b'{"url": "https://youtu.be/x", "evil": 1}', "application/json", 422),
        (b'{"url": "\\ud800"}', "application/json", 422),
        (b"\xff\xfe", "application/json", 400),
        (b" " * 2_000_000, "application/json", 413),
        (b"url=x", "application/x-www-form-urlencoded", 415),
        (b"x", "", 415),
    ]:
        answer = api("POST", "/transcribe", content=body, headers={"content-type": content_type})
        assert answer.status_code in {status, 400 if status == 422 else status}, answer.text


@SQLITE_ONLY
def test_nobody_uploads_without_signing_in(api: Api, tone: bytes) -> None:
    answer = api.client.post("/api/v1/transcribe", files={"file": ("a.wav", tone)})
    assert answer.status_code == 401


@SQLITE_ONLY
def test_the_users_own_tuning_is_taken_where_the_request_names_none(api: Api, tone: bytes) -> None:
    api("PATCH", "/account/preferences", json={"guitar_tuning": "dadgad"})
    first, second = api.accepted(tone), api.accepted(tone, tuning="drop-d")
    assert api("GET", f"/transcribe/{first}").json()["options"]["tuning"] == "dadgad"
    assert api("GET", f"/transcribe/{second}").json()["options"]["tuning"] == "drop-d"

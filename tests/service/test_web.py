"""The web application's files, as a browser asks for them, and what it can read about the installation."""

import asyncio
import base64
import gzip
import hashlib
import re
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from genesis_music.errors import SettingsError
from genesis_music.service.app import with_site
from genesis_music.service.guards import guarded
from genesis_music.service.page_policy import PagePolicy, inline_scripts
from genesis_music.service.platform.container import Platform
from genesis_music.service.web import Site, site_folder
from tests.service.conftest import app_of, client_of, with_settings
from tests.service.platforms import PUBLIC_URL, make_settings

START = "\n\t\timport('/_app/immutable/entry/start.Ab12.js').then((app) => app.start());\n"
SHELL = f'<!doctype html><script>{START}</script><script src="/_app/env.js"></script><p>shell</p>'
ASSET = "_app/immutable/entry/start.Ab12.js"
SCRIPT = b"export const start = () => {};\n" * 50
FILES: dict[str, bytes] = {
    "200.html": SHELL.encode(),
    "index.html": b"<!doctype html><p>home</p>",
    "privacy.html": b"<!doctype html><p>privacy</p>",
    "help/index.html": b"<!doctype html><p>help</p>",
    ASSET: SCRIPT,
    f"{ASSET}.gz": gzip.compress(SCRIPT, mtime=0),
    f"{ASSET}.br": b"smaller still",
    "_app/version.json": b'{"version":"1"}',
    "service-worker.js": b"self.skipWaiting();",
    "app.webmanifest": b"{}",
    "soundfont/guitar.sf3": b"RIFF",
    "fonts/Bravura.woff2": b"wOF2",
}


@pytest.fixture
def platform(sqlite_platform: Platform) -> Platform:
    """Pages do not depend on the database."""
    return sqlite_platform


@pytest.fixture
def build(tmp_path: Path) -> Path:
    """What a static build leaves, beside a file that is nobody's business."""
    folder = tmp_path / "build"
    for name, content in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    (tmp_path / "secret.html").write_bytes(b"secret")
    (tmp_path / "build-of-another").mkdir()
    (tmp_path / "build-of-another" / "secret.html").write_bytes(b"secret")
    return folder


def browser(platform: Platform, build: Path, **changes: object) -> TestClient:
    """Speaks to the whole service with a build in front."""
    platform = with_settings(platform, web_dir=build, **changes)
    app = guarded(with_site(app_of(platform), platform.settings), platform)
    return TestClient(app, base_url=PUBLIC_URL, headers={"Accept-Encoding": "identity"})


@pytest.fixture
def page(platform: Platform, build: Path) -> TestClient:
    return browser(platform, build)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/", "home"),
        ("/privacy", "privacy"),
        ("/privacy.html", "privacy"),
        ("/help/", "help"),
        ("/transcriptions/018f3f2e-7d3b-4c43-9f55-0a4f9f2b7c11", "shell"),
        ("/shared/gm_share_a.b", "shell"),
        ("/reset-password?x=1", "shell"),
        ("/apiary", "shell"),
    ],
)
def test_every_address_of_the_application_shows_a_page_that_is_asked_for_anew(page, path, text):
    answer = page.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert f"<p>{text}</p>" in answer.text
    assert answer.headers["cache-control"] == "no-cache"
    assert page.head(path).headers["content-length"] == str(len(answer.content))


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/api", "/health/nothing"])
def test_an_unknown_address_of_the_api_is_a_problem_and_no_page(page, path):
    answer = page.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_the_api_answers_beside_the_pages(page):
    assert page.get("/health/live").json() == {"status": "ok"}
    assert page.get("/api/v1/auth/options").status_code == 200
    assert page.get("/api/v1/openapi.json").json()["info"]["title"] == "Genesis Music"


@pytest.mark.parametrize(
    "path", ["/_app/immutable/entry/start.Old1.js", "/_app/nothing", "/logo.png", "/fonts/x.woff2"]
)
def test_a_file_of_another_version_is_missing_and_no_page_in_its_place(page, path):
    assert page.get(path).json()["code"] == "not-found"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_page_cannot_be_changed(page, method):
    assert page.request(method, "/privacy").headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        (ASSET, "text/javascript; charset=utf-8"),
        ("_app/version.json", "application/json"),
        ("app.webmanifest", "application/manifest+json"),
        ("soundfont/guitar.sf3", "audio/x-soundfont"),
        ("fonts/Bravura.woff2", "font/woff2"),
    ],
)
def test_files_have_the_types_that_browsers_insist_on(page, name, kind):
    assert page.get(f"/{name}").headers["content-type"] == kind


def test_what_is_named_by_its_content_is_kept_for_ever_and_all_else_is_asked_for_anew(page):
    assert page.get(f"/{ASSET}").headers["cache-control"] == "public, max-age=31536000, immutable"
    for name in ("service-worker.js", "_app/version.json", "fonts/Bravura.woff2"):
        first = page.get(f"/{name}")
        assert first.headers["cache-control"] == "no-cache"
        again = page.get(f"/{name}", headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    ("accepted", "encoding", "content"),
    [
        ("gzip, deflate, br", "br", FILES[f"{ASSET}.br"]),
        ("GZIP;q=0.5", "gzip", FILES[f"{ASSET}.gz"]),
        ("br;q=0, gzip", "gzip", FILES[f"{ASSET}.gz"]),
        ("br;q=0.0", None, SCRIPT),
        ("", None, SCRIPT),
    ],
)
def test_compressed_files_go_to_those_who_read_them(page, accepted, encoding, content):
    with page.stream("GET", f"/{ASSET}", headers={"Accept-Encoding": accepted}) as answer:
        assert answer.headers.get("content-encoding") == encoding
        assert b"".join(answer.iter_raw()) == content
        assert answer.headers["vary"] == "Accept-Encoding"
        assert answer.headers["content-type"].startswith("text/javascript")


def test_a_part_of_a_file_can_be_had(page):
    part = page.get("/soundfont/guitar.sf3", headers={"Range": "bytes=1-2"})
    assert (part.status_code, part.content) == (206, b"IF")


OUTSIDE = (
    "/../secret.html",
    "/help/../../secret.html",
    "//../secret.html",
    "/..\\secret.html",
    "/../build-of-another/secret.html",
    "/link.html",
    "/\x00.html",
    "/" + "x" * 5000,
)


@pytest.mark.parametrize("path", OUTSIDE)
def test_nothing_outside_of_the_build_can_be_had(platform, build, path):
    (build / "link.html").symlink_to(build.parent / "secret.html")
    (build / "secret").symlink_to(build.parent)
    assert asked(platform, build, path) == SHELL.encode()
    assert asked(platform, build, f"/secret{path}") == SHELL.encode()


parts = st.sampled_from(
    ["..", ".", "", "help", "secret.html", "index.html", "\x00", "build", "build-of-another"]
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(parts | st.text(max_size=10), max_size=8).map("/".join))
def test_whatever_is_asked_for_nothing_outside_of_the_build_is_found(platform, build, path):
    assert b"secret" not in asked(platform, build, f"/{path}")


def asked(platform: Platform, build: Path, path: str) -> bytes:
    """What a client gets that sends a path just as it is."""

    async def missing(scope: Scope, receive: Receive, send: Send) -> None:
        await Response(b"missing", 404)(scope, receive, send)

    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    site = Site(missing, build, PagePolicy(platform.settings))
    asyncio.run(site({"type": "http", "method": "GET", "path": path, "headers": []}, no_body, send))
    return b"".join(message.get("body", b"") for message in sent)


async def no_body() -> Message:
    """A client that waits for its answer."""
    await asyncio.Event().wait()
    raise AssertionError


def directives(answer) -> dict[str, list[str]]:
    policy = answer.headers["content-security-policy"]
    return {name: sources for name, *sources in (part.split() for part in policy.split(";"))}


def test_a_page_runs_its_own_scripts_and_those_written_into_it_and_no_others(page):
    policy = directives(page.get("/transcriptions/1"))
    digest = base64.b64encode(hashlib.sha256(START.encode()).digest()).decode()
    assert policy["script-src"] == ["'self'", "'wasm-unsafe-eval'", f"'sha256-{digest}'"]
    assert policy["frame-ancestors"] == policy["object-src"] == ["'none'"]
    assert policy["connect-src"] == ["'self'"]
    assert policy["media-src"] == policy["worker-src"] == ["'self'", "blob:"]
    assert policy["style-src"] == ["'self'", "'unsafe-inline'"]
    assert directives(page.get("/"))["script-src"] == ["'self'", "'wasm-unsafe-eval'"]


def test_a_page_may_ask_for_the_microphone(page):
    assert "microphone=(self)" in page.get("/").headers["permissions-policy"]


def test_a_worker_may_fetch_what_its_page_may(page):
    """A worker obeys the policy that came with its script."""
    policy = directives(page.get("/service-worker.js"))
    assert policy["connect-src"] == policy["default-src"] == ["'self'"]


def test_other_places_are_allowed_only_where_they_are_set_up(platform, build):
    page = browser(
        platform,
        build,
        storage_url="s3://tabs/x?endpoint=http://10.0.0.5:9000&public_endpoint=https://files.example.org/a",
        web_sentry_dsn="https://key@o1.ingest.example.net/2",
        analytics_id="G-AB12CD34EF",
    )
    policy = directives(page.get("/transcriptions/1"))
    assert "https://files.example.org" in policy["media-src"]
    assert {"https://files.example.org", "https://o1.ingest.example.net"} <= set(policy["connect-src"])
    assert "https://*.google-analytics.com" in policy["connect-src"]
    assert "https://*.googletagmanager.com" in policy["script-src"]
    assert "10.0.0.5" not in page.get("/").headers["content-security-policy"]


def test_a_rebuilt_page_has_its_own_policy(page, build):
    before = directives(page.get("/x"))["script-src"]
    (build / "200.html").write_text("<script>alert(1)</script><p>new</p>")
    answer = page.get("/x")
    assert "new" in answer.text
    assert directives(answer)["script-src"] != before


def test_scripts_are_found_as_browsers_read_them():
    html = (
        "<SCRIPT type=module data-a='>'>one < 2 && '&amp;'</SCRIPT><!-- <script>no</script> -->"
        '<script src="x">no</script><style>a{}</style><script></script>'
    )
    assert inline_scripts(html) == ["one < 2 && '&amp;'", ""]


def test_the_folder_that_is_set_must_hold_a_build(tmp_path):
    made = make_settings(("sqlite://", ""), "redis://127.0.0.1", tmp_path, web_dir=tmp_path)
    with pytest.raises(SettingsError, match="GENESIS_WEB_DIR"):
        site_folder(made)


def test_an_empty_setting_is_none(tmp_path):
    made = make_settings(
        ("sqlite://", ""), "redis://127.0.0.1", tmp_path, web_dir="", separation_available=""
    )
    assert made.web_dir is None
    assert made.separation_available is None


@pytest.mark.parametrize("id_", ["UA-1", "G-1'; script-src *", "G-ABCD1234\n"])
def test_an_analytics_id_that_is_none_is_refused(tmp_path, id_):
    with pytest.raises(ValueError, match="analytics_id"):
        make_settings(("sqlite://", ""), "redis://127.0.0.1", tmp_path, analytics_id=id_)


def test_the_embedded_pages_are_for_this_machines_names_only(embedded_platform, build):
    page = browser(embedded_platform, build)
    assert page.get("/").status_code == 200
    assert page.get("/", headers={"Host": "evil.example"}).status_code == 403


def test_a_stranger_can_read_how_the_installation_is_set_up(platform):
    settled = with_settings(
        platform,
        sign_up_open=False,
        max_upload_bytes=1000,
        max_duration_seconds=60.0,
        separation_available=True,
        support_email="help@tabs.example.org",
        web_sentry_dsn="https://key@sentry.example.org/2",
        analytics_id="G-AB12CD34EF",
    )
    with client_of(settled) as client:
        configuration = client.get("/api/v1/config").json()
    assert configuration["accounts"]["sign_up_open"] is False
    assert configuration["limits"]["max_upload_bytes"] == 1000
    assert configuration["limits"]["max_duration_seconds"] == 60.0
    assert configuration["separation"] is True
    assert configuration["support_email"] == "help@tabs.example.org"
    assert configuration["analytics_id"] == "G-AB12CD34EF"
    assert "youtube.com" in configuration["link_hosts"]
    assert {"guitar", "bass", "ukulele"} <= {one["name"] for one in configuration["instruments"]}
    assert {"name": "dadgad", "pitches_midi": [62, 57, 55, 50, 45, 38]} in configuration["tunings"]
    assert configuration["engines"][0] == "auto"
    assert {"gp5", "tab.json"} <= {one["name"] for one in configuration["formats"]}


def test_what_is_not_set_up_is_null_and_no_secret_is_told(platform):
    settled = with_settings(platform, sentry_dsn="https://secret@sentry.example.org/1")
    with client_of(settled) as client:
        answer = client.get("/api/v1/config")
    configuration = answer.json()
    for name in ("support_email", "sentry_dsn", "analytics_id"):
        assert configuration[name] is None
    assert "secret" not in answer.text


def test_choices_that_are_named_can_be_chosen(platform, user):
    with client_of(platform) as client:
        configuration = client.get("/api/v1/config").json()
        for instrument in configuration["instruments"]:
            options = {"instrument": instrument["name"], "tuning": instrument["tuning"], "engine": "auto"}
            link = {"url": "https://youtu.be/dQw4w9WgXcQ"} | options
            assert client.post("/api/v1/transcribe", json=link, headers=user.headers).status_code == 202


def test_a_policy_is_one_line(tmp_path):
    made = make_settings(("sqlite://", ""), "redis://127.0.0.1", tmp_path)
    assert re.fullmatch(r"[ -~]+", PagePolicy(made).header(SHELL))

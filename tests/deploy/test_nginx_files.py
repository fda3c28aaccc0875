"""nginx takes its configuration, and starts only with a whole one."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path

import pytest

from genesis_music.service.config import ServiceSettings
from genesis_music.service.page_policy import PagePolicy, inline_scripts
from scripts import nginx_headers
from tests.deploy.tools import DEPLOY

NGINX = DEPLOY / "nginx"
PAGE = """<!doctype html><title>Genesis</title><script src="/theme.js"></script>
<script>const a = 1;</script><script type="module" nonce="x">
  import('/b.js').then((b) => b.start("</p>"));
</script>"""

DEFAULTS = {name: field.default for name, field in ServiceSettings.model_fields.items()}


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What a whole installation gives nginx."""
    if not shutil.which("envsubst") or not shutil.which("nginx", path=programs()):
        pytest.skip("nginx and envsubst are needed: apt-get install nginx gettext-base")
    folder = tmp_path_factory.mktemp("nginx")
    (folder / "web").mkdir()
    (folder / "web" / "200.html").write_text(PAGE)
    (folder / "inline-scripts").write_text("'sha256-abc='")
    subject = ["-subj", "/CN=tabs.example.org", "-days", "2", "-nodes"]
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-keyout", folder / "tls.key"]
    subprocess.run(
        ["openssl", "req", "-x509", *key, *subject, "-out", folder / "tls.crt"],
        check=True,
        capture_output=True,
    )
    return {
        "GENESIS_PUBLIC_URL": "https://tabs.example.org",
        "API_SERVERS": "127.0.0.1:8000 127.0.0.1:8001",
        "SOCKET_SERVERS": "127.0.0.1:8002",
        "STORAGE_ORIGIN": "https://bucket.example.org",
        "NGINX_TLS_CERTIFICATE": str(folder / "tls.crt"),
        "NGINX_TLS_KEY": str(folder / "tls.key"),
        "NGINX_RUN_DIR": str(folder / "run"),
        "WEB_ROOT": str(folder / "web"),
        "INLINE_SCRIPTS": str(folder / "inline-scripts"),
    }


def programs() -> str:
    return f"{os.environ['PATH']}{os.pathsep}/usr/sbin"


def check(installation: dict[str, str], **changes: str | None) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in (installation | changes).items() if value is not None}
    return subprocess.run(
        [NGINX / "start.sh", "check"],
        env={"PATH": programs(), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def written(installation: dict[str, str], name: str = "nginx.conf") -> str:
    return (Path(installation["NGINX_RUN_DIR"]) / name).read_text()


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"NGINX_TRUSTED_PROXIES": "cloudflare 10.0.0.0/8 2001:db8::/32"},
        {"STORAGE_SERVER": "127.0.0.1:8333", "STORAGE_BUCKET": "genesis-files"},
        {"STORAGE_ORIGIN": ""},
        {"GENESIS_WEB_SENTRY_DSN": "https://key@sentry.example.org/2", "GENESIS_ANALYTICS_ID": "G-AB12CD34"},
        {"NGINX_CLIENT_CA": "tls.crt"},
    ],
    ids=lambda changes: ", ".join(changes) or "as it is",
)
def test_nginx_takes_it(installation: dict[str, str], changes: dict[str, str]) -> None:
    if "NGINX_CLIENT_CA" in changes:
        changes = {"NGINX_CLIENT_CA": installation["NGINX_TLS_CERTIFICATE"]}
    done = check(installation, **changes)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert "${" not in written(installation)


@pytest.mark.parametrize("name", ["GENESIS_PUBLIC_URL", "API_SERVERS", "SOCKET_SERVERS", "STORAGE_ORIGIN"])
def test_a_missing_variable_ends_the_start_with_its_name_and_what_it_should_be(
    installation: dict[str, str], name: str
) -> None:
    done = check(installation, **{name: None})
    assert done.returncode != 0
    assert re.search(rf"{name}: .{{20,}}", done.stderr)


WRONG = {
    "GENESIS_PUBLIC_URL": [
        "http://tabs.example.org",
        "https://tabs.example.org/path",
        'https://a"; return 200 "',
    ],
    "API_SERVERS": ["api", "api:8000;", "api:8000,api:8001", "api:8000\nevil"],
    "SOCKET_SERVERS": ["http://sockets:8000"],
    "STORAGE_ORIGIN": ["bucket.example.org", "https://bucket.example.org; script-src *"],
    "STORAGE_SERVER": ["s3"],
    "STORAGE_BUCKET": ["a/b"],
    "GENESIS_MAX_UPLOAD_BYTES": ["500m", "-1"],
    "GENESIS_ANALYTICS_ID": ["UA-1", 'G-1234" x'],
    "GENESIS_WEB_SENTRY_DSN": ["sentry.example.org", "https://sentry.example.org/1; script-src *"],
    "NGINX_TRUSTED_PROXIES": ["everybody", "10.0.0.0/8;"],
    "NGINX_RESOLVER": ["dns server"],
    "NGINX_TLS_CERTIFICATE": ["/nowhere/tls.crt"],
    "NGINX_TLS_KEY": ["/nowhere/tls.key"],
    "NGINX_CLIENT_CA": ["/nowhere/ca.pem"],
    "WEB_ROOT": ["/nowhere"],
    "INLINE_SCRIPTS": ["/nowhere"],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name in WRONG for value in WRONG[name]])
def test_a_senseless_variable_ends_the_start_with_its_name(
    installation: dict[str, str], name: str, value: str
) -> None:
    done = check(installation, **{name: value})
    assert done.returncode == 1
    assert done.stderr.startswith(f"nginx cannot start: {name}: "), done.stderr


def test_a_storage_server_needs_its_bucket(installation: dict[str, str]) -> None:
    assert "STORAGE_BUCKET" in check(installation, STORAGE_SERVER="127.0.0.1:8333").stderr


def test_servers_are_asked_for_again_where_there_is_a_resolver(installation: dict[str, str]) -> None:
    """Debian 12's nginx is too old for it; the image's is not."""
    check(installation, NGINX_RESOLVER="127.0.0.11")
    configuration = written(installation)
    assert "resolver 127.0.0.11 valid=5s;" in configuration
    assert "server 127.0.0.1:8001 max_fails=2 fail_timeout=5s resolve;" in configuration


def test_limits_are_those_of_the_service(installation: dict[str, str]) -> None:
    check(installation)
    bodies = re.findall(r"client_max_body_size (\w+);", written(installation))
    assert bodies == ["1m", str(DEFAULTS["max_upload_bytes"] + 1024**2)]
    assert DEFAULTS["max_body_bytes"] == 1024**2


def test_every_variable_of_the_start_is_explained_where_operators_look() -> None:
    start = (NGINX / "start.sh").read_text()
    names = set(re.findall(r'"\$\{([A-Z_]+):?[?=]', start))
    guide = (DEPLOY.parent / "docs" / "operations" / "stack.md").read_text()
    assert {name for name in names if f"`{name}`" not in guide} == set()


def test_headers_of_pages_are_those_of_the_service() -> None:
    """``make nginx-headers`` writes them."""
    for name, content in nginx_headers.files().items():
        assert (NGINX / name).read_text() == content, name


@pytest.mark.parametrize("analytics", ["", "G-AB12CD34"])
@pytest.mark.parametrize("dsn", ["", "https://key@sentry.example.org:8443/2"])
def test_the_page_has_the_policy_that_the_service_would_give_it(
    installation: dict[str, str], analytics: str, dsn: str
) -> None:
    check(installation, GENESIS_ANALYTICS_ID=analytics, GENESIS_WEB_SENTRY_DSN=dsn)
    settings = ServiceSettings.model_construct(
        storage_url="s3://bucket?endpoint=https://bucket.example.org",
        web_sentry_dsn=dsn,
        analytics_id=analytics,
    )
    ours = PagePolicy(settings).header()
    policies = re.findall(r'"((?:default-src)[^"]*)"', written(installation, "page-policy.conf"))
    assert ours in policies
    assert f"{ours} 'sha256-abc='" in policies


def test_scripts_in_the_page_are_allowed_by_their_hashes(tmp_path: Path) -> None:
    (tmp_path / "200.html").write_text(PAGE)
    found = subprocess.run(
        ["node", NGINX / "inline-scripts.mjs", tmp_path], capture_output=True, text=True, check=True
    ).stdout.split()
    policy = PagePolicy(ServiceSettings.model_construct(storage_url="", web_sentry_dsn="", analytics_id=""))
    assert len(inline_scripts(PAGE)) == 2
    assert found == [source for source in policy.header(PAGE).split() if source.startswith("'sha256-")]


def test_cloudflares_networks_are_networks() -> None:
    networks = list(lines(NGINX / "cloudflare-networks.txt"))
    assert len(networks) == len({ip_network(network) for network in networks}) > 20


def lines(path: Path) -> Iterator[str]:
    return (line for line in path.read_text().splitlines() if line and not line.startswith("#"))

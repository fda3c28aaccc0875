"""Cloudflare's rules fit what stands behind Cloudflare."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from genesis_music.service.accounts.rate_limits import ADDRESS_FACTOR, REFRESH
from genesis_music.service.app import with_routes
from genesis_music.service.config import ServiceSettings
from genesis_music.service.web import OWN_PREFIXES
from tests.deploy.tools import DEPLOY, TOOLS, checked

FOLDER = DEPLOY / "cloudflare"
NGINX = DEPLOY / "nginx"
ANSWERED_BY_THE_SERVICE = {f"/{prefix}/" for prefix in OWN_PREFIXES}

PARSE = """
import hcl2, json, pathlib, sys
print(json.dumps({path.name: hcl2.loads(path.read_text()) for path in pathlib.Path(sys.argv[1]).glob("*.tf")}))
"""


@cache
def files() -> dict[str, dict[str, Any]]:
    """The configuration as Terraform's language reads it."""
    parsed: dict[str, dict[str, Any]] = json.loads(checked(TOOLS / "python", "-c", PARSE, FOLDER))
    return parsed


def resources(kind: str) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for content in files().values():
        for resource in content.get("resource", ()):
            found |= {name: plain(body) for name, body in resource.get(kind, {}).items()}
    return found


def plain(body: dict[str, Any]) -> dict[str, Any]:
    """The reader puts every attribute of a block into a list of one."""
    return {name: value[0] for name, value in body.items() if isinstance(value, list)}


def rules(phase: str) -> dict[str, dict[str, Any]]:
    """The rules of a phase, by their names, in their order."""
    [ruleset] = [one for one in resources("cloudflare_ruleset").values() if one["phase"] == phase]
    return {rule["ref"]: rule for rule in ruleset["rules"]}


def settings() -> dict[str, Any]:
    chosen: dict[str, Any] = plain(files()["tls.tf"]["locals"][0])["settings"]
    return chosen


def paths(expression: str) -> set[str]:
    return set(re.findall(r'starts_with\(http\.request\.uri\.path, \\?"([^"\\]+)', expression))


def test_terraform_finds_it_well_formed(tmp_path: Path) -> None:
    if not shutil.which("terraform"):
        pytest.skip("terraform is not installed")
    (tmp_path / "terraformrc").touch()
    environment = {
        **os.environ,
        "TF_CLI_CONFIG_FILE": str(tmp_path / "terraformrc"),
        "CHECKPOINT_DISABLE": "1",
    }
    command = ["terraform", f"-chdir={FOLDER}", "fmt", "-check", "-diff"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_checkov_finds_nothing() -> None:
    checked(
        "checkov", "--directory", FOLDER, "--framework", "terraform", "secrets", "--skip-download", "--quiet"
    )


def test_there_is_a_rule_for_every_duty_of_the_edge() -> None:
    phases = {one["phase"] for one in resources("cloudflare_ruleset").values()}
    assert phases == {
        "http_request_cache_settings", "http_request_firewall_managed", "http_request_firewall_custom",
        "http_ratelimit", "ddos_l7",
    }  # fmt: skip
    for phase in phases:
        assert all(rule["description"] for rule in rules(phase).values())


def test_tls_is_as_strict_as_at_the_origin() -> None:
    chosen = settings()
    assert (chosen["ssl"], chosen["min_tls_version"], chosen["0rtt"]) == ("strict", "1.3", "off")
    assert chosen["always_use_https"] == "on"
    assert set(re.findall(r"ssl_protocols ([^;]+);", (NGINX / "nginx.conf.template").read_text())) == {
        "TLSv1.3"
    }
    [pulls] = resources("cloudflare_authenticated_origin_pulls_settings").values()
    assert pulls["enabled"] is True


def test_hsts_is_that_of_the_origin() -> None:
    hsts = resources("cloudflare_zone_setting")["hsts"]["value"]["strict_transport_security"]
    said = (NGINX / "hsts.conf").read_text()
    assert f"max-age={hsts['max_age']};" in said
    assert ("includeSubDomains" in said) == hsts["include_subdomains"]
    assert ("preload" in said) == hsts["preload"]


def test_nothing_is_put_into_pages_that_their_policy_would_refuse() -> None:
    chosen = settings()
    assert {chosen[name] for name in ("email_obfuscation", "rocket_loader", "automatic_https_rewrites")} == {
        "off"
    }


def test_what_the_service_answers_is_never_kept() -> None:
    cache_rules = rules("http_request_cache_settings")
    never = paths(cache_rules["never"]["expression"])
    bucket = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]["nginx"]["environment"][
        "STORAGE_BUCKET"
    ]
    assert never == ANSWERED_BY_THE_SERVICE | {f"/{bucket}/"}
    assert cache_rules["never"]["action_parameters"] == {"cache": False}
    assert never <= paths(cache_rules["pages"]["expression"])


def test_what_may_be_kept_is_for_the_origin_to_say() -> None:
    cache_rules = rules("http_request_cache_settings")
    for name in ("immutable", "pages"):
        told = cache_rules[name]["action_parameters"]
        assert told["edge_ttl"]["mode"] == told["browser_ttl"]["mode"] == "respect_origin"
    assert paths(cache_rules["immutable"]["expression"]) == {"/_app/immutable/"}


def test_who_keeps_to_the_services_limits_meets_none_of_nginx_and_none_of_the_edge() -> None:
    nginx = (NGINX / "nginx.conf.template").read_text()
    service = {"requests": ADDRESS_FACTOR * 600 / 60, "signing_in": REFRESH.limit / REFRESH.window_seconds}
    assert ServiceSettings.model_fields["rate_limit_per_minute"].default == 600
    for zone, rule in (("requests", "service"), ("signing_in", "signing_in")):
        per_second = int(re.findall(rf"zone={zone}:\S+ rate=(\d+)r/s", nginx)[0])
        edge = rules("http_ratelimit")[rule]["ratelimit"]
        assert service[zone] <= per_second <= edge["requests_per_period"] / edge["period"]


def test_methods_of_the_service_pass_the_firewall() -> None:
    allowed = set(
        re.findall(r'\\?"([A-Z]+)\\?"', rules("http_request_firewall_custom")["methods"]["expression"])
    )
    document = with_routes().openapi()["paths"]
    assert {method.upper() for path in document.values() for method in path} <= allowed


def test_uploads_are_not_read_as_text() -> None:
    managed = rules("http_request_firewall_managed")
    assert next(iter(managed)) == "recordings"
    assert managed["recordings"]["action"] == "skip"
    assert (
        managed["owasp"]["action_parameters"]["id"] in managed["recordings"]["action_parameters"]["rulesets"]
    )

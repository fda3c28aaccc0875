"""``make sbom`` says what every image is made of."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.test_images import IMAGES, PYTHON_IMAGES, pins
from tests.deploy.tools import ROOT, checked

VALIDATE = """
import sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
version = SchemaVersion.from_version(sys.argv[1])
fault = JsonStrictValidator(version).validate_str(sys.stdin.read())
sys.exit(str(fault) if fault else 0)
"""


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("sbom")
    subprocess.run([sys.executable, "scripts/sbom.py", folder], cwd=ROOT, check=True)
    return {
        path.name.removesuffix(".cdx.json"): json.loads(path.read_text()) for path in folder.glob("*.json")
    }


def test_every_image_has_a_valid_document(documents: dict[str, dict[str, Any]]) -> None:
    assert set(documents) == {"genesis-api", "genesis-worker", "genesis-worker-gpu", "genesis-web"}
    for document in documents.values():
        checked("python", "-c", VALIDATE, document["specVersion"], stdin=json.dumps(document))


@pytest.mark.parametrize("image", PYTHON_IMAGES)
def test_it_names_each_package_once_as_locked(documents: dict[str, dict[str, Any]], image: str) -> None:
    document = documents[f"genesis-{image}"]
    assert document["metadata"]["component"]["name"] == f"genesis-{image}"
    named = [(part["name"], part["version"]) for part in document["components"]]
    assert len({name for name, _ in named}) == len(named) > 60
    locked = pins(IMAGES / f"{image}.lock")
    assert all(version in locked[name] for name, version in named)
    assert all(part["purl"].startswith("pkg:pypi/") for part in document["components"])


def test_it_names_what_the_page_is_made_of(documents: dict[str, dict[str, Any]]) -> None:
    lock = json.loads((ROOT / "web" / "package-lock.json").read_text())["packages"]
    named = {(part.get("group"), part["name"]) for part in documents["genesis-web"]["components"]}
    named_whole = {f"{group}/{name}" if group else name for group, name in named}
    for package in ("svelte", "@coderline/alphatab", "socket.io-client"):
        assert f"node_modules/{package}" in lock
        assert package in named_whole


def test_the_folder_of_the_target_is_not_committed() -> None:
    done = subprocess.run(["git", "check-ignore", "build/sbom"], cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == 0
    assert Path(ROOT / "Makefile").read_text().count("scripts/sbom.py build/sbom") == 1

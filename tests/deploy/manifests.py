"""The Kubernetes objects of an overlay, as ``kubectl`` would send them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
import yaml

from tests.deploy.tools import DEPLOY, checked

KUBERNETES = DEPLOY / "kubernetes"
OVERLAYS = ("staging", "production")
NAME, TRACK = "app.kubernetes.io/name", "genesis.music/track"
WITH_PODS = ("Deployment", "StatefulSet", "Job", "CronJob")

Object = dict[str, Any]


@cache
def built(overlay: str) -> str:
    """What ``kubectl kustomize`` makes of an overlay."""
    return checked("kubectl", "kustomize", KUBERNETES / "overlays" / overlay)


def read(text: str) -> list[Object]:
    """Every document of a file."""
    return [document for document in yaml.load_all(text, yaml.CSafeLoader) if document]


@cache
def objects(overlay: str) -> list[Object]:
    """All objects of an overlay."""
    return read(built(overlay))


def of_kind(overlay: str, *kinds: str) -> list[Object]:
    """Those of one kind or several."""
    return [one for one in objects(overlay) if one["kind"] in kinds]


def named(overlay: str, kind: str, name: str) -> Object:
    """The one of a kind with this name."""
    (found,) = (one for one in of_kind(overlay, kind) if one["metadata"]["name"] == name)
    return found


def template(workload: Object) -> Object:
    """The Pod that a workload makes."""
    spec = workload["spec"]
    pod: Object = (spec["jobTemplate"]["spec"] if workload["kind"] == "CronJob" else spec)["template"]
    return pod


def pods(overlay: str) -> Iterator[tuple[str, Object]]:
    """Every workload's name with the Pod it makes."""
    for workload in of_kind(overlay, *WITH_PODS):
        yield f"{workload['kind']}/{workload['metadata']['name']}", template(workload)


def containers(pod: Object) -> list[Object]:
    """All containers of a Pod, those that come first too."""
    return [*pod["spec"].get("initContainers", ()), *pod["spec"]["containers"]]


def selected(selector: Object, labels: dict[str, str]) -> bool:
    """Whether a label selector (``matchLabels``, ``matchExpressions``) chooses these labels; an empty one chooses all.

    https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors
    """
    exact = all(labels.get(key) == value for key, value in selector.get("matchLabels", {}).items())
    return exact and all(_holds(one, labels) for one in selector.get("matchExpressions", ()))


def _holds(expression: Object, labels: dict[str, str]) -> bool:
    key, operator, values = expression["key"], expression["operator"], expression.get("values", ())
    match operator:
        case "In":
            return labels.get(key) in values
        case "NotIn":
            return labels.get(key) not in values
        case "Exists":
            return key in labels
        case "DoesNotExist":
            return key not in labels
    raise ValueError(f"there is no operator {operator}")


def settings_of(overlay: str, pod: Object) -> dict[str, str]:
    """The plain variables of a Pod's containers: their own and those of their ConfigMaps."""
    found: dict[str, str] = {}
    for container in containers(pod):
        for source in container.get("envFrom", ()):
            found |= named(overlay, "ConfigMap", source["configMapRef"]["name"]).get("data", {})
        found |= {one["name"]: one.get("value", "") for one in container.get("env", ())}
    return found


@cache
def templates(overlay: str) -> dict[str, dict[str, str]]:
    """Secret's name to its files, as External Secrets will write them."""
    targets = [one["spec"]["target"] for one in of_kind(overlay, "ExternalSecret")]
    return {one["name"]: one["template"]["data"] for one in targets}


def labels(pod: Object) -> dict[str, str]:
    found: dict[str, str] = pod["metadata"]["labels"]
    return found


def port_numbers(pod: Object) -> dict[str, int]:
    return {port["name"]: port["containerPort"] for one in containers(pod) for port in one.get("ports", ())}


both = pytest.mark.parametrize("overlay", OVERLAYS)


def every_pod() -> list[Any]:
    return [
        pytest.param(overlay, pod, id=f"{overlay} {name}")
        for overlay in OVERLAYS
        for name, pod in pods(overlay)
    ]


each_pod = pytest.mark.parametrize(("overlay", "pod"), every_pod())

"""A very small Kubernetes API, so that the release scripts run with the real ``kubectl``.

It knows the kinds that a release brings, keeps objects, answers watches, plays the controllers of Deployments and Jobs
(at once), and notes every request with the right that it needs.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Object = dict[str, Any]
KINDS = {
    "v1": {
        "ConfigMap": "configmaps", "Namespace": "namespaces", "PersistentVolumeClaim": "persistentvolumeclaims",
        "Pod": "pods", "Service": "services", "ServiceAccount": "serviceaccounts",
    },
    "apps/v1": {"Deployment": "deployments", "ReplicaSet": "replicasets", "StatefulSet": "statefulsets"},
    "batch/v1": {"CronJob": "cronjobs", "Job": "jobs"},
    "autoscaling/v2": {"HorizontalPodAutoscaler": "horizontalpodautoscalers"},
    "networking.k8s.io/v1": {"Ingress": "ingresses", "NetworkPolicy": "networkpolicies"},
    "policy/v1": {"PodDisruptionBudget": "poddisruptionbudgets"},
    "rbac.authorization.k8s.io/v1": {"Role": "roles", "RoleBinding": "rolebindings"},
    "storage.k8s.io/v1": {"StorageClass": "storageclasses"},
    "cert-manager.io/v1": {"Certificate": "certificates", "Issuer": "issuers"},
    "external-secrets.io/v1": {"ExternalSecret": "externalsecrets"},
    "keda.sh/v1alpha1": {"ScaledObject": "scaledobjects"},
    "monitoring.coreos.com/v1": {"PodMonitor": "podmonitors"},
    "traefik.io/v1alpha1": {"ServersTransport": "serverstransports"},
}  # fmt: skip
OF_THE_CLUSTER = ("Namespace", "StorageClass")
VERBS = ["create", "delete", "get", "list", "patch", "watch"]
REVISION = "deployment.kubernetes.io/revision"


@dataclass(frozen=True)
class Asked:
    """A request, as rights see it: ``deployments/scale`` is a resource of its own."""

    verb: str
    group: str
    resource: str
    name: str


@dataclass
class Cluster:
    """Objects by their path; ``broken`` names Deployments whose new pods do not get ready, and Jobs that fail."""

    url: str = ""
    objects: dict[str, Object] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    broken: set[str] = field(default_factory=set)
    good: set[str] = field(default_factory=set)
    """Templates whose pods have been ready once: a way back."""
    lock: threading.RLock = field(default_factory=threading.RLock)

    def named(self, resource: str, name: str) -> Object:
        """The object of a kind."""
        (found,) = (one for path, one in self.objects.items() if path.endswith(f"/{resource}/{name}"))
        return found

    def changed(self, *resources: str) -> list[str]:
        """What was written, in order: ``verb resource/name``."""
        return [
            f"{one.verb} {one.resource}/{one.name}"
            for one in self.asked
            if one.verb in ("create", "patch", "delete") and one.resource in resources
        ]

    def keep(self, path: str, new: Object) -> Object:
        """Keep an object as its controller leaves it."""
        old = self.objects.get(path)
        meta = new.setdefault("metadata", {})
        generation = (old or {}).get("metadata", {}).get("generation", 0)
        meta["generation"] = generation + (old is None or old.get("spec") != new.get("spec"))
        meta["resourceVersion"] = str(
            int((old or {"metadata": {}})["metadata"].get("resourceVersion", 0)) + 1
        )
        meta.setdefault("uid", sha256(path.encode()).hexdigest()[:32])
        if new.get("kind") == "Deployment":
            self._roll_out(path, new)
        if new.get("kind") == "Job":
            kind = "Failed" if meta["name"] in self.broken else "Complete"
            new["status"] = {"conditions": [{"type": kind, "status": "True"}]}
        self.objects[path] = new
        return new

    def _roll_out(self, path: str, deployment: Object) -> None:
        spec, meta = deployment["spec"], deployment["metadata"]
        digest = sha256(json.dumps(spec["template"], sort_keys=True).encode()).hexdigest()[:10]
        sets = path.replace("/deployments/", "/replicasets/")
        of_kind = (one for one in self.objects.values() if one["kind"] == "ReplicaSet")
        mine = [one for one in of_kind if one["metadata"]["ownerReferences"][0]["uid"] == meta["uid"]]
        number = 1 + max((int(one["metadata"]["annotations"][REVISION]) for one in mine), default=0)
        present = self.objects.get(f"{sets}-{digest}")
        if present is None or int(present["metadata"]["annotations"][REVISION]) != number - 1:
            self.objects[f"{sets}-{digest}"] = _replica_set(deployment, digest, number)
        else:
            number -= 1
        meta.setdefault("annotations", {})[REVISION] = str(number)
        wanted = spec.get("replicas", 1)
        deployment["status"] = {
            "observedGeneration": meta["generation"],
            "replicas": wanted,
            "updatedReplicas": wanted,
        }
        if meta["name"] in self.broken and digest not in self.good:
            deployment["status"]["conditions"] = [
                {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}
            ]
            deployment["status"]["updatedReplicas"] = 0
        else:
            self.good.add(digest)
            deployment["status"]["availableReplicas"] = wanted


def _replica_set(deployment: Object, digest: str, number: int) -> Object:
    meta, spec = deployment["metadata"], deployment["spec"]
    labels = {**spec["template"]["metadata"]["labels"], "pod-template-hash": digest}
    owner = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "name": meta["name"],
        "uid": meta["uid"],
        "controller": True,
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": f"{meta['name']}-{digest}",
            "namespace": meta.get("namespace"),
            "uid": f"{meta['uid']}-{digest}",
            "labels": labels,
            "annotations": {REVISION: str(number)},
            "ownerReferences": [owner],
        },
        "spec": {
            "replicas": 1,
            "selector": spec["selector"],
            "template": {**spec["template"], "metadata": {**spec["template"]["metadata"], "labels": labels}},
        },
    }


def merged(old: Any, patch: Any) -> Any:
    """JSON merge patch (RFC 7396), which is enough for what the tests change: lists are replaced, or merged by name."""
    if isinstance(patch, dict) and isinstance(old, dict):
        result = {key: value for key, value in old.items() if key not in patch or patch[key] is not None}
        for key, value in patch.items():
            if value is not None and not key.startswith("$"):
                result[key] = merged(old.get(key), value)
        return result
    if _has_names(patch) and _has_names(old):
        new = {one["name"]: one for one in patch}
        kept = [merged(one, new.pop(one["name"])) if one["name"] in new else one for one in old]
        return [*kept, *new.values()]
    return patch


def _has_names(value: Any) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(one, dict) and "name" in one for one in value)
    )


def _chosen(one: Object, selector: str) -> bool:
    labels = one["metadata"].get("labels", {})
    for part in filter(None, selector.split(",")):
        key, _, value = part.partition("!=" if "!=" in part else "=")
        if (labels.get(key) == value.lstrip("=")) == ("!=" in part):
            return False
    return True


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    cluster: Cluster

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        document = discovery(parts.path)
        if document is not None:
            return self._answer(document)
        if "/namespaces/" not in parts.path:
            return self._missing("path", parts.path)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        with self.cluster.lock:
            return self._read(parts.path, query)

    def _read(self, path: str, query: dict[str, str]) -> None:
        group, resource, name, sub = self._place(path)
        if not resource:  # the namespace itself
            return self._missing("namespaces", path.rpartition("/")[2], 403, "Forbidden")
        if sub == "log":
            self._note("get", group, "pods/log", name)
            return self._answer("said something", text=True)
        if name:
            self._note("get", group, f"{resource}/{sub}".rstrip("/"), name)
            found = self.cluster.objects.get(path.removesuffix(f"/{sub}") if sub else path)
            return (
                self._missing(resource, name)
                if found is None
                else self._answer(_scale(found) if sub else found)
            )
        self._note("watch" if query.get("watch") else "list", group, resource, "")
        items = [
            one
            for at, one in self.cluster.objects.items()
            if at.startswith(f"{path}/") and _chosen(one, query.get("labelSelector", ""))
        ]
        wanted = query.get("fieldSelector", "").removeprefix("metadata.name=")
        items = [one for one in items if not wanted or one["metadata"]["name"] == wanted]
        if query.get("watch"):
            events = [{"type": "ADDED", "object": one} for one in items]
            if "sendInitialEvents" in query:
                events.append({"type": "BOOKMARK", "object": _end_of_list(group, resource)})
            return self._answer("".join(json.dumps(event) + "\n" for event in events), text=True)
        version, kind = _kind(group, resource)
        return self._answer(
            {
                "apiVersion": version,
                "kind": f"{kind}List",
                "metadata": {"resourceVersion": "1"},
                "items": items,
            }
        )

    def do_POST(self) -> None:
        new = self._body()
        path = f"{urlsplit(self.path).path}/{new['metadata']['name']}"
        with self.cluster.lock:
            group, resource, name, _ = self._place(path)
            self._note("create", group, resource, name)
            self._answer(self.cluster.keep(path, new), 201)

    def do_PATCH(self) -> None:
        patch, path = self._body(), urlsplit(self.path).path
        with self.cluster.lock:
            group, resource, name, sub = self._place(path)
            self._note("patch", group, f"{resource}/{sub}".rstrip("/"), name)
            at = path.removesuffix("/scale")
            old = self.cluster.objects[at]
            new = json.loads(json.dumps(old))
            if isinstance(patch, list):
                for change in patch:
                    _replace(new, change["path"].strip("/").split("/"), change["value"])
            else:
                new = merged(new, patch)
            kept = self.cluster.keep(at, new)
            self._answer(_scale(kept) if sub else kept)

    def do_DELETE(self) -> None:
        self._body()
        path = urlsplit(self.path).path
        with self.cluster.lock:
            group, resource, name, _ = self._place(path)
            self._note("delete", group, resource, name)
            gone = self.cluster.objects.pop(path, None)
            if gone is None:
                return self._missing(resource, name)
            return self._answer({"kind": "Status", "apiVersion": "v1", "status": "Success"})

    def _place(self, path: str) -> tuple[str, str, str, str]:
        """Group, resource, name and part of ``/apis/GROUP/VERSION/namespaces/NAMESPACE/RESOURCE/NAME/PART``."""
        words = path.strip("/").split("/")
        group = "" if words[0] == "api" else words[1]
        rest = words[2 if words[0] == "api" else 3 :]
        resource, name, sub = ([*rest[2:], "", "", ""])[:3]
        return group, resource, name, sub

    def _note(self, verb: str, group: str, resource: str, name: str) -> None:
        self.cluster.tokens.add(self.headers.get("Authorization", ""))
        self.cluster.asked.append(Asked(verb, group, resource, name))

    def _body(self) -> Any:
        return json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")

    def _missing(self, resource: str, name: str, code: int = 404, reason: str = "NotFound") -> None:
        details = {"name": name, "kind": resource}
        self._answer(
            {
                "kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason, "code": code,
                "message": f'{resource} "{name}" {reason}', "details": details,
            },
            code,
        )  # fmt: skip

    def _answer(self, document: Any, status: int = 200, *, text: bool = False) -> None:
        body = (document if text else json.dumps(document)).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _end_of_list(group: str, resource: str) -> Object:
    version, kind = _kind(group, resource)
    meta = {"resourceVersion": "1", "annotations": {"k8s.io/initial-events-end": "true"}}
    return {"apiVersion": version, "kind": kind, "metadata": meta}


def _replace(document: Any, path: list[str], value: Any) -> None:
    for word in path[:-1]:
        document = document[word]
    document[path[-1]] = value


def _scale(deployment: Object) -> Object:
    meta = {
        key: deployment["metadata"][key]
        for key in ("name", "namespace", "resourceVersion")
        if key in deployment["metadata"]
    }
    spec = {"replicas": deployment["spec"].get("replicas", 1)}
    return {
        "apiVersion": "autoscaling/v1",
        "kind": "Scale",
        "metadata": meta,
        "spec": spec,
        "status": {"replicas": 0},
    }


def _kind(group: str, resource: str) -> tuple[str, str]:
    for version, kinds in KINDS.items():
        if version.rpartition("/")[0] == group:
            for kind, plural in kinds.items():
                if plural == resource:
                    return version, kind
    raise KeyError(resource)


def discovery(path: str) -> Object | None:
    """What the API says of itself; ``None`` for other paths."""
    words = path.strip("/")
    if words == "version":
        return {"major": "1", "minor": "37", "gitVersion": "v1.37.0"}
    if words == "api":
        return {"kind": "APIVersions", "versions": ["v1"]}
    if words == "apis":
        groups = [version for version in KINDS if "/" in version]
        return {"kind": "APIGroupList", "apiVersion": "v1", "groups": [_group(version) for version in groups]}
    if words == "openapi/v3":
        urls = {("apis/" if "/" in version else "api/") + version: {} for version in KINDS}
        return {"paths": {name: {"serverRelativeURL": f"/openapi/v3/{name}"} for name in urls}}
    version = words.removeprefix("openapi/v3/").removeprefix("apis/").removeprefix("api/")
    if version in KINDS:
        return _openapi(version) if words.startswith("openapi") else _resources(version)
    return None


def _group(version: str) -> Object:
    group, _, number = version.partition("/")
    one = {"groupVersion": version, "version": number}
    return {"name": group, "versions": [one], "preferredVersion": one}


def _resources(version: str) -> Object:
    own = [
        {
            "name": plural,
            "singularName": kind.lower(),
            "namespaced": kind not in OF_THE_CLUSTER,
            "kind": kind,
            "verbs": VERBS,
        }
        for kind, plural in KINDS[version].items()
    ]
    if version == "apps/v1":
        scale = {
            "name": "deployments/scale",
            "singularName": "",
            "namespaced": True,
            "verbs": ["get", "patch"],
        }
        own.append({**scale, "group": "autoscaling", "version": "v1", "kind": "Scale"})
    return {"kind": "APIResourceList", "groupVersion": version, "resources": own}


def _openapi(version: str) -> Object:
    """Only what makes kubectl leave the checking of fields to the server."""
    group, _, number = version.rpartition("/")
    paths = {
        f"/{plural}": {
            "patch": {
                "parameters": [{"name": "fieldValidation", "in": "query"}],
                "x-kubernetes-group-version-kind": {"group": group, "version": number, "kind": kind},
                "responses": {},
            }
        }
        for kind, plural in KINDS[version].items()
    }
    return {"openapi": "3.0.0", "info": {"title": "", "version": ""}, "paths": paths}


@contextmanager
def small_cluster() -> Iterator[Cluster]:
    """Run one on a free port of 127.0.0.1 until the block ends."""
    cluster = Cluster()
    handler = type("Handler", (_Handler,), {"cluster": cluster})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    cluster.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield cluster
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

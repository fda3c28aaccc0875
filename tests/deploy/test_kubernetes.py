"""The overlays for Kubernetes build, and their parts fit each other."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jsonschema
import yaml

from genesis_music.service import health
from genesis_music.service.jobs.queue import QUEUES
from genesis_music.version import __version__
from tests.deploy.manifests import (
    Object,
    both,
    built,
    containers,
    each_pod,
    labels,
    named,
    objects,
    of_kind,
    pods,
    port_numbers,
    selected,
    settings_of,
    template,
    templates,
)
from tests.deploy.tools import ROOT, checked

PLAIN_KINDS = {
    "ConfigMap", "CronJob", "Deployment", "HorizontalPodAutoscaler", "Ingress", "Job", "Namespace", "NetworkPolicy",
    "PersistentVolumeClaim", "PodDisruptionBudget", "Role", "RoleBinding", "Service", "ServiceAccount", "StatefulSet",
    "StorageClass",
}  # fmt: skip
OF_THE_CLUSTER = {"Namespace", "StorageClass"}
OWN_IMAGES = ("genesis-web", "genesis-api", "genesis-worker", "genesis-worker-gpu", "genesis-backup")

# --- the programs that will read them


@both
def test_every_object_is_what_the_cluster_expects(overlay: str, tmp_path: Path) -> None:
    plain = [one for one in objects(overlay) if one["kind"] in PLAIN_KINDS]
    file = tmp_path / "plain.yaml"
    file.write_text(yaml.dump_all(plain, Dumper=yaml.CSafeDumper))
    said = checked("kubernetes-validate", "--strict", file)
    assert said.count(" passed ") == len(plain)
    assert "schema" not in said


@cache
def custom_schemas() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("custom_resources.yaml").read_text())
    return read


@both
def test_every_object_of_another_kind_is_what_its_controller_expects(overlay: str) -> None:
    for one in objects(overlay):
        if one["kind"] not in PLAIN_KINDS:
            schema = custom_schemas()[one["kind"]]
            assert one["apiVersion"] == schema["apiVersion"]
            assert set(one) == {"apiVersion", "kind", "metadata", "spec"}
            jsonschema.validate(one["spec"], schema["spec"])


@both
def test_checkov_finds_nothing(overlay: str, tmp_path: Path) -> None:
    file = tmp_path / f"{overlay}.yaml"
    file.write_text(built(overlay))
    options = ["--framework", "kubernetes", "--skip-download", "--compact", "--quiet"]
    said = checked("checkov", "--file", file, *options, "--config-file", ROOT / ".checkov.yaml")
    assert "Failed checks: 0" in said


def test_every_skipped_check_has_its_reason() -> None:
    lines = (ROOT / ".checkov.yaml").read_text().splitlines()
    skips = [number for number, line in enumerate(lines) if line.strip().startswith("- CKV")]
    assert skips
    for number in skips:
        assert lines[number - 1].strip().startswith("#"), lines[number]


# --- names that have to agree


@both
def test_every_service_finds_pods_and_their_port(overlay: str) -> None:
    for service in of_kind(overlay, "Service"):
        chosen = [
            pod
            for _, pod in pods(overlay)
            if selected({"matchLabels": service["spec"]["selector"]}, labels(pod))
        ]
        assert chosen, service["metadata"]["name"]
        for port in service["spec"]["ports"]:
            for pod in chosen:
                number = port_numbers(pod)[port["targetPort"]]
                # Nothing translates ports where the name stands for the pods themselves.
                assert service["spec"].get("clusterIP") != "None" or number == port["port"]


@both
def test_every_probe_asks_a_port_of_its_container(overlay: str) -> None:
    for name, pod in pods(overlay):
        for container in containers(pod):
            own = {port["name"] for port in container.get("ports", ())}
            for kind in ("startupProbe", "readinessProbe", "livenessProbe"):
                probe = container.get(kind, {})
                asked = {probe[how]["port"] for how in ("httpGet", "tcpSocket") if how in probe}
                assert asked <= own, name


@both
def test_servers_are_asked_for_their_health_where_they_tell_it(overlay: str) -> None:
    paths = {route.path for route in health.router.routes}  # type: ignore[attr-defined]
    for part in ("api", "api-canary", "sockets"):
        (container,) = template(named(overlay, "Deployment", part))["spec"]["containers"]
        assert container["readinessProbe"]["httpGet"]["path"] == "/health/ready"
        assert container["livenessProbe"]["httpGet"]["path"] == "/health/live"
        assert {"/health/ready", "/health/live"} <= paths


@both
def test_every_workload_selects_its_own_pods_and_no_others(overlay: str) -> None:
    for one in of_kind(overlay, "Deployment", "StatefulSet"):
        chosen = [name for name, pod in pods(overlay) if selected(one["spec"]["selector"], labels(pod))]
        assert chosen == [f"{one['kind']}/{one['metadata']['name']}"]


@both
def test_every_autoscaler_and_budget_has_its_target(overlay: str) -> None:
    targets = {one["metadata"]["name"] for one in of_kind(overlay, "Deployment")}
    for one in of_kind(overlay, "HorizontalPodAutoscaler", "ScaledObject"):
        assert one["spec"]["scaleTargetRef"]["name"] in targets
    for budget in of_kind(overlay, "PodDisruptionBudget"):
        chosen = [name for name, pod in pods(overlay) if selected(budget["spec"]["selector"], labels(pod))]
        assert chosen == [f"Deployment/{budget['metadata']['name']}"]


@both
def test_a_budget_leaves_room_to_renew_a_node(overlay: str) -> None:
    least = {
        one["metadata"]["name"]: one["spec"]["minReplicas"]
        for one in of_kind(overlay, "HorizontalPodAutoscaler")
    }
    for budget in of_kind(overlay, "PodDisruptionBudget"):
        if "minAvailable" in budget["spec"]:
            assert budget["spec"]["minAvailable"] < least[budget["metadata"]["name"]]


@both
def test_what_is_scaled_has_no_number_of_its_own(overlay: str) -> None:
    """A release would set it back to that number."""
    for one in of_kind(overlay, "HorizontalPodAutoscaler", "ScaledObject"):
        assert "replicas" not in named(overlay, "Deployment", one["spec"]["scaleTargetRef"]["name"])["spec"]


@both
def test_workers_follow_the_queue_of_their_own_namespace(overlay: str) -> None:
    (space,) = of_kind(overlay, "Namespace")
    for one in of_kind(overlay, "ScaledObject"):
        for trigger in one["spec"]["triggers"]:
            assert f'namespace="{space["metadata"]["name"]}"' in trigger["metadata"]["query"]
            (queue,) = re.findall(r'queue="(\w+)"', trigger["metadata"]["query"])
            assert queue in QUEUES


@each_pod
def test_everything_mounted_exists(overlay: str, pod: Object) -> None:
    made = templates(overlay)
    certificates = {one["spec"]["secretName"] for one in of_kind(overlay, "Certificate")}
    spec = pod["spec"]
    named(overlay, "ServiceAccount", spec["serviceAccountName"])
    for volume in spec.get("volumes", ()):
        secrets = [one["secret"] for one in volume.get("projected", {}).get("sources", ())]
        secrets += [{"name": volume["secret"]["secretName"]}] if "secret" in volume else []
        assert {one["name"] for one in secrets} <= set(made) | certificates
        if "configMap" in volume:
            named(overlay, "ConfigMap", volume["configMap"]["name"])
        if "persistentVolumeClaim" in volume:
            named(overlay, "PersistentVolumeClaim", volume["persistentVolumeClaim"]["claimName"])
    volumes = {volume["name"] for volume in spec.get("volumes", ())} | {"data", "log"}
    mounts = [mount for container in containers(pod) for mount in container.get("volumeMounts", ())]
    assert {mount["name"] for mount in mounts} <= volumes
    assert {volume["name"] for volume in spec.get("volumes", ())} <= {mount["name"] for mount in mounts}


@both
def test_files_that_are_mounted_one_by_one_are_in_their_configmap(overlay: str) -> None:
    for _, pod in pods(overlay):
        maps = {
            one["name"]: one["configMap"]["name"]
            for one in pod["spec"].get("volumes", ())
            if "configMap" in one
        }
        for mount in (mount for one in containers(pod) for mount in one.get("volumeMounts", ())):
            if "subPath" in mount:
                assert mount["subPath"] in named(overlay, "ConfigMap", maps[mount["name"]])["data"]


@both
def test_every_disk_is_encrypted(overlay: str) -> None:
    (kind,) = of_kind(overlay, "StorageClass")
    assert kind["parameters"]["encrypted"] == "true"
    claims = of_kind(overlay, "PersistentVolumeClaim")
    claims += [
        claim for one in of_kind(overlay, "StatefulSet") for claim in one["spec"]["volumeClaimTemplates"]
    ]
    assert len(claims) >= 4
    for claim in claims:
        assert claim["spec"]["storageClassName"] == kind["metadata"]["name"]


@both
def test_the_site_has_one_name(overlay: str) -> None:
    (ingress,) = of_kind(overlay, "Ingress")
    (rule,), (tls,) = ingress["spec"]["rules"], ingress["spec"]["tls"]
    (transport,) = of_kind(overlay, "ServersTransport")
    addresses = {
        one["data"]["GENESIS_PUBLIC_URL"]
        for one in of_kind(overlay, "ConfigMap")
        if "GENESIS_PUBLIC_URL" in one["data"]
    }
    (address,) = addresses
    names = {rule["host"], *tls["hosts"], *named(overlay, "Certificate", "nginx")["spec"]["dnsNames"]}
    assert names == {transport["spec"]["serverName"]} == {urlsplit(address).hostname}


@both
def test_traefik_checks_the_certificate_of_nginx(overlay: str) -> None:
    service = named(overlay, "Service", "nginx")["metadata"]
    said = {key.rsplit("/", 1)[1]: value for key, value in service["annotations"].items()}
    assert said["service.serversscheme"] == "https"
    assert said["service.serverstransport"] == f"{service['namespace']}-nginx@kubernetescrd"
    (transport,) = of_kind(overlay, "ServersTransport")
    assert transport["spec"]["rootCAs"] == [
        {"secret": named(overlay, "Certificate", "nginx")["spec"]["secretName"]}
    ]


@both
def test_postgres_has_a_certificate_for_the_names_it_is_called_by(overlay: str) -> None:
    names = named(overlay, "Certificate", "postgres")["spec"]["dnsNames"]
    urls = [
        text
        for secret in templates(overlay).values()
        for text in secret.values()
        if text.startswith("postgresql")
    ]
    assert len(urls) == 3
    for url in urls:
        assert re.search(r"@([\w-]+):", url)[1] in names  # type: ignore[index]
        assert "sslmode=verify-full" in url


# --- images


@both
def test_every_image_has_its_version(overlay: str) -> None:
    for name, pod in pods(overlay):
        for container in containers(pod):
            registry, _, image = container["image"].partition("/")
            assert "." in registry, name
            assert re.search(r":v?\d+(\.\d+)+", image), container["image"]


@both
def test_our_images_are_of_this_version(overlay: str) -> None:
    used = {container["image"] for _, pod in pods(overlay) for container in containers(pod)}
    own = {image for image in used if "/genesis-" in image}
    assert own == {f"ghcr.io/genesis-music/{name}:{__version__}" for name in OWN_IMAGES}
    (release,) = {settings_of(overlay, pod).get("GENESIS_RELEASE", __version__) for _, pod in pods(overlay)}
    assert release == __version__


# --- what a pod may


@each_pod
def test_a_pod_gives_up_what_pod_security_restricted_asks(overlay: str, pod: Object) -> None:
    """https://kubernetes.io/docs/concepts/security/pod-security-standards/, and more."""
    spec = pod["spec"]
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["runAsUser"] == 10001
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert spec["automountServiceAccountToken"] is False
    assert not {"hostNetwork", "hostPID", "hostIPC"} & set(spec)
    kinds = {kind for volume in spec.get("volumes", ()) for kind in volume if kind != "name"}
    assert kinds <= {"configMap", "secret", "projected", "emptyDir", "persistentVolumeClaim"}
    for container in containers(pod):
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert not any("hostPort" in port for port in container.get("ports", ()))


@each_pod
def test_a_pod_says_what_it_needs_and_at_most_takes(overlay: str, pod: Object) -> None:
    for container in containers(pod):
        for kind in ("requests", "limits"):
            assert {"cpu", "memory"} <= set(container["resources"][kind])
    for volume in pod["spec"].get("volumes", ()):
        assert "sizeLimit" in volume.get("emptyDir", {"sizeLimit": ""}), volume["name"]


@each_pod
def test_secrets_are_files_and_never_variables(overlay: str, pod: Object) -> None:
    for container in containers(pod):
        assert not any("valueFrom" in one for one in container.get("env", ()))
        assert not any("secretRef" in one for one in container.get("envFrom", ()))


@both
def test_no_object_holds_a_secret(overlay: str) -> None:
    assert not of_kind(overlay, "Secret")
    for files in templates(overlay).values():
        for name, text in files.items():
            assert "{{" in text, name


@both
def test_the_namespace_admits_restricted_pods_only(overlay: str) -> None:
    (space,) = of_kind(overlay, "Namespace")
    assert space["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    spaces = {
        one["metadata"].get("namespace") for one in objects(overlay) if one["kind"] not in OF_THE_CLUSTER
    }
    assert spaces == {space["metadata"]["name"]}


# --- what a release may


@both
def test_a_release_may_change_what_it_brings_and_nothing_else(overlay: str) -> None:
    brought = {kind_of(one) for one in objects(overlay) if applied_by(one) == "release"}
    may = {
        (group, resource): set(rule["verbs"])
        for rule in named(overlay, "Role", "deployer")["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
    }
    for kind in brought:
        assert {"get", "create", "patch"} <= may[kind]
    writing = {kind for kind, verbs in may.items() if verbs - {"get", "list", "watch"}}
    assert writing == brought | {("apps", "deployments/scale")}
    assert [kind for kind, verbs in may.items() if "delete" in verbs] == [("batch", "jobs")]
    assert not any("secret" in resource or "exec" in resource or "*" in resource for _, resource in may)


def applied_by(one: Object) -> str:
    found: str = one["metadata"]["labels"]["genesis.music/applied-by"]
    return found


def kind_of(one: Object) -> tuple[str, str]:
    """API group and plural."""
    group = one["apiVersion"].rpartition("/")[0]
    return group, {"NetworkPolicy": "networkpolicies"}.get(one["kind"], one["kind"].lower() + "s")


@both
def test_everything_says_who_applies_it(overlay: str) -> None:
    assert {applied_by(one) for one in objects(overlay)} == {"administrator", "release"}
    released = {one["kind"] for one in objects(overlay) if applied_by(one) == "release"}
    assert not released & {
        "Role",
        "RoleBinding",
        "NetworkPolicy",
        "ExternalSecret",
        "StatefulSet",
        "ServiceAccount",
    }


@both
def test_a_release_is_known_by_its_environment_alone(overlay: str) -> None:
    (binding,) = of_kind(overlay, "RoleBinding")
    (subject,) = binding["subjects"]
    assert subject["kind"] == "User"
    assert subject["name"].endswith(f":environment:{overlay}")

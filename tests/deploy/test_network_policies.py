"""NetworkPolicies allow exactly the arrows of ``deploy/kubernetes/arrows.yaml``, and these are the specification's."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
import yaml

from tests.deploy.manifests import KUBERNETES, NAME, OVERLAYS, containers, of_kind, pods
from tests.deploy.network import TCP, UDP, Connection, Network, Place, Port
from tests.deploy.tools import ROOT

SPECIFICATION = ROOT / "../shared/spec/genesis-music-architecture.md"
ADDRESSES = {
    "internet": ["203.0.113.10", "1.1.1.1", "2606:4700::1111"],
    # Nobody may reach these: other machines of the network, and the cloud's metadata with its credentials.
    "private": ["10.200.0.1", "172.20.0.1", "192.168.1.1", "100.64.0.1", "fd00::1", "fe80::1"],
    "metadata": ["169.254.169.254"],
}
STRANGERS = {
    "monitoring": "grafana",
    "kube-system": "coredns-autoscaler",
    "traefik": "whoami",
    "elsewhere": "api",
}
"""Pods that nothing is allowed to: in namespaces that some may come from, and with a name that some have."""
CURIOUS = (22, 25, 80, 8333, 10250, 31337)
"""Ports that nobody uses, or not everywhere."""


@cache
def arrows() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((KUBERNETES / "arrows.yaml").read_text())
    return read


def listed(overlay: str) -> set[Connection]:
    """The arrows of the list, as connections."""
    groups = [*arrows()["diagram"], *arrows()["beyond"]]
    mine = [
        one for group in groups if group.get("only", overlay) == overlay for one in group.get("allows", ())
    ]
    return {connection for arrow in mine for connection in connections(arrow, overlay)}


def connections(arrow: dict[str, Any], overlay: str) -> Iterator[Connection]:
    others = arrows()["others"]
    target, ports = arrow["to"], [arrow.get("port")]
    if target == "bucket":
        target, ports = others["bucket"][overlay]["to"], [others["bucket"][overlay]["port"]]
    if "ports" in others.get(target, {}):
        ports = others[target]["ports"]
    for port in ports:
        yield Connection(arrow["from"], target, str(port))


def allowed(overlay: str, policies: list[dict[str, Any]]) -> set[Connection]:
    """What the policies allow; the addresses of the internet count as one place, and two tracks of the API too."""
    return set(network(overlay, policies).matrix(places(overlay), ports(overlay)))


def network(overlay: str, policies: list[dict[str, Any]]) -> Network:
    (own,) = of_kind(overlay, "Namespace")
    names = {place.namespace for place in places(overlay)} - {""}
    labels = {name: {"kubernetes.io/metadata.name": name} for name in names}
    labels[own["metadata"]["name"]] |= own["metadata"]["labels"]
    return Network(policies, labels)


@cache
def places(overlay: str) -> tuple[Place, ...]:
    """Our pods, those of others that the list names, strangers, and addresses outside."""
    return (*_own(overlay), *_others(), *_strangers(), *_outside())


def _own(overlay: str) -> Iterator[Place]:
    (own,) = of_kind(overlay, "Namespace")
    for number, (_, pod) in enumerate(pods(overlay), 1):
        labels = pod["metadata"]["labels"]
        name = "/".join(filter(None, (labels[NAME], labels.get("genesis.music/backup"))))
        ports = {
            port["name"]: port["containerPort"] for one in containers(pod) for port in one.get("ports", ())
        }
        yield Place(name, f"10.1.0.{number}", own["metadata"]["name"], labels, ports)


def _others() -> Iterator[Place]:
    for number, (name, other) in enumerate(arrows()["others"].items(), 1):
        if "namespace" in other:
            yield Place(name, f"10.2.0.{number}", other["namespace"], other["labels"])


def _strangers() -> Iterator[Place]:
    for number, (namespace, name) in enumerate(STRANGERS.items(), 1):
        yield Place(f"stranger in {namespace}", f"10.3.0.{number}", namespace, {NAME: name})


def _outside() -> Iterator[Place]:
    for name, addresses in ADDRESSES.items():
        for address in addresses:
            yield Place(name, address)


def ports(overlay: str) -> list[Port]:
    """Every port that a pod has or an arrow names, and some that nobody has."""
    own = {number for place in places(overlay) for number in place.ports.values()}
    named = {int(one.port) for one in listed(overlay) if one.port.isdecimal()}
    return [
        *(Port(number, TCP) for number in sorted(own | named | set(CURIOUS))),
        Port(53, UDP),
        Port(443, UDP),
    ]


def between_ours(overlay: str, found: set[Connection]) -> set[Connection]:
    """Without what is among others: their policies are not ours."""
    mine = {place.name for place in _own(overlay)}
    return {one for one in found if one.source in mine or one.target in mine}


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_policies_allow_every_arrow_and_nothing_else(overlay: str) -> None:
    found = between_ours(overlay, allowed(overlay, of_kind(overlay, "NetworkPolicy")))
    assert sorted(map(str, found - listed(overlay))) == [], "allowed, but no arrow"
    assert sorted(map(str, listed(overlay) - found)) == [], "an arrow, but not allowed"


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_each_end_alone_allows_the_arrows_and_nothing_else(overlay: str) -> None:
    """So that one mistake at one end opens nothing: what only one end would allow is too much as well."""
    net, own = network(overlay, of_kind(overlay, "NetworkPolicy")), list(_own(overlay))
    mine = {place.name for place in own}
    out = {
        Connection(source.name, target.name, str(port))
        for source in own
        for target in places(overlay)
        for port in ports(overlay)
        if source is not target and net.lets_out(source, target, port)
    }
    into = {
        Connection(source.name, target.name, str(port))
        for target in own
        for source in places(overlay)
        for port in ports(overlay)
        if source is not target and net.lets_in(source, target, port)
    }
    wanted = listed(overlay)
    assert sorted(map(str, out - wanted)) == [], "let out, but no arrow"
    assert sorted(map(str, into - wanted)) == [], "let in, but no arrow"
    assert {one for one in wanted if one.source in mine} <= out
    assert {one for one in wanted if one.target in mine} <= into


@pytest.mark.parametrize("address", [address for some in ADDRESSES.values() for address in some])
def test_every_public_address_is_reached_alike_and_no_private_one(address: str) -> None:
    """The matrix takes the addresses of one kind together: here each alone."""
    net = network("production", of_kind("production", "NetworkPolicy"))
    (worker,) = (place for place in _own("production") if place.name == "worker")
    public = address in ADDRESSES["internet"]
    assert net.allows(worker, Place("there", address), Port(443)) is public


def rules(overlay: str) -> list[tuple[int, str, int]]:
    """Where each rule stands: policy, direction, number."""
    return [
        (index, direction, number)
        for index, policy in enumerate(of_kind(overlay, "NetworkPolicy"))
        for direction in ("ingress", "egress")
        for number, _ in enumerate(policy["spec"].get(direction, ()))
    ]


def all_open(overlay: str, policies: list[dict[str, Any]]) -> bool:
    """Whether these policies still allow every arrow of the list."""
    net, by_name = network(overlay, policies), {place.name: place for place in places(overlay)}
    return all(
        net.allows(by_name[one.source], by_name[one.target], port_of(one.port)) for one in listed(overlay)
    )


def port_of(text: str) -> Port:
    number, _, protocol = text.partition("/")
    return Port(int(number), protocol or TCP)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_no_rule_is_superfluous(overlay: str) -> None:
    """Without any one of them an arrow is missing: so the comparison sees every rule."""
    idle = []
    for index, direction, number in rules(overlay):
        policies = copy.deepcopy(of_kind(overlay, "NetworkPolicy"))
        del policies[index]["spec"][direction][number]
        if all_open(overlay, policies):
            idle.append(f"{policies[index]['metadata']['name']} {direction} {number}")
    assert idle == []


def test_without_the_policy_that_denies_the_comparison_fails() -> None:
    policies = [
        one for one in of_kind("production", "NetworkPolicy") if one["metadata"]["name"] != "default-deny"
    ]
    assert between_ours("production", allowed("production", policies)) > listed("production")


def test_the_list_has_every_arrow_of_the_specification_and_no_other() -> None:
    if not SPECIFICATION.exists():
        pytest.skip("the specification is not beside this checkout")
    section = SPECIFICATION.read_text().split("### 1. High-Level System Architecture")[1].split("\n### ")[0]
    drawn = re.findall(r"^\s*(\w+ --> \w+)\s*$", section, re.MULTILINE)
    assert len(drawn) == 21
    assert [one["arrow"] for one in arrows()["diagram"]] == drawn


@pytest.mark.parametrize("entry", arrows()["diagram"] + arrows()["beyond"], ids=str)
def test_every_entry_says_why_it_is_there(entry: dict[str, Any]) -> None:
    assert ("arrow" in entry) != ("because" in entry)
    assert ("allows" in entry) != ("outside" in entry)

"""Which connections NetworkPolicies allow, computed as the specification of ``networking.k8s.io/v1`` says.

A connection is allowed when the policies of its beginning let it out and those of its end let it in. A Pod that no
policy of a direction selects is open in that direction; otherwise one rule of one policy has to allow it.
https://kubernetes.io/docs/concepts/services-networking/network-policies/

Stricter than some networks: an ``ipBlock`` here covers Pods as well, by an address of theirs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Any

from tests.deploy.manifests import selected

TCP, UDP = "TCP", "UDP"


@dataclass(frozen=True)
class Port:
    """A port of a protocol."""

    number: int
    protocol: str = TCP

    def __str__(self) -> str:
        return f"{self.number}" if self.protocol == TCP else f"{self.number}/{self.protocol}"


@dataclass(frozen=True)
class Place:
    """An end of a connection: a Pod, or (without a namespace) an address outside."""

    name: str
    address: str
    namespace: str = ""
    labels: Mapping[str, str] = field(default_factory=dict, hash=False)
    ports: Mapping[str, int] = field(default_factory=dict, hash=False)
    """Numbers of its named ports."""


@dataclass(frozen=True)
class Connection:
    """One that may be opened."""

    source: str
    target: str
    port: str

    def __str__(self) -> str:
        return f"{self.source} -> {self.target}:{self.port}"


@dataclass(frozen=True)
class Network:
    """Policies, and the labels of namespaces."""

    policies: Sequence[dict[str, Any]]
    namespaces: Mapping[str, Mapping[str, str]]

    def allows(self, source: Place, target: Place, port: Port) -> bool:
        """Whether ``source`` may open a connection to ``port`` of ``target``."""
        return self.lets_out(source, target, port) and self.lets_in(source, target, port)

    def lets_out(self, source: Place, target: Place, port: Port) -> bool:
        """Whether the policies of the beginning agree."""
        return self._open("Egress", source, target, target, port)

    def lets_in(self, source: Place, target: Place, port: Port) -> bool:
        """Whether the policies of the end agree."""
        return self._open("Ingress", target, source, target, port)

    def matrix(self, places: Iterable[Place], ports: Iterable[Port]) -> Iterator[Connection]:
        """Every connection that may be opened between two places."""
        everything, asked = list(places), list(ports)
        for source in everything:
            for target in everything:
                outside = not source.namespace and not target.namespace
                if source is target or outside:
                    continue
                for port in asked:
                    if self.allows(source, target, port):
                        yield Connection(source.name, target.name, str(port))

    def _open(self, direction: str, subject: Place, other: Place, listener: Place, port: Port) -> bool:
        mine = [policy for policy in self.policies if self._governs(policy, direction, subject)]
        return not mine or any(
            self._matches(policy, rule, direction, other, listener, port)
            for policy in mine
            for rule in policy["spec"].get(direction.lower()) or ()
        )

    def _governs(self, policy: dict[str, Any], direction: str, place: Place) -> bool:
        spec = policy["spec"]
        default = ["Ingress", "Egress"] if spec.get("egress") else ["Ingress"]
        same = place.namespace and place.namespace == policy["metadata"]["namespace"]
        return bool(
            same
            and direction in spec.get("policyTypes", default)
            and selected(spec["podSelector"], dict(place.labels))
        )

    def _matches(
        self,
        policy: dict[str, Any],
        rule: dict[str, Any],
        direction: str,
        other: Place,
        listener: Place,
        port: Port,
    ) -> bool:
        peers = rule.get("to" if direction == "Egress" else "from")
        known = not peers or any(self._is(policy, peer, other) for peer in peers)
        ports = rule.get("ports")
        return known and (not ports or any(_is_port(one, listener, port) for one in ports))

    def _is(self, policy: dict[str, Any], peer: dict[str, Any], place: Place) -> bool:
        if block := peer.get("ipBlock"):
            inside = _within(place.address, block["cidr"])
            return inside and not any(_within(place.address, part) for part in block.get("except", ()))
        if not place.namespace:
            return False
        if "namespaceSelector" in peer:
            here = selected(peer["namespaceSelector"], dict(self.namespaces[place.namespace]))
        else:
            here = place.namespace == policy["metadata"]["namespace"]
        return here and selected(peer.get("podSelector", {}), dict(place.labels))


def _is_port(wanted: dict[str, Any], listener: Place, port: Port) -> bool:
    if wanted.get("protocol", TCP) != port.protocol:
        return False
    number = wanted.get("port")
    if number is None:
        return True
    if isinstance(number, str):
        return listener.ports.get(number) == port.number
    return bool(number <= port.number <= wanted.get("endPort", number))


def _within(address: str, network: str) -> bool:
    one, many = ip_address(address), ip_network(network)
    return one.version == many.version and one in many

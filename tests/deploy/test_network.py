"""The evaluator of NetworkPolicies says what the specification says, case by case."""

from __future__ import annotations

from typing import Any

import pytest

from tests.deploy.network import UDP, Network, Place, Port

A = Place("a", "10.1.0.1", "one", {"app": "a"}, {"web": 80})
B = Place("b", "10.1.0.2", "one", {"app": "b"}, {"web": 8080})
OTHER = Place("other", "10.1.0.3", "two", {"app": "a"})
OUTSIDE = Place("outside", "198.51.100.7")
WEB, ALT = Port(80), Port(8080)
NAMESPACES = {"one": {"team": "x"}, "two": {"team": "y"}}


def policy(spec: dict[str, Any], namespace: str = "one") -> dict[str, Any]:
    return {"metadata": {"namespace": namespace}, "spec": spec}


def network(*specs: dict[str, Any]) -> Network:
    return Network([policy(spec) for spec in specs], NAMESPACES)


TO_A = {"podSelector": {"matchLabels": {"app": "a"}}, "policyTypes": ["Ingress"]}


def test_without_policies_everything_is_open() -> None:
    assert network().allows(OUTSIDE, A, WEB)
    assert network().allows(A, OUTSIDE, Port(53, UDP))


def test_an_empty_policy_closes_both_directions_of_its_namespace_only() -> None:
    closed = network({"podSelector": {}, "policyTypes": ["Ingress", "Egress"]})
    assert not closed.allows(A, B, WEB)
    assert not closed.allows(OTHER, A, WEB)
    assert not closed.allows(A, OTHER, WEB)
    assert closed.allows(OTHER, OUTSIDE, WEB)


def test_a_policy_without_types_is_about_what_comes_in() -> None:
    assert not network({"podSelector": {}}).allows(B, A, WEB)
    assert network({"podSelector": {"matchLabels": {"app": "a"}}}).allows(A, B, WEB)


def test_a_rule_without_peers_or_ports_allows_all() -> None:
    assert network({**TO_A, "ingress": [{}]}).allows(OUTSIDE, A, Port(1234, UDP))


def test_an_empty_list_of_rules_allows_nothing() -> None:
    assert not network({**TO_A, "ingress": []}).allows(B, A, WEB)


def test_both_ends_have_to_agree() -> None:
    into_a = {**TO_A, "ingress": [{"from": [{"podSelector": {"matchLabels": {"app": "b"}}}]}]}
    nothing_out = {"podSelector": {"matchLabels": {"app": "b"}}, "policyTypes": ["Egress"]}
    assert network(into_a).allows(B, A, WEB)
    assert not network(into_a, nothing_out).allows(B, A, WEB)


def test_policies_add_up() -> None:
    web = {**TO_A, "ingress": [{"ports": [{"port": 80}]}]}
    alt = {**TO_A, "ingress": [{"ports": [{"port": 8080}]}]}
    both = network(web, alt)
    assert both.allows(B, A, WEB)
    assert both.allows(B, A, ALT)
    assert not both.allows(B, A, Port(22))


@pytest.mark.parametrize(
    ("peer", "allowed"),
    [
        ({"podSelector": {}}, {"b"}),
        ({"namespaceSelector": {}}, {"b", "other"}),
        ({"namespaceSelector": {"matchLabels": {"team": "y"}}}, {"other"}),
        (
            {
                "namespaceSelector": {"matchLabels": {"team": "y"}},
                "podSelector": {"matchLabels": {"app": "b"}},
            },
            set(),
        ),
        ({"ipBlock": {"cidr": "198.51.100.0/24"}}, {"outside"}),
        ({"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8"]}}, {"outside"}),
        ({"ipBlock": {"cidr": "::/0"}}, set()),
        (
            {"podSelector": {"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["b"]}]}},
            set(),
        ),
        ({"podSelector": {"matchExpressions": [{"key": "app", "operator": "Exists"}]}}, {"b"}),
        ({"podSelector": {"matchExpressions": [{"key": "app", "operator": "DoesNotExist"}]}}, set()),
    ],
)
def test_who_is_meant_by_a_peer(peer: dict[str, Any], allowed: set[str]) -> None:
    guarded = network({**TO_A, "ingress": [{"from": [peer]}]})
    assert {place.name for place in (B, OTHER, OUTSIDE) if guarded.allows(place, A, WEB)} == allowed


def test_a_named_port_is_the_listeners() -> None:
    out = network(
        {
            "podSelector": {"matchLabels": {"app": "a"}},
            "policyTypes": ["Egress"],
            "egress": [{"ports": [{"port": "web"}]}],
        }
    )
    assert out.allows(A, B, ALT)
    assert not out.allows(A, B, WEB)
    assert not out.allows(A, OUTSIDE, WEB)


def test_a_range_of_ports_and_a_protocol_without_a_port() -> None:
    span = network({**TO_A, "ingress": [{"ports": [{"port": 100, "endPort": 200}, {"protocol": "UDP"}]}]})
    assert span.allows(B, A, Port(150))
    assert not span.allows(B, A, Port(201))
    assert span.allows(B, A, Port(9, UDP))

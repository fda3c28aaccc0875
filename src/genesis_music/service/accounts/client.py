"""Where a request comes from: its address behind trusted proxies, its program, its id."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated

from fastapi import Depends, Request
from starlette.datastructures import Headers
from starlette.types import Scope

from genesis_music.service.dependencies import PlatformOf
from genesis_music.service.platform.headers import current_request_id

_LONGEST_USER_AGENT = 200
_LONGEST_ADDRESS = 64
_SITE_PREFIX_BITS = 64
"""An IPv6 customer owns at least this network: its addresses count as one."""

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class RequestInfo:
    """What the audit log and the list of sessions keep of a request."""

    address: str = ""
    user_agent: str = ""
    request_id: str = ""


def client_address(scope: Scope, trusted_proxies: Sequence[str]) -> str:
    """Return the address of whoever sent the request.

    ``X-Forwarded-For`` is read from its end, as far as each hop is a trusted proxy: what a client wrote in front of
    that is never believed. ``trusted_proxies`` are addresses or networks.
    """
    client = scope.get("client")
    address = client[0] if client else ""
    hops = ",".join(Headers(scope=scope).getlist("x-forwarded-for")).split(",")
    while _is_within(address, tuple(trusted_proxies)) and hops and _is_address(hops[-1].strip()):
        address = hops.pop().strip()
    return address[:_LONGEST_ADDRESS]


def site_of(address: str) -> str:
    """Return what rate limits count: an IPv4 address, or the /64 network of an IPv6 address."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return address
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, _SITE_PREFIX_BITS), strict=False))


@lru_cache(maxsize=16)
def _networks(texts: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(text, strict=False) for text in texts)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _is_within(address: str, networks: tuple[str, ...]) -> bool:
    return _is_address(address) and any(
        ipaddress.ip_address(address) in network for network in _networks(networks)
    )


def _request_info(request: Request, platform: PlatformOf) -> RequestInfo:
    agent = request.headers.get("user-agent", "")
    return RequestInfo(
        client_address(request.scope, platform.settings.trusted_proxies),
        "".join(character for character in agent if character.isprintable())[:_LONGEST_USER_AGENT],
        current_request_id(),
    )


RequestInfoOf = Annotated[RequestInfo, Depends(_request_info)]
"""Where the request comes from."""

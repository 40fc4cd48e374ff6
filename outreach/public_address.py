"""Addresses outside: what a URL of somebody's own choosing may lead to, checked after its name was looked up.

A name is resolved, every address it has is checked, and the connection goes to the address that was checked (the name
stays in `Host` and in TLS), so that a second look-up cannot lead elsewhere. Private, loopback, link-local, multicast,
reserved and translated addresses (IPv4 in IPv6) are refused unless their network is allowed.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlsplit

from outreach.errors import UsageError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""(host, port) → addresses. Raises OSError."""

_PORTS = {"https": 443, "http": 80}
_NAT64 = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052: an IPv4 address in its last 32 bits
_SECONDS_TO_RESOLVE = 5


class NotAllowed(UsageError):
    """The URL leads where it may not; the text says why, and names no secret."""


@dataclass(frozen=True, slots=True)
class Target:
    """A URL whose name was looked up: how to call it, and what has to be said to the server there."""

    base_url: str  # scheme, checked address, port
    host: str  # for the Host header
    extensions: dict[str, Any]  # httpx's: the name TLS asks for and checks


def networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """`10.0.0.0/8`, `127.0.0.1`. ValueError for what is none."""
    return tuple(ipaddress.ip_network(text, strict=False) for text in texts)


def split_outside(url: str) -> SplitResult:
    """The parts of a URL with http or https and a host. Raises NotAllowed."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise NotAllowed("the URL cannot be read") from None
    if parts.scheme not in _PORTS or not parts.hostname:
        raise NotAllowed("the URL does not begin with https:// (or http://) and a host")
    if parts.username is not None or parts.password is not None:
        raise NotAllowed("the URL holds a user name; write `user` and `password` beside it")
    return parts


async def target_of(url: str, *, allowed: Sequence[Network] = (), resolve: Resolve | None = None) -> Target:
    """Where to connect for a URL. Raises NotAllowed, and OSError when the name cannot be looked up."""
    parts = split_outside(url)
    host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
    async with asyncio.timeout(_SECONDS_TO_RESOLVE):
        found = [ipaddress.ip_address(text.partition("%")[0]) for text in await (resolve or _resolve)(host, port)]
    if not found:
        raise OSError(f"no address for {host}")
    if parts.scheme == "http" and not all(_is_within(each, allowed) for each in found):
        raise NotAllowed("http:// sends everything in the clear; write https://")
    refused = next((each for each in found if not _may_be_called(each, allowed)), None)
    if refused is not None:
        raise NotAllowed(f"{host} leads to {refused}, which is not a public address")
    address = f"[{found[0]}]" if found[0].version == 6 else str(found[0])
    named = parts.netloc.rpartition("@")[2]
    return Target(f"{parts.scheme}://{address}:{port}", named, {"sni_hostname": host})


def _may_be_called(address: Address, allowed: Sequence[Network]) -> bool:
    return _is_within(address, allowed) or all(map(_is_public, _inside(address)))


def _is_public(address: Address) -> bool:
    is_odd = address.is_multicast or address.is_reserved or getattr(address, "is_site_local", False)
    return address.is_global and not is_odd


def _inside(address: Address) -> list[Address]:
    """The address, and the IPv4 address it stands for: mapped (RFC 4291), 6to4, Teredo, NAT64."""
    if isinstance(address, ipaddress.IPv4Address):
        return [address]
    found = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if address in _NAT64:
        found.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    plain: list[Address] = [each for each in found if each is not None]
    # A mapped address is judged by what it stands for alone: newer Pythons call every mapped address private.
    return plain if address.ipv4_mapped else [address, *plain]


def _is_within(address: Address, allowed: Sequence[Network]) -> bool:
    plain = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return any(each in network for network in allowed for each in (address, plain) if each is not None)


async def _resolve(host: str, port: int) -> Sequence[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]

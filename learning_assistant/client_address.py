"""The address that a request comes from, past the proxies that we trust.

A header says anything its sender likes. So one is read only where the connection comes from a
trusted proxy, and from its right end, where each proxy writes down who spoke to it.
"""

import re
from collections.abc import Mapping
from functools import cache
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Any, Protocol

from django.conf import settings

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
LOCAL = ip_address("127.0.0.1")
# What one household or host is given of IPv6 (RFC 6177): it may change the rest at will.
ONE_CLIENT = 64


class HasMeta(Protocol):
    """A request of Django or of its REST framework."""

    @property
    def META(self) -> Mapping[str, Any]: ...  # noqa: N802  # its name there


def networks(raw: str) -> list[str]:
    """A cast for settings: addresses and networks, separated by commas."""
    found = [word.strip() for word in raw.split(",") if word.strip()]
    for word in found:
        ip_network(word)  # its ValueError names the word
    return found


def header_name(raw: str) -> str:
    """A cast for settings."""
    if not re.fullmatch(r"[A-Za-z0-9-]+", raw):
        raise ValueError("it must be the name of a header, as X-Forwarded-For")
    return raw


def of(request: HasMeta) -> str:
    """The client's address; the connection's own where no trusted proxy names another.

    Of a chain of proxies it is the last address that is no trusted proxy's. An entry that is no
    address ends the search at the proxy that sent it.
    """
    return str(_of(request))


def to_count(request: HasMeta) -> str | None:
    """What a client's requests are counted by: its address, of IPv6 the first 64 bits.

    None for this machine's own address: whoever speaks from there, as a website's server does,
    speaks for many.
    """
    address = _of(request)
    return None if address.is_loopback else str(_first(address))


def of_login(request: HasMeta) -> str:
    """What failed logins are counted by: as `to_count`, from this machine too."""
    return str(_first(_of(request)))


def _first(address: Address) -> Address:
    """The first address of those that one client has."""
    if isinstance(address, IPv6Address) and not address.is_loopback:
        return IPv6Network((address, ONE_CLIENT), strict=False).network_address
    return address


def _of(request: HasMeta) -> Address:
    # On a Unix socket the peer has no address: it is a program on this machine.
    nearest = _read(request.META.get("REMOTE_ADDR") or "") or LOCAL
    name = settings.CLIENT_ADDRESS_HEADER.upper().replace("-", "_")
    hops = request.META.get(f"HTTP_{name}", "").split(",")
    while hops and _is_trusted(nearest):
        address = _read(hops.pop())
        if address is None:
            break
        nearest = address
    return nearest


def _read(raw: str) -> Address | None:
    """The address in an entry, which may have a port; of one written in IPv6 the IPv4 address."""
    text = raw.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _is_trusted(address: Address) -> bool:
    return any(address in network for network in _trusted(tuple(settings.TRUSTED_PROXIES)))


@cache
def _trusted(listed: tuple[str, ...]) -> list[Network]:
    return [ip_network(word) for word in listed]

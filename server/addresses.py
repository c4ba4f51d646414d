"""Network addresses: where a caller really is behind proxies, and what counts as one place. Pure functions."""

from __future__ import annotations

from collections.abc import Container, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
_HOUSEHOLD_BITS = 64
"""Whoever has one IPv6 address has the 2⁶⁴ of its network."""


def network(text: str) -> Network:
    """An address (`10.0.0.7`) or network (`10.0.0.0/8`, `2001:db8::/32`). ValueError says what is wrong with it."""
    try:
        return ip_network(text.strip())
    except ValueError:
        message = f"{text.strip()!r} is neither an address nor a network like 10.0.0.0/8"
        raise ValueError(message) from None


def caller_behind(peer: str, forwarded_for: str, trusted: Sequence[Network]) -> str:
    """Who is calling: the rightmost address that is not a trusted proxy's.

    Every proxy writes at the right end whom it was called by, so what stands further left than the first untrusted
    address was sent by the caller and may be anything. `forwarded_for` is the value of `X-Forwarded-For`, `peer` the
    other end of the connection. What cannot be read ends the search: the proxy that wrote it is the caller then.
    """
    caller = peer
    for entry in reversed(forwarded_for.split(",")):
        if not _is_in(caller, trusted) or (found := _parsed(_without_port(entry.strip()))) is None:
            break
        caller = str(found)
    return caller


def is_forwarded(headers: Container[str]) -> bool:
    """Whether a proxy has passed a request on, or somebody says so. It is no call from this machine then, even if the
    proxy runs here.
    """
    return any(name in headers for name in ("x-forwarded-for", "forwarded", "x-real-ip"))


def is_from_here(peer: str, headers: Container[str]) -> bool:
    """Whether a program on this machine asks, and not a proxy on this machine for somebody else."""
    return is_loopback(peer) and not is_forwarded(headers)


def place_of(address: str) -> str:
    """What counts as one place: an IPv4 address, or the /64 network of an IPv6 address; anything else as it is."""
    found = _parsed(address)
    if isinstance(found, IPv6Address):
        return str(ip_network((int(found) >> _HOUSEHOLD_BITS << _HOUSEHOLD_BITS, _HOUSEHOLD_BITS)))
    return address if found is None else str(found)


def is_loopback(address: str) -> bool:
    """Whether an address is this machine's own."""
    found = _parsed(address)
    return found is not None and found.is_loopback


def _is_in(address: str, networks: Sequence[Network]) -> bool:
    found = _parsed(address)
    return found is not None and any(found in one for one in networks)


def _parsed(text: str) -> Address | None:
    """The address, IPv4 in its own form also where it is wrapped in IPv6 (`::ffff:192.0.2.1`)."""
    try:
        found = ip_address(text)
    except ValueError:
        return None
    if isinstance(found, IPv6Address):
        # A zone (`fe80::1%anything`) is free text, and a network knows none.
        return found.ipv4_mapped or IPv6Address(int(found))
    return found


def _without_port(entry: str) -> str:
    """The address of `192.0.2.1:4711`, `[2001:db8::1]:4711` or `[2001:db8::1]`."""
    if entry.startswith("["):
        return entry[1:].partition("]")[0]
    return entry.partition(":")[0] if entry.count(":") == 1 else entry

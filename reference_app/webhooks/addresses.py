"""Where webhooks may go: to the public internet, and not to what is behind us.

An address that a client chooses is a request that the client makes with our feet
(SSRF). Names are resolved here and the answer is what is connected to, so that a
name that points elsewhere a moment later is of no use (DNS rebinding).
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

from reference_app.settings import Network

Address = IPv4Address | IPv6Address

_TRANSLATED = IPv6Network("64:ff9b::/96")
"""IPv4 behind a translator (RFC 6052): it may reach private addresses."""


class AddressRefused(Exception):
    """A webhook would go where none may go."""


class Destinations:
    """Says whether, and to which address, a webhook may be sent.

    Args:
        networks: Besides the public internet; plain http is for these only.
    """

    def __init__(self, networks: Sequence[Network]) -> None:
        self._networks = networks

    def check(self, url: str) -> None:
        """Refuse a URL that names an address where nothing may go.

        What a name stands for is checked when something is sent.

        Raises:
            AddressRefused: It does.
        """
        parts = urlsplit(url)
        try:
            _ = parts.port
            address = ip_address(parts.hostname or "")
        except ValueError:
            if not parts.hostname or _has_bad_port(url):
                raise AddressRefused from None
            return
        self._check_address(parts.scheme, address)

    async def resolve(self, url: str) -> str:
        """Return the address that a URL's host stands for now.

        Raises:
            AddressRefused: Nothing may be sent to one of its addresses.
            OSError: The name stands for nothing.
        """
        parts = urlsplit(url)
        if not parts.hostname or _has_bad_port(url):
            raise AddressRefused
        found = await asyncio.get_running_loop().getaddrinfo(
            parts.hostname, parts.port, type=socket.SOCK_STREAM
        )
        addresses = [ip_address(entry[4][0]) for entry in found]
        for address in addresses:
            self._check_address(parts.scheme, address)
        return str(addresses[0])

    def _check_address(self, scheme: str, address: Address) -> None:
        if any(address in network for network in self._networks):
            return
        if scheme != "https" or not _is_public(address):
            raise AddressRefused


def _has_bad_port(url: str) -> bool:
    try:
        return urlsplit(url).port == 0
    except ValueError:
        return True


def _is_public(address: Address) -> bool:
    """Tell whether anybody could reach an address, and at most one machine has it."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return _is_public(address.ipv4_mapped)
        tunnelled = address.sixtofour or address.teredo or address in _TRANSLATED
        if tunnelled:
            return False
    return address.is_global and not address.is_multicast

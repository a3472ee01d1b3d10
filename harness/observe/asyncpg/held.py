"""Connections that an event loop still holds open."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable


def held_backends(transports: Iterable[asyncio.Transport]) -> frozenset[int]:
    """Return which of the server's processes are connected, and not being closed.

    While their loop does not run, nothing about that changes. Connections through TLS
    are not among them: their transport is the layer's between.

    Args:
        transports: Of the loop.
    """
    asked = (
        getattr(transport.get_protocol(), "get_server_pid", None)
        for transport in transports
        if not transport.is_closing()
    )
    return frozenset(backend() for backend in asked if backend is not None)

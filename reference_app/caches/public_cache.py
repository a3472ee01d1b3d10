"""Rendered answers that are the same for everybody, shared on purpose."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from reference_app.caches.expiring import Expiring

_KEPT = 100


class PublicCache:
    """Remembers bodies by name alone. Nothing in them may be a tenant's.

    Args:
        lifetime: Seconds after which an answer is made again.
    """

    def __init__(self, lifetime: float) -> None:
        self._bodies: Expiring[str, bytes] = Expiring(lifetime, _KEPT)

    async def get(self, name: str, render: Callable[[], Awaitable[bytes]]) -> bytes:
        """Return the answer of a name, making it if need be."""
        body = self._bodies.get(name)
        if body is None:
            body = await render()
            self._bodies.put(name, body)
        return body

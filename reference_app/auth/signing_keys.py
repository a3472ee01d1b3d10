"""The keys that a tenant's tokens are signed with."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

import asyncpg

from reference_app.caches.expiring import Expiring
from reference_app.settings import Settings

_KEPT = 10_000


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A tenant's keys.

    Attributes:
        current: Signs.
        previous: Signed before the last rotation, if that had a grace period.
        previous_until: When that period ends.
    """

    current: bytes = field(repr=False)
    previous: bytes | None = field(repr=False)
    previous_until: datetime | None


class SigningKeys:
    """Reads each tenant's keys, and remembers them for a moment.

    A rotation counts at once in the process that does it, and in others within
    `cache_lifetime`: so long they may accept the key that was replaced. Tokens of
    the new key they accept at once: whoever cannot verify a token asks for the
    keys `afresh` before refusing it.

    Args:
        settings: How long keys are remembered.
        control: Where they are.
    """

    def __init__(self, settings: Settings, control: asyncpg.Pool) -> None:
        self._control = control
        self._known: Expiring[UUID, KeyPair] = Expiring(settings.cache_lifetime, _KEPT)
        self._turns: defaultdict[UUID, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._changes: Counter[UUID] = Counter()

    async def of(self, tenant_id: UUID) -> bytes:
        """Return the key that signs.

        Raises:
            LookupError: There is no such tenant.
        """
        return (await self._pair(tenant_id)).current

    async def good(self, tenant_id: UUID, *, afresh: bool = False) -> Sequence[bytes]:
        """Return the keys that a token may be signed with, the current one first.

        Args:
            tenant_id: Whose keys.
            afresh: Whether what is remembered does not count.

        Raises:
            LookupError: There is no such tenant.
        """
        if afresh:
            self.forget(tenant_id)
        pair = await self._pair(tenant_id)
        until = pair.previous_until
        if pair.previous is None or until is None or until <= datetime.now(UTC):
            return (pair.current,)
        return (pair.current, pair.previous)

    def forget(self, tenant_id: UUID) -> None:
        """Read a tenant's keys again next time."""
        self._changes[tenant_id] += 1
        self._known.drop(tenant_id)

    async def _pair(self, tenant_id: UUID) -> KeyPair:
        known = self._known.get(tenant_id)
        if known is not None:
            return known
        async with self._turns[tenant_id]:
            known = self._known.get(tenant_id)
            if known is None:
                changes = self._changes[tenant_id]
                known = await self._read(tenant_id)
                # What was read before a change must not be put back after it.
                if changes == self._changes[tenant_id]:
                    self._known.put(tenant_id, known)
            return known

    async def _read(self, tenant_id: UUID) -> KeyPair:
        row = await self._control.fetchrow(
            "SELECT signing_key, previous_signing_key, previous_signing_key_until "
            "FROM control.tenants WHERE id = $1",
            tenant_id,
        )
        if row is None:
            raise LookupError("no such tenant")
        return KeyPair(*row)

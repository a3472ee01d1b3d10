"""Fresh state by a hook of the user's."""

from __future__ import annotations

from typing import final

from harness.environment.database import Database
from harness.environment.fresh.fingerprint import (
    Fingerprint,
    reading,
    take_fingerprint,
)
from harness.environment.fresh.state import Hook, insist_on_same, not_snapshotted
from harness.errors import HarnessError, Inconclusive


@final
class HookState:
    """Calls the hook, then checks what it did.

    Args:
        database: Whose state.
        hook: Gets the database's DSN; brings back the state of the snapshot. None if
            that of another database has done so.
    """

    def __init__(self, database: Database, hook: Hook | None) -> None:
        self._dsn = database.dsn
        self._hook = hook
        self._wanted: Fingerprint | None = None

    async def snapshot(self) -> None:
        async with reading(self._dsn) as connection:
            self._wanted = await take_fingerprint(connection)

    async def restore(self) -> None:
        if self._wanted is None:
            raise not_snapshotted()
        try:
            if self._hook is not None:
                await self._hook(self._dsn)
        except HarnessError:
            raise
        except Exception as error:
            raise Inconclusive(
                f"the fresh-state hook failed: {type(error).__name__}: {error}"
            ) from error
        async with reading(self._dsn) as connection:
            now = await take_fingerprint(connection)
        insist_on_same(self._wanted, now, strategy="hook")

    async def fingerprint(self) -> str:
        async with reading(self._dsn) as connection:
            return (await take_fingerprint(connection)).digest

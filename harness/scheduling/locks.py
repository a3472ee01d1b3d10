"""Which statements wait for a lock of another session: asked over a side connection."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Collection, Iterator
from typing import Final, Protocol, final

from harness.errors import PostgresError

_PATIENCE: Final = 10.0
_ASK: Final = """
    SELECT pid, pg_blocking_pids(pid) FROM unnest($1::int[]) AS pid
    WHERE cardinality(pg_blocking_pids(pid)) > 0
"""


class Locks(Protocol):
    """Tells who waits for whom in the database."""

    def waiting(self, backends: Collection[int]) -> dict[int, tuple[int, ...]]:
        """Return which of these wait for a lock, and for whom."""
        ...


@final
class NoLocks:
    """What there is to know without a database."""

    def waiting(self, backends: Collection[int]) -> dict[int, tuple[int, ...]]:
        """Return nothing: nobody waits."""
        return {}


@final
class SideConnection:
    """Asks Postgres, on a thread of its own, while the schedule's loop stands still."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._loop.run_forever, name="harness-locks", daemon=True
        )
        self._connection: object = None

    def waiting(self, backends: Collection[int]) -> dict[int, tuple[int, ...]]:
        """Return which of these wait for a lock, and for whom.

        Raises:
            PostgresError: The server does not answer.
        """
        rows = self._run(self._ask(sorted(backends)))
        return {pid: tuple(blockers) for pid, blockers in rows}

    async def _ask(self, backends: list[int]) -> list[tuple[int, list[int]]]:
        rows = await self._connection.fetch(_ASK, backends)  # type: ignore[attr-defined]
        return [(row[0], row[1]) for row in rows]

    def _run(self, work: object) -> list[tuple[int, list[int]]]:
        future = asyncio.run_coroutine_threadsafe(work, self._loop)  # type: ignore[arg-type,var-annotated]
        try:
            return future.result(_PATIENCE)  # type: ignore[no-any-return]
        except Exception as error:
            future.cancel()
            raise PostgresError(
                "The database does not say who waits for a lock: "
                f"{type(error).__name__}: {error}",
                hint="Is the server still there?",
            ) from error

    def open(self) -> None:
        """Connect.

        Raises:
            PostgresError: It cannot.
        """
        # What a schedule would have to do without a database needs no driver.
        import asyncpg

        async def connect() -> list[tuple[int, list[int]]]:
            self._connection = await asyncpg.connect(
                self._dsn,
                server_settings={"application_name": "harness locks"},
                timeout=_PATIENCE,
            )
            return []

        self._thread.start()
        self._run(connect())

    def close(self) -> None:
        """Disconnect, and end the thread."""

        async def disconnect() -> None:
            if self._connection is not None:
                with contextlib.suppress(Exception):
                    await self._connection.close(timeout=2)  # type: ignore[attr-defined]

        if self._thread.is_alive():
            with contextlib.suppress(Exception):
                asyncio.run_coroutine_threadsafe(disconnect(), self._loop).result(5)
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(5)
        if not self._loop.is_running():
            self._loop.close()


@contextlib.contextmanager
def locks_seen(dsn: str) -> Iterator[Locks]:
    """Have a side connection that tells who waits for a lock.

    Args:
        dsn: Of any database of the server; the role must see the others' sessions.
            "" where there is no database.
    """
    if not dsn:
        yield NoLocks()
        return
    side = SideConnection(dsn)
    try:
        side.open()
        yield side
    finally:
        side.close()

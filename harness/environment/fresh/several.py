"""The state of a run's database together with those that the app makes beside it."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from typing import Final, final

import asyncpg

from harness.environment.claims import Further, drop_database
from harness.environment.database import Database
from harness.environment.fresh.fingerprint import (
    open_connection,
    reading,
    take_fingerprint,
)
from harness.environment.fresh.state import Single, not_snapshotted
from harness.errors import HarnessError, Inconclusive

_AT_ONCE: Final = 8
_CHOICE: Final = "Choose the strategy `template`, or a hook."


@dataclass(frozen=True, slots=True)
class Way:
    """What a strategy does with databases beside the run's own.

    Attributes:
        name: The strategy's.
        state: Has the state of one of them; gets a number for it, from 1.
        drops: Whether those that came since are dropped.
        revives: Whether those that were dropped can be brought back.
    """

    name: str
    state: Callable[[Database, int], AbstractAsyncContextManager[Single]]
    drops: bool
    revives: bool


@final
class SeveralStates:
    """Sets back the run's database and each that the app made beside it.

    Args:
        database: The run's own.
        own: Its state.
        way: What is done with the others.
        admin: A connection to the server's first database.
        stack: Closes the others' states.
    """

    def __init__(
        self,
        database: Database,
        own: Single,
        way: Way,
        admin: asyncpg.Connection,
        stack: contextlib.AsyncExitStack,
    ) -> None:
        self._database = database
        self._own = own
        self._way = way
        self._admin = admin
        self._stack = stack
        self._further: dict[str, Single | None] | None = None
        self.doubtful: tuple[str, ...] = ()

    async def snapshot(self) -> None:
        await self._own.snapshot()
        await self._stack.aclose()
        self._further = {}
        for number, one in enumerate(await self._found(), start=1):
            self._further[one.name] = await self._state_of(one, number)
        states = self._states()
        await _all((name, state.snapshot) for name, state in states.items())
        self.doubtful = await self._database.claims.doubtful(self._admin)

    async def restore(self) -> None:
        if self._further is None:
            raise not_snapshotted()
        await self._own.restore()
        now = {one.name for one in await self._found()}
        await self._remove(sorted(now - self._further.keys()))
        gone = sorted(self._further.keys() - now)
        revivable = self._states() if self._way.revives else {}
        for name in gone:
            if name not in revivable:
                raise Inconclusive(
                    f"the database {name}, which the app made, is gone after a"
                    f" restore by {self._way.name}",
                    hint=_CHOICE,
                )
        await _all((name, state.restore) for name, state in self._states().items())

    async def fingerprint(self) -> str:
        own = await self._own.fingerprint()
        digests = []
        for one in await self._found():
            digest = ""
            if one.open:
                async with reading(self._of(one.name).dsn) as connection:
                    digest = (await take_fingerprint(connection)).digest
            digests.append((one.name, digest))
        if not digests:
            return own
        return hashlib.sha256(repr((own, digests)).encode()).hexdigest()

    async def _found(self) -> tuple[Further, ...]:
        return await self._database.claims.find(self._admin)

    async def _state_of(self, one: Further, number: int) -> Single | None:
        """Have a database's state; None if nobody can connect: it cannot change."""
        if not one.open:
            return None
        state = self._way.state(self._of(one.name), number)
        return await self._stack.enter_async_context(state)

    async def _remove(self, names: Iterable[str]) -> None:
        for name in names:
            if not self._way.drops:
                raise Inconclusive(
                    f"the database {name}, which the app made, is still there after a"
                    f" restore by {self._way.name}"
                )
            try:
                await drop_database(self._admin, name)
            except asyncpg.PostgresConnectionError:
                raise
            except asyncpg.PostgresError as error:
                raise Inconclusive(
                    f"the database {name}, which the app made, cannot be dropped:"
                    f" {error}",
                ) from error

    def _states(self) -> dict[str, Single]:
        further = self._further or {}
        return {name: state for name, state in further.items() if state is not None}

    def _of(self, name: str) -> Database:
        return replace(
            self._database, name=name, dsn=self._database.server.dsn_of(name)
        )


@contextlib.asynccontextmanager
async def several_states(
    database: Database, own: Single, way: Way
) -> AsyncIterator[SeveralStates]:
    """Have the states for as long as the block.

    Args:
        database: The run's own.
        own: Its state.
        way: What is done with the others.
    """
    admin = await open_connection(database.server.dsn)
    try:
        async with contextlib.AsyncExitStack() as stack:
            yield SeveralStates(database, own, way, admin, stack)
    finally:
        admin.terminate()


async def _all(work: Iterable[tuple[str, Callable[[], Awaitable[None]]]]) -> None:
    """Do something with each database, several at a time; says with which it failed."""
    turn = asyncio.Semaphore(_AT_ONCE)

    async def one(name: str, do: Callable[[], Awaitable[None]]) -> None:
        async with turn:
            try:
                await do()
            except Inconclusive as error:
                message = f"in {name}, which the app made: {error.message}"
                raise Inconclusive(message, hint=error.hint) from error

    try:
        async with asyncio.TaskGroup() as group:
            for name, do in work:
                group.create_task(one(name, do))
    except* HarnessError as errors:
        raise errors.exceptions[0] from None

"""Fresh state by a template database: complete, and closes every connection."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterator
from typing import final

import asyncpg

from harness.environment.claims import KEPT, drop_database
from harness.environment.database import Database
from harness.environment.fresh.fingerprint import (
    Fingerprint,
    open_connection,
    reading,
    take_fingerprint,
)
from harness.environment.fresh.settings import database_settings
from harness.environment.fresh.state import insist_on_same, not_snapshotted
from harness.environment.quoting import identifier, literal
from harness.errors import Inconclusive, ResourceError

_WITH_STRATEGY = 150000


@final
class TemplateState:
    """Keeps a copy of the database, and replaces the database by a copy of it.

    The app's connections are cut at the snapshot and at each restore: its pools
    must replace a connection that died (asyncpg's do, SQLAlchemy's do with
    `pool_pre_ping`).

    Args:
        database: Whose state.
        admin: A connection to another database of the same server.
        kept: Name of the copy.
    """

    def __init__(
        self, database: Database, admin: asyncpg.Connection, kept: str
    ) -> None:
        self._database = database
        self._admin = admin
        self._kept = kept
        self._wanted: Fingerprint | None = None
        self._settings: tuple[str, ...] = ()

    async def snapshot(self) -> None:
        name = identifier(self._database.name)
        async with reading(self._database.dsn) as connection:
            self._wanted = await take_fingerprint(connection)
        self._settings = await database_settings(self._admin, self._database.name)
        with _refusals():
            await drop_database(self._admin, self._kept)
            # Nobody may come back between being sent off and the copy.
            await self._admin.execute(f"alter database {name} allow_connections false")
            try:
                await self._admin.execute(
                    "select pg_terminate_backend(pid) from pg_stat_activity"  # noqa: S608
                    f" where datname = {literal(self._database.name)}"
                )
                await self._copy(self._database.name, self._kept)
            finally:
                await self._admin.execute(
                    f"alter database {name} allow_connections true"
                )

    async def restore(self) -> None:
        if self._wanted is None:
            raise not_snapshotted()
        with _refusals():
            await drop_database(self._admin, self._database.name)
            await self._copy(self._kept, self._database.name)
            for statement in self._settings:
                await self._admin.execute(statement)
        async with reading(self._database.dsn) as connection:
            now = await take_fingerprint(connection)
        insist_on_same(self._wanted, now, strategy="template")

    async def fingerprint(self) -> str:
        async with reading(self._database.dsn) as connection:
            return (await take_fingerprint(connection)).digest

    async def forget(self) -> None:
        """Drop the copy."""
        await drop_database(self._admin, self._kept)

    async def _copy(self, source: str, copy: str) -> None:
        version = await self._admin.fetchval("show server_version_num")
        how = ""
        if int(version) >= _WITH_STRATEGY:
            # Copying files takes half the time of logging them (7 and 13 ms, 27 and
            # 56 ms), but two checkpoints, which cost where data is kept safe.
            ours = self._database.server.source != "dsn"
            how = " strategy " + ("file_copy" if ours else "wal_log")
        await self._admin.execute(
            f"create database {identifier(copy)} template {identifier(source)}{how}"
        )


@contextlib.asynccontextmanager
async def template_state(
    database: Database, *, kept: str = ""
) -> AsyncIterator[TemplateState]:
    """Have the state for as long as the block; its copy goes with it.

    Args:
        database: Whose state.
        kept: Name of the copy; by default it is made from the database's.
    """
    admin = await open_connection(database.server.dsn)
    try:
        state = TemplateState(database, admin, kept or database.name + KEPT)
        try:
            yield state
        finally:
            # With the server gone, the copy is gone or is swept later.
            with contextlib.suppress(
                OSError, asyncpg.PostgresError, asyncpg.InterfaceError
            ):
                await state.forget()
    finally:
        admin.terminate()


@contextlib.contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except asyncpg.DiskFullError as error:
        raise ResourceError(f"the disk of Postgres is full: {error}") from error
    except asyncpg.PostgresConnectionError:
        raise
    except asyncpg.PostgresError as error:
        raise Inconclusive(
            f"the database cannot be copied: {error}",
            hint="Choose the strategy `delete`, or give a user with more rights.",
        ) from error

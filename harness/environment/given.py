"""A Postgres server that someone else runs, given by its DSN."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import asyncpg

from harness.environment.database import sweep_databases
from harness.environment.dsn import Address, normalised, read_dsn
from harness.environment.server import Postgres
from harness.errors import PostgresError

# DROP DATABASE … WITH (FORCE) came with this one.
_OLDEST = 13


@contextlib.asynccontextmanager
async def given(
    *, dsn: str, reason: str, start_timeout: float = 30.0
) -> AsyncIterator[Postgres]:
    """Check that the server will do, for as long as the block.

    Only databases of ours are ever touched: see `database`.

    Args:
        dsn: postgresql://user:password@host:port/database; that database is used
            to create others from.
        reason: Why this source was taken.
        start_timeout: Seconds until it must answer.

    Raises:
        PostgresError: It cannot be reached, is too old, or the user may not create
            databases.
    """
    dsn = normalised(dsn)
    address = read_dsn(dsn)
    where = f"{address.host}:{address.port}"
    connection = await _connected(dsn, address, start_timeout)
    try:
        user, version = await _checked(connection, where)
        await sweep_databases(connection)
    finally:
        await connection.close()
    yield Postgres(
        dsn=dsn,
        host=address.host,
        port=address.port,
        user=user,
        password=address.password,
        version=version,
        source="dsn",
        reason=reason,
        diagnose=lambda: f"Look into the log of the server at {where}.",
    )


async def _connected(dsn: str, address: Address, timeout: float) -> asyncpg.Connection:
    try:
        async with asyncio.timeout(timeout):
            return await asyncpg.connect(dsn)
    except (
        OSError,
        TimeoutError,
        ValueError,
        asyncpg.PostgresError,
        asyncpg.InterfaceError,
    ) as error:
        raise PostgresError(
            f"cannot connect to Postgres at {address.host}:{address.port} as "
            f"{address.user or 'yourself'}: {str(error) or type(error).__name__}",
            hint="Check the DSN, and that the server runs.",
        ) from error


async def _checked(connection: asyncpg.Connection, where: str) -> tuple[str, str]:
    row = await connection.fetchrow(
        "select rolname, rolsuper or rolcreatedb as may_create,"
        " split_part(current_setting('server_version'), ' ', 1) as version,"
        " current_setting('server_version_num')::int / 10000 as major"
        " from pg_roles where rolname = current_user"
    )
    if row is None:
        raise PostgresError(f"Postgres at {where} does not know who we are")
    user: str = row["rolname"]
    if not row["may_create"]:
        raise PostgresError(
            f"the user {user} may not create databases on Postgres at {where}",
            hint=f'Grant it, as a superuser: ALTER ROLE "{user}" CREATEDB;',
        )
    if row["major"] < _OLDEST:
        raise PostgresError(
            f"Postgres at {where} is {row['version']}; {_OLDEST} or newer is needed"
        )
    return user, row["version"]

"""The pool of connections, and one connection per request."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.resources import files
from typing import Annotated, TypeAlias

import asyncpg
from asyncpg.pool import PoolConnectionProxy
from fastapi import Depends, Request

Connection: TypeAlias = "PoolConnectionProxy[asyncpg.Record]"

# Several workers start at once; they must not create the same table.
MIGRATION_LOCK = 7312


@asynccontextmanager
async def open_pool() -> AsyncIterator[asyncpg.Pool[asyncpg.Record]]:
    """Connect to ``DATABASE_URL`` and see to it that the tables are there."""
    schema = files(__package__).joinpath("schema.sql").read_text(encoding="utf-8")
    async with asyncpg.create_pool(
        os.environ["DATABASE_URL"], min_size=1, max_size=10
    ) as pool:
        async with pool.acquire() as connection, connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock($1)", MIGRATION_LOCK)
            await connection.execute(schema)
        yield pool


async def borrow_connection(request: Request) -> AsyncIterator[Connection]:
    """Lend a connection for the time of a request."""
    async with request.state.pool.acquire() as connection:
        yield connection


Db = Annotated[Connection, Depends(borrow_connection)]

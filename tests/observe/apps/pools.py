"""An app that opens pools for tenants, in some of the ways in which apps do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine


async def open_pool(
    slug: str,
    dsn: str,
    *,
    at_half: asyncio.Event | None = None,
    go_on: asyncio.Event | None = None,
    box: list[asyncpg.Pool] | None = None,
) -> asyncpg.Pool:
    """Open a tenant's pool, and use it once before it is through."""
    pool = await asyncpg.create_pool(dsn, min_size=0, max_size=2)
    if box is not None:
        box.append(pool)
    await pool.fetchval("select 1")
    if at_half is not None and go_on is not None:
        at_half.set()
        await go_on.wait()
    return pool


async def open_shared(slug: str, pool: asyncpg.Pool) -> str:
    """Look a tenant up over a pool that belongs to all."""
    found: str = await pool.fetchval("select $1::text", slug)
    return found


async def close_pool(slug: str, pool: asyncpg.Pool) -> None:
    await pool.fetchval("select 1")
    await pool.close()


async def open_one(slug: str, dsn: str) -> asyncpg.Connection:
    return await asyncpg.connect(dsn)


async def open_engine(slug: str, dsn: str) -> AsyncEngine:
    return create_async_engine(dsn.replace("postgresql://", "postgresql+asyncpg://"))


@asynccontextmanager
async def held_pool(slug: str, dsn: str) -> AsyncIterator[asyncpg.Pool]:
    pool = await asyncpg.create_pool(dsn, min_size=0, max_size=2)
    yield pool

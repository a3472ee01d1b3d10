"""Notes of several tenants, who are told apart by their host."""

from __future__ import annotations

import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import asyncpg
from fastapi import Depends, FastAPI, Header, HTTPException, Request
from pydantic import BaseModel

from tests.targets.first_use_app.pools import (
    CheckThenSet,
    LockedPerTenant,
    Pools,
    YieldThenSet,
)

logger = logging.getLogger("first_use_app")
logger.setLevel(logging.INFO)

SCHEMA = """
    CREATE TABLE IF NOT EXISTS tenants (slug text PRIMARY KEY, api_key text NOT NULL);
    CREATE TABLE IF NOT EXISTS notes
        (id serial PRIMARY KEY, slug text NOT NULL, text text NOT NULL);
"""


class Tenant(BaseModel):
    """Who is to be made."""

    slug: str
    api_key: str


class NoteIn(BaseModel):
    """A note that is to be written."""

    text: str


class Note(NoteIn):
    """A note."""

    id: int


async def pool(
    request: Request, x_api_key: Annotated[str, Header()] = ""
) -> asyncpg.Pool:
    """Return the pool of the tenant that asks."""
    slug = request.headers["host"].split(".")[0]
    found: asyncpg.Pool = await request.app.state.pools.of(slug)
    known = await found.fetchval("SELECT api_key FROM tenants WHERE slug = $1", slug)
    if known is None or known != x_api_key:
        raise HTTPException(401)
    request.state.slug = slug
    logger.info("asked", extra={"tenant": slug})
    return found


Own = Annotated[asyncpg.Pool, Depends(pool)]


def make_app(pools: type[CheckThenSet | LockedPerTenant]) -> FastAPI:
    """Return an app that opens tenants in one of two ways."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        dsn = os.environ["DATABASE_URL"]
        connection = await asyncpg.connect(dsn)
        await connection.execute(SCHEMA)
        await connection.close()
        mine: Pools = pools(dsn)
        app.state.pools = mine
        yield
        for one in mine.open.values():
            await one.close()

    app = FastAPI(lifespan=lifespan)

    @app.post("/tenants", status_code=201)
    async def sign_up(request: Request, new: Tenant) -> None:
        connection = await asyncpg.connect(os.environ["DATABASE_URL"])
        await connection.execute(
            "INSERT INTO tenants VALUES ($1, $2)", new.slug, new.api_key
        )
        await connection.close()

    @app.post("/notes", status_code=201)
    async def write(request: Request, pool: Own, new: NoteIn) -> Note:
        statement = "INSERT INTO notes (slug, text) VALUES ($1, $2) RETURNING id, text"
        row = await pool.fetchrow(statement, request.state.slug, new.text)
        return Note(**dict(row or {}))

    @app.get("/notes")
    async def all_notes(request: Request, pool: Own) -> list[Note]:
        statement = "SELECT id, text FROM notes WHERE slug = $1 ORDER BY id"
        rows = await pool.fetch(statement, request.state.slug)
        return [Note(**dict(row)) for row in rows]

    return app


def racing() -> FastAPI:
    """Return the app in which two first requests race."""
    return make_app(CheckThenSet)


def stepping() -> FastAPI:
    """Return the app in which they race between two steps of a task."""
    return make_app(YieldThenSet)


def locked() -> FastAPI:
    """Return the app in which they do not."""
    return make_app(LockedPerTenant)

"""An app that opens two tenants in its lifespan, and connections to Postgres."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import asyncpg
from fastapi import FastAPI


@asynccontextmanager
async def open_tenant(slug: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(os.environ["DSN"])
    try:
        yield connection
    finally:
        await connection.close()


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with AsyncExitStack() as stack:
        for slug in ("acme", "globex"):
            await stack.enter_async_context(open_tenant(slug))
        if os.environ.get("LEAVE"):
            app.state.left = await asyncpg.connect(os.environ["DSN"])
        yield
        if os.environ.get("HANG"):
            await asyncio.Event().wait()


app = FastAPI(lifespan=lifespan)

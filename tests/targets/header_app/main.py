"""The app: ``uvicorn tests.targets.header_app.main:app``."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypedDict

import asyncpg
from fastapi import FastAPI

from tests.targets.header_app import accounts, projects, tasks
from tests.targets.header_app.database import open_pool
from tests.targets.header_app.logs import logging_to_stderr


class State(TypedDict):
    """What lives as long as the app."""

    pool: asyncpg.Pool[asyncpg.Record]


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[State]:
    """Open the pool, and close it at the end."""
    with logging_to_stderr():
        async with open_pool() as pool:
            yield State(pool=pool)


app = FastAPI(title="Projects", lifespan=lifespan)
app.include_router(accounts.router)
app.include_router(projects.router)
app.include_router(tasks.router)


@app.get("/ping")
async def ping() -> dict[str, str]:
    """Say that the app is up."""
    return {"answer": "pong"}

"""The app: ``uvicorn tests.targets.careful_app.main:app``."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypedDict

from fastapi import FastAPI
from sqlalchemy import Engine
from starlette.concurrency import run_in_threadpool

from tests.targets.careful_app import notes, organisation, security, users
from tests.targets.careful_app.database import (
    POOL_SIZE,
    create_shared_tables,
    new_engine,
)
from tests.targets.careful_app.logs import logging_to_stderr
from tests.targets.careful_app.tenancy import TenantMiddleware


class State(TypedDict):
    """What lives as long as the app."""

    engine: Engine
    admission: asyncio.Semaphore


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[State]:
    """Open the engine, and dispose of it at the end."""
    engine = new_engine()
    try:
        await run_in_threadpool(create_shared_tables, engine)
        with logging_to_stderr():
            yield State(engine=engine, admission=asyncio.Semaphore(POOL_SIZE))
    finally:
        engine.dispose()


app = FastAPI(title="Notes for teams", lifespan=lifespan)
app.add_middleware(TenantMiddleware)
app.include_router(security.router)
app.include_router(notes.router)
app.include_router(users.router)
app.include_router(organisation.router)


@app.get("/health")
def health() -> dict[str, str]:
    """Say that the app is up."""
    return {"status": "ok"}

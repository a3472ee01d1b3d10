"""The app: ``uvicorn tests.targets.tutorial_app.main:app``."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from fastapi import FastAPI

from tests.targets.tutorial_app import notes, organisation, security, users
from tests.targets.tutorial_app.database import create_shared_tables
from tests.targets.tutorial_app.tenancy import TenantMiddleware

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
    """Create the table of tenants before the first request."""
    create_shared_tables()
    yield


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

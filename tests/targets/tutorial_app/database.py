"""Connections to Postgres and the declarative bases."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from fastapi import Request
from sqlalchemy import URL, Engine, create_engine, make_url, text
from sqlalchemy.orm import DeclarativeBase, Session

if TYPE_CHECKING:
    from collections.abc import Iterator


class SharedBase(DeclarativeBase):
    """Tables that exist once, in the schema ``public``."""


class TenantBase(DeclarativeBase):
    """Tables that exist in each tenant's schema."""


def database_url() -> URL:
    """Return ``DATABASE_URL``, for the psycopg2 driver."""
    url = make_url(os.environ["DATABASE_URL"])
    return url.set(drivername="postgresql+psycopg2")


def new_engine() -> Engine:
    """Create an engine, with a pool of its own."""
    return create_engine(database_url())


def create_shared_tables() -> None:
    """Create the table of tenants if it is not there yet."""
    with new_engine().begin() as connection:
        # Several workers start at once; they must not create the same table.
        connection.execute(text("SELECT pg_advisory_xact_lock(7310)"))
        SharedBase.metadata.create_all(connection)


def get_db(request: Request) -> Iterator[Session]:
    """Give a handler a session that works in the tenant's schema."""
    db = Session(request.state.engine)
    db.execute(text(f"SET search_path TO {request.state.tenant.name}"))
    try:
        yield db
    finally:
        db.close()
        request.state.engine.dispose()

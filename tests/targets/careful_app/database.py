"""Connections to Postgres: one engine, and sessions in a tenant's schema."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from fastapi import Request
from sqlalchemy import Connection, Engine, create_engine, make_url, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase, Session

# No more requests are let in at once, so that no worker thread waits for a
# connection that a request without a thread holds.
POOL_SIZE = 10


class SharedBase(DeclarativeBase):
    """Tables that exist once, in the schema ``public``."""


class TenantBase(DeclarativeBase):
    """Tables that exist in each tenant's schema."""


def new_engine() -> Engine:
    """Create the engine for ``DATABASE_URL``; the caller disposes of it."""
    url = make_url(os.environ["DATABASE_URL"])
    return create_engine(
        url.set(drivername="postgresql+psycopg2"),
        pool_size=POOL_SIZE,
        max_overflow=0,
    )


def create_shared_tables(engine: Engine) -> None:
    """Create the table of tenants if it is not there yet."""
    with engine.begin() as connection:
        # Several workers start at once; they must not create the same table.
        connection.execute(text("SELECT pg_advisory_xact_lock(7311)"))
        SharedBase.metadata.create_all(connection)


def enter_schema(connection: Connection, schema: str, *, transaction: bool) -> None:
    """Make a schema the only one that unqualified names refer to.

    Args:
        connection: What to set it on.
        schema: Any name; it is quoted here.
        transaction: Whether it holds for this transaction only.
    """
    quoted = connection.dialect.identifier_preparer.quote_identifier(schema)
    connection.execute(
        text("SELECT set_config('search_path', :path, :transaction)"),
        {"path": quoted, "transaction": transaction},
    )


def leave_schema(connection: Connection) -> None:
    """Put the search path back, or give the connection up."""
    try:
        connection.rollback()
        connection.execute(text("RESET search_path"))
        connection.commit()
    except DBAPIError:
        connection.invalidate()
        raise


@contextmanager
def connect_to_schema(engine: Engine, schema: str) -> Iterator[Connection]:
    """Lend a connection that works in a schema, and reset it afterwards."""
    with engine.connect() as connection:
        enter_schema(connection, schema, transaction=False)
        connection.commit()
        try:
            yield connection
        finally:
            leave_schema(connection)


def get_db(request: Request) -> Iterator[Session]:
    """Give a handler a session that works in the tenant's schema."""
    engine, schema = request.state.engine, request.state.tenant.schema
    with connect_to_schema(engine, schema) as connection, Session(connection) as db:
        yield db

"""Tenants, notes and webhooks in Postgres; every statement says whose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg

from tests.targets.outgoing_app.faults import is_

TABLES = """
CREATE TABLE IF NOT EXISTS tenants (
    id serial PRIMARY KEY, slug text UNIQUE, password text, provider_key text);
CREATE TABLE IF NOT EXISTS notes (
    id serial PRIMARY KEY, tenant int REFERENCES tenants, text text);
CREATE TABLE IF NOT EXISTS hooks (
    id serial PRIMARY KEY, tenant int REFERENCES tenants, url text);
"""


@dataclass(frozen=True, slots=True)
class Tenant:
    """One customer."""

    id: int
    slug: str
    provider_key: str


class Store:
    """The database."""

    def __init__(self, pool: asyncpg.Pool[asyncpg.Record]) -> None:
        self._pool = pool

    async def create(self) -> None:
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock(11)")
            await connection.execute(TABLES)

    async def add_tenant(self, slug: str, password: str, key: str) -> None:
        await self._pool.execute(
            "INSERT INTO tenants (slug, password, provider_key) VALUES ($1, $2, $3)",
            slug,
            password,
            key,
        )

    async def tenants(self) -> list[Tenant]:
        rows = await self._pool.fetch("SELECT * FROM tenants ORDER BY id")
        return [_tenant(row) for row in rows]

    async def tenant(self, slug: str, password: str | None = None) -> Tenant | None:
        row = await self._pool.fetchrow("SELECT * FROM tenants WHERE slug = $1", slug)
        if row is None or password not in {None, row["password"]}:
            return None
        return _tenant(row)

    async def add_note(self, tenant: int, text: str) -> int:
        query = "INSERT INTO notes (tenant, text) VALUES ($1, $2) RETURNING id"
        return int(await self._pool.fetchval(query, tenant, text))

    async def notes(self, tenant: int) -> Sequence[asyncpg.Record]:
        query = "SELECT id, text FROM notes WHERE tenant = $1 ORDER BY id"
        return await self._pool.fetch(query, tenant)

    async def add_hook(self, tenant: int, url: str) -> int:
        query = "INSERT INTO hooks (tenant, url) VALUES ($1, $2) RETURNING id"
        return int(await self._pool.fetchval(query, tenant, url))

    async def hooks(self, tenant: int) -> Sequence[asyncpg.Record]:
        query = "SELECT id, url FROM hooks WHERE tenant = $1 ORDER BY id"
        return await self._pool.fetch(query, tenant)

    async def addresses(self, tenant: int) -> list[str]:
        """Return where a tenant wants to hear of notes."""
        if is_("hooks of all"):
            rows: Sequence[asyncpg.Record] = await self._pool.fetch(
                "SELECT * FROM hooks"
            )
        else:
            rows = await self.hooks(tenant)
        return [row["url"] for row in rows]


def _tenant(row: asyncpg.Record) -> Tenant:
    return Tenant(row["id"], row["slug"], row["provider_key"])

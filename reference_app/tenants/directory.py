"""Who is meant by a domain."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from reference_app.caches.expiring import Expiring
from reference_app.settings import Settings
from reference_app.tenants.tenant import Status, Tenant

_KEPT = 10_000


class TenantDirectory:
    """Finds tenants in the control schema, and remembers them for a moment."""

    def __init__(self, settings: Settings, control: asyncpg.Pool) -> None:
        self._control = control
        self._suffix = "." + settings.base_domain
        self._found: Expiring[str, Tenant] = Expiring(settings.cache_lifetime, _KEPT)
        self._known: Expiring[UUID, Tenant] = Expiring(settings.cache_lifetime, _KEPT)
        self._changes = 0

    async def find(self, domain: str) -> Tenant | None:
        """Return the tenant of a domain, its own or a custom one, or None.

        Args:
            domain: In lower case, without port and final dot.
        """
        remembered = self._found.get(domain)
        if remembered is not None:
            return remembered
        changes = self._changes
        tenant = await self._look_up(domain)
        # What was read before a change must not be put back after it.
        if tenant is not None and changes == self._changes:
            self._found.put(domain, tenant)
        return tenant

    async def current(self, tenant_id: UUID) -> Tenant | None:
        """Return a tenant as it is now, or was a moment ago; None if it has left."""
        remembered = self._known.get(tenant_id)
        if remembered is not None:
            return remembered
        changes = self._changes
        row = await self._control.fetchrow(
            "SELECT id, slug, name, status, schema_name, role_name, revision "
            "FROM control.tenants WHERE id = $1",
            tenant_id,
        )
        tenant = Tenant(**row) if row else None
        if tenant is not None and changes == self._changes:
            self._known.put(tenant_id, tenant)
        return tenant

    async def all(self) -> Sequence[Tenant]:
        """Return all tenants, by slug."""
        rows = await self._control.fetch(
            "SELECT id, slug, name, status, schema_name, role_name, revision "
            "FROM control.tenants ORDER BY slug"
        )
        return [Tenant(**row) for row in rows]

    async def those(self, tenant_ids: Collection[UUID]) -> Mapping[UUID, Tenant]:
        """Return these tenants as they are now, by id, without those that have left."""
        rows = await self._control.fetch(
            "SELECT id, slug, name, status, schema_name, role_name, revision "
            "FROM control.tenants WHERE id = ANY($1)",
            list(tenant_ids),
        )
        return {row["id"]: Tenant(**row) for row in rows}

    async def note_last_use(self, used: Mapping[UUID, datetime]) -> None:
        """Write when tenants were last used; other processes may know of later use."""
        # As texts: of other arrays, asyncpg asks on each connection what is in them.
        await self._control.execute(
            "UPDATE control.tenants t "
            "SET last_used_at = greatest(t.last_used_at, u.at) "
            "FROM unnest($1::text[]::uuid[], $2::text[]::timestamptz[]) AS u (id, at) "
            "WHERE t.id = u.id",
            [str(tenant_id) for tenant_id in used],
            [at.isoformat() for at in used.values()],
        )

    async def by_last_use(self) -> Sequence[Tenant]:
        """Return all active tenants, the one that was used last first."""
        rows = await self._control.fetch(
            "SELECT id, slug, name, status, schema_name, role_name, revision "
            "FROM control.tenants WHERE status = 'active' "
            "ORDER BY last_used_at DESC NULLS LAST, slug"
        )
        return [Tenant(**row) for row in rows]

    async def by_slug(self, slug: str) -> Tenant | None:
        """Return a tenant as it is now."""
        row = await self._control.fetchrow(
            "SELECT id, slug, name, status, schema_name, role_name, revision "
            "FROM control.tenants WHERE slug = $1",
            slug,
        )
        return Tenant(**row) if row else None

    async def set_status(self, slug: str, status: Status) -> Tenant | None:
        """Suspend or reactivate a tenant; None if there is none."""
        row = await self._control.fetchrow(
            "UPDATE control.tenants SET status = $2 WHERE slug = $1 "
            "RETURNING id, slug, name, status, schema_name, role_name, revision",
            slug,
            status,
        )
        if row is None:
            return None
        tenant = Tenant(**row)
        self.forget(tenant.id)
        return tenant

    def forget(self, tenant_id: UUID) -> None:
        """Look a tenant up afresh next time."""
        self._changes += 1
        self._found.drop_if(lambda tenant: tenant.id == tenant_id)
        self._known.drop_if(lambda tenant: tenant.id == tenant_id)

    async def _look_up(self, domain: str) -> Tenant | None:
        """Ask the database: below the base domain by slug, else by domain."""
        if domain.endswith(self._suffix):
            row = await self._control.fetchrow(
                "SELECT id, slug, name, status, schema_name, role_name, revision "
                "FROM control.tenants WHERE slug = $1",
                domain.removesuffix(self._suffix),
            )
        else:
            row = await self._control.fetchrow(
                "SELECT t.id, slug, name, status, schema_name, role_name, revision "
                "FROM control.tenants t JOIN control.domains d ON d.tenant_id = t.id "
                "WHERE d.domain = $1",
                domain,
            )
        return Tenant(**row) if row else None

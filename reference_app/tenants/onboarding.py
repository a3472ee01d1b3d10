"""How a tenant comes to be."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Annotated, Protocol

import asyncpg
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from reference_app.auth.passwords import Passwords
from reference_app.migrations import Connection
from reference_app.settings import Settings
from reference_app.storage.seam import Changes, PlaceTaken, Storage
from reference_app.tenants.configuration import Configuration
from reference_app.tenants.tenant import Tenant
from reference_app.text import Domain, Email, Line, Password, Slug


def _fit_for_a_header(key: SecretStr) -> SecretStr:
    if not all("!" <= letter <= "~" for letter in key.get_secret_value()):
        raise ValueError("a key consists of visible ASCII characters")
    return key


ProviderKey = Annotated[
    SecretStr,
    Field(min_length=8, max_length=500, json_schema_extra={"pattern": "^[!-~]+$"}),
    AfterValidator(_fit_for_a_header),
]
Count = Annotated[int, Field(ge=1, le=2**31 - 1)]


class NewTenant(BaseModel):
    """What an operator says of a new tenant, with its first administrator."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    slug: Slug = Field(description="Its own domain is `<slug>.<base domain>`.")
    name: Line
    domains: list[Domain] = Field(
        default=[], max_length=20, description="Custom domains, if it has any."
    )
    configuration: Configuration = Configuration()
    provider_key: ProviderKey | None = Field(
        default=None, description="The tenant's account with the model provider."
    )
    requests_per_minute: Count | None = None
    member_requests_per_minute: Count | None = None
    tokens_per_day: Count | None = None
    admin_email: Email
    admin_name: Line = "Administrator"
    admin_password: Password = Field(repr=False)


class TenantExists(Exception):
    """The slug, a domain or the name's schema is another tenant's."""


class DomainRefused(Exception):
    """A custom domain lies below the base domain, where slugs decide."""


class Onboard(Protocol):
    """Makes a tenant, as `onboard` does."""

    async def __call__(
        self,
        new: NewTenant,
        *,
        settings: Settings,
        control: asyncpg.Pool,
        storage: Storage,
        passwords: Passwords,
    ) -> Tenant:
        """Make a tenant, or nothing at all."""


async def onboard(
    new: NewTenant,
    *,
    settings: Settings,
    control: asyncpg.Pool,
    storage: Storage,
    passwords: Passwords,
) -> Tenant:
    """Make a tenant with its place and its first administrator, or nothing at all.

    All of it is one transaction, roles and schemas included; what cannot be part of
    one is undone by the storage if it fails.

    Raises:
        TenantExists: Something of it is taken.
        DomainRefused: It claims a domain that can be somebody's own.
    """
    password_hash = await _accepted(new, settings, passwords)
    async with storage.changes() as changes, control.acquire() as connection:
        return await _enter(connection, new, storage, changes, password_hash)


async def onboard_over(
    connection: Connection,
    new: NewTenant,
    *,
    settings: Settings,
    storage: Storage,
    passwords: Passwords,
) -> Tenant:
    """Make a tenant as `onboard` does, over one connection that serves many.

    Raises:
        TenantExists: Something of it is taken.
        DomainRefused: It claims a domain that can be somebody's own.
    """
    password_hash = await _accepted(new, settings, passwords)
    async with storage.changes() as changes:
        return await _enter(connection, new, storage, changes, password_hash)


async def _accepted(new: NewTenant, settings: Settings, passwords: Passwords) -> str:
    """Refuse domains that can be somebody's own; return the password's hash."""
    below = "." + settings.base_domain
    if any(("." + domain).endswith(below) for domain in new.domains):
        raise DomainRefused
    return await passwords.hash(new.admin_password)


async def _enter(
    connection: Connection,
    new: NewTenant,
    storage: Storage,
    changes: Changes,
    password_hash: str,
) -> Tenant:
    """Make a tenant in one transaction."""
    async with connection.transaction():
        try:
            tenant = await _register(connection, new, storage)
            session = await changes.provision(connection, tenant)
        except (asyncpg.UniqueViolationError, PlaceTaken):
            raise TenantExists from None
        await session.members.create(
            email=new.admin_email,
            name=new.admin_name,
            role="admin",
            password_hash=password_hash,
        )
    return tenant


async def _register(connection: Connection, new: NewTenant, storage: Storage) -> Tenant:
    """Enter a tenant and its domains in the control schema."""
    database = await connection.fetchval("SELECT current_database()")
    place = storage.place(new.slug, new.name, database)
    (row,) = await connection.fetch(
        "WITH made AS (INSERT INTO control.tenants "
        "(slug, name, configuration, signing_key, schema_name, role_name, "
        "provider_key, requests_per_minute, member_requests_per_minute, "
        "tokens_per_day) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) "
        "RETURNING id, slug, name, status, schema_name, role_name, revision), "
        "its_own AS (INSERT INTO control.domains (domain, tenant_id) "
        "SELECT unnest($11::text[]), id FROM made) SELECT * FROM made",
        new.slug,
        new.name,
        new.configuration.model_dump_json(),
        secrets.token_bytes(32),
        place.schema,
        place.role,
        new.provider_key.get_secret_value() if new.provider_key else None,
        new.requests_per_minute,
        new.member_requests_per_minute,
        new.tokens_per_day,
        new.domains,
    )
    return Tenant(**row)


async def bring_up_to_date(
    tenants: Sequence[Tenant], *, control: asyncpg.Pool, storage: Storage
) -> None:
    """Apply new migrations to tenants that exist, each in its own transaction."""
    for tenant in tenants:
        async with control.acquire() as connection, connection.transaction():
            await storage.upgrade(connection, tenant)

"""One tenant, onboarded by two processes at a time, on a real server."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import asyncpg

from reference_app.auth.passwords import Passwords
from reference_app.foundation import Foundation, open_foundation
from reference_app.parts import Parts
from reference_app.settings import Settings
from reference_app.tenants.onboarding import NewTenant, TenantExists
from reference_app.tenants.tenant import Tenant
from tests.mutants.races.gated import cases, parts_of
from tests.reference_app.running import PASSWORD, settings_for

TWIN = NewTenant(
    slug="twin", name="Twin", admin_email="boss@twin.example", admin_password=PASSWORD
)


class PasswordsOfBoth(Passwords):
    """Is done hashing when both have asked, and so both have looked before."""

    def __init__(self, settings: Settings, both: asyncio.Barrier) -> None:
        super().__init__(settings)
        self._both = both

    async def hash(self, password: str) -> str:
        await self._both.wait()
        return await super().hash(password)


async def onboard(parts: Parts, base: Foundation) -> Tenant:
    return await parts.onboard(
        TWIN,
        settings=base.settings,
        control=base.control,
        storage=base.storage,
        passwords=base.passwords,
    )


async def known(database: asyncpg.Connection) -> tuple[bool, bool]:
    """Return whether the tenant is known, and whether it has a place."""
    return (
        await database.fetchval("SELECT count(*) > 0 FROM control.tenants"),
        await database.fetchval("SELECT to_regnamespace('tenant_twin') IS NOT NULL"),
    )


@cases("winner-removed")
async def test_who_comes_second_removes_what_the_first_has_made(
    variant: str, wrong: bool, dsn: str, database: asyncpg.Connection
) -> None:
    parts, settings, both = parts_of(variant), settings_for(dsn), asyncio.Barrier(2)
    waiting = replace(parts, passwords=lambda known: PasswordsOfBoth(known, both))
    async with (
        open_foundation(settings, waiting) as one,
        open_foundation(settings, waiting) as other,
    ):
        answers = await asyncio.gather(
            *(onboard(parts, base) for base in (one, other)), return_exceptions=True
        )

    assert sorted(type(answer).__name__ for answer in answers) == [
        "Tenant",
        "TenantExists",
    ]
    assert await known(database) == ((False, False) if wrong else (True, True))


@cases("winner-removed")
async def test_who_comes_later_is_told_that_it_is_there(
    variant: str, wrong: bool, dsn: str, database: asyncpg.Connection
) -> None:
    parts = parts_of(variant)
    async with open_foundation(settings_for(dsn), parts) as base:
        await onboard(parts, base)
        (answer,) = await asyncio.gather(onboard(parts, base), return_exceptions=True)

    assert isinstance(answer, TenantExists)
    assert await known(database) == (True, True)

"""A tenant comes to be completely, or not at all."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import asyncpg
import pytest

from reference_app.migrations import Connection, series
from reference_app.parts import Parts
from reference_app.resources import Resources
from reference_app.storage.own.session import OwnTablesSession
from reference_app.storage.schema_per_tenant import SchemaPerTenantStorage
from reference_app.tenants.offboarding import offboard
from reference_app.tenants.onboarding import bring_up_to_date
from reference_app.tenants.tenant import Tenant
from tests.reference_app.logins import modest_login
from tests.reference_app.running import PASSWORD, running

ROOT = Path(__file__).parents[2]


async def snapshot(database: asyncpg.Connection) -> list[tuple[str, ...]]:
    """List all schemas, roles and rows of tenants."""
    rows = await database.fetch(
        "SELECT 'schema', nspname FROM pg_namespace WHERE nspname !~ '^pg_t' "
        "UNION ALL SELECT 'role', rolname FROM pg_roles WHERE rolname LIKE "
        "'tenant\\_%' || left(encode(sha256(current_database()::bytea), 'hex'), 8) "
        "UNION ALL SELECT 'tenant', slug FROM control.tenants "
        "UNION ALL SELECT 'domain', domain FROM control.domains ORDER BY 1, 2"
    )
    return [tuple(row) for row in rows]


@pytest.mark.parametrize(
    ("slug", "domain"), [("acme", "new.example"), ("new", "acme.example")]
)
async def test_what_is_taken_is_409_and_leaves_nothing(
    dsn: str, database: asyncpg.Connection, storage: str, slug: str, domain: str
) -> None:
    async with running(dsn, storage=storage) as app:
        await app.tenant("acme", domains=["acme.example"])
        before = await snapshot(database)

        response = await app.onboard(slug, name="another", domains=[domain])

        assert response.status_code == 409
        assert response.json()["type"] == "urn:problem:tenant-exists"
        assert await snapshot(database) == before


@pytest.mark.parametrize("domain", ["b.localhost", "x.b.localhost"])
async def test_a_domain_that_can_be_anothers_own_is_refused(
    dsn: str, domain: str
) -> None:
    async with running(dsn) as app:
        response = await app.onboard("a", domains=[domain])

        assert response.json()["type"] == "urn:problem:domain-refused"


async def test_a_failure_half_way_leaves_neither_schema_nor_role(
    dsn: str, database: asyncpg.Connection
) -> None:
    class Breaking(SchemaPerTenantStorage):
        async def provision(
            self, connection: Connection, tenant: Tenant
        ) -> OwnTablesSession:
            await super().provision(connection, tenant)
            raise LookupError("planted")

    async with running(dsn, Parts(storage=Breaking.connect)) as app:
        before = await snapshot(database)
        response = await app.onboard("a")
        assert response.status_code == 500
        assert await snapshot(database) == before

    async with running(dsn) as app:
        await app.tenant("a")


@pytest.mark.parametrize("storage", ["schema_per_tenant", "one_pool"])
async def test_a_new_tenant_never_inherits_a_schema_that_is_there(
    dsn: str, database: asyncpg.Connection, storage: str
) -> None:
    async with running(dsn, storage=storage) as app:
        old = await app.tenant("old", name="tenant_old")
        await old.write("of the tenant that left")
        await database.execute("DELETE FROM control.tenants")

        response = await app.onboard("old", name="tenant_old")

        assert response.status_code == 409


async def test_migrations_can_be_run_again(
    dsn: str, database: asyncpg.Connection, storage: str
) -> None:
    async with running(dsn, storage=storage) as app:
        acme = await app.tenant("acme")
        mine = await acme.write("kept")
        resources: Resources = app.state["resources"]

        await bring_up_to_date(
            await resources.directory.all(),
            control=resources.control,
            storage=resources.storage,
        )

        assert (await acme.get(f"/documents/{mine}")).json()["title"] == "kept"
    applied = await database.fetch("SELECT version FROM control.migrations")
    assert {row["version"] for row in applied} == {
        migration.version for migration in series("control")
    }


def command(dsn: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "reference_app", *arguments],
        cwd=ROOT,
        env=os.environ
        | {"DATABASE_URL": dsn, "REFERENCE_APP_ADMIN_PASSWORD": PASSWORD},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


async def test_the_command_line_makes_a_tenant_of_a_running_app(dsn: str) -> None:
    new = ["--slug", "acme", "--name", "Acme", "--admin-email", "boss@acme.example"]
    async with running(dsn) as app:
        made = command(dsn, "onboard", *new, "--configuration", '{"greeting": "hi"}')
        again = command(dsn, "onboard", *new)
        migrated = command(dsn, "migrate")

        assert (made.returncode, made.stdout) == (0, "acme.localhost\n"), made.stderr
        assert (again.returncode, again.stdout) == (2, "")
        assert migrated.returncode == 0, migrated.stderr
        acme = await app.log_in("acme")
        assert (await acme.get("/configuration")).json()["greeting"] == "hi"
        assert PASSWORD not in made.stdout + made.stderr + again.stderr


def test_the_command_line_says_what_is_wrong_without_repeating_secrets() -> None:
    bad = ["--slug", "NO", "--name", "Acme", "--admin-email", "x@acme.example"]

    result = command("postgresql://u:hunter2@127.0.0.1:1/x", "onboard", *bad)

    assert result.returncode == 2
    assert "slug" in result.stderr
    assert PASSWORD not in result.stderr
    assert "hunter2" not in result.stderr


async def test_tenants_can_be_made_at_the_same_time(dsn: str, storage: str) -> None:
    slugs = [f"tenant-{number}" for number in range(6)]
    async with running(dsn, storage=storage) as app:
        made = await asyncio.gather(*(app.onboard(slug) for slug in slugs))
        same = await asyncio.gather(*(app.onboard("twin") for _ in range(3)))

        assert [response.status_code for response in made] == [201] * 6
        assert sorted(response.status_code for response in same) == [201, 409, 409]


async def test_a_login_that_is_no_superuser_is_enough(
    dsn: str, database: asyncpg.Connection, storage: str
) -> None:
    async with (
        modest_login(dsn, database) as modest,
        running(modest, storage=storage) as app,
    ):
        a, b = await app.tenant("a"), await app.tenant("b")
        await a.write("of A")

        assert (await a.get("/documents/count")).json() == {"count": 1}
        assert (await b.get("/documents/count")).json() == {"count": 0}
        resources: Resources = app.state["resources"]
        for tenant in await resources.directory.all():
            await offboard(tenant, control=resources.control, storage=resources.storage)
        assert not await resources.directory.all()

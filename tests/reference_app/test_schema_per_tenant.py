"""A tenant's connections cannot reach beyond its schema."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from reference_app.pools import open_pool
from reference_app.resources import Resources
from reference_app.settings import Settings
from tests.reference_app.running import running


@pytest.mark.parametrize(
    "table",
    ["tenant_b.documents", "control.tenants", "control.schema_versions", "pg_authid"],
)
async def test_a_tenants_role_is_refused_everything_else(dsn: str, table: str) -> None:
    async with running(dsn) as app:
        await app.tenant("a")
        await app.tenant("b")
        resources: Resources = app.state["resources"]
        first = (await resources.directory.all())[0]
        settings = {"role": first.own_role, "search_path": "tenant_a"}

        async with open_pool(
            resources.settings, max_size=1, server_settings=settings
        ) as pool:
            assert await pool.fetchval("SELECT count(*) FROM documents") == 0
            await pool.execute("RESET ROLE")  # leads back to the tenant's role
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await pool.fetch(f"SELECT * FROM {table}")
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await pool.execute("CREATE TABLE mine (id int)")


async def test_requests_run_in_the_tenants_role_and_schema(
    dsn: str, database: asyncpg.Connection
) -> None:
    async with running(dsn) as app:
        await app.tenant("a")
        resources: Resources = app.state["resources"]
        tenant = (await resources.directory.all())[0]
        store = (await resources.tenants.ready(tenant)).store

        async with store.session() as session:
            connection = session.documents._connection  # type: ignore[attr-defined]
            row = await connection.fetchrow(
                "SELECT current_user, current_schemas(false)"
            )

        assert row["current_user"] == tenant.own_role
        assert row["current_schemas"] == ["tenant_a"]


async def test_equal_ids_of_two_tenants_are_different_rows(dsn: str) -> None:
    async with running(dsn) as app:
        a, b = await app.tenant("a"), await app.tenant("b")

        ids = {await a.write("of A"), await b.write("of B")}

        assert ids == {1}
        assert (await a.get("/documents/1")).json()["title"] == "of A"
        assert (await b.get("/documents/1")).json()["title"] == "of B"


async def test_the_role_is_kept_when_the_database_is_copied(
    dsn: str, server_dsn: str
) -> None:
    async with running(dsn) as app:
        a = await app.tenant("a")
        mine = await a.write("copied")
    original = urlsplit(dsn).path[1:]
    admin = await asyncpg.connect(server_dsn)
    try:
        await admin.execute(f"CREATE DATABASE {original}_copy TEMPLATE {original}")
        copy = urlunsplit(urlsplit(dsn)._replace(path=f"/{original}_copy"))
        async with running(copy) as app:
            a = await app.log_in("a")
            assert (await a.get(f"/documents/{mine}")).json()["title"] == "copied"
    finally:
        await admin.execute(f"DROP DATABASE IF EXISTS {original}_copy WITH (FORCE)")
        await admin.close()


def test_settings_do_not_show_the_password_of_the_database() -> None:
    settings = Settings(dsn="postgresql+asyncpg://u:hunter2@localhost/x")  # type: ignore[arg-type]

    assert "hunter2" not in repr(settings)
    assert settings.dsn.get_secret_value() == "postgresql://u:hunter2@localhost/x"

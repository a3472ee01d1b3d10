"""Postgres itself keeps rows of shared tables apart, whatever a statement says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest
from pydantic import SecretStr

from reference_app.dsns import with_login
from reference_app.migrations.tenant_schemas import TABLES
from reference_app.storage.login import LoginRefused
from reference_app.storage.own.session import OwnTablesSession
from reference_app.storage.row_level_security import RowLevelSecurityStore
from reference_app.storage.seam import EmailTaken, Flag
from tests.reference_app.logins import modest_login
from tests.reference_app.stores import stores

Pair = tuple[RowLevelSecurityStore, RowLevelSecurityStore]
STORAGE = "row_level_security"


@pytest.fixture
async def pair(dsn: str) -> AsyncIterator[Pair]:
    """Two tenants with a document each, who share one connection."""
    async with (
        stores(dsn, STORAGE, shared_pool_max=1) as made,
        made.open("a", "b") as (a, b),
    ):
        assert isinstance(a, RowLevelSecurityStore)
        assert isinstance(b, RowLevelSecurityStore)
        for name, store in (("A", a), ("B", b)):
            async with store.session() as session:
                await session.documents.create(f"of {name}", "")
        yield a, b


def raw(session: OwnTablesSession) -> Any:
    """Return what a session stands on."""
    return session.documents._connection


@asynccontextmanager
async def logged_in(
    dsn: str, database: asyncpg.Connection
) -> AsyncIterator[asyncpg.Connection]:
    """Log in as tenants' connections do."""
    row = await database.fetchrow("SELECT role_name, password FROM control.logins")
    assert row is not None
    connection = await asyncpg.connect(
        with_login(SecretStr(dsn), *row).get_secret_value(),
        server_settings={"search_path": "row_security"},
    )
    try:
        yield connection
    finally:
        await connection.close()


async def titles(store: RowLevelSecurityStore) -> list[str]:
    async with store.session() as session:
        return [document.title for document in await session.documents.page(9, 0)]


async def test_statements_without_a_tenant_meet_the_tenants_own_rows_only(
    pair: Pair,
) -> None:
    a, b = pair
    async with a.session() as session:
        found = await raw(session).fetch("SELECT title FROM documents")
        updated = await raw(session).execute("UPDATE documents SET title = 'by A'")
    assert [row["title"] for row in found] == ["of A"]
    assert updated == "UPDATE 1"
    assert await titles(b) == ["of B"]

    async with a.session() as session:
        assert await raw(session).execute("DELETE FROM documents") == "DELETE 1"
    assert await titles(b) == ["of B"]


async def test_a_row_cannot_be_written_for_or_moved_to_another_tenant(
    pair: Pair, database: asyncpg.Connection
) -> None:
    a, b = pair
    theirs = await database.fetchval(
        "SELECT tenant_id FROM row_security.documents WHERE title = 'of B'"
    )

    for statement in (
        "INSERT INTO documents (tenant_id, title, body) VALUES ($1, 'by A', '')",
        "UPDATE documents SET tenant_id = $1",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with a.session() as session:
                await raw(session).execute(statement, theirs)

    assert (await titles(a), await titles(b)) == (["of A"], ["of B"])


async def test_a_row_cannot_refer_to_another_tenants_member(pair: Pair) -> None:
    a, b = pair
    async with b.session() as session:
        (theirs,) = await session.members.page(9, 0)

    with pytest.raises(asyncpg.ForeignKeyViolationError):
        async with a.session() as session:
            await session.messages.add(theirs.id, "user", "by A")
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        async with a.session() as session:
            await session.exports.create(theirs.id)


async def fill(session: OwnTablesSession) -> None:
    """Write a row into each table that is still empty."""
    (boss, *_) = await session.members.page(1, 0)
    await session.flags.put(Flag("beta", enabled=True, description=""))
    await session.messages.add(boss.id, "user", "text")
    await session.usage.add(boss.id, requests=1, input_tokens=1, output_tokens=1)
    await session.audit.append(boss.id, "written", "all")
    await session.exports.create(boss.id)
    await session.webhooks.create("https://a.example", "s3cret")


async def test_without_a_tenant_every_table_is_closed(pair: Pair) -> None:
    a, _ = pair
    async with a.session() as session:
        await fill(session)
    async with a._pool.acquire() as used:
        await used.execute("DISCARD ALL")
        assert await used.fetchval("SHOW app.tenant_id") == ""  # it was set, once
        for table in TABLES:
            with pytest.raises(asyncpg.DataError):
                await used.fetch(f"SELECT * FROM {table}")
            with pytest.raises(asyncpg.DataError):
                await used.execute(f"DELETE FROM {table}")


async def test_a_connection_that_never_had_a_tenant_is_closed_as_well(
    dsn: str, pair: Pair, database: asyncpg.Connection
) -> None:
    async with logged_in(dsn, database) as fresh:
        with pytest.raises(asyncpg.UndefinedObjectError):
            await fresh.fetch("SELECT * FROM documents")
        with pytest.raises(asyncpg.UndefinedObjectError):
            await fresh.execute("INSERT INTO documents (title, body) VALUES ('', '')")


async def test_the_login_owns_nothing_and_reaches_nothing_else(
    dsn: str, pair: Pair, database: asyncpg.Connection
) -> None:
    async with logged_in(dsn, database) as fresh:
        for table in ("control.tenants", "control.logins", "pg_authid"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await fresh.fetch(f"SELECT * FROM {table}")
        for statement in (
            "CREATE TABLE mine (id int)",
            "ALTER TABLE documents NO FORCE ROW LEVEL SECURITY",
            "DROP POLICY own_rows ON documents",
            "TRUNCATE documents",
            "SET row_security = off; SELECT * FROM documents",
            "SET ROLE postgres",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await fresh.execute(statement)
        owned = await fresh.fetchval(
            "SELECT count(*) FROM pg_shdepend "
            "WHERE refobjid = current_user::regrole AND deptype = 'o'"
        )
        (role,) = await fresh.fetch(
            "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb "
            "FROM pg_roles WHERE rolname = current_user"
        )
    assert owned == 0
    assert not any(role)


async def test_the_owner_of_the_tables_is_bound_too(
    dsn: str, database: asyncpg.Connection
) -> None:
    async with modest_login(dsn, database) as owner:
        await use(owner, "a")
        connection = await asyncpg.connect(owner)
        try:
            with pytest.raises(asyncpg.UndefinedObjectError):
                await connection.fetch("SELECT * FROM row_security.documents")
        finally:
            await connection.close()


async def test_the_session_of_an_onboarding_is_bound_as_well(dsn: str) -> None:
    async with stores(dsn, STORAGE) as made:
        await made.onboard("a")
        new = await made.onboard("b")
        control, storage = made.foundation.control, made.foundation.storage
        async with (
            storage.changes() as changes,
            control.acquire() as connection,
            connection.transaction(),
        ):
            session = await changes.provision(connection, new)
            members = await session.members.page(9, 0)

    assert [member.email for member in members] == ["boss@b.example"]


async def test_failed_and_cancelled_sessions_leave_no_tenant_behind(pair: Pair) -> None:
    a, b = pair
    finished = False
    turns = 0

    async def work() -> None:
        nonlocal finished
        async with a.session() as session:
            await session.documents.create("of A, too", "")
            await session.documents.count()
        finished = True

    with pytest.raises(asyncpg.DivisionByZeroError):
        async with a.session() as session:
            await raw(session).fetch("SELECT 1 / 0")
    while not finished:
        task = asyncio.create_task(work())
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        turns += 1
        async with a._pool.acquire() as connection:
            assert not connection.is_in_transaction()
            assert await connection.fetchval("SHOW app.tenant_id") == ""
        assert await titles(b) == ["of B"]

    assert turns > 5


async def test_an_address_that_is_taken_does_not_end_the_session(pair: Pair) -> None:
    a, _ = pair
    async with a.session() as session:
        with pytest.raises(EmailTaken):
            await session.members.create(
                email="BOSS@a.example", name="Jo", role="member", password_hash="x"
            )
        await session.documents.create("after", "")

    assert await titles(a) == ["of A", "after"]


async def use(dsn: str, slug: str) -> None:
    """Start, make a tenant and have a session of it, as a process does."""
    async with (
        stores(dsn, STORAGE) as made,
        made.open(slug) as (store,),
        store.session() as session,
    ):
        assert await session.members.count() == 1


async def may_log_in(dsn: str, database: asyncpg.Connection) -> str:
    """Log in with what is noted, and return as whom; policies must bind that role."""
    async with logged_in(dsn, database) as connection:
        role = await connection.fetchval("SELECT current_user")
    exempt = "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = $1"
    assert await database.fetchval(exempt, role) is False
    return str(role)


async def test_processes_that_start_together_agree_on_the_login(
    dsn: str, database: asyncpg.Connection
) -> None:
    await asyncio.gather(*(use(dsn, slug) for slug in "abcd"))

    assert await database.fetchval("SELECT count(*) FROM control.logins") == 1


async def test_a_login_that_is_missing_is_made_again(
    dsn: str, database: asyncpg.Connection
) -> None:
    await use(dsn, "a")
    role = await database.fetchval("SELECT role_name FROM control.logins")
    await database.execute(f"DROP OWNED BY {role}; DROP ROLE {role}")

    await use(dsn, "b")

    assert await may_log_in(dsn, database) == role


async def test_a_role_of_that_name_gets_the_password(
    dsn: str, database: asyncpg.Connection
) -> None:
    await use(dsn, "a")
    before = await database.fetchrow("DELETE FROM control.logins RETURNING *")

    await use(dsn, "b")

    now = await database.fetchrow("SELECT * FROM control.logins")
    assert before is not None
    assert now is not None
    assert now["role_name"] == before["role_name"]
    assert now["password"] != before["password"]
    assert await may_log_in(dsn, database) == now["role_name"]


@pytest.mark.parametrize("power", ["SUPERUSER", "BYPASSRLS"])
async def test_a_login_that_policies_do_not_bind_is_refused(
    dsn: str, database: asyncpg.Connection, power: str
) -> None:
    async with stores(dsn, STORAGE):
        pass
    role = await database.fetchval("SELECT role_name FROM control.logins")
    await database.execute(f"ALTER ROLE {role} {power}")

    with pytest.raises(LoginRefused):
        async with stores(dsn, STORAGE):
            pass

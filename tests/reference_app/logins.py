"""Logins that are no superusers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
from pydantic import SecretStr

from reference_app.dsns import with_login


@asynccontextmanager
async def modest_login(dsn: str, database: asyncpg.Connection) -> AsyncIterator[str]:
    """Yield a DSN whose login may make roles, schemas and databases, and no more.

    Afterwards it is gone, and so is what it has made in this database.
    """
    name = await database.fetchval("SELECT current_database()")
    login = f"login_{name}"
    await database.execute(
        f"CREATE ROLE {login} LOGIN CREATEROLE CREATEDB PASSWORD 'pw';"
        f"GRANT CREATE ON DATABASE {name} TO {login}"
    )
    try:
        yield with_login(SecretStr(dsn), login, "pw").get_secret_value()
    finally:
        made = await database.fetch(
            "SELECT quote_ident(datname) FROM pg_database WHERE datdba = $1::regrole",
            login,
        )
        for (other,) in made:
            await database.execute(f"ALTER DATABASE {other} IS_TEMPLATE false")
            await database.execute(f"DROP DATABASE {other} WITH (FORCE)")
        roles = await database.fetch(
            "SELECT quote_ident(pg_get_userbyid(roleid)) FROM pg_auth_members "
            "WHERE member = $1::regrole",
            login,
        )
        for (role,) in {tuple(row) for row in roles}:
            await database.execute(f"DROP OWNED BY {role}; DROP ROLE {role}")
        await database.execute(f"DROP OWNED BY {login}; DROP ROLE {login}")

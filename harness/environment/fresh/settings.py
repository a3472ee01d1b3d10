"""What a database has besides its contents, which a copy of it does not get."""

from __future__ import annotations

import asyncpg

from harness.environment.quoting import identifier, literal

# Their values are lists of names that are quoted already.
_LISTS = frozenset(
    {
        "local_preload_libraries",
        "search_path",
        "session_preload_libraries",
        "temp_tablespaces",
    }
)

_OPTIONS = """
select coalesce(r.rolname, '') as role, unnest(s.setconfig) as option
from pg_db_role_setting s left join pg_roles r on r.oid = s.setrole
where s.setdatabase = (select oid from pg_database where datname = $1)
"""

_RIGHTS = """
select coalesce(r.rolname, '') as role, a.privilege_type as right, a.is_grantable
from pg_database d cross join lateral aclexplode(d.datacl) a
left join pg_roles r on r.oid = a.grantee
where d.datname = $1
"""

_OWNER = """
select pg_get_userbyid(datdba) as owner, datacl is not null as has_rights
from pg_database where datname = $1
"""


async def database_settings(
    connection: asyncpg.Connection, name: str
) -> tuple[str, ...]:
    """Return the statements that give a new copy the same owner, rights and options.

    These are kept outside of a database: ALTER DATABASE … SET, ALTER ROLE … IN
    DATABASE … SET, and GRANT … ON DATABASE.

    Args:
        connection: To any database of the server.
        name: The database; the statements are for one of the same name.
    """
    database = identifier(name)
    row = await connection.fetchrow(_OWNER, name)
    if row is None:
        return ()
    owner = identifier(row["owner"])
    statements = [f"alter database {database} owner to {owner}"]
    if row["has_rights"]:
        statements.append(f"revoke all on database {database} from public, {owner}")
        for given in await connection.fetch(_RIGHTS, name):
            role = identifier(given["role"]) if given["role"] else "public"
            grantable = " with grant option" if given["is_grantable"] else ""
            statements.append(
                f"grant {given['right']} on database {database} to {role}{grantable}"
            )
    for option in await connection.fetch(_OPTIONS, name):
        whose = f"database {database}"
        if option["role"]:
            whose = f"role {identifier(option['role'])} in database {database}"
        statements.append(f"alter {whose} set {_setting(option['option'])}")
    return tuple(statements)


def _setting(option: str) -> str:
    key, _, value = option.partition("=")
    if key in _LISTS:
        return f"{key} to {value.replace(chr(34) * 2, chr(39) * 2) or chr(39) * 2}"
    # Custom options have a dot in their name.
    return f"{identifier(*key.split('.'))} to {literal(value)}"

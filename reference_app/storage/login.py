"""A login for tenants' work that owns nothing and may do little.

Its password is made up once and kept in the control schema, where only the owner
of that can read it, so that all processes of the app have the same.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass, field

from reference_app.identifiers import quote_identifier
from reference_app.migrations import Connection

_ITERATIONS = 4096


class LoginRefused(Exception):
    """The role for tenants' work may do more than it should."""


@dataclass(frozen=True, slots=True)
class OwnLogin:
    """What a pool logs in with."""

    role: str
    password: str = field(repr=False)


async def ensure_login(connection: Connection, purpose: str) -> OwnLogin:
    """Return the login for a purpose; make it if it is not there.

    Others who do the same wait until the transaction ends. The login of the DSN
    becomes a member of it, to act in its name.

    Args:
        connection: In a transaction, and allowed to make roles.
        purpose: What it is for; becomes part of its name.

    Raises:
        LoginRefused: Somebody has made it a superuser, or exempt from policies.
    """
    await connection.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", "login " + purpose
    )
    row = await connection.fetchrow(
        "SELECT role_name, password FROM control.logins WHERE purpose = $1", purpose
    )
    login = OwnLogin(*row) if row else await _note(connection, purpose)
    flags = await connection.fetchrow(
        "SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = $1", login.role
    )
    if flags is not None and any(flags):
        raise LoginRefused(f"the role {login.role} is exempt from policies")
    # A role outlives its database, and a copy on another server has none.
    if row is None or flags is None:
        await _make(connection, login, known=flags is not None)
    return login


async def _note(connection: Connection, purpose: str) -> OwnLogin:
    """Make a login up and keep it; roles are a whole cluster's."""
    database = str(await connection.fetchval("SELECT current_database()"))
    suffix = hashlib.sha256(database.encode()).hexdigest()[:8]
    login = OwnLogin(f"{purpose}_{suffix}", secrets.token_urlsafe(32))
    await connection.execute(
        "INSERT INTO control.logins (purpose, role_name, password) VALUES ($1, $2, $3)",
        purpose,
        login.role,
        login.password,
    )
    return login


async def _make(connection: Connection, login: OwnLogin, *, known: bool) -> None:
    """Create the role, or give the one of that name the password."""
    role = quote_identifier(login.role)
    verb = "ALTER" if known else "CREATE"
    await connection.execute(
        f"{verb} ROLE {role} LOGIN NOINHERIT NOCREATEDB NOCREATEROLE "
        f"PASSWORD '{_verifier(login.password)}'; GRANT {role} TO CURRENT_USER"
    )


def _verifier(password: str) -> str:
    """Return what Postgres keeps of a password of ASCII letters and digits.

    Sent in its place, it keeps the password out of the server's log. It is what
    SCRAM-SHA-256 derives (RFC 5802, section 3).
    """
    salt = secrets.token_bytes(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, _ITERATIONS)
    client = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    encoded = [base64.b64encode(part).decode() for part in (salt, client, server)]
    return f"SCRAM-SHA-256${_ITERATIONS}:{encoded[0]}${encoded[1]}:{encoded[2]}"

"""Names of schemas and roles, and the one way they enter a statement."""

from __future__ import annotations

import hashlib

LONGEST = 63
"""Bytes of an identifier that Postgres keeps (NAMEDATALEN - 1)."""

_RESERVED = frozenset(
    {"$user", "control", "information_schema", "public", "row_security", "shared"}
)


def quote_identifier(name: str) -> str:
    """Quote a name so that Postgres takes it as exactly one identifier.

    Good inside a statement and inside the value of `search_path`: both read
    double-quoted identifiers in the same way. (Only `$user` and `pg_temp` keep
    their meaning for `search_path` when quoted: no schema may be called so.)

    Raises:
        ValueError: It is empty, contains NUL, or is longer than 63 bytes, which
            Postgres would cut silently, perhaps to the name of something else.
    """
    if not name or "\0" in name:
        raise ValueError("an identifier is neither empty nor contains NUL")
    if len(name.encode()) > LONGEST:
        raise ValueError(f"an identifier has at most {LONGEST} bytes")
    return '"' + name.replace('"', '""') + '"'


def schema_named_after(name: str) -> str:
    """Return the schema for a tenant of this name: the name itself if it can be.

    A name that is too long, or means something else to Postgres or to this
    app, gets a hash of itself at its end, so that no two names meet.
    """
    reserved = name.lower() in _RESERVED or name.lower().startswith("pg_")
    if len(name.encode()) <= LONGEST and not reserved:
        return name
    suffix = "~" + hashlib.sha256(name.encode()).hexdigest()[:12]
    kept = name.encode()[: LONGEST - len(suffix)].decode(errors="ignore")
    return ("~" + kept if reserved else kept)[: LONGEST - len(suffix)] + suffix

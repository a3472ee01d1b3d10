"""Addresses of databases, changed in one respect."""

from __future__ import annotations

from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from pydantic import SecretStr


def with_login(dsn: SecretStr, user: str, password: str) -> SecretStr:
    """Return the address with another login."""
    parts = urlsplit(dsn.get_secret_value())
    hosts = parts.netloc.rpartition("@")[2]
    netloc = f"{quote(user, safe='')}:{quote(password, safe='')}@{hosts}"
    query = _without(parts.query, "user", "password")
    return SecretStr(urlunsplit(parts._replace(netloc=netloc, query=query)))


def with_database(dsn: SecretStr, database: str) -> SecretStr:
    """Return the address of another database on the same server."""
    parts = urlsplit(dsn.get_secret_value())
    path = "/" + quote(database, safe="")
    query = _without(parts.query, "database", "dbname")
    return SecretStr(urlunsplit(parts._replace(path=path, query=query)))


def _without(query: str, *names: str) -> str:
    pairs = parse_qsl(query, keep_blank_values=True)
    return urlencode([(name, value) for name, value in pairs if name not in names])

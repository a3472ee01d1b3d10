"""Data source names: reading, changing and writing postgresql:// addresses."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import parse_qs, quote, unquote, urlsplit, urlunsplit

from harness.errors import PostgresError

_DEFAULT_PORT = 5432


@dataclass(frozen=True, slots=True)
class Address:
    """The parts of a DSN that messages and children need."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    database: str


def make_dsn(address: Address) -> str:
    """Write the address as a DSN."""
    user, password = quote(address.user, safe=""), quote(address.password, safe="")
    place = f"{address.host}:{address.port}"
    return f"postgresql://{user}:{password}@{place}/{quote(address.database, safe='')}"


def normalised(dsn: str) -> str:
    """Return the DSN without the driver that SQLAlchemy's form names.

    Raises:
        PostgresError: It is not a postgresql:// address.
    """
    scheme, colon, rest = dsn.strip().partition("://")
    name = scheme.partition("+")[0]
    if not colon or name not in {"postgresql", "postgres"}:
        raise PostgresError(
            "the DSN is not a postgresql:// address",
            hint="Write postgresql://user:password@host:port/database.",
        )
    return f"postgresql://{rest}"


def read_dsn(dsn: str) -> Address:
    """Read the parts of a DSN.

    Raises:
        PostgresError: The port is not a number.
    """
    parts = urlsplit(dsn)
    query = parse_qs(parts.query)
    try:
        port = parts.port
    except ValueError as error:
        raise PostgresError("the port in the DSN is not a number") from error
    return Address(
        host=parts.hostname or query.get("host", ["localhost"])[0],
        port=port or int(query.get("port", [str(_DEFAULT_PORT)])[0]),
        user=unquote(parts.username or query.get("user", [""])[0]),
        password=unquote(parts.password or query.get("password", [""])[0]),
        database=unquote(parts.path.lstrip("/")),
    )


def with_database(dsn: str, database: str) -> str:
    """Return the DSN for another database, all else the same."""
    return urlunsplit(urlsplit(dsn)._replace(path=f"/{quote(database, safe='')}"))

"""A tenant's tables, as far as statements need to know them.

Migrations make them. Columns stand in the order of the rows' fields, and those
that a client must not see come last.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    Identity,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
)

METADATA = MetaData()


def _number() -> Column[int]:
    return Column("id", Integer, Identity(), primary_key=True)


def _moment(name: str) -> Column[object]:
    return Column(name, DateTime(timezone=True))


documents = Table(
    "documents",
    METADATA,
    _number(),
    Column("title", Text),
    Column("body", Text),
    _moment("created_at"),
    _moment("updated_at"),
)
members = Table(
    "members",
    METADATA,
    _number(),
    Column("email", Text),
    Column("name", Text),
    Column("role", Text),
    _moment("created_at"),
    Column("password_hash", Text),
)
flags = Table(
    "flags",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("enabled", Boolean),
    Column("description", Text),
)
messages = Table(
    "messages",
    METADATA,
    _number(),
    Column("member_id", Integer, primary_key=True),
    Column("role", Text),
    Column("text", Text),
    _moment("created_at"),
)
usage = Table(
    "usage",
    METADATA,
    Column("member_id", Integer),
    Column("requests", Integer),
    Column("input_tokens", Integer),
    Column("output_tokens", Integer),
    _moment("used_at"),
)
audit = Table(
    "audit",
    METADATA,
    _number(),
    Column("member_id", Integer),
    Column("action", Text),
    Column("subject", Text),
    _moment("created_at"),
)
exports = Table(
    "exports",
    METADATA,
    _number(),
    Column("member_id", Integer),
    Column("status", Text),
    _moment("created_at"),
    _moment("finished_at"),
    Column("content", LargeBinary),
)
webhooks = Table(
    "webhooks",
    METADATA,
    _number(),
    Column("url", Text),
    _moment("created_at"),
    Column("secret", Text),
)

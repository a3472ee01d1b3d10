"""A quoted name is one identifier, whatever it contains."""

from __future__ import annotations

import asyncpg
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from reference_app.identifiers import LONGEST, quote_identifier, schema_named_after

NAMES = st.text(
    st.characters(exclude_characters="\0", exclude_categories=["Cs"]),
    min_size=1,
    max_size=200,
)


@example('x", "tenant_b')
@example('"')
@example("a,b")
@given(NAMES.filter(lambda name: len(name.encode()) <= LONGEST))
def test_quoting_can_be_undone_and_leaves_no_quote_alone(name: str) -> None:
    quoted = quote_identifier(name)

    inner = quoted[1:-1]
    assert inner.replace('""', "").count('"') == 0
    assert inner.replace('""', '"') == name


@pytest.mark.parametrize("name", ["", "a\0b", "x" * 64, "ü" * 32])
def test_what_postgres_would_cut_or_refuse_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="identifier"):
        quote_identifier(name)


@pytest.mark.parametrize("name", ['x", "tenant_b', "a,b", '"', "Ünï code\n", "x" * 63])
async def test_postgres_reads_a_quoted_name_as_that_one_schema(
    database: asyncpg.Connection, name: str
) -> None:
    quoted = quote_identifier(name)

    await database.execute(f"CREATE SCHEMA {quoted}")
    await database.execute("SELECT set_config('search_path', $1, false)", quoted)

    assert await database.fetchval("SELECT current_schemas(false)") == [name]


@given(NAMES)
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_every_name_has_a_schema_that_can_be_quoted(name: str) -> None:
    schema = schema_named_after(name)

    quote_identifier(schema)
    assert not schema.lower().startswith("pg_")
    assert schema.lower() not in {"control", "information_schema", "public", "shared"}


def test_long_names_that_begin_alike_have_different_schemas() -> None:
    assert schema_named_after("😀" * 199 + "a") != schema_named_after("😀" * 199 + "b")


@pytest.mark.parametrize("name", ["$user", "pg_temp", "control", "Public"])
def test_a_name_that_means_something_already_is_not_the_schema(name: str) -> None:
    assert schema_named_after(name) != name
    assert name in schema_named_after(name)


def test_a_name_that_fits_is_the_schema() -> None:
    assert schema_named_after('x", "tenant_b') == 'x", "tenant_b'

"""Many tenants come from a file, each completely or not at all."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import asyncpg

from tests.reference_app.running import PASSWORD, running

ROOT = Path(__file__).parents[2]
CHEAP = {
    "REFERENCE_APP_ARGON2_TIME_COST": "1",
    "REFERENCE_APP_ARGON2_MEMORY_KIB": "8",
    "REFERENCE_APP_ARGON2_PARALLELISM": "1",
}


def new(slug: str, **more: object) -> str:
    tenant = {
        "slug": slug,
        "name": slug.title(),
        "admin_email": f"boss@{slug}.example",
        "admin_password": PASSWORD,
        **more,
    }
    return json.dumps(tenant)


def imported(
    dsn: str, *lines: str, **variables: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "reference_app", "import"],
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": dsn} | CHEAP | variables,
        input="\n".join(lines),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


async def slugs(database: asyncpg.Connection) -> list[str]:
    rows = await database.fetch("SELECT slug FROM control.tenants ORDER BY slug")
    return [row["slug"] for row in rows]


async def test_each_line_becomes_a_tenant_of_a_running_app_and_is_told_in_order(
    dsn: str, database: asyncpg.Connection
) -> None:
    wanted = [f"t{number:02}" for number in range(12)]
    async with running(dsn) as app:
        result = imported(
            dsn, *(new(slug) for slug in wanted), "", new("own", domains=["own.test"])
        )

        assert result.returncode == 0, result.stderr
        told = [json.loads(line) for line in result.stdout.splitlines()]
        assert [one["slug"] for one in told] == [*wanted, "own"]
        ids = await database.fetch("SELECT id::text, slug FROM control.tenants")
        assert {one["slug"]: one["id"] for one in told} == {
            r["slug"]: r["id"] for r in ids
        }
        for slug in ("t00", "t11"):
            client = await app.log_in(slug)
            assert await client.write("first") == 1
        assert PASSWORD not in result.stdout + result.stderr


async def test_a_taken_slug_ends_the_import_and_is_named(
    dsn: str, database: asyncpg.Connection
) -> None:
    async with running(dsn) as app:
        await app.tenant("acme")
        result = imported(dsn, new("before"), new("acme", name="Other"))

    assert result.returncode == 2
    assert "tenant acme: the slug, the name or a domain is another" in result.stderr
    assert await slugs(database) == ["acme", "before"]


async def test_nothing_is_made_if_a_line_is_wrong_and_no_secret_is_shown(
    dsn: str, database: asyncpg.Connection
) -> None:
    async with running(dsn):
        refused = imported(dsn, new("fine"), new("NO", admin_password="hunter2hunter2"))
        broken = imported(dsn, new("fine"), "{")
        below = imported(dsn, new("fine"), new("b", domains=["x.a.localhost"]))

    assert (refused.returncode, broken.returncode, below.returncode) == (2, 2, 2)
    assert refused.stderr.startswith("line 2: slug: ")
    assert "hunter2" not in refused.stderr
    assert broken.stderr.startswith("line 2: the line: ")
    assert "tenant b: a custom domain lies below" in below.stderr
    assert await slugs(database) == ["fine"]


async def test_one_connection_is_enough(dsn: str, database: asyncpg.Connection) -> None:
    lines = [new(slug) for slug in ("a", "b", "c")]
    result = imported(dsn, *lines, REFERENCE_APP_SHARED_POOL_MAX="1")

    assert result.returncode == 0, result.stderr
    assert await slugs(database) == ["a", "b", "c"]


async def test_a_domain_that_one_tenant_names_twice_is_taken(
    dsn: str, database: asyncpg.Connection
) -> None:
    result = imported(dsn, new("fine"), new("twice", domains=["own.test", "own.test"]))

    assert result.returncode == 2
    assert "tenant twice: the slug, the name or a domain" in result.stderr
    assert await slugs(database) == ["fine"]
    schemas = "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'tenant\\_%'"
    assert await database.fetchval(schemas) == 1


def test_the_command_loads_nothing_that_only_requests_are_answered_with() -> None:
    script = (
        "import sys, reference_app.__main__ as it\n"
        "print(*sorted({'anthropic', 'fastapi', 'sqlalchemy'} & set(sys.modules)))"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    assert loaded.stdout.split() == []

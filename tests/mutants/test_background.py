"""Files, trails and log lines of background work that are mixed up among tenants."""

from __future__ import annotations

import asyncpg
import pytest

from tests.mutants.held_receiver import held_receiver
from tests.mutants.held_table import held_table
from tests.mutants.variants import Serve, Variant, beside
from tests.reference_app.running import TenantClient
from tests.reference_app.test_exports import export, titles
from tests.reference_app.test_logs import lines
from tests.reference_app.test_webhooks import hook
from tests.waiting import until


async def trail(client: TenantClient) -> list[str]:
    """Return what was done, and to what."""
    answer = await client.get("/audit?limit=100")
    return [entry["subject"] for entry in answer.json()["items"]]


@beside("exports-listed-for-all", "shared-tables")
async def test_exports_of_another_tenant_are_listed_and_their_files_are_not_there(
    serve: Serve, variant: Variant
) -> None:
    async with serve(variant) as app:
        a, b = await app.tenant("a"), await app.tenant("b")
        theirs = await export(a)
        await a.get(f"{theirs}/file")

        listed = (await b.get("/exports")).json()["items"]

        assert len(listed) == (1 if variant.leaks else 0)
        assert (await b.get(f"{theirs}/file")).status_code == 404


@beside("export-by-number", "export-kept-by-tenant")
async def test_a_file_is_that_of_the_same_number_at_another_tenant(
    serve: Serve, variant: Variant
) -> None:
    async with serve(variant) as app:
        a, b = await app.tenant("a"), await app.tenant("b")
        await a.write("of A")
        await b.write("of B")
        of_a = await titles(a, await export(a))

        of_b = await titles(b, await export(b))

        assert of_a == ["of A"]
        assert of_b == (["of A"] if variant.leaks else ["of B"])


@beside("export-buffer-shared")
async def test_files_that_are_made_at_the_same_time_are_mixed(
    serve: Serve, variant: Variant, database: asyncpg.Connection
) -> None:
    async with serve(variant) as app:
        a, b = await app.tenant("a"), await app.tenant("b")
        await a.write("of A")
        await b.write("of B")

        async with held_table(database, "tenant_a.documents") as wanted:
            path = await export(a)
            await wanted()
            of_b = await titles(b, await export(b))
        of_a = await titles(a, path)

        assert of_a == (["of B", "of A"] if variant.leaks else ["of A"])
        assert of_b == ["of B"]


@beside("deeds-of-a-burst")
async def test_what_is_done_meanwhile_is_in_the_trail_of_another_tenant(
    serve: Serve, variant: Variant, database: asyncpg.Connection
) -> None:
    async with serve(variant) as app:
        a, b = await app.tenant("a"), await app.tenant("b")
        await trail(a)
        async with held_table(database, "tenant_a.audit") as wanted:
            of_a = await a.write("of A")
            await wanted()
            of_b = await b.write("of B")

        trails = await trail(a), await trail(b)

        assert f"document {of_a}: of A" in trails[0]
        assert (f"document {of_b}: of B" in trails[0]) is variant.leaks
        assert (f"document {of_b}: of B" in trails[1]) is not variant.leaks


@beside("deeds-of-a-burst")
async def test_what_is_done_alone_is_in_ones_own_trail_either_way(
    serve: Serve, variant: Variant
) -> None:
    async with serve(variant) as app:
        a, b = await app.tenant("a"), await app.tenant("b")
        for one in (a, b):
            number = await one.write(f"of {one.host}")
            assert (await trail(one))[0] == f"document {number}: of {one.host}"


@beside("deed-in-the-log")
async def test_a_title_is_in_the_log(
    serve: Serve, variant: Variant, caplog: pytest.LogCaptureFixture
) -> None:
    async with serve(variant) as app:
        a = await app.tenant("a")
        await a.write("a private title")
        await trail(a)

    told = [line for line in lines(caplog) if "a private title" in str(line)]
    assert bool(told) is variant.leaks
    assert {line["tenant"] for line in told} <= {"a"}


@beside("job-line-of-last", "job-line-of-its-own")
async def test_the_line_of_a_job_names_who_began_one_after_it(
    serve: Serve, variant: Variant, caplog: pytest.LogCaptureFixture
) -> None:
    def done() -> list[str]:
        return [
            line["tenant"] for line in lines(caplog) if line.get("job") == "webhooks"
        ]

    variant = variant.having(webhook_networks="127.0.0.0/8")
    async with held_receiver() as there, serve(variant) as app:
        a, b = await app.tenant("a"), await app.tenant("b")
        await hook(a, there.url("/held"))
        await hook(b, there.url("/"))
        await a.write("of A")
        await there.came.wait()
        await b.write("of B")
        await until(lambda: len(done()) == 1)
        there.may_go.set()
        await until(lambda: len(done()) == 2)

        assert done() == (["b", "b"] if variant.leaks else ["b", "a"])

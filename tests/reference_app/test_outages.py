"""A database that goes away is told as such, and is found again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from reference_app.outages import problem_of
from tests.reference_app.running import running


@dataclass
class Farewell:
    """Between what a server says last and the end of its connection."""

    said: asyncio.Event = field(default_factory=asyncio.Event)
    over: asyncio.Event = field(default_factory=asyncio.Event)


def through(dsn: str, port: int) -> str:
    """Return the address of a database by way of a relay."""
    whole = urlsplit(dsn)
    netloc = f"{whole.netloc.rpartition('@')[0]}@127.0.0.1:{port}"
    return urlunsplit(whole._replace(netloc=netloc))


@asynccontextmanager
async def relay(
    dsn: str, port: int = 0, *, farewell: Farewell | None = None
) -> AsyncIterator[int]:
    """Pass connections on to the database; at the end they break."""
    upstream = urlsplit(dsn)
    open_now: list[asyncio.StreamWriter] = []

    async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while data := await source.read(65536):
            sink.write(data)
        if farewell is not None:
            farewell.said.set()
            await farewell.over.wait()
        sink.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        source, sink = await asyncio.open_connection(upstream.hostname, upstream.port)
        open_now.extend((writer, sink))
        await asyncio.gather(
            pump(reader, sink), pump(source, writer), return_exceptions=True
        )

    server = await asyncio.start_server(serve, "127.0.0.1", port)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for writer in open_now:
            writer.transport.abort()


async def test_without_its_database_the_app_is_503_and_comes_back(
    dsn: str, storage: str
) -> None:
    async with AsyncExitStack() as database:
        port = await database.enter_async_context(relay(dsn))
        async with running(
            through(dsn, port), storage=storage, cache_lifetime=0
        ) as app:
            acme = await app.tenant("acme")
            await database.aclose()
            gone = [await acme.get("/documents"), await app.send("GET", "/readyz")]
            alive = await app.send("GET", "/livez")
            async with relay(dsn, port):
                back = await acme.get("/documents")

    assert [response.status_code for response in gone] == [503, 503]
    assert all("retry-after" in response.headers for response in gone)
    assert (alive.status_code, back.status_code) == (200, 200)


async def test_connections_that_the_server_ends_are_replaced(
    dsn: str, database: asyncpg.Connection, storage: str
) -> None:
    async with running(dsn, storage=storage, cache_lifetime=0) as app:
        acme = await app.tenant("acme")
        await database.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )

        async with asyncio.timeout(60):
            # Between the server's farewell and its end a connection cannot be told
            # from a good one.
            while (answer := await acme.get("/documents")).status_code == 503:
                assert answer.headers["retry-after"]
        assert answer.status_code == 200


async def test_who_waits_long_for_a_connection_to_the_tenants_list_is_told_503(
    dsn: str,
) -> None:
    settings: dict[str, Any] = {
        "shared_pool_max": 1,
        "acquire_timeout": 0.2,
        "cache_lifetime": 0,
    }
    async with running(dsn, **settings) as app, asyncio.timeout(60):
        acme = await app.tenant("acme")
        async with app.state["resources"].control.acquire():
            answers = [
                await app.send("GET", "/readyz"),
                await acme.get("/documents"),
                await app.onboard("late"),
            ]

    assert [answer.status_code for answer in answers] == [503] * 3
    assert all("retry-after" in answer.headers for answer in answers)


async def test_a_connection_that_is_used_just_as_the_server_ends_it_is_503(
    dsn: str, database: asyncpg.Connection
) -> None:
    async with AsyncExitStack() as stack:
        farewell = Farewell()
        port = await stack.enter_async_context(relay(dsn, farewell=farewell))
        app = await stack.enter_async_context(running(through(dsn, port)))
        async with app.state["resources"].control.acquire() as connection:
            pid = connection.get_server_pid()
        await database.execute("SELECT pg_terminate_backend($1, 5000)", pid)
        await farewell.said.wait()
        await database.fetchval("SELECT 1")  # what travelled before has arrived

        during, after = [await app.send("GET", "/readyz") for _ in range(2)]
        farewell.over.set()

    assert (during.status_code, after.status_code) == (503, 200)
    assert "retry-after" in during.headers


def test_other_failures_inside_the_driver_are_bugs() -> None:
    for text in (
        "cannot switch to state 12; another operation (12) is in progress",
        "unknown error in protocol implementation",
    ):
        error = asyncpg.InternalClientError(text)
        assert problem_of(error, retry_after=1).status == 500
    busy = asyncpg.InterfaceError(
        "cannot perform operation: another operation is in progress"
    )
    assert problem_of(busy, retry_after=1).status == 500

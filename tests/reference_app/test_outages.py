"""A database that goes away is told as such, and is found again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from tests.reference_app.running import running


@asynccontextmanager
async def relay(dsn: str, port: int = 0) -> AsyncIterator[int]:
    """Pass connections on to the database; at the end they break."""
    upstream = urlsplit(dsn)
    open_now: list[asyncio.StreamWriter] = []

    async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while data := await source.read(65536):
            sink.write(data)
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
    whole = urlsplit(dsn)
    async with AsyncExitStack() as database:
        port = await database.enter_async_context(relay(dsn))
        netloc = f"{whole.netloc.rpartition('@')[0]}@127.0.0.1:{port}"
        relayed = urlunsplit(whole._replace(netloc=netloc))
        async with running(relayed, storage=storage, cache_lifetime=0) as app:
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

        assert (await acme.get("/documents")).status_code == 200

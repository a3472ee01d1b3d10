"""Which of the server's processes a loop still holds open."""

from __future__ import annotations

import asyncio

import asyncpg

from harness.observe.asyncpg import held_backends


async def test_connections_count_until_they_are_being_closed(server_dsn: str) -> None:
    one, other = [await asyncpg.connect(server_dsn) for _ in range(2)]
    first, second = (
        each._transport  # type: ignore[attr-defined]
        for each in (one, other)
    )
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1")
    host, port = server.sockets[0].getsockname()
    _, writer = await asyncio.open_connection(host, port)
    foreign = writer.transport
    transports = [first, second, foreign]

    assert held_backends(transports) == {one.get_server_pid(), other.get_server_pid()}

    first.close()

    assert held_backends(transports) == {other.get_server_pid()}
    await other.close()
    writer.close()
    server.close()

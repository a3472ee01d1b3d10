"""The source that is taken, and a server that goes away in mid-run."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import asyncpg
import pytest

from harness.environment.place import Place
from harness.environment.postgres import (
    Postgres,
    alive,
    ensure_alive,
    postgres,
    until_dead,
)
from harness.environment.sweep import server_pid
from harness.errors import PostgresError

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


def kill_server(home: Path) -> None:
    (run,) = Place(home / "postgres").runs.iterdir()
    pid = server_pid(run / "server" / "data")
    assert pid is not None
    os.kill(pid, signal.SIGKILL)


async def test_auto_takes_a_dsn_before_anything_else(
    server: Postgres, home: Path
) -> None:
    async with postgres(dsn=server.dsn, home=home) as pg:
        assert pg.source == "dsn"
        assert pg.reason == "Postgres is the one of the DSN: a DSN is set."
        assert pg.version == server.version
        assert await alive(pg)


async def test_a_named_source_is_taken_though_a_dsn_is_set(
    server: Postgres, home: Path
) -> None:
    async with postgres(source="embedded", dsn=server.dsn, home=home) as pg:
        assert (pg.source, pg.port != server.port) == ("embedded", True)


async def test_no_dsn_where_one_is_asked_for_is_an_error(home: Path) -> None:
    with pytest.raises(PostgresError, match="there is none"):
        async with postgres(source="dsn", home=home):
            pass


@linux_only
async def test_an_error_after_the_server_was_killed_says_that_it_was(
    home: Path,
) -> None:
    async def use() -> None:
        async with postgres(source="embedded", home=home) as pg:
            connection = await asyncpg.connect(pg.dsn)
            kill_server(home)
            try:
                while True:
                    await connection.execute("select pg_sleep(0.01)")
            finally:
                connection.terminate()

    with pytest.raises(PostgresError, match="went away in mid-run") as raised:
        await use()

    assert "ended by SIGKILL" in raised.value.message
    assert "ready to accept connections" in raised.value.message
    assert list(Place(home / "postgres").runs.iterdir()) == []


async def test_an_error_while_the_server_lives_stays_what_it_is(home: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        async with postgres(source="embedded", home=home):
            raise ZeroDivisionError


@linux_only
async def test_a_watcher_learns_of_the_end(home: Path) -> None:
    async with postgres(source="embedded", home=home) as pg:
        watcher = asyncio.create_task(until_dead(pg, every=0.05))
        await ensure_alive(pg)
        kill_server(home)

        error = await asyncio.wait_for(watcher, 60)

        assert "ended by SIGKILL" in error.message
        assert not await alive(pg)
        with pytest.raises(PostgresError, match="went away"):
            await ensure_alive(pg)


@linux_only
async def test_a_server_that_hangs_is_not_alive(home: Path) -> None:
    async with postgres(source="embedded", home=home) as pg:
        (run,) = Place(home / "postgres").runs.iterdir()
        pid = server_pid(run / "server" / "data")
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        try:
            with pytest.raises(PostgresError, match="still runs but does not answer"):
                await ensure_alive(pg, timeout=0.3)
        finally:
            os.kill(pid, signal.SIGCONT)


async def test_a_server_that_has_no_connection_left_is_alive(home: Path) -> None:
    async with postgres(source="embedded", home=home, max_connections=5) as pg:
        held = [await asyncpg.connect(pg.dsn) for _ in range(5)]
        with pytest.raises(asyncpg.TooManyConnectionsError):
            await asyncpg.connect(pg.dsn)

        assert await alive(pg)

        for connection in held:
            await connection.close()

"""The container: as the embedded server, and removed however its run ended."""

from __future__ import annotations

import asyncio
import os
from typing import Any

import asyncpg
import pytest

from harness.environment.blocking import in_daemon_thread
from harness.environment.container import LABEL, container
from harness.environment.owner import Owner
from harness.environment.postgres import ensure_alive, postgres
from harness.errors import PostgresError
from tests.environment.processes import child, server_child

pytestmark = pytest.mark.docker


def containers(mark: str) -> list[Any]:
    import docker

    client = docker.from_env()
    try:
        found: list[Any] = client.containers.list(
            all=True, filters={"label": f"{LABEL}={mark}"}
        )
        return found
    finally:
        client.close()


def mine() -> list[Any]:
    return containers(Owner.current().mark)


async def test_it_answers_is_tuned_and_is_removed(image: str) -> None:
    async with container(reason="a test", image=image, max_connections=77) as pg:
        connection = await asyncpg.connect(pg.dsn)
        assert await connection.fetchval("show fsync") == "off"
        assert await connection.fetchval("show max_connections") == "77"
        await connection.close()
        assert len(mine()) == 1

    assert mine() == []


async def test_its_port_is_on_loopback_where_the_engine_is_local(
    image: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from testcontainers.core.config import testcontainers_config

    monkeypatch.setattr(testcontainers_config, "tc_host_override", "127.0.0.1")

    async with container(reason="a test", image=image) as pg:
        (found,) = mine()
        (binding,) = found.attrs["NetworkSettings"]["Ports"]["5432/tcp"]

    assert binding == {"HostIp": "127.0.0.1", "HostPort": str(pg.port)}
    assert pg.host == "127.0.0.1"


async def test_auto_takes_it_and_says_why(image: str) -> None:
    async with postgres(image=image) as pg:
        assert pg.source == "testcontainers"
        assert f"a container of {image}: a Docker engine (" in pg.reason


async def test_what_a_killed_run_left_is_gone_after_the_next_start(image: str) -> None:
    with child(
        server_child(f"container(reason='', image={image!r})"),
        TESTCONTAINERS_RYUK_DISABLED="true",
    ) as (parent, _):
        mark = Owner(Owner.current().host, parent.pid, _started(parent.pid)).mark
        assert len(containers(mark)) == 1
        parent.kill()
        parent.wait()
        assert len(containers(mark)) == 1

    async with container(reason="the next", image=image):
        assert containers(mark) == []


def _started(pid: int) -> str:
    from harness.environment.owner import start_mark

    return start_mark(pid)


async def test_another_living_runs_container_stays(image: str) -> None:
    async with (
        container(reason="one", image=image) as first,
        container(reason="two", image=image) as second,
    ):
        assert first.port != second.port
        assert len(mine()) == 2


async def test_one_that_was_killed_is_reported_with_the_end_of_its_log(
    image: str,
) -> None:
    async def use() -> None:
        async with postgres(source="testcontainers", image=image) as pg:
            (found,) = mine()
            found.kill()
            await ensure_alive(pg)

    with pytest.raises(PostgresError, match="went away in mid-run") as raised:
        await use()

    assert "exit code 137" in raised.value.message
    assert "ready to accept connections" in raised.value.message
    assert mine() == []


@pytest.mark.parametrize("after", [0.05, 0.2, 0.5, 1.0])
async def test_a_cancellation_in_mid_start_leaves_nothing(
    image: str, after: float
) -> None:
    async def use() -> None:
        async with container(reason="a test", image=image):
            await asyncio.Event().wait()

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(use(), after)

    assert await in_daemon_thread(mine) == []


async def test_an_image_that_does_not_exist_is_named(image: str) -> None:
    missing = "localhost/harness/none:0"

    with pytest.raises(PostgresError, match=missing):
        async with container(reason="a test", image=missing):
            pass


async def test_one_that_ends_at_once_is_reported_with_what_it_said(image: str) -> None:
    with pytest.raises(PostgresError, match="did not start") as raised:
        async with container(reason="a test", image=image, max_connections=-1):
            pass

    assert "max_connections" in raised.value.message
    assert mine() == []
    assert os.environ.get("POSTGRES_PASSWORD") is None

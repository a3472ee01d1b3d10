"""The tap on resources tells who uses what was opened for whom, and in which state."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.pool import Pool

from harness.model.boot import Condition
from harness.observe.asyncpg import Connection, connections_tapped
from harness.observe.initialisers import initialisers_tapped
from harness.observe.resources import Use, resources_tapped
from harness.recording.context import EXCHANGE
from harness.target.initialiser import Initialiser

APP = "pools_of_a_test"
OPEN = f"{APP}:open_pool"


@pytest.fixture
def uses() -> list[Use]:
    return []


@pytest.fixture
def opened() -> list[Connection]:
    return []


@pytest.fixture
def app(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    uses: list[Use],
    opened: list[Connection],
) -> Iterator[Any]:
    """Return an app all of whose openers are watched."""
    source = Path(__file__).parent / "apps" / "pools.py"
    (tmp_path / f"{APP}.py").write_text(source.read_text())
    monkeypatch.syspath_prepend(str(tmp_path))
    watched = [
        Initialiser(function=OPEN, tenant="slug", closed_by=f"{APP}:close_pool"),
        *(
            Initialiser(function=f"{APP}:{name}", tenant="slug")
            for name in ("open_one", "open_engine", "held_pool", "open_shared")
        ),
    ]
    with (
        initialisers_tapped(watched, lambda _: None),
        connections_tapped(opened.append, directory=tmp_path),
        resources_tapped(uses.append),
    ):
        yield importlib.import_module(APP)
    sys.modules.pop(APP, None)


@contextlib.contextmanager
def serving(exchange: int) -> Iterator[None]:
    token = EXCHANGE.set(exchange)
    yield
    EXCHANGE.reset(token)


def told(uses: list[Use], exchange: int) -> list[tuple[str, str, str]]:
    return [
        (one.key, one.form, str(one.state)) for one in uses if one.exchange == exchange
    ]


async def test_a_request_that_uses_a_tenants_pool_is_told_of_once(
    app: Any, uses: list[Use], server_dsn: str
) -> None:
    pools = [await app.open_pool(slug, server_dsn) for slug in ("acme", "globex")]
    with serving(7):
        for _ in range(3):
            await pools[1].fetchval("select 1")
    for pool in pools:
        await pool.close()

    assert told(uses, 7) == [
        ("globex", "pool", "ready"),
        ("globex", "connection", "ready"),
    ]
    (resource,) = {one.resource for one in uses if one.exchange == 7}
    assert {one.key for one in uses if one.resource == resource} == {"globex"}
    assert {(one.what, one.run) for one in uses if one.exchange == 7} == {(OPEN, 2)}


async def test_what_the_initialiser_uses_itself_is_told_of_as_such(
    app: Any, uses: list[Use], server_dsn: str
) -> None:
    pool = await app.open_pool("acme", server_dsn)
    await pool.close()

    assert {(one.state, one.during) for one in uses} == {(Condition.OPENING, "acme")}


async def test_who_uses_a_pool_that_is_half_open_is_told_of(
    app: Any, uses: list[Use], server_dsn: str
) -> None:
    half, go_on, box = asyncio.Event(), asyncio.Event(), list[asyncpg.Pool]()
    opening = asyncio.create_task(
        app.open_pool("acme", server_dsn, at_half=half, go_on=go_on, box=box)
    )
    await half.wait()
    with serving(7):
        await box[0].fetchval("select 1")
    go_on.set()
    await opening
    with serving(8):
        await box[0].fetchval("select 1")
    await box[0].close()

    assert told(uses, 7)[0] == ("acme", "pool", "opening")
    assert told(uses, 8)[0] == ("acme", "pool", "ready")
    assert {one.during for one in uses if one.exchange} == {""}


async def test_a_pool_of_a_cancelled_initialiser_is_abandoned(
    app: Any, uses: list[Use], server_dsn: str
) -> None:
    half, box = asyncio.Event(), list[asyncpg.Pool]()
    opening = asyncio.create_task(
        app.open_pool("acme", server_dsn, at_half=half, go_on=asyncio.Event(), box=box)
    )
    await half.wait()
    opening.cancel()
    await asyncio.wait([opening])
    with serving(7):
        await box[0].fetchval("select 1")
    await box[0].close()

    assert told(uses, 7)[0] == ("acme", "pool", "abandoned")


async def test_who_asks_a_closed_pool_is_told_of_and_gets_the_error(
    app: Any, uses: list[Use], server_dsn: str
) -> None:
    pool = await app.open_pool("acme", server_dsn)
    await app.close_pool("acme", pool)
    with serving(7), pytest.raises(asyncpg.InterfaceError, match="pool is closed"):
        await pool.fetchval("select 1")

    assert told(uses, 7) == [("acme", "pool", "closed")]
    closing = [one for one in uses if not one.exchange and one.state == "ready"]
    assert {one.during for one in closing} == {"acme"}


async def test_what_is_closed_in_the_middle_of_a_use_is_told_of_its_user(
    app: Any, uses: list[Use], server_dsn: str
) -> None:
    pool = await app.open_pool("acme", server_dsn)
    with serving(7):
        await pool.acquire()
    with serving(8):
        pool.terminate()

    assert told(uses, 7)[-1] == ("acme", "connection", "torn")
    assert told(uses, 8) == []


async def test_what_is_given_back_or_closed_by_its_user_is_not_torn(
    app: Any, uses: list[Use], server_dsn: str
) -> None:
    pool = await app.open_pool("acme", server_dsn)
    with serving(7):
        await pool.release(await pool.acquire())
        (await pool.acquire()).terminate()
    pool.terminate()

    assert Condition.TORN not in {one.state for one in uses}


async def test_a_connection_that_no_initialiser_opened_tells_what_it_says_of_itself(
    app: Any, uses: list[Use], opened: list[Connection], server_dsn: str
) -> None:
    settings = {"search_path": "tenant_acme", "application_name": "shop"}
    async with asyncpg.create_pool(
        server_dsn, min_size=1, max_size=2, server_settings=settings
    ) as pool:
        with serving(7):
            async with pool.acquire() as one, pool.acquire() as other:
                for connection in (one, other, one):
                    await connection.fetchval("select 1")

    assert {(one.what, one.run, one.during) for one in uses} == {("", 0, "")}
    [told_of] = [one for one in uses if one.exchange == 7]
    user, _, *said = told_of.key.splitlines()
    assert (told_of.form, told_of.state) == ("connection", Condition.READY)
    assert user == await the_user(server_dsn)
    assert said == ["tenant_acme", "shop"]
    assert {one.key for one in opened} == {""}


async def the_user(dsn: str) -> str:
    connection = await asyncpg.connect(dsn)
    try:
        return str(await connection.fetchval("select session_user"))
    finally:
        await connection.close()


async def test_two_pools_that_no_initialiser_opened_are_two_resources(
    app: Any, uses: list[Use], server_dsn: str
) -> None:
    for _ in range(2):
        async with asyncpg.create_pool(server_dsn, min_size=1, max_size=1) as pool:
            with serving(7):
                await pool.fetchval("select 1")

    assert len({one.resource for one in uses if one.exchange == 7}) == 2


async def test_what_is_closed_in_use_is_told_of_also_if_no_initialiser_opened_it(
    app: Any, uses: list[Use], server_dsn: str
) -> None:
    pool = await asyncpg.create_pool(server_dsn, min_size=1, max_size=1)
    with serving(7):
        await pool.acquire()
    pool.terminate()

    assert [one.state for one in uses if one.exchange == 7][-1] is Condition.TORN


async def test_who_asks_a_closed_pool_of_nobodys_is_told_of(
    app: Any, uses: list[Use], server_dsn: str
) -> None:
    pool = await asyncpg.create_pool(server_dsn, min_size=1, max_size=1)
    await pool.fetchval("select 1")
    await pool.close()
    with serving(7), pytest.raises(asyncpg.InterfaceError, match="pool is closed"):
        await pool.fetchval("select 1")

    assert told(uses, 7) == [("", "pool", "closed")]
    assert {(one.what, one.run) for one in uses} == {("", 0)}


async def test_a_shared_pool_that_grows_for_one_tenant_is_still_nobodys(
    app: Any, uses: list[Use], opened: list[Connection], server_dsn: str
) -> None:
    async with asyncpg.create_pool(server_dsn, min_size=0, max_size=1) as pool:
        assert await app.open_shared("acme", pool) == "acme"
        with serving(7):
            await pool.fetchval("select 1")

    assert "acme" not in {one.key for one in uses}
    assert {one.what for one in uses} == {""}
    assert [one.key for one in opened] == ["", ""]


async def test_a_connection_that_a_pool_opens_later_is_its_tenants(
    app: Any, uses: list[Use], opened: list[Connection], server_dsn: str
) -> None:
    pool = await app.open_pool("acme", server_dsn)
    async with pool.acquire(), pool.acquire():
        pass
    await pool.close()

    assert [one.key for one in opened if one.open] == ["acme", "acme"]


async def test_a_connection_without_a_pool_is_told_of_too(
    app: Any, uses: list[Use], server_dsn: str
) -> None:
    connection = await app.open_one("acme", server_dsn)
    with serving(7):
        await connection.fetchval("select 1")
    await connection.close()
    with serving(8), pytest.raises(asyncpg.InterfaceError):
        await connection.fetchval("select 1")

    assert told(uses, 7) == [("acme", "connection", "ready")]
    assert told(uses, 8) == [("acme", "connection", "closed")]


async def test_engines_of_sqlalchemy_are_pools_and_open_connections_for_their_tenant(
    app: Any, uses: list[Use], opened: list[Connection], server_dsn: str
) -> None:
    engine = await app.open_engine("acme", server_dsn)
    with serving(7):
        async with engine.connect() as connection:
            await connection.execute(text("select 1"))
    await engine.dispose()

    assert ("acme", "pool", "ready") in told(uses, 7)
    assert ("acme", "connection", "ready") in told(uses, 7)
    assert len({one.resource for one in uses}) == 1
    assert [one.key for one in opened if one.open] == ["acme"]


async def test_a_pool_is_closed_when_it_is_and_not_when_what_opened_it_ends(
    app: Any, uses: list[Use], server_dsn: str
) -> None:
    async with app.held_pool("acme", server_dsn) as pool:
        with serving(7):
            await pool.fetchval("select 1")
    with serving(8):
        await pool.fetchval("select 1")
    await pool.close()
    with serving(9), contextlib.suppress(asyncpg.InterfaceError):
        await pool.fetchval("select 1")

    assert told(uses, 7)[0] == ("acme", "pool", "ready")
    assert told(uses, 8)[0] == ("acme", "pool", "ready")
    assert told(uses, 9)[0] == ("acme", "pool", "closed")


async def test_a_sink_that_fails_is_not_the_apps_business(
    app: Any, server_dsn: str
) -> None:
    broken: list[str] = []

    def sink(use: Use) -> None:
        broken.append(use.form)
        raise RuntimeError(use.form)

    with resources_tapped(sink):
        pool = await app.open_pool("acme", server_dsn)
        assert await pool.fetchval("select 1") == 1
        await pool.close()

    assert {"pool", "connection"} == set(broken)


async def test_afterwards_the_libraries_are_as_they_were(app: Any) -> None:
    classes = (asyncpg.Pool, asyncpg.Connection, Pool)
    within = [dict(vars(one)) for one in classes]

    with resources_tapped(lambda _: None):
        assert [dict(vars(one)) for one in classes] != within

    assert [dict(vars(one)) for one in classes] == within

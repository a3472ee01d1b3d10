"""What FastAPI and Starlette offer works under a schedule, and replays exactly."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import asyncpg
import pytest
from fastapi import BackgroundTasks, Depends, FastAPI, Request
from sqlalchemy import text as sql
from sqlalchemy.ext.asyncio import create_async_engine
from starlette.applications import Starlette
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Mount, Route

from harness.hosting.asgi import App
from harness.model.race import Ending
from harness.scheduling.kernel import Kernel
from harness.scheduling.locks import Locks
from tests.scheduling.ground import Follows, Played, Seeded, play
from tests.scheduling.serving import Served, content, text

Judge = Callable[[Served], Awaitable[None]]


@pytest.fixture
def explored(locks: Locks) -> Callable[[Callable[[], App], Judge], list[Played]]:
    """Runs an app under several schedules, each of them twice."""

    def run(make: Callable[[], App], judge: Judge) -> list[Played]:
        async def scenario(_: Kernel) -> None:
            async with Served(make()) as served:
                await judge(served)

        played = []
        for seed in range(3):
            one, again = (play(scenario, Seeded(seed), locks=locks) for _ in range(2))
            assert one.ran.error is None
            assert one.ran.ending is Ending.ENDED
            assert not one.ran.uncontrolled
            assert one.story == again.story
            played.append(one)
        return played

    return run


Explored = Callable[[Callable[[], App], Judge], list[Played]]


def with_pool(dsn: str) -> Callable[[FastAPI], Any]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with asyncpg.create_pool(dsn, min_size=1, max_size=3) as pool:
            app.state.pool = pool
            yield

    return lifespan


async def count(request: Request, name: str = "x") -> int:
    number: int = await request.app.state.pool.fetchval(
        "update counters set value = value + 1 where name = $1 returning value", name
    )
    return number


def test_a_streaming_response_asks_the_database_while_it_streams(
    dsn: str, explored: Explored
) -> None:
    def make() -> App:
        app = FastAPI(lifespan=with_pool(dsn))

        @app.get("/stream")
        async def stream(request: Request) -> StreamingResponse:
            async def parts() -> AsyncIterator[str]:
                for _ in range(3):
                    yield f"{await count(request)} "

            return StreamingResponse(parts(), media_type="text/plain")

        return app

    async def judge(served: Served) -> None:
        answers = await served.ask_all({"a": "/stream", "b": "/stream"})
        numbers = [[int(n) for n in text(one).split()] for one in answers.values()]
        assert all(one == sorted(one) for one in numbers)
        assert len({n for one in numbers for n in one}) == 6

    explored(make, judge)


def test_a_base_http_middleware_that_asks_the_database(
    dsn: str, explored: Explored
) -> None:
    def make() -> App:
        app = FastAPI(lifespan=with_pool(dsn))

        class Counting(BaseHTTPMiddleware):
            async def dispatch(
                self,
                request: Request,
                call_next: Callable[[Request], Awaitable[Response]],
            ) -> Response:
                before = await count(request)
                response = await call_next(request)
                response.headers["x-before"] = str(before)
                return response

        app.add_middleware(Counting)

        @app.get("/")
        async def root(request: Request) -> int:
            return await count(request)

        return app

    async def judge(served: Served) -> None:
        answers = await served.ask_all({"a": "/", "b": "/"})
        for one in answers.values():
            assert content(one) > int(one.header(b"x-before"))

    explored(make, judge)


def test_background_tasks_belong_to_their_request(dsn: str, explored: Explored) -> None:
    done: list[int] = []

    def make() -> App:
        done.clear()
        app = FastAPI(lifespan=with_pool(dsn))

        async def later(request: Request) -> None:
            done.append(await count(request, "y"))

        def in_a_thread() -> None:
            done.append(0)

        @app.get("/")
        async def root(request: Request, tasks: BackgroundTasks) -> str:
            tasks.add_task(later, request)
            tasks.add_task(in_a_thread)
            return "answered"

        return app

    async def judge(served: Served) -> None:
        answers = await served.ask_all({"a": "/", "b": "/"})
        assert [content(one) for one in answers.values()] == ["answered"] * 2
        assert len([one for one in done if one]) == done.count(0) == 2

    for played in explored(make, judge):
        assert played.kinds("a").count("thread") == 1
        assert played.kinds("a")[0] == "point"


def test_dependencies_with_yield_hold_a_connection_of_their_own(
    dsn: str, explored: Explored
) -> None:
    held: set[int] = set()

    def make() -> App:
        held.clear()
        app = FastAPI(lifespan=with_pool(dsn))

        async def connection(request: Request) -> AsyncIterator[asyncpg.Connection]:
            async with request.app.state.pool.acquire() as one, one.transaction():
                assert one.get_server_pid() not in held
                held.add(one.get_server_pid())
                yield one
                held.discard(one.get_server_pid())

        needed: Any = Depends(connection)

        @app.get("/")
        async def root(one: Any = needed) -> int:
            number: int = await one.fetchval("select 7")
            return number

        return app

    async def judge(served: Served) -> None:
        answers = await served.ask_all({"a": "/", "b": "/", "c": "/"})
        assert [content(one) for one in answers.values()] == [7, 7, 7]
        assert not held

    explored(make, judge)


def test_sync_dependencies_and_endpoints_run_in_threads_in_the_schedule_s_order(
    dsn: str, locks: Locks, explored: Explored
) -> None:
    order: list[str] = []

    def make() -> App:
        order.clear()
        app = FastAPI(lifespan=with_pool(dsn))

        def resource(request: Request) -> Iterator[str]:
            order.append(request.url.path)
            yield "resource"

        needed: Any = Depends(resource)

        @app.get("/{name}")
        def root(name: str, one: str = needed) -> str:
            return f"{name} has a {one}"

        return app

    async def judge(served: Served) -> None:
        answers = await served.ask_all({"a": "/a", "b": "/b"})
        assert content(answers["a"]) == "a has a resource"
        assert sorted(order) == ["/a", "/b"]

    for played in explored(make, judge):
        assert played.kinds("a").count("thread") >= 2

    async def scenario(_: Kernel) -> None:
        async with Served(make()) as served:
            await judge(served)

    for first, second in (("a", "b"), ("b", "a")):
        assert play(scenario, Follows(first, second), locks=locks).ran.error is None
        assert order == [f"/{first}", f"/{second}"]


def test_a_mounted_app_has_a_lifespan_of_its_own(dsn: str, explored: Explored) -> None:
    events: list[str] = []

    def make() -> App:
        events.clear()
        inner = FastAPI(lifespan=with_pool(dsn))

        @inner.get("/count")
        async def root(request: Request) -> int:
            return await count(request)

        @asynccontextmanager
        async def outer_lifespan(_: Starlette) -> AsyncIterator[None]:
            events.append("outer")
            async with inner.router.lifespan_context(inner):
                events.append("inner")
                yield
                events.append("closing")

        async def plain(_: Request) -> Response:
            return PlainTextResponse("plain")

        routes = [Mount("/inner", inner), Route("/", plain)]
        return Starlette(routes=routes, lifespan=outer_lifespan)

    async def judge(served: Served) -> None:
        answers = await served.ask_all(
            {"a": "/inner/count", "b": "/inner/count", "c": "/"}
        )
        assert content(answers["a"]) != content(answers["b"])
        assert text(answers["c"]) == "plain"

    explored(make, judge)
    assert events == ["outer", "inner", "closing"]


@pytest.mark.parametrize("kind", ["asyncio", "anyio"])
def test_task_groups_of_a_request_act_in_its_name(
    dsn: str, explored: Explored, kind: str
) -> None:
    def make() -> App:
        app = FastAPI(lifespan=with_pool(dsn))

        @app.get("/")
        async def root(request: Request) -> list[int]:
            found: list[int] = []

            async def one(name: str) -> None:
                found.append(await count(request, name))

            if kind == "asyncio":
                async with asyncio.TaskGroup() as group:
                    group.create_task(one("x"))
                    group.create_task(one("y"))
            else:
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(one, "x")
                    tasks.start_soon(one, "y")
            return sorted(found)

        return app

    async def judge(served: Served) -> None:
        answers = await served.ask_all({"a": "/", "b": "/"})
        assert all(len(content(one)) == 2 for one in answers.values())

    for played in explored(make, judge):
        assert {one.operation.actor for one in played.moves} <= {
            "a",
            "b",
            "lifespan",
            "scenario",
            "clock",
        }
        assert played.kinds("a").count("query") >= 4


@pytest.mark.parametrize("kind", ["asyncio", "anyio"])
def test_a_task_group_whose_child_fails_cancels_the_others_the_same_way_again(
    dsn: str, explored: Explored, kind: str
) -> None:
    def make() -> App:
        app = FastAPI(lifespan=with_pool(dsn))

        @app.get("/")
        async def root(request: Request) -> str:
            async def fails() -> None:
                await count(request, "y")
                raise KeyError

            try:
                if kind == "asyncio":
                    async with asyncio.TaskGroup() as group:
                        for _ in range(3):
                            group.create_task(count(request))
                        group.create_task(fails())
                else:
                    async with anyio.create_task_group() as tasks:
                        for _ in range(3):
                            tasks.start_soon(count, request)
                        tasks.start_soon(fails)
            except BaseExceptionGroup as failed:
                return "failed" if failed.subgroup(KeyError) else "otherwise"
            return "through"

        return app

    async def judge(served: Served) -> None:
        answers = await served.ask_all({"a": "/", "b": "/"})
        assert {content(one) for one in answers.values()} == {"failed"}

    explored(make, judge)


def test_sqlalchemy_s_dialect_for_asyncpg_is_put_in_order(
    dsn: str, locks: Locks, explored: Explored
) -> None:
    address = dsn.replace("postgresql://", "postgresql+asyncpg://")
    order: list[str] = []

    def make() -> App:
        order.clear()

        @asynccontextmanager
        async def lifespan(app: FastAPI) -> AsyncIterator[None]:
            app.state.engine = create_async_engine(address)
            yield
            await app.state.engine.dispose()

        app = FastAPI(lifespan=lifespan)

        @app.get("/{name}")
        async def root(request: Request, name: str) -> int:
            async with request.app.state.engine.begin() as connection:
                order.append(name)
                return int(await connection.scalar(sql("select 7")))

        return app

    async def judge(served: Served) -> None:
        answers = await served.ask_all({"a": "/a", "b": "/b"})
        assert [content(one) for one in answers.values()] == [7, 7]

    for played in explored(make, judge):
        assert "connect" in played.kinds("a")
        assert played.kinds("a").count("query") >= 3

    async def scenario(_: Kernel) -> None:
        async with Served(make()) as served:
            await judge(served)

    play(scenario, Follows("b", "a"), locks=locks)
    assert order == ["b", "a"]

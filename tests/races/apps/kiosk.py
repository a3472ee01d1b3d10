"""A kiosk for several tenants, each with a pool that is made on first use.

``KIOSK`` says in which way: rightly, wrongly, or by luck.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from contextvars import ContextVar, Token
from typing import Annotated, Protocol

import asyncpg
from fastapi import (
    APIRouter,
    Depends,
    FastAPI,
    Header,
    HTTPException,
    Request,
    WebSocket,
    WebSocketDisconnect,
)
from fastapi.responses import StreamingResponse
from pydantic import BaseModel
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.races.apps import luck

BOOTS = itertools.count(1)
"""What lives as long as the module."""

logger = logging.getLogger("kiosk")
logger.setLevel(logging.INFO)


async def open_pool(slug: str) -> asyncpg.Pool:
    """Make a tenant's pool, and see that it works."""
    pool = await make_pool(slug)
    try:
        await pool.execute("select 1")
    except BaseException:
        pool.terminate()
        raise
    return pool


async def make_pool(slug: str) -> asyncpg.Pool:
    """Make a tenant's pool; nothing is asked of the database yet."""
    return await asyncpg.create_pool(
        os.environ["KIOSK_DSN"],
        min_size=0,
        max_size=2,
        server_settings={"application_name": f"kiosk {slug}"[:60]},
    )


class Pools(Protocol):
    """Pools by tenant."""

    opened: list[asyncpg.Pool]

    async def get(self, slug: str) -> asyncpg.Pool: ...


class CheckThenSet:
    """Checks, waits, and sets: two who come at once make two."""

    def __init__(self) -> None:
        self.opened: list[asyncpg.Pool] = []
        self._pools: dict[str, asyncpg.Pool] = {}

    async def get(self, slug: str) -> asyncpg.Pool:
        if slug not in self._pools:
            pool = await open_pool(slug)
            self.opened.append(pool)
            self._pools[slug] = pool
        return self._pools[slug]


class WithoutWaiting(CheckThenSet):
    """The same, but nobody can come between: making it waits for nothing."""

    async def get(self, slug: str) -> asyncpg.Pool:
        if slug not in self._pools:
            self._pools[slug] = await make_pool(slug)
            self.opened.append(self._pools[slug])
        return self._pools[slug]


class LockedPerTenant(CheckThenSet):
    """One who comes while another is at it waits for that one."""

    def __init__(self) -> None:
        super().__init__()
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def get(self, slug: str) -> asyncpg.Pool:
        async with self._locks[slug]:
            return await super().get(slug)


class CheckedTwice(LockedPerTenant):
    """Looks before it takes the lock, and once more when it has it."""

    async def get(self, slug: str) -> asyncpg.Pool:
        if slug in self._pools:
            return self._pools[slug]
        return await super().get(slug)


class SingleFlight(CheckThenSet):
    """The first one begins a task; whoever comes meanwhile waits for it, too."""

    def __init__(self) -> None:
        super().__init__()
        self._flights: dict[str, asyncio.Task[asyncpg.Pool]] = {}

    async def get(self, slug: str) -> asyncpg.Pool:
        if slug not in self._flights:
            self._flights[slug] = asyncio.create_task(super().get(slug))
        return await asyncio.shield(self._flights[slug])


class WithWindow(CheckThenSet):
    """Who comes while it is made waits for it; but it is entered a moment too late."""

    def __init__(self) -> None:
        super().__init__()
        self._flights: dict[str, asyncio.Future[asyncpg.Pool]] = {}

    async def get(self, slug: str) -> asyncpg.Pool:
        if slug in self._pools:
            return self._pools[slug]
        if slug in self._flights:
            return await asyncio.shield(self._flights[slug])
        self._flights[slug] = asyncio.get_running_loop().create_future()
        pool = await open_pool(slug)
        self.opened.append(pool)
        self._flights.pop(slug).set_result(pool)
        await pool.execute("select 2")
        self._pools[slug] = pool
        return pool


class NeverClosed(LockedPerTenant):
    """Forgets what it made: nobody closes it in the end."""

    async def get(self, slug: str) -> asyncpg.Pool:
        pool = await super().get(slug)
        self.opened.clear()
        return pool


class ByLuck(CheckThenSet):
    """Is wrong each ninth time that a process starts it, whatever a schedule says."""

    def __init__(self) -> None:
        super().__init__()
        self._right = SingleFlight()
        self._right.opened = self.opened
        self._is_wrong = next(luck.STARTS) % 9 == 0

    async def get(self, slug: str) -> asyncpg.Pool:
        if self._is_wrong:
            return await super().get(slug)
        return await self._right.get(slug)


class SharedByLuck(SingleFlight):
    """Shows everybody's items each ninth time, whatever a schedule says."""

    def __init__(self) -> None:
        super().__init__()
        self.for_all = next(luck.STARTS) % 9 == 0


class TillByCheck(SingleFlight):
    """Opens one more pool for who writes, and checks, waits, and sets there."""

    def __init__(self) -> None:
        super().__init__()
        self._tills: dict[str, asyncpg.Pool] = {}

    async def get(self, slug: str, *, writes: bool = False) -> asyncpg.Pool:
        if not writes:
            return await super().get(slug)
        if slug not in self._tills:
            self._tills[slug] = await open_pool(slug)
            self.opened.append(self._tills[slug])
        return self._tills[slug]


WAYS: dict[str, type[CheckThenSet]] = {
    "check-then-set": CheckThenSet,
    "without-waiting": WithoutWaiting,
    "lock-per-tenant": LockedPerTenant,
    "checked-twice": CheckedTwice,
    "single-flight": SingleFlight,
    "with-window": WithWindow,
    "never-closed": NeverClosed,
    "by-luck": ByLuck,
    "shared-by-luck": SharedByLuck,
    "till-by-check": TillByCheck,
    "token-kept-by-the-app": SingleFlight,
    "token-kept-by-the-call": SingleFlight,
}
SLUG: ContextVar[str] = ContextVar("slug")


class Noted:
    """Notes for whom a request is, and forgets it once it is answered."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.token: Token[str]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        token = self.token = SLUG.set(Headers(scope=scope).get("x-tenant", ""))
        try:
            await self.app(scope, receive, send)
        finally:
            shared = os.environ["KIOSK"] == "token-kept-by-the-app"
            SLUG.reset(self.token if shared else token)


class ItemIn(BaseModel):
    text: str


class Item(BaseModel):
    id: int
    text: str


async def pool_of(request: Request, x_tenant: Annotated[str, Header()]) -> asyncpg.Pool:
    """Return the pool of the tenant that a request names."""
    if x_tenant not in request.state.tenants:
        raise HTTPException(404)
    pools: Pools = request.state.pools
    if isinstance(pools, TillByCheck) and request.method == "POST":
        pool = await pools.get(x_tenant, writes=True)
    else:
        pool = await pools.get(x_tenant)
    logger.info("asked", extra={"tenant": x_tenant})
    return pool


Slug = Annotated[str, Header(alias="x-tenant")]
Pool = Annotated[asyncpg.Pool, Depends(pool_of)]


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[dict[str, object]]:
    """Learn who the tenants are; close their pools in the end."""
    way = os.environ.get("KIOSK", "single-flight")
    if way == "startless":
        raise RuntimeError("the till is locked")
    db = await asyncpg.connect(os.environ["KIOSK_DSN"])
    try:
        await db.execute(
            "create table if not exists tenants (slug text primary key);"
            "create table if not exists items (id serial primary key,"
            " tenant text not null, text text not null);"
            "create sequence if not exists visits"
        )
        rows = await db.fetch("select slug from tenants")
        pools = WAYS[way]()
        try:
            yield {"db": db, "tenants": {row["slug"] for row in rows}, "pools": pools}
        finally:
            for pool in pools.opened:
                await pool.close()
    finally:
        await db.close()


flows = APIRouter()


@flows.get("/news")
async def news(_: Pool, slug: Slug) -> StreamingResponse:
    """Tell whose it is, and then nothing."""

    async def told() -> AsyncIterator[bytes]:
        yield f"data: {slug}\n\n".encode()
        await asyncio.Event().wait()

    return StreamingResponse(told(), media_type="text/event-stream")


@flows.websocket("/deaf")
async def deaf(socket: WebSocket) -> None:
    """Hear nothing, and be cancelled twice in vain."""
    await socket.accept()
    for _ in range(2):
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
    await asyncio.Event().wait()


@flows.websocket("/chat")
async def chat(socket: WebSocket, slug: Slug) -> None:
    """Repeat what is said, and to whom."""
    await socket.accept()
    with suppress(WebSocketDisconnect):
        while True:
            await socket.send_text(f"{slug}: {await socket.receive_text()}")


def create_app() -> FastAPI:
    """Return the app."""
    app = FastAPI(lifespan=lifespan)
    if os.environ.get("KIOSK", "").startswith("token"):
        app.add_middleware(Noted)
    locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    @app.post("/signup", status_code=201)
    async def sign_up(request: Request, slug: Slug) -> dict[str, str]:
        await request.state.db.execute("insert into tenants values ($1)", slug)
        request.state.tenants.add(slug)
        return {}

    @app.get("/account")
    async def account(_: Pool, slug: Slug) -> str:
        return slug

    @app.post("/items", status_code=201)
    async def put(pool: Pool, slug: Slug, new: ItemIn) -> Item:
        number = await pool.fetchval(
            "insert into items (tenant, text) values ($1, $2) returning id",
            slug,
            new.text,
        )
        return Item(id=number, text=new.text)

    @app.get("/items")
    async def items(request: Request, pool: Pool, slug: Slug) -> list[Item]:
        rows = await pool.fetch(
            "select id, text from items where tenant = $1 or $2 order by id",
            slug,
            getattr(request.state.pools, "for_all", False),
        )
        return [Item(**row) for row in rows]

    @app.get("/visits")
    async def visits(pool: Pool) -> int:
        number: int = await pool.fetchval("select nextval('visits')")
        return number

    @app.get("/boots")
    async def boots(_: Pool) -> int:
        return next(BOOTS)

    @app.get("/pair/{other}")
    async def pair(pool: Pool, slug: Slug, other: str) -> int:
        async with locks[slug]:
            await pool.execute("select 1")
            async with locks[other]:
                return 2

    app.include_router(flows)
    return app

"""Notes of several tenants in one table, who are told apart by their token.

``CROSSING`` says how a request comes by its tenant, its connection and its answer.
Each mistake shows only while another tenant's request is under way, and has a twin that
does the same rightly.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Annotated, Any

import asyncpg
from fastapi import Depends, FastAPI, Header, HTTPException, Request
from pydantic import BaseModel

TABLES = """
create table if not exists people (slug text primary key, password text);
create table if not exists notes (
    tenant text, id int, text text, primary key (tenant, id)
);
create table if not exists visits (tenant text);
"""
PICKY = "one-loop-only"
"""The way of an app that starts on no loop but those that it knows."""
LATEST: list[str] = []
"""The tenant of the request, as long as there is but one."""
OWN: ContextVar[str] = ContextVar("own")


class Person(BaseModel):
    slug: str
    password: str


class NoteIn(BaseModel):
    text: str


class Note(NoteIn):
    id: int


def token_of(slug: str) -> str:
    """Return what a tenant's user sends: nobody else knows how it is made."""
    digest = hashlib.blake2b(slug.encode(), key=b"crossing", digest_size=8)
    return f"{slug}.{digest.hexdigest()}"


class Pool:
    """Connections that are given out again, the last one back first."""

    def __init__(self) -> None:
        self._idle: list[asyncpg.Connection] = []

    async def take(self) -> asyncpg.Connection:
        if self._idle:
            return self._idle.pop()
        return await asyncpg.connect(os.environ["CROSSING_DSN"])

    def give(self, connection: asyncpg.Connection) -> None:
        self._idle.append(connection)

    async def close(self) -> None:
        while self._idle:
            await self._idle.pop().close()


class Crossing:
    """The app's state, and the ways that are right."""

    def __init__(self) -> None:
        self.pool = Pool()
        self.flights: dict[object, asyncio.Task[list[Note]]] = {}

    async def begin(self, slug: str) -> None:
        """Note whose request it is, and that somebody came."""
        OWN.set(slug)
        async with self.bare() as connection:
            await connection.execute("insert into visits values ($1)", slug)

    def tenant(self) -> str:
        """Return whose request it is."""
        return OWN.get()

    @asynccontextmanager
    async def bare(self) -> AsyncIterator[asyncpg.Connection]:
        connection = await self.pool.take()
        try:
            yield connection
        finally:
            # One whose statement was cut off goes on as if nothing were.
            self.pool.give(connection)

    @asynccontextmanager
    async def session(self) -> AsyncIterator[asyncpg.Connection]:
        """Have a connection that shows one tenant's rows."""
        async with self.bare() as connection:
            await connection.execute(
                "select set_config('app.tenant', $1, false)", self.tenant()
            )
            yield connection

    def answered(self, slug: str, ask: Callable[[], Awaitable[list[Note]]]) -> Any:
        """Return what will have an answer that those who come meanwhile can share."""
        return self.shared((slug, "notes"), ask)

    def shared(self, key: object, ask: Callable[[], Awaitable[list[Note]]]) -> Any:
        if key not in self.flights:

            async def fly() -> list[Note]:
                try:
                    return await ask()
                finally:
                    del self.flights[key]

            self.flights[key] = asyncio.ensure_future(fly())
        return asyncio.shield(self.flights[key])


class LatestTenant(Crossing):
    """Mistake: whose request it is stands in a global, and is read after a wait."""

    async def begin(self, slug: str) -> None:
        LATEST[:] = [slug]
        await super().begin(slug)

    def tenant(self) -> str:
        return LATEST[0]


class OneConnection(Crossing):
    """One connection for all, which is pointed at a tenant and held meanwhile."""

    def __init__(self) -> None:
        super().__init__()
        self.line = asyncio.Lock()
        self.statement = asyncio.Lock()

    @asynccontextmanager
    async def bare(self) -> AsyncIterator[asyncpg.Connection]:
        async with self.line, super().bare() as connection:
            yield connection


class PointedElsewhere(OneConnection):
    """Mistake: it is let go between, and another request points it elsewhere."""

    @asynccontextmanager
    async def session(self) -> AsyncIterator[asyncpg.Connection]:
        async with self.bare() as connection:
            await connection.execute(
                "select set_config('app.tenant', $1, false)", self.tenant()
            )
        async with self.bare() as connection:
            yield connection


class KeepsWhatIsSet(Crossing):
    """A tenant that is set stays: who works in another's name has set it before.

    It is taken back whatever happens.
    """

    @asynccontextmanager
    async def session(self) -> AsyncIterator[asyncpg.Connection]:
        async with self.bare() as connection:
            try:
                await self.point(connection)
                yield connection
            finally:
                await asyncio.shield(self.take_back(connection))

    async def point(self, connection: asyncpg.Connection) -> None:
        await connection.execute(
            "select set_config('app.tenant', coalesce(nullif("
            "current_setting('app.tenant', true), ''), $1), false)",
            self.tenant(),
        )

    async def take_back(self, connection: asyncpg.Connection) -> None:
        await connection.execute("select set_config('app.tenant', '', false)")


class LeftDirty(KeepsWhatIsSet):
    """Mistake: it is not taken back when the request is cancelled."""

    @asynccontextmanager
    async def session(self) -> AsyncIterator[asyncpg.Connection]:
        async with self.bare() as connection:
            try:
                await self.point(connection)
                yield connection
            except Exception:
                await self.take_back(connection)
                raise
            await self.take_back(connection)


class FilledByAnother(Crossing):
    """Mistake: who comes meanwhile shares the answer, whoever asked first."""

    def answered(self, slug: str, ask: Callable[[], Awaitable[list[Note]]]) -> Any:
        return self.shared("notes", ask)


WAYS: dict[str, type[Crossing]] = {
    "global-read-late": LatestTenant,
    "context-variable": Crossing,
    "pointed-elsewhere": PointedElsewhere,
    "one-connection-held": OneConnection,
    "left-dirty": LeftDirty,
    "taken-back": KeepsWhatIsSet,
    "filled-by-another": FilledByAnother,
    PICKY: Crossing,
}


def refuse_loop(name: str) -> None:
    """Raise where the app is made not to start on a loop of this name."""
    if os.environ["CROSSING"] == PICKY and name == "GatedLoop":
        raise RuntimeError(f"{name} is no loop for this app")


async def the_tenant(request: Request, authorization: Annotated[str, Header()]) -> str:
    slug = authorization.removeprefix("Bearer ").partition(".")[0]
    if authorization != f"Bearer {token_of(slug)}":
        raise HTTPException(401)
    await request.app.state.crossing.begin(slug)
    return slug


Slug = Annotated[str, Depends(the_tenant)]


def create_app() -> FastAPI:
    """Make the app, in the way that ``CROSSING`` names."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        refuse_loop(type(asyncio.get_running_loop()).__name__)
        crossing = app.state.crossing = WAYS[os.environ["CROSSING"]]()
        async with crossing.bare() as connection:
            await connection.execute(TABLES)
        yield
        await crossing.pool.close()

    app = FastAPI(lifespan=lifespan)

    @app.post("/signup", status_code=201)
    async def sign_up(request: Request, who: Person) -> None:
        async with request.app.state.crossing.bare() as connection:
            await connection.execute(
                "insert into people values ($1, $2)", who.slug, who.password
            )

    @app.post("/login")
    async def log_in(request: Request, who: Person) -> dict[str, str]:
        async with request.app.state.crossing.bare() as connection:
            password = await connection.fetchval(
                "select password from people where slug = $1", who.slug
            )
        if password != who.password:
            raise HTTPException(401)
        return {"token": token_of(who.slug)}

    @app.post("/notes", status_code=201)
    async def write(request: Request, slug: Slug, note: NoteIn) -> Note:
        async with request.app.state.crossing.session() as connection:
            number = await connection.fetchval(
                "insert into notes select $1, coalesce(max(id), 0) + 1, $2 from notes "
                "where tenant = $1 returning id",
                slug,
                note.text,
            )
        return Note(id=number, text=note.text)

    @app.get("/notes")
    async def every(request: Request, slug: Slug) -> list[Note]:
        crossing = request.app.state.crossing

        async def ask() -> list[Note]:
            async with crossing.session() as connection:
                rows = await connection.fetch(
                    "select id, text from notes "
                    "where tenant = current_setting('app.tenant') order by id"
                )
            return [Note(**row) for row in rows]

        notes: list[Note] = await crossing.answered(slug, ask)
        return notes

    @app.get("/notes/{note_id}")
    async def one(request: Request, slug: Slug, note_id: int) -> Note:
        async with request.app.state.crossing.session() as connection:
            row = await connection.fetchrow(
                "select id, text from notes "
                "where tenant = current_setting('app.tenant') and id = $1",
                note_id,
            )
        if row is None:
            raise HTTPException(404)
        return Note(**row)

    return app

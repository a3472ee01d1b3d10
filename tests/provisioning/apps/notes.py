"""An app on Postgres with a schema per tenant; its sessions end with the process."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import asyncpg
from fastapi import Depends, FastAPI, Header, HTTPException, Request
from pydantic import BaseModel, HttpUrl

STATUTES = """
create table if not exists public.tenants
    (slug text primary key, name text not null, email text, password text)
"""


class Join(BaseModel):
    slug: str
    name: str
    email: str
    password: str


class Note(BaseModel):
    text: str


class KeptNote(Note):
    id: int


class Hook(BaseModel):
    url: HttpUrl


class KeptHook(Hook):
    id: int


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with asyncpg.create_pool(os.environ["NOTES_DSN"], min_size=1) as pool:
        await pool.execute(STATUTES)
        app.state.pool = pool
        app.state.sessions = {}
        yield


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def pool_of(request: Request) -> Any:
    return request.app.state.pool


Db = Annotated[Any, Depends(pool_of)]


def table_of(request: Request, authorization: Annotated[str, Header()] = "") -> str:
    slug = request.app.state.sessions.get(authorization)
    if slug is None:
        raise HTTPException(401)
    return f"{quoted(slug)}.notes"


Table = Annotated[str, Depends(table_of)]


def create() -> FastAPI:
    app = FastAPI(lifespan=lifespan)

    @app.post("/join")
    async def join(body: Join, db: Db) -> dict[str, str]:
        if os.environ.get("NOTES_PLAIN") and not body.name.isalpha():
            raise HTTPException(422, "no quotes and no commas, please")
        async with db.acquire() as connection, connection.transaction():
            await connection.execute(
                "insert into public.tenants values ($1, $2, $3, $4)",
                body.slug,
                body.name,
                body.email,
                body.password,
            )
            schema = quoted(body.slug)
            await connection.execute(f"create schema {schema}")
            await connection.execute(
                f"create table {schema}.notes (id bigserial primary key, text text)"
            )
            await connection.execute(
                f"create table {schema}.hooks (id bigserial primary key, url text)"
            )
        return {"schema": body.slug}

    @app.post("/login")
    async def log_in(body: dict[str, str], db: Db, request: Request) -> dict[str, str]:
        slug = await db.fetchval(
            "select slug from public.tenants where email = $1 and password = $2",
            body["email"],
            body["password"],
        )
        if slug is None:
            raise HTTPException(401)
        token = f"session-{len(request.app.state.sessions)}-{slug}"
        request.app.state.sessions[f"Bearer {token}"] = slug
        return {"access_token": token}

    _notes(app)
    _hooks(app)
    return app


def _hooks(app: FastAPI) -> None:
    @app.get("/hooks")
    async def hooks(table: Table, db: Db) -> list[KeptHook]:
        rows = await db.fetch(f"select id, url from {_beside(table)} order by id")
        return [KeptHook(**row) for row in rows]

    @app.post("/hooks", status_code=201)
    async def call_me(table: Table, db: Db, body: Hook) -> KeptHook:
        row = await db.fetchrow(
            f"insert into {_beside(table)} (url) values ($1) returning id, url",
            str(body.url),
        )
        return KeptHook(**row)


def _beside(table: str) -> str:
    return table.removesuffix("notes") + "hooks"


def _notes(app: FastAPI) -> None:
    @app.get("/notes")
    async def listed(table: Table, db: Db) -> list[KeptNote]:
        rows = await db.fetch(f"select id, text from {table} order by id")
        return [KeptNote(**row) for row in rows]

    @app.post("/notes", status_code=201)
    async def write(table: Table, db: Db, body: Note) -> KeptNote:
        row = await db.fetchrow(
            f"insert into {table} (text) values ($1) returning id, text", body.text
        )
        return KeptNote(**row)

    @app.get("/notes/{note_id}")
    async def read(table: Table, db: Db, note_id: int) -> KeptNote:
        row = await db.fetchrow(f"select id, text from {table} where id = $1", note_id)
        if row is None:
            raise HTTPException(404)
        return KeptNote(**row)

    @app.delete("/notes/{note_id}", status_code=204)
    async def drop(table: Table, db: Db, note_id: int) -> None:
        await db.execute(f"delete from {table} where id = $1", note_id)

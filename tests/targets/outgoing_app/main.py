"""The app: tenants are told apart by their host, and their users by a token."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Annotated, Any

import asyncpg
import httpx
from fastapi import BackgroundTasks, Depends, FastAPI, Header, HTTPException, Request
from pydantic import BaseModel, HttpUrl

from tests.targets.outgoing_app.assistant import Assistants
from tests.targets.outgoing_app.faults import is_
from tests.targets.outgoing_app.store import Store, Tenant

logger = logging.getLogger("outgoing_app")
logger.setLevel(logging.INFO)


class Signup(BaseModel):
    slug: str
    password: str
    provider_key: str = ""


class Text(BaseModel):
    text: str


class Note(Text):
    id: int


class NewHook(BaseModel):
    url: HttpUrl


class Hook(BaseModel):
    id: int
    url: str


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, Any]]:
    async with (
        asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=1, max_size=4) as pool,
        httpx.AsyncClient(timeout=5.0) as http,
    ):
        store = Store(pool)
        await store.create()
        assistants = Assistants(store)
        late: set[asyncio.Task[None]] = set()
        if is_("keys tried once", "keys tried twice"):
            for tenant in await store.tenants():
                await assistants.of(tenant)
                if is_("keys tried twice"):
                    await assistants.count(tenant)
        if is_("busy keys"):
            late.add(asyncio.create_task(_try_keys(store, assistants)))
        try:
            yield {
                "store": store,
                "assistants": assistants,
                "http": http,
                "late": late,
            }
        finally:
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
            await assistants.close()


async def _try_keys(store: Store, assistants: Assistants) -> None:
    while True:
        await asyncio.sleep(0.002)
        for tenant in await store.tenants():
            with suppress(Exception):
                await assistants.count(tenant)


app = FastAPI(lifespan=lifespan)


async def _tenant(
    request: Request, authorization: Annotated[str, Header()] = ""
) -> Tenant:
    slug = request.headers["host"].split(".")[0]
    tenant: Tenant | None = await request.state.store.tenant(slug)
    if tenant is None:
        raise HTTPException(404)
    if authorization != f"Bearer of-{slug}":
        raise HTTPException(401)
    logger.info("%s %s", request.method, request.url.path, extra={"tenant": slug})
    return tenant


Own = Annotated[Tenant, Depends(_tenant)]


@app.post("/signup", status_code=201)
async def sign_up(request: Request, new: Signup) -> None:
    await request.state.store.add_tenant(new.slug, new.password, new.provider_key)


@app.post("/login")
async def log_in(request: Request, who: Signup) -> dict[str, str]:
    if not await request.state.store.tenant(who.slug, who.password):
        raise HTTPException(401)
    return {"token": f"of-{who.slug}"}


@app.post("/notes", status_code=201)
async def write(request: Request, own: Own, new: Text, later: BackgroundTasks) -> Note:
    id_ = await request.state.store.add_note(own.id, new.text)
    if is_("hooks in the background"):
        later.add_task(_deliver, request, own, new.text)
    elif is_("late hooks"):
        late = asyncio.create_task(_deliver(request, own, new.text, after=0.03))
        request.state.late.add(late)
        late.add_done_callback(request.state.late.discard)
    else:
        await _deliver(request, own, new.text)
    return Note(id=id_, text=new.text)


async def _deliver(request: Request, own: Tenant, text: str, after: float = 0) -> None:
    await asyncio.sleep(after)
    body = {"event": "note", "tenant": own.slug, "text": text}
    if is_("key in the hook"):
        body["key"] = own.provider_key
    http: httpx.AsyncClient = request.state.http
    for url in await request.state.store.addresses(own.id):
        with suppress(httpx.HTTPError):
            await http.post(url, json=body)
    if is_("names for the operator"):
        names = [one.slug for one in await request.state.store.tenants()]
        await http.post(f"{os.environ['AUDIT_URL']}/audit", json=names)


@app.get("/notes")
async def notes(request: Request, own: Own) -> list[Note]:
    return [Note(**dict(row)) for row in await request.state.store.notes(own.id)]


@app.post("/hooks", status_code=201)
async def listen(request: Request, own: Own, new: NewHook) -> Hook:
    id_ = await request.state.store.add_hook(own.id, str(new.url))
    return Hook(id=id_, url=str(new.url))


@app.get("/hooks")
async def hooks(request: Request, own: Own) -> list[Hook]:
    return [Hook(**dict(row)) for row in await request.state.store.hooks(own.id)]


@app.post("/assistant/messages")
async def ask(request: Request, own: Own, question: Text) -> Text:
    return Text(text=await request.state.assistants.answer(own, question.text))


@app.get("/assistant/limits")
async def limits(request: Request, own: Own) -> dict[str, int]:
    left: dict[str, int] = await request.state.assistants.left(own)
    return left


@app.get("/assistant/greeting")
async def greeting(request: Request, own: Own) -> int:
    return int(await request.state.assistants.count(own))

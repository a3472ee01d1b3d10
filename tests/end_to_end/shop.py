"""A small correct app in memory, written into a test's own project.

Its faults are switched on by the variable ``FAULT``, so that each test differs
from the others in one fact.
"""

APP = '''
"""Notes for several tenants, who are told apart by their host."""

import asyncio
import logging
import os
import sys
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import Depends, FastAPI, Header, HTTPException, Request
from pydantic import BaseModel

FAULT = os.environ.get("FAULT", "")
logger = logging.getLogger("shop")
logger.setLevel(logging.INFO)

if FAULT == "import raises":
    raise RuntimeError("no licence found")


class Signup(BaseModel):
    slug: str
    password: str


class NoteIn(BaseModel):
    text: str


class Note(BaseModel):
    id: int
    text: str


@asynccontextmanager
async def lifespan(app):
    if FAULT == "lifespan raises":
        raise RuntimeError("cache is out of reach")
    if FAULT == "lifespan hangs":
        await asyncio.Event().wait()
    if FAULT == "logs nothing":
        logging.disable(logging.CRITICAL)
    app.state.passwords = {}
    app.state.notes = {}
    yield


app = FastAPI(lifespan=lifespan)


def tenant(request: Request, authorization: Annotated[str, Header()] = "") -> str:
    slug = request.headers["host"].split(".")[0]
    if slug not in request.app.state.passwords:
        raise HTTPException(404)
    if FAULT == "any token" and authorization.startswith("Bearer "):
        return slug
    if authorization != f"Bearer of-{slug}":
        raise HTTPException(401)
    return slug


Tenant = Annotated[str, Depends(tenant)]


@app.post("/signup", status_code=201)
async def sign_up(request: Request, new: Signup) -> dict:
    request.app.state.passwords[new.slug] = new.password
    return {}


@app.post("/login")
async def log_in(request: Request, who: Signup) -> dict:
    known = request.app.state.passwords
    anybody = FAULT == "any user" and who.password in known.values()
    if known.get(who.slug) != who.password and not anybody:
        raise HTTPException(401)
    if FAULT == "second tenant cannot log in":
        if list(request.app.state.passwords).index(who.slug) == 1:
            raise HTTPException(401, "locked out")
    return {"token": f"of-{who.slug}"}


if FAULT != "nothing to seed":

    @app.post("/notes", status_code=201)
    async def write(request: Request, slug: Tenant, new: NoteIn) -> Note:
        logger.info("written", extra={"tenant": slug})
        notes = request.app.state.notes.setdefault(slug, [])
        text = "…" if FAULT == "canary dropped" else new.text
        notes.append(Note(id=len(notes) + 1, text=text))
        return notes[-1]


@app.get("/notes")
async def all_notes(request: Request, slug: Tenant) -> list[Note]:
    logger.info("listed", extra={"tenant": slug})
    if FAULT == "slow":
        await asyncio.sleep(0.2)
    return request.app.state.notes.get(slug, [])


@app.get("/notes/{note_id}")
async def one_note(request: Request, slug: Tenant, note_id: int) -> Note:
    for note in request.app.state.notes.get(slug, []):
        if note.id == note_id:
            return note
    raise HTTPException(404)


if FAULT == "broken document":
    app.openapi = lambda: {"openapi": "3.1.0", "paths": {"/x": {"get": {
        "responses": {"200": {"$ref": "#/components/responses/Nowhere"}}}}}}
'''

TARGET = '''
"""How the harness talks to the shop."""

from harness import JsonLogin, Target, Tenant, Tools


async def provision(tools: Tools, tenant: Tenant) -> None:
    body = {"slug": tenant.slug, "password": tenant.password}
    await tools.request("POST", "/signup", tenant=tenant, json=body)


target = Target(
    app="shop:app",
    provision=provision,
    login=JsonLogin(
        path="/login", body={"slug": "{slug}", "password": "{password}"}, token="token"
    ),
    public=("/signup", "/login"),
    reimport=("shop",),
    fresh="keep",
    startup_timeout=60.0,
)
'''

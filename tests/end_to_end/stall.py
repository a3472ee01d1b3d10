"""A small correct app on Postgres, written into a test's own project.

It opens a connection for each tenant, in its lifespan or on first use. Its faults are
switched on by the variable ``FAULT``, which the target's strategies set: the world is
made by the app without any.
"""

APP = '''
"""Stalls of several tenants, who are told apart by their host."""

import asyncio
import json
import logging
import os
from contextlib import AsyncExitStack, asynccontextmanager

import asyncpg

FAULT = os.environ.get("FAULT", "")
logger = logging.getLogger("stall")
logger.setLevel(logging.INFO)


@asynccontextmanager
async def open_stall(slug):
    """Have a connection for a tenant."""
    connection = await asyncpg.connect(os.environ["DSN"])
    try:
        yield connection
    finally:
        if FAULT != "leaves connections":
            await connection.close()


class App:
    def __init__(self):
        self.stalls = {}
        self.left = []

    async def __call__(self, scope, receive, send):
        if scope["type"] == "lifespan":
            await self.live(receive, send)
        else:
            await self.answer(scope, receive, send)

    async def live(self, receive, send):
        await receive()
        async with AsyncExitStack() as self.opened:
            await self.start()
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})

    async def start(self):
        if FAULT == "dies":
            logger.error("the licence server is out of reach")
            os._exit(7)
        if FAULT == "hangs":
            logger.warning("waiting for the licence server")
            await asyncio.Event().wait()
        if FAULT == "lazy":
            return
        connection = await asyncpg.connect(os.environ["DSN"])
        rows = await connection.fetch(
            "select slug from tenants where to_regclass('tenants') is not null"
        ) if await connection.fetchval("select to_regclass('tenants')") else []
        await connection.close()
        for number, row in enumerate(rows):
            if FAULT == "skips" and number == 0:
                continue
            await self.open(row["slug"])
            if FAULT == "twice" and number == 0:
                await self.open(row["slug"])

    async def open(self, slug):
        manager = open_stall(slug)
        self.stalls[slug] = await self.opened.enter_async_context(manager)

    async def answer(self, scope, receive, send):
        slug = dict(scope["headers"])[b"host"].decode().split(".")[0]
        status, body = 200, {"open": len(self.stalls)}
        if scope["path"] == "/ready":
            status = 503 if FAULT == "never ready" else 204
        elif FAULT == "skips" and slug not in self.stalls:
            status = 503
        else:
            if slug not in self.stalls:
                await self.open(slug)
            status, body = await self.ask(slug, scope["method"], receive)
            logger.info("asked by %s", slug)
        if FAULT == "blank":
            body = {}
        content = b"" if status == 204 else json.dumps(body).encode()
        headers = [(b"content-type", b"application/json")]
        await send(
            {"type": "http.response.start", "status": status, "headers": headers}
        )
        await send({"type": "http.response.body", "body": content})

    async def ask(self, slug, method, receive):
        if method == "POST":
            text = json.loads((await receive())["body"])["text"]
            await self.stalls[slug].execute(
                "insert into notes values ($1, $2)", slug, text
            )
            return 201, {}
        rows = await self.stalls[slug].fetch(
            "select text from notes where slug = $1", slug
        )
        return 200, {"notes": [row["text"] for row in rows]}


if FAULT == "mute":
    logging.disable()
app = App()
'''

TARGET = """
from harness import ConnectionPlan, Initialiser, Operation, Target

FAULTS = (
    "dies", "hangs", "never ready", "twice", "leaves connections", "skips", "lazy",
    "blank", "mute",
)


async def provision(tools, tenant):
    await tools.sql("create table if not exists tenants (slug text primary key)")
    await tools.sql("create table if not exists notes (slug text, text text)")
    await tools.sql("insert into tenants values ($1)", tenant.slug)


target = Target(
    app="stall:app",
    environment={"DSN": "{dsn}"},
    provision=provision,
    openapi="",
    operations=(
        Operation(method="GET", path="/stall"),
        Operation(method="POST", path="/stall", body={"text": "{canary}"}),
    ),
    hostile_names=False,
    startup_timeout=60.0,
    ready="/ready",
    strategies={
        "eager": {},
        **{fault.replace(" ", "-"): {"FAULT": fault} for fault in FAULTS},
    },
    initialisers=(Initialiser(function="stall:open_stall", tenant="slug"),),
    connections=ConnectionPlan(largest_pool=1, shared=1),
)
"""

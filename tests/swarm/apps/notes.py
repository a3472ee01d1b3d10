"""Notes of tenants, kept in a file; `NOTES_BUG` says what is wrong with it.

``list``: the newest note of all tenants is in every list.
``shout``: the same, in capitals.
``zipped``: the same as ``list``, and answers are compressed.
``header``: the newest note is in a header.
``error``: it is in what says that a note is not there.
``id``: a note is found by its id, whosever it is.
``door``: whoever is logged in is shown the notes of the tenant that is selected.
``stream``: everybody's stream tells of everybody's new notes.
``socket``: the same of sockets.
``broken``: streams break off after their first event, and sockets fail.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Header, HTTPException, Response, WebSocket
from fastapi.middleware.gzip import GZipMiddleware
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

BUG = os.environ.get("NOTES_BUG", "")
FILE = Path(os.environ.get("NOTES_FILE", os.devnull))


class NewNote(BaseModel):
    title: str


class Note(NewNote):
    id: int


@dataclass(eq=False)
class Ear:
    """Somebody who hears of new notes; of each one its own are told."""

    slug: str
    kind: str
    news: asyncio.Queue[str] = field(default_factory=asyncio.Queue)


class Data:
    """All that there is."""

    def __init__(self) -> None:
        read = json.loads(FILE.read_text() or "{}") if FILE.is_file() else {}
        self.ears: set[Ear] = set()
        self.keys: dict[str, str] = read.get("keys", {})
        self.notes: list[tuple[int, str, str]] = [
            (number, slug, title) for number, slug, title in read.get("notes", [])
        ]

    def save(self) -> None:
        if FILE.name and str(FILE) != os.devnull:
            FILE.write_text(json.dumps({"keys": self.keys, "notes": self.notes}))

    def add(self, slug: str, title: str) -> Note:
        number = 1 + max((number for number, _, _ in self.notes), default=0)
        self.notes.append((number, slug, title))
        self.save()
        for ear in self.ears:
            if ear.slug == slug or ear.kind == BUG:
                ear.news.put_nowait(title)
        return Note(id=number, title=title)

    def of(self, slug: str) -> list[Note]:
        return [Note(id=n, title=t) for n, owner, t in self.notes if owner == slug]

    def newest(self) -> str:
        return self.notes[-1][2] if self.notes else ""


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Start once somebody says so, where there is somebody."""
    if "NOTES_WORD_AT" in os.environ:
        port = int(os.environ["NOTES_WORD_AT"])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        await reader.readline()
        writer.close()
    app.state.data = Data()
    yield


app = FastAPI(lifespan=lifespan)
if BUG == "zipped":
    app.add_middleware(GZipMiddleware, minimum_size=1)


def the_data() -> Data:
    return app.state.data  # type: ignore[no-any-return]


def the_slug(
    data: Annotated[Data, Depends(the_data)],
    x_tenant: Annotated[str, Header()] = "",
    x_key: Annotated[str, Header()] = "",
) -> str:
    slug = data.keys.get(x_key)
    if slug is None:
        raise HTTPException(401)
    if x_tenant != slug and BUG != "door":
        raise HTTPException(403)
    return x_tenant


Known = Annotated[Data, Depends(the_data)]
Slug = Annotated[str, Depends(the_slug)]


@app.post("/tenants", status_code=201)
def make_tenant(data: Known, body: dict[str, Any]) -> dict[str, str]:
    key = f"key-{len(data.keys)}"
    data.keys[key] = body["slug"]
    data.save()
    return {"key": key}


@app.post("/notes", status_code=201)
async def make_note(data: Known, slug: Slug, body: NewNote) -> Note:
    return data.add(slug, body.title)


@app.get("/notes")
def notes(data: Known, slug: Slug, response: Response) -> list[Note]:
    found = data.of(slug)[-20:]
    if BUG in {"list", "zipped"}:
        found.append(Note(id=0, title=data.newest()))
    if BUG == "shout":
        found.append(Note(id=0, title=data.newest().upper()))
    if BUG == "header":
        response.headers["x-newest"] = data.newest()
    return found


@app.get("/notes/{note_id}")
def note(data: Known, slug: Slug, note_id: int) -> Note:
    for number, owner, title in data.notes:
        if number == note_id and (owner == slug or BUG == "id"):
            return Note(id=number, title=title)
    detail = f"the newest is {data.newest()}" if BUG == "error" else "not there"
    raise HTTPException(404, detail)


@app.delete("/notes/{note_id}", status_code=204)
def delete(data: Known, slug: Slug, note_id: int) -> None:
    for one in data.notes:
        if one[0] == note_id and one[1] == slug:
            data.notes.remove(one)
            data.save()
            return
    raise HTTPException(404)


async def told(data: Data, ear: Ear) -> AsyncIterator[str]:
    data.ears.add(ear)
    try:
        while True:
            yield await ear.news.get()
    finally:
        data.ears.discard(ear)


@app.get("/events", response_class=StreamingResponse)
async def events(data: Known, slug: Slug) -> StreamingResponse:
    async def frames() -> AsyncIterator[str]:
        yield ": hello\n\n"
        async for title in told(data, Ear(slug, "stream")):
            if BUG == "broken":
                raise RuntimeError("the stream breaks")
            yield f"event: note\ndata: {title}\n\n"

    return StreamingResponse(frames(), media_type="text/event-stream")


@app.websocket("/socket")
async def socket(websocket: WebSocket) -> None:
    data: Data = app.state.data
    slug = websocket.headers.get("x-tenant", "")
    if data.keys.get(websocket.headers.get("x-key", "")) != slug:
        await websocket.close(1008)
        return
    await websocket.accept()
    if BUG == "broken":
        await websocket.receive_text()
        await websocket.close(1011)
        return
    await websocket.send_json({"said": await websocket.receive_text()})
    async for title in told(data, Ear(slug, "socket")):
        await websocket.send_json({"note": title})


@app.get("/motto")
def motto(data: Known) -> dict[str, str]:
    """Say what all tenants may know, and what one of them wrote."""
    return {"motto": data.newest()}


@app.post("/die")
def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)

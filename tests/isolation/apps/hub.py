"""Notes that are told of: by streams, sockets, files, an assistant and metrics.

It is right as it stands. `FAULT` names what is wrong with it: see `Hub`.
"""

from __future__ import annotations

import asyncio
import io
import json
import os
import zipfile
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Annotated, Any

from fastapi import (
    BackgroundTasks,
    Depends,
    FastAPI,
    Header,
    HTTPException,
    Request,
    Response,
    WebSocket,
)
from fastapi.responses import StreamingResponse
from pydantic import BaseModel
from starlette.requests import HTTPConnection
from starlette.websockets import WebSocketDisconnect

EMPTY = '{"people": {}, "notes": {}, "exports": {}}'
EVENTS = "text/event-stream"


class Person(BaseModel):
    slug: str = ""
    email: str
    password: str


class NoteIn(BaseModel):
    text: str


class Note(NoteIn):
    id: int


class Question(BaseModel):
    question: str


class Export(BaseModel):
    id: int
    state: str


class Hub:
    """What is told to whom.

    Faults: ``broadcast`` (whoever listens hears everybody's events), ``any token``
    (a valid token of any tenant lets one listen anywhere), ``rooms`` (sockets in a
    room hear what is said in a room of the same number at another tenant's),
    ``files`` (an export's file is found by its number alone), ``assistant`` (it
    remembers what anybody noted last), ``e-mail`` (a metric is labelled with the
    user's address), ``first label`` (all requests are counted for the tenant that
    asked first). Oddities: ``late file`` (an export's file takes a while).
    """

    def __init__(self, path: Path, fault: str) -> None:
        self._path = path
        self.fault = fault
        self.data: dict[str, Any] = json.loads(path.read_text())
        self.listeners: dict[str, set[asyncio.Queue[str]]] = defaultdict(set)
        self.counted: Counter[tuple[str, str]] = Counter()
        self.first = ""

    def save(self) -> None:
        self._path.write_text(json.dumps(self.data))

    def told(self, place: str) -> list[asyncio.Queue[str]]:
        """Return who hears what is told at a place, such as ``a`` or ``a/7``."""
        _, _, room = place.partition("/")
        if (room and self.fault == "rooms") or self.fault == "broadcast":
            alike = [one for one in self.listeners if one.partition("/")[2] == room]
            return [queue for one in alike for queue in self.listeners[one]]
        return list(self.listeners[place])

    def tell(self, place: str, text: str) -> None:
        for queue in self.told(place):
            queue.put_nowait(text)

    def count(self, path: str, slug: str) -> None:
        self.first = self.first or slug
        counted = self.first if self.fault == "first label" else slug
        self.counted[path, counted] += 1


def the_hub(connection: HTTPConnection) -> Hub:
    hub: Hub = connection.app.state.hub
    return hub


TheHub = Annotated[Hub, Depends(the_hub)]


def known(hub: Hub, connection: HTTPConnection, *, loose: bool = False) -> str:
    """Return the tenant that is asked, by one of its own."""
    slug = connection.headers["host"].partition(".")[0]
    sent = connection.headers.get("authorization", "")
    token = connection.query_params.get("access_token", sent.removeprefix("Bearer "))
    holder = token.removeprefix("of-")
    people = hub.data["people"]
    if slug not in people or holder not in people:
        raise HTTPException(401)
    if holder != slug and not loose:
        raise HTTPException(403)
    return slug


def the_tenant(request: Request, hub: TheHub) -> str:
    loose = hub.fault == "any token" and request.url.path == "/events"
    slug = known(hub, request, loose=loose)
    hub.count(request.scope["route"].path, slug)
    return slug


Tenant = Annotated[str, Depends(the_tenant)]


def sign_up(person: Person, hub: TheHub) -> dict[str, str]:
    hub.data["people"][person.slug] = person.model_dump()
    hub.save()
    return {"slug": person.slug}


def log_in(request: Request, person: Person, hub: TheHub) -> dict[str, str]:
    slug = request.headers["host"].partition(".")[0]
    found = hub.data["people"].get(slug)
    if not found or found["password"] != person.password:
        raise HTTPException(401)
    return {"token": f"of-{slug}"}


def notes_of(hub: Hub, slug: str) -> dict[str, str]:
    notes: dict[str, str] = hub.data["notes"].setdefault(slug, {})
    return notes


def create(note: NoteIn, slug: Tenant, hub: TheHub) -> Note:
    notes = notes_of(hub, slug)
    made = Note(id=len(notes) + 1, text=note.text)
    notes[str(made.id)] = note.text
    hub.data["last"] = note.text
    hub.save()
    hub.tell(slug, made.model_dump_json())
    return made


def listed(slug: Tenant, hub: TheHub) -> list[Note]:
    return [Note(id=int(k), text=v) for k, v in notes_of(hub, slug).items()]


def read(note_id: int, slug: Tenant, hub: TheHub) -> Note:
    text = notes_of(hub, slug).get(str(note_id))
    if text is None:
        raise HTTPException(404)
    return Note(id=note_id, text=text)


async def events(slug: Tenant, hub: TheHub) -> StreamingResponse:
    """Tell of each new note, for as long as somebody listens."""

    async def pieces() -> AsyncIterator[str]:
        queue: asyncio.Queue[str] = asyncio.Queue()
        hub.listeners[slug].add(queue)
        try:
            while True:
                yield f"event: note\ndata: {await queue.get()}\n\n"
        finally:
            hub.listeners[slug].discard(queue)

    return StreamingResponse(pieces(), media_type=EVENTS)


async def socket(websocket: WebSocket, hub: TheHub) -> None:
    """Tell of each new note."""
    await _talk(websocket, hub, known(hub, websocket))


async def room(websocket: WebSocket, note_id: int, hub: TheHub) -> None:
    """Pass on what is said about a note."""
    slug = known(hub, websocket)
    if str(note_id) not in notes_of(hub, slug):
        raise HTTPException(404)
    await _talk(websocket, hub, f"{slug}/{note_id}")


async def _talk(websocket: WebSocket, hub: Hub, place: str) -> None:
    await websocket.accept()
    queue: asyncio.Queue[str] = asyncio.Queue()
    hub.listeners[place].add(queue)

    async def pass_on() -> None:
        while True:
            await websocket.send_text(await queue.get())

    passing = asyncio.create_task(pass_on())
    try:
        while True:
            hub.tell(place, await websocket.receive_text())
    except WebSocketDisconnect:
        pass
    finally:
        passing.cancel()
        hub.listeners[place].discard(queue)


def ask(question: Question, slug: Tenant, hub: TheHub) -> StreamingResponse:
    """Answer bit by bit, from the newest note."""
    notes = [*notes_of(hub, slug).values()] or [""]
    noted = hub.data.get("last", "") if hub.fault == "assistant" else notes[-1]

    def pieces() -> Iterator[str]:
        for at in range(0, len(noted), 5):
            delta = {"type": "delta", "delta": {"text": noted[at : at + 5]}}
            yield f"data: {json.dumps(delta)}\n\n"

    return StreamingResponse(pieces(), media_type=EVENTS)


def exports_of(hub: Hub, slug: str) -> list[dict[str, Any]]:
    exports: list[dict[str, Any]] = hub.data["exports"].setdefault(slug, [])
    return exports


def export(slug: Tenant, hub: TheHub, tasks: BackgroundTasks) -> Export:
    exports = exports_of(hub, slug)
    number = len(exports) + 1
    exports.append({"state": "pending", "owner": slug})
    hub.save()
    if hub.fault != "late file":
        tasks.add_task(finish, hub, slug, number)
    return Export(id=number, state="pending")


def finish(hub: Hub, slug: str, number: int) -> None:
    done = {"state": "done", "notes": [*notes_of(hub, slug).values()], "owner": slug}
    exports_of(hub, slug)[number - 1] = done
    hub.data["latest"] = {**hub.data.get("latest", {}), str(number): done["notes"]}
    hub.save()


def exported(export_id: int, slug: Tenant, hub: TheHub) -> Export:
    exports = exports_of(hub, slug)
    if not 0 < export_id <= len(exports):
        raise HTTPException(404)
    return Export(id=export_id, state=exports[export_id - 1]["state"])


def file(export_id: int, slug: Tenant, hub: TheHub) -> Response:
    exports = exports_of(hub, slug)
    if not 0 < export_id <= len(exports):
        raise HTTPException(404)
    if exports[export_id - 1]["state"] == "pending":  # who asks again gets it
        finish(hub, slug, export_id)
        raise HTTPException(409)
    notes = exports[export_id - 1]["notes"]
    if hub.fault == "files":
        notes = hub.data["latest"][str(export_id)]
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("notes.csv", "text\n" + "\n".join(notes))
    headers = {"content-disposition": 'attachment; filename="notes.zip"'}
    return Response(content.getvalue(), media_type="application/zip", headers=headers)


def metrics(hub: TheHub, authorization: Annotated[str, Header()] = "") -> Response:
    if authorization != "Bearer scraper":
        raise HTTPException(401)
    lines = ["# TYPE requests_total counter"]
    for (path, slug), count in hub.counted.items():
        shown = hub.data["people"][slug]["email"] if hub.fault == "e-mail" else slug
        lines.append(f'requests_total{{path="{path}",tenant="{shown}"}} {count}.0')
    return Response("\n".join(lines) + "\n", media_type="text/plain; version=0.0.4")


def create_app() -> FastAPI:
    app = FastAPI(title="Hub")
    app.state.hub = Hub(Path(os.environ["HUB"]), os.environ.get("FAULT", ""))
    app.post("/signup", status_code=201)(sign_up)
    app.post("/login")(log_in)
    app.get("/events", response_class=StreamingResponse)(events)
    app.get("/notes")(listed)
    app.post("/notes", status_code=201)(create)
    app.get("/notes/{note_id}")(read)
    app.post("/assistant", response_class=StreamingResponse)(ask)
    app.post("/exports", status_code=202)(export)
    app.get("/exports/{export_id}")(exported)
    app.get("/exports/{export_id}/file", response_class=Response)(file)
    app.get("/metrics", include_in_schema=False)(metrics)
    app.websocket("/socket")(socket)
    app.websocket("/rooms/{note_id}")(room)
    return app

"""Notes and a flag for each tenant, who is told by the host; kept in a file.

It is right as it stands. `FAULT` names what is wrong with it, or odd: see `Desk`.
"""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Header, HTTPException, Request, Response
from pydantic import BaseModel

EMPTY = '{"people": {}, "notes": {}, "flags": {}, "next": {}}'

logger = logging.getLogger("desk")


class Person(BaseModel):
    slug: str = ""
    email: str
    password: str


class NoteIn(BaseModel):
    text: str


class Note(NoteIn):
    id: int


class Flag(BaseModel):
    on: bool


class Plan(BaseModel):
    price: int


class Desk:
    """What an app has: its file, and what it forgets at the end.

    Faults: ``any token: PUT /flag`` (a valid token of any tenant is taken, by
    operations that begin so), ``cache`` (lists of notes, by path), ``shared door``
    (any user may log in at any tenant's), ``draft`` (who set its flag is shown what
    anybody wrote last). Oddities: ``late`` (the flag is written
    at the next attempt to), ``frozen`` (who set its flag may delete nothing until
    the next start), ``no deletes``.
    """

    def __init__(self, path: Path, fault: str) -> None:
        self._path = path
        self.fault = fault
        self.data: dict[str, Any] = json.loads(path.read_text())
        self.cached: dict[str, list[Note]] = {}
        self.late: dict[str, bool] = {}
        self.frozen: set[str] = set()
        self.draft = ""
        self.switched: set[str] = set()

    def save(self) -> None:
        self._path.write_text(json.dumps(self.data))

    def notes(self, slug: str) -> dict[str, str]:
        notes: dict[str, str] = self.data["notes"].setdefault(slug, {})
        return notes

    def takes_any(self, request: Request) -> bool:
        fault, _, prefix = self.fault.partition(": ")
        asked = f"{request.method} {request.url.path}"
        return fault == "any token" and asked.startswith(prefix)

    def flush(self, slug: str) -> None:
        if slug in self.late:
            self.data["flags"][slug] = self.late.pop(slug)
            self.save()


def the_desk(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


TheDesk = Annotated[Desk, Depends(the_desk)]


def the_host(request: Request, desk: TheDesk) -> str:
    slug = request.headers["host"].partition(".")[0]
    if slug not in desk.data["people"]:
        raise HTTPException(404)
    return slug


Host = Annotated[str, Depends(the_host)]


def the_tenant(
    request: Request,
    desk: TheDesk,
    slug: Host,
    authorization: Annotated[str, Header()] = "",
) -> str:
    if desk.fault == "late" and request.method == "PUT":
        desk.flush(slug)
    holder = authorization.removeprefix("Bearer of-")
    if holder not in desk.data["people"]:
        raise HTTPException(401)
    if holder != slug and not desk.takes_any(request):
        raise HTTPException(403)
    logger.info("asked", extra={"tenant": slug})
    return slug


Tenant = Annotated[str, Depends(the_tenant)]


def create() -> FastAPI:
    app = FastAPI()
    app.state.desk = Desk(Path(os.environ["DESK"]), os.environ["FAULT"])
    people(app)
    _notes(app)
    _one_note(app)
    _flag(app)
    return app


def people(app: FastAPI) -> None:
    @app.post("/signup", status_code=201)
    def sign_up(desk: TheDesk, who: Person) -> dict[str, str]:
        desk.data["people"][who.slug] = [who.email, who.password]
        desk.save()
        return {}

    @app.post("/login")
    def log_in(desk: TheDesk, slug: Host, who: Person) -> dict[str, str]:
        known = [desk.data["people"][slug]]
        if desk.fault == "shared door":
            known = list(desk.data["people"].values())
        if [who.email, who.password] not in known:
            raise HTTPException(401)
        return {"token": f"of-{slug}"}

    @app.get("/plans")
    def plans() -> list[Plan]:
        return [Plan(price=5)]

    @app.get("/stats")
    def stats(desk: TheDesk, authorization: Annotated[str, Header()] = "") -> Plan:
        if authorization != "Bearer of-the-operator":
            raise HTTPException(403)
        return Plan(price=len(desk.data["people"]))

    @app.post("/stats", status_code=201)
    def count_again() -> Plan:
        raise HTTPException(403)


def _notes(app: FastAPI) -> None:
    @app.post("/notes", status_code=201)
    def write(desk: TheDesk, slug: Tenant, note: NoteIn) -> Note:
        number = desk.data["next"].get(slug, 1)
        desk.data["next"][slug] = number + 1
        desk.notes(slug)[str(number)] = note.text
        desk.cached.clear()
        desk.save()
        return Note(id=number, text=note.text)

    @app.get("/notes")
    def listed(
        request: Request, response: Response, desk: TheDesk, slug: Tenant
    ) -> list[Note]:
        found = [Note(id=int(k), text=v) for k, v in desk.notes(slug).items()]
        if desk.fault == "draft" and slug in desk.switched:
            response.headers["x-draft"] = desk.draft
        if desk.fault == "cache":
            return desk.cached.setdefault(request.url.path, found)
        return found


def _one_note(app: FastAPI) -> None:
    def must_have(desk: Desk, slug: str, number: int) -> None:
        if str(number) not in desk.notes(slug):
            raise HTTPException(404)

    @app.get("/notes/{note_id}")
    def read(desk: TheDesk, slug: Tenant, note_id: int) -> Note:
        must_have(desk, slug, note_id)
        return Note(id=note_id, text=desk.notes(slug)[str(note_id)])

    @app.put("/notes/{note_id}")
    def change(desk: TheDesk, slug: Tenant, note_id: int, note: NoteIn) -> Note:
        must_have(desk, slug, note_id)
        desk.notes(slug)[str(note_id)] = desk.draft = note.text
        desk.save()
        return Note(id=note_id, text=note.text)

    @app.delete("/notes/{note_id}", status_code=204)
    def remove(desk: TheDesk, slug: Tenant, note_id: int) -> None:
        if desk.fault == "no deletes" or slug in desk.frozen:
            raise HTTPException(409)
        must_have(desk, slug, note_id)
        del desk.notes(slug)[str(note_id)]
        desk.save()


def _flag(app: FastAPI) -> None:
    @app.get("/flag")
    def flag(desk: TheDesk, slug: Tenant) -> Flag:
        return Flag(on=desk.data["flags"].get(slug, False))

    @app.put("/flag", status_code=204)
    def set_flag(desk: TheDesk, slug: Tenant, flag: Flag) -> None:
        desk.late[slug] = flag.on
        if desk.fault != "late":
            desk.flush(slug)
        desk.switched.add(slug)
        if desk.fault == "frozen":
            desk.frozen.add(slug)

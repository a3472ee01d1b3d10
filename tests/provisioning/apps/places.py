"""An app in memory whose paths say which house is meant: ``/{house}/files``."""

from __future__ import annotations

from collections import defaultdict

from fastapi import FastAPI, HTTPException
from pydantic import BaseModel
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.provisioning.apps.watching import Watched


class File(BaseModel):
    title: str


class Kept(File):
    id: str


class Stripped:
    """Takes the prefix ``/at/<house>`` off and puts the house back as a segment."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if path.startswith("/at/"):
            scope = {**scope, "path": path.removeprefix("/at")}
        await self._app(scope, receive, send)


def create() -> ASGIApp:
    app = FastAPI()
    houses: dict[str, dict[str, str]] = defaultdict(dict)

    @app.post("/join")
    def join(body: dict[str, str]) -> None:
        houses[body["name"]] = {}

    @app.get("/health")
    def health() -> dict[str, str]:
        return {}

    @app.post("/{house}/files", status_code=201)
    def make(house: str, body: File) -> Kept:
        if house not in houses:
            raise HTTPException(404)
        kept = Kept(id=f"{len(houses[house])} ü.txt", title=body.title)
        houses[house][kept.id] = kept.title
        return kept

    @app.get("/{house}/files")
    def listed(house: str) -> list[Kept]:
        return [Kept(id=id_, title=title) for id_, title in houses[house].items()]

    @app.get("/{house}/files/{file_id}")
    def read(house: str, file_id: str) -> Kept:
        if file_id not in houses[house]:
            raise HTTPException(404)
        return Kept(id=file_id, title=houses[house][file_id])

    @app.get("/{house}/echo/{text}")
    def echo(house: str, text: str) -> dict[str, str]:
        return {"house": house, "text": text}

    return Watched(Stripped(app))

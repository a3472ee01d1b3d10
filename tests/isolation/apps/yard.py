"""Parcels with slips inside, and a board of what became of them; kept as the desk is.

It is right as it stands. Faults: ``slip by id`` (whose the parcel is gets looked at,
and then any slip is taken), ``told when lost`` (a lost parcel is on everybody's board),
``answers of all`` (what is asked is answered with everybody's lost parcels).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal

from fastapi import FastAPI, HTTPException
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from tests.isolation.apps.desk import Desk, Tenant, TheDesk, people


class Text(BaseModel):
    text: str


class ParcelChange(BaseModel):
    text: str | None = None
    state: str | None = Field(None, pattern=r"^(booked|(late|lost))$")
    visibility: Literal["private", "public"] = "private"


class Kept(Text):
    id: int


def create() -> FastAPI:
    app = FastAPI()
    app.state.desk = Desk(Path(os.environ["DESK"]), os.environ["FAULT"])
    people(app)
    _parcels(app)
    _slips(app)
    _questions(app)
    return app


def rows(desk: Desk, kind: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = desk.data.setdefault(kind, [])
    return found


def added(desk: Desk, kind: str, **row: Any) -> Kept:
    rows(desk, kind).append({"id": len(rows(desk, kind)) + 1, **row})
    desk.save()
    return Kept(id=len(rows(desk, kind)), text=row["text"])


def one(desk: Desk, kind: str, **wanted: Any) -> dict[str, Any]:
    for row in rows(desk, kind):
        if all(row[name] == value for name, value in wanted.items()):
            return row
    raise HTTPException(404)


def kept(row: dict[str, Any]) -> Kept:
    return Kept(id=row["id"], text=row["text"])


def _parcels(app: FastAPI) -> None:
    @app.post("/parcels", status_code=201)
    def post(desk: TheDesk, slug: Tenant, body: Text) -> Kept:
        return added(desk, "parcels", slug=slug, text=body.text)

    @app.get("/parcels/{parcel_id}")
    def parcel(desk: TheDesk, slug: Tenant, parcel_id: int) -> Kept:
        return kept(one(desk, "parcels", slug=slug, id=parcel_id))

    @app.patch("/parcels/{parcel_id}")
    def change(
        desk: TheDesk, slug: Tenant, parcel_id: int, body: ParcelChange
    ) -> dict[str, Any]:
        found = one(desk, "parcels", slug=slug, id=parcel_id)
        found["text"] = body.text or found["text"]
        everybody = body.state == "lost" and desk.fault == "told when lost"
        if body.state == "lost":
            whose = "" if everybody else slug
            rows(desk, "board").append({"slug": whose, "text": found["text"]})
        desk.save()
        return body.model_dump()

    @app.get("/board")
    def board(desk: TheDesk, slug: Tenant) -> list[Text]:
        shown = [row for row in rows(desk, "board") if row["slug"] in {slug, ""}]
        return [Text(text=row["text"]) for row in shown]


def _slips(app: FastAPI) -> None:
    @app.post("/parcels/{parcel_id}/slips", status_code=201)
    def sign(desk: TheDesk, slug: Tenant, parcel_id: int, body: Text) -> Kept:
        one(desk, "parcels", slug=slug, id=parcel_id)
        return added(desk, "slips", parcel=parcel_id, text=body.text)

    def the_slip(desk: Desk, slug: str, parcel: int, slip: int) -> dict[str, Any]:
        one(desk, "parcels", slug=slug, id=parcel)
        if desk.fault == "slip by id":
            return one(desk, "slips", id=slip)
        return one(desk, "slips", id=slip, parcel=parcel)

    @app.get("/parcels/{parcel_id}/slips/{slip_id}")
    def slip(desk: TheDesk, slug: Tenant, parcel_id: int, slip_id: int) -> Kept:
        return kept(the_slip(desk, slug, parcel_id, slip_id))

    @app.put("/parcels/{parcel_id}/slips/{slip_id}")
    def correct(
        desk: TheDesk, slug: Tenant, parcel_id: int, slip_id: int, body: Text
    ) -> Kept:
        found = the_slip(desk, slug, parcel_id, slip_id)
        found["text"] = body.text
        desk.save()
        return kept(found)


def _questions(app: FastAPI) -> None:
    @app.post("/questions")
    def ask(desk: TheDesk, slug: Tenant, body: Text) -> StreamingResponse:
        everybody = desk.fault == "answers of all"
        lost = [one for one in rows(desk, "board") if everybody or one["slug"] == slug]
        told = [f"data: {one['text']}\n\n" for one in (body.model_dump(), *lost)]
        return StreamingResponse(iter(told), media_type="text/event-stream")

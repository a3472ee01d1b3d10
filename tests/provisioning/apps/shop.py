"""An app in memory: shops with shelves, items on them, and settings.

Each shop counts its own ids. Tokens are forgotten with the process; a header, a path
parameter, a prefix or nothing but the token selects the shop.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Header, HTTPException, Request
from pydantic import BaseModel
from starlette.types import ASGIApp

from tests.provisioning.apps.watching import Watched


class Credentials(BaseModel):
    email: str
    password: str


class Shelf(BaseModel):
    title: str


class Item(BaseModel):
    label: str
    shelf_id: int | None = None


class Colours(BaseModel):
    accent: str


class Found(BaseModel):
    id: int


class FoundShelf(Shelf, Found):
    pass


class FoundItem(Item, Found):
    pass


@dataclass
class Shop:
    shelves: dict[int, str] = field(default_factory=dict)
    items: dict[tuple[int, int], Item] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    accent: str = "none"
    ids: Any = field(default_factory=lambda: itertools.count(1))


@dataclass
class Data:
    shops: dict[str, Shop] = field(default_factory=lambda: defaultdict(Shop))
    people: dict[str, tuple[str, str]] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    serial: Any = field(default_factory=lambda: itertools.count(1))


def the_shop(
    request: Request,
    x_shop: Annotated[str, Header()] = "",
    authorization: Annotated[str, Header()] = "",
) -> Shop:
    data: Data = request.app.state.data
    slug = data.tokens.get(authorization.removeprefix("Bearer "))
    if slug is None:
        raise HTTPException(401)
    if x_shop and x_shop != slug:
        raise HTTPException(403)
    return data.shops[slug]


Mine = Annotated[Shop, Depends(the_shop)]


def create() -> ASGIApp:
    app = FastAPI()
    app.state.data = data = Data()

    @app.post("/shops", status_code=201)
    def open_shop(body: dict[str, str]) -> dict[str, int]:
        data.people[body["email"]] = (body["password"], body["slug"])
        return {"number": len(data.people)}

    @app.post("/login")
    def log_in(body: Credentials) -> dict[str, dict[str, str]]:
        password, slug = data.people.get(body.email, ("", ""))
        if password != body.password:
            raise HTTPException(401, f"wrong password: {body.password}")
        token = f"token-{next(data.serial)}"
        data.tokens[token] = slug
        return {"data": {"token": token}}

    @app.post("/forget", status_code=204, include_in_schema=False)
    def forget(people: bool = False) -> None:
        data.tokens.clear()
        if people:
            data.people.clear()

    _shelves(app)
    _items(app)

    @app.get("/colours")
    def colours(shop: Mine) -> Colours:
        return Colours(accent=shop.accent)

    @app.put("/colours")
    def set_colours(shop: Mine, body: Colours) -> Colours:
        shop.accent = body.accent
        return body

    _labels(app)
    _staff(app)
    return Watched(app)


def _shelves(app: FastAPI) -> None:
    @app.post("/shelves", status_code=201)
    def make_shelf(shop: Mine, body: Shelf) -> FoundShelf:
        number = next(shop.ids)
        shop.shelves[number] = body.title
        return FoundShelf(id=number, title=body.title)

    @app.get("/shelves")
    def shelves(shop: Mine, q: str = "") -> list[FoundShelf]:
        found = shop.shelves.items()
        return [FoundShelf(id=n, title=title) for n, title in found if q in title]

    @app.get("/shelves/{shelf_id}")
    def shelf(shop: Mine, shelf_id: int) -> FoundShelf:
        if shelf_id not in shop.shelves:
            raise HTTPException(404)
        return FoundShelf(id=shelf_id, title=shop.shelves[shelf_id])

    # The other name of the parameter is on purpose: it is the same place.
    @app.delete("/shelves/{number}", status_code=204)
    def drop_shelf(shop: Mine, number: int) -> None:
        if shop.shelves.pop(number, None) is None:
            raise HTTPException(404)


def _items(app: FastAPI) -> None:
    @app.post("/shelves/{shelf_id}/items", status_code=201)
    def make_item(shop: Mine, shelf_id: int, body: Item) -> FoundItem:
        if shelf_id not in shop.shelves:
            raise HTTPException(404)
        number = next(shop.ids)
        shop.items[shelf_id, number] = body
        return FoundItem(id=number, **body.model_dump())

    @app.get("/shelves/{shelf_id}/items")
    def items(shop: Mine, shelf_id: int) -> list[FoundItem]:
        return [
            FoundItem(id=number, **item.model_dump())
            for (place, number), item in shop.items.items()
            if place == shelf_id
        ]

    @app.delete("/shelves/{shelf_id}/items/{item_id}", status_code=204)
    def drop_item(shop: Mine, shelf_id: int, item_id: int) -> None:
        if shop.items.pop((shelf_id, item_id), None) is None:
            raise HTTPException(404)


def _labels(app: FastAPI) -> None:
    @app.get("/labels")
    def labels(shop: Mine) -> list[dict[str, str]]:
        return [{"name": name} for name in shop.labels]

    @app.put("/labels/{name}")
    def set_label(shop: Mine, name: str, body: Colours) -> dict[str, str]:
        shop.labels[name] = body.accent
        return {"name": name}

    @app.get("/labels/{name}")
    def label(shop: Mine, name: str) -> Colours:
        return Colours(accent=shop.labels[name])


def _staff(app: FastAPI) -> None:
    @app.get("/vault")
    def vault(shop: Mine) -> Found:
        raise HTTPException(401)

    @app.get("/staff")
    def staff(shop: Mine) -> list[Found]:
        return [Found(id=40), Found(id=41)]

    @app.get("/staff/{person_id}")
    def person(shop: Mine, person_id: int) -> Found:
        if person_id not in {40, 41}:
            raise HTTPException(404)
        return Found(id=person_id)

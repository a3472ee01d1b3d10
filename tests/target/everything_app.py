"""A FastAPI app whose requests hold every type of field that we know of."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import uuid
from typing import Annotated, Any, Literal

from fastapi import Depends, FastAPI, File, Form, Header, Query, Response, UploadFile
from fastapi.security import OAuth2PasswordRequestForm
from pydantic import (
    AnyUrl,
    BaseModel,
    ConfigDict,
    Field,
    HttpUrl,
    IPvAnyAddress,
    Json,
    SecretStr,
)


class Colour(enum.StrEnum):
    RED = "red"
    BLUE = "blue"


class Texts(BaseModel):
    model_config = ConfigDict(extra="forbid")

    title: str = Field(min_length=3, max_length=60)
    long: str = Field(min_length=40)
    short: str = Field(max_length=5)
    slug: str = Field(pattern="^[a-z0-9-]+$")
    code: str = Field(pattern=r"^[A-Z]{2}\d{4}$")
    literal: str = Field(pattern="^fixed$")
    phone: str = Field(pattern=r"^\+\d{7,15}$", examples=["+15555550100"])
    note: str | None = None
    secret: SecretStr
    url: HttpUrl
    link: AnyUrl | None = None
    blob: bytes
    json_: Json[dict[str, int]]
    either: int | str
    email: str = Field(max_length=100)
    contact: str = Field(pattern="^[^@ ]+@[^@ ]+$")


class Numbers(BaseModel):
    free: int
    bounded: int = Field(ge=1, le=9)
    step: int = Field(multiple_of=5, gt=12, lt=99)
    ratio: float = Field(gt=0, lt=1)
    below: float = Field(lt=-3)
    price: decimal.Decimal = Field(max_digits=6, decimal_places=2)
    flag: bool
    year: int = Field(ge=1900, le=2100)


class Others(BaseModel):
    colour: Colour
    fixed: Literal["a"]
    when: dt.datetime
    day: dt.date
    at: dt.time
    lasts: dt.timedelta
    ref: uuid.UUID
    address: IPvAnyAddress


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int = 9


class Dog(BaseModel):
    kind: Literal["dog"]
    name: str


class Node(BaseModel):
    label: str
    children: list[Node] = []
    twin: Node | None = None


class Nested(BaseModel):
    texts: Texts | None = None
    pets: list[Annotated[Cat | Dog, Field(discriminator="kind")]] = Field(min_length=2)
    unique: set[Colour] = Field(min_length=2)
    numbers: set[int] = Field(min_length=3, max_length=4)
    pair: tuple[int, str]
    free: dict[str, Any]
    counts: dict[str, int] = Field(min_length=1)
    tree: Node
    project_id: int
    project_ids: list[int] = []
    anything: Any


class Ticket(BaseModel):
    title: str
    colour: Colour
    tags: list[str] = []
    count: int = Field(ge=0, le=3)


def create_app() -> FastAPI:  # noqa: C901 - one route beside the other
    app = FastAPI()

    @app.post("/projects", status_code=201)
    def project(name: Annotated[str, Query(min_length=5)]) -> dict[str, int]:
        return {"id": 1}

    @app.get("/projects")
    def projects(  # noqa: PLR0917 - FastAPI passes them by name
        status: Colour,
        q: str | None = None,
        limit: Annotated[int, Query(le=100)] = 20,
        tag: Annotated[list[str] | None, Query()] = None,
        x_note: Annotated[str | None, Header()] = None,
        x_tenant_id: Annotated[str | None, Header()] = None,
        authorization: Annotated[str | None, Header()] = None,
        if_match: Annotated[str | None, Header()] = None,
    ) -> list[dict[str, Any]]:
        return [{"id": 1}]

    @app.get("/projects/{project_id}")
    def read(project_id: int) -> dict[str, Any]:
        return {}

    @app.post("/texts")
    def texts(body: Texts) -> None: ...

    @app.post("/numbers")
    def numbers(body: Numbers) -> None: ...

    @app.post("/others")
    def others(body: Others) -> None: ...

    @app.put("/projects/{project_id}/nested/{name}")
    def nested(project_id: int, name: str, body: Nested) -> None: ...

    @app.patch("/reports/{day}/{colour}")
    def report(day: dt.date, colour: Colour, body: Numbers | None = None) -> None: ...

    @app.post("/form")
    def form(body: Annotated[Ticket, Form()]) -> None: ...

    @app.post("/files")
    async def files(
        response: Response,
        main: UploadFile,
        more: Annotated[list[bytes], File()],
        title: Annotated[str, Form()],
    ) -> None:
        content = await main.read()
        response.headers["x-received"] = f"{main.filename} {content.decode()}"

    @app.post("/token")
    def token(form: Annotated[OAuth2PasswordRequestForm, Depends()]) -> None: ...

    return app

"""An app with many ways to log in, and a page that takes what any of them gives."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Annotated, Any

import jwt
from fastapi import FastAPI, Form, Header, HTTPException, Request, Response
from starlette.types import ASGIApp

from tests.provisioning.apps.watching import Watched


@dataclass
class People:
    """Who there is, and which tokens are good."""

    passwords: dict[str, str] = field(default_factory=dict)
    good: set[str] = field(default_factory=set)
    logins: Counter[str] = field(default_factory=Counter)

    def join(self, body: dict[str, str]) -> dict[str, str]:
        self.passwords[body["email"]] = body["password"]
        key = f"key-of-{body['slug']}-that-is-long-enough"
        self.good.add(key)
        return {"api_key": key, "jwt_key": f"sign-{key}"}

    def enter(self, email: str, password: str) -> str:
        if self.passwords.get(email) != password:
            # As careless apps do.
            raise HTTPException(401, f"{password} is wrong")
        self.logins[email] += 1
        token = f"token-{self.logins[email]}-of-{email}"
        self.good.add(token)
        return token


def create() -> ASGIApp:
    app = FastAPI()
    people = People()
    app.post("/people")(people.join)
    _by_form(app, people)
    _by_json(app, people)
    _page(app, people)
    return Watched(app)


def _by_form(app: FastAPI, people: People) -> None:
    @app.post("/token")
    def token(
        username: Annotated[str, Form()],
        password: Annotated[str, Form()],
        grant_type: Annotated[str, Form(pattern="password")],
    ) -> dict[str, str]:
        return {"access_token": people.enter(username, password)}

    @app.post("/door")
    def door(
        username: Annotated[str, Form()], password: Annotated[str, Form()]
    ) -> Response:
        answer = Response(status_code=303, headers={"location": "/"})
        answer.set_cookie("old", "")
        answer.set_cookie("session", "first")
        answer.set_cookie("session", people.enter(username, password), httponly=True)
        answer.set_cookie("csrf", "c1")
        return answer


def _by_json(app: FastAPI, people: People) -> None:
    @app.post("/sessions")
    def sessions(body: dict[str, str]) -> dict[str, Any]:
        token = people.enter(body["email"], body["password"])
        return {"data": [{"session": {"token": token}}]}

    @app.post("/validated")
    def validated(body: dict[str, int]) -> None:
        """Refuse, and repeat what was sent, as FastAPI does."""

    @app.post("/empty")
    def empty() -> dict[str, None]:
        return {"access_token": None}

    @app.post("/code")
    def code(body: dict[str, str]) -> dict[str, str]:
        return {"code": f"code-for-{people.enter(body['email'], body['password'])}"}

    @app.post("/exchange")
    def exchange(body: dict[str, str]) -> dict[str, str]:
        token = body["code"].removeprefix("code-for-")
        if token not in people.good:
            raise HTTPException(400)
        return {"token": token}


def _page(app: FastAPI, people: People) -> None:
    @app.get("/mine")
    def mine(
        request: Request,
        authorization: Annotated[str, Header()] = "",
        x_api_key: Annotated[str, Header()] = "",
        x_issuer: Annotated[str, Header()] = "",
    ) -> dict[str, str]:
        sent = authorization.removeprefix("Bearer ") or x_api_key
        sent = sent or request.cookies.get("session", "")
        if sent in people.good:
            return {"token": sent}
        key = f"sign-key-of-{x_issuer}-that-is-long-enough"
        try:
            claims = jwt.decode(sent, key, ["HS256"])
        except jwt.InvalidTokenError:
            raise HTTPException(401) from None
        return {"sub": claims["sub"], "seconds": str(claims["exp"] - claims["iat"])}

"""The app, running in a test: requests in, answers checked against OpenAPI."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import jsonschema
from fastapi import FastAPI
from pydantic import SecretStr
from starlette.types import Receive, Scope, Send

from reference_app.main import create_app
from reference_app.parts import Parts
from reference_app.settings import Settings

OPERATOR = "an-operator's-token"
PASSWORD = "correct horse"
STRANGER = "192.0.2.7"
CHEAP: dict[str, Any] = {
    "admin_token": OPERATOR,
    "argon2_time_cost": 1,
    "argon2_memory_kib": 8,
    "argon2_parallelism": 1,
}


@dataclass(frozen=True, slots=True)
class RunningApp:
    """An app whose lifespan has begun."""

    app: FastAPI
    state: Mapping[str, Any]

    async def send(
        self,
        method: str,
        url: str,
        *,
        host: str = "acme.localhost",
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
        peer: str = STRANGER,
        **body: Any,
    ) -> httpx.Response:
        """Send a request; the answer is as the OpenAPI document says, or fails."""

        async def with_state(scope: Scope, receive: Receive, send: Send) -> None:
            await self.app({**scope, "state": dict(self.state)}, receive, send)

        transport = httpx.ASGITransport(with_state, client=(peer, 1))
        sent = {"host": host, **(headers or {})}
        if token is not None:
            sent["authorization"] = f"Bearer {token}"
        async with httpx.AsyncClient(
            transport=transport, base_url="http://app", verify=False
        ) as client:
            response = await client.request(method, url, headers=sent, **body)
        check_described(self.app.openapi(), response)
        return response

    async def onboard(self, slug: str, **more: Any) -> httpx.Response:
        """Make a tenant over HTTP."""
        new = {
            "slug": slug,
            "name": slug,
            "admin_email": f"boss@{slug}.example",
            "admin_password": PASSWORD,
            **more,
        }
        return await self.send("POST", "/admin/tenants", token=OPERATOR, json=new)

    async def tenant(self, slug: str, **more: Any) -> TenantClient:
        """Make a tenant and log in as its administrator."""
        response = await self.onboard(slug, **more)
        assert response.status_code == 201, response.text
        return await self.log_in(slug, more.get("admin_email"))

    async def log_in(self, slug: str, email: str | None = None) -> TenantClient:
        """Log in to a tenant."""
        host = f"{slug}.localhost"
        form = {"username": email or f"boss@{slug}.example", "password": PASSWORD}
        response = await self.send("POST", "/token", host=host, data=form)
        assert response.status_code == 200, response.text
        return TenantClient(self, host, response.json()["access_token"])


@dataclass(frozen=True, slots=True)
class TenantClient:
    """Somebody who is logged in to a tenant."""

    running: RunningApp
    host: str
    token: str = field(repr=False)

    async def get(self, url: str) -> httpx.Response:
        return await self.send("GET", url)

    async def post(self, url: str, body: object) -> httpx.Response:
        return await self.send("POST", url, json=body)

    async def put(self, url: str, body: object) -> httpx.Response:
        return await self.send("PUT", url, json=body)

    async def delete(self, url: str) -> httpx.Response:
        return await self.send("DELETE", url)

    async def send(self, method: str, url: str, **more: Any) -> httpx.Response:
        more = {"host": self.host, "token": self.token, **more}
        return await self.running.send(method, url, **more)

    async def write(self, title: str, body: str = "") -> int:
        """Add a document and return its id."""
        response = await self.post("/documents", {"title": title, "body": body})
        assert response.status_code == 201, response.text
        return int(response.json()["id"])


@asynccontextmanager
async def running(
    dsn: str, parts: Parts | None = None, **settings: Any
) -> AsyncIterator[RunningApp]:
    """Run an app for a block."""
    app = create_app(settings_for(dsn, **settings), parts)
    async with app.router.lifespan_context(app) as state:
        assert state is not None
        yield RunningApp(app, state)


def settings_for(dsn: str, **more: Any) -> Settings:
    """Return settings whose passwords are quick to hash."""
    return Settings(dsn=SecretStr(dsn), **{**CHEAP, **more})


def check_described(document: dict[str, Any], response: httpx.Response) -> None:
    """Fail unless the OpenAPI document declares this answer and its body."""
    operation = _operation(document, response.request)
    if operation is None:  # no such route: nothing to declare
        described = response.request.url.path == "/openapi.json"
        assert described or response.status_code in {401, 403, 404, 405, 503}
        return
    declared = operation["responses"].get(str(response.status_code))
    assert declared is not None, f"undeclared status {response.status_code}"
    headers = {name.lower() for name in declared.get("headers", ())}
    assert headers <= set(response.headers), f"missing {headers}"
    if "content" not in declared:
        assert response.content == b""
        return
    media_type = response.headers["content-type"].partition(";")[0]
    assert media_type in declared["content"], f"undeclared {media_type}"
    if media_type == "text/event-stream":
        return
    schema = declared["content"][media_type]["schema"]
    whole = {**schema, "components": document["components"]}
    value = response.json() if media_type.endswith("json") else response.text
    jsonschema.Draft202012Validator(whole).validate(value)


def _operation(
    document: dict[str, Any], request: httpx.Request
) -> dict[str, Any] | None:
    """Find the operation of a request; literal paths come before templates."""
    for template, path in sorted(document["paths"].items(), key=lambda p: "{" in p[0]):
        pattern = re.sub(r"\{\w+\}", "[^/]+", template)
        if re.fullmatch(pattern, request.url.path):
            operation: dict[str, Any] | None = path.get(request.method.lower())
            return operation
    return None

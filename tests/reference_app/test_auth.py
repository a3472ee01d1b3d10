"""Who gets in, and who does not."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import jwt
import pytest

from reference_app.resources import Resources
from tests.reference_app.running import (
    OPERATOR,
    PASSWORD,
    RunningApp,
    TenantClient,
    running,
)


async def forge(app: RunningApp, slug: str, **changes: Any) -> str:
    """Sign a token with a tenant's real key; only the claims are made up."""
    resources: Resources = app.state["resources"]
    (tenant,) = [t for t in await resources.directory.all() if t.slug == slug]
    key = await resources.control.fetchval(
        "SELECT signing_key FROM control.tenants WHERE slug = $1", slug
    )
    claims = {
        "iss": "reference-app",
        "aud": "reference-app-api",
        "tenant": str(tenant.id),
        "sub": "1",
        "role": "admin",
        "exp": int(time.time()) + 60,
        **changes,
    }
    claims = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(claims, key, "HS256")


async def status(client: TenantClient, token: str | None) -> int:
    response = await client.send("GET", "/documents", token=token)
    if response.status_code == 401:
        assert response.headers["www-authenticate"] == "Bearer"
    return response.status_code


async def test_a_token_of_one_tenant_is_refused_by_another(
    dsn: str, storage: str
) -> None:
    async with running(dsn, storage=storage) as app:
        a, b = await app.tenant("a"), await app.tenant("b")

        assert await status(a, a.token) == await status(b, b.token) == 200
        assert await status(b, a.token) == await status(a, b.token) == 401


async def test_a_tenants_key_does_not_sign_for_another_tenant(dsn: str) -> None:
    async with running(dsn) as app:
        a, b = await app.tenant("a"), await app.tenant("b")
        claims = jwt.decode(a.token, options={"verify_signature": False})

        assert await status(b, await forge(app, "b", tenant=claims["tenant"])) == 401
        assert await status(a, await forge(app, "b", tenant=claims["tenant"])) == 401
        assert await status(b, await forge(app, "b")) == 200


@pytest.mark.parametrize(
    "change",
    [
        {"iss": "somebody-else"},
        {"aud": "another-api"},
        {"exp": 1},
        {"exp": None},
        {"aud": None},
        {"tenant": None},
        {"sub": "not a number"},
    ],
)
async def test_a_token_with_a_wrong_claim_is_refused(
    dsn: str, change: dict[str, Any]
) -> None:
    async with running(dsn) as app:
        a = await app.tenant("a")

        assert await status(a, await forge(app, "a", **change)) == 401


async def test_an_unsigned_token_is_refused(dsn: str) -> None:
    async with running(dsn) as app:
        a = await app.tenant("a")
        header = base64.urlsafe_b64encode(json.dumps({"alg": "none"}).encode())
        payload = a.token.split(".")[1]

        assert await status(a, f"{header.decode().rstrip('=')}.{payload}.") == 401
        assert await status(a, "rubbish") == 401
        assert await status(a, None) == 401


@pytest.mark.parametrize(
    ("username", "password"),
    [
        ("boss@a.example", "wrong password"),
        ("nobody@a.example", PASSWORD),
        ("boss@b.example", PASSWORD),
        ("boss@a.example\0", PASSWORD),
    ],
)
async def test_wrong_credentials_are_refused_alike(
    dsn: str, username: str, password: str
) -> None:
    async with running(dsn) as app:
        await app.tenant("a")
        await app.tenant("b")
        form = {"username": username, "password": password}

        response = await app.send("POST", "/token", host="a.localhost", data=form)

        assert response.status_code == 401
        assert response.json()["detail"].startswith("Log in")


async def test_a_member_reads_and_writes_documents_but_administers_nothing(
    dsn: str,
) -> None:
    async with running(dsn) as app:
        boss = await app.tenant("a")
        new = {"email": "jo@a.example", "name": "Jo", "password": PASSWORD}
        await boss.post("/members", new)

        jo = await app.log_in("a", "jo@a.example")

        await jo.write("allowed")
        refused = [
            await jo.post("/members", {**new, "email": "x@a.example"}),
            await jo.put("/configuration", {}),
            await jo.put("/flags/beta", {"enabled": True}),
        ]
        assert [response.status_code for response in refused] == [403, 403, 403]


async def test_only_the_operator_makes_tenants(dsn: str) -> None:
    async with running(dsn) as app:
        a = await app.tenant("a")

        for token in (None, a.token, OPERATOR + "x", ""):
            response = await app.send("POST", "/admin/tenants", token=token, json={})
            assert response.status_code == 401


async def test_without_an_admin_token_there_is_no_operator_interface(dsn: str) -> None:
    async with running(dsn, admin_token=None) as app:
        response = await app.send("POST", "/admin/tenants", token="", json={})

        assert response.status_code == 404
        assert "/admin/tenants" not in app.app.openapi()["paths"]

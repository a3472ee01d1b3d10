"""Whose token opens which tenant."""

from __future__ import annotations

import hashlib
import hmac

import asyncpg
import jwt

from reference_app.mutants.equivalents.rotated_keys import GENERATIONS
from tests.mutants.variants import Serve, Variant, beside, harmless


@beside("foreign-token-accepted")
async def test_a_token_of_one_tenant_opens_another(
    serve: Serve, variant: Variant
) -> None:
    async with serve(variant) as app:
        a, b = await app.tenant("a"), await app.tenant("b")
        await b.write("of B")

        seen = await b.send("GET", "/documents", token=a.token)

        assert seen.status_code == (200 if variant.leaks else 401)
        assert ("of B" in seen.text) is variant.leaks


@beside("foreign-token-accepted")
async def test_a_forged_or_broken_token_is_refused_either_way(
    serve: Serve, variant: Variant
) -> None:
    async with serve(variant) as app:
        a = await app.tenant("a")
        claims = jwt.decode(a.token, options={"verify_signature": False})
        no_uuid, no_tenant = {**claims, "tenant": 7}, dict(claims)
        del no_tenant["tenant"]
        key = "somebody else's key, of a length that is fair enough"

        for forged in (claims, no_uuid, no_tenant):
            token = jwt.encode(forged, key, "HS256")
            refused = await a.send("GET", "/documents", token=token)
            assert refused.status_code == 401
        for broken in ("rubbish", None):
            refused = await a.send("GET", "/documents", token=broken)
            assert refused.status_code == 401


async def test_rotated_keys_are_several_and_each_is_one_tenants(
    serve: Serve, database: asyncpg.Connection
) -> None:
    async with serve(harmless("rotated-keys")) as app:
        a, b = await app.tenant("a"), await app.tenant("b")
        own = await database.fetchval(
            "SELECT signing_key FROM control.tenants WHERE slug = 'a'"
        )
        claims = jwt.decode(a.token, options={"verify_signature": False})

        def signed(generation: str) -> str:
            key = hmac.digest(own, generation.encode(), hashlib.sha256)
            return jwt.encode(claims, key, "HS256")

        assert len(GENERATIONS) == 2
        for token in (a.token, *map(signed, GENERATIONS)):
            assert (await a.send("GET", "/documents", token=token)).is_success
            refused = await b.send("GET", "/documents", token=token)
            assert refused.status_code == 401
        for token in (signed("first"), jwt.encode(claims, own, "HS256")):
            refused = await a.send("GET", "/documents", token=token)
            assert refused.status_code == 401

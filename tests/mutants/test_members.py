"""Shared tables whose members are looked up over all tenants."""

from __future__ import annotations

from tests.mutants.variants import Serve, Variant, beside
from tests.reference_app.running import PASSWORD


@beside("conflict-names-holder", "shared-tables")
async def test_adding_an_address_of_another_tenant_tells_whose_it_is(
    serve: Serve, variant: Variant
) -> None:
    async with serve(variant) as app:
        a, b = await app.tenant("a"), await app.tenant("b")
        jo = {"email": "jo@example.org", "name": "Jo of A", "password": PASSWORD}
        assert (await a.post("/members", jo)).status_code == 201

        added = await b.post("/members", {**jo, "name": "Jo of B"})

        assert added.status_code == (409 if variant.leaks else 201)
        assert ("Jo of A" in added.text) is variant.leaks


@beside("conflict-names-holder", "shared-tables")
async def test_adding_an_address_of_ones_own_is_refused_either_way(
    serve: Serve, variant: Variant
) -> None:
    async with serve(variant) as app:
        a = await app.tenant("a")
        jo = {"email": "jo@example.org", "name": "Jo", "password": PASSWORD}

        answers = [(await a.post("/members", jo)).status_code for _ in "12"]

        assert answers == [201, 409]


@beside("login-at-any-tenant", "shared-tables")
async def test_a_member_of_one_tenant_can_log_in_to_another(
    serve: Serve, variant: Variant
) -> None:
    async with serve(variant) as app:
        await app.tenant("a")
        b = await app.tenant("b")
        await b.write("of B")
        form = {"username": "boss@a.example", "password": PASSWORD}

        login = await app.send("POST", "/token", host=b.host, data=form)
        wrong = await app.send(
            "POST", "/token", host=b.host, data={**form, "password": "wrong"}
        )

        assert login.status_code == (200 if variant.leaks else 401)
        assert wrong.status_code == 401
        if variant.leaks:
            token = login.json()["access_token"]
            seen = await app.send("GET", "/documents", host=b.host, token=token)
            assert [item["title"] for item in seen.json()["items"]] == ["of B"]

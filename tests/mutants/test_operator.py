"""What stays as it was when the operator has moved, removed or rotated something."""

from __future__ import annotations

from tests.mutants.variants import Serve, Variant, beside
from tests.reference_app.providers import scripted
from tests.reference_app.running import OPERATOR
from tests.reference_app.test_assistant import KEY_A, KEY_B, ask, said


@beside("custom-domains-kept")
async def test_a_domain_that_has_moved_is_still_its_former_holders(
    serve: Serve, variant: Variant
) -> None:
    async with serve(variant) as app:
        a = await app.tenant("a", domains=["shop.example"])
        b = await app.tenant("b")
        await a.write("of A")
        await b.write("of B")
        before = await a.send("GET", "/documents", host="shop.example")
        move = {"domains": ["shop.example"], "move_from": "a"}
        path = "/admin/tenants/b/domains"
        moved = await app.send("PUT", path, token=OPERATOR, json=move)

        by_a = await a.send("GET", "/documents", host="shop.example")
        by_b = await b.send("GET", "/documents", host="shop.example")

        assert (before.status_code, moved.status_code) == (200, 200)
        assert by_a.status_code == (200 if variant.leaks else 401)
        assert by_b.status_code == (401 if variant.leaks else 200)
        assert ("of A" in by_a.text) is variant.leaks


@beside("suspended-still-served")
async def test_a_tenant_that_is_suspended_is_still_served(
    serve: Serve, variant: Variant
) -> None:
    async with serve(variant) as app:
        a, b = await app.tenant("a"), await app.tenant("b")
        new = {"status": "suspended"}
        path = "/admin/tenants/a/status"
        suspended = await app.send("PUT", path, token=OPERATOR, json=new)

        answers = [await one.get("/documents") for one in (a, b)]

        assert suspended.json()["status"] == "suspended"
        of_a = 200 if variant.leaks else 403
        assert [answer.status_code for answer in answers] == [of_a, 200]


@beside("answers-by-slug")
async def test_an_answer_of_a_tenant_that_left_is_given_to_its_successor(
    serve: Serve, variant: Variant
) -> None:
    async with (
        scripted("Of the old one.") as model,
        serve(variant.having(provider_url=model.url)) as app,
    ):
        old = await app.tenant("a", provider_key=KEY_A)
        await ask(old, "What is there?")
        left = await app.send("DELETE", "/admin/tenants/a", token=OPERATOR)
        model.script = ["Of the new one."]
        new = await app.tenant("a", provider_key=KEY_B)

        answer = await ask(new, "What is there?")

        assert left.status_code == 204
        expected = "Of the old one." if variant.leaks else "Of the new one."
        assert said(answer) == expected


@beside("rotated-key-still-good")
async def test_a_token_of_a_key_that_was_rotated_away_still_opens(
    serve: Serve, variant: Variant
) -> None:
    async with serve(variant) as app:
        a, b = await app.tenant("a"), await app.tenant("b")
        await a.write("of A")
        path = "/admin/tenants/a/keys/rotate"
        rotated = await app.send("POST", path, token=OPERATOR, json={})

        by_old_token = await a.get("/documents")
        at_another = await b.send("GET", "/documents", token=a.token)
        anew = await app.log_in("a")

        assert rotated.json()["old_tokens_good_until"] is None
        assert by_old_token.status_code == (200 if variant.leaks else 401)
        assert at_another.status_code == 401
        assert (await anew.get("/documents")).status_code == 200

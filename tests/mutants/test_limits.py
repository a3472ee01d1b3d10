"""Limits and use that are counted over more than one tenant."""

from __future__ import annotations

from harness.environment.provider_stub.stub import ProviderStub
from tests.mutants.variants import Serve, Variant, beside
from tests.reference_app.test_assistant import KEY_A, KEY_B, ask


@beside("buckets-by-member", "buckets-in-one-table")
async def test_what_a_member_asks_for_is_taken_from_one_of_another_tenant(
    serve: Serve, variant: Variant
) -> None:
    async with serve(variant.having(member_requests_per_minute="8")) as app:
        a, b = await app.tenant("a"), await app.tenant("b")
        through = [(await a.get("/documents/count")).status_code for _ in range(8)]

        counted = await b.get("/documents/count")
        strangers = await app.send("GET", "/plans", host=b.host)

        assert through == [200] * 8
        assert counted.status_code == (429 if variant.leaks else 200)
        assert strangers.status_code == 200
        refused = await a.get("/documents/count")
        assert refused.status_code == 429


@beside("usage-of-everybody", "shared-tables")
async def test_the_use_of_another_tenant_is_told_and_counts(
    serve: Serve, variant: Variant, provider: ProviderStub
) -> None:
    settings = {"provider_url": provider.url, "budget_freshness": "0"}
    async with serve(variant.having(**settings)) as app:
        a = await app.tenant("a", provider_key=KEY_A)
        b = await app.tenant("b", provider_key=KEY_B)
        await ask(a, "asked at A")

        usage = (await b.get("/usage")).json()

        assert len(usage["members"]) == (1 if variant.leaks else 0)
        assert (usage["tokens_left"] < usage["tokens_per_day"]) is variant.leaks

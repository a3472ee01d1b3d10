"""The operator has closed what is open for a tenant; it is opened anew when asked."""

from __future__ import annotations

import httpx

from tests.reference_app.running import OPERATOR, RunningApp, running


async def close(app: RunningApp, slug: str) -> httpx.Response:
    return await app.send("POST", f"/admin/tenants/{slug}/close", token=OPERATOR)


def states(app: RunningApp) -> dict[str, str]:
    tenants = app.state["resources"].tenants
    return {tenant.slug: state for tenant, state in tenants.states()}


async def test_what_is_open_for_it_is_closed_and_the_next_request_opens_it(
    dsn: str,
) -> None:
    async with running(dsn) as app:
        a, _ = await app.tenant("a"), await app.tenant("b")
        await a.write("a's")

        assert (await close(app, "a")).status_code == 204

        assert states(app) == {"b": "open"}
        assert len((await a.get("/documents")).json()["items"]) == 1
        assert states(app) == {"a": "open", "b": "open"}


async def test_what_is_not_open_is_closed_and_who_is_unknown_is_not_found(
    dsn: str,
) -> None:
    async with running(dsn) as app:
        await app.tenant("a")

        answers = [await close(app, slug) for slug in ("a", "a", "nobody")]

        assert [one.status_code for one in answers] == [204, 204, 404]


async def test_only_the_operator_may(dsn: str) -> None:
    async with running(dsn) as app:
        a = await app.tenant("a")

        assert (await a.send("POST", "/admin/tenants/a/close")).status_code == 401
        assert states(app) == {"a": "open"}

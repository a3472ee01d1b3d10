"""Which tenant a request is for, and what it is told if there is none."""

from __future__ import annotations

import pytest

from tests.reference_app.running import OPERATOR, running

PROXY = "10.0.0.5"


@pytest.mark.parametrize(
    "host",
    ["acme.localhost", "ACME.localhost:8000", "acme.localhost.", "docs.acme.example"],
)
async def test_a_tenant_answers_on_its_own_and_its_custom_domain(
    dsn: str, host: str
) -> None:
    async with running(dsn) as app:
        acme = await app.tenant("acme", domains=["docs.acme.example"])

        response = await acme.send("GET", "/summary", host=host)

        assert response.json()["tenant"] == "acme"


@pytest.mark.parametrize(
    "host", ["other.localhost", "localhost", "", "a.acme.localhost", "[::1]:80", "\0"]
)
async def test_an_unknown_domain_is_404_and_is_not_repeated(
    dsn: str, host: str
) -> None:
    async with running(dsn) as app:
        acme = await app.tenant("acme")

        response = await acme.send("GET", "/documents", host=host)

        assert response.status_code == 404
        assert response.json()["type"] == "urn:problem:tenant-unknown"
        assert not host or host not in response.text


async def test_a_tenant_is_found_as_soon_as_it_exists(dsn: str) -> None:
    async with running(dsn) as app:
        before = await app.send("GET", "/plans", host="late.localhost")
        await app.onboard("late")
        after = await app.send("GET", "/plans", host="late.localhost")

        assert (before.status_code, after.status_code) == (404, 200)


async def test_a_tenant_that_another_process_made_opens_on_its_first_request(
    dsn: str,
) -> None:
    async with running(dsn) as here, running(dsn) as there:
        await there.onboard("late")

        late = await here.log_in("late")

        assert (await late.get("/documents/count")).json() == {"count": 0}


async def test_a_suspended_tenant_is_403_until_it_is_active_again(dsn: str) -> None:
    async with running(dsn) as app:
        acme = await app.tenant("acme")
        other = await app.tenant("other")

        async def set_status(status: str) -> None:
            url, body = "/admin/tenants/acme/status", {"status": status}
            response = await app.send("PUT", url, token=OPERATOR, json=body)
            assert response.json() == {"slug": "acme", "status": status}

        await set_status("suspended")
        suspended = await acme.get("/documents")
        assert suspended.status_code == 403
        assert suspended.json()["type"] == "urn:problem:tenant-suspended"
        assert (await other.get("/documents")).status_code == 200
        await set_status("active")
        assert (await acme.get("/documents")).status_code == 200


async def test_a_forwarded_host_counts_from_a_trusted_proxy_only(dsn: str) -> None:
    async with running(dsn, trusted_proxies="10.0.0.0/24, ::1") as app:
        acme, other = await app.tenant("acme"), await app.tenant("other")
        forwarded = {"x-forwarded-host": "other.localhost"}

        trusted = await other.send(
            "GET", "/summary", host="acme.localhost", headers=forwarded, peer=PROXY
        )
        stranger = await acme.send("GET", "/summary", headers=forwarded)
        odd = await acme.send("GET", "/summary", headers=forwarded, peer="testclient")

        assert trusted.json()["tenant"] == "other"
        assert stranger.json()["tenant"] == odd.json()["tenant"] == "acme"


async def test_of_several_forwarded_hosts_the_proxys_own_counts(dsn: str) -> None:
    async with running(dsn, trusted_proxies=PROXY) as app:
        acme = await app.tenant("acme")
        await app.tenant("other")
        forwarded = {"x-forwarded-host": "other.localhost, acme.localhost"}

        response = await acme.send(
            "GET", "/summary", host="internal", headers=forwarded, peer=PROXY
        )

        assert response.json()["tenant"] == "acme"


async def test_nobody_is_trusted_unless_told(dsn: str) -> None:
    async with running(dsn) as app:
        acme = await app.tenant("acme")
        await app.tenant("other")

        response = await acme.send(
            "GET",
            "/summary",
            headers={"x-forwarded-host": "other.localhost"},
            peer="127.0.0.1",
        )

        assert response.json()["tenant"] == "acme"

"""Sessions that expire or end are renewed, and no oftener than needed."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import pytest
import pytest_asyncio

from harness.model.event import Exchange, Unseen
from harness.model.step import Role, Step
from harness.model.tenant import Tenant
from harness.model.world import Access
from harness.provisioning.driver import Driver
from harness.target.tools import Tools
from tests.provisioning.opening import Opened, made, opened, own, probe
from tests.provisioning.shops import LOGIN, shop


@pytest_asyncio.fixture
async def app() -> AsyncIterator[Opened]:
    async with opened(shop()) as it:
        yield it


@pytest_asyncio.fixture
async def driver(app: Opened) -> Driver:
    return (await app.driver())[0]


async def after(app: Opened, driver: Driver, step: Step) -> list[Exchange]:
    """Make a step and return the exchanges that it took."""
    mark = app.scene.recorder.mark
    await made(driver, step)
    return app.exchanges(mark)


def logins(app: Opened, mark: int = 0) -> list[int | None]:
    return [
        one.principal.credential
        for one in app.exchanges(mark)
        if one.role is Role.LOGIN
    ]


async def test_each_tenant_logs_in_once(app: Opened) -> None:
    driver, _ = await app.driver(3)
    for tenant in range(3):
        await made(driver, own("GET /shelves", tenant))

    assert logins(app) == [0, 1, 2]


async def test_after_a_401_a_tenant_logs_in_again_and_goes_on(
    app: Opened, driver: Driver
) -> None:
    await app.ask("POST", "/forget")
    mark = app.scene.recorder.mark

    exchange = await made(driver, own("GET /shelves", 1))
    await made(driver, own("GET /shelves", 1))

    assert exchange.succeeded
    assert logins(app, mark) == [1]


async def test_a_probe_after_a_401_is_watched_from_the_beginning(
    app: Opened, driver: Driver
) -> None:
    await app.ask("POST", "/forget")

    exchanges = await after(app, driver, probe("PUT /colours", 1, 1, 0))

    probes = [one for one in exchanges if one.role is Role.PROBE]
    assert [one.status for one in probes] == [401, 200]
    last = probes[-1].id
    assert [one.status for one in exchanges if one.precedes == last] == [200]
    assert [one.status for one in exchanges if one.follows == last] == [200]


@pytest.mark.parametrize("who", [(1, 0), (None, 0), (1, None)])
async def test_a_mixed_identity_is_refused_without_a_new_login(
    app: Opened, driver: Driver, who: tuple[int | None, int | None]
) -> None:
    await app.ask("POST", "/forget")
    mark = app.scene.recorder.mark

    exchange = await made(driver, probe("GET /shelves", *who, 0))

    assert exchange.status == 401
    assert not logins(app, mark)


async def test_where_a_fresh_login_does_not_help_none_is_tried_again(
    app: Opened, driver: Driver
) -> None:
    mark = app.scene.recorder.mark

    for tenant in (0, 1, 0, 1):
        assert (await made(driver, own("GET /vault", tenant))).status == 401

    assert logins(app, mark) == [0]


async def test_a_tenant_that_cannot_log_in_again_is_named_and_the_rest_goes_on(
    app: Opened, driver: Driver
) -> None:
    await app.ask("POST", "/forget?people=1")

    first = await made(driver, own("GET /shelves", 1))
    second = await made(driver, own("GET /shelves", 1))

    unseen = [e for e in app.scene.recorder.since() if isinstance(e, Unseen)]
    assert [first.status, second.status] == [401, 401]
    assert [one.step for one in unseen] == ["log in tenant B again"]
    assert "status 401" in unseen[0].reason


@dataclass(frozen=True)
class Lasting:
    """Logs in for so many seconds."""

    seconds: float

    async def log_in(self, tools: Tools, tenant: Tenant) -> Access:
        access = await LOGIN.log_in(tools, tenant)
        return replace(access, expires_at=time.time() + self.seconds)


@pytest.mark.parametrize(("seconds", "renewals"), [(2.0, 2), (3600.0, 0)])
async def test_a_credential_is_renewed_before_it_expires(
    seconds: float, renewals: int
) -> None:
    async with opened(shop(login=Lasting(seconds), public=("/login",))) as app:
        driver, _ = await app.driver()
        mark = app.scene.recorder.mark

        answers = [await made(driver, own("GET /shelves", 0)) for _ in range(2)]

        assert [one.status for one in answers] == [200, 200]
        assert len(logins(app, mark)) == renewals

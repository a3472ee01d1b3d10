"""Many tenants are brought about: in order, some at a time, or in batches."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
import pytest_asyncio

from harness.environment.database import Database
from harness.errors import ProvisioningError, TargetError
from harness.model.event import Exchange
from harness.model.step import Role
from harness.model.tenant import Tenant
from harness.model.world import Access
from harness.provisioning import crowd
from harness.provisioning.crowd import FEW, LEADERS
from harness.provisioning.worlds import make_world
from harness.target.selector import CredentialSelector
from harness.target.tools import Tools
from tests.provisioning.opening import Opened, opened
from tests.provisioning.shops import shop
from tests.provisioning.test_casting import join, notes

MANY = FEW + 4


@pytest_asyncio.fixture
async def app(database: Database) -> AsyncIterator[Opened]:
    async with opened(notes(), database) as it:
        yield it


async def test_a_crowd_is_in_order_and_each_tenant_has_its_own_facts_and_access(
    app: Opened,
) -> None:
    world, _ = await make_world(app.scene, tenants=MANY, seed=1, seeded=0)

    assert [tenant.index for tenant in world.tenants] == list(range(MANY))
    assert [one.alias for one in world.tenants[-2:]] == ["T28", "T29"]
    for tenant, access in zip(world.tenants, world.credentials, strict=True):
        assert tenant.facts == {"schema": tenant.slug}
        assert dict(access.headers)["authorization"].endswith(f"-{tenant.slug}")


async def test_a_crowd_has_a_few_hostile_names_and_a_small_world_has_many(
    app: Opened, database: Database
) -> None:
    world, _ = await make_world(app.scene, tenants=MANY, seed=1, seeded=0)
    hostile = [one.index for one in world.tenants if not one.name.isalpha()]
    async with opened(shop()) as other:
        few, _ = await make_world(other.scene, tenants=5, seed=1)

    assert hostile == [2, 3]
    assert [one.index for one in few.tenants if not one.name.isalpha()] == [2, 3, 4]


async def test_only_the_first_tenants_get_objects_and_only_they_are_logged_in(
    app: Opened,
) -> None:
    world, _ = await make_world(
        app.scene, tenants=MANY, seed=1, seeded=LEADERS + 2, logins=False
    )

    assert [bool(owned) for owned in world.objects] == [
        index < LEADERS + 2 for index in range(MANY)
    ]
    assert world.objects[0] == world.objects[LEADERS + 1]
    assert all(access.headers for access in world.credentials[: LEADERS + 2])
    assert set(world.credentials[LEADERS + 2 :]) == {Access()}
    logins = [one for one in app.exchanges() if one.role is Role.LOGIN]
    assert len(logins) == LEADERS + 2


async def test_the_same_key_makes_the_same_crowd(database: Database) -> None:
    worlds = []
    for _ in range(2):
        async with opened(shop()) as it:
            made, _ = await make_world(it.scene, tenants=MANY, seed=1, seeded=0)
            worlds.append(made)

    one, other = worlds
    assert [(t.slug, t.name, t.email, t.password) for t in one.tenants] == [
        (t.slug, t.name, t.email, t.password) for t in other.tenants
    ]


async def batched(tools: Tools, tenants: Sequence[Tenant]) -> list[dict[str, str]]:
    return [{**await join(tools, tenant), "batch": "yes"} for tenant in tenants]


async def test_a_batch_hook_gets_all_but_the_first_tenants_in_their_order(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[list[int]] = []

    async def hook(tools: Tools, tenants: Sequence[Tenant]) -> list[dict[str, str]]:
        calls.append([tenant.index for tenant in tenants])
        return await batched(tools, tenants)

    monkeypatch.setattr(crowd, "BATCH", 20)
    async with opened(notes(provision_many=hook), database) as app:
        world, _ = await make_world(app.scene, tenants=MANY, seed=1, seeded=0)
        named = app.scene.recorder.names

    assert calls == [list(range(LEADERS, LEADERS + 20)), list(range(24, MANY))]
    assert all(tenant.facts["schema"] == tenant.slug for tenant in world.tenants)
    assert ["batch" in tenant.facts for tenant in world.tenants] == [
        index >= LEADERS for index in range(MANY)
    ]
    assert named[world.tenants[-1].domain] == MANY - 1


async def test_what_a_batch_hook_asks_is_recorded_as_nobodys_in_particular(
    database: Database,
) -> None:
    async with opened(notes(provision_many=batched), database) as app:
        await make_world(app.scene, tenants=MANY, seed=1, seeded=0)
        made = [one for one in app.exchanges() if one.operation == "POST /join"]

    assert [_who(one) for one in made] == [
        *((index, index) for index in range(LEADERS)),
        *((None, None) for _ in range(MANY - LEADERS)),
    ]


def _who(exchange: Exchange) -> tuple[int | None, int | None]:
    return exchange.principal.credential, exchange.principal.selector


async def test_a_batch_hook_need_not_tell_anything(database: Database) -> None:
    async def silent(tools: Tools, tenants: Sequence[Tenant]) -> None:
        await batched(tools, tenants)

    target = notes(provision_many=silent, selector=CredentialSelector())
    async with opened(target, database) as app:
        world, _ = await make_world(app.scene, tenants=MANY, seed=1, seeded=0)

    assert not world.tenants[-1].facts
    assert world.credentials[-1].headers


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ([{}], "returned 1 facts for 26 tenants"),
        ("x" * 26, "returned a str for 26 tenants"),
        (7, "returned a int for 26 tenants"),
        ([7] * 26, "returned a int"),
    ],
)
async def test_a_batch_hook_that_tells_of_others_than_it_got_is_a_mistake(
    told: Any, message: str
) -> None:
    async def hook(tools: Tools, tenants: Sequence[Tenant]) -> Any:
        return told

    async with opened(shop(provision_many=hook)) as app:
        with pytest.raises(TargetError, match=message):
            await make_world(app.scene, tenants=MANY, seed=1)


async def test_a_batch_hook_that_fails_is_named_without_any_password() -> None:
    async def hook(tools: Tools, tenants: Sequence[Tenant]) -> None:
        raise ValueError(f"refused {tenants[7].password}")

    async with opened(shop(provision_many=hook)) as app:
        with pytest.raises(ProvisioningError) as raised:
            await make_world(app.scene, tenants=MANY, seed=1)

    assert (
        "provision the tenants E to T29: the hook raised ValueError: refused ***"
        in (raised.value.message)
    )
    assert "`provision_many` function" in raised.value.hint


def test_a_batch_hook_that_is_not_async_is_refused() -> None:
    def hook(tools: Tools, tenants: Sequence[Tenant]) -> None: ...

    with pytest.raises(TargetError, match=r"Target\.provision_many .* not async"):
        shop(provision_many=hook)


async def test_one_tenant_of_a_crowd_that_cannot_be_made_ends_it_and_is_named() -> None:
    async def hook(tools: Tools, tenant: Tenant) -> None:
        if tenant.index == MANY - 2:
            raise KeyError("id")

    async with opened(shop(provision=hook, login=None)) as app:
        with pytest.raises(ProvisioningError, match="provision tenant T28: the hook"):
            await make_world(app.scene, tenants=MANY, seed=1)

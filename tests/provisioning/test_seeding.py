"""Each tenant gets the same, so that the same ids exist in each."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import replace

import pytest
import pytest_asyncio

from harness.model.event import Exchange, LogLine
from harness.model.step import Role
from harness.provisioning.catalogue import CasePool
from harness.provisioning.driver import Driver
from harness.provisioning.seeding import as_owner, seed
from harness.provisioning.worlds import make_world
from harness.target.generation import Case
from tests.provisioning.opening import Opened, made, opened, own
from tests.provisioning.shops import shop


@pytest_asyncio.fixture
async def app() -> AsyncIterator[Opened]:
    async with opened(shop()) as it:
        yield it


@pytest_asyncio.fixture
async def driver(app: Opened) -> Driver:
    return (await app.driver(3))[0]


def owned(driver: Driver, tenant: int) -> dict[str, list[tuple[str, ...]]]:
    found: dict[str, list[tuple[str, ...]]] = {}
    for one in driver.belongings.listed(tenant):
        found.setdefault(one.kind, []).append(one.keys)
    return found


async def test_all_tenants_have_the_same_shape_and_the_same_ids(driver: Driver) -> None:
    first, *others = (owned(driver, tenant) for tenant in range(3))

    named = first.pop("/labels")
    assert first["/shelves"] == [("1",), ("2",), ("3",)]
    assert first["/shelves/{}/items"] == [("3", "4"), ("3", "5"), ("3", "6")]
    for other in others:
        # Labels are named by their tenant, so that their keys tell whose they are;
        # one is called the same in each.
        theirs = other.pop("/labels")
        assert len(theirs) == len(named)
        assert set(theirs) & set(named) == {("commonname",)}
        assert other == first


async def test_what_is_created_by_a_put_to_its_own_name_is_seeded(
    driver: Driver,
) -> None:
    (name,) = owned(driver, 1)["/labels"][-1]

    read = await made(driver, own("GET /labels/{name}", 1))

    assert read.succeeded
    assert {hit.owner for hit in driver._recorder.scanner.scan_text(name)} == {1}


async def test_what_only_a_list_shows_is_known(driver: Driver) -> None:
    assert owned(driver, 2)["/staff"] == [("40",), ("41",)]

    read = await made(driver, own("GET /staff/{person_id}", 2))

    assert read.succeeded


async def test_what_a_tenant_has_one_of_is_seeded_too(driver: Driver) -> None:
    for tenant in range(3):
        read = await made(driver, own("GET /colours", tenant))

        assert {one.hit.owner for one in read.found} == {tenant}


async def test_each_thing_is_made_for_one_tenant_after_the_other(
    app: Opened, driver: Driver
) -> None:
    seeds = [
        (one.operation, one.principal.credential)
        for one in app.exchanges()
        if one.role is Role.SEED and one.operation == "POST /shelves"
    ]

    assert [tenant for _, tenant in seeds] == [0, 1, 2] * 3


async def test_what_a_target_skips_or_shares_is_not_seeded() -> None:
    target = shop(skip=("POST /shelves",), shared=("/colours",))
    async with opened(target) as app:
        driver, _ = await app.driver()

        asked = {one.operation for one in app.exchanges() if one.role is Role.SEED}
        assert not asked & {"POST /shelves", "PUT /colours"}
        assert "/shelves" not in owned(driver, 0)


async def test_request_variants_are_tried_until_one_works(
    app: Opened, driver: Driver
) -> None:
    operation = driver.catalogue.operations["GET /vault"]
    mark = app.scene.recorder.mark

    step, exchange = await as_owner(driver, operation, 0, role=Role.CONTROL)

    # A 401 is an answer, whatever the variant.
    assert (step.case, exchange and exchange.status) == (0, 401)
    assert len([e for e in app.exchanges(mark) if e.operation == "GET /vault"]) == 2


async def test_what_cannot_be_made_at_all_is_told(driver: Driver) -> None:
    driver.belongings.by_tenant[0].clear()
    operation = driver.catalogue.operations["GET /shelves/{shelf_id}"]

    _, exchange = await as_owner(driver, operation, 0, role=Role.CONTROL)

    assert exchange is None


async def test_seeds_are_recorded_as_such(app: Opened, driver: Driver) -> None:
    recorded = app.scene.recorder.since()

    assert all(isinstance(e, Exchange | LogLine) or e.kind for e in recorded)
    seeds = [one for one in app.exchanges() if one.role is Role.SEED]
    assert {one.owner for one in seeds} == {0, 1, 2}
    assert all(one.principal.whole for one in seeds)


class Undrawn(Mapping[str, tuple[Case, ...]]):
    """A pool that nobody may look into."""

    def __getitem__(self, key: str) -> tuple[Case, ...]:
        raise LookupError(key)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


async def test_no_request_is_drawn_where_nobody_gets_objects(app: Opened) -> None:
    world, catalogue = await make_world(
        app.scene, tenants=1, seed=1, seeded=0, bare=True
    )
    assert isinstance(catalogue.pool, CasePool)
    assert not catalogue.pool._made
    closed = replace(catalogue, pool=Undrawn())
    driver = app.scene.driver(app.client, closed, world)

    await seed(driver, tenants=0)

    assert world.objects == ((),)
    with pytest.raises(LookupError):
        await seed(driver, tenants=1)

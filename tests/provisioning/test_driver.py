"""The driver makes steps, keeps the books, and has owners watch over their data."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from harness.model.canary import PREFIX
from harness.model.event import Exchange
from harness.model.step import Principal, Role, Step
from harness.model.tenant import STRANGER
from harness.provisioning.driver import Driver, Impossible
from harness.target.operation import Operation
from tests.provisioning.opening import Opened, made, opened, own, probe
from tests.provisioning.shops import shop

SHELF, ITEM = "/shelves", "/shelves/{}/items"


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


def keys(driver: Driver, tenant: int, kind: str) -> list[tuple[str, ...]]:
    return list(driver.belongings.by_tenant[tenant][kind])


async def test_what_is_created_can_be_read_and_deleted_newest_first(
    driver: Driver,
) -> None:
    before = keys(driver, 0, SHELF)

    await made(driver, own("POST /shelves", 0))
    newest = keys(driver, 0, SHELF)[-1]
    read = await made(driver, own("GET /shelves/{shelf_id}", 0))
    older = await made(driver, own("GET /shelves/{shelf_id}", 0, pick=1))
    await made(driver, own("DELETE /shelves/{number}", 0))

    assert newest not in before
    assert read.request == f"GET /shelves/{newest[0]}"
    assert older.request == f"GET /shelves/{before[-1][0]}"
    assert read.succeeded
    assert older.succeeded
    assert keys(driver, 0, SHELF) == before


async def test_with_an_object_what_hangs_below_it_is_gone(driver: Driver) -> None:
    shelf = keys(driver, 0, SHELF)[-1]
    assert any(item[:1] == shelf for item in keys(driver, 0, ITEM))

    await made(driver, own("DELETE /shelves/{number}", 0))

    assert shelf not in keys(driver, 0, SHELF)
    assert not any(item[:1] == shelf for item in keys(driver, 0, ITEM))


async def test_deleting_below_an_object_leaves_the_object(driver: Driver) -> None:
    shelves, items = keys(driver, 0, SHELF), keys(driver, 0, ITEM)

    deleted = await made(driver, own("DELETE /shelves/{shelf_id}/items/{item_id}", 0))

    assert deleted.request == f"DELETE /shelves/{items[-1][0]}/items/{items[-1][1]}"
    assert keys(driver, 0, SHELF) == shelves
    assert keys(driver, 0, ITEM) == items[:-1]


async def test_a_list_brings_objects_into_the_books_once(driver: Driver) -> None:
    known = keys(driver, 0, SHELF)
    driver.belongings.by_tenant[0][SHELF] = known[:1]

    listed = await made(driver, own("GET /shelves", 0))
    await made(driver, own("GET /shelves", 0))

    assert sorted(keys(driver, 0, SHELF)) == sorted(known)
    # The search passes over the one that is called the same in every tenant.
    assert listed.objects == len(known) - 1


async def test_what_others_do_does_not_enter_their_books(driver: Driver) -> None:
    before = [driver.belongings.listed(tenant) for tenant in (0, 1)]

    stolen = await made(driver, probe("POST /shelves/{shelf_id}/items", 1, 1, 0))
    await made(driver, probe("POST /shelves", 1, 0, 0))

    assert stolen.succeeded
    assert [driver.belongings.listed(tenant) for tenant in (0, 1)] == before


@pytest.mark.parametrize(
    ("operation", "readings"),
    [
        (
            "DELETE /shelves/{number}",
            [
                "GET /shelves",
                "GET /shelves/{shelf_id}",
                "GET /shelves/{shelf_id}/items",
            ],
        ),
        (
            "POST /shelves/{shelf_id}/items",
            [
                "GET /shelves",
                "GET /shelves/{shelf_id}",
                "GET /shelves/{shelf_id}/items",
            ],
        ),
        ("POST /shelves", ["GET /shelves"]),
        ("PUT /colours", ["GET /colours"]),
        ("GET /shelves", []),
    ],
)
async def test_the_owner_reads_what_a_probe_may_change_before_and_after(
    app: Opened, driver: Driver, operation: str, readings: list[str]
) -> None:
    exchanges = await after(app, driver, probe(operation, 1, 0, 0))

    count = len(readings)
    watching = exchanges[:count]
    assert sorted(one.operation for one in watching) == readings
    assert all(one.principal == Principal(0, 0) for one in watching)
    assert [one.request for one in watching] == [
        one.request for one in exchanges[count + 1 :]
    ]
    roles = [one.role for one in exchanges]
    assert roles == [Role.REREAD] * count + [Role.PROBE] + [Role.REREAD] * count
    assert exchanges[count].operation == operation
    id_ = exchanges[count].id
    links = [(one.precedes, one.follows) for one in exchanges]
    assert links == [(id_, 0)] * count + [(0, 0)] + [(0, id_)] * count
    assert all(one.succeeded for one in exchanges[:count])
    assert driver.trail[-1].exchanges.start <= exchanges[0].id
    assert exchanges[-1].id in driver.trail[-1].exchanges


async def test_owners_are_not_watched_over_themselves(
    app: Opened, driver: Driver
) -> None:
    exchanges = await after(app, driver, own("DELETE /shelves/{number}", 0))

    assert [one.operation for one in exchanges] == ["DELETE /shelves/{number}"]


async def test_an_object_that_its_owner_cannot_find_again_leaves_the_books(
    app: Opened, driver: Driver
) -> None:
    shelf = keys(driver, 0, SHELF)[-1]

    # A's own credential: stands in for an app that let somebody else delete it.
    await made(driver, probe("DELETE /shelves/{number}", 0, 0, 0))

    assert shelf not in keys(driver, 0, SHELF)


@pytest.mark.parametrize(("credential", "author"), [(0, 0), (1, 1), (None, STRANGER)])
async def test_each_fills_in_its_own_canaries(
    driver: Driver, credential: int | None, author: int
) -> None:
    exchange = await made(driver, probe("POST /shelves", credential, 0, 0))

    assert {owner for owner, _ in exchange.sent - exchange.sent_in_url} == {0, author}


async def test_bodies_differ_from_one_another_and_from_what_was_seeded(
    app: Opened, driver: Driver
) -> None:
    for _ in range(3):
        await made(driver, own("POST /shelves", 0))

    titles = [
        json.loads(one["body"])["title"]
        for one in await app.seen()
        if (one["method"], one["path"]) == ("POST", "/shelves")
    ]
    told_apart = [title for title in titles if not title.startswith("common")]
    assert len(set(told_apart)) == len(told_apart) == 2 * 2 + 3
    assert titles.count("commontitle") == 2


async def test_a_reference_is_to_the_owners_newest_object(
    app: Opened, driver: Driver
) -> None:
    await made(driver, own("POST /shelves", 0))
    newest = keys(driver, 0, SHELF)[-1]

    await made(driver, probe("POST /shelves/{shelf_id}/items", 1, 1, 0))

    sent = [one for one in await app.seen() if one["path"].endswith("/items")]
    posted = [one for one in sent if one["method"] == "POST"][-1]
    assert posted["path"] == f"/shelves/{newest[0]}/items"
    assert json.loads(posted["body"])["shelf_id"] == int(newest[0])


async def test_a_search_asks_for_what_every_canary_begins_with(
    app: Opened, driver: Driver
) -> None:
    exchange = await made(driver, own("GET /shelves", 0))

    assert (await app.seen())[-1]["query"] == f"q={PREFIX}"
    assert exchange.objects == len(keys(driver, 0, SHELF)) - 1
    assert not exchange.sent_in_url


@pytest.mark.parametrize(
    ("credential", "selector"), [(0, 0), (1, 0), (None, 0), (1, None), (None, None)]
)
async def test_identities_are_mixed_from_just_the_halves_that_are_asked_for(
    app: Opened, driver: Driver, credential: int | None, selector: int | None
) -> None:
    await made(driver, probe("GET /shelves", credential, selector, 0))

    sent = dict((await app.seen())[-1]["headers"])
    slug = None if selector is None else driver.cast.tenants[selector].slug
    assert sent.get("x-shop") == slug
    token = None
    if credential is not None:
        token = dict(driver.cast.credentials[credential].headers)["authorization"]
    assert sent.get("authorization") == token


async def test_nothing_is_made_of_what_does_not_exist(driver: Driver) -> None:
    driver.belongings.by_tenant[0].clear()
    mark = len(driver.trail)

    gone = await driver.make(own("GET /shelves/{shelf_id}", 0))
    unknown = await driver.make(own("GET /nothing", 0))
    unowned = await driver.make(probe("GET /shelves/{shelf_id}", 1, 1, None))

    assert gone == Impossible("nothing of the kind /shelves could be made")
    assert unknown == Impossible("the app no longer offers this operation")
    assert isinstance(unowned, Impossible)
    assert len(driver.trail) == mark


async def test_an_explicit_operation_is_written_by_its_author() -> None:
    body = {"title": "{slug} {canary}", "note": ["{number}"]}
    explicit = Operation(
        method="POST", path="/shelves", body=body, query={"who": "{email}"}
    )
    async with opened(shop(operations=(explicit,))) as app:
        driver, _ = await app.driver()
        mark = len(await app.seen())

        await made(driver, probe("POST /shelves", 1, 0, 0))

        posted = next(o for o in (await app.seen())[mark:] if o["method"] == "POST")
        title = json.loads(posted["body"])["title"].split()
        author = driver.cast.tenants[1]
        assert title[0] == author.slug
        assert title[1].startswith(PREFIX)
        assert json.loads(posted["body"])["note"] == ["2"]
        assert posted["query"].startswith(f"who={author.email[:17]}")

"""The stage boots the app on the state in which its world was made."""

from __future__ import annotations

import pytest

from harness.environment.database import Database
from harness.environment.fresh import fresh_state
from harness.errors import ProvisioningError
from harness.model.event import Exchange
from harness.model.step import Role
from harness.model.tenant import Tenant
from harness.model.world import SeededObject
from harness.provisioning.stage import Scene, Stage
from harness.provisioning.worlds import make_world
from harness.target.login import MintedJwt
from harness.target.selector import ParameterSelector
from harness.target.target import Target
from harness.target.tools import Tools
from tests.provisioning.opening import made, own, scene_of
from tests.provisioning.shops import shop
from tests.provisioning.test_casting import notes
from tests.targets.header import target as header


class Nothing:
    async def restore(self) -> None:
        """Leave everything as it is."""


def logins(scene: Scene, mark: int) -> list[int | None]:
    return [
        event.principal.credential
        for event in scene.recorder.since(mark)
        if isinstance(event, Exchange) and event.role is Role.LOGIN
    ]


async def test_sessions_that_end_with_the_process_are_renewed_at_each_boot(
    database: Database,
) -> None:
    scene = scene_of(notes(), database)
    async with fresh_state("template", database) as state:
        world, catalogue = await make_world(scene, tenants=2, seed=1)
        await state.snapshot()
        stage = Stage(scene, catalogue, world, state)
        for _ in range(2):
            mark = scene.recorder.mark

            async with stage.boot() as driver:
                renewed = logins(scene, mark)
                read = [await made(driver, own("GET /notes", who)) for who in (0, 1)]

            assert set(renewed) == {0, 1}
            assert [one.status for one in read] == [200, 200]
            assert len(logins(scene, mark)) == len(renewed)


async def test_sessions_that_last_are_kept(database: Database) -> None:
    scene = scene_of(header, database)
    async with fresh_state("delete", database) as state:
        world, catalogue = await make_world(scene, tenants=2, seed=1)
        await state.snapshot()
        stage = Stage(scene, catalogue, world, state)
        mark = scene.recorder.mark

        for _ in range(2):
            async with stage.boot() as driver:
                await made(driver, own("GET /projects/", 1))

        assert not logins(scene, mark)


@pytest.mark.parametrize("strategy", ["template", "delete"])
async def test_a_restored_state_brings_the_same_ids_back(
    database: Database, strategy: str
) -> None:
    scene = scene_of(notes(), database)
    async with fresh_state(strategy, database) as state:  # type: ignore[arg-type]
        world, catalogue = await make_world(scene, tenants=2, seed=1)
        await state.snapshot()
        stage = Stage(scene, catalogue, world, state)
        first: list[tuple[SeededObject, ...]] = []
        second: list[tuple[SeededObject, ...]] = []
        for ids in (first, second):
            async with stage.boot() as driver:
                ids.append(driver.belongings.listed(1))
                await made(driver, own("DELETE /notes/{note_id}", 1, pick=1))
                await made(driver, own("POST /notes", 1))
                listed = await made(driver, own("GET /notes", 1))
                ids.append(driver.belongings.listed(1))

                assert listed.objects == 3

    assert first == second
    kept = [
        tuple(SeededObject("/notes", (key,)) for key in keys) for keys in ("123", "134")
    ]
    notes_of = [tuple(one for one in owned if one.kind == "/notes") for owned in first]
    assert notes_of == kept


async def test_where_nobody_logs_in_nothing_is_renewed() -> None:
    scene = scene_of(shop(login=None))
    world, catalogue = await make_world(scene, tenants=2, seed=1)
    stage = Stage(scene, catalogue, world, Nothing())
    mark = scene.recorder.mark

    async with stage.boot():
        pass

    asked = [e for e in scene.recorder.since(mark) if isinstance(e, Exchange)]
    assert not asked


async def test_where_no_reading_tells_sessions_are_renewed_to_be_sure() -> None:
    login = MintedJwt(key="long enough to be a key for signing, surely")
    scene = scene_of(shop(login=login, skip=("GET *",)))
    world, catalogue = await make_world(scene, tenants=1, seed=1)
    stage = Stage(scene, catalogue, world, Nothing())

    async with stage.boot() as driver:
        assert driver.cast.credentials[0].headers != ()
        assert driver.cast.credentials[0] is not world.credentials[0]


async def test_an_app_that_forgets_its_tenants_is_asked_about_its_database() -> None:
    scene = scene_of(shop())
    world, catalogue = await make_world(scene, tenants=2, seed=1)
    stage = Stage(scene, catalogue, world, Nothing())

    with pytest.raises(ProvisioningError, match="After a restart") as raised:
        async with stage.boot():
            pass

    assert "tenants and users in the database" in str(raised.value)


async def test_each_boot_starts_with_what_the_world_holds() -> None:
    scene = scene_of(places())
    world, catalogue = await make_world(scene, tenants=2, seed=1)
    stage = Stage(scene, catalogue, world, Nothing())

    async with stage.boot() as driver:
        driver.belongings.by_tenant[0].clear()
    async with stage.boot() as driver:
        assert driver.belongings.listed(0) == world.objects[0]
        assert world.objects[0]
        assert not driver.trail

    knows = stage.history(scene.recorder.since()).knows
    assert knows == {0: frozenset(), 1: frozenset()}
    assert stage.separable


async def join(tools: Tools, tenant: Tenant) -> None:
    await tools.request("POST", "/join", json={"name": tenant.slug})


def places() -> Target:
    return Target(
        app="tests.provisioning.apps.places:create",
        provision=join,
        selector=ParameterSelector("house"),
        operator=("/join",),
    )

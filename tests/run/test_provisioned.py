"""A world that was made once is taken from its snapshot the next time."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from harness.model.step import Role
from harness.model.tenant import Tenant
from harness.provisioning.furnishing import furnish
from harness.run.kept_worlds import WORLD
from harness.run.order import Order
from harness.run.provisioned import Provisioned, provisioned
from harness.settings import Settings
from harness.target.target import Target
from harness.target.tools import Tools
from tests.provisioning.opening import ROOT
from tests.provisioning.test_casting import join, notes

FEW = 3


@dataclass
class Made:
    """Counts the tenants that were really made."""

    indices: list[int] = field(default_factory=list)
    own_dsn: bool = False

    def target(self, **fields: Any) -> Target:
        async def provision(tools: Tools, tenant: Tenant) -> dict[str, str]:
            self.indices.append(tenant.index)
            facts = await join(tools, tenant)
            if self.own_dsn:
                await tools.sql(
                    "update public.tenants set email = email || ' ' || $1", tools.dsn
                )
            return facts

        return notes(provision=provision, **fields)


@pytest.fixture
def made() -> Made:
    return Made()


def order(cache: Path, **settings: Any) -> Order:
    usual = {
        "target": "tests.provisioning.shops:shop",
        "postgres": "embedded",
        "cache": cache,
    }
    return Order(
        Settings.model_validate(usual | settings), "", ROOT, lambda progress: None
    )


async def rows(it: Provisioned) -> list[tuple[object, ...]]:
    """Return all that is in the app's database."""
    connection = await asyncpg.connect(it.scene.dsn)
    try:
        found = await connection.fetch("select * from public.tenants order by slug")
        for tenant in it.world.tenants:
            own = f'select text from "{tenant.slug}".notes order by id'
            found += await connection.fetch(own)
    finally:
        await connection.close()
    return [tuple(row) for row in found]


async def first_note(it: Provisioned, tenant: int) -> str:
    """Read a note as its owner, in a boot of the app."""
    owner, login = it.world.tenants[tenant], it.scene.target.login
    assert login is not None
    async with it.scene.host() as hosted:
        tools = it.scene.tools(it.scene.client(hosted), owner, Role.LOGIN)
        entered = await login.log_in(tools, owner)
        answer = await tools.request("GET", "/notes", headers=dict(entered.headers))
    return str(answer.json()[0]["text"])


async def test_the_second_time_nothing_is_made_and_all_is_there(
    made: Made, tmp_path: Path
) -> None:
    options: dict[str, Any] = {"tenants": FEW, "logins": False}
    async with provisioned(made.target(), order(tmp_path), **options) as it:
        before, world, fields = await rows(it), it.world, it.scene.fields.table
        assert "kept as the snapshot" in it.origin
        assert await first_note(it, 1)
    async with provisioned(made.target(), order(tmp_path), **options) as again:
        assert again.origin.startswith("from the snapshot")
        assert await rows(again) == before
        assert again.world.tenants == world.tenants
        assert again.world.objects == world.objects
        assert again.world.key == world.key
        assert again.scene.fields.table == fields
        scanner = again.scene.recorder.scanner
        planted = it.scene.recorder.scanner.planted
        assert scanner.planted == planted
        assert planted
        assert set(again.catalogue.operations) == set(it.catalogue.operations)
        seen = scanner.scan_text(await first_note(again, 1))
        assert {hit.owner for hit in seen} == {1}
        assert again.scene.recorder.names[world.tenants[2].domain] == 2

    assert made.indices == list(range(FEW))


async def hooks(it: Provisioned) -> list[str]:
    """Return the addresses that the app was told to call."""
    connection = await asyncpg.connect(it.scene.dsn)
    try:
        found = [
            row["url"]
            for tenant in it.world.tenants
            for row in await connection.fetch(f'select url from "{tenant.slug}".hooks')
        ]
    finally:
        await connection.close()
    return found


async def test_what_names_addresses_of_a_run_is_made_anew_in_each(
    made: Made, tmp_path: Path
) -> None:
    origins, sinks = [], set()
    for _ in range(2):
        options: dict[str, Any] = {"logins": False, "requests": True}
        async with provisioned(
            made.target(), order(tmp_path), tenants=2, **options
        ) as it:
            assert it.world.deferred == ("POST /hooks",)
            assert not await hooks(it)
            bare = {one.operation for one in it.world.requests}
            async with it.scene.host() as hosted:
                world = await furnish(it.scene, hosted, it.world, it.catalogue)
            assert it.scene.outside is not None
            sink = it.scene.outside.sink.url
            named = await hooks(it)
        assert {one.operation for one in world.requests} - bare == {"POST /hooks"}
        (blank,) = (
            blank
            for one in world.requests
            for blank in one.blanks
            if blank.kind == "url"
        )
        assert blank.name.startswith(sink)
        assert len(named) > 2
        assert all(url.startswith(sink) for url in named)
        assert all(access.headers for access in world.credentials)
        origins.append(it.origin.partition(" ")[0])
        sinks.add(sink)

    assert origins == ["made", "from"]
    assert len(sinks) == 2
    assert made.indices == [0, 1]


async def test_users_are_logged_in_again_if_they_have_to_be(
    made: Made, tmp_path: Path
) -> None:
    for _ in range(2):
        async with provisioned(made.target(), order(tmp_path), tenants=FEW) as it:
            assert len({access.headers for access in it.world.credentials}) == FEW
            assert all(access.headers for access in it.world.credentials)

    kept = next(tmp_path.glob(f"snapshots/*/{WORLD}")).read_text()
    assert "session-" not in kept
    assert made.indices == list(range(FEW))


async def test_another_world_is_made_anew(made: Made, tmp_path: Path) -> None:
    for tenants in (FEW, FEW + 1):
        async with provisioned(
            made.target(), order(tmp_path), tenants=tenants, seeded=0, logins=False
        ) as it:
            assert it.origin.startswith("made in")

    assert made.indices == [*range(FEW), *range(FEW + 1)]


@pytest.mark.parametrize("name", ["data.gz", "server.json", WORLD])
async def test_a_damaged_snapshot_is_replaced(
    made: Made, tmp_path: Path, name: str
) -> None:
    options: dict[str, Any] = {"tenants": FEW, "seeded": 0, "logins": False}
    async with provisioned(made.target(), order(tmp_path), **options):
        pass
    (kept,) = tmp_path.glob(f"snapshots/*/{name}")
    kept.write_bytes(kept.read_bytes()[:40])

    origins = []
    for _ in range(2):
        async with provisioned(made.target(), order(tmp_path), **options) as it:
            origins.append(it.origin)

    assert "kept as the snapshot" in origins[0]
    assert origins[1].startswith("from the snapshot")
    assert made.indices == [*range(FEW)] * 2


async def test_without_snapshots_nothing_is_kept(made: Made, tmp_path: Path) -> None:
    async with provisioned(
        made.target(), order(tmp_path, snapshot=False), tenants=FEW, seeded=0
    ) as it:
        assert it.origin.endswith("not kept: the settings say so")

    assert list(tmp_path.iterdir()) == []


async def test_a_world_that_names_its_server_is_not_kept(tmp_path: Path) -> None:
    made = Made(own_dsn=True)
    async with provisioned(
        made.target(login=None), order(tmp_path), tenants=FEW, seeded=0
    ) as it:
        assert "not kept: the data hold the address or the password" in it.origin
        assert it.postgres is not None
        assert it.postgres.password not in it.origin
        assert len(await rows(it)) == FEW

    assert list((tmp_path / "snapshots").iterdir()) == []


async def test_a_server_of_somebody_elses_is_never_shut_down(
    made: Made, tmp_path: Path, server_dsn: str
) -> None:
    given = order(tmp_path, postgres="dsn", dsn=server_dsn)
    async with provisioned(made.target(), given, tenants=FEW, seeded=0) as it:
        assert it.origin.endswith(
            "not kept: Postgres is not the embedded one, but by dsn"
        )

    assert list((tmp_path / "snapshots").iterdir()) == []

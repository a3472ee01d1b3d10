"""A world is made from a target, and kept in a file."""

from __future__ import annotations

import json
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from harness.errors import SchemaError, TargetError, UsageError
from harness.hosting.inprocess import in_process
from harness.model.event import Declared, Note
from harness.model.world import World
from harness.provisioning.worlds import make_world, read_world, write_world
from harness.run.loading import with_variant
from harness.target.app import AppSpec
from harness.target.operation import Operation
from harness.target.target import Target, Variant
from tests.provisioning.opening import ROOT, Opened, opened
from tests.provisioning.shops import shop


@pytest_asyncio.fixture
async def world() -> AsyncIterator[World]:
    async with opened(shop()) as app:
        made, _ = await make_world(app.scene, tenants=3, seed=1)
        yield made


def test_a_world_is_read_as_it_was_written(world: World, tmp_path: Path) -> None:
    path = tmp_path / "world.json"

    write_world(path, world)

    assert read_world(path) == world
    assert len(world.tenants) == len(world.credentials) == len(world.objects) == 3
    assert any(tenant.knows for tenant in world.tenants) is False
    assert all(access.headers for access in world.credentials)
    assert {one.label for one in world.fields.values()} >= {
        "slug",
        "POST /shelves body.title",
    }


@pytest.mark.parametrize("before", [None, 0o644])
def test_only_its_owner_can_read_the_file(
    world: World, tmp_path: Path, before: int | None
) -> None:
    path = tmp_path / "world.json"
    if before:
        path.write_text("x" * 100_000)
        path.chmod(before)

    write_world(path, world)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read_world(path) == world


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "cannot be read: No such file"),
        (b"", "is not a world"),
        (b"\xff\xfe", "is not a world"),
        (b"[]", "is not a world"),
        (b'{"url": "", "key": "00"}', "fields are wrong"),
    ],
)
def test_a_broken_file_is_a_usage_error(
    tmp_path: Path, content: bytes | None, told: str
) -> None:
    path = tmp_path / "world.json"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(UsageError, match=told) as raised:
        read_world(path)

    assert "world.json" in str(raised.value)


async def declared(app: Opened) -> list[str]:
    await make_world(app.scene, tenants=1, seed=1)
    events = app.scene.recorder.since()
    return [event.operation for event in events if isinstance(event, Declared)]


def guarded(guard: str, **fields: Any) -> Target:
    return shop(
        app="tests.provisioning.apps.guarded:create",
        environment={"GUARD": guard},
        **fields,
    )


@pytest.mark.parametrize(
    ("guard", "asked"),
    [
        ("nobody", [(None, None)]),
        ("tenant", [(None, None), (None, 0)]),
        ("user", [(None, None), (None, 0), (0, 0)]),
    ],
)
async def test_the_document_is_asked_for_with_ever_more_identity(
    guard: str, asked: list[tuple[int | None, int | None]]
) -> None:
    async with opened(guarded(guard)) as app:
        assert "GET /shelves" in await declared(app)

        asking = [one for one in app.exchanges() if one.operation.endswith("api.json")]
        principals = [one.principal for one in asking]
        assert [(one.credential, one.selector) for one in principals] == asked
        assert all("openapi.json" in one.request for one in asking)


async def test_a_document_that_nobody_gets_is_a_schema_error() -> None:
    async with opened(guarded("closed")) as app:
        with pytest.raises(SchemaError, match=r"GET /openapi\.json → 404") as raised:
            await declared(app)

    assert "Set Target.openapi" in str(raised.value)


async def test_the_document_may_come_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "api.json"
    answer = {"200": {"description": ""}}
    document = {
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1"},
        "paths": {"/labels": {"get": {"responses": answer}}},
    }
    path.write_text(json.dumps(document))

    async with opened(shop(openapi=str(path))) as app:
        assert await declared(app) == ["GET /labels"]


@pytest.mark.parametrize("name", ["nowhere.json", "shop/nowhere.json"])
async def test_a_file_that_is_not_there_is_a_schema_error(name: str) -> None:
    async with opened(shop(openapi=name)) as app:
        with pytest.raises(SchemaError, match=f"{name} cannot be read: No such file"):
            await declared(app)


async def test_a_broken_document_is_a_schema_error(tmp_path: Path) -> None:
    path = tmp_path / "api.json"
    path.write_text("{")

    async with opened(shop(openapi=str(path))) as app:
        with pytest.raises(SchemaError):
            await declared(app)


async def test_without_a_document_there_are_the_targets_operations_only() -> None:
    explicit = Operation(method="GET", path="/shelves")

    async with opened(shop(openapi="", operations=(explicit,))) as app:
        assert await declared(app) == ["GET /shelves"]


async def test_an_operation_of_the_targets_takes_the_place_of_the_documents() -> None:
    explicit = Operation(method="GET", path="/shelves", query={"q": "own"})
    target = shop(operations=(explicit,), skip=("GET /vault",))

    async with opened(target) as app:
        operations = await declared(app)
        asked = [one["query"] for one in await app.seen() if one["path"] == "/shelves"]

        assert operations.count("GET /shelves") == 1
        assert "q=own" in asked
        events = app.scene.recorder.since()
        skipped = [e.operation for e in events if isinstance(e, Declared) and e.skipped]
        assert skipped == ["GET /vault"]


async def test_a_pattern_that_names_no_operation_is_told_of() -> None:
    target = shop(skip=("GET /vault", "GET /volt"))

    async with opened(target) as app:
        await declared(app)

        notes = [e.text for e in app.scene.recorder.since() if isinstance(e, Note)]
        assert [note for note in notes if "Target.skip" in note] == [
            "Target.skip has 'GET /volt', which names no operation"
        ]


async def test_a_variant_that_points_nowhere_is_a_mistake_of_the_target() -> None:
    target = with_variant(
        shop(variants={"leaky": Variant(app="tests.provisioning.apps.shop:creat")}),
        "leaky",
    )
    async with opened(shop()) as app:
        spec = AppSpec(app=target.app, directory=ROOT)
        with pytest.raises(TargetError, match="creat"):
            async with in_process(spec, app.scene.recorder):
                pass

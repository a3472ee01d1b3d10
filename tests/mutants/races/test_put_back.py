"""What was read before a change, and is remembered after it."""

from __future__ import annotations

import asyncio
from typing import Any, cast
from uuid import UUID

import asyncpg

from reference_app.storage.seam import Flag
from reference_app.tenants.configuration import Configuration
from tests.mutants.races.gated import cases, parts_of, quiet
from tests.reference_app.test_open_tenants import A, some

OLD, NEW = (Flag("beta", False, "older"),), (Flag("beta", True, "newer"),)


@cases("older-flags-put-back", right=("flags-loaded-twice",))
async def test_flags_that_were_read_before_a_write(variant: str, wrong: bool) -> None:
    cache = parts_of(variant).flag_cache(some(cache_lifetime=60))
    stored, may_commit, may_answer = [OLD], asyncio.Event(), asyncio.Event()

    async def load() -> tuple[Flag, ...]:
        (read,) = stored
        await may_answer.wait()
        return read

    async def write() -> tuple[Flag, ...]:
        await may_commit.wait()
        stored[:] = [NEW]
        return NEW

    writing = asyncio.create_task(cache.replace(A, write))
    await quiet()
    reading = asyncio.create_task(cache.get(A, load))
    await quiet()
    may_commit.set()
    await writing
    may_answer.set()
    await reading

    assert await cache.get(A, load) == (OLD if wrong else NEW)


@cases("older-flags-put-back", right=("flags-loaded-twice",))
async def test_flags_are_the_newest_when_each_waits_for_the_last(
    variant: str, wrong: bool
) -> None:
    cache = parts_of(variant).flag_cache(some(cache_lifetime=60))

    async def old() -> tuple[Flag, ...]:
        return OLD

    async def new() -> tuple[Flag, ...]:
        return NEW

    assert await cache.get(A, old) == OLD
    assert await cache.replace(A, new) == NEW
    assert await cache.get(A, old) == NEW


async def test_the_look_alike_really_loads_twice_at_a_time() -> None:
    cache = parts_of("flags-loaded-twice").flag_cache(some(cache_lifetime=60))
    loads, may_answer = [0], asyncio.Event()

    async def load() -> tuple[Flag, ...]:
        loads[0] += 1
        await may_answer.wait()
        return OLD

    reading = [asyncio.create_task(cache.get(A, load)) for _ in range(2)]
    await quiet()
    may_answer.set()
    await asyncio.gather(*reading)

    assert loads == [2]
    assert await cache.get(A, load) == OLD
    assert loads == [2]


@cases(right=("configuration-loaded-twice",))
async def test_a_configuration_that_is_not_remembered_is_loaded_twice_at_a_time(
    variant: str, wrong: bool
) -> None:
    cache = parts_of(variant).configuration_cache(some(cache_lifetime=0))
    most, loading, may_answer = 0, 0, asyncio.Event()

    async def load() -> Configuration:
        nonlocal most, loading
        loading += 1
        most = max(most, loading)
        await may_answer.wait()
        loading -= 1
        return Configuration(greeting="hello")

    reading = [asyncio.create_task(cache.get(A, load)) for _ in range(2)]
    await quiet()
    may_answer.set()
    found = await asyncio.gather(*reading)

    assert [one.greeting for one in found] == ["hello", "hello"]
    assert most == (1 if variant == "app" else 2)


class HeldControl:
    """A control schema whose rows are read at once, and arrive when let go."""

    def __init__(self, row: Any) -> None:
        self.row = row
        self.let_go = asyncio.Event()

    async def fetchrow(self, _statement: str, *_arguments: object) -> Any:
        row = self.row
        await self.let_go.wait()
        return row


@cases("old-key-put-back")
async def test_a_key_that_was_read_before_its_rotation(
    variant: str, wrong: bool
) -> None:
    control = HeldControl((b"old", None, None))
    keys = parts_of(variant).signing_keys(
        some(cache_lifetime=60), cast("asyncpg.Pool", control)
    )
    verifying = asyncio.create_task(keys.good(A.id))
    await quiet()
    control.row = (b"new", None, None)  # another request rotates the key
    keys.forget(A.id)
    control.let_go.set()
    await verifying

    assert await keys.good(A.id) == ((b"old",) if wrong else (b"new",))
    keys.forget(A.id)
    assert await keys.good(A.id) == (b"new",)


def row(number: int) -> dict[str, Any]:
    """Return a tenant as the control schema has it."""
    names = {"slug": f"t{number}", "name": "", "status": "active"}
    return {"id": UUID(int=number), **names, "schema_name": None, "role_name": None}


@cases("moved-domain-put-back")
async def test_a_domain_that_was_looked_up_before_it_moved(
    variant: str, wrong: bool
) -> None:
    control = HeldControl(row(1))
    directory = parts_of(variant).directory(
        some(cache_lifetime=60), cast("asyncpg.Pool", control)
    )
    asking = asyncio.create_task(directory.find("shop.example"))
    await quiet()
    control.row = row(2)  # another request moves the domain
    for number in (1, 2):
        directory.forget(UUID(int=number))
    control.let_go.set()
    await asking

    found = await directory.find("shop.example")

    assert found is not None
    assert found.slug == ("t1" if wrong else "t2")

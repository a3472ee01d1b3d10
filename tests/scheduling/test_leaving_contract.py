"""Who leaves with whom is read from names of asyncio and anyio that are not public.

Where a version has them no more, the test of that name fails, and not only a schedule.
"""

from __future__ import annotations

import asyncio
import functools
import importlib
import sys
from typing import Any

import anyio
import pytest

from harness.scheduling import leaving


def owners(future: asyncio.Future[Any]) -> list[object]:
    """Return whose methods are called when a future is done."""
    found: Any = future._callbacks
    return [getattr(callback, "__self__", None) for callback, _ in found]


async def test_a_future_knows_the_task_that_awaits_it() -> None:
    inner: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def wait() -> None:
        await inner

    task = asyncio.create_task(wait())
    await asyncio.sleep(0)

    assert owners(inner) == [task]
    inner.set_result(None)
    await task


async def test_a_task_knows_its_group_and_the_group_the_task_that_it_is_in() -> None:
    async with asyncio.TaskGroup() as group:
        task = group.create_task(asyncio.sleep(0))

        assert owners(task) == [group]
        parent: Any = group._parent_task  # type: ignore[attr-defined]
        assert parent is asyncio.current_task()


async def test_what_is_gathered_knows_the_future_of_all() -> None:
    inner: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    whole = asyncio.gather(inner)

    found: Any = inner._callbacks
    ((callback, _),) = found

    assert callback.__qualname__ == leaving._GATHERS
    assert leaving._variable(callback, "outer") is whole
    inner.set_result(None)
    await whole


async def test_what_is_waited_for_knows_who_waits() -> None:
    inner: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(asyncio.wait_for(inner, 60))
    await asyncio.sleep(0)

    if sys.version_info >= (3, 12):
        assert owners(inner) == [task]
    else:
        ((callback, _),) = inner._callbacks
        assert isinstance(callback, functools.partial)
        assert callback.func.__name__ == leaving._RELEASES
        assert owners(callback.args[0]) == [task]
    inner.set_result(None)
    await task


async def test_anyio_knows_the_scopes_that_a_task_is_in_and_their_hosts() -> None:
    backend: Any = importlib.import_module(leaving._ANYIO)
    host = asyncio.current_task()
    hosts: list[object] = []
    shields: list[bool] = []

    async def look() -> None:
        with anyio.CancelScope(shield=True):
            await asyncio.sleep(0)
            scope = backend._task_states[asyncio.current_task()].cancel_scope
            while scope is not None:
                hosts.append(scope._host_task)
                shields.append(scope.shield)
                scope = scope._parent_scope

    async with anyio.create_task_group() as group:
        group.start_soon(look)

    assert hosts[0] is not host, "the innermost is the task's own"
    assert hosts[-1] is host, "the outermost is the group's, which its task has"
    assert (shields[0], shields[-1]) == (True, False)


@pytest.mark.parametrize("name", ["_task_states"])
async def test_without_a_name_of_anyio_it_is_said_which(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.delattr(importlib.import_module(leaving._ANYIO), name)
    task = asyncio.create_task(asyncio.sleep(0))

    with pytest.raises(AttributeError, match=name):
        leaving.reach_of(task, asyncio.current_task())
    await task

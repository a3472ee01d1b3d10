"""An initialiser that certainly waits begins when the schedule says so."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import ModuleType
from typing import Any

import pytest

from harness.model.boot import Stage
from harness.observe.initialisers import initialisers_tapped
from harness.observe.runs import Call
from harness.scheduling.kernel import Kernel
from harness.scheduling.outcomes import BEFORE
from harness.target.initialiser import Initialiser
from tests.scheduling.ground import Follows, Takes, acting, may_leave, play

APP = "app_with_initialisers"


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> Any:
    module: Any = ModuleType(APP)

    async def opens(slug: str) -> str:
        return f"open {slug}"

    def returns(slug: str) -> Any:
        return opens(slug)

    @asynccontextmanager
    async def context(slug: str) -> AsyncIterator[str]:
        yield f"open {slug}"

    module.opens, module.returns, module.context = opens, returns, context
    monkeypatch.setitem(sys.modules, APP, module)
    return module


async def use(app: Any, form: str, slug: str) -> str:
    made = getattr(app, form)(slug)
    if form == "context":
        async with made as opened:
            return str(opened)
    return str(await made)


@pytest.mark.parametrize("form", ["opens", "returns", "context"])
@pytest.mark.parametrize("suspends", [True, False])
def test_only_if_it_is_said_to_wait_others_can_go_first(
    app: Any, form: str, suspends: bool
) -> None:
    calls: list[Call] = []
    opened: list[str] = []

    async def scenario(_: Kernel) -> None:
        async def one(name: str) -> None:
            opened.append(await use(app, form, name))

        async with asyncio.TaskGroup() as group:
            for name in ("a", "b"):
                group.create_task(acting(name, one(name)))

    declared = Initialiser(function=f"{APP}:{form}", tenant="slug", suspends=suspends)
    with initialisers_tapped([declared], calls.append):
        played = play(scenario, Follows("b opens b", "a opens a"))

    assert played.ran.error is None
    wanted = ["open b", "open a"] if suspends else ["open a", "open b"]
    assert opened == wanted
    assert played.kinds("a opens a") == (["point"] if suspends else [])


@pytest.mark.parametrize("form", ["opens", "returns", "context"])
def test_who_leaves_before_it_begins_has_cancelled_it(app: Any, form: str) -> None:
    calls: list[Call] = []

    async def scenario(kernel: Kernel) -> None:
        task = asyncio.create_task(acting("leaver", use(app, form, "a")))
        may_leave(kernel, "leaver", task)
        await asyncio.wait({task})
        assert task.cancelled()

    declared = Initialiser(function=f"{APP}:{form}", tenant="slug", suspends=True)
    with initialisers_tapped([declared], calls.append):
        ran = play(scenario, Takes(lambda one: one.outcome == BEFORE)).ran

    assert ran.error is None
    assert [one.stage for one in calls] == [Stage.BEGUN, Stage.CANCELLED]

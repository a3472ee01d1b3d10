"""Several first requests of one tenant at a time, and of others beside them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest

from reference_app.kept import NotOpen
from reference_app.mutants.races import ready_before_the_last
from reference_app.storage.seam import Session
from reference_app.tenants.open_tenants import NotReady
from tests.mutants.races.gated import Opener, begin, cases, quiet, registry, use
from tests.reference_app.test_open_tenants import A, B, rest

RIGHT = (
    "lock-per-tenant",
    "second-check",
    "single-flight",
    "shielded-task",
    "group-per-tenant",
)


@cases("set-after-opening", "lock-let-go", "second-check-missing", right=RIGHT)
async def test_two_first_requests_open_a_tenant_twice(
    variant: str, wrong: bool
) -> None:
    opener = Opener(held={"t1"})
    async with registry(variant, opener) as tenants:
        requests = [begin(tenants, A), begin(tenants, A)]
        await quiet()
        opener.let_go("t1")
        await asyncio.gather(*requests)

        assert opener.begun["t1"] == (2 if wrong else 1)
        assert opener.most["t1"] == (2 if wrong else 1)
    assert opener.open_now["t1"] == 0


@cases("one-lock-for-all", right=RIGHT)
async def test_a_tenant_that_hangs_has_another_refused(
    variant: str, wrong: bool
) -> None:
    opener = Opener(held={"t1"})
    async with registry(variant, opener, acquire_timeout=0.01) as tenants:
        await use(tenants, B)
        hanging = begin(tenants, A)
        await quiet()

        (answer,) = await asyncio.gather(use(tenants, B), return_exceptions=True)

        assert isinstance(answer, NotReady) is wrong
        opener.let_go("t1")
        await hanging
        await use(tenants, B)


@cases("half-open-published", right=RIGHT)
async def test_an_entry_is_used_before_it_is_open(variant: str, wrong: bool) -> None:
    opener = Opener(held={"t1"})
    async with registry(variant, opener) as tenants:
        first = begin(tenants, A)
        await quiet()
        second = begin(tenants, A)
        await quiet()
        assert second.done() is wrong

        opener.let_go("t1")
        answers = await asyncio.gather(first, second, return_exceptions=True)

        assert [type(answer) for answer in answers] == [
            type(None),
            NotOpen if wrong else type(None),
        ]
        await use(tenants, A)


@cases("failure-kept", right=RIGHT)
async def test_a_failure_is_told_after_its_cause_is_gone(
    variant: str, wrong: bool
) -> None:
    opener = Opener(failing={"t1"})
    async with registry(variant, opener, retry_after=1) as tenants:
        with pytest.raises(NotReady):
            await use(tenants, A)
        opener.failing.clear()
        rest(tenants, 1)

        (answer,) = await asyncio.gather(use(tenants, A), return_exceptions=True)

        assert isinstance(answer, NotReady) is wrong
        assert opener.begun["t1"] == (1 if wrong else 2)


class HeldStore:
    """A store whose sessions a test holds."""

    def __init__(self) -> None:
        self.wanted = asyncio.Event()
        self.let_go = asyncio.Event()

    @asynccontextmanager
    async def session(self) -> AsyncIterator[Session]:
        self.wanted.set()
        await self.let_go.wait()
        yield cast("Any", self)

    @property
    def documents(self) -> HeldStore:
        return self

    async def count(self) -> int:
        return 0


@cases("told-before-stored", right=RIGHT)
async def test_who_waits_is_told_before_the_entry_is_there(
    variant: str, wrong: bool
) -> None:
    store = HeldStore()
    opener = Opener(held={"t1"}, store=store)
    async with registry(variant, opener) as tenants:
        first = begin(tenants, A)
        await quiet()
        second = begin(tenants, A)
        await quiet()
        opener.let_go("t1")
        await quiet()
        assert store.wanted.is_set() is (wrong or variant == "group-per-tenant")

        (answer,) = await asyncio.gather(second, return_exceptions=True)

        assert isinstance(answer, NotReady) is wrong
        assert opener.begun["t1"] == 1
        store.let_go.set()
        await first
        await use(tenants, A)


@cases("ready-before-the-last", right=RIGHT)
async def test_who_is_still_opening_is_counted_as_open_and_refused(
    variant: str, wrong: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ready_before_the_last, "_PATIENCE", 0.01)
    opener = Opener(held={"t1"})
    async with registry(variant, opener) as tenants:
        starting = asyncio.create_task(tenants.ready(A))
        if wrong:
            with pytest.raises(NotReady):
                await starting
        await quiet()
        # The start waits for this, unless it is done with it.
        assert starting.done() is wrong
        request = begin(tenants, A)
        await quiet()

        assert tenants.counts().get("open", 0) == (1 if wrong else 0)
        assert request.done() is wrong
        opener.let_go("t1")
        (answer,) = await asyncio.gather(request, return_exceptions=True)
        assert isinstance(answer, NotReady) is wrong
        if wrong:
            await quiet()
        await use(tenants, A)
        if not wrong:
            await starting

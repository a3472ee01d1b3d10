"""Variants' own pieces, put together with openings that a test holds and lets go."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import pytest

from reference_app import main
from reference_app.limits.rate_limits import RateLimits
from reference_app.parts import Parts
from reference_app.storage.seam import TenantStore
from reference_app.tenants.open_tenants import OpenTenants
from reference_app.tenants.runtime import TenantRuntime
from reference_app.tenants.tenant import Tenant
from tests.mutants.variants import find
from tests.reference_app.test_open_tenants import (
    NO_CONTEXT,
    NO_STORE,
    RATES,
    logger,
    some,
)

APP = "app"
"""Stands for the app itself among the names of variants."""


def cases(*bugs: str, right: Sequence[str] = ()) -> pytest.MarkDecorator:
    """Run a test on mutants, on look-alikes and on the app itself.

    Args:
        bugs: Names of mutants; `wrong` is True for them.
        right: Names of what does the same rightly, besides the app.
    """
    assert not any(find(name).harmless for name in bugs)
    assert all(find(name).harmless for name in right)
    return pytest.mark.parametrize(
        ("variant", "wrong"),
        [
            *(pytest.param(name, True, id=name) for name in bugs),
            *(pytest.param(name, False, id=name) for name in (APP, *right)),
        ],
    )


def parts_of(variant: str) -> Parts:
    """Return the parts that a variant's factory makes the app of."""
    if variant == APP:
        return Parts()
    module, _, factory = find(variant).app.partition(":")
    given: list[Parts] = []
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(main, "create_app", lambda *, parts: given.append(parts))
        getattr(import_module(module), factory)()
    return given[0]


@dataclass
class Opener:
    """Opens runtimes and closes them, but those that are held only when let go.

    Attributes:
        held: Slugs whose opening waits until `let_go`.
        failing: Slugs that do not open.
        begun: How often each was begun to be opened.
        open_now: How many runtimes of each are open.
        most: How many of each have been open at the same time.
        may_close: Whether what is to be closed may be.
        store: What each runtime has.
    """

    held: set[str] = field(default_factory=set)
    failing: set[str] = field(default_factory=set)
    begun: Counter[str] = field(default_factory=Counter)
    open_now: Counter[str] = field(default_factory=Counter)
    most: Counter[str] = field(default_factory=Counter)
    may_close: asyncio.Event = field(default_factory=asyncio.Event)
    store: TenantStore = NO_STORE
    _gates: defaultdict[str, asyncio.Event] = field(
        default_factory=lambda: defaultdict(asyncio.Event)
    )

    def __post_init__(self) -> None:
        self.may_close.set()

    def let_go(self, slug: str) -> None:
        """Let those open that are held, and all that come."""
        self._gates[slug].set()

    @asynccontextmanager
    async def open(self, tenant: Tenant) -> AsyncIterator[TenantRuntime]:
        slug = tenant.slug
        self.begun[slug] += 1
        if slug in self.held:
            await self._gates[slug].wait()
        if slug in self.failing:
            raise OSError("planted")
        self.open_now[slug] += 1
        self.most[slug] = max(self.most[slug], self.open_now[slug])
        try:
            yield TenantRuntime(self.store, NO_CONTEXT, RateLimits(RATES))
        finally:
            await self.may_close.wait()
            self.open_now[slug] -= 1


def registry(variant: str, opener: Opener, **settings: Any) -> OpenTenants:
    """Return a variant's registry of tenants, over a test's opener."""
    return parts_of(variant).tenants(some(**settings), opener.open, logger())


async def quiet() -> None:
    """Let all run that can, as far as it goes without being let go."""
    for _ in range(50):
        await asyncio.sleep(0)


async def use(tenants: OpenTenants, tenant: Tenant) -> None:
    """Do what a request does that needs nothing of its tenant's."""
    async with tenants.lease(tenant):
        pass


def begin(tenants: OpenTenants, tenant: Tenant) -> asyncio.Task[None]:
    """Have a request made beside the test."""
    return asyncio.create_task(use(tenants, tenant))

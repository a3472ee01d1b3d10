"""Whom start-up opens, and whether it goes on without those who do not open."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterator, Sequence

from reference_app.settings import Settings
from reference_app.tenants.open_tenants import NotReady, OpenTenants
from reference_app.tenants.tenant import Tenant

_NAMED = 5


class StartUpFailed(Exception):
    """Too few tenants opened for the policy; the message says which did not."""


async def start_up(
    tenants: OpenTenants, known: Sequence[Tenant], settings: Settings
) -> None:
    """Open tenants as the strategy has it, and judge as the policy has it.

    Args:
        tenants: Where they are opened.
        known: All that may be used, the one that was used last first.
        settings: Strategy, policy and concurrency.

    Raises:
        StartUpFailed: The policy does not allow to go on.
    """
    chosen = _chosen(known, settings)
    failed = await _open(tenants, chosen, settings)
    if not failed:
        return
    names = ", ".join(tenant.slug for tenant in failed[:_NAMED])
    more = f" and {len(failed) - _NAMED} more" if len(failed) > _NAMED else ""
    missing = f"{names}{more} of {len(chosen)} tenants did not open, see the log"
    if settings.policy == "strict":
        raise StartUpFailed(
            f"{missing}; policy `strict` needs all: repair or suspend them, or start "
            "with REFERENCE_APP_POLICY=degraded"
        )
    share = 1 - len(failed) / len(chosen)
    if settings.policy == "quorum" and share < settings.quorum:
        raise StartUpFailed(
            f"{missing}; policy `quorum` needs {settings.quorum:.0%} and got "
            f"{share:.0%}: look for a cause that they share"
        )


def _chosen(known: Sequence[Tenant], settings: Settings) -> Sequence[Tenant]:
    match settings.strategy:
        case "eager":
            return known
        case "lazy":
            return []
        case "warm":
            return known[: math.ceil(len(known) * settings.warm_share)]


class _OneIsEnough(Exception):
    """A tenant did not open, and nobody need wait for the others."""


async def _open(
    tenants: OpenTenants, chosen: Sequence[Tenant], settings: Settings
) -> Sequence[Tenant]:
    """Open some at a time; returns those that did not open, under `strict` the first.

    As many tasks as may open at once take turns at one list: a task per tenant
    would only wait.
    """
    waiting = iter(chosen)
    failed: list[Tenant] = []

    async def work(waiting: Iterator[Tenant]) -> None:
        for tenant in waiting:
            try:
                await tenants.ready(tenant)
            except NotReady:  # which has been logged
                failed.append(tenant)
                if settings.policy == "strict":
                    raise _OneIsEnough from None

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(min(settings.start_concurrency, len(chosen))):
                group.create_task(work(waiting))
    except* _OneIsEnough:
        pass
    return failed

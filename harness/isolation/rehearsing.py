"""Rehearsing: which operations work for several tenants, one request after another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.isolation.meetings import MEETING, Rehearsed
from harness.isolation.probing import in_order
from harness.model.event import Audience
from harness.model.step import Principal, Role, Step
from harness.provisioning.seeding import as_owner

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.provisioning.driver import Driver
    from harness.provisioning.habits import Habits
    from harness.provisioning.stage import Stage
    from harness.target.operation import Operation


async def rehearse(
    stage: Stage, habits: Habits, *, reading: str
) -> tuple[Sequence[Rehearsed], tuple[str, ...]]:
    """Make each operation once as each of the first tenants, on a fresh state.

    Args:
        stage: Boots the app.
        habits: Tells which streams go on.
        reading: Key of something that any tenant can read.

    Returns:
        What works for two of them at least, in an order in which it works in one boot;
        and the keys of those that do not.
    """
    tenants = range(min(MEETING, len(stage.world.tenants)))
    works: list[Rehearsed] = []
    ending: list[Rehearsed] = []
    failing: list[str] = []
    mark = stage.recorder.mark
    async with stage.boot() as driver:
        for operation in in_order(_askable(stage, habits)):
            steps: dict[int, Step] = {}
            before = list(driver.cast.credentials)
            for tenant in tenants:
                step, made = await as_owner(
                    driver, operation, tenant, role=Role.CONTROL
                )
                if made is not None and made.succeeded and not made.endless:
                    steps[tenant] = step
            if len(steps) < 2:
                failing.append(operation.key)
                continue
            if operation.mutates:
                await _read_all(driver, reading, steps)
            # Who had to log in again can do nothing after it, where nobody does.
            ended = driver.cast.credentials != before
            (ending if ended else works).append(Rehearsed(operation, steps))
    stage.recorder.forget(mark)
    return (*works, *ending), tuple(failing)


def _askable(stage: Stage, habits: Habits) -> list[Operation]:
    """Return the tenants' operations that are one request and one answer."""
    return [
        one
        for one in stage.catalogue.operations.values()
        if one.audience is Audience.TENANT
        and not one.skipped
        and one.socket is None
        and one.scraped is None
        and not habits.endless(one.key)
    ]


async def _read_all(driver: Driver, reading: str, tenants: dict[int, Step]) -> None:
    for tenant in tenants:
        whole = Principal(tenant, tenant)
        await driver.make(Step(reading, whole, tenant, Role.REREAD))

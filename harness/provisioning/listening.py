"""Listening: each tenant hears, from the start, what it may hear."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.model.event import Audience, Channel
from harness.model.step import Principal, Role, Step

if TYPE_CHECKING:
    from harness.provisioning.driver import Driver
    from harness.provisioning.habits import Habits
    from harness.provisioning.listeners import Listeners
    from harness.target.operation import Operation


async def listen(driver: Driver, listeners: Listeners, habits: Habits) -> None:
    """Open each stream that goes on, and each socket, as each tenant.

    What a tenant hears on them, while others do what they do, is then its own, or
    a leak. These openings are part of each start of the app, and of no script.
    """
    opened = []
    for operation in driver.catalogue.operations.values():
        if goes_on(operation, habits):
            opened.append(operation.key)
            for tenant in range(len(driver.cast.tenants)):
                whole = Principal(tenant, tenant)
                step = Step(operation.key, whole, tenant, Role.CONTROL)
                await driver.attempt(step)
    await listeners.ready(opened)


def goes_on(operation: Operation, habits: Habits) -> bool:
    """Whether an operation of tenants' is one that is listened to.

    A stream that was never tried is: to try it tells whether it ends.
    """
    if operation.skipped or operation.audience is not Audience.TENANT:
        return False
    if operation.socket is not None:
        return True
    known = habits.endless(operation.key)
    if known is None:
        known = operation.channel is Channel.STREAM
    return known and operation.method == "GET"

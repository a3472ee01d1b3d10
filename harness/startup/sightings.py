"""Sightings: after a start, those who own something look whether it is still theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from harness.errors import ProvisioningError
from harness.model.canary import FIRST_PLANTED_FIELD
from harness.model.event import ANSWERS, Audience, Channel, Exchange
from harness.model.step import Principal, Role, Step

if TYPE_CHECKING:
    from harness.hosting.hosted import Hosted
    from harness.model.world import World
    from harness.provisioning.catalogue import Catalogue
    from harness.provisioning.driver import Driver
    from harness.provisioning.stage import Scene
    from harness.target.operation import Operation

MOST: Final = 10
"""Readings that a tenant tries to see something of its own."""


async def look_for_own(
    scene: Scene, catalogue: Catalogue, world: World, hosted: Hosted
) -> None:
    """Have each tenant that owns something read until it sees a value of its own.

    A start that gives a tenant what is another's shows here; and that answers are
    searched at all is proven by what does come.
    """
    driver = scene.driver(scene.client(hosted), catalogue, world)
    readings = _readings(driver)[:MOST]
    for tenant in range(len(world.tenants)):
        if driver.belongings.listed(tenant) and await _entered(driver, tenant):
            await _look(driver, tenant, readings)


async def _entered(driver: Driver, tenant: int) -> bool:
    """Log a tenant's user in anew: who it was may not have outlived the restart."""
    try:
        driver.cast.credentials[tenant] = await driver.cast.renew(tenant)
    except ProvisioningError:
        return False  # which the arrivals have told of
    return True


async def _look(driver: Driver, tenant: int, readings: list[Operation]) -> None:
    own = Principal(tenant, tenant)
    for operation in readings:
        outcome = await driver.make(Step(operation.key, own, tenant, Role.REREAD))
        if isinstance(outcome, Exchange) and _shows_own(outcome, tenant):
            return


def _shows_own(exchange: Exchange, tenant: int) -> bool:
    return any(
        found.channel in ANSWERS
        and found.hit.owner == tenant
        and found.hit.field >= FIRST_PLANTED_FIELD
        for found in exchange.found
    )


def _readings(driver: Driver) -> list[Operation]:
    """Return the readings for tenants that come to an end, lists before objects."""
    needs = driver.catalogue.resources.needs
    found = [
        operation
        for operation in driver.catalogue.operations.values()
        if operation.method == "GET"
        and operation.audience is Audience.TENANT
        and operation.channel is Channel.BODY
        and not operation.skipped
    ]
    return sorted(found, key=lambda operation: len(needs(operation)))

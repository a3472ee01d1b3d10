"""Arrivals: each tenant's first success after a start, and how long it took."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final, final

from harness.errors import ProvisioningError
from harness.model.boot import Arrival
from harness.model.event import Exchange
from harness.model.step import Principal, Role, Step
from harness.provisioning.parallel import in_parallel
from harness.provisioning.stage import simple_readings
from harness.target.login import CustomLogin, FormLogin, JsonLogin

if TYPE_CHECKING:
    from harness.hosting.hosted import Hosted
    from harness.model.tenant import Tenant
    from harness.model.world import World
    from harness.provisioning.catalogue import Catalogue
    from harness.provisioning.driver import Driver
    from harness.provisioning.stage import Scene
    from harness.target.target import Target

WIDTH: Final = 16
"""Tenants that ask at the same time."""
_FIRST_PAUSE: Final = 0.02
_LONGEST_PAUSE: Final = 0.5


def logs_in_by_request(target: Target) -> bool:
    """Whether logging in is a request of its own: a key or a minted token is none."""
    return isinstance(target.login, FormLogin | JsonLogin | CustomLogin)


@final
class Arrivals:
    """Has each tenant ask for something cheap until it gets it.

    That is its login, where logging in is a request of its own, else the first
    reading for tenants that needs no object and succeeds.

    Args:
        scene: What all boots have in common.
        catalogue: What can be asked of the app.
        world: Who is in it.
        boot: Number of the boot.
        patience: Seconds after which a tenant gives up.
    """

    def __init__(
        self,
        scene: Scene,
        catalogue: Catalogue,
        world: World,
        *,
        boot: int,
        patience: float,
    ) -> None:
        self._scene = scene
        self._catalogue = catalogue
        self._world = world
        self._boot = boot
        self._patience = patience
        self._reading = 0

    async def run(self, hosted: Hosted) -> None:
        """Have all tenants arrive, some at a time, and record each."""
        client = self._scene.client(hosted)
        driver = self._scene.driver(client, self._catalogue, self._world)
        asks = isinstance(self._scene.target.login, FormLogin | JsonLogin | CustomLogin)

        async def arrive(tenant: Tenant) -> None:
            began, attempts, pause = time.monotonic(), 0, _FIRST_PAUSE
            while True:
                attempts += 1
                operation, failure = (
                    await self._enter(driver, tenant)
                    if asks
                    else await self._read(driver, tenant)
                )
                seconds = time.monotonic() - began
                if not failure or seconds + pause > self._patience:
                    break
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
            self._scene.recorder.add(
                Arrival(
                    kind="arrival",
                    at=self._scene.recorder.now(),
                    boot=self._boot,
                    tenant=tenant.index,
                    operation=operation,
                    seconds=seconds,
                    attempts=attempts,
                    failure=failure,
                )
            )

        await in_parallel(arrive, self._world.tenants, width=WIDTH)

    async def _enter(self, driver: Driver, tenant: Tenant) -> tuple[str, str]:
        """Log a tenant's user in; return what that is, and why it failed."""
        path = getattr(self._scene.target.login, "path", "")
        operation = f"POST {path}" if path else "the target's login"
        try:
            await driver.cast.renew(tenant.index)
        except ProvisioningError as error:
            return operation, error.message
        return operation, ""

    async def _read(self, driver: Driver, tenant: Tenant) -> tuple[str, str]:
        """Read something as a tenant; another thing the next time if that failed."""
        readings = simple_readings(driver)
        if not readings:
            return "a reading", "the app offers none that needs no object"
        number = self._reading
        operation = readings[number % len(readings)]
        credentials = driver.cast.credentials
        if self._scene.target.login is not None:
            # These take no request: a key, or a token that is minted.
            credentials[tenant.index] = await driver.cast.renew(tenant.index)
        own = Principal(tenant.index, tenant.index)
        step = Step(operation.key, own, tenant.index, Role.REREAD)
        outcome = await driver.make(step)
        if isinstance(outcome, Exchange) and outcome.succeeded:
            return operation.key, ""
        if number == self._reading:
            self._reading += 1
        if not isinstance(outcome, Exchange):
            return operation.key, "the request cannot be made"
        return operation.key, outcome.failure or f"status {outcome.status}"

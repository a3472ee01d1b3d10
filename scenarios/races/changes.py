"""Scenarios of change: what an operator does to a tenant that is in use."""

from harness.races.scenario import scenario
from harness.races.stage import Stage

LAZY = ("lazy", "on first use")


async def _amid(stage: Stage, action: str) -> None:
    await stage.tenant(0).read()
    await stage.gather(
        stage.tenant(0).read(),
        stage.act(action, 0),
        stage.tenant(0).read(),
        stage.tenant(1).read(),
    )
    await stage.gather(stage.tenant(0).read(), stage.tenant(1).read())


@scenario(tenants=2, strategies=LAZY, actions=("evict",))
async def evicted_in_use(stage: Stage) -> None:
    """A tenant's resources are given up while requests use them."""
    await _amid(stage, "evict")


@scenario(tenants=2, strategies=LAZY, actions=("reload",))
async def reloaded_in_use(stage: Stage) -> None:
    """A tenant's configuration is loaded anew while requests use it."""
    await _amid(stage, "reload")


@scenario(tenants=2, strategies=LAZY, actions=("rotate keys",))
async def rotated_in_use(stage: Stage) -> None:
    """A tenant's keys are rotated while requests use them."""
    await _amid(stage, "rotate keys")


@scenario(tenants=2, strategies=LAZY, actions=("move domain",))
async def moved_in_use(stage: Stage) -> None:
    """A tenant's domain moves while requests come."""
    await _amid(stage, "move domain")


@scenario(tenants=2, strategies=LAZY, actions=("offboard",))
async def offboarded_in_use(stage: Stage) -> None:
    """A tenant is offboarded while requests come."""
    await _amid(stage, "offboard")

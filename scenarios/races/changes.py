"""Scenarios of change: what an operator does to a tenant that is in use."""

from __future__ import annotations

from harness.exploring.scenario import scenario
from harness.exploring.stage import Stage

LAZY = ("lazy", "on first use")
IDLE = 1.0
"""Seconds after which what nobody uses is about to be given up."""


async def _amid(stage: Stage, action: str) -> None:
    await stage.tenant(0).read()
    await stage.gather(
        stage.tenant(0).read(),
        stage.act(action, 0),
        stage.tenant(0).read(),
        stage.tenant(1).read(),
    )
    await stage.gather(stage.tenant(0).read(), stage.tenant(1).read())


@scenario(tenants=2, strategies=LAZY, idle=True)
async def idle_and_used(stage: Stage) -> None:
    """Requests come while what nobody has used for long is given up."""
    await stage.gather(stage.tenant(0).read(), stage.tenant(1).read())
    await stage.sleep(IDLE)
    await stage.gather(
        stage.tenant(0).read(), stage.tenant(0).read(), stage.tenant(1).read()
    )


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
    """A tenant's keys are rotated while requests use them; then its user logs in."""
    await _amid(stage, "rotate keys")
    await stage.tenant(0).logs_in()
    await stage.tenant(0).read()


@scenario(tenants=2, strategies=LAZY, actions=("move domain",))
async def moved_in_use(stage: Stage) -> None:
    """A tenant's domain moves while requests come."""
    await _amid(stage, "move domain")


@scenario(strategies=LAZY, actions=("onboard", "offboard"))
async def offboarded_in_use(stage: Stage) -> None:
    """A tenant is offboarded while requests come, its own and another's."""
    # One of the world's would be missing in the next schedule, with all that the
    # database itself knows of it.
    leaver = stage.newcomer
    await leaver.does("onboard")
    await leaver.logs_in()
    await leaver.read()
    await stage.gather(
        leaver.read(),
        leaver.does("offboard", for_good=True),
        leaver.read(),
        stage.tenant(0).read(),
    )
    await stage.gather(leaver.read(), stage.tenant(0).read())


@scenario(strategies=LAZY, actions=("onboard", "offboard"))
async def offboarded_at_first_use(stage: Stage) -> None:
    """A tenant is offboarded while its first requests have it opened."""
    leaver = stage.newcomer
    await leaver.does("onboard")
    await leaver.logs_in()
    # To onboard a tenant may have opened it, and so has its log-in.
    await stage.restart()
    await stage.gather(
        leaver.read(), leaver.does("offboard", for_good=True), leaver.read()
    )
    await leaver.read()


@scenario(strategies=LAZY, actions=("onboard", "offboard"))
async def onboarded_twice(stage: Stage) -> None:
    """Two onboard one tenant; then its user logs in, and asks for the first time."""
    newcomer = stage.newcomer
    await stage.gather(newcomer.does("onboard"), newcomer.does("onboard"))
    await newcomer.logs_in()
    await stage.gather(newcomer.read(), newcomer.read())
    await newcomer.does("offboard")

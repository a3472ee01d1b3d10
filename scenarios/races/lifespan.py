"""Scenarios of the lifespan: start-up and shutdown, disturbed."""

from harness.races.scenario import scenario
from harness.races.stage import Stage

EAGER = ("eager", "warm")
REST = 40.0


@scenario(tenants=2, strategies=EAGER)
async def start_and_use(stage: Stage) -> None:
    """Requests as soon as the start-up says that it is through."""
    await stage.gather(
        stage.tenant(0).read(), stage.tenant(1).read(), stage.tenant(1).read()
    )


@scenario(tenants=2, strategies=("warm",))
async def start_goes_on(stage: Stage) -> None:
    """Requests while the start-up still goes on in the background."""
    await stage.gather(
        stage.tenant(0).read(), stage.tenant(1).read(), stage.tenant(1).read()
    )


@scenario(tenants=2, started=False, strategies=EAGER, faults=1)
async def start_fails(stage: Stage) -> None:
    """What one tenant needs fails, or hangs, while the app starts."""
    stage.may_fail(0)
    await stage.start()
    await stage.tenant(1).read()
    # An app may say that it is not to be asked again at once.
    await stage.sleep(REST)
    await stage.gather(stage.tenant(0).read(), stage.tenant(1).read())


@scenario(tenants=2, strategies=("lazy", "on first use"))
async def shutdown_in_use(stage: Stage) -> None:
    """The app is stopped while first requests are under way."""
    stage.meanwhile(stage.tenant(0).read(), stage.tenant(1).read())
    await stage.shutdown()

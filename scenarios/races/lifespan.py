"""Scenarios of the lifespan: start-up and shutdown, disturbed."""

from harness.exploring.scenario import scenario
from harness.exploring.stage import Stage

EAGER = ("eager", "warm")
REST = 40.0


@scenario(tenants=2, started=False, strategies=EAGER)
async def start_and_use(stage: Stage) -> None:
    """Requests as soon as the start-up says that it is through."""
    await stage.start()
    await stage.gather(
        stage.tenant(0).read(), stage.tenant(1).read(), stage.tenant(1).read()
    )


@scenario(tenants=2, started=False, strategies=("warm",))
async def start_goes_on(stage: Stage) -> None:
    """Requests while the start-up still goes on in the background."""
    await stage.start()
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


@scenario(tenants=2, started=False, strategies=EAGER, faults=1, ready=True)
async def asked_when_ready(stage: Stage) -> None:
    """Requests come right after readiness said yes; what one needs failed, or hangs."""
    stage.may_fail(0)
    await stage.start()
    await stage.readiness()
    await stage.gather(stage.tenant(0).read(), stage.tenant(1).read())


@scenario(tenants=2, started=False, strategies=("warm",), ready=True)
async def asked_while_it_starts(stage: Stage) -> None:
    """Readiness is asked while the start-up goes on in the background."""
    await stage.start()
    for _ in range(2):
        await stage.gather(
            stage.readiness(), stage.tenant(0).read(), stage.tenant(1).read()
        )


@scenario(tenants=2, strategies=("lazy", "on first use"), faults=1, ready=True)
async def asked_amid_a_hang(stage: Stage) -> None:
    """Readiness is asked while what makes one tenant's resources hangs."""
    stage.may_fail(0, ("hang",))
    await stage.gather(
        stage.tenant(0).read(), stage.readiness(), stage.tenant(1).read()
    )
    await stage.readiness()
    await stage.gather(stage.tenant(0).read(), stage.tenant(1).read())


@scenario(tenants=2, strategies=("lazy", "on first use"))
async def shutdown_in_use(stage: Stage) -> None:
    """The app is stopped while first requests are under way."""
    stage.meanwhile(stage.tenant(0).read(), stage.tenant(1).read())
    await stage.shutdown()


@scenario(tenants=2, started=False, strategies=EAGER)
async def start_is_cancelled(stage: Stage) -> None:
    """The start-up is cancelled half-way."""
    await stage.start(leaves=True)


@scenario(strategies=("lazy", "on first use"), generations=("flags",))
async def shutdown_after_writing(stage: Stage) -> None:
    """The app is stopped right after something was written."""
    await stage.tenant(0).writes("flags", 1)
    await stage.shutdown()


@scenario(strategies=("lazy", "on first use"), generations=("trail",))
async def noted_before_the_end(stage: Stage) -> None:
    """What was done right before the app is stopped has been noted when it is back."""
    one = stage.tenant(0)
    await stage.gather(one.writes("trail", 1), one.writes("trail", 2))
    await stage.restart()
    await one.sees("trail")

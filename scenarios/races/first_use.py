"""Scenarios of first use: requests that find a tenant's resources not there yet."""

from harness.exploring.scenario import scenario
from harness.exploring.stage import Stage

LAZY = ("lazy", "on first use")
REST = 40.0


@scenario(strategies=LAZY)
async def cold_stampede(stage: Stage) -> None:
    """Several first requests to one tenant at once."""
    await stage.gather(*(stage.tenant(0).read() for _ in range(3)))


@scenario(tenants=2, strategies=LAZY)
async def cold_tenants(stage: Stage) -> None:
    """First requests to several tenants at once."""
    asked = 3 * (stage.tenant(0), stage.tenant(1))
    await stage.gather(*(one.read() for one in asked))


@scenario(tenants=2, strategies=LAZY)
async def client_leaves(stage: Stage) -> None:
    """The client that came first goes away; others wait for what it began."""
    await stage.gather(
        stage.tenant(0).read(leaves=True),
        stage.tenant(0).read(),
        stage.tenant(1).read(),
    )
    await stage.tenant(0).read()


@scenario(tenants=2, strategies=LAZY, faults=1)
async def first_use_fails(stage: Stage) -> None:
    """What makes one tenant's resources fails once, or hangs; then it works."""
    stage.may_fail(0)
    await stage.gather(
        *(stage.tenant(0).read() for _ in range(3)), stage.tenant(1).read()
    )
    # An app may say that it is not to be asked again at once.
    await stage.sleep(REST)
    await stage.tenant(0).read()

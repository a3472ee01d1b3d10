"""Scenarios of what stays open: streams and sockets, while the app goes on or stops."""

from harness.exploring.scenario import scenario
from harness.exploring.stage import Stage

LAZY = ("lazy", "on first use")


@scenario(tenants=2, strategies=LAZY, flows=True)
async def shutdown_while_they_listen(stage: Stage) -> None:
    """The app is stopped while streams and sockets are open, or are being opened."""
    one, other = stage.tenant(0), stage.tenant(1)
    await stage.gather(one.listens(0), one.listens(1))
    stage.meanwhile(other.listens(0), other.listens(1), one.read())
    await stage.shutdown()


@scenario(tenants=2, strategies=LAZY, flows=True, actions=("reload",))
async def reloaded_while_they_listen(stage: Stage) -> None:
    """A tenant is loaded anew while streams and sockets are open; one client leaves."""
    one = stage.tenant(0)
    await stage.gather(one.listens(0), one.listens(1), stage.tenant(1).listens(0))
    await stage.gather(one.listens(0, leaves=True), stage.act("reload", 0), one.read())
    await stage.gather(one.listens(1), stage.tenant(1).read())

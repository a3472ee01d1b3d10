"""Scenarios of several processes of the app, which meet at the database."""

from harness.exploring.scenario import scenario
from harness.exploring.stage import Stage

LAZY = ("lazy", "on first use")


@scenario(strategies=LAZY, actions=("onboard", "offboard"), processes=2)
async def onboarded_in_two_processes(stage: Stage) -> None:
    """Two processes onboard one tenant; then its user logs in, and asks both."""
    here, there = stage.newcomer, stage.process(1).newcomer
    await stage.gather(here.does("onboard"), there.does("onboard"))
    await here.logs_in()
    await stage.gather(here.read(), there.read())
    await here.does("offboard")


@scenario(tenants=2, strategies=LAZY, processes=2)
async def first_used_in_two_processes(stage: Stage) -> None:
    """First requests to one tenant come to two processes, each of which opens it."""
    there = stage.process(1)
    await stage.gather(
        stage.tenant(0).read(), there.tenant(0).read(), there.tenant(1).read()
    )

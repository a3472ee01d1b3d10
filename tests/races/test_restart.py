"""An app that is started again: who asks amid that may find nobody, and no one else."""

from __future__ import annotations

from harness.exploring.stage import Stage
from harness.model.verdict import Outcome
from tests.races import kiosk
from tests.races.conftest import Explore
from tests.races.plays import at


async def amid(stage: Stage) -> None:
    """Requests come before, amid and after a restart."""
    await stage.tenant(0).read()
    await stage.gather(stage.restart(), stage.tenant(0).read(), stage.tenant(1).read())
    await stage.gather(stage.tenant(0).read(), stage.tenant(1).read())


def test_requests_amid_a_restart_are_no_findings(explore: Explore) -> None:
    result = explore(at(kiosk.RIGHT[0], amid), schedules=40)

    assert result.findings == ()
    assert result.verdict.outcome is Outcome.PASS, result.verdict

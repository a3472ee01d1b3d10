"""What lies below a parent: one's own parent does not open another's child."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.isolation.scripts import perform
from harness.isolation.sweep import Sweep
from harness.model.finding import Finding
from harness.model.step import Principal, Role, Step
from harness.provisioning.driver import Impossible
from harness.run.judgement import check
from tests.isolation.staging import Staged, own, staged

YARD: dict[str, Any] = {"app": "tests.isolation.apps.yard:create"}
SLIP = "/parcels/{parcel_id}/slips/{slip_id}"


def below(operation: str) -> Step:
    """Return the step of B with a parcel of its own, and a slip of A's."""
    return Step(operation, Principal(1, 1), 0, Role.PROBE, above=1)


async def swept(yard: Staged) -> list[Finding]:
    return await Sweep(yard.stage, check, yard.told.append, only_first=False).run()


async def test_a_child_that_is_taken_below_ones_own_parent_is_found(
    tmp_path: Path,
) -> None:
    yard = await staged(tmp_path, "slip by id", **YARD)

    found = await swept(yard)

    assert {one.operation for one in found} == {f"GET {SLIP}", f"PUT {SLIP}"}
    assert {one.oracle for one in found} >= {"access"}
    scripts = [one.script for one in found if one.oracle == "access"]
    assert all(len(script) == 1 and script[0].above == 1 for script in scripts)
    again = await perform(yard.stage, check, scripts[0])
    assert again.findings
    assert not again.obstacles


async def test_a_child_that_is_looked_for_in_its_parent_stays_silent(
    tmp_path: Path,
) -> None:
    yard = await staged(tmp_path, **YARD)

    assert await swept(yard) == []

    nested = [one for one in yard.probes(f"GET {SLIP}") if one.principal.whole]
    assert {one.status for one in nested} == {404}
    assert len({one.request for one in nested}) > 1, "its own parcel was never named"


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        (below("GET /parcels/{parcel_id}"), "nothing lies above"),
        (
            Step(f"GET {SLIP}", Principal(None, None), 0, Role.PROBE, above=1),
            "nothing lies above",
        ),
    ],
)
async def test_nothing_is_named_below_what_nobody_has(
    tmp_path: Path, step: Step, reason: str
) -> None:
    yard = await staged(tmp_path, **YARD)

    async with yard.stage.boot() as driver:
        outcome = await driver.make(step)

    assert isinstance(outcome, Impossible)
    assert reason in outcome.reason


def test_steps_say_whose_parent_is_named() -> None:
    assert str(below(f"GET {SLIP}")) == f"B: GET {SLIP} on A's object below B's own"
    assert "below" not in str(own(f"GET {SLIP}"))

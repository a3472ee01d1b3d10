"""Owners send each value of a closed set: what one of them tells others shows."""

from __future__ import annotations

from pathlib import Path

from harness.isolation.probing import Prober
from harness.isolation.scripts import perform, shortest
from harness.model.step import Principal, Role, Step
from harness.run.judgement import check
from tests.isolation.staging import Staged, staged

CHANGE, BOARD = "PATCH /parcels/{parcel_id}", "GET /board"
LOST = 'body.state="lost"'


async def probed(path: Path, fault: str = "") -> Staged:
    """Change parcels as the sweep does, and look at the board as B."""
    yard = await staged(path, fault, app="tests.isolation.apps.yard:create")
    async with yard.stage.boot() as driver:
        operations = yard.stage.catalogue.operations
        await Prober(driver, yard.stage).probe(operations[CHANGE])
        whole = Principal(1, 1)
        await driver.make(Step(BOARD, whole, 1, Role.CONTROL))
        yard.trail = list(driver.trail)
    return yard


async def test_what_one_value_tells_others_is_found_with_its_step(
    tmp_path: Path,
) -> None:
    yard = await probed(tmp_path, "told when lost")

    found = check(yard.stage.history(yard.stage.recorder.since()))
    script = await shortest(yard.stage, check, found[0], yard.trail)

    assert {one.operation for one in found} == {BOARD}
    assert [one.chosen for one in script if one.operation == CHANGE] == [LOST]
    assert LOST in str(script[0])
    assert (await perform(yard.stage, check, script)).findings


async def test_an_app_that_tells_nobody_is_asked_all_the_same_and_stays_silent(
    tmp_path: Path,
) -> None:
    yard = await probed(tmp_path)

    assert check(yard.stage.history(yard.stage.recorder.since())) == []
    sent = [one.step for one in yard.trail if one.step.chosen]
    assert {one.chosen for one in sent} == {
        'body.state="booked"',
        'body.state="late"',
        'body.state="lost"',
        'body.visibility="private"',
    }
    assert {one.owner for one in sent} == {0, 1}
    assert not yard.notes()

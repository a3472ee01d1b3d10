"""What streams an answer is asked once more: what changes left behind shows."""

from __future__ import annotations

from pathlib import Path

from harness.isolation.scripts import perform
from harness.isolation.sweep import Sweep
from harness.model.step import Role
from harness.run.judgement import check
from tests.isolation.staging import Staged, staged

ASK, CHANGE = "POST /questions", "PATCH /parcels/{parcel_id}"


async def yard(path: Path, fault: str = "") -> Staged:
    return await staged(path, fault, app="tests.isolation.apps.yard:create")


async def test_what_a_change_left_behind_for_a_stream_is_found_at_the_end(
    tmp_path: Path,
) -> None:
    made = await yard(tmp_path, "answers of all")

    found = await Sweep(made.stage, check, made.told.append, only_first=False).run()

    assert {one.operation for one in found} == {ASK}
    script = found[0].script
    assert [one.operation for one in script] == [CHANGE, ASK]
    assert (await perform(made.stage, check, script)).findings


async def test_each_tenant_asks_once_more_after_the_changes_and_hears_its_own(
    tmp_path: Path,
) -> None:
    made = await yard(tmp_path)

    found = await Sweep(made.stage, check, made.told.append, only_first=False).run()

    assert found == []
    done = [one for one in made.exchanges() if one.role is Role.CONTROL]
    last = max(at for at, one in enumerate(done) if one.operation == CHANGE)
    again = [one for one in done[last:] if one.operation == ASK]
    assert [one.owner for one in again] == [0, 1, 2]

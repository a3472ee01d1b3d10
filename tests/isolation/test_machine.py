"""The state machine: what it finds, and that nothing of it is left."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest

from harness.errors import AppFailed
from harness.isolation.machine import run_machine
from harness.isolation.scripts import perform
from harness.model.finding import Finding
from harness.model.progress import Progress, silent
from harness.model.step import Principal, Step
from harness.run.judgement import check
from tests.isolation.staging import LIST, Staged, staged

EVERYTHING = ("GET *", "POST *", "PUT *", "DELETE *")


async def searched(desk: Staged, **options: Any) -> list[Finding]:
    usual: dict[str, Any] = {
        "examples": 20,
        "steps": 10,
        "seed": 1,
        "known": set(),
        "only_first": False,
    }
    return await run_machine(desk.stage, check, desk.told.append, **usual | options)


async def drawn(directory: Path, *, seed: int) -> list[tuple[object, ...]]:
    """Return the requests that a seed draws on a correct app."""
    directory.mkdir()
    desk = await staged(directory)
    mark = desk.stage.recorder.mark
    assert await searched(desk, seed=seed, examples=5) == []
    return [
        (one.principal, one.role, one.owner, one.request)
        for one in desk.exchanges(mark)
    ]


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
async def test_a_leak_that_takes_two_steps_is_found_and_cut_down_to_them(
    tmp_path: Path, seed: int
) -> None:
    desk = await staged(tmp_path, "cache")

    async def shows(*script: Step) -> bool:
        performance = await perform(desk.stage, check, script)
        return finding.fingerprint in {one.fingerprint for one in performance.findings}

    [finding] = await searched(desk, seed=seed, only_first=True)

    assert (finding.oracle, finding.operation) == ("canary", LIST)
    first, second = finding.script
    assert await shows(first, second)
    assert not await shows(first)
    assert not await shows(second)
    assert [one.finding for one in desk.told if one.finding] == [finding.summary]


async def test_on_a_correct_app_nothing_is_found_and_all_examples_are_drawn(
    tmp_path: Path,
) -> None:
    desk = await staged(tmp_path)

    assert await searched(desk, examples=8) == []

    assert desk.told[-1] == Progress("machine", 8, 8)
    assert desk.boots >= 8
    assert desk.running == 0


async def test_each_finding_is_made_once(tmp_path: Path) -> None:
    desk = await staged(tmp_path, "any token")

    findings = await searched(desk, examples=30)

    prints = [one.fingerprint for one in findings]
    assert len(set(prints)) == len(prints) > 1
    assert all(one.script for one in findings)


async def test_what_is_known_is_passed_over(tmp_path: Path) -> None:
    desk = await staged(tmp_path, "any token: GET /notes/")
    first = await searched(desk, examples=30)
    known = {one.fingerprint for one in first}

    assert known
    assert not await searched(desk, known=known, examples=8)
    assert len(known) == len(first)


async def test_the_same_seed_draws_the_same_steps_and_another_one_others(
    tmp_path: Path,
) -> None:
    first = await drawn(tmp_path / "first", seed=3)
    again = await drawn(tmp_path / "again", seed=3)
    other = await drawn(tmp_path / "other", seed=4)

    assert first == again
    assert first != other
    assert len({principal for principal, *_ in first}) > 3


async def test_an_app_with_nothing_to_try_is_no_error(tmp_path: Path) -> None:
    desk = await staged(tmp_path, skip=EVERYTHING)

    assert await searched(desk) == []

    assert desk.boots == 0


async def test_an_app_that_does_not_start_ends_it_as_what_it_is(
    tmp_path: Path,
) -> None:
    desk = await staged(tmp_path)
    desk.state.copy.write_text("{")

    with pytest.raises(AppFailed, match="JSONDecodeError"):
        await searched(desk)

    assert (desk.boots, desk.running) == (1, 0)


async def test_an_app_that_does_not_start_in_mid_search_ends_it_too(
    tmp_path: Path,
) -> None:
    desk = await staged(tmp_path)

    def listener(progress: Progress) -> None:
        if progress.done == 3:
            desk.state.copy.write_text("{")

    with pytest.raises(AppFailed, match="JSONDecodeError"):
        await run_machine(
            desk.stage,
            check,
            listener,
            examples=9,
            steps=5,
            seed=1,
            known=set(),
            only_first=False,
        )

    assert desk.running == 0


class Judged(Exception):
    """What a judge that fails says."""


async def test_a_judge_that_fails_ends_it_as_what_it_is(tmp_path: Path) -> None:
    desk = await staged(tmp_path)

    def judge(history: object) -> list[Finding]:
        raise Judged

    with pytest.raises(Judged):
        await run_machine(
            desk.stage,
            judge,
            silent,
            examples=2,
            steps=5,
            seed=1,
            known=set(),
            only_first=False,
        )

    assert desk.running == 0


@pytest.mark.parametrize("example", [1, 2])
@pytest.mark.parametrize("steps", [0, 1, 7])
def test_cancelled_in_mid_search_it_leaves_no_task_no_thread_and_no_app(
    tmp_path: Path, example: int, steps: int
) -> None:
    before = set(threading.enumerate())

    async def cancelled() -> tuple[Staged, int]:
        desk = await staged(tmp_path)
        reached = asyncio.Event()
        counted = 0

        def listener(progress: Progress) -> None:
            if progress.done == example and not steps:
                loop.call_soon_threadsafe(reached.set)

        def judge(history: object) -> list[Finding]:
            nonlocal counted
            counted += 1
            if desk.boots >= example and counted >= steps > 0:
                reached.set()
            return []

        loop = asyncio.get_running_loop()
        search = asyncio.create_task(
            run_machine(
                desk.stage,
                judge,
                listener,
                examples=1000,
                steps=20,
                seed=1,
                known=set(),
                only_first=False,
            )
        )
        await reached.wait()
        search.cancel()
        with pytest.raises(asyncio.CancelledError):
            await search

        boots = desk.boots
        assert desk.running == 0
        assert asyncio.all_tasks() == {asyncio.current_task()}
        return desk, boots

    desk, boots = asyncio.run(cancelled())

    for thread in set(threading.enumerate()) - before:
        thread.join(60)  # anyio's end by themselves, soon after their loop
    assert set(threading.enumerate()) == before
    assert (desk.boots, desk.running) == (boots, 0)


async def test_each_example_begins_on_the_same_state(tmp_path: Path) -> None:
    desk = await staged(tmp_path)
    await searched(desk, examples=10)

    seeded = len(desk.stage.world.objects[0])
    made = [
        one
        for one in desk.exchanges()
        if one.operation == "POST /notes" and one.principal == Principal(0, 0)
    ]
    assert len(made) > seeded
    assert desk.stage.world.objects[0][0].keys == ("1",)
    async with desk.stage.boot() as driver:
        assert len(driver.belongings.listed(0)) == seeded

"""The same choices give the same run, on a real database."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from harness.model.race import Ending
from harness.scheduling.locks import Locks
from tests.scheduling.apps import cold_start, contended
from tests.scheduling.ground import Seeded, play

# With a seed of choices that meet what each is about.
SCENARIOS = {"cold start": 11, "contended row": 3, "cancelled": 14}


@pytest.mark.parametrize("seed", range(8))
def test_a_cold_start_of_two_tenants_goes_the_same_way_again(
    dsn: str, locks: Locks, seed: int
) -> None:
    first, again = (
        play(cold_start(dsn, suspends=True), Seeded(seed), locks=locks)
        for _ in range(2)
    )

    assert len(first.ran.trace) > 3
    assert first.story == again.story
    assert first.ran.trace == again.ran.trace
    assert not first.ran.uncontrolled


@pytest.mark.parametrize("leaving", [False, True], ids=["stay", "leave"])
@pytest.mark.parametrize("seed", range(8))
def test_two_who_want_the_same_row_get_it_in_the_same_order_again(
    dsn: str, locks: Locks, seed: int, leaving: bool
) -> None:
    first, again = (
        play(contended(dsn, leaving=leaving), Seeded(seed), locks=locks)
        for _ in range(2)
    )

    assert first.ran.ending is Ending.ENDED
    assert first.story == again.story
    assert not first.ran.uncontrolled


def test_some_schedule_has_one_wait_for_the_other_in_the_database(
    dsn: str, locks: Locks
) -> None:
    depths = [
        _most_under_way(play(contended(dsn), Seeded(seed), locks=locks).story)
        for seed in range(8)
    ]

    assert 2 in depths


def _most_under_way(story: list[tuple[object, ...]]) -> int:
    most = now = 0
    for *_, movement in story:
        now += {"went": 1, "clock": 0}.get(str(movement), -1)
        most = max(most, now)
    return most


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_other_processes_with_other_hash_seeds_run_it_the_same_way(
    dsn: str, scenario: str
) -> None:
    printed = {_run(dsn, scenario, hash_seed) for hash_seed in ("0", "1", "4711")}

    assert len(printed) == 1, printed
    assert int(printed.pop().split()[0]) > 5


def _run(dsn: str, scenario: str, hash_seed: str) -> str:
    path = os.pathsep.join(sys.path)
    command = [sys.executable, "-m", "tests.scheduling.replay_child"]
    return subprocess.run(
        [*command, dsn, scenario, str(SCENARIOS[scenario])],
        env={
            **os.environ,
            "PYTHONHASHSEED": hash_seed,
            "PYTHONPATH": path,
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout

"""Locust asks a served app as its tenants, and what comes of it is told."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from dataclasses import replace
from pathlib import Path

import pytest

from harness.checkers.load import load_coverage
from harness.errors import AppFailed, Inconclusive, UsageError
from harness.model.event import Channel, Unseen
from harness.model.load import Beat, Tally
from harness.model.world import Access
from harness.provisioning.worlds import write_world
from harness.swarm.figures import measurements
from tests.provisioning.shops import shop
from tests.swarm.swarming import Running, is_alive, locusts, running
from tests.waiting import until


def asked(app: Running) -> bool:
    """Whether any user has been answered."""
    return any(beat.requests for beat in app.events(Beat))


def gaps(app: Running, *, cut: bool = False) -> set[str]:
    operations = [one.operation for one in app.world.requests]
    covered = load_coverage(app.history(), operations=operations, cut=cut)
    return {f"{gap.what}: {gap.reason}" for gap in covered.below_floor}


async def test_every_tenant_is_asked_for_and_nothing_is_left_running(
    tmp_path: Path,
) -> None:
    async with running(tmp_path) as app:
        moments = await app.swarm(app.plan(seconds=10))

        assert not app.findings()
        assert not gaps(app)
        await until(lambda: not locusts(tmp_path))
    figures = {
        (one.name, one.labels.get("tenant", "")): one.value
        for one in measurements(app.events(Tally), moments)
        if "operation" not in one.labels
    }
    assert {tenant for name, tenant in figures if name == "p50"} == {"", "A", "B", "C"}
    assert figures["requests", ""] == sum(
        value
        for (name, tenant), value in figures.items()
        if name == "requests" and tenant
    )
    assert figures["failed", ""] == 0
    assert 0 < figures["p50", ""] <= figures["p95", ""] <= figures["max", ""]


async def test_who_is_not_logged_in_yet_does_so_when_it_comes(tmp_path: Path) -> None:
    async with running(tmp_path, target=shop()) as app:
        outside = (*app.world.credentials[:1], Access(), Access())
        write_world(app.path, replace(app.world, credentials=outside))
        await app.swarm(app.plan(locustfile="listening.py", seconds=10))

        assert not app.findings()
        assert not gaps(app)
    tallies: list[Tally] = app.events(Tally)
    by_operation = {one.operation: one for one in tallies if one.operation}
    assert by_operation["POST /login"].requests >= 2
    assert sum(one.failures for one in tallies) == 0
    assert {one.tenant for one in tallies if one.served > 0} >= {0, 1, 2}


async def test_the_time_that_loading_takes_is_not_taken_from_the_run(
    tmp_path: Path,
) -> None:
    async with running(tmp_path) as app:
        moments = await app.swarm(app.plan(locustfile="heavy.py", seconds=4))

    assert moments.ended - moments.began > 3.5


@pytest.mark.parametrize(
    ("bug", "operation", "channel"),
    [
        ("list", "GET /notes", Channel.BODY),
        ("shout", "GET /notes", Channel.BODY),
        ("zipped", "GET /notes", Channel.BODY),
        ("header", "GET /notes", Channel.HEADER),
        ("error", "GET /notes/{note_id}", Channel.ERROR),
        ("id", "GET /notes/{note_id}", Channel.BODY),
        ("door", "GET /notes", Channel.BODY),
        ("stream", "GET /events", Channel.STREAM),
        ("socket", "WEBSOCKET /socket", Channel.SOCKET),
    ],
)
async def test_a_leak_ends_the_swarm_at_once_and_is_named(
    tmp_path: Path, bug: str, operation: str, channel: Channel
) -> None:
    async with running(tmp_path, bug=bug) as app:
        began = time.monotonic()
        # What nobody ends goes on for ten minutes.
        moments = await app.swarm(app.plan(seconds=600))

        assert time.monotonic() - began < 60
        assert moments.cut
        assert not any("worker" in gap for gap in gaps(app, cut=moments.cut))
        await until(lambda: not locusts(tmp_path))
    found = {(one.operation, one.channel) for one in app.findings()}
    if bug == "door":  # any reading may be the first to show it
        assert {one for _, one in found} == {channel}
    else:
        assert found == {(operation, channel)}
    for one in app.findings():
        assert one.owner is not None
        assert one.receiver is not None
        assert one.owner != one.receiver


async def test_a_worker_that_is_killed_is_missed(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        swarm = asyncio.create_task(app.swarm(app.plan(processes=2, seconds=6)))
        await until(lambda: len({beat.worker for beat in app.events(Beat)}) == 2)
        victim = app.events(Beat)[-1].worker.partition("-")[0]
        os.kill(int(victim), signal.SIGKILL)
        await swarm

        assert any("was lost" in gap for gap in gaps(app))
        await until(lambda: not locusts(tmp_path))


async def test_two_workers_share_the_work_and_both_tell(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        await app.swarm(app.plan(processes=2, seconds=10))

        assert not gaps(app)
        workers = {one.worker for one in app.events(Tally)}
        assert len(workers) == 2
        await until(lambda: not locusts(tmp_path))


async def test_two_swarms_on_one_machine_keep_to_their_own_workers(
    tmp_path: Path,
) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.mkdir()
    other.mkdir()
    async with running(one) as first, running(other) as second:
        await asyncio.gather(
            *(app.swarm(app.plan(processes=2, seconds=10)) for app in (first, second))
        )

        assert not gaps(first)
        assert not gaps(second)


async def test_locust_that_is_killed_is_missed_and_leaves_nothing(
    tmp_path: Path,
) -> None:
    async with running(tmp_path) as app:
        swarm = asyncio.create_task(app.swarm(app.plan(processes=2, seconds=600)))
        await until(lambda: asked(app))
        workers = {int(beat.worker.partition("-")[0]) for beat in app.events(Beat)}
        master = set(locusts(tmp_path)) - workers
        for pid in master:
            if b"guard.py" not in Path(f"/proc/{pid}/cmdline").read_bytes():
                os.kill(pid, signal.SIGKILL)
        await swarm

        assert any("Locust was ended by signal 9" in gap for gap in gaps(app))
        await until(lambda: not locusts(tmp_path))


async def test_the_guard_that_is_killed_leaves_nothing(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        swarm = asyncio.create_task(app.swarm(app.plan(seconds=600)))
        await until(lambda: asked(app))
        for pid in locusts(tmp_path):
            if b"guard.py" in Path(f"/proc/{pid}/cmdline").read_bytes():
                os.kill(pid, signal.SIGKILL)
        await swarm

        assert any("Locust was killed" in gap for gap in gaps(app))
        await until(lambda: not locusts(tmp_path))


async def test_an_app_that_dies_ends_the_swarm_and_says_how(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        swarm = asyncio.create_task(app.swarm(app.plan(seconds=600)))
        await until(lambda: asked(app))
        os.kill(app.hosted.pids[0], signal.SIGKILL)

        with pytest.raises(AppFailed, match="was ended by SIGKILL"):
            await swarm
        await until(lambda: not locusts(tmp_path))


async def test_a_swarm_that_is_cancelled_leaves_nothing(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        swarm = asyncio.create_task(app.swarm(app.plan(processes=2, seconds=600)))
        await until(lambda: asked(app))
        swarm.cancel()
        with pytest.raises(asyncio.CancelledError):
            await swarm

        await until(lambda: not locusts(tmp_path))


async def test_a_generator_that_is_too_busy_to_ask_is_told_of(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        await app.swarm(app.plan(locustfile="burning.py", seconds=8))

        assert any("was the bottleneck itself" in gap for gap in gaps(app))


async def test_workers_that_are_killed_before_they_tell_anything_leave_it_open(
    tmp_path: Path,
) -> None:
    async with running(tmp_path) as app:
        # Locust's master waits for them no longer, and ends by itself.
        plan = app.plan(
            "--expect-workers-max-wait", "2", locustfile="lost.py", processes=2
        )
        with pytest.raises(Inconclusive, match="All workers of Locust were lost"):
            await app.swarm(plan)
        await until(lambda: not locusts(tmp_path))


@pytest.mark.parametrize("processes", [1, 2])
@pytest.mark.parametrize(
    ("locustfile", "option", "said"),
    [
        ("broken.py", "--only-summary", "nobody can load this"),
        ("busy.py", "--bees", "--bees"),
    ],
)
async def test_what_locust_cannot_run_is_a_mistake_of_the_call(
    tmp_path: Path, locustfile: str, option: str, said: str, processes: int
) -> None:
    async with running(tmp_path) as app:
        plan = app.plan(option, locustfile=locustfile, processes=processes)
        with pytest.raises(UsageError, match="Locust did not run") as caught:
            await app.swarm(plan)

    assert said in caught.value.hint
    assert not app.events(Unseen)
    await until(lambda: not locusts(tmp_path))


@pytest.mark.parametrize("cold", [False, True])
async def test_a_generator_that_is_killed_before_it_tells_anything_leaves_it_open(
    tmp_path: Path, *, cold: bool
) -> None:
    async with running(tmp_path) as app:
        plan = app.plan(locustfile="killed.py", cold=cold)
        with pytest.raises(Inconclusive, match="ended by signal 9 before it asked"):
            await app.swarm(plan)


async def test_an_app_that_dies_when_locust_ends_has_died(tmp_path: Path) -> None:
    async def run() -> None:
        async with running(tmp_path) as app:
            await app.swarm(app.plan(seconds=2))
            # Nobody looks any more.
            os.kill(app.hosted.pids[0], signal.SIGKILL)
            await until(lambda: not is_alive(app.hosted.pids[0]))

    with pytest.raises(AppFailed, match="was ended by SIGKILL"):
        await run()


def test_a_process_is_told_apart_from_one_that_is_gone() -> None:
    assert is_alive(os.getpid())

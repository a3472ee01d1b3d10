"""What the guard runs ends with the guard, its parent, and itself."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from harness.swarm import generator as generators
from harness.swarm.generator import generator
from tests.swarm.swarming import is_alive
from tests.waiting import until

ROOT = Path(__file__).parents[2]
FORKS = """
import os, sys, time
child = os.fork()
with open(sys.argv[1], "a") as file:
    file.write(f"{os.getpid()}\\n")
time.sleep(600 if child == 0 or sys.argv[2] == "stays" else 0.2)
sys.exit(int(sys.argv[2]))
"""
PARENT = """
import asyncio, sys
from pathlib import Path
from harness.swarm.generator import generator

async def main(directory):
    command = [sys.executable, "-c", sys.argv[2], str(directory / "pids"), "stays"]
    log = directory / "log"
    async with generator(command, environment={}, log=log) as running:
        await running.ended.wait()

asyncio.run(main(Path(sys.argv[1])))
"""


def command(directory: Path, how: str) -> list[str]:
    return [sys.executable, "-c", FORKS, str(directory / "pids"), how]


def pids(directory: Path) -> list[int]:
    path = directory / "pids"
    return [int(word) for word in path.read_text().split()] if path.exists() else []


async def gone(found: list[int]) -> None:
    await until(lambda: not any(map(is_alive, found)))


@pytest.mark.parametrize("code", [0, 7])
async def test_what_it_forked_ends_with_it_and_its_exit_code_is_known(
    tmp_path: Path, code: int
) -> None:
    log = tmp_path / "log"
    async with generator(
        command(tmp_path, str(code)), environment={}, log=log
    ) as running:
        async with asyncio.timeout(60):
            await running.ended.wait()

    assert running.code == code
    assert len(pids(tmp_path)) == 2
    await gone(pids(tmp_path))
    assert not any(map(is_alive, pids(tmp_path)))


async def test_leaving_the_block_ends_all_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generators, "GRACE", 0.1)
    log = tmp_path / "log"
    async with generator(command(tmp_path, "stays"), environment={}, log=log):
        await until(lambda: len(pids(tmp_path)) == 2)
        assert all(map(is_alive, pids(tmp_path)))

    await gone(pids(tmp_path))
    assert not any(map(is_alive, pids(tmp_path)))


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
async def test_nothing_is_left_when_the_parent_is_killed(
    tmp_path: Path, number: signal.Signals
) -> None:
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PARENT, str(tmp_path), FORKS, cwd=ROOT
    )
    try:
        await until(lambda: len(pids(tmp_path)) == 2)
        parent.send_signal(number)
        async with asyncio.timeout(60):
            await parent.wait()
    finally:
        if parent.returncode is None:
            parent.kill()

    await gone(pids(tmp_path))
    assert not any(map(is_alive, pids(tmp_path)))


async def test_a_program_ends_with_its_guard_even_if_nobody_else_is_there(
    tmp_path: Path,
) -> None:
    if sys.platform != "linux":
        pytest.skip("the kernel tells of a parent's death on Linux only")
    log = tmp_path / "log"
    async with generator(
        command(tmp_path, "stays"), environment={}, log=log
    ) as running:
        await until(lambda: len(pids(tmp_path)) == 2)
        os.kill(running.group, signal.SIGKILL)
        async with asyncio.timeout(60):
            await running.ended.wait()

        assert running.code is None
        await gone(pids(tmp_path))


async def test_what_it_forked_ends_also_if_nobody_is_left_to_hear_how_it_ended(
    tmp_path: Path,
) -> None:
    outcome, told = os.pipe()
    guard = Path(generators.__file__).with_name("guard.py")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-I", "-S", str(guard), str(told), *command(tmp_path, "7")),
        stdin=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        pass_fds=(told,),
        start_new_session=True,
    )
    os.close(told)
    os.close(outcome)
    try:
        async with asyncio.timeout(60):
            await process.wait()

        assert len(pids(tmp_path)) == 2
        await gone(pids(tmp_path))
    finally:
        for one in filter(is_alive, pids(tmp_path)):
            os.kill(one, signal.SIGKILL)

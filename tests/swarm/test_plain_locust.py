"""The scenarios are plain locustfiles: Locust alone runs them, and says of leaks."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from harness.swarm.scenario import find_scenario
from tests.swarm.swarming import LOCUSTFILES, running

STEADY = find_scenario("steady").path


async def locust(directory: Path, file: Path, *options: str) -> tuple[int | None, str]:
    """Run Locust as a person would; return its exit code and what it said."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "locust", "-f", str(file), "--headless"),
        *("-u", "8", "-r", "8", "-t", "4s", "--only-summary", *options),
        env={**os.environ, "HARNESS_WORLD": str(directory / "world.json")},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(60):
            output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return process.returncode, output.decode()


@pytest.mark.parametrize("options", [(), ("--mix", "zipf"), ("--processes", "2")])
async def test_an_app_that_keeps_tenants_apart_passes(
    tmp_path: Path, options: tuple[str, ...]
) -> None:
    async with running(tmp_path):
        code, output = await locust(tmp_path, STEADY, *options)

    assert code == 0, output
    assert "leak" not in output
    assert "/notes" in output


@pytest.mark.parametrize("options", [(), ("--processes", "2")])
async def test_a_leak_ends_locust_with_1_and_is_named(
    tmp_path: Path, options: tuple[str, ...]
) -> None:
    async with running(tmp_path, bug="list"):
        code, output = await locust(tmp_path, LOCUSTFILES / "busy.py", *options)

    assert code == 1, output
    assert "leak: " in output
    assert "POST /notes body.title in the body of GET /notes" in output


async def test_what_a_worker_finds_stays_in_no_file_unless_a_run_reads_it(
    tmp_path: Path,
) -> None:
    async with running(tmp_path):
        before = sorted(tmp_path.iterdir())
        await locust(tmp_path, STEADY)

        assert sorted(tmp_path.iterdir()) == before


async def test_without_a_world_locust_says_what_is_missing(tmp_path: Path) -> None:
    code, output = await locust(tmp_path, STEADY)

    assert code == 2
    assert "world.json cannot be read" in output

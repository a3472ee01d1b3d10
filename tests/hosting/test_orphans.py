"""A served app ends with its parent, however that ends."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def is_alive(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


async def gone(pid: int) -> None:
    """Return when a process, which need not be our child, has ended."""
    async with asyncio.timeout(60):
        while is_alive(pid):  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.005)


PARENT = """
import asyncio, sys
from pathlib import Path
from harness.hosting.hosted import Request
from harness.hosting.served import served
from harness.model.canary import CanaryKey
from harness.model.scanner import Scanner
from harness.recording.recorder import Recorder
from harness.target.app import AppSpec
from harness.target.app import AppSpec

async def main(directory, path, first):
    spec = AppSpec(app="apps." + path.split()[0], directory=Path(directory))
    recorder = Recorder(Scanner(CanaryKey.generate()))
    async with served(spec, recorder, workers=2) as hosted:
        if first:
            await hosted.send(Request("GET", first))
        print(*hosted.pids, flush=True)
        if len(path.split()) > 1:
            await hosted.send(Request("GET", path.split()[1]))
        await asyncio.sleep(600)

asyncio.run(main(*sys.argv[1:4]))
"""


@contextmanager
def parent(app: str, first: str = "") -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, str(Path(__file__).parent), app, first],
        cwd=ROOT,
        stdout=subprocess.PIPE,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
async def test_nothing_is_left_when_the_parent_is_killed(
    tmp_path: Path, number: signal.Signals
) -> None:
    mark = tmp_path / "mark"
    with parent("logs:app", f"/spawn?mark={mark}") as process:
        assert process.stdout
        pids = [int(word) for word in process.stdout.readline().split()]
        pids += [int(word) for word in mark.read_text().split()]
        assert all(map(is_alive, pids))
        process.send_signal(number)
        process.wait(60)

    for pid in pids:
        await gone(pid)


async def test_nothing_is_left_when_the_parent_is_killed_amid_start_up(
    tmp_path: Path,
) -> None:
    with parent("lifespans:blocks") as process:
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        deadline = time.monotonic() + 60
        while len(pids := children.read_text().split()) < 2:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.005)
        process.kill()

    for pid in pids:
        await gone(int(pid))


async def test_a_worker_that_holds_the_interpreter_still_ends_with_the_parent() -> None:
    with parent("plain:app /blocks") as process:
        assert process.stdout
        pids = [int(word) for word in process.stdout.readline().split()]
        process.kill()

    for pid in pids:
        await gone(pid)

"""Children that use the harness, and waiting for processes to end."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


def has_ended(pid: int, *, within: float = 10.0) -> bool:
    """Wait for the end of a process that need not be our child."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        return bool(poll.poll(within * 1000))
    finally:
        os.close(descriptor)


def servers_below(directory: Path) -> list[int]:
    """List the processes whose working directory is somewhere below."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            where = (entry / "cwd").readlink()
        except OSError:
            continue
        if where.is_relative_to(directory) and int(entry.name) != os.getpid():
            found.append(int(entry.name))
    return found


def all_gone(directory: Path, *, within: float = 10.0) -> bool:
    """Wait until no process works below a directory."""
    deadline = time.monotonic() + within
    while pids := servers_below(directory):
        if time.monotonic() > deadline:
            return False
        has_ended(pids[0], within=deadline - time.monotonic())
    return True


@contextmanager
def child(
    code: str, **environment: str
) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """Run Python code that prints one line of JSON and then waits to be ended."""
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)} | environment,
    )
    assert process.stdout is not None
    try:
        yield process, json.loads(process.stdout.readline())
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def server_child(source: str) -> str:
    """Write code for `child`: a server, however `source` makes one."""
    return f"""
import asyncio, json
from pathlib import Path
from harness.environment.container import container
from harness.environment.embedded import embedded

async def main():
    async with {source} as pg:
        print(json.dumps({{"port": pg.port, "dsn": pg.dsn}}), flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""

"""Clears away what dead runs left in a place: their servers and directories."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path

from harness.environment.owner import Owner
from harness.environment.place import Place, remove

_GRACE = 3.0


def sweep(place: Place) -> tuple[str, ...]:
    """Stop the servers of dead runs and delete their directories.

    What belongs to a living process, to another host or to nobody we can name
    stays.

    Returns:
        Names of the directories that were deleted.
    """
    swept = []
    for directory in sorted(place.runs.iterdir()):
        owner = Owner.find(directory.name)
        if owner is None or not owner.is_dead():
            continue
        for record in directory.glob("*/data/postmaster.pid"):
            _stop_server(record)
        remove(directory)
        swept.append(directory.name)
    return tuple(swept)


def server_pid(data: Path) -> int | None:
    """Return the id of the server that runs on a data directory, if one does."""
    try:
        pid = int((data / "postmaster.pid").read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return None
    return pid if _runs_on(pid, data) else None


def _stop_server(record: Path) -> None:
    for number in (signal.SIGQUIT, signal.SIGKILL):
        pid = server_pid(record.parent)
        if pid is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        deadline = time.monotonic() + _GRACE
        while _runs_on(pid, record.parent) and time.monotonic() < deadline:
            time.sleep(0.01)


def _runs_on(pid: int, data: Path) -> bool:
    """Whether this process is the server of that directory, not a later namesake.

    A server's working directory is its data directory.
    """
    if Path("/proc/self/cwd").exists():
        try:
            return Path(f"/proc/{pid}/cwd").readlink() == data.resolve()
        except OSError:
            return False
    listed = subprocess.run(
        ["ps", "-o", "command=", "-p", str(pid)],
        capture_output=True,
        text=True,
        check=False,
    )
    return str(data) in listed.stdout

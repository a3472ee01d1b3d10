"""The process that a worker of a served app is."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, Final

import harness
from harness.hosting.output import Lines
from harness.target.app import AppSpec

# The app's directory comes first, as for any program that runs there. The
# harness itself may be a checkout that only this process knows of.
_BOOT: Final = (
    "import sys; sys.path.append(sys.argv.pop()); "
    "from harness.hosting.child import main; main()"
)


def start(
    spec: AppSpec, control: socket.socket, listener: socket.socket
) -> subprocess.Popen[bytes]:
    """Start a process that serves an app.

    Args:
        spec: The app.
        control: The process's end of its line to this one.
        listener: The socket to serve at.

    Raises:
        OSError: The system refused.
    """
    home = str(Path(harness.__file__).resolve().parent.parent)
    descriptors = (control.fileno(), listener.fileno())
    arguments = (*descriptors, os.getpid(), home)
    return subprocess.Popen(
        [sys.executable, "-c", _BOOT, *map(str, arguments)],
        cwd=spec.directory,
        env=_environment(spec.environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        pass_fds=descriptors,
        start_new_session=True,
    )


def _environment(extra: Mapping[str, str]) -> dict[str, str]:
    return {**os.environ, **extra}


def notice_end(
    process: subprocess.Popen[bytes],
    loop: asyncio.AbstractEventLoop,
    exited: asyncio.Event,
) -> None:
    """Wait for the end on a thread: works with any event loop, on any system."""
    process.wait()
    # The loop may be closed by then, if nobody waited for us.
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(exited.set)


async def read_pipe(
    protocol: Lines, pipe: IO[bytes] | None
) -> tuple[asyncio.BaseTransport, Any]:
    """Read what a process writes to one of its descriptors."""
    loop = asyncio.get_running_loop()
    return await loop.connect_read_pipe(lambda: protocol, pipe)

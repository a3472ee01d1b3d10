"""The load generator: Locust, in processes that end with this one."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, final

from harness.errors import ResourceError

_GUARD: Final = Path(__file__).with_name("guard.py")
GRACE: Final = 15.0
"""Seconds that Locust gets to tell what it counted, once it was asked to end."""
_TAIL: Final = 15


@final
class Generator:
    """Locust, running; made by `generator`.

    Attributes:
        ended: Is set once it is gone.
        code: Its exit code; negative for a signal; None if nobody knows.
    """

    def __init__(self, guard: subprocess.Popen[bytes], line: int, log: Path) -> None:
        self.ended = asyncio.Event()
        self.code: int | None = None
        self._guard = guard
        self._line = line
        self._log = log

    @property
    def group(self) -> int:
        """Id of the process group that all its processes are in."""
        return self._guard.pid

    @property
    def lost(self) -> bool:
        """Whether it is gone by a signal, and not by its own doing."""
        return self.ended.is_set() and (self.code is None or self.code < 0)

    def stop(self) -> None:
        """Ask it to end; it then tells what it counted."""
        with contextlib.suppress(OSError):
            os.write(self._line, b"stop\n")

    def kill(self) -> None:
        """End all its processes at once."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._guard.pid, signal.SIGKILL)

    def tail(self) -> Sequence[str]:
        """Return the last lines that it printed."""
        try:
            text = self._log.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ()
        return [line for line in text.splitlines() if line.strip()][-_TAIL:]

    async def follow(self, outcome: int) -> None:
        """Wait until it is gone, and learn how it ended."""
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader()
        with os.fdopen(outcome, "rb") as pipe:
            transport, _ = await loop.connect_read_pipe(
                lambda: asyncio.StreamReaderProtocol(reader), pipe
            )
            try:
                told = await reader.read()
            finally:
                transport.close()
        if told.strip():
            self.code = int(told)
        # Whoever holds the group's pipe open may have left it alone.
        self.kill()
        await asyncio.to_thread(self._guard.wait)
        self.ended.set()


@asynccontextmanager
async def generator(
    command: Sequence[str], *, environment: Mapping[str, str], log: Path
) -> AsyncIterator[Generator]:
    """Run Locust; on leaving it is asked to end, and then killed, with its children.

    Args:
        command: Program and arguments.
        environment: Variables beside those of this process.
        log: File that gets what it prints.

    Raises:
        ResourceError: The system refused.
    """
    outcome, told = os.pipe()
    line, ours = os.pipe()
    try:
        guard = _start(command, environment, log, line=line, told=told)
    except OSError as error:
        os.close(outcome)
        os.close(ours)
        raise ResourceError(f"Locust could not be started: {error}.") from error
    finally:
        os.close(told)
        os.close(line)
    running = Generator(guard, ours, log)
    follower = asyncio.create_task(running.follow(outcome))
    try:
        yield running
        running.stop()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GRACE):
                await running.ended.wait()
    finally:
        running.kill()
        os.close(ours)
        await follower


def _start(
    command: Sequence[str],
    environment: Mapping[str, str],
    log: Path,
    *,
    line: int,
    told: int,
) -> subprocess.Popen[bytes]:
    with log.open("ab") as sink:
        return subprocess.Popen(
            [sys.executable, "-I", "-S", str(_GUARD), str(told), *command],
            env={**os.environ, **environment},
            stdin=line,
            stdout=sink,
            stderr=subprocess.STDOUT,
            pass_fds=(told,),
            start_new_session=True,
        )

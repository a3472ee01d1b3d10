"""A worker of a served app, as its parent sees it."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import signal
import socket
import subprocess
import threading
import time
from typing import Final, Self, final

from harness.errors import AppFailed, HarnessError
from harness.hosting.failure import of_system
from harness.hosting.messages import Setup, dump, error_of, parse
from harness.hosting.output import Lines, Stray
from harness.hosting.process import notice_end, read_pipe, start
from harness.hosting.watching import Watch, tell
from harness.model.boot import Phase
from harness.observe.line import Line
from harness.observe.reader import LogReader
from harness.target.app import AppSpec

_DRAIN: Final = 1.0
_KILLED: Final = 5.0


@final
class Worker:
    """One child process; made by `spawn`.

    Attributes:
        exited: Is set once it has ended.
        stopped: Is set once its lifespan is through, where somebody watches.
        reported: Holds an event for each exchange whose end is awaited.
        missed: Whether somebody was told that it has ended by itself.
    """

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        reader: LogReader,
        *,
        number: int,
        watch: Watch | None,
    ) -> None:
        self.exited = asyncio.Event()
        self.stopped = asyncio.Event()
        self.reported: dict[int, asyncio.Event] = {}
        self.missed = False
        self._process = process
        self._reader = reader
        self._number = number
        self._watch = watch
        self._ready = asyncio.Event()
        self._asked = False
        self._killed = False
        self._failure: HarnessError | None = None
        self._beacons: dict[int, asyncio.Event] = {}
        self._numbers = itertools.count(1)
        self._control: asyncio.Transport | None = None
        self._lines: list[Lines] = []
        self._transports: list[asyncio.BaseTransport] = []

    @classmethod
    async def spawn(
        cls,
        spec: AppSpec,
        listener: socket.socket,
        reader: LogReader,
        *,
        number: int = 1,
        watch: Watch | None = None,
    ) -> Self:
        """Start a worker that serves what comes in at a socket.

        Args:
            spec: The app.
            listener: The socket.
            reader: Gets its log lines.
            number: Which of the workers it is, from 1.
            watch: Hears how it starts and ends; it then waits for `end`.

        Raises:
            ResourceError: Too many files are open.
            AppFailed: The system refused.
        """
        try:
            ours, theirs = socket.socketpair()
        except OSError as error:
            raise of_system(error, "start the app") from error
        if watch is not None:
            watch.reached(number, Phase.SPAWNED, time.monotonic(), 0)
        try:
            process = start(spec, theirs, listener)
        except OSError as error:
            ours.close()
            raise of_system(error, "start the app") from error
        finally:
            theirs.close()
        worker = cls(process, reader, number=number, watch=watch)
        try:
            await worker._attach(ours)
        except BaseException:
            worker.kill()
            process.wait(_KILLED)
            ours.close()
            raise
        watched = None if watch is None else watch.initialisers
        worker._send(Setup.of(spec, watched).dump())
        return worker

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def ending(self) -> str:
        """Return how it ended, for people."""
        code = self._process.poll()
        if code is None:
            return "is running"
        if code >= 0:
            return f"ended with exit status {code}"
        with contextlib.suppress(ValueError):
            return f"was ended by {signal.Signals(-code).name}"
        return f"was ended by signal {-code}"

    async def ready(self) -> None:
        """Wait until it serves.

        Raises:
            TargetError: The import string points to nothing.
            AppFailed: The app did not start.
        """
        ready = asyncio.create_task(self._ready.wait())
        exited = asyncio.create_task(self.exited.wait())
        try:
            await asyncio.wait({ready, exited}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            ready.cancel()
            exited.cancel()
        if not self._ready.is_set():
            await self._drain()
            raise self._failure or AppFailed(
                f"The app's process {self.ending()} while it started."
            )

    async def beacon(self, source: str, text: str) -> None:
        """Have it emit a beacon; on return the line has come."""
        number = next(self._numbers)
        emitted = self._beacons[number] = asyncio.Event()
        try:
            self._send(dump("beacon", number, source, text))
            await emitted.wait()
        finally:
            del self._beacons[number]

    async def wind_down(self, timeout: float) -> bool:
        """Ask a watched worker to stop; return whether its lifespan is through."""
        self._ask_to_end()
        waits = [
            asyncio.create_task(event.wait()) for event in (self.stopped, self.exited)
        ]
        try:
            await asyncio.wait(
                waits, timeout=timeout, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            for task in waits:
                task.cancel()
        return self.stopped.is_set()

    def end(self) -> None:
        """Let a stopped worker go."""
        self._send(dump("end"))

    async def stop(self, timeout: float) -> bool:
        """Ask it to end, then kill it; return whether asking was enough."""
        self._ask_to_end()
        try:
            async with asyncio.timeout(timeout):
                await self.exited.wait()
            return True
        except TimeoutError:
            return False
        finally:
            await self.close()

    async def close(self) -> None:
        """Kill it and what it started, read what is left, and let go of it."""
        self.kill()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_KILLED):
                await self.exited.wait()
        await self._drain()
        for transport in self._transports:
            transport.close()

    def kill(self) -> None:
        """End it and all that it started, at once."""
        self._killed = self._killed or not self.exited.is_set()
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def failed_to_stop(self) -> HarnessError | None:
        """Return why it did not stop well; None if it did."""
        if self._failure is not None:
            return self._failure
        ours = {0, -signal.SIGKILL} if self._killed else {0}
        if self._process.poll() not in ours:
            return AppFailed(f"The app's process {self.ending()} when it was stopped.")
        return None

    def _ask_to_end(self) -> None:
        """Ask once: an interpreter that is about to end would die of it."""
        if not self._asked:
            self._asked = True
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGTERM)

    async def _attach(self, ours: socket.socket) -> None:
        """Read what comes from the child, and notice when it ends."""
        loop = asyncio.get_running_loop()
        threading.Thread(
            target=notice_end, args=(self._process, loop, self.exited), daemon=True
        ).start()
        lines = Lines(self._take)
        self._control, _ = await loop.create_connection(lambda: lines, sock=ours)
        self._keep(lines, self._control)
        for name, pipe in (
            ("stdout", self._process.stdout),
            ("stderr", self._process.stderr),
        ):
            stray = Lines(Stray(name, self._reader))
            transport, _ = await read_pipe(stray, pipe)
            self._keep(stray, transport)

    def _keep(self, lines: Lines, transport: asyncio.BaseTransport) -> None:
        self._lines.append(lines)
        self._transports.append(transport)

    def _send(self, data: bytes) -> None:
        if self._control is not None and not self._control.is_closing():
            self._control.write(data)

    async def _drain(self) -> None:
        """Read on until the pipes end; a stray descendant may hold them open."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_DRAIN):
                for lines in self._lines:
                    await lines.ended.wait()

    def _take(self, raw: bytes) -> None:
        message = _parsed(raw)
        if self._watch is not None and tell(self._watch, self._number, message):
            if message[:2] == ["reached", Phase.STOPPED]:
                self.stopped.set()
            return
        match message:
            case ["line", list(values)]:
                self._reader(Line.parse(values))
            case ["done", int(exchange)]:
                if exchange in self.reported:
                    self.reported[exchange].set()
            case ["ready"]:
                self._ready.set()
            case ["emitted", int(number)]:
                # One that comes late is waited for no more.
                if number in self._beacons:
                    self._beacons[number].set()
            case ["failed", str(kind), str(text), str(hint)]:
                self._failure = error_of(kind)(text, hint=hint)
            case _:
                text = "<a message of the child's that cannot be read>"
                self._reader(Line(time.monotonic(), 0, "harness", "", text, (text,)))


def _parsed(raw: bytes) -> list[object]:
    """Return a message; a child that is killed leaves half a one."""
    try:
        return parse(raw)
    except ValueError:
        return []

"""A server on a data directory: started, shut down, and started again."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import final

from harness.environment.account import Account
from harness.environment.binaries import Binaries
from harness.environment.cluster import Cluster
from harness.environment.exhaustion import noticed
from harness.environment.place import Place
from harness.environment.process import Follow, Process, start
from harness.environment.snapshots.image import Image, Resting
from harness.environment.tuning import as_arguments
from harness.errors import PostgresError

LOOPBACK = "127.0.0.1"
_TAIL = 15
_SHUTDOWN = 120.0
"""Seconds for a shutdown in order, which writes all that changed to the disk."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What does not change between one attempt to start a server and the next.

    Attributes:
        binaries: Its programs.
        account: Whom it runs as.
        place: Where servers live.
        directory: Of the run.
        options: Of the server.
        ports: To try, each once.
        follow: How it learns that this process was killed.
        image: Data directory to begin with, if any.
    """

    binaries: Binaries
    account: Account
    place: Place
    directory: Path
    options: dict[str, str]
    ports: Iterator[int]
    follow: Follow
    image: Image | None

    @property
    def log(self) -> Path:
        """Where the server writes its log."""
        return self.directory / "server.log"


@final
class Server:
    """A server on a cluster, at a port; may be down for a while.

    Args:
        plan: How to run it.
        cluster: What it runs on.
        port: Where it listens.
    """

    def __init__(self, plan: Plan, cluster: Cluster, port: int) -> None:
        self.cluster = cluster
        self.port = port
        self._plan = plan
        self._process: Process | None = None

    async def start(self) -> bool:
        """Start it; return False if it ended before it was ready."""
        process = _start_server(self._plan, self.cluster, self.port)
        try:
            ready = await _until_ready(process, self.cluster)
        except BaseException:
            process.end()
            raise
        self._process = process
        return ready

    async def stop(self) -> None:
        """Stop it, in order or not."""
        if self._process is not None:
            await self._process.stop()

    @contextlib.asynccontextmanager
    async def resting(self) -> AsyncIterator[Resting]:
        """Shut it down in order for the block, then start it at the same port.

        Raises:
            PostgresError: It did not end in order, or does not start again.
        """
        await self._shut_down()
        plan = self._plan
        try:
            yield Resting(self.cluster, plan.binaries, plan.account, plan.directory)
        finally:
            if not await self.start():
                said = tail(plan.log)
                raise PostgresError(f"Postgres does not start again\n{said}")

    async def _shut_down(self) -> None:
        process = self._process
        if process is None:
            raise PostgresError("Postgres does not run")
        process.send(signal.SIGINT)
        if not await process.ended(within=_SHUTDOWN) or process.returncode:
            said = tail(self._plan.log)
            raise PostgresError(f"Postgres did not shut down in order\n{said}")

    def diagnosis(self) -> str:
        """Say what is known of its end; may block for a moment."""
        return _diagnosis(self._process, self._plan.log)


def _start_server(plan: Plan, cluster: Cluster, port: int) -> Process:
    options = plan.options | {
        "listen_addresses": LOOPBACK,
        "port": str(port),
        "unix_socket_directories": "",
        # Elsewhere a killed server would leave files in /dev/shm.
        "dynamic_shared_memory_type": "mmap",
        # Whoever logs in computes that many hashes, and passwords here live as long as
        # a run. Servers before 16, which a container may hold, do not know it.
        "scram_iterations": "1",
    }
    command: list[str | Path] = [plan.binaries.postgres, "-D", cluster.data]
    command += as_arguments(options)
    with noticed(plan.directory):
        return start(
            command,
            account=plan.account,
            cwd=plan.directory,
            output=plan.log,
            follow=plan.follow,
            death=signal.SIGQUIT,
        )


async def _until_ready(process: Process, cluster: Cluster) -> bool:
    """Wait until the server says it is ready; False if it ended instead."""
    record = cluster.data / "postmaster.pid"
    while not await process.ended(within=0.01):
        with contextlib.suppress(FileNotFoundError):
            if record.read_text().rstrip().endswith("ready"):
                return True
    return False


def _diagnosis(process: Process | None, log: Path) -> str:
    # Connections break a moment before a killed server has quite gone.
    code = process.outcome(within=1.0) if process else None
    if code is None:
        how = "It still runs but does not answer."
    elif code < 0:
        how = f"It was ended by {signal.Signals(-code).name}."
    else:
        how = f"It ended with code {code}."
    return f"{how}\n{tail(log)}"


def tail(log: Path) -> str:
    """Return the end of a server's log, for an error."""
    try:
        lines = log.read_text(errors="replace").splitlines()
    except OSError:
        lines = []
    return "\n".join(["The end of its log:", *(lines[-_TAIL:] or ["(empty)"])])

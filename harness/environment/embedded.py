"""A Postgres server of our own, from the wheel's binaries, as a direct child."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import signal
import socket
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from harness.environment.account import Account, server_account
from harness.environment.binaries import Binaries, find_binaries, reachable
from harness.environment.cluster import (
    SUPERUSER,
    Cluster,
    discard_prepared,
    new_cluster,
)
from harness.environment.dsn import Address, make_dsn
from harness.environment.exhaustion import full_disk, noticed, says_full
from harness.environment.place import Place, find_place
from harness.environment.process import Follow, Process, start
from harness.environment.server import Postgres
from harness.environment.sweep import sweep
from harness.environment.tuning import as_arguments, tuning
from harness.errors import PostgresError, ResourceError

_LOOPBACK = "127.0.0.1"
_PORTS_TO_TRY = 5
_TAIL = 15


@dataclass(frozen=True, slots=True)
class _Plan:
    """What does not change between one attempt to start a server and the next."""

    binaries: Binaries
    account: Account
    place: Place
    directory: Path
    options: dict[str, str]
    ports: Iterator[int]
    follow: Follow

    @property
    def log(self) -> Path:
        return self.directory / "server.log"


def free_ports() -> Iterator[int]:
    """Yield loopback ports that were free a moment ago."""
    for _ in range(_PORTS_TO_TRY):
        with socket.socket() as probe:
            probe.bind((_LOOPBACK, 0))
            port: int = probe.getsockname()[1]
        yield port


@contextlib.asynccontextmanager
async def embedded(
    *,
    reason: str,
    home: Path | None = None,
    max_connections: int = 200,
    start_timeout: float = 30.0,
    ports: Iterable[int] | None = None,
    follow: Follow = "auto",
) -> AsyncIterator[Postgres]:
    """Run a server for as long as the block; it leaves nothing behind.

    Args:
        reason: Why this source was taken.
        home: Where its directory should be; by default one of ours in the
            temporary directory. See `place.find_place`.
        max_connections: Sessions at once.
        start_timeout: Seconds until the server must answer, preparation included.
        ports: Loopback ports to try, in this order.
        follow: How the server learns that this process was killed.

    Raises:
        PostgresError: There is no wheel, or the server did not start.
        ResourceError: The disk is full, or every port was taken.
    """
    account = server_account()
    place = find_place(home, account)
    sweep(place)
    with place.run() as directory:
        plan = _Plan(
            binaries=reachable(find_binaries(), account=account, place=place),
            account=account,
            place=place,
            directory=directory,
            options=tuning(max_connections),
            ports=iter(free_ports() if ports is None else ports),
            follow=follow,
        )
        async with contextlib.AsyncExitStack() as stack:
            try:
                async with asyncio.timeout(start_timeout):
                    pg = await _boot(plan, stack, reason)
            except TimeoutError as error:
                raise PostgresError(
                    f"embedded Postgres did not start within {start_timeout:g} s\n"
                    + _tail(plan.log),
                    hint="Is the machine very busy? Raise the time it may take.",
                ) from error
            yield pg


async def _boot(plan: _Plan, stack: contextlib.AsyncExitStack, reason: str) -> Postgres:
    cluster, process, port = await _started(plan)
    stack.push_async_callback(process.stop)
    address = Address(_LOOPBACK, port, SUPERUSER, cluster.password, "postgres")
    password = secrets.token_urlsafe(24)
    connection = await asyncpg.connect(make_dsn(address))
    try:
        # The prepared cluster's password is the same for all runs that copy it.
        await connection.execute(f"alter role {SUPERUSER} password '{password}'")
        version = await connection.fetchval("show server_version")
    finally:
        await connection.close()
    return Postgres(
        dsn=make_dsn(Address(_LOOPBACK, port, SUPERUSER, password, "postgres")),
        host=_LOOPBACK,
        port=port,
        user=SUPERUSER,
        password=password,
        version=version,
        source="embedded",
        reason=reason,
        diagnose=lambda: _diagnosis(process, plan.log),
    )


async def _started(plan: _Plan) -> tuple[Cluster, Process, int]:
    """Start a server, with a fresh cluster if the prepared one turns out broken.

    A machine that lost power may keep a prepared cluster with holes in it.
    """
    try:
        return await _start_on_some_port(plan)
    except PostgresError:
        discard_prepared(binaries=plan.binaries, account=plan.account, place=plan.place)
        return await _start_on_some_port(plan)


async def _start_on_some_port(plan: _Plan) -> tuple[Cluster, Process, int]:
    cluster = await new_cluster(
        plan.directory,
        binaries=plan.binaries,
        account=plan.account,
        place=plan.place,
    )
    for port in plan.ports:
        process = _start_server(plan, cluster, port)
        try:
            ready = await _until_ready(process, cluster)
        except BaseException:
            process.end()
            raise
        if ready:
            return cluster, process, port
        said = plan.log.read_text(errors="replace")
        if "Address already in use" in said:
            plan.log.unlink()
            continue
        if says_full(said):
            raise full_disk(plan.directory)
        raise PostgresError(f"embedded Postgres did not start\n{_tail(plan.log)}")
    raise ResourceError("every port that was tried for Postgres was taken")


def _start_server(plan: _Plan, cluster: Cluster, port: int) -> Process:
    options = plan.options | {
        "listen_addresses": _LOOPBACK,
        "port": str(port),
        "unix_socket_directories": "",
        # Elsewhere a killed server would leave files in /dev/shm.
        "dynamic_shared_memory_type": "mmap",
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


def _diagnosis(process: Process, log: Path) -> str:
    # Connections break a moment before a killed server has quite gone.
    code = process.outcome(within=1.0)
    if code is None:
        how = "It still runs but does not answer."
    elif code < 0:
        how = f"It was ended by {signal.Signals(-code).name}."
    else:
        how = f"It ended with code {code}."
    return f"{how}\n{_tail(log)}"


def _tail(log: Path) -> str:
    try:
        lines = log.read_text(errors="replace").splitlines()
    except OSError:
        lines = []
    return "\n".join(["The end of its log:", *(lines[-_TAIL:] or ["(empty)"])])

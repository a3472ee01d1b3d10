"""A Postgres server of our own, from the wheel's binaries, as a direct child."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import socket
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import asyncpg

from harness.environment.account import server_account
from harness.environment.binaries import find_binaries, reachable
from harness.environment.cluster import (
    SUPERUSER,
    Cluster,
    discard_prepared,
    fresh_room,
    make_room,
    new_cluster,
)
from harness.environment.dsn import Address, make_dsn
from harness.environment.exhaustion import full_disk, noticed, says_full
from harness.environment.local_server import LOOPBACK, Plan, Server, tail
from harness.environment.place import find_place
from harness.environment.process import Follow
from harness.environment.server import Postgres
from harness.environment.snapshots.archive import Unfit
from harness.environment.snapshots.image import Image
from harness.environment.sweep import sweep
from harness.environment.tuning import tuning
from harness.errors import PostgresError, ResourceError

_FIRST = "postgres"
"""The database that is there before any other."""
_PORTS_TO_TRY = 5
_UNPACKING = 300.0
"""Seconds that are granted beside those of the start, for 10,000 tenants' files."""


def free_ports() -> Iterator[int]:
    """Yield loopback ports that were free a moment ago."""
    for _ in range(_PORTS_TO_TRY):
        with socket.socket() as probe:
            probe.bind((LOOPBACK, 0))
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
    image: Image | None = None,
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
        image: Data directory to begin with. If it is no good, the server begins
            empty, and `Postgres.restored` is False.

    Raises:
        PostgresError: There is no wheel, or the server did not start.
        ResourceError: The disk is full, or every port was taken.
    """
    account = server_account()
    place = find_place(home, account)
    sweep(place)
    with place.run() as directory:
        plan = Plan(
            binaries=reachable(find_binaries(), account=account, place=place),
            account=account,
            place=place,
            directory=directory,
            options=tuning(max_connections),
            ports=iter(free_ports() if ports is None else ports),
            follow=follow,
            image=image,
        )
        async with contextlib.AsyncExitStack() as stack:
            granted = start_timeout + (_UNPACKING if image else 0.0)
            try:
                async with asyncio.timeout(granted):
                    pg = await _boot(plan, stack, reason)
            except TimeoutError as error:
                raise PostgresError(
                    f"embedded Postgres did not start within {granted:g} s\n"
                    + tail(plan.log),
                    hint="Is the machine very busy? Raise the time it may take.",
                ) from error
            yield pg


async def _boot(plan: Plan, stack: contextlib.AsyncExitStack, reason: str) -> Postgres:
    server, restored = await _started(plan)
    stack.push_async_callback(server.stop)
    first = Address(LOOPBACK, server.port, SUPERUSER, server.cluster.password, _FIRST)
    password = secrets.token_urlsafe(24)
    connection = await asyncpg.connect(make_dsn(first))
    try:
        # A cluster's password is the same for all runs that copy it.
        await connection.execute(f"alter role {SUPERUSER} password '{password}'")
        version = await connection.fetchval("show server_version")
    finally:
        await connection.close()
    server.cluster = replace(server.cluster, password=password)
    return Postgres(
        dsn=make_dsn(Address(LOOPBACK, server.port, SUPERUSER, password, _FIRST)),
        host=LOOPBACK,
        port=server.port,
        user=SUPERUSER,
        password=password,
        version=version,
        source="embedded",
        reason=reason,
        diagnose=server.diagnosis,
        resting=server.resting,
        restored=restored,
    )


async def _started(plan: Plan) -> tuple[Server, bool]:
    """Start a server, with a fresh cluster if what was kept turns out broken.

    A machine that lost power may keep a prepared cluster, or an image, with holes.

    Returns:
        The server, and whether it has what is in the image.
    """
    if plan.image is not None:
        with contextlib.suppress(PostgresError, Unfit):
            return await _start_on_some_port(plan, plan.image), True
    try:
        return await _start_on_some_port(plan), False
    except PostgresError:
        discard_prepared(binaries=plan.binaries, account=plan.account, place=plan.place)
        return await _start_on_some_port(plan), False


async def _cluster(plan: Plan, image: Image | None) -> Cluster:
    if image is None:
        return await new_cluster(
            plan.directory,
            binaries=plan.binaries,
            account=plan.account,
            place=plan.place,
        )
    room = fresh_room(plan.directory, account=plan.account)
    with noticed(plan.directory):
        data = make_room(room / "data", plan.account)
        return await image.unpacked(data, account=plan.account)


async def _start_on_some_port(plan: Plan, image: Image | None = None) -> Server:
    cluster = await _cluster(plan, image)
    for port in plan.ports:
        server = Server(plan, cluster, port)
        if await server.start():
            return server
        said = plan.log.read_text(errors="replace")
        if "Address already in use" in said:
            plan.log.unlink()
            continue
        if says_full(said):
            raise full_disk(plan.directory)
        raise PostgresError(f"embedded Postgres did not start\n{tail(plan.log)}")
    raise ResourceError("every port that was tried for Postgres was taken")

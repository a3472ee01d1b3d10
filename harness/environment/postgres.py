"""The Postgres of a run: given, in a container, or embedded, and why."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import shorten
from typing import Literal

from harness.environment.account import server_account
from harness.environment.container import container
from harness.environment.embedded import embedded
from harness.environment.engine import find_engine
from harness.environment.given import given
from harness.environment.place import find_place
from harness.environment.server import (
    Postgres,
    alive,
    death_of,
    ensure_alive,
    until_dead,
)
from harness.environment.snapshots.image import Image
from harness.environment.sweep import sweep
from harness.errors import PostgresError, ResourceError

__all__ = ["Choice", "Postgres", "alive", "ensure_alive", "postgres", "until_dead"]

Choice = Literal["auto", "testcontainers", "embedded", "dsn"]
DEFAULT_IMAGE = "postgres:16-alpine"


@dataclass(frozen=True, slots=True)
class _Options:
    dsn: str = field(repr=False)
    image: str
    home: Path | None
    max_connections: int
    start_timeout: float
    restore: Image | None


@contextlib.asynccontextmanager
async def postgres(
    *,
    source: Choice = "auto",
    dsn: str = "",
    image: str = DEFAULT_IMAGE,
    home: Path | None = None,
    max_connections: int = 200,
    start_timeout: float = 30.0,
    restore: Image | None = None,
) -> AsyncIterator[Postgres]:
    """Have a server for as long as the block; what we started ends with it.

    `auto` takes the DSN if there is one, else a container if a Docker engine
    answers within two seconds and can run the image, else the embedded server.

    An error that leaves the block while the server is gone becomes the error that
    says so, with the first one as its cause.

    Args:
        source: Where to take it from.
        dsn: For `dsn` and `auto`.
        image: For a container.
        home: Where embedded servers live; see `place.find_place`.
        max_connections: Sessions at once, on servers that we start.
        start_timeout: Seconds until it must answer, downloads excluded.
        restore: For the embedded server, to begin with; see `Postgres.restored`.

    Raises:
        PostgresError: None could be had, or it went away.
        ResourceError: The machine ran out of something.
    """
    if source != "embedded":
        _sweep_embedded(home)
    options = _Options(dsn, image, home, max_connections, start_timeout, restore)
    async with contextlib.AsyncExitStack() as stack:
        pg = await _obtain(stack, source, options)
        try:
            yield pg
        except PostgresError:
            raise
        except Exception as error:
            if await alive(pg):
                raise
            raise await death_of(pg) from error


async def _obtain(
    stack: contextlib.AsyncExitStack, source: Choice, options: _Options
) -> Postgres:
    if source == "dsn" or (source == "auto" and options.dsn):
        why = "a DSN is set" if source == "auto" else "the settings say so"
        return await stack.enter_async_context(_given(options, why))
    if source == "embedded":
        return await stack.enter_async_context(
            _embedded(options, "the settings say so")
        )
    engine = await find_engine()
    if source == "testcontainers":
        if not engine.version:
            raise PostgresError(
                f"Postgres is to run in a container, but {engine.problem}",
                hint="Start Docker, or choose auto or embedded.",
            )
        return await stack.enter_async_context(
            _contained(options, "the settings say so")
        )
    why = engine.problem
    if engine.version:
        why = f"a Docker engine ({engine.version}) answers"
        try:
            return await stack.enter_async_context(_contained(options, why))
        except (PostgresError, ResourceError) as error:
            # Engines put whole answers of registries into their errors.
            why = f"{why}, but {shorten(error.message, 120, placeholder=' …')}"
    return await stack.enter_async_context(_embedded(options, why))


def _given(
    options: _Options, why: str
) -> contextlib.AbstractAsyncContextManager[Postgres]:
    if not options.dsn:
        raise PostgresError(
            "Postgres is to come from a DSN, and there is none",
            hint="Set the DSN, or choose auto, testcontainers or embedded.",
        )
    return given(
        dsn=options.dsn,
        reason=f"Postgres is the one of the DSN: {why}.",
        start_timeout=options.start_timeout,
    )


def _contained(
    options: _Options, why: str
) -> contextlib.AbstractAsyncContextManager[Postgres]:
    return container(
        reason=f"Postgres runs in a container of {options.image}: {why}.",
        image=options.image,
        max_connections=options.max_connections,
        start_timeout=options.start_timeout,
    )


def _embedded(
    options: _Options, why: str
) -> contextlib.AbstractAsyncContextManager[Postgres]:
    return embedded(
        reason=f"Postgres is the embedded one: {why}.",
        home=options.home,
        max_connections=options.max_connections,
        start_timeout=options.start_timeout,
        image=options.restore,
    )


def _sweep_embedded(home: Path | None) -> None:
    """Clear away after dead runs, also when this one takes no embedded server."""
    # A place that is not ours to use has nothing of ours in it either.
    with contextlib.suppress(PostgresError, ResourceError):
        sweep(find_place(home, server_account()))

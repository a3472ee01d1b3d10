"""What a tenant costs on each storage of the reference app: made, used, removed.

    python benchmarks/storages.py [--rounds 30] [--kept 0]

A tenant is made with its first administrator and committed (hashing the password is
left out), a document is written and counted in a session, and the tenant is removed.
The storages take turns. `--kept` tenants stay: catalogues that are full cost more.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from typing import Any, Final, cast, get_args
from urllib.parse import urlsplit, urlunsplit

import asyncpg
from pydantic import SecretStr

from harness.environment.postgres import postgres
from reference_app.auth.passwords import Passwords
from reference_app.foundation import Foundation, open_foundation
from reference_app.parts import Parts
from reference_app.settings import Settings, StorageName
from reference_app.storage.seam import TenantStore
from reference_app.tenants.offboarding import offboard
from reference_app.tenants.onboarding import NewTenant, onboard
from reference_app.tenants.tenant import Tenant

STEPS: Final = ("make", "first use", "use", "remove")


class Hashed:
    """Passwords whose hash is known: how long that takes is no storage's doing."""

    async def hash(self, password: str) -> str:
        return "$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAA$AAAAAAAAAAA"


class Clock:
    """Milliseconds of each step, round by round."""

    def __init__(self) -> None:
        self.taken: dict[str, list[float]] = {step: [] for step in STEPS}
        self._started = time.perf_counter()

    def start(self) -> None:
        self._started = time.perf_counter()

    def stop(self, step: str) -> None:
        self.taken[step].append((time.perf_counter() - self._started) * 1e3)
        self.start()


async def make(base: Foundation, slug: str) -> Tenant:
    """Onboard a tenant."""
    new = NewTenant(
        slug=slug, name=slug, admin_email="a@b.example", admin_password=slug.ljust(8)
    )
    return await onboard(
        new,
        settings=base.settings,
        control=base.control,
        storage=base.storage,
        passwords=cast("Passwords", Hashed()),
    )


async def use(store: TenantStore) -> None:
    """Write and count in one session."""
    async with store.session() as session:
        await session.documents.create("title", "body")
        await session.documents.count()


async def one_round(base: Foundation, slug: str, clock: Clock) -> None:
    """Make, use and remove one tenant."""
    clock.start()
    tenant = await make(base, slug)
    clock.stop("make")
    async with base.storage.open(tenant) as store:
        await use(store)
        clock.stop("first use")
        await use(store)
        clock.stop("use")
    clock.start()
    await offboard(tenant, control=base.control, storage=base.storage)
    clock.stop("remove")


async def measure(
    rounds: int, kept: int, told: Callable[[str], None]
) -> dict[str, Clock]:
    """Let all storages take turns, each in a database of its own."""
    names: Sequence[StorageName] = get_args(StorageName)
    clocks: dict[str, Clock] = {name: Clock() for name in names}
    async with AsyncExitStack() as stack:
        pg = await stack.enter_async_context(postgres(source="embedded"))
        bases: dict[str, Foundation] = {}
        for name in names:
            settings = Settings(
                dsn=SecretStr(await _database(pg.dsn, name)), storage=name
            )
            opened: Any = open_foundation(settings, Parts())
            bases[name] = await stack.enter_async_context(opened)
            for number in range(kept + 1):  # one, as a template may be made first
                await make(bases[name], f"kept-{number}")
            told(f"{name}: {kept} tenants are there")
        for number in range(rounds):
            for name in names:
                await one_round(bases[name], f"tenant-{number}", clocks[name])
    return clocks


async def _database(dsn: str, name: str) -> str:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(f"CREATE DATABASE {name}")
    finally:
        await connection.close()
    return urlunsplit(urlsplit(dsn)._replace(path=f"/{name}"))


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print a table of medians in milliseconds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--kept", type=int, default=0)
    options = parser.parse_args(arguments)
    clocks = asyncio.run(
        measure(options.rounds, options.kept, lambda text: print(f"({text})"))
    )
    print(f"| storage | {' | '.join(f'{step} (ms)' for step in STEPS)} |")
    print("| --- |" + " ---: |" * len(STEPS))
    for name, clock in clocks.items():
        figures = [statistics.median(clock.taken[step]) for step in STEPS]
        print(f"| {name} | " + " | ".join(f"{one:.1f}" for one in figures) + " |")


if __name__ == "__main__":
    main()

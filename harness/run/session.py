"""A session: Postgres, the app's database, the world, and the stage on top."""

from __future__ import annotations

import asyncio
from contextlib import (
    AsyncExitStack,
    asynccontextmanager,
    nullcontext,
)
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

from harness.environment.database import Database, create_database
from harness.environment.fresh import fresh_state
from harness.environment.postgres import ensure_alive, postgres, until_dead
from harness.errors import HarnessError, Inconclusive
from harness.model.canary import CanaryKey
from harness.model.event import Note
from harness.model.progress import Progress
from harness.model.scanner import Scanner
from harness.provisioning.addresses import Addresses
from harness.provisioning.catalogue import CASES
from harness.provisioning.client import never_fails
from harness.provisioning.fields import Fields
from harness.provisioning.stage import Scene, Stage
from harness.provisioning.worlds import make_world
from harness.recording.recorder import Recorder
from harness.run.beside import beside_app
from harness.run.hosts import calls_of_a_start, counted_host, usual_host
from harness.run.limits import ensure_files_left, raise_file_limit
from harness.run.loading import filled_environment

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence

    from harness.environment.fresh import FreshState
    from harness.environment.outside import Outside
    from harness.environment.server import Postgres
    from harness.environment.snapshots.image import Image
    from harness.run.order import Order
    from harness.target.target import FreshHook, Target


MAX_CONNECTIONS = 200
"""Sessions at once on a server that we start, unless an exercise wants more."""
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Kept:
    """A state that nobody sets back: of an app that runs elsewhere."""

    doubtful: ClassVar[tuple[str, ...]] = ()

    async def snapshot(self) -> None:
        """Remember nothing."""

    async def restore(self) -> None:
        """Leave everything as it is."""


@dataclass(frozen=True, slots=True)
class Hooked:
    """The state of an app that runs elsewhere, set back by the user's hook."""

    hook: FreshHook
    dsn: str
    doubtful: ClassVar[tuple[str, ...]] = ()

    async def snapshot(self) -> None:
        """Remember nothing: the hook knows what to go back to."""

    async def restore(self) -> None:
        """Call the hook.

        Raises:
            Inconclusive: It failed.
        """
        try:
            await self.hook(self.dsn)
        except HarnessError:
            raise
        except Exception as error:
            what = f"{type(error).__name__}: {error}"
            message = f"The hook that sets the state back failed: {what}"
            raise Inconclusive(message) from error


@asynccontextmanager
async def server(
    order: Order,
    *,
    max_connections: int = MAX_CONNECTIONS,
    restore: Image | None = None,
) -> AsyncIterator[Postgres]:
    """Have a Postgres as the settings want it.

    Args:
        order: What was asked for.
        max_connections: Sessions at once, where we start the server.
        restore: Data directory to begin with, if it is the embedded one.
    """
    settings = order.settings
    raise_file_limit()
    order.listener(Progress("postgres", detail="starting"))
    async with postgres(
        source=settings.postgres,
        dsn=given_dsn(order),
        image=settings.postgres_image,
        max_connections=max_connections,
        restore=restore,
    ) as pg:
        order.listener(Progress("postgres", 1, 1, detail=pg.reason))
        yield pg


@asynccontextmanager
async def open_scene(
    target: Target,
    order: Order,
    pg: Postgres | None,
    *,
    fresh: bool = True,
    recorder: Recorder | None = None,
    database: Database | None = None,
) -> AsyncIterator[tuple[Scene, FreshState | Kept | Hooked]]:
    """Have a database for the app, and everything to boot it with.

    Args:
        target: The app and how to talk to it.
        order: What was asked for.
        pg: The server; None for an app that runs elsewhere.
        fresh: Whether the state will be set back; if not, nothing is remembered.
        recorder: Of an earlier scene of this run, to go on with; else a new one.
        database: The app's, if it is there already; else one is made.
    """
    async with AsyncExitStack() as stack:
        state: FreshState | Kept | Hooked = Kept()
        if target.url and callable(target.fresh):
            state = Hooked(target.fresh, given_dsn(order))
        if pg is not None and database is None:
            # With nothing to set back, the server is this scene's own.
            own = not fresh and pg.source == "embedded"
            created = create_database(
                pg, "app", drop=not own, patterns=target.databases
            )
            database = await stack.enter_async_context(created)
        if fresh and database is not None and target.fresh != "keep":
            hook = target.fresh if callable(target.fresh) else None
            strategy = "hook" if callable(target.fresh) else target.fresh
            state = await stack.enter_async_context(
                fresh_state(strategy, database, hook=hook)
            )
        recorder = recorder or new_recorder(new_key(target, order))
        key = recorder.scanner.key
        beside = None
        if target.app:
            beside = await stack.enter_async_context(beside_app(key, recorder))
        scene = _scene(target, order, database, beside, key=key, recorder=recorder)
        if target.fresh == "keep":
            # Nothing is set back, so nothing is started again either.
            hosted = await stack.enter_async_context(scene.host())
            scene = replace(scene, host=lambda: nullcontext(hosted))
        yield scene, state


def given_dsn(order: Order) -> str:
    """Return the DSN of the settings; "" if there is none."""
    dsn = order.settings.dsn
    return dsn.get_secret_value() if dsn else ""


def new_key(target: Target, order: Order) -> CanaryKey:
    """Return the key that mints a run's canaries: the same for the same seed."""
    # An app that runs elsewhere may still hold what an earlier run planted.
    seed = order.settings.seed
    return CanaryKey.generate() if target.url else CanaryKey.from_seed(seed)


def new_recorder(key: CanaryKey) -> Recorder:
    """Return a recorder that finds the canaries of a key."""
    return Recorder(Scanner(key, sparing=True))


def _scene(
    target: Target,
    order: Order,
    database: Database | None,
    beside: Outside | None,
    *,
    key: CanaryKey,
    recorder: Recorder,
) -> Scene:
    environment: dict[str, str] = {}
    values: dict[str, str] = {}
    check: Callable[[], Awaitable[None]] = never_fails
    if database is not None:
        pg = database.server
        values = {
            "dsn": database.dsn,
            "host": pg.host,
            "port": str(pg.port),
            "user": pg.user,
            "password": pg.password,
            "database": database.name,
            **(beside.values if beside else {}),
        }
        environment = filled_environment(target.environment, values)

        async def check() -> None:
            ensure_files_left()
            await ensure_alive(pg)

    host = usual_host(target, order, environment, recorder)
    return Scene(
        target=target,
        host=counted_host(
            host, target, beside, recorder, most=calls_of_a_start(target, order)
        ),
        recorder=recorder,
        key=key,
        fields=Fields(target.operator_fields),
        dsn=database.dsn if database else given_dsn(order),
        environment=environment,
        on_server_error=check,
        outside=beside,
        addresses=Addresses(beside.sink.url if beside else ""),
        values=values,
    )


async def set_stage(
    scene: Scene,
    state: FreshState | Kept | Hooked,
    order: Order,
    *,
    cases: int = CASES,
) -> Stage:
    """Make the world and remember its state.

    Args:
        scene: What the app is started and talked to with.
        state: Is to set the database back to what it will be then.
        order: What was asked for.
        cases: How many requests of each operation there are to choose from, at most.
    """
    order.listener(Progress("provision", detail="making tenants"))
    world, catalogue = await make_world(
        scene,
        tenants=order.settings.tenants,
        seed=order.settings.seed,
        cases=cases,
    )
    await state.snapshot()
    if state.doubtful:
        scene.recorder.add(Note("note", _in_doubt(state.doubtful)))
    count = len(catalogue.operations)
    detail = f"{len(world.tenants)} tenants, {count} operations"
    order.listener(Progress("provision", 1, 1, detail=detail))
    return Stage(scene, catalogue, world, state)


def _in_doubt(databases: Sequence[str]) -> str:
    """Say which databases may be the app's, but stay as they are."""
    more = f" and {len(databases) - _SHOWN} more" if len(databases) > _SHOWN else ""
    return (
        f"While tenants were made, databases appeared on the server:"
        f" {', '.join(databases[:_SHOWN])}{more}. If they are the app's, say so in"
        " Target.databases: they are not set back, and remain."
    )


async def while_alive(pg: Postgres | None, work: Coroutine[Any, Any, None]) -> None:
    """Do something, and give up when the server dies.

    Raises:
        PostgresError: It died.
    """
    if pg is None:
        await work
        return
    task = asyncio.create_task(work)
    watcher = asyncio.create_task(until_dead(pg, every=1.0, timeout=30.0))
    try:
        await asyncio.wait({task, watcher}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise watcher.result()
        task.result()
    finally:
        for one in (task, watcher):
            one.cancel()
        await asyncio.wait({task, watcher})

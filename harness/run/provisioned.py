"""A provisioned target for exercises that boot the app themselves."""

from __future__ import annotations

import time
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.model.progress import Progress
from harness.provisioning.memory import recall
from harness.provisioning.worlds import make_world
from harness.run.kept_worlds import KeptWorlds, database_of
from harness.run.session import MAX_CONNECTIONS, open_scene, server
from harness.run.world_key import Wanted

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from harness.environment.server import Postgres
    from harness.model.world import World
    from harness.provisioning.catalogue import Catalogue
    from harness.provisioning.stage import Scene
    from harness.recording.recorder import Recorder
    from harness.run.order import Order
    from harness.target.target import Target


@dataclass(frozen=True, slots=True)
class Provisioned:
    """A world, and all that it takes to boot the app on it.

    Attributes:
        postgres: The server; None for an app that runs elsewhere.
        scene: What all boots of the app have in common.
        catalogue: What can be asked of the app.
        world: Who is in it, and what they own.
        origin: How the world came about, for the report's environment.
    """

    postgres: Postgres | None
    scene: Scene
    catalogue: Catalogue
    world: World
    origin: str


@asynccontextmanager
async def provisioned(
    target: Target,
    order: Order,
    *,
    tenants: int,
    seeded: int | None = None,
    logins: bool = True,
    requests: bool = False,
    max_connections: int = MAX_CONNECTIONS,
    inspect: Callable[[Postgres], Awaitable[None]] | None = None,
    recorder: Recorder | None = None,
) -> AsyncIterator[Provisioned]:
    """Have a server with a world on it; the app is down when the block begins.

    A world that was made before, of the same target and app, is taken from its
    snapshot; else this one is kept as a snapshot, where that is possible. So it is
    bare: what names addresses of a run is not in it. The state is not set back between
    boots: that takes minutes for thousands of tenants.

    Args:
        target: The app and how to talk to it.
        order: What was asked for; its seed makes the tenants.
        tenants: How many.
        seeded: How many of the first tenants get objects; None for all.
        logins: Whether each tenant's user has to be logged in; see `make_world`.
        requests: Whether to try out and write down what tenants can ask.
        max_connections: Sessions at once, where we start the server.
        inspect: Awaited with the server before anything is made on it.
        recorder: Of an earlier world of this run, to go on with; else a new one.

    Raises:
        HarnessError: The world could not be made.
    """
    wanted = Wanted(tenants, seeded, logins=logins, requests=requests)
    kept = KeptWorlds.of(target, order, wanted)
    async with AsyncExitStack() as stack:
        pg: Postgres | None = None
        if target.app:
            opened = server(order, max_connections=max_connections, restore=kept.image)
            pg = await stack.enter_async_context(opened)
            if inspect is not None:
                await inspect(pg)
        snapshot = kept.usable(pg)
        database = database_of(snapshot, pg) if snapshot and pg else None
        opened_scene = open_scene(
            target, order, pg, fresh=False, recorder=recorder, database=database
        )
        scene, _ = await stack.enter_async_context(opened_scene)
        began = time.perf_counter()
        order.listener(Progress("provision", detail=f"making {tenants} tenants"))
        if snapshot is not None:
            world, catalogue = await recall(
                scene, snapshot.memory, seed=order.settings.seed, logins=logins
            )
            origin = kept.origin(snapshot)
        else:
            world, catalogue = await make_world(
                scene,
                tenants=tenants,
                seed=order.settings.seed,
                seeded=seeded,
                logins=logins,
                bare=True,
                requests=requests,
            )
            origin = f"made in {time.perf_counter() - began:.1f} s"
            origin += f"; {await kept.keep(pg, scene, world, catalogue)}"
        detail = f"{tenants} tenants, {len(catalogue.operations)} operations; {origin}"
        order.listener(Progress("provision", 1, 1, detail=detail))
        yield Provisioned(pg, scene, catalogue, world, origin)

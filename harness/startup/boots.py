"""Boots: the app started again and again, watched from its spawn to its end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from harness.environment.activity import EVERY, Activity
from harness.errors import AppFailed
from harness.hosting.boot_watch import BootWatch, Names
from harness.hosting.hosted import ConnectionDropped, Request
from harness.model.boot import Boot, Crowd, Phase, ProviderCalls, Reached
from harness.startup.arrivals import Arrivals
from harness.startup.sightings import look_for_own
from harness.target.selector import Selection

if TYPE_CHECKING:
    from harness.hosting.hosted import Hosted
    from harness.hosting.watching import Watch
    from harness.model.world import World
    from harness.provisioning.catalogue import Catalogue
    from harness.provisioning.stage import Scene

_POLL: Final = 0.01
_ANSWER: Final = 5.0

Host = Callable[["Watch"], AbstractAsyncContextManager["Hosted"]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounds:
    """What all boots on one world have in common.

    Attributes:
        scene: The target, and what its requests are recorded with.
        catalogue: What can be asked of the app.
        world: Who is in it.
        names: Tells its tenants by what the app calls them.
        activity: Counts the app's connections.
        workers: Processes of the app.
    """

    scene: Scene
    catalogue: Catalogue
    world: World
    names: Names
    activity: Activity
    workers: int


@dataclass(frozen=True, slots=True)
class Plan:
    """One boot to make.

    Attributes:
        number: Of the boot, unique in the run.
        strategy: Name of the start-up strategy.
        trial: Which of the boots that are alike, from 1.
        host: Starts the app that way.
    """

    number: int
    strategy: str
    trial: int
    host: Host


async def boot(plan: Plan, grounds: Grounds) -> None:
    """Start the app, have each tenant served once, stop it, and record all that.

    Raises:
        AppFailed: It did not start, did not become ready, died or did not stop.
    """
    scene = grounds.scene
    target, recorder = scene.target, scene.recorder
    tenants = len(grounds.world.tenants)
    account = target.plan_of(plan.strategy)
    recorder.add(
        Boot(
            kind="boot",
            at=recorder.now(),
            number=plan.number,
            strategy=plan.strategy,
            tenants=tenants,
            trial=plan.trial,
            workers=grounds.workers,
            planned=account.most(tenants=tenants, workers=grounds.workers)
            if account
            else 0,
        )
    )
    watch = BootWatch(
        plan.number,
        recorder,
        key=scene.key,
        names=grounds.names,
        initialisers=target.initialisers,
        activity=grounds.activity,
    )
    arrivals = Arrivals(
        scene,
        grounds.catalogue,
        grounds.world,
        boot=plan.number,
        patience=target.startup_timeout,
    )
    async with (
        _provider_counted(plan, scene),
        _crowd_counted(plan, grounds),
        plan.host(watch) as hosted,
    ):
        await _ready(plan, scene, hosted)
        await arrivals.run(hosted)
        _reached(plan, scene, Phase.SERVED)
        await look_for_own(scene, grounds.catalogue, grounds.world, hosted)
        await hosted.send_beacons(scene.key)


def _reached(plan: Plan, scene: Scene, phase: Phase) -> None:
    recorder = scene.recorder
    recorder.add(Reached("reached", recorder.now(), plan.number, 0, phase))


async def _ready(plan: Plan, scene: Scene, hosted: Hosted) -> None:
    """Wait until the app says that it is ready, if it has a place to say so.

    Raises:
        AppFailed: It does not say so in time.
    """
    path, patience = scene.target.ready, scene.target.startup_timeout
    if path:
        nobody = scene.target.selector.select(None) or Selection()
        request = Request("GET", path, ((b"host", nobody.host.encode("latin-1")),))
        until = time.monotonic() + patience
        while said := await _said(hosted, request):
            if time.monotonic() > until:
                raise AppFailed(
                    f"The app listens, but was not ready within {patience:g} s: "
                    f"GET {path} ended with {said}.",
                    hint="Look at Target.ready, or give a longer startup_timeout.",
                )
            await asyncio.sleep(_POLL)
    _reached(plan, scene, Phase.READY)


async def _said(hosted: Hosted, request: Request) -> str:
    """Return how an app answered that it is not ready; "" if it is."""
    try:
        response = await hosted.send(request, timeout=_ANSWER)
    except ConnectionDropped:
        return "a dropped connection"
    except TimeoutError:
        return f"no answer within {_ANSWER:g} s"
    return "" if 200 <= response.status < 300 else f"status {response.status}"


@asynccontextmanager
async def _crowd_counted(plan: Plan, grounds: Grounds) -> AsyncIterator[None]:
    """Count the app's connections again and again until the block ends."""
    most, looks = 0, 0

    async def look() -> None:
        nonlocal most, looks
        while True:
            most = max(most, await grounds.activity.count())
            looks += 1
            await asyncio.sleep(EVERY)

    looking = asyncio.create_task(look())
    try:
        yield
    finally:
        looking.cancel()
        await asyncio.wait({looking})
        recorder = grounds.scene.recorder
        recorder.add(Crowd("crowd", recorder.now(), plan.number, most, looks))
    if not looking.cancelled():
        # It ended by itself: the server did not answer.
        looking.result()


@asynccontextmanager
async def _provider_counted(plan: Plan, scene: Scene) -> AsyncIterator[None]:
    """Count the calls of the model provider in the block, by whose key they carry."""
    if scene.outside is None:
        yield
        return
    provider = scene.outside.provider
    # Each start finds the rate limits unused.
    provider.renew()
    mark = provider.mark
    yield
    most = scene.target.provider_calls
    recorder = scene.recorder
    for owner, calls in provider.calls_since(mark).items():
        made = sum(not call.retry for call in calls)
        recorder.add(
            ProviderCalls(
                kind="provider",
                at=recorder.now(),
                boot=plan.number,
                tenant=owner,
                calls=made,
                most=-1 if most is None else most,
            )
        )

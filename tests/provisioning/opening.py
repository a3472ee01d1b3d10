"""A target's app, running in this process for as long as a test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.environment.database import Database
from harness.hosting.hosted import Hosted
from harness.hosting.inprocess import in_process
from harness.model.canary import CanaryKey
from harness.model.event import Exchange
from harness.model.scanner import Scanner
from harness.model.step import Principal, Role, Step
from harness.model.tenant import Tenant
from harness.model.world import World
from harness.provisioning.catalogue import Catalogue
from harness.provisioning.client import Client, never_fails
from harness.provisioning.driver import Driver, Impossible
from harness.provisioning.fields import Fields
from harness.provisioning.furnishing import furnish
from harness.provisioning.people import mint_tenant
from harness.provisioning.stage import Scene
from harness.provisioning.worlds import make_world
from harness.recording.recorder import Recorder
from harness.run.loading import filled_environment
from harness.target.app import AppSpec
from harness.target.target import Target

ROOT = Path(__file__).parents[2]


def scene_of(target: Target, database: Database | None = None) -> Scene:
    """Return what all boots of a target have in common; each boot is a new one."""
    key = CanaryKey.from_seed(7)
    recorder = Recorder(Scanner(key))
    values = {"dsn": database.dsn} if database else {}
    environment = filled_environment(target.environment, values)
    spec = AppSpec(app=target.app, environment=environment, directory=ROOT)
    return Scene(
        target=target,
        host=lambda: in_process(spec, recorder),
        recorder=recorder,
        key=key,
        fields=Fields(),
        dsn=database.dsn if database else "",
        environment=environment,
        on_server_error=never_fails,
    )


@dataclass(frozen=True)
class Opened:
    """A running app, and what makes a world of it without starting it again."""

    scene: Scene
    hosted: Hosted
    client: Client

    async def driver(self, tenants: int = 2) -> tuple[Driver, Catalogue]:
        world, catalogue = await make_world(self.scene, tenants=tenants, seed=1)
        return self.scene.driver(self.client, catalogue, world), catalogue

    async def furnished(self, tenants: int = 2) -> World:
        """Make a world with all that tenants can ask for."""
        world, catalogue = await make_world(
            self.scene, tenants=tenants, seed=1, bare=True, requests=True
        )
        return await furnish(self.scene, self.hosted, world, catalogue)

    async def seen(self) -> list[dict[str, Any]]:
        """Return the requests that a watched app got so far."""
        return list((await self.ask("GET", "/seen")).json())

    async def ask(self, method: str, path: str) -> Any:
        tools = self.scene.tools(self.client, _nobody(self.scene), Role.PROVISION)
        return await tools.request(method, path)

    def exchanges(self, mark: int = 0) -> list[Exchange]:
        """Return what was recorded, without the looks at what the app has seen."""
        return [
            event
            for event in self.scene.recorder.since(mark)
            if isinstance(event, Exchange) and event.operation != "GET /seen"
        ]


def _nobody(scene: Scene) -> Tenant:
    return mint_tenant(scene.key, 0, domain="{slug}.example.com")


@asynccontextmanager
async def opened(
    target: Target, database: Database | None = None
) -> AsyncIterator[Opened]:
    """Start a target's app once, whatever is done with it."""
    scene = scene_of(target, database)
    async with scene.host() as hosted:
        again = Scene(
            target=target,
            host=lambda: nullcontext(hosted),
            recorder=scene.recorder,
            key=scene.key,
            fields=scene.fields,
            dsn=scene.dsn,
            environment=scene.environment,
            on_server_error=never_fails,
        )
        yield Opened(again, hosted, again.client(hosted))


def own(operation: str, tenant: int, **options: Any) -> Step:
    """Return the step of an owner."""
    return Step(operation, Principal(tenant, tenant), tenant, Role.CONTROL, **options)


def probe(
    operation: str, credential: int | None, selector: int | None, owner: int | None
) -> Step:
    """Return the step of anybody else."""
    return Step(operation, Principal(credential, selector), owner, Role.PROBE)


async def made(driver: Driver, step: Step) -> Exchange:
    """Make a step that must be possible."""
    outcome = await driver.make(step)
    assert not isinstance(outcome, Impossible), outcome.reason
    return outcome

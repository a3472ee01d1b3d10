"""The desk on a stage: real boots on a state that a file holds."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from harness.hosting.hosted import Hosted
from harness.model.event import Exchange, Note
from harness.model.progress import Progress
from harness.model.step import Principal, Role, Step
from harness.model.tenant import Tenant
from harness.provisioning.driver import Taken
from harness.provisioning.stage import Scene, Stage
from harness.provisioning.worlds import make_world
from harness.target.login import JsonLogin
from harness.target.target import Target
from harness.target.tools import Tools
from tests.isolation.apps.desk import EMPTY
from tests.provisioning.opening import scene_of

CREATE, LIST = "POST /notes", "GET /notes"
READ, CHANGE, REMOVE = (
    f"{verb} /notes/{{note_id}}" for verb in ("GET", "PUT", "DELETE")
)
FLAG, SWITCH = "GET /flag", "PUT /flag"


async def sign_up(tools: Tools, tenant: Tenant) -> None:
    person = {"email": tenant.email, "password": tenant.password}
    await tools.request("POST", "/signup", json=person | {"slug": tenant.slug})


def desk(path: Path, fault: str = "", **fields: Any) -> Target:
    usual: dict[str, Any] = {
        "app": "tests.isolation.apps.desk:create",
        "environment": {"DESK": str(path), "FAULT": fault},
        "provision": sign_up,
        "login": JsonLogin(path="/login", token="token"),
        "public": ("/signup", "/plans"),
        "operator": ("/stats",),
    }
    return Target(**usual | fields)


@dataclass(frozen=True, slots=True)
class Kept:
    """A file that is set back to what it was."""

    path: Path

    @property
    def copy(self) -> Path:
        return self.path.with_suffix(".kept")

    def snapshot(self) -> None:
        shutil.copy(self.path, self.copy)

    async def restore(self) -> None:
        shutil.copy(self.copy, self.path)


@dataclass
class Staged:
    """A stage, and what can be seen of it from outside.

    Attributes:
        boots: How often the app was started since the world was made.
        running: How many apps run now.
        told: What an exercise said of its progress.
        trail: The steps of a boot, kept for what is asked after it.
    """

    stage: Stage
    scene: Scene
    state: Kept
    boots: int = 0
    running: int = 0
    told: list[Progress] = field(default_factory=list)
    trail: list[Taken] = field(default_factory=list)

    def exchanges(self, mark: int = 0) -> list[Exchange]:
        events = self.stage.recorder.since(mark)
        return [event for event in events if isinstance(event, Exchange)]

    def probes(self, operation: str, *, on: int = 0) -> list[Exchange]:
        """Return what others did with a tenant's objects."""
        return [
            one
            for one in self.exchanges()
            if (one.operation, one.role, one.owner) == (operation, Role.PROBE, on)
        ]

    def retold(self, **fields: Any) -> Stage:
        """Return a stage of the same world that is talked to in another way."""
        scene = replace(self.scene, target=replace(self.scene.target, **fields))
        return Stage(scene, self.stage.catalogue, self.stage.world, self.state)

    def notes(self) -> list[str]:
        events = self.stage.recorder.since()
        return [event.text for event in events if isinstance(event, Note)]


async def staged(
    path: Path, fault: str = "", *, tenants: int = 3, **fields: Any
) -> Staged:
    """Make a world of the desk, whose file is in a directory."""
    state = Kept(path / "desk.json")
    state.path.write_text(EMPTY)
    scene = scene_of(desk(state.path, fault, **fields))
    world, catalogue = await make_world(scene, tenants=tenants, seed=1)
    state.snapshot()
    inner = scene.host

    @asynccontextmanager
    async def host() -> AsyncIterator[Hosted]:
        made.boots += 1
        async with inner() as hosted:
            made.running += 1
            try:
                yield hosted
            finally:
                made.running -= 1

    scene = replace(scene, host=host)
    made = Staged(Stage(scene, catalogue, world, state), scene, state)
    return made


def own(operation: str, tenant: int = 0, **options: Any) -> Step:
    return Step(operation, Principal(tenant, tenant), tenant, Role.CONTROL, **options)


def foreign(operation: str, credential: int | None = 1, **options: Any) -> Step:
    """Return the step of somebody else who selects A, on A's objects."""
    return Step(operation, Principal(credential, 0), 0, Role.PROBE, **options)

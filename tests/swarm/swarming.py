"""A swarm on the notes app: real processes, as a run would start them."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.hosting.hosted import Hosted
from harness.hosting.served import Served, served
from harness.model.canary import CanaryKey
from harness.model.event import Event
from harness.model.finding import Finding
from harness.model.history import History
from harness.model.progress import silent
from harness.model.scanner import Scanner
from harness.model.tenant import Tenant
from harness.model.world import World
from harness.provisioning.client import never_fails
from harness.provisioning.fields import Fields
from harness.provisioning.furnishing import furnish
from harness.provisioning.stage import Scene
from harness.provisioning.worlds import make_world, write_world
from harness.recording.recorder import Recorder
from harness.run.judgement import check
from harness.swarm.exercise import Plan, Swarm
from harness.swarm.figures import Moments
from harness.target.app import AppSpec
from harness.target.login import ApiKey
from harness.target.selector import HeaderSelector
from harness.target.socket import Socket
from harness.target.target import Target
from harness.target.tools import Tools

ROOT = Path(__file__).parents[2]
LOCUSTFILES = Path(__file__).parent / "locustfiles"


async def provision(tools: Tools, tenant: Tenant) -> dict[str, object]:
    answer = await tools.request("POST", "/tenants", json={"slug": tenant.slug})
    return dict(answer.json())


def notes_target() -> Target:
    return Target(
        app="tests.swarm.apps.notes:app",
        provision=provision,
        selector=HeaderSelector("X-Tenant"),
        login=ApiKey(value="{key}", header="x-key"),
        operator=("/tenants",),
        shared=("/motto",),
        skip=("/die",),
        sockets=(Socket("/socket", sends=("hello",)),),
    )


def spec_of(
    environment: Mapping[str, str], *, app: str = "tests.swarm.apps.notes:app"
) -> AppSpec:
    return AppSpec(
        app=app,
        environment=dict(environment),
        directory=ROOT,
    )


@dataclass(slots=True)
class Running:
    """The app, served, with a world in it."""

    hosted: Served
    recorder: Recorder
    world: World
    directory: Path

    @property
    def path(self) -> Path:
        return self.directory / "world.json"

    def history(self) -> History:
        knows = {one.index: one.knows for one in self.world.tenants}
        return History(self.recorder.since(), self.world.fields, knows)

    def findings(self) -> list[Finding]:
        return check(self.history())

    def events(self, kind: type[Any]) -> list[Any]:
        return [one for one in self.recorder.since() if isinstance(one, kind)]

    def plan(self, *options: str, locustfile: str = "busy.py", **more: Any) -> Plan:
        return plan(self.directory, *options, locustfile=locustfile, **more)

    async def swarm(self, plan: Plan) -> Moments:
        return await Swarm(
            plan,
            lambda: nullcontext(self.hosted),
            self.recorder,
            self.findings,
            silent,
        ).run()


def plan(
    directory: Path,
    *options: str,
    locustfile: str = "busy.py",
    seconds: float = 4.0,
    cold: bool = False,
    processes: int = 1,
) -> Plan:
    """Return a plan for a locustfile of these tests."""
    several = ("--processes", str(processes)) if processes > 1 else ()
    return Plan(
        command=(
            *(sys.executable, "-m", "locust", "-f", str(LOCUSTFILES / locustfile)),
            *("--headless", "--only-summary", "--exit-code-on-error", "0"),
            *("-u", "12", "-r", "12", "-t", f"{seconds:g}s", *several, *options),
        ),
        world=directory / "world.json",
        directory=directory,
        processes=processes,
        seconds=seconds,
        cold=cold,
    )


def new_recorder() -> tuple[Recorder, CanaryKey]:
    key = CanaryKey.from_seed(7)
    return Recorder(Scanner(key, sparing=True)), key


@asynccontextmanager
async def running(
    directory: Path,
    *,
    bug: str = "",
    tenants: int = 3,
    target: Target | None = None,
    **environment: str,
) -> AsyncIterator[Running]:
    """Serve the notes app, or another one, and make tenants who can ask."""
    recorder, key = new_recorder()
    target = target or notes_target()
    spec = spec_of({"NOTES_BUG": bug, **environment}, app=target.app)
    async with AsyncExitStack() as stack:
        hosted = await stack.enter_async_context(served(spec, recorder))
        assert isinstance(hosted, Served)
        await hosted.send_beacons(key)
        world = await world_in(hosted, recorder, key, tenants=tenants, target=target)
        write_world(directory / "world.json", world)
        yield Running(hosted, recorder, world, directory)


async def world_in(
    hosted: Hosted,
    recorder: Recorder,
    key: CanaryKey,
    *,
    tenants: int,
    target: Target | None = None,
) -> World:
    """Make tenants in an app that is served."""
    scene = Scene(
        target=target or notes_target(),
        host=lambda: nullcontext(hosted),
        recorder=recorder,
        key=key,
        fields=Fields(),
        dsn="",
        environment={},
        on_server_error=never_fails,
    )
    world, catalogue = await make_world(
        scene, tenants=tenants, seed=1, bare=True, requests=True
    )
    return await furnish(scene, hosted, world, catalogue)


def is_alive(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


def locusts(directory: Path) -> list[int]:
    """Return the ids of Locust's processes that were given a directory's world."""
    found = []
    for process in Path("/proc").iterdir():
        if not process.name.isdigit() or int(process.name) == os.getpid():
            continue
        try:
            environ = (process / "environ").read_bytes()
            command = (process / "cmdline").read_bytes()
        except OSError:
            continue
        mine = str(directory).encode() in environ
        if mine and b"locust" in command and is_alive(int(process.name)):
            found.append(int(process.name))
    return sorted(found)


def kinds(events: list[Event]) -> set[str]:
    return {event.kind for event in events}

"""The hub on a stage: in this process, or served."""

from __future__ import annotations

import shutil
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from harness.checkers.coverage import coverage
from harness.hosting.hosted import Hosted
from harness.hosting.served import served
from harness.isolation.sweep import Sweep
from harness.model.coverage import Coverage
from harness.model.event import Heard
from harness.model.finding import Finding
from harness.provisioning.stage import Scene, Stage
from harness.provisioning.worlds import make_world
from harness.run.judgement import check
from harness.target.app import AppSpec
from harness.target.login import JsonLogin
from harness.target.socket import Socket
from harness.target.target import Target
from tests.isolation.apps.hub import EMPTY
from tests.isolation.staging import sign_up
from tests.provisioning.opening import scene_of

EVENTS, ASSISTANT = "GET /events", "POST /assistant"
SOCKET, ROOM = "WEBSOCKET /socket", "WEBSOCKET /rooms/{note_id}"
METRICS = "GET /metrics"
FILE = "GET /exports/{export_id}/file"


def hub(path: Path, fault: str = "", **fields: Any) -> Target:
    usual: dict[str, Any] = {
        "app": "tests.isolation.apps.hub:create_app",
        "environment": {"HUB": str(path), "FAULT": fault},
        "provision": sign_up,
        "login": JsonLogin(path="/login", token="token"),
        "public": ("/signup",),
        "metrics": "/metrics",
        "metrics_headers": {"Authorization": "Bearer scraper"},
        "sockets": (
            Socket("/socket", query={"access_token": "{token}"}),
            Socket("/rooms/{note_id}", sends=({"say": "{canary}"},)),
        ),
    }
    return Target(**usual | fields)


@dataclass(frozen=True, slots=True)
class File:
    """The hub's file, which is set back to what it was."""

    path: Path

    async def restore(self) -> None:
        shutil.copy(self.path.with_suffix(".kept"), self.path)


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep of the hub came to."""

    stage: Stage
    findings: list[Finding]

    def coverage(self) -> Coverage:
        return coverage(self.stage.history(self.stage.recorder.since()))

    def heard(self) -> list[Heard]:
        events = self.stage.recorder.since()
        return [event for event in events if isinstance(event, Heard)]


async def stage_of_hub(path: Path, fault: str = "", *, serve: bool = False) -> Stage:
    """Make a world of the hub, whose file is in a directory."""
    state = File(path / "hub.json")
    state.path.write_text(EMPTY)
    scene = scene_of(hub(state.path, fault))
    if serve:
        scene = _served(scene)
    world, catalogue = await make_world(scene, tenants=2, seed=1)
    shutil.copy(state.path, state.path.with_suffix(".kept"))
    return Stage(scene, catalogue, world, state)


def _served(scene: Scene) -> Scene:
    def host() -> AbstractAsyncContextManager[Hosted]:
        spec = AppSpec(
            app=scene.target.app,
            environment=dict(scene.target.environment),
            directory=Path.cwd(),
        )
        return served(spec, scene.recorder)

    return replace(scene, host=host)


async def swept(path: Path, fault: str = "", *, serve: bool = False) -> Swept:
    """Sweep the hub."""
    stage = await stage_of_hub(path, fault, serve=serve)
    sweep = Sweep(stage, check, lambda _: None, only_first=False)
    return Swept(stage, await sweep.run())

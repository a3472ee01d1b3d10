"""A run of the isolation exercise."""

from __future__ import annotations

import asyncio
import platform
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from harness.checkers.coverage import coverage
from harness.errors import HarnessError, Inconclusive
from harness.gates import Gates, judge_run
from harness.isolation.machine import run_machine
from harness.isolation.sweep import Sweep
from harness.model.event import Exchange, LogLine, Note, Unseen
from harness.model.history import History
from harness.model.measurement import Measurement
from harness.model.result import Result
from harness.run.directory import RunDirectory
from harness.run.judgement import check
from harness.run.loading import load_target, with_variant
from harness.run.session import open_scene, server, set_stage

if TYPE_CHECKING:
    from harness.environment.server import Postgres
    from harness.model.coverage import Coverage
    from harness.model.event import Event
    from harness.model.finding import Finding
    from harness.model.progress import Listener
    from harness.model.verdict import Verdict
    from harness.provisioning.stage import Scene, Stage
    from harness.settings import Settings
    from harness.target.target import Target

EXERCISE = "isolation"
PACKAGES = ("tenant-harness", "hypothesis", "asyncpg", "fastapi", "starlette")


def isolation(settings: Settings, *, command: str, listener: Listener) -> Result:
    """Probe an app for leaks between its tenants.

    Args:
        settings: What the user chose.
        command: Command line that repeats the run.
        listener: Hears of progress.

    Raises:
        HarnessError: The run could not be made, and nothing was proven.
    """
    target = with_variant(load_target(settings.target), settings.variant)
    return asyncio.run(_isolation(target, settings, command, listener))


async def _isolation(
    target: Target, settings: Settings, command: str, listener: Listener
) -> Result:
    async with AsyncExitStack() as stack:
        pg = None
        if target.app:
            pg = await stack.enter_async_context(server(settings, listener))
        return await probe(target, settings, pg, command=command, listener=listener)


@dataclass(slots=True)
class Probe:
    """What a run has come to so far."""

    scene: Scene
    stage: Stage | None = None
    scripted: tuple[Finding, ...] = ()

    def history(self) -> History:
        """Return what happened so far."""
        events = self.scene.recorder.since()
        if self.stage is not None:
            return self.stage.history(events)
        return History(events, fields=dict(self.scene.fields.table))


async def probe(
    target: Target,
    settings: Settings,
    pg: Postgres | None,
    *,
    command: str,
    listener: Listener,
    only_first: bool = False,
) -> Result:
    """Probe a target on a server that is there already.

    Raises:
        HarnessError: The run could not be made, and nothing was proven.
    """
    directory = RunDirectory.make(settings.runs, EXERCISE, keep=settings.keep_runs)
    began = time.perf_counter()
    async with open_scene(target, settings, pg) as (scene, state):
        so_far = Probe(scene)
        try:
            so_far.stage = await set_stage(scene, state, settings, listener)
            directory.write_world(so_far.stage.world)
            await _exercise(so_far, settings, listener, only_first=only_first)
        except Inconclusive as error:
            scene.recorder.add(Unseen("unseen", error.message, error.hint))
        except HarnessError as error:
            directory.write_history(scene.recorder.since())
            if not check(so_far.history()):
                raise
            # A proven leak stands, whatever ended the run.
            text = f"The run ended early: {error.message}"
            scene.recorder.add(Unseen("unseen", text, error.hint))
    history = so_far.history()
    directory.write_history(history.events)
    seconds = time.perf_counter() - began
    result = _result(so_far, settings, pg, directory, command, seconds)
    directory.write_report(result)
    return result


async def _exercise(
    so_far: Probe, settings: Settings, listener: Listener, *, only_first: bool
) -> None:
    stage = so_far.stage
    if stage is None:
        return
    found: list[Finding] = []
    if settings.sweep:
        sweep = Sweep(stage, check, listener, only_first=only_first)
        found += await sweep.run()
        so_far.scripted = tuple(found)
    if settings.machine and not (only_first and found):
        found += await run_machine(
            stage,
            check,
            listener,
            examples=settings.examples,
            steps=settings.steps,
            seed=settings.seed,
            known={one.fingerprint for one in found},
            only_first=only_first,
        )
        so_far.scripted = tuple(found)


def _result(
    so_far: Probe,
    settings: Settings,
    pg: Postgres | None,
    directory: RunDirectory,
    command: str,
    seconds: float,
) -> Result:
    history = so_far.history()
    scripts = {one.fingerprint: one.script for one in so_far.scripted}
    findings = tuple(
        finding.with_script(scripts.get(finding.fingerprint, ()))
        for finding in check(history)
    )
    covered = coverage(history, channels=settings.floor_channels)
    covered = _lowered(covered, settings.floor_operations)
    measurements = _measurements(history.events, seconds)
    verdict = judge_run(
        findings, covered, measurements, gates=Gates(fail_on=settings.fail_on)
    )
    return make_result(
        so_far,
        settings,
        pg,
        directory,
        command,
        verdict,
        findings,
        covered,
        measurements,
    )


def make_result(
    so_far: Probe,
    settings: Settings,
    pg: Postgres | None,
    directory: RunDirectory,
    command: str,
    verdict: Verdict,
    findings: tuple[Finding, ...],
    covered: Coverage,
    measurements: tuple[Measurement, ...],
) -> Result:
    """Put together all that a run has to say."""
    history = so_far.history()
    tenants = so_far.stage.world.tenants if so_far.stage else ()
    notes = dict.fromkeys(note.text for note in history.of(Note))
    return Result(
        id=directory.id,
        exercise=EXERCISE,
        target=settings.target,
        variant=settings.variant,
        command=command,
        seed=settings.seed,
        started=directory.started.isoformat(timespec="seconds"),
        versions=_versions(pg),
        environment={"postgres": pg.reason} if pg else {},
        tenants={tenant.alias: tenant.name for tenant in tenants},
        fields=dict(history.fields),
        verdict=verdict,
        findings=findings,
        coverage=covered,
        measurements=measurements,
        notes=tuple(notes),
    )


def _lowered(covered: Coverage, fraction: float) -> Coverage:
    """Apply a floor below all operations: enough covered, none is missing."""
    if fraction >= 1 or covered.operations < fraction * covered.operations_required:
        return covered
    gaps = tuple(
        replace(gap, floor=False) if gap.what.partition(" ")[2].startswith("/") else gap
        for gap in covered.gaps
    )
    return replace(covered, gaps=gaps)


def _measurements(events: tuple[Event, ...], seconds: float) -> tuple[Measurement, ...]:
    requests = [event for event in events if isinstance(event, Exchange)]
    lines = sum(isinstance(event, LogLine) for event in events)
    return (
        Measurement("duration", seconds, "s"),
        Measurement("requests", len(requests)),
        Measurement("log lines", lines),
    )


def _versions(pg: Postgres | None) -> dict[str, str]:
    versions = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    if pg is not None:
        versions["postgres"] = pg.version
    return versions

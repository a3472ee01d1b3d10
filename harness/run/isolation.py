"""A run of the isolation exercise."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from hypothesis.configuration import set_hypothesis_home_dir

from harness.checkers.coverage import coverage
from harness.checkers.together import gaps_together
from harness.errors import HarnessError, Inconclusive
from harness.gates import Gates, judge_run
from harness.isolation.drought import run_drought
from harness.isolation.machine import run_machine
from harness.isolation.sweep import Sweep
from harness.model.event import Exchange, LogLine, Note, Unseen
from harness.model.finding import merged
from harness.model.history import History
from harness.model.measurement import Measurement
from harness.model.race import Scheduled, ScheduleEnded
from harness.model.result import Result
from harness.run.beside import counted_calls
from harness.run.directory import RunDirectory
from harness.run.explored import explored, figures
from harness.run.judged import Judged
from harness.run.judgement import check
from harness.run.loading import load_target, with_variant
from harness.run.outer import held, surrounded
from harness.run.session import (
    Hooked,
    Kept,
    open_scene,
    server,
    set_stage,
    while_alive,
)
from harness.run.together import Meeting, Met, unexplorable

if TYPE_CHECKING:
    from harness.environment.fresh import FreshState
    from harness.environment.server import Postgres
    from harness.model.coverage import Coverage
    from harness.model.event import Event
    from harness.model.finding import Finding
    from harness.provisioning.stage import Scene, Stage
    from harness.run.order import Order
    from harness.run.outer import Around
    from harness.settings import Settings
    from harness.target.target import Target

EXERCISE = "isolation"


def isolation(order: Order) -> Result:
    """Probe an app for leaks between its tenants.

    Raises:
        HarnessError: The run could not be made, and nothing was proven.
    """
    target = load_target(order.settings.target, root=order.root)
    target = with_variant(target, order.settings.variant)
    with surrounded() as around, ExitStack() as stack:
        pg = None
        if target.app:
            pg = stack.enter_context(held(around.outer, server(order)))
        return probe(target, order, pg, around)


@dataclass(slots=True)
class Probe:
    """What a run has come to so far."""

    scene: Scene
    stage: Stage | None = None
    scripted: tuple[Finding, ...] = ()
    met: Met = field(default_factory=Met)

    def history(self) -> History:
        """Return what happened so far."""
        events = self.scene.recorder.since()
        if self.stage is not None:
            return self.stage.history(events)
        return History(events, fields=dict(self.scene.fields.table))


def probe(
    target: Target,
    order: Order,
    pg: Postgres | None,
    around: Around,
    *,
    only_first: bool = False,
) -> Result:
    """Probe a target on a server that is there already.

    Args:
        target: The app and how to talk to it.
        order: What was asked for.
        pg: The server; None for an app that runs elsewhere.
        around: What is there already, too.
        only_first: Whether to stop at the first finding.

    Raises:
        HarnessError: The run could not be made, and nothing was proven.
    """
    settings = order.settings
    directory = RunDirectory.make(settings.runs, EXERCISE, keep=settings.keep_runs)
    began = time.perf_counter()
    # Or Hypothesis keeps its tables in a directory of its own among the user's.
    set_hypothesis_home_dir(settings.runs.parent / "hypothesis")
    with held(around.outer, open_scene(target, order, pg)) as (scene, state):
        so_far = Probe(scene)
        try:
            work = _work(so_far, state, order, directory, only_first=only_first)
            around.outer(while_alive(pg, work))
            _meet(so_far, state, order, pg, around, only_first=only_first)
        except Inconclusive as error:
            scene.recorder.add(Unseen("unseen", error.message, error.hint))
        except HarnessError as error:
            directory.write_history(scene.recorder.since())
            found = check(without_schedules(so_far.history()))
            if all(one.circumstantial for one in found):
                raise
            # A proven leak stands, whatever ended the run.
            text = f"The run ended early: {error.message}"
            scene.recorder.add(Unseen("unseen", text, error.hint))
    history = so_far.history()
    directory.write_history(history.events)
    seconds = time.perf_counter() - began
    result = _judged(so_far, settings, seconds).result(order, pg, directory)
    directory.write_report(result)
    return result


async def _work(
    so_far: Probe,
    state: FreshState | Kept | Hooked,
    order: Order,
    directory: RunDirectory,
    *,
    only_first: bool,
) -> None:
    so_far.stage = await set_stage(so_far.scene, state, order)
    directory.write_world(so_far.stage.world)
    await _exercise(so_far, order, only_first=only_first)


async def _exercise(so_far: Probe, order: Order, *, only_first: bool) -> None:
    settings, listener, stage = order.settings, order.listener, so_far.stage
    if stage is None:
        return
    found: list[Finding] = []
    if settings.sweep:
        sweep = Sweep(stage, check, listener, only_first=only_first)
        found += await sweep.run()
        if not (only_first and found):
            found += await run_drought(
                stage, check, listener, known={one.fingerprint for one in found}
            )
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


def _meet(
    so_far: Probe,
    state: FreshState | Kept | Hooked,
    order: Order,
    pg: Postgres | None,
    around: Around,
    *,
    only_first: bool,
) -> None:
    """Have requests of different tenants made at once, as far as that is possible."""
    stage, target = so_far.stage, so_far.scene.target
    why = unexplorable(target, order.settings)
    if stage is None or pg is None or why:
        so_far.met = Met(unexplored=why)
        return
    known = {
        one.fingerprint for one in check(so_far.history()) if not one.circumstantial
    }
    if only_first and (so_far.scripted or known):
        return
    meeting = Meeting(
        target=target,
        order=order,
        pg=pg,
        scene=so_far.scene,
        stage=stage,
        state=state,
        around=around,
        check=lambda events: check(stage.history(events)),
    )
    so_far.met = meeting.meet(known, only_first=only_first)


def _judged(so_far: Probe, settings: Settings, seconds: float) -> Judged:
    whole = so_far.history()
    history, met = without_schedules(whole), so_far.met
    scripts = {one.fingerprint: one.script for one in so_far.scripted}
    alone = [
        finding.with_script(scripts.get(finding.fingerprint, ()))
        for finding in check(history)
        if not finding.circumstantial or finding.fingerprint in scripts
    ]
    findings = tuple(merged([*alone, *met.findings]))
    covered = coverage(history, channels=settings.floor_channels)
    covered = _lowered(covered, settings.floor_operations)
    gaps = gaps_together(
        whole,
        unexplored=met.unexplored,
        left_out=met.left_out,
        unmet=met.unmet,
        stopped=met.stopped,
    )
    covered = replace(covered, gaps=(*covered.gaps, *gaps))
    summed = explored([met.explored], whole) if met.explored else ()
    figured = _measurements(history.events, seconds)
    measurements = (*figured, *figures(summed))
    gates = Gates(fail_on=settings.fail_on)
    verdict = judge_run(findings, covered, measurements, gates=gates)
    return Judged(
        exercise=EXERCISE,
        history=whole,
        tenants=so_far.stage.world.tenants if so_far.stage else (),
        verdict=verdict,
        findings=findings,
        coverage=covered,
        measurements=measurements,
        explored=summed,
    )


def without_schedules(history: History) -> History:
    """Return what happened outside of schedules: each of these is judged by itself."""
    kept: list[Event] = []
    inside = False
    for event in history.events:
        inside = inside or isinstance(event, Scheduled)
        if not inside or isinstance(event, Note | Unseen):
            kept.append(event)
        inside = inside and not isinstance(event, ScheduleEnded)
    return history.with_events(kept)


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
        *counted_calls(events),
    )

"""A replay: makes the steps of a finding again, on a fresh state."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from harness.errors import UsageError
from harness.isolation.scripts import Performance, perform
from harness.model.coverage import Coverage
from harness.model.measurement import Measurement
from harness.model.verdict import Outcome, Verdict
from harness.reports.json import parse
from harness.run.bytecode import kept_bytecode
from harness.run.directory import REPORT, RunDirectory
from harness.run.isolation import EXERCISE, Probe
from harness.run.judged import Judged
from harness.run.judgement import check
from harness.run.loading import load_target, with_variant
from harness.run.session import open_scene, server, set_stage

if TYPE_CHECKING:
    from pathlib import Path

    from harness.model.finding import Finding
    from harness.model.result import Result
    from harness.run.order import Order


def replay(order: Order, directory: Path, fingerprint: str) -> Result:
    """Make the steps of a run's findings again and judge what happens.

    Args:
        order: What was asked for; target, variant, seed and tenants are the run's.
        directory: Of the run.
        fingerprint: Of the finding; "" for each that has a script.

    Returns:
        A result that fails if a finding shows again.

    Raises:
        UsageError: There is no such finding, or it has no script.
    """
    try:
        earlier = parse((directory / REPORT).read_bytes(), name=str(directory / REPORT))
    except OSError as error:
        message = f"{directory / REPORT} cannot be read: {error.strerror}."
        raise UsageError(message) from error
    findings = _chosen(earlier, fingerprint)
    order = order.changed(
        target=earlier.target,
        variant=earlier.variant,
        seed=earlier.seed,
        tenants=max(2, len(earlier.tenants)),
    )
    with kept_bytecode():
        return asyncio.run(_replay(order, findings))


def _chosen(earlier: Result, fingerprint: str) -> list[Finding]:
    known = [one for one in earlier.findings if one.fingerprint.startswith(fingerprint)]
    if not known:
        listed = ", ".join(one.fingerprint for one in earlier.findings) or "none"
        what = f"no finding {fingerprint!r}" if fingerprint else "no findings"
        message = f"The run {earlier.id} has {what}."
        raise UsageError(message, hint=f"It has: {listed}.")
    scripted = [one for one in known if one.script]
    if not scripted:
        message = "The finding has no steps of its own that reproduce it."
        raise UsageError(message, hint=f"Repeat the whole run: {earlier.command}")
    return scripted


async def _replay(order: Order, findings: list[Finding]) -> Result:
    settings = order.settings
    target = load_target(settings.target, root=order.root)
    target = with_variant(target, settings.variant)
    directory = RunDirectory.make(settings.runs, "replay", keep=settings.keep_runs)
    began = time.perf_counter()
    async with AsyncExitStack() as stack:
        pg = None
        if target.app:
            pg = await stack.enter_async_context(server(order))
        opened = open_scene(target, order, pg)
        scene, state = await stack.enter_async_context(opened)
        so_far = Probe(scene)
        try:
            so_far.stage = await set_stage(scene, state, order)
            replayed = [
                (finding, await perform(so_far.stage, check, finding.script))
                for finding in findings
            ]
        finally:
            directory.write_history(scene.recorder.since())
    shown = _shown(replayed)
    judged = Judged(
        exercise=EXERCISE,
        history=so_far.history(),
        tenants=so_far.stage.world.tenants,
        verdict=_verdict(replayed, shown),
        findings=shown,
        coverage=_coverage(findings),
        measurements=(Measurement("duration", time.perf_counter() - began, "s"),),
    )
    result = judged.result(order, pg, directory)
    directory.write_report(result)
    return result


Replayed = list[tuple["Finding", "Performance"]]


def _shown(replayed: Replayed) -> tuple[Finding, ...]:
    return tuple(
        again.with_script(finding.script)
        for finding, performance in replayed
        for again in performance.findings
        if again.fingerprint == finding.fingerprint
    )


def _coverage(findings: list[Finding]) -> Coverage:
    """Return what a replay is about; it does not look for anything else."""
    operations = (step.operation for one in findings for step in one.script)
    return Coverage(
        covered=tuple(dict.fromkeys(operations)),
        operations_required=0,
        operations_known=0,
        fields_seen=0,
        fields_planted=0,
        channels=(),
        probes=0,
        gaps=(),
    )


def _verdict(replayed: Replayed, shown: tuple[Finding, ...]) -> Verdict:
    """Decide: a finding that did not show tells nothing if its steps failed."""
    seen = {one.fingerprint for one in shown}
    verb = "shows" if len(seen) == 1 else "show"
    noun = "finding" if len(replayed) == 1 else "findings"
    count = f"{len(seen)} of {len(replayed)} {noun} {verb} again"
    obstacles = tuple(
        obstacle
        for finding, performance in replayed
        if finding.fingerprint not in seen
        for obstacle in performance.obstacles
    )
    if seen:
        return Verdict(Outcome.FAIL, (count, *obstacles))
    outcome = Outcome.INCONCLUSIVE if obstacles else Outcome.PASS
    return Verdict(outcome, (*obstacles, count))

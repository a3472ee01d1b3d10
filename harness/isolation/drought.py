"""The drought: one tenant's key at the provider is used up, and others go on."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from harness.isolation.probing import FIRST, SECOND
from harness.isolation.scripts import with_proof
from harness.model.event import Audience, Destination, Egress, Exchange
from harness.model.progress import Progress
from harness.model.step import Role
from harness.provisioning.seeding import as_owner

if TYPE_CHECKING:
    from harness.isolation.scripts import Judge
    from harness.model.finding import Finding
    from harness.model.progress import Listener
    from harness.model.step import Step
    from harness.provisioning.driver import Driver, Taken
    from harness.provisioning.stage import Stage
    from harness.target.operation import Operation

NAME: Final = "drought"


async def run_drought(
    stage: Stage, judge: Judge, listener: Listener, *, known: set[str]
) -> list[Finding]:
    """Use up a tenant's key, let it notice, and see whether another is still served.

    Tried are operations that called the provider with a tenant's key so far, on a
    fresh start of the app for each of two tenants.

    Args:
        stage: Boots the app.
        judge: Tells what a stretch of history shows.
        listener: Hears of progress.
        known: Fingerprints that are found already, and are passed over.

    Returns:
        What was found, each with the steps that reproduce it.
    """
    operations = _callers(stage) if stage.renewed else []
    proven: list[Finding] = []
    if not operations:
        return proven
    for done, (starved, other) in enumerate(((FIRST, SECOND), (SECOND, FIRST))):
        listener(Progress(NAME, done, 2, detail=f"{len(operations)} operations"))
        mark = stage.recorder.mark
        async with stage.boot() as driver:
            await _dry_out(driver, operations, starved, other)
            trail = list(driver.trail)
        seen = known | {one.fingerprint for one in proven}
        for finding in judge(stage.history(stage.recorder.since(mark))):
            if finding.fingerprint in seen or not _is_of_drought(finding, trail):
                continue
            shown = await with_proof(stage, judge, finding, trail)
            if shown is not None:
                proven.append(shown)
                told = shown.summary
                listener(Progress(NAME, done, 2, finding=told))
    listener(Progress(NAME, 2, 2))
    return proven


def _callers(stage: Stage) -> list[Operation]:
    """Return the tenants' operations that called the provider with a tenant's key."""
    events = stage.recorder.since()
    callers = {
        one.exchange
        for one in events
        if isinstance(one, Egress)
        and one.destination is Destination.PROVIDER
        and one.credentialed
    }
    keys = dict.fromkeys(
        one.operation
        for one in events
        if isinstance(one, Exchange)
        and one.id in callers
        and one.role is Role.CONTROL
        and one.audience is Audience.TENANT
        and not one.endless
    )
    known = stage.catalogue.operations
    found = [known[key] for key in keys if key in known]
    return [
        one
        for one in found
        if not one.skipped and one.socket is None and one.method != "DELETE"
    ]


async def _dry_out(
    driver: Driver, operations: list[Operation], starved: int, other: int
) -> None:
    """Make operations as two tenants, and again while the key of one is used up."""
    working: list[tuple[Step, Step]] = []
    for operation in operations:
        pair: list[Step] = []
        for tenant in (starved, other):
            step, made = await as_owner(driver, operation, tenant, role=Role.CONTROL)
            if made is not None and made.succeeded:
                pair.append(step)
        if len(pair) == 2:
            # What it does not get each time is not missed later.
            await driver.make(pair[1])
            working.append((pair[0], pair[1]))
    for steps in working:
        for step in steps:
            await driver.make(replace(step, role=Role.DROUGHT, starved=starved))


def _is_of_drought(finding: Finding, trail: list[Taken]) -> bool:
    """Whether a step that was made while a key was used up gave the evidence."""
    first = finding.evidence[0].exchange if finding.evidence else 0
    return any(one.step.starved is not None and first in one.exchanges for one in trail)

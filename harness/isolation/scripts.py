"""Scripts: steps that reproduce a finding, made as short as they can be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from harness.isolation.shortening import Script, shortened
from harness.model.event import Note
from harness.model.step import Role
from harness.model.tenant import STRANGER
from harness.provisioning.driver import Impossible

if TYPE_CHECKING:
    from harness.model.finding import Finding
    from harness.model.history import History
    from harness.provisioning.driver import Taken
    from harness.provisioning.stage import Stage

Judge = Callable[["History"], list["Finding"]]

CONFIRMATIONS = 2
"""How often circumstantial evidence must show again."""


@dataclass(frozen=True, slots=True)
class Performance:
    """How a script went.

    Attributes:
        findings: What its steps showed.
        obstacles: Why steps could not be made, or failed as their own owner.
    """

    findings: tuple[Finding, ...]
    obstacles: tuple[str, ...]


async def perform(stage: Stage, judge: Judge, script: Script) -> Performance:
    """Make a script's steps on a fresh state and judge what happened."""
    mark = stage.recorder.mark
    obstacles = []
    async with stage.boot() as driver:
        for step in script:
            outcome = await driver.make(step)
            if isinstance(outcome, Impossible):
                obstacles.append(f"{step}: {outcome.reason}")
            elif step.role is Role.CONTROL and not outcome.succeeded:
                failure = outcome.failure or f"status {outcome.status}"
                obstacles.append(f"{step}: {failure}")
    findings = judge(stage.history(stage.recorder.since(mark)))
    return Performance(tuple(findings), tuple(obstacles))


async def _reproduces(
    stage: Stage, judge: Judge, script: Script, fingerprint: str
) -> bool:
    """Whether a script shows a finding; leaves no trace in the history."""
    mark = stage.recorder.mark
    try:
        performance = await perform(stage, judge, script)
    finally:
        stage.recorder.forget(mark)
    return any(one.fingerprint == fingerprint for one in performance.findings)


async def with_proof(
    stage: Stage, judge: Judge, finding: Finding, trail: list[Taken]
) -> Finding | None:
    """Give a finding the steps that reproduce it.

    What chance could explain must show again, each time, when nothing but its last
    step, or a variant of it, is made on a fresh state: nothing earlier can then
    have come late. Where a key was used up on purpose, its steps must show it again,
    and must not when the key is one that nobody uses.

    Returns:
        The finding; None if it was circumstantial and did not show again.
    """
    if not finding.circumstantial:
        script = await shortest(stage, judge, finding, trail)
        return finding.with_script(script)
    script = _until_evidence(finding, trail)
    if script and script[-1].starved is not None:
        proven = await _caused(stage, judge, finding, trail)
    else:
        proven = await _repeated(stage, judge, finding, trail)
    if proven is None:
        text = f"Seen once, and not again on a fresh state: {finding.summary}"
        stage.recorder.add(Note("note", text))
    return proven


async def _caused(
    stage: Stage, judge: Judge, finding: Finding, trail: list[Taken]
) -> Finding | None:
    """Show that what is blamed is the cause: with another key it does not happen."""
    for script in _around_drought(_until_evidence(finding, trail)):
        otherwise = tuple(
            step if step.starved is None else replace(step, starved=STRANGER)
            for step in script
        )
        for _ in range(CONFIRMATIONS):
            if not await _reproduces(stage, judge, script, finding.fingerprint):
                break
            if await _reproduces(stage, judge, otherwise, finding.fingerprint):
                break
        else:
            return finding.with_script(script)
    return None


def _around_drought(script: Script) -> list[Script]:
    """Return likely scripts: the tenant depends on a key, or on what another met.

    The whole one comes last.
    """
    last = script[-1]
    named = [step for step in script if step.operation == last.operation]
    related = tuple(dict.fromkeys(named))
    before = tuple(step for step in related if step.starved is None)
    met = tuple(
        step for step in related if step.starved is not None or step.owner == last.owner
    )
    return list(dict.fromkeys([(*before, last), met, related, script]))


async def _repeated(
    stage: Stage, judge: Judge, finding: Finding, trail: list[Taken]
) -> Finding | None:
    """Show a finding again by its last step alone."""
    for script in _last_steps(stage, finding, trail):
        if await _confirmed(stage, judge, script, finding.fingerprint):
            return finding.with_script(script)
    return None


async def _confirmed(
    stage: Stage, judge: Judge, script: Script, fingerprint: str
) -> bool:
    for _ in range(CONFIRMATIONS):
        if not await _reproduces(stage, judge, script, fingerprint):
            return False
    return True


def _last_steps(stage: Stage, finding: Finding, trail: list[Taken]) -> list[Script]:
    """Return the last step alone, with each of its operation's request variants.

    A fresh state may hold just what a variant writes, which then changes nothing.
    """
    script = _until_evidence(finding, trail)
    if not script:
        return []
    last = script[-1]
    pool = stage.catalogue.pool[last.operation]
    cases = dict.fromkeys([last.case, *range(len(pool))])
    return [(replace(last, case=case),) for case in cases]


async def shortest(
    stage: Stage, judge: Judge, finding: Finding, trail: list[Taken]
) -> Script:
    """Cut a trail down to the steps without which the finding is not made.

    Returns:
        The steps; none if the trail does not reproduce the finding.
    """

    async def shows(script: Script) -> bool:
        return await _reproduces(stage, judge, script, finding.fingerprint)

    return await shortened(_until_evidence(finding, trail), shows)


def _until_evidence(finding: Finding, trail: list[Taken]) -> Script:
    """Return the steps up to the one that gave the first evidence."""
    seen = finding.evidence[0].exchange if finding.evidence else 0
    last = next(
        (i for i, taken in enumerate(trail) if seen in taken.exchanges), len(trail) - 1
    )
    return tuple(taken.step for taken in trail[: last + 1])
